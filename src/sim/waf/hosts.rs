//! Hosts of both modes: listed without their certificate, shown with it, and changed in part.

use serde_json::{Map, Value, json};

use super::{BAD, missing, page};
use crate::model::target::Target;
use crate::sim::answer::Answer;
use crate::sim::ask::{Ask, Field, Shape, text};
use crate::sim::sites::{Host, Site};
use crate::sim::world::World;

const KEYS: &[&str] = &["enterprise_project_id", "page", "pagesize", "hostname", "policyname"];

/// What the lists show of a host.
const LISTED_CLOUD: &[&str] = &[
    "id",
    "hostid",
    "region",
    "description",
    "server",
    "type",
    "proxy",
    "hostname",
    "access_code",
    "policyid",
    "timestamp",
    "protect_status",
    "access_status",
    "exclusive_ip",
    "paid_type",
    "web_tag",
    "flag",
    "enterprise_project_id",
];
const LISTED_PREMIUM: &[&str] = &[
    "id",
    "hostname",
    "extend",
    "region",
    "flag",
    "description",
    "policyid",
    "protect_status",
    "access_status",
    "web_tag",
    "hostid",
    "enterprise_project_id",
    "pool_ids",
    "loadbalancer_id",
    "protocol_port",
];
/// What only the lists show.
const LISTED_ONLY: &[&str] = &["hostid", "region", "type", "paid_type", "pool_ids"];

/// What an update of either mode takes.
const UPDATE: [Field; 10] = [
    ("proxy", Shape::Flag, false),
    ("certificateid", Shape::Text, false),
    ("certificatename", Shape::Text, false),
    ("server", Shape::Objects, false),
    ("tls", Shape::Text, false),
    ("cipher", Shape::Text, false),
    ("block_page", Shape::Object, false),
    ("traffic_mark", Shape::Object, false),
    ("flag", Shape::Object, false),
    ("circuit_breaker", Shape::Object, false),
];
const UPDATE_CLOUD: [Field; 8] = [
    ("timeout_config", Shape::Object, false),
    ("forward_header_map", Shape::Object, false),
    ("http2_enable", Shape::Flag, false),
    ("ipv6_enable", Shape::Flag, false),
    ("web_tag", Shape::Text, false),
    ("exclusive_ip", Shape::Flag, false),
    ("paid_type", Shape::Text, false),
    ("extend", Shape::Object, false),
];
const UPDATE_PREMIUM: [Field; 8] = [
    ("timeout_config", Shape::Object, false),
    ("forward_header_map", Shape::Object, false),
    ("mode", Shape::Text, false),
    ("locked", Shape::Number, false),
    ("protect_status", Shape::Number, false),
    ("access_status", Shape::Number, false),
    ("timestamp", Shape::Number, false),
    ("pool_ids", Shape::Texts, false),
];

/// `GET /v1/{project_id}/waf/instance`.
pub(in crate::sim) fn list_cloud(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    list(world, ask, false, KEYS, LISTED_CLOUD)
}

/// `GET /v1/{project_id}/premium-waf/host`.
pub(in crate::sim) fn list_premium(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    list(world, ask, true, &[KEYS, &["protect_status"]].concat(), LISTED_PREMIUM)
}

/// `GET /v1/{project_id}/waf/instance/{id}`.
pub(in crate::sim) fn show_cloud(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    show(world, ask, false)
}

/// `GET /v1/{project_id}/premium-waf/host/{id}`.
pub(in crate::sim) fn show_premium(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    show(world, ask, true)
}

/// `PATCH /v1/{project_id}/waf/instance/{id}`.
pub(in crate::sim) fn update_cloud(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    update(world, ask, false, &[&UPDATE[..], &UPDATE_CLOUD].concat())
}

/// `PUT /v1/{project_id}/premium-waf/host/{id}`: what is not sent stays, although it is a PUT.
pub(in crate::sim) fn update_premium(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    update(world, ask, true, &[&UPDATE[..], &UPDATE_PREMIUM].concat())
}

fn list(
    world: &mut World,
    ask: &Ask,
    premium: bool,
    keys: &[&str],
    listed: &[&str],
) -> Result<Answer, Answer> {
    let project = world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, keys, &[])?;
    ask.no_body(world, BAD)?;
    let (offset, size) = page(world, ask)?;
    let name = ask.param("hostname").unwrap_or_default();
    let found: Vec<&Host> = world
        .hosts
        .iter()
        .filter(|host| host.premium == premium && host.project == project)
        .filter(|host| host.hostname.contains(name))
        .collect();
    let total = found.len();
    let only = |host: &&Host| -> Value {
        let object = host.object.as_object().into_iter().flatten();
        object
            .filter(|(key, _)| listed.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect::<Map<_, _>>()
            .into()
    };
    let items: Vec<Value> = world.page(found, offset, size).iter().map(only).collect();
    let told = format!("{} of {total}", items.len());
    Ok(Answer::json(200, &json!({ "items": items, "total": total })).told(told))
}

fn show(world: &mut World, ask: &Ask, premium: bool) -> Result<Answer, Answer> {
    let at = place(world, ask, premium)?;
    ask.only_query(world, BAD, &["enterprise_project_id"], &[])?;
    Ok(shown(&world.hosts[at]))
}

fn update(world: &mut World, ask: &Ask, premium: bool, fields: &[Field]) -> Result<Answer, Answer> {
    let at = place(world, ask, premium)?;
    ask.only_query(world, BAD, &["enterprise_project_id"], &[])?;
    let body = ask.object(world, BAD, fields)?;
    if body.contains_key("certificateid") != body.contains_key("certificatename") {
        return Err(ask.breach(world, BAD, "certificateid and certificatename go together"));
    }
    if body.contains_key("certificateid") {
        let project = &world.hosts[at].project;
        let found = world.stored(Target::Waf, project, text(&body, "certificateid"));
        if found.ok_or_else(missing)?.name != text(&body, "certificatename") {
            return Err(Answer::error(400, BAD, "certificatename is not the certificate's name"));
        }
    }
    if let Some(object) = world.hosts[at].object.as_object_mut() {
        object.extend(body);
    }
    world.scribble(Site::Host(at));
    let host = &world.hosts[at];
    let told = format!("update {}", host.hostname);
    Ok(shown(host).told(told))
}

fn place(world: &mut World, ask: &Ask, premium: bool) -> Result<usize, Answer> {
    let project = world.project(ask, ask.segment(1))?;
    let id = ask.segment(4);
    let mine = |host: &Host| host.id == id && host.premium == premium && host.project == project;
    world.hosts.iter().position(mine).ok_or_else(missing)
}

fn shown(host: &Host) -> Answer {
    let mut object = host.object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|key, _| !LISTED_ONLY.contains(&key.as_str()));
    }
    Answer::json(200, &object).told(host.hostname.clone())
}
