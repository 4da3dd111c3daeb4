//! ELB's half: its certificates, read only.

use serde_json::{Value, json};

use super::answer::Answer;
use super::ask::Ask;
use super::world::{PushedCopy, World};
use crate::model::digest::Sha1;
use crate::model::target::Target;
use crate::model::time::Time;

const BAD: &str = "ELB.0300";
/// The documented default and maximum of `limit`.
const LIMIT_MAX: usize = 2000;
const SCALARS: &[&str] = &["marker", "limit", "page_reverse", "admin_state_up"];
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

/// `GET /v3/{project_id}/elb/certificates`: pages by the id of the last item seen.
pub(super) fn list(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    let project = world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, SCALARS, FILTERS)?;
    ask.no_body(world, BAD)?;
    let limit = ask.number(world, BAD, "limit", LIMIT_MAX, |limit| limit <= LIMIT_MAX)?;
    if ask.param("page_reverse").is_some_and(|reverse| reverse != "false") {
        return Err(ask.breach(world, BAD, "backward paging is not simulated"));
    }
    let mut found: Vec<&PushedCopy> = world
        .copies
        .iter()
        .filter(|copy| copy.target == Target::Elb && copy.project == project)
        .filter(|copy| world.listed(copy.created, ask.now))
        .filter(|copy| passes(&item(copy, ask.segment(1)), ask))
        .collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    let total = found.len();
    if let Some(marker) = ask.param("marker") {
        found.retain(|copy| copy.id.as_str() > marker);
    }
    let left = found.len();
    let page = world.page(found, 0, limit);
    let mut info = json!({ "current_count": page.len() });
    if let (Some(first), Some(last)) = (page.first(), page.last()) {
        info["previous_marker"] = json!(first.id);
        if page.len() < left {
            info["next_marker"] = json!(last.id);
        }
    }
    let items: Vec<Value> = page.iter().map(|copy| item(copy, ask.segment(1))).collect();
    let told = format!("{} of {total}", items.len());
    let body = json!({ "certificates": items, "page_info": info, "request_id": ask.request_id });
    Ok(Answer::json(200, &body).told(told))
}

/// `GET /v3/{project_id}/elb/certificates/{id}`.
pub(super) fn show(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    let project = world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, &[], &[])?;
    let found = world.copies.iter().find(|copy| {
        copy.target == Target::Elb && copy.project == project && copy.id == ask.segment(4)
    });
    match found {
        Some(copy) => {
            let body =
                json!({ "certificate": item(copy, ask.segment(1)), "request_id": ask.request_id });
            Ok(Answer::json(200, &body).told(copy.name.clone()))
        }
        None => Err(Answer::error(404, "ELB.8907", "Certificate is not found.")),
    }
}

/// Each filter key given must equal the field, or one of the values given.
fn passes(item: &Value, ask: &Ask) -> bool {
    FILTERS.iter().all(|key| {
        let mut wanted =
            ask.query.iter().filter(|(found, _)| found == key).map(|(_, value)| value).peekable();
        wanted.peek().is_none() || wanted.any(|value| item[*key].as_str() == Some(value))
    })
}

fn item(copy: &PushedCopy, project_id: &str) -> Value {
    json!({
        "id": copy.id,
        "name": copy.name,
        "description": "",
        "type": "server",
        "admin_state_up": true,
        "certificate": copy.fullchain,
        "private_key": "******",
        "domain": copy.names.join(","),
        "common_name": copy.names.first(),
        "subject_alternative_names": copy.names,
        // Which algorithm the real one takes is not documented, so nobody may rely on it.
        "fingerprint": Sha1::of(copy.fullchain.as_bytes()).to_string(),
        "expire_time": utc(copy.not_after),
        "created_at": utc(copy.created),
        "updated_at": utc(copy.created),
        "project_id": project_id,
        "enterprise_project_id": "0",
        "enc_certificate": null,
        "enc_private_key": null,
        // Whether a push fills these in is not documented: it does not here.
        "scm_certificate_id": null,
        "source": "",
        "protection_status": "nonProtection",
        "protection_reason": "",
    })
}

fn utc(time: Time) -> String {
    time.to_string()
}
