//! A domain's whole configuration, and its partial update.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{BAD, certificate, place, source};
use crate::sim::answer::Answer;
use crate::sim::ask::{Ask, Field, Shape, text};
use crate::sim::sites::{Domain, DomainCertificate, Site};
use crate::sim::world::World;

/// So many calls of either kind within a minute, and the next is throttled.
const CALLS_MAX: usize = 20;
const CALLS_WITHIN: Duration = Duration::from_secs(60);

const CONFIGS: &[Field] = &[
    ("business_type", Shape::Text, false),
    ("service_area", Shape::Text, false),
    ("remark", Shape::Text, false),
    ("origin_request_header", Shape::Objects, false),
    ("http_response_header", Shape::Objects, false),
    ("url_auth", Shape::Object, false),
    ("https", Shape::Object, false),
    ("sources", Shape::Objects, false),
    ("origin_protocol", Shape::Text, false),
    ("origin_follow302_status", Shape::Text, false),
    ("cache_rules", Shape::Objects, false),
    ("ip_filter", Shape::Object, false),
    ("referer", Shape::Object, false),
    ("force_redirect", Shape::Object, false),
    ("compress", Shape::Object, false),
    ("ipv6_accelerate", Shape::Number, false),
    ("origin_range_status", Shape::Text, false),
    ("slice_etag_status", Shape::Text, false),
    ("origin_receive_timeout", Shape::Number, false),
    ("websocket", Shape::Object, false),
    ("hsts", Shape::Object, false),
    ("quic", Shape::Object, false),
    ("sni", Shape::Object, false),
    ("client_cert", Shape::Object, false),
    ("https_tls_version", Shape::Object, false),
];

const HTTPS: &[Field] = &[
    ("https_status", Shape::Text, false),
    ("certificate_type", Shape::Text, false),
    ("certificate_source", Shape::Number, false),
    ("scm_certificate_id", Shape::Text, false),
    ("certificate_name", Shape::Text, false),
    ("certificate_value", Shape::Text, false),
    ("private_key", Shape::Text, false),
    ("http2_status", Shape::Text, false),
    ("tls_version", Shape::Text, false),
    ("ocsp_stapling_status", Shape::Text, false),
];
/// Fields of `https` that stand beside the certificate.
const BESIDE: [&str; 3] = ["http2_status", "tls_version", "ocsp_stapling_status"];

/// What a call does to the bound certificate.
enum Change {
    Stays,
    Off,
    To(Box<DomainCertificate>),
}

/// `GET /v1.1/cdn/configuration/domains/{domain_name}/configs`.
pub(in crate::sim) fn show(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.account(ask)?;
    ask.only_query(world, BAD, &["enterprise_project_id", "show_special_configs"], &[])?;
    ask.no_body(world, BAD)?;
    counted(world, ask)?;
    let domain = &world.domains[place(world, ask.segment(4))?];
    let body = json!({ "configs": configs_of(domain) });
    Ok(Answer::json(200, &body).told(domain.name.clone()))
}

/// `PUT` of the same: what is not sent stays, within `https` too.
pub(in crate::sim) fn update(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.account(ask)?;
    ask.only_query(world, BAD, &["enterprise_project_id"], &[])?;
    let mut configs = ask.wrapped(world, BAD, "configs", CONFIGS)?;
    counted(world, ask)?;
    let at = place(world, ask.segment(4))?;
    let https = match configs.remove("https") {
        Some(Value::Object(https)) => ask.shaped(world, BAD, https, HTTPS)?,
        _ => Map::new(),
    };
    let change = change(world, ask, &https)?;
    let domain = &mut world.domains[at];
    match change {
        Change::Stays => {}
        Change::Off => domain.bound = None,
        Change::To(bound) => domain.bound = Some(*bound),
    }
    domain.modified = ask.now;
    for (key, value) in configs {
        domain.configs[key] = value;
    }
    for (key, value) in https {
        if BESIDE.contains(&key.as_str()) {
            domain.configs["https"][key] = value;
        }
    }
    let told = format!("update {}", domain.name);
    world.scribble(Site::Domain(at));
    Ok(Answer::empty(204).told(told))
}

/// The whole configuration of a domain.
pub(in crate::sim) fn configs_of(domain: &Domain) -> Value {
    let mut configs = domain.configs.clone();
    let https = &mut configs["https"];
    https["https_status"] = json!(if domain.bound.is_some() { "on" } else { "off" });
    if let Some(bound) = &domain.bound {
        https["certificate_type"] = json!("server");
        https["certificate_source"] = json!(source(domain));
        https["certificate_name"] = json!(bound.name);
        https["certificate_value"] = json!(bound.content.fullchain);
        https["expire_time"] = json!(bound.content.not_after.millis());
        https["certificates"] = json!([]);
        if let Some(id) = &bound.scm_certificate_id {
            https["scm_certificate_id"] = json!(id);
        }
    }
    configs
}

fn change(world: &mut World, ask: &Ask, https: &Map<String, Value>) -> Result<Change, Answer> {
    match text(https, "https_status") {
        "off" => return Ok(Change::Off),
        "" | "on" => {}
        _ => return Err(ask.breach(world, BAD, "field \"https_status\" is neither on nor off")),
    }
    if !["", "server"].contains(&text(https, "certificate_type")) {
        return Err(ask.breach(world, BAD, "field \"certificate_type\" is not server"));
    }
    let name = text(https, "certificate_name");
    let parts = ["scm_certificate_id", "certificate_value", "private_key"];
    match https.get("certificate_source").and_then(Value::as_i64) {
        Some(2) => {
            let bound = certificate::of_import(world, name, text(https, "scm_certificate_id"))?;
            Ok(Change::To(Box::new(bound)))
        }
        Some(0) => {
            let pem = text(https, "certificate_value");
            let bound = certificate::own(name, pem, text(https, "private_key"))?;
            Ok(Change::To(Box::new(bound)))
        }
        Some(_) => Err(ask.breach(world, BAD, "field \"certificate_source\" is neither 0 nor 2")),
        None if parts.iter().any(|part| https.contains_key(*part)) || !name.is_empty() => {
            Err(ask.breach(world, BAD, "a certificate without a certificate_source"))
        }
        None if text(https, "https_status") == "on" => {
            Err(ask.breach(world, BAD, "https_status on without a certificate_source"))
        }
        None => Ok(Change::Stays),
    }
}

/// Counts one call, unless there were too many within the last minute.
fn counted(world: &mut World, ask: &Ask) -> Result<(), Answer> {
    while world.cdn_calls.front().is_some_and(|at| ask.now >= *at + CALLS_WITHIN) {
        world.cdn_calls.pop_front();
    }
    if world.cdn_calls.len() >= CALLS_MAX {
        let policy = format!("policy user over ratelimit,limit:{CALLS_MAX},time:1 minute");
        let text = format!("The throttling threshold has been reached: {policy}");
        return Err(Answer::gateway(429, "APIGW.0308", &text, &ask.request_id));
    }
    world.cdn_calls.push_back(ask.now);
    Ok(())
}
