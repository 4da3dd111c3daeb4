//! Certificates made, changed in place and deleted through ELB's own API.

use serde_json::{Map, Value};

use super::certificates::wrapped;
use super::{BAD, QUOTA_TEXT, conflict, invalid, no_certificate};
use crate::model::secret::Secret;
use crate::model::target::Target;
use crate::sim::answer::Answer;
use crate::sim::ask::{Ask, Field, Shape, text};
use crate::sim::stored::{Content, StoredCertificate};
use crate::sim::world::World;

/// Longest `certificate`, in characters, by the stricter of two documents.
const CERTIFICATE_CHARS_MAX: usize = 20_000;
/// Longest `private_key`, in characters.
const KEY_CHARS_MAX: usize = 8192;
/// Longest `domain`, in characters, and most names in it.
const DOMAIN_CHARS_MAX: usize = 10_000;
const DOMAIN_NAMES_MAX: usize = 100;
/// Longest `description`, in characters.
const DESCRIPTION_CHARS_MAX: usize = 255;

/// What both create and update take.
const CHANGEABLE: [Field; 9] = [
    ("name", Shape::Text, false),
    ("description", Shape::Text, false),
    ("certificate", Shape::Text, false),
    ("private_key", Shape::Text, false),
    ("domain", Shape::Text, false),
    ("scm_certificate_id", Shape::Text, false),
    ("source", Shape::Text, false),
    ("protection_status", Shape::Text, false),
    ("protection_reason", Shape::Text, false),
];
/// What create takes besides.
const FIXED: [Field; 4] = [
    ("admin_state_up", Shape::Flag, false),
    ("project_id", Shape::Text, false),
    ("type", Shape::Text, false),
    ("enterprise_project_id", Shape::Text, false),
];

/// `POST /v3/{project_id}/elb/certificates`: 201. The same pair twice makes two.
pub(in crate::sim) fn create(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    let project = world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, &[], &[])?;
    let body = ask.wrapped(world, BAD, "certificate", &[&CHANGEABLE[..], &FIXED[..]].concat())?;
    let kind = Some(text(&body, "type")).filter(|kind| !kind.is_empty()).unwrap_or("server");
    if !["server", "client"].contains(&kind) {
        return Err(ask.breach(world, BAD, "field \"type\" is neither server nor client"));
    }
    if body.get("project_id").is_some_and(|id| id != ask.segment(1)) {
        return Err(ask.breach(world, BAD, "field \"project_id\" is not the path's"));
    }
    within(&body)?;
    let content = match kind {
        "server" => Content::read(text(&body, "certificate"), &key(&body)),
        _ => Content::keyless(text(&body, "certificate")),
    };
    let content = content.map_err(invalid)?;
    if world.elb_is_full(&project) {
        return Err(Answer::error(409, "ELB.8905", QUOTA_TEXT));
    }
    let mut made = StoredCertificate::new(Target::Elb, &project, "", content, ask.now);
    kind.clone_into(&mut made.labels.kind);
    // Not taken from the certificate: who wants SNI says the names.
    made.labels.domain.clear();
    relabel(&mut made, &body);
    if let Some(id) = body.get("enterprise_project_id").and_then(Value::as_str) {
        id.clone_into(&mut made.labels.enterprise_project_id);
    }
    let told = format!("create {} as {}", made.name, made.id);
    let answer = wrapped(201, &made, ask).told(told);
    world.certificates.push(made);
    Ok(answer)
}

/// `PUT /v3/{project_id}/elb/certificates/{id}`: the content changes under the same id, and listeners
/// follow.
pub(in crate::sim) fn update(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    let project = world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, &[], &[])?;
    let body = ask.wrapped(world, BAD, "certificate", &CHANGEABLE)?;
    within(&body)?;
    let id = ask.segment(4);
    let used = used(world, &project, id);
    let found = world.stored_mut(Target::Elb, &project, id).ok_or_else(no_certificate)?;
    let lifts = text(&body, "protection_status") == "nonProtection";
    if found.labels.protection_status != "nonProtection" && !lifts {
        return Err(conflict("The certificate is protected against changes."));
    }
    if used && !found.labels.domain.is_empty() && body.get("domain").is_some_and(|it| it == "") {
        return Err(conflict(
            "The certificate is used by a listener: its domain must not be empty.",
        ));
    }
    if body.contains_key("certificate") || body.contains_key("private_key") {
        let sent = |name| Some(text(&body, name)).filter(|it| !it.is_empty());
        let fullchain = sent("certificate").unwrap_or(&found.fullchain);
        let key = if sent("private_key").is_some() { key(&body) } else { found.key.clone() };
        let content = match found.labels.kind.as_str() {
            "server" => Content::read(fullchain, &key),
            _ => Content::keyless(fullchain),
        };
        found.replace(content.map_err(invalid)?, ask.now);
    }
    relabel(found, &body);
    found.updated = ask.now;
    Ok(wrapped(200, found, ask).told(format!("update {}", found.name)))
}

/// `DELETE /v3/{project_id}/elb/certificates/{id}`: 204; refused while a listener holds it.
pub(in crate::sim) fn delete(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    let project = world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, &[], &[])?;
    let id = ask.segment(4);
    let found = world.stored(Target::Elb, &project, id).ok_or_else(no_certificate)?;
    if found.labels.protection_status != "nonProtection" {
        return Err(conflict("The certificate is protected against changes."));
    }
    if used(world, &project, id) {
        return Err(conflict("The certificate is used by a listener."));
    }
    let told = format!("delete {}", found.name);
    world.certificates.retain(|other| other.target != Target::Elb || other.id != id);
    Ok(Answer::empty(204).told(told))
}

fn used(world: &World, project: &str, id: &str) -> bool {
    world.listeners.iter().any(|listener| listener.project == project && listener.holds(id))
}

fn key(body: &Map<String, Value>) -> Secret {
    Secret::new(text(body, "private_key").to_owned())
}

fn within(body: &Map<String, Value>) -> Result<(), Answer> {
    let bounds = [
        ("certificate", CERTIFICATE_CHARS_MAX),
        ("private_key", KEY_CHARS_MAX),
        ("domain", DOMAIN_CHARS_MAX),
        ("description", DESCRIPTION_CHARS_MAX),
    ];
    for (name, chars_max) in bounds {
        if text(body, name).chars().count() > chars_max {
            return Err(invalid(&format!("{name} is longer than {chars_max} characters.")));
        }
    }
    if text(body, "domain").split(',').count() > DOMAIN_NAMES_MAX {
        return Err(invalid("domain holds more than 100 names."));
    }
    Ok(())
}

/// Takes over every label that was sent.
fn relabel(found: &mut StoredCertificate, body: &Map<String, Value>) {
    let set = |name: &str, place: &mut String| {
        if let Some(sent) = body.get(name).and_then(Value::as_str) {
            sent.clone_into(place);
        }
    };
    set("name", &mut found.name);
    set("description", &mut found.labels.description);
    set("domain", &mut found.labels.domain);
    set("source", &mut found.labels.source);
    set("protection_status", &mut found.labels.protection_status);
    set("protection_reason", &mut found.labels.protection_reason);
    if let Some(id) = body.get("scm_certificate_id").and_then(Value::as_str) {
        found.labels.scm_certificate_id = Some(id.to_owned());
    }
}
