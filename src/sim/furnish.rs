//! What stands in the cloud before anybody calls it: listeners, hosts and domains with everything that
//! their APIs show, and somebody else's certificates bound to them.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::json;

use super::furniture;
use super::settings::{DomainSetup, HostSetup, ListenerSetup, Pair};
use super::sites::{Domain, DomainCertificate, Host, Listener};
use super::stored::{Content, StoredCertificate};
use super::world::{ScmCertificate, World, fresh_id, fresh_uuid};
use super::x509::Leaf;
use crate::model::digest::Sha1;
use crate::model::target::Target;
use crate::model::time::Time;

/// Furnishes the world as its settings say. Refuses a pair that does not go together, and a project
/// that is not there.
pub(super) fn all(world: &mut World, now: Time) -> Result<(), String> {
    for setup in world.settings.listeners.clone() {
        listener(world, setup, now)?;
    }
    for setup in world.settings.waf_hosts.clone() {
        host(world, setup, now)?;
    }
    for setup in world.settings.cdn_domains.clone() {
        domain(world, setup, now)?;
    }
    Ok(())
}

/// Adds a listener, and gives its id.
pub(super) fn listener(
    world: &mut World,
    setup: ListenerSetup,
    now: Time,
) -> Result<String, String> {
    let ListenerSetup { id, name, project, default, sni } = setup;
    let id = if id.is_empty() { fresh_uuid() } else { id };
    let project = known_project(world, &project)?;
    let default = default.map(|it| pair(world, Target::Elb, &project, &it, now)).transpose()?;
    let sni: Vec<String> = sni
        .iter()
        .map(|it| pair(world, Target::Elb, &project, it, now))
        .collect::<Result<_, _>>()?;
    let mut object = furniture::listener(now);
    object["id"] = json!(id);
    object["name"] = json!(name);
    object["project_id"] = json!(world.projects[&project]);
    object["default_tls_container_ref"] = json!(default);
    object["sni_container_refs"] = json!(sni);
    world.listeners.push(Listener { id: id.clone(), project, object });
    Ok(id)
}

/// Adds a host, and gives its id.
pub(super) fn host(world: &mut World, setup: HostSetup, now: Time) -> Result<String, String> {
    let HostSetup { id, hostname, project, premium, default } = setup;
    let id = if id.is_empty() { fresh_id() } else { id };
    let project = known_project(world, &project)?;
    let bound = default.map(|it| pair(world, Target::Waf, &project, &it, now)).transpose()?;
    let mut object = furniture::host(premium, now);
    object["id"] = json!(id);
    object["hostid"] = json!(id);
    object["hostname"] = json!(hostname);
    object["projectid"] = json!(world.projects[&project]);
    object["domainid"] = json!(world.settings.domain_id);
    object["region"] = json!(world.settings.region);
    let mut host = Host { id: id.clone(), hostname, project, premium, object };
    if let Some(found) = bound.and_then(|id| world.stored(Target::Waf, &host.project, &id)) {
        host.bind(&found.id, &found.name);
    }
    world.hosts.push(host);
    Ok(id)
}

/// Adds a domain, and gives its name.
pub(super) fn domain(world: &mut World, setup: DomainSetup, now: Time) -> Result<String, String> {
    let DomainSetup { name, default } = setup;
    let mut bound = None;
    if let Some(own) = default {
        let id = pair(world, Target::Cdn, "", &own, now)?;
        bound = world.stored(Target::Cdn, "", &id).map(|found| DomainCertificate {
            name: found.name.clone(),
            scm_certificate_id: None,
            content: Content::from(found),
        });
    }
    let made = Domain {
        id: fresh_id(),
        name: name.clone(),
        configs: furniture::configs(),
        bound,
        modified: now,
    };
    world.domains.push(made);
    Ok(name)
}

/// Puts a pair into a service, unless an equal one is there, and gives its id.
pub(super) fn pair(
    world: &mut World,
    target: Target,
    project: &str,
    pair: &Pair,
    now: Time,
) -> Result<String, String> {
    let project =
        if target == Target::Cdn { String::new() } else { known_project(world, project)? };
    let content =
        Content::read(&pair.fullchain, &pair.key).map_err(|why| format!("{}: {why}", pair.name))?;
    let same = |found: &&StoredCertificate| {
        found.sha256 == content.sha256
            && (found.target, &found.project, &found.name) == (target, &project, &pair.name)
    };
    if let Some(found) = world.certificates.iter().find(same) {
        return Ok(found.id.clone());
    }
    let made = StoredCertificate::new(target, &project, &pair.name, content, now);
    let id = made.id.clone();
    world.certificates.push(made);
    Ok(id)
}

/// Puts a pair into the certificate manager by hand, expired or not, and gives its id. Refuses a key
/// that does not belong to the leaf.
pub(super) fn import(world: &mut World, pair: &Pair, now: Time) -> Result<String, String> {
    let of_pair = |why: &str| format!("{}: {why}", pair.name);
    let content = Content::read(&pair.fullchain, &pair.key).map_err(of_pair)?;
    let der = CertificateDer::from_pem_slice(pair.fullchain.as_bytes());
    let der = der.map_err(|_| of_pair("the certificate is not PEM"))?;
    let leaf = Leaf::read(&der).ok_or_else(|| of_pair("the certificate cannot be parsed"))?;
    let mut names = leaf.names.into_iter();
    let id = world.certificate_id(now);
    world.imports.push(ScmCertificate {
        id: id.clone(),
        name: pair.name.clone(),
        sha256: content.sha256,
        sha1: Sha1::of(&der),
        created: now,
        domain: names.next().unwrap_or_default(),
        sans: names.collect(),
        not_before: leaf.not_before,
        not_after: leaf.not_after,
        signature_algorithm: leaf.signature_algorithm,
        fullchain: content.fullchain,
        key: content.key,
        family: leaf.family,
        enterprise_project_id: "0".to_owned(),
    });
    Ok(id)
}

fn known_project(world: &World, name: &str) -> Result<String, String> {
    let name = if name.is_empty() { &world.settings.region } else { name };
    if !world.projects.contains_key(name) {
        return Err(format!("no project {name:?} in this account"));
    }
    Ok(name.to_owned())
}
