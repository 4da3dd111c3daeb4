//! Push: an unbound copy in the target service, and nothing said about it.

use serde_json::{Value, json};

use super::{BAD, certificate};
use crate::model::target::Target;
use crate::sim::answer::Answer;
use crate::sim::ask::{Ask, Shape, text};
use crate::sim::elb;
use crate::sim::stored::{Content, StoredCertificate};
use crate::sim::world::{ScmCertificate, World};

/// Most targets of one batch.
const BATCH_MAX: usize = 10;
/// Longest `target_project` of a single push, in characters.
const PROJECT_CHARS_MAX: usize = 255;

/// `POST …/{id}/push`: 204 without a body.
pub(in crate::sim) fn push(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.account(ask)?;
    ask.only_query(world, BAD, &[], &[])?;
    let fields = [("target_project", Shape::Text, true), ("target_service", Shape::Text, true)];
    let body = ask.object(world, BAD, &fields)?;
    let place = certificate(world, ask.segment(3))?;
    let target = target(text(&body, "target_service"))?;
    let copy = copy(world, ask, place, target, text(&body, "target_project"))?;
    let name = &world.imports[place].name;
    let project =
        if copy.project.is_empty() { String::new() } else { format!(" {}", copy.project) };
    let told = format!("push {name} → {target}{project} as {}", copy.id);
    world.certificates.push(copy);
    Ok(Answer::empty(204).told(told))
}

/// `POST …/{id}/batch-push`: 200, with success or failure of each target.
pub(in crate::sim) fn batch_push(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.account(ask)?;
    ask.only_query(world, BAD, &[], &[])?;
    let fields = [("target_projects", Shape::Texts, true), ("target_service", Shape::Text, true)];
    let body = ask.object(world, BAD, &fields)?;
    let place = certificate(world, ask.segment(3))?;
    let target = target(text(&body, "target_service"))?;
    let projects: Vec<&str> = body["target_projects"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if projects.is_empty() || projects.len() > BATCH_MAX {
        return Err(ask.breach(world, BAD, "a batch has one to ten targets"));
    }
    let mut results = Vec::new();
    for project in projects {
        let (id, message) = match copy(world, ask, place, target, project) {
            Ok(copy) => {
                let id = copy.id.clone();
                world.certificates.push(copy);
                (id, "success".to_owned())
            }
            Err(answer) => (String::new(), message(&answer)),
        };
        results.push(json!({ "project_name": project, "cert_id": id, "message": message }));
    }
    let told = format!("batch-push {} → {target} × {}", world.imports[place].name, results.len());
    Ok(Answer::json(200, &json!({ "results": results })).told(told))
}

fn message(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    body["error_msg"].as_str().unwrap_or_default().to_owned()
}

/// Lower case is in a document's example, so it is taken too.
pub(super) fn target(service: &str) -> Result<Target, Answer> {
    match service.to_ascii_uppercase().as_str() {
        "ELB" => Ok(Target::Elb),
        "WAF" => Ok(Target::Waf),
        "CDN" => Ok(Target::Cdn),
        _ => Err(Answer::error(400, "SCM.0030", "The service does not support pushing.")),
    }
}

fn copy(
    world: &World,
    ask: &Ask,
    place: usize,
    target: Target,
    project: &str,
) -> Result<StoredCertificate, Answer> {
    let import = &world.imports[place];
    if import.not_after <= ask.now {
        return Err(Answer::error(
            400,
            "SCM.0010",
            "The certificate's status does not allow this operation.",
        ));
    }
    let global = target == Target::Cdn;
    let known = world.projects.contains_key(project) || (global && project.is_empty());
    if !known || project.chars().count() > PROJECT_CHARS_MAX {
        return Err(Answer::error(400, "SCM.0069", "Invalid region id."));
    }
    let pushed = |copy: &StoredCertificate| !copy.certificate_id.is_empty();
    if global && world.stored_in(target, "").any(|it| pushed(it) && it.sha256 == import.sha256) {
        let text = "Failed to push the certificate to CDN: the certificate name already exists.";
        return Err(Answer::error(400, "SCM.0211", text));
    }
    if target == Target::Elb && world.elb_is_full(project) {
        let text = format!("Failed to push the certificate to ELB: {}", elb::QUOTA_TEXT);
        return Err(Answer::error(400, "SCM.0201", &text));
    }
    Ok(made(ask, import, target, if global { "" } else { project }))
}

fn made(ask: &Ask, import: &ScmCertificate, target: Target, project: &str) -> StoredCertificate {
    let mut copy = StoredCertificate::new(target, project, "", Content::from(import), ask.now);
    // A name of its own: whoever looks a copy up by the import's name finds nothing.
    copy.name = format!("scm-{}", &copy.id[..8]);
    // Whether a push fills in ELB's label and source is not documented: it does not here.
    copy.certificate_id.clone_from(&import.id);
    copy
}
