//! WAF's half: its certificates. The list has no content; only showing one tells which leaf it is.

use serde_json::{Value, json};

use super::answer::Answer;
use super::ask::Ask;
use super::world::{PushedCopy, World};
use crate::model::target::Target;
use crate::model::time::Time;

const BAD: &str = "WAF.00011001";
/// The documented default and maximum of `pagesize`.
const PAGE_SIZE: usize = 10;
const PAGE_SIZE_MAX: usize = 100;
/// Under so many days a certificate counts as "soon to expire".
const SOON_DAYS: i64 = 30;
const KEYS: &[&str] =
    &["page", "pagesize", "name", "host", "exp_status", "query_scm", "enterprise_project_id"];

/// `GET /v1/{project_id}/waf/certificate`.
pub(super) fn list(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    let project = world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, KEYS, &[])?;
    ask.no_body(world, BAD)?;
    let size =
        ask.number(world, BAD, "pagesize", PAGE_SIZE, |size| (1..=PAGE_SIZE_MAX).contains(&size))?;
    let page = ask.number(world, BAD, "page", 1, |page| page >= 1)?;
    let name = ask.param("name").unwrap_or_default();
    let found: Vec<&PushedCopy> = world
        .copies
        .iter()
        .filter(|copy| copy.target == Target::Waf && copy.project == project)
        .filter(|copy| world.listed(copy.created, ask.now) && copy.name.contains(name))
        .filter(|copy| {
            ask.param("exp_status").is_none_or(|wanted| wanted == expiry(copy, ask.now).to_string())
        })
        .collect();
    let total = found.len();
    let size = size.min(world.settings.page_max);
    let items: Vec<Value> = world
        .page(found, (page - 1).saturating_mul(size), size)
        .iter()
        .map(|copy| item(copy, ask.now))
        .collect();
    let told = format!("{} of {total}", items.len());
    Ok(Answer::json(200, &json!({ "items": items, "total": total })).told(told))
}

/// `GET /v1/{project_id}/waf/certificate/{id}`: with the PEM.
pub(super) fn show(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    let project = world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, &["enterprise_project_id"], &[])?;
    let found = world.copies.iter().find(|copy| {
        copy.target == Target::Waf && copy.project == project && copy.id == ask.segment(4)
    });
    match found {
        Some(copy) => {
            let mut body = item(copy, ask.now);
            body["content"] = json!(copy.fullchain);
            body["key"] = json!("******");
            Ok(Answer::json(200, &body).told(copy.name.clone()))
        }
        None => Err(Answer::error(404, "WAF.00014002", "Resource not found.")),
    }
}

fn item(copy: &PushedCopy, now: Time) -> Value {
    json!({
        "id": copy.id,
        "name": copy.name,
        "expire_time": copy.not_after.millis(),
        "exp_status": expiry(copy, now),
        "timestamp": copy.created.millis(),
        "bind_host": [],
    })
}

fn expiry(copy: &PushedCopy, now: Time) -> u8 {
    match copy.not_after.days_after(now) {
        ..0 => 1,
        0..SOON_DAYS => 2,
        _ => 0,
    }
}
