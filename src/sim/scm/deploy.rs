//! Deploy: the certificate manager changes the target itself, and charges for it. And where a
//! certificate is deployed.

use serde_json::{Value, json};

use super::{BAD, certificate};
use crate::model::digest::Sha256;
use crate::model::target::Target;
use crate::sim::answer::Answer;
use crate::sim::ask::{Ask, Field, Shape, text, texts};
use crate::sim::sites::{DomainCertificate, Site};
use crate::sim::stored::Content;
use crate::sim::world::{ScmCertificate, World};

/// What one domain of one deployment of an uploaded certificate costs, in yuan.
const FEE_YUAN: u64 = 30;
/// Most resources of a deployment.
const RESOURCES_MAX: usize = 20;
/// Most certificates of a question about deployed resources.
const CERTIFICATES_MAX: usize = 50;

const FIELDS: &[Field] = &[
    ("service_name", Shape::Text, true),
    ("project_name", Shape::Text, false),
    ("resources", Shape::Objects, true),
];
const RESOURCE: &[Field] = &[
    ("id", Shape::Text, false),
    ("type", Shape::Text, false),
    ("domain_name", Shape::Text, false),
    ("enterprise_project_id", Shape::Text, false),
];

/// `POST …/{id}/deploy`: always 200, with what failed in the body. ELB and WAF resources are
/// certificates there, whose content is replaced; CDN resources are domains.
pub(in crate::sim) fn deploy(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.account(ask)?;
    ask.only_query(world, BAD, &[], &[])?;
    let body = ask.object(world, BAD, FIELDS)?;
    let import = world.imports[certificate(world, ask.segment(3))?].clone();
    let target = super::push::target(text(&body, "service_name"))?;
    let project = text(&body, "project_name");
    if target != Target::Cdn && !world.projects.contains_key(project) {
        return Err(Answer::error(400, "SCM.0069", "Invalid region id."));
    }
    let resources: Vec<&Value> = body["resources"].as_array().into_iter().flatten().collect();
    if resources.is_empty() || resources.len() > RESOURCES_MAX {
        return Err(ask.breach(world, BAD, "a deployment has one to twenty resources"));
    }
    let mut failures = Vec::new();
    for resource in &resources {
        let fields = resource.as_object().cloned().unwrap_or_default();
        let fields = ask.shaped(world, BAD, fields, RESOURCE)?;
        let key = text(&fields, if target == Target::Cdn { "domain_name" } else { "id" });
        let done = match target {
            Target::Cdn => to_domain(world, &import, key, ask),
            Target::Elb | Target::Waf => to_certificate(world, &import, target, project, key, ask),
        };
        match done {
            Ok(domains) => world.fees += FEE_YUAN * domains,
            Err(why) => failures.push(json!({ "resource": key, "failure_info": why })),
        }
    }
    let told = format!("deploy {} → {target} × {}", import.name, resources.len() - failures.len());
    Ok(Answer::json(200, &json!({ "failure_list": failures })).told(told))
}

/// Replaces the content of a certificate there, and its names by the import's.
fn to_certificate(
    world: &mut World,
    import: &ScmCertificate,
    target: Target,
    project: &str,
    id: &str,
    ask: &Ask,
) -> Result<u64, &'static str> {
    let content = Content::from(import);
    let found = world.stored_mut(target, project, id).ok_or("the certificate does not exist")?;
    if found.labels.domain.is_empty() {
        return Err("the certificate has no domain name");
    }
    found.labels.domain = content.names.join(",");
    let domains = content.names.len() as u64;
    found.replace(content, ask.now);
    Ok(domains)
}

fn to_domain(
    world: &mut World,
    import: &ScmCertificate,
    name: &str,
    ask: &Ask,
) -> Result<u64, &'static str> {
    let at = world
        .domains
        .iter()
        .position(|domain| domain.name == name)
        .ok_or("the domain name does not exist")?;
    let domain = &mut world.domains[at];
    if domain.bound.is_none() {
        return Err("HTTPS is not switched on");
    }
    domain.bound = Some(DomainCertificate {
        name: import.name.clone(),
        scm_certificate_id: Some(import.id.clone()),
        content: Content::from(import),
    });
    domain.modified = ask.now;
    world.scribble(Site::Domain(at));
    Ok(1)
}

/// `POST /v3/scm/deployed-resources`: sites that serve the leaf of each certificate. A region that did
/// not answer the certificate manager says `is_error`, and its resources are missing.
pub(in crate::sim) fn deployed_resources(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.account(ask)?;
    ask.only_query(world, BAD, &[], &[])?;
    let fields = [("certificate_ids", Shape::Texts, true), ("service_names", Shape::Texts, true)];
    let body = ask.object(world, BAD, &fields)?;
    let (ids, services) = (texts(&body, "certificate_ids"), texts(&body, "service_names"));
    if ids.is_empty() || ids.len() > CERTIFICATES_MAX || services.is_empty() {
        return Err(ask.breach(world, BAD, "one to fifty certificates, and one service at least"));
    }
    if services.iter().any(|name| !["ALL", "ELB", "WAF", "CDN"].contains(name)) {
        return Err(ask.breach(world, BAD, "field \"service_names\" holds an unknown service"));
    }
    let asked =
        |target: Target| services.iter().any(|it| *it == "ALL" || *it == target.to_string());
    let mut results = Vec::new();
    for id in &ids {
        let leaf = world.imports[certificate(world, id)?].sha256;
        let targets = [Target::Waf, Target::Cdn, Target::Elb].into_iter().filter(|it| asked(*it));
        let details: Vec<Value> = targets.map(|target| detail(world, target, leaf)).collect();
        let total: u64 = details.iter().filter_map(|it| it["resource_num"].as_u64()).sum();
        results.push(json!({
            "certificate_id": id,
            "total_num": total,
            "deployed_resources": details,
        }));
    }
    let told = format!("{} certificate(s)", ids.len());
    Ok(Answer::json(200, &json!({ "results": results })).told(told))
}

fn detail(world: &World, target: Target, leaf: Sha256) -> Value {
    let here = if target == Target::Cdn { "global" } else { world.settings.region.as_str() };
    let broken = world.settings.deployed_errors.iter().map(String::as_str);
    // CDN is one for all regions; the others are asked in each.
    let broken: Vec<&str> =
        broken.filter(|region| (*region == "global") == (target == Target::Cdn)).collect();
    let found = if broken.contains(&here) { Vec::new() } else { resources(world, target, leaf) };
    let count = found.len();
    let mut regions = Vec::new();
    if !broken.contains(&here) {
        regions.push(json!({ "region_id": here, "is_error": false, "resources": found }));
    }
    for region in broken {
        regions.push(json!({ "region_id": region, "is_error": true, "resources": [] }));
    }
    json!({
        "service": target.to_string(),
        "resource_num": count,
        "resource_location": if target == Target::Cdn { "global" } else { "region" },
        "region_resources": regions,
    })
}

fn resources(world: &World, target: Target, leaf: Sha256) -> Vec<Value> {
    let serves = |site| world.bindings(site).iter().any(|bound| bound.content.sha256 == leaf);
    let mine = |site: &Site| match site {
        Site::Listener(_) => target == Target::Elb,
        Site::Host(_) => target == Target::Waf,
        Site::Domain(_) => target == Target::Cdn,
    };
    let sites = world.sites().into_iter().map(|(_, site)| site);
    sites
        .filter(|site| mine(site) && serves(*site))
        .map(|site| {
            let (id, name) = match site {
                Site::Listener(at) => {
                    let listener = &world.listeners[at];
                    (&listener.id, listener.object["name"].as_str().unwrap_or_default())
                }
                Site::Host(at) => (&world.hosts[at].id, world.hosts[at].hostname.as_str()),
                Site::Domain(at) => (&world.domains[at].id, world.domains[at].name.as_str()),
            };
            json!({ "resource_id": id, "resource_name": name })
        })
        .collect()
}
