//! The list of domains, and the certificates bound to them.

use serde_json::{Value, json};

use super::{BAD, page, source};
use crate::sim::answer::Answer;
use crate::sim::ask::Ask;
use crate::sim::sites::Domain;
use crate::sim::world::World;

/// The documented default of `page_size`, of both lists, and the maximum of the certificates' list.
const PAGE_SIZE: usize = 30;
const CERTIFICATES_PAGE_MAX: usize = 10_000;
/// The maximum of the domains' list.
const DOMAINS_PAGE_MAX: usize = 10_000;
const CERTIFICATES_KEYS: &[&str] =
    &["page_size", "page_number", "domain_name", "user_domain_id", "enterprise_project_id"];
const DOMAINS_KEYS: &[&str] = &[
    "domain_name",
    "business_type",
    "domain_status",
    "service_area",
    "page_size",
    "page_number",
    "show_tags",
    "exact_match",
    "enterprise_project_id",
];

/// `GET /v1.0/cdn/domains`.
pub(in crate::sim) fn list(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.account(ask)?;
    ask.only_query(world, BAD, DOMAINS_KEYS, &[])?;
    ask.no_body(world, BAD)?;
    let (offset, size) = page(world, ask, PAGE_SIZE, DOMAINS_PAGE_MAX)?;
    let name = ask.param("domain_name").unwrap_or_default();
    let exact = ask.param("exact_match") == Some("true");
    let found: Vec<&Domain> = world
        .domains
        .iter()
        .filter(|domain| if exact { domain.name == name } else { domain.name.contains(name) })
        .filter(|_| ask.param("domain_status").is_none_or(|status| status == "online"))
        .collect();
    let total = found.len();
    let items: Vec<Value> =
        world.page(found, offset, size).iter().map(|domain| domain_item(domain)).collect();
    let told = format!("{} of {total}", items.len());
    Ok(Answer::json(200, &json!({ "total": total, "domains": items })).told(told))
}

/// `GET /v1.0/cdn/domains/https-certificate-info`: domains with a certificate.
pub(in crate::sim) fn https_info(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.account(ask)?;
    ask.only_query(world, BAD, CERTIFICATES_KEYS, &[])?;
    ask.no_body(world, BAD)?;
    let (offset, size) = page(world, ask, PAGE_SIZE, CERTIFICATES_PAGE_MAX)?;
    let found: Vec<&Domain> = world
        .domains
        .iter()
        .filter(|domain| domain.bound.is_some())
        .filter(|domain| ask.param("domain_name").is_none_or(|wanted| wanted == domain.name))
        .collect();
    let total = found.len();
    let items: Vec<Value> = world
        .page(found, offset, size)
        .iter()
        .filter_map(|domain| certificate_item(domain))
        .collect();
    let told = format!("{} of {total}", items.len());
    Ok(Answer::json(200, &json!({ "total": total, "https": items })).told(told))
}

fn certificate_item(domain: &Domain) -> Option<Value> {
    let bound = domain.bound.as_ref()?;
    let redirected = domain.configs["force_redirect"]["status"] == "on";
    Some(json!({
        "domain_id": domain.id,
        "domain_name": domain.name,
        "cert_name": bound.name,
        "certificate": bound.content.fullchain,
        "private_key": null,
        "certificate_type": source(domain),
        "expiration_time": bound.content.not_after.millis(),
        "https_status": 1,
        "force_redirect_https": u8::from(redirected),
        "force_redirect_config": { "switch": u8::from(redirected), "redirect_type": "https" },
        "http2": u8::from(domain.configs["https"]["http2_status"] == "on"),
    }))
}

fn domain_item(domain: &Domain) -> Value {
    json!({
        "id": domain.id,
        "domain_name": domain.name,
        "business_type": domain.configs["business_type"],
        "domain_status": "online",
        "cname": format!("{}.c.cdnhwc1.example", domain.name),
        "sources": [{
            "domain_id": domain.id,
            "ip_or_domain": domain.configs["sources"][0]["origin_addr"],
            "origin_type": "ipaddr",
            "active_standby": 1,
            "enable_obs_web_hosting": 0,
        }],
        "domain_origin_host": null,
        "https_status": if domain.bound.is_some() { 2 } else { 0 },
        "create_time": domain.modified.millis(),
        "modify_time": domain.modified.millis(),
        "disabled": 0,
        "locked": 0,
        "auto_refresh_preheat": 0,
        "service_area": domain.configs["service_area"],
        "range_status": domain.configs["origin_range_status"],
        "follow_status": domain.configs["origin_follow302_status"],
        "origin_status": "off",
        "banned_reason": "",
        "locked_reason": "",
        "enterprise_project_id": "0",
        "tags": [],
    })
}
