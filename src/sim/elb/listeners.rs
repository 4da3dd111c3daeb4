//! Listeners: listed, shown, and updated by any part of what the documents name.

use serde_json::{Map, Value, json};

use super::paging::{PAGING, limit, page, passes};
use super::{BAD, rules};
use crate::sim::answer::Answer;
use crate::sim::ask::{Ask, Field, Shape, text, texts};
use crate::sim::sites::{Listener, Site};
use crate::sim::world::World;

const FILTERS: &[&str] = &[
    "protocol_port",
    "protocol",
    "description",
    "default_tls_container_ref",
    "client_ca_tls_container_ref",
    "connection_limit",
    "default_pool_id",
    "id",
    "name",
    "tls_ciphers_policy",
    "enterprise_project_id",
    "member_timeout",
    "client_timeout",
    "keepalive_timeout",
    "protection_status",
    "http2_enable",
    "admin_state_up",
    "enable_member_retry",
    "transparent_client_ip_enable",
    "proxy_protocol_enable",
    "enhance_l7policy_enable",
    "ssl_early_data_enable",
    "nat64_enable",
];

/// What an update takes: every field of it may be left out.
const UPDATE: &[Field] = &[
    ("admin_state_up", Shape::Flag, false),
    ("client_ca_tls_container_ref", Shape::Text, false),
    ("default_pool_id", Shape::Text, false),
    ("default_tls_container_ref", Shape::Text, false),
    ("description", Shape::Text, false),
    ("http2_enable", Shape::Flag, false),
    ("insert_headers", Shape::Object, false),
    ("name", Shape::Text, false),
    ("sni_container_refs", Shape::Texts, false),
    ("sni_match_algo", Shape::Text, false),
    ("tls_ciphers_policy", Shape::Text, false),
    ("security_policy_id", Shape::Text, false),
    ("enable_member_retry", Shape::Flag, false),
    ("member_timeout", Shape::Number, false),
    ("client_timeout", Shape::Number, false),
    ("keepalive_timeout", Shape::Number, false),
    ("ipgroup", Shape::Object, false),
    ("transparent_client_ip_enable", Shape::Flag, false),
    ("proxy_protocol_enable", Shape::Flag, false),
    ("enhance_l7policy_enable", Shape::Flag, false),
    ("quic_config", Shape::Object, false),
    ("protection_status", Shape::Text, false),
    ("protection_reason", Shape::Text, false),
    ("gzip_enable", Shape::Flag, false),
    ("ssl_early_data_enable", Shape::Flag, false),
    ("cps", Shape::Number, false),
    ("connection", Shape::Number, false),
    ("nat64_enable", Shape::Flag, false),
];

/// `GET /v3/{project_id}/elb/listeners`.
pub(in crate::sim) fn list(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    let project = world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, &PAGING, &[FILTERS, &["loadbalancer_id"]].concat())?;
    ask.no_body(world, BAD)?;
    let balancer = ask.param("loadbalancer_id");
    let limit = limit(world, ask)?;
    let objects = world
        .listeners
        .iter()
        .filter(|listener| listener.project == project)
        .map(|listener| &listener.object);
    let found = objects
        .filter(|object| passes(|| (*object).clone(), ask, FILTERS))
        .filter(|object| balancer.is_none_or(|id| object["loadbalancers"][0]["id"] == id))
        .map(|object| (object["id"].as_str().unwrap_or_default(), object))
        .collect();
    Ok(page(world, ask, "listeners", limit, found, Value::clone))
}

/// `GET /v3/{project_id}/elb/listeners/{id}`.
pub(in crate::sim) fn show(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    let at = place(world, ask)?;
    ask.only_query(world, BAD, &[], &[])?;
    let listener = &world.listeners[at];
    Ok(wrapped(listener, ask).told(told("", listener)))
}

/// `PUT /v3/{project_id}/elb/listeners/{id}`: what is not sent stays, and a list that is sent is the
/// whole list.
pub(in crate::sim) fn update(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    let at = place(world, ask)?;
    ask.only_query(world, BAD, &[], &[])?;
    let body = ask.wrapped(world, BAD, "listener", UPDATE)?;
    let algo = text(&body, "sni_match_algo");
    if !["", "longest_suffix", "wildcard"].contains(&algo) {
        return Err(ask.breach(world, BAD, "field \"sni_match_algo\" is of no known kind"));
    }
    let listener = &world.listeners[at];
    let protected = listener.object["protection_status"] == "consoleProtection";
    if protected && text(&body, "protection_status") != "nonProtection" {
        return Err(super::conflict("The listener is protected against changes."));
    }
    bindable(world, listener, &body)?;
    let object = &mut world.listeners[at].object;
    for (key, value) in body {
        merge(&mut object[key], value);
    }
    object["updated_at"] = json!(ask.now.to_string());
    world.scribble(Site::Listener(at));
    let listener = &world.listeners[at];
    Ok(wrapped(listener, ask).told(told("update ", listener)))
}

/// The certificates after the update must be in order when one of them is sent.
fn bindable(world: &World, listener: &Listener, body: &Map<String, Value>) -> Result<(), Answer> {
    let default = match body.get("default_tls_container_ref") {
        Some(_) => text(body, "default_tls_container_ref"),
        None => listener.default_ref(),
    };
    let by_name = match body.get("sni_container_refs") {
        Some(_) => texts(body, "sni_container_refs"),
        None => listener.sni_refs(),
    };
    let keys = ["default_tls_container_ref", "sni_container_refs"];
    if keys.iter().any(|key| body.contains_key(*key)) {
        rules::check(world, &listener.project, default, &by_name)?;
    }
    Ok(())
}

/// An object keeps what was not sent of it.
fn merge(place: &mut Value, sent: Value) {
    match (place, sent) {
        (Value::Object(place), Value::Object(sent)) => place.extend(sent),
        (place, sent) => *place = sent,
    }
}

fn place(world: &mut World, ask: &Ask) -> Result<usize, Answer> {
    let project = world.project(ask, ask.segment(1))?;
    let id = ask.segment(4);
    world
        .listeners
        .iter()
        .position(|listener| listener.project == project && listener.id == id)
        .ok_or_else(|| Answer::error(404, super::CONFLICT, "Listener is not found."))
}

fn wrapped(listener: &Listener, ask: &Ask) -> Answer {
    let body = json!({ "listener": listener.object, "request_id": ask.request_id });
    Answer::json(200, &body)
}

fn told(verb: &str, listener: &Listener) -> String {
    format!("{verb}listener {}", listener.object["name"].as_str().unwrap_or_default())
}
