//! CDN's half: the certificates bound to domains. Copies that were only pushed show nowhere.

use serde_json::{Value, json};

use super::answer::Answer;
use super::ask::Ask;
use super::world::{CdnDomain, World, fresh_id};

const BAD: &str = "CDN.0001";
/// The documented default and maximum of `page_size`.
const PAGE_SIZE: usize = 30;
const PAGE_SIZE_MAX: usize = 10_000;
const KEYS: &[&str] =
    &["page_size", "page_number", "domain_name", "user_domain_id", "enterprise_project_id"];

/// `GET /v1.0/cdn/domains/https-certificate-info`.
pub(super) fn https_info(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.account(ask)?;
    ask.only_query(world, BAD, KEYS, &[])?;
    ask.no_body(world, BAD)?;
    let size =
        ask.number(world, BAD, "page_size", PAGE_SIZE, |size| (1..=PAGE_SIZE_MAX).contains(&size))?;
    let page = ask.number(world, BAD, "page_number", 1, |page| page >= 1)?;
    let found: Vec<&CdnDomain> = world
        .cdn_domains
        .iter()
        .filter(|domain| ask.param("domain_name").is_none_or(|wanted| wanted == domain.name))
        .collect();
    let total = found.len();
    let size = size.min(world.settings.page_max);
    let items: Vec<Value> = world
        .page(found, (page - 1).saturating_mul(size), size)
        .iter()
        .map(|domain| item(domain))
        .collect();
    let told = format!("{} of {total}", items.len());
    Ok(Answer::json(200, &json!({ "total": total, "https": items })).told(told))
}

fn item(domain: &CdnDomain) -> Value {
    json!({
        "domain_id": fresh_id(),
        "domain_name": domain.name,
        "cert_name": domain.cert_name,
        "certificate": domain.fullchain,
        "private_key": null,
        "certificate_type": 2,
        "expiration_time": domain.not_after.millis(),
        "https_status": 1,
        "force_redirect_https": 0,
        "http2": 0,
    })
}
