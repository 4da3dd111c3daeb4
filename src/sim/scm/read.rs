//! List, show and delete.

use chrono::FixedOffset;
use serde_json::{Value, json};

use super::{BAD, certificate};
use crate::model::time::Time;
use crate::sim::answer::Answer;
use crate::sim::ask::Ask;
use crate::sim::world::{ScmCertificate, World};

/// The largest documented offset of the list, in certificates.
const OFFSET_MAX: usize = 100;
/// The documented page sizes.
const LIMITS: [usize; 3] = [10, 20, 50];
/// Seconds east of Greenwich: the service's times carry no zone, and tools read them as China's.
const ZONE_SECS: i32 = 8 * 3600;

const KEYS: &[&str] = &[
    "limit",
    "offset",
    "sort_key",
    "sort_dir",
    "status",
    "content",
    "deploy_support",
    "owned_by_self",
    "expired_days_since",
    "enterprise_project_id",
];

/// `GET /v3/scm/certificates`: no fingerprints, and new imports show up late.
pub(in crate::sim) fn list(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.account(ask)?;
    ask.only_query(world, BAD, KEYS, &[])?;
    ask.no_body(world, BAD)?;
    let limit = ask.number(world, BAD, "limit", LIMITS[0], |limit| LIMITS.contains(&limit))?;
    let offset = ask.number(world, BAD, "offset", 0, |offset| offset <= OFFSET_MAX)?;
    let status = ask.param("status").unwrap_or("ALL");
    let content = ask.param("content").unwrap_or_default();
    let project = ask.param("enterprise_project_id").unwrap_or("all");
    let mut found: Vec<&ScmCertificate> = world
        .imports
        .iter()
        .filter(|import| world.listed(import.created, ask.now))
        .filter(|import| status == "ALL" || status == status_of(import, ask.now))
        .filter(|import| import.name.contains(content) || import.domain.contains(content))
        .filter(|import| project == "all" || project == import.enterprise_project_id)
        .collect();
    if let Err(key) = sort(&mut found, ask) {
        return Err(ask.breach(world, BAD, key));
    }
    let total = found.len();
    let page: Vec<Value> = world
        .page(found, offset, limit)
        .iter()
        .map(|import| item(world, import, ask.now))
        .collect();
    let told = format!("{} of {total}", page.len());
    Ok(Answer::json(200, &json!({ "certificates": page, "total_count": total })).told(told))
}

fn sort(found: &mut [&ScmCertificate], ask: &Ask) -> Result<(), &'static str> {
    match ask.param("sort_key").unwrap_or("certUpdateTime") {
        "certUpdateTime" => found.sort_by_key(|import| (import.created, import.id.clone())),
        "certExpiredTime" => found.sort_by_key(|import| import.not_after),
        "certStatus" => found.sort_by_key(|import| status_of(import, ask.now)),
        _ => return Err("query parameter \"sort_key\" is unknown"),
    }
    match ask.param("sort_dir").unwrap_or("DESC") {
        "DESC" => found.reverse(),
        "ASC" => {}
        _ => return Err("query parameter \"sort_dir\" is unknown"),
    }
    Ok(())
}

/// `GET …/{id}`: with the SHA-1 fingerprint, at once after the import.
pub(in crate::sim) fn show(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.account(ask)?;
    ask.only_query(world, BAD, &[], &[])?;
    let import = &world.imports[certificate(world, ask.segment(3))?];
    let mut body = item(world, import, ask.now);
    let more = json!({
        "order_id": import.id,
        "push_support": "ON",
        "revoke_reason": "",
        "issue_time": "",
        "not_before": moment(import.not_before),
        "not_after": moment(import.not_after),
        "validation_method": "",
        "multi_domain_type": "",
        // Upper case with colons, one of the forms that the documents leave open.
        "fingerprint": coloned(&import.sha1.to_string()),
        "shared": false,
        "application_info": null,
        "authentification": [],
    });
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        for key in ["deploy_support", "expire_time", "domain_id"] {
            body.remove(key);
        }
        body.extend(more);
    }
    let told = import.name.clone();
    Ok(Answer::json(200, &body).told(told))
}

/// `DELETE …/{id}`: 204, and gone for good. Nothing is asked about who uses it: copies stay where they
/// were pushed, and a CDN domain that took it keeps its own copy.
pub(in crate::sim) fn delete(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.account(ask)?;
    ask.only_query(world, BAD, &[], &[])?;
    let place = certificate(world, ask.segment(3))?;
    let gone = world.imports.remove(place);
    Ok(Answer::empty(204).told(format!("delete {}", gone.name)))
}

fn item(world: &World, import: &ScmCertificate, now: Time) -> Value {
    let wildcards = std::iter::once(&import.domain)
        .chain(&import.sans)
        .filter(|name| name.starts_with("*."))
        .count();
    json!({
        "id": import.id,
        "name": import.name,
        "domain": import.domain,
        "sans": import.sans.join(";"),
        "signature_algorithm": import.signature_algorithm,
        "deploy_support": true,
        "type": null,
        "brand": null,
        "expire_time": moment(import.not_after),
        "domain_type": match (import.sans.is_empty(), wildcards) {
            (false, _) => "MULTI_DOMAIN",
            (true, 0) => "SINGLE_DOMAIN",
            (true, _) => "WILDCARD",
        },
        "validity_period": import.not_after.days_after(import.not_before) / 30,
        "status": status_of(import, now),
        "domain_count": 1 + import.sans.len(),
        "wildcard_count": wildcards,
        "description": null,
        "domain_id": world.settings.domain_id,
        "enterprise_project_id": import.enterprise_project_id,
    })
}

fn status_of(import: &ScmCertificate, now: Time) -> &'static str {
    if import.not_after <= now { "EXPIRED" } else { "UPLOAD" }
}

/// As the service writes moments: `2021-05-27 16:46:25.0`.
fn moment(time: Time) -> String {
    let utc = time.to_utc();
    match FixedOffset::east_opt(ZONE_SECS) {
        Some(zone) => utc.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S.0").to_string(),
        None => utc.format("%Y-%m-%d %H:%M:%S.0").to_string(),
    }
}

fn coloned(hex: &str) -> String {
    let upper = hex.to_uppercase();
    let pairs: Vec<_> = (0..upper.len()).step_by(2).map(|at| &upper[at..at + 2]).collect();
    pairs.join(":")
}
