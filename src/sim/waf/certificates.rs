//! Certificates as WAF lists and shows them.

use serde_json::{Value, json};

use super::{BAD, missing, page};
use crate::model::target::Target;
use crate::model::time::Time;
use crate::sim::answer::Answer;
use crate::sim::ask::Ask;
use crate::sim::sites::Host;
use crate::sim::stored::StoredCertificate;
use crate::sim::world::World;

/// Under so many days a certificate counts as "soon to expire".
const SOON_DAYS: i64 = 30;
const KEYS: &[&str] =
    &["page", "pagesize", "name", "host", "exp_status", "query_scm", "enterprise_project_id"];

/// `GET /v1/{project_id}/waf/certificate`: with its hosts only when `host=true` asks for them.
pub(in crate::sim) fn list(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    let project = world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, KEYS, &[])?;
    ask.no_body(world, BAD)?;
    let (offset, size) = page(world, ask)?;
    let name = ask.param("name").unwrap_or_default();
    let found: Vec<&StoredCertificate> = world
        .stored_in(Target::Waf, &project)
        .filter(|found| world.listed(found.created, ask.now) && found.name.contains(name))
        .filter(|found| {
            let status = expiry(found, ask.now).to_string();
            ask.param("exp_status").is_none_or(|wanted| wanted == status)
        })
        .collect();
    let total = found.len();
    let with_hosts = ask.param("host") == Some("true");
    let items: Vec<Value> = world
        .page(found, offset, size)
        .iter()
        .map(|found| item(world, found, ask.now, with_hosts))
        .collect();
    let told = format!("{} of {total}", items.len());
    Ok(Answer::json(200, &json!({ "items": items, "total": total })).told(told))
}

/// `GET /v1/{project_id}/waf/certificate/{id}`: with the PEM, and its hosts.
pub(in crate::sim) fn show(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    let project = world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, &["enterprise_project_id"], &[])?;
    let found = world.stored(Target::Waf, &project, ask.segment(4)).ok_or_else(missing)?;
    Ok(whole(world, found, ask.now).told(found.name.clone()))
}

/// One certificate with everything but its key.
pub(super) fn whole(world: &World, found: &StoredCertificate, now: Time) -> Answer {
    let mut body = item(world, found, now, true);
    body["content"] = json!(found.fullchain);
    body["key"] = json!("******");
    Answer::json(200, &body)
}

/// The hosts that serve this certificate.
pub(super) fn hosts_of<'a>(
    world: &'a World,
    found: &'a StoredCertificate,
) -> impl Iterator<Item = &'a Host> {
    let mine = |host: &&Host| host.project == found.project && host.certificate_id() == found.id;
    world.hosts.iter().filter(mine)
}

/// Those hosts, as certificates name them.
pub(super) fn bind_host(world: &World, found: &StoredCertificate) -> Value {
    hosts_of(world, found)
        .map(|host| {
            let kind = if host.premium { "premium" } else { "cloud" };
            json!({
                "id": host.id,
                "hostname": host.hostname,
                "waf_type": kind,
                "mode": host.object["mode"],
            })
        })
        .collect()
}

fn item(world: &World, found: &StoredCertificate, now: Time, with_hosts: bool) -> Value {
    json!({
        "id": found.id,
        "name": found.name,
        "expire_time": found.not_after.millis(),
        "exp_status": expiry(found, now),
        "timestamp": found.created.millis(),
        "bind_host": if with_hosts { bind_host(world, found) } else { json!([]) },
    })
}

fn expiry(found: &StoredCertificate, now: Time) -> u8 {
    match found.not_after.days_after(now) {
        ..0 => 1,
        0..SOON_DAYS => 2,
        _ => 0,
    }
}
