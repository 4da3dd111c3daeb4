//! Certificates as ELB lists and shows them. Keys are never echoed.

use serde_json::{Value, json};

use super::paging::{PAGING, limit, page, passes};
use super::{BAD, no_certificate};
use crate::model::digest::Sha1;
use crate::model::target::Target;
use crate::sim::answer::Answer;
use crate::sim::ask::Ask;
use crate::sim::stored::StoredCertificate;
use crate::sim::world::World;

const FILTERS: &[&str] = &[
    "id",
    "name",
    "description",
    "domain",
    "type",
    "scm_certificate_id",
    "common_name",
    "fingerprint",
    "source",
    "protection_status",
    "protection_reason",
    "enterprise_project_id",
];

/// `GET /v3/{project_id}/elb/certificates`: new ones show up late.
pub(in crate::sim) fn list(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    let project = world.project(ask, ask.segment(1))?;
    let scalars = [&PAGING[..], &["admin_state_up"]].concat();
    ask.only_query(world, BAD, &scalars, FILTERS)?;
    ask.no_body(world, BAD)?;
    let limit = limit(world, ask)?;
    let item = |found: &StoredCertificate| item(found, ask.segment(1));
    let found = world
        .stored_in(Target::Elb, &project)
        .filter(|found| world.listed(found.created, ask.now))
        .filter(|found| passes(|| item(found), ask, FILTERS))
        .map(|found| (found.id.as_str(), found))
        .collect();
    Ok(page(world, ask, "certificates", limit, found, item))
}

/// `GET /v3/{project_id}/elb/certificates/{id}`: at once.
pub(in crate::sim) fn show(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    let project = world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, &[], &[])?;
    let found = world.stored(Target::Elb, &project, ask.segment(4)).ok_or_else(no_certificate)?;
    Ok(wrapped(200, found, ask).told(found.name.clone()))
}

/// One certificate in its wrapper.
pub(super) fn wrapped(status: u16, found: &StoredCertificate, ask: &Ask) -> Answer {
    let certificate = item(found, ask.segment(1));
    Answer::json(status, &json!({ "certificate": certificate, "request_id": ask.request_id }))
}

fn item(found: &StoredCertificate, project_id: &str) -> Value {
    let labels = &found.labels;
    json!({
        "id": found.id,
        "name": found.name,
        "description": labels.description,
        "type": labels.kind,
        "admin_state_up": true,
        "certificate": found.fullchain,
        "private_key": "******",
        "domain": labels.domain,
        "common_name": found.names.first(),
        "subject_alternative_names": found.names,
        // Which algorithm the real one takes is not documented, so nobody may rely on it.
        "fingerprint": Sha1::of(found.fullchain.as_bytes()).to_string(),
        "expire_time": found.not_after.to_string(),
        "created_at": found.created.to_string(),
        "updated_at": found.updated.to_string(),
        "project_id": project_id,
        "enterprise_project_id": labels.enterprise_project_id,
        "enc_certificate": null,
        "enc_private_key": null,
        "scm_certificate_id": labels.scm_certificate_id,
        "source": labels.source,
        "protection_status": labels.protection_status,
        "protection_reason": labels.protection_reason,
    })
}
