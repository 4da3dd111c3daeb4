//! Tests of the simulated cloud: handlers are called without a socket, except in `wire`.

mod cdn;
mod certificates;
mod databases;
mod deploy;
mod edges;
mod elb_certificates;
mod handshake;
mod imports;
mod instances;
mod listeners;
mod signature;
mod switchboard;
mod waf;
mod wire;

use hyper::body::Bytes;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::answer::Answer;
use super::ask::{Ask, pairs};
use super::pki::{Authority, Issued, KeyKind};
use super::settings::{DomainSetup, HostSetup, ListenerSetup, Pair, Settings};
use super::world::World;
use super::{furnish, routes};
use crate::model::time::Time;

/// The moment at which these tests happen, in seconds.
const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;
const PROJECT: &str = "0123456789abcdef0123456789abcdef";

fn world(settings: Settings) -> World {
    World::new(settings, "http://127.0.0.1:1".to_owned())
}

/// The same with its listeners, hosts and domains, without edges.
fn furnished(settings: Settings) -> World {
    let mut world = world(settings);
    furnish::all(&mut world, Time::from_secs(NOW - DAY)).unwrap();
    world
}

/// A pair as somebody else left it in a service, named after its first name.
fn left(authority: &Authority, names: &[&str], key: KeyKind) -> Pair {
    let valid = (Time::from_secs(NOW - DAY), Time::from_secs(NOW + 90 * DAY));
    let issued = authority.issue(names, key, valid.0, valid.1);
    Pair { name: names[0].to_owned(), fullchain: issued.fullchain_pem(), key: issued.key_pem }
}

/// The id of the furnished certificate of this name.
fn id_of(world: &World, name: &str) -> String {
    world.certificates.iter().find(|found| found.name == name).unwrap().id.clone()
}

/// A request at `NOW` plus so many milliseconds; a null body is none.
fn ask(method: &str, target: &str, body: &Value, after_ms: i64) -> Ask {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let now = Time::from_millis(NOW * 1000 + after_ms);
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    Ask {
        method: method.to_owned(),
        path: path.to_owned(),
        raw_query: query.to_owned(),
        query: pairs(query),
        headers,
        body: if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) },
        request_id: "request".to_owned(),
        now,
        wall: now,
    }
}

fn with_header(mut ask: Ask, name: &str, value: &str) -> Ask {
    ask.headers.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    ask
}

/// What the handler of this request answers; credentials are not looked at.
fn answer(world: &mut World, ask: &Ask) -> Answer {
    let route =
        routes::find(ask).unwrap_or_else(|| panic!("no route for {} {}", ask.method, ask.path));
    match (route.handler)(world, ask) {
        Ok(answer) | Err(answer) => answer,
    }
}

/// Status and body of a call at `NOW` plus so many milliseconds.
fn call_at(
    world: &mut World,
    after_ms: i64,
    method: &str,
    target: &str,
    body: &Value,
) -> (u16, Value) {
    let answer = answer(world, &ask(method, target, body, after_ms));
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
}

fn call(world: &mut World, method: &str, target: &str, body: &Value) -> (u16, Value) {
    call_at(world, 0, method, target, body)
}

/// Status and error code, which is empty when there is none.
fn refused(world: &mut World, method: &str, target: &str, body: &Value) -> (u16, String) {
    let (status, body) = call(world, method, target, body);
    (status, body["error_code"].as_str().unwrap_or_default().to_owned())
}

/// A pair that is valid around `NOW`.
fn pair(authority: &Authority, name: &str) -> Issued {
    let valid = (Time::from_secs(NOW - DAY), Time::from_secs(NOW + 90 * DAY));
    authority.issue(&[name], KeyKind::EcdsaP256, valid.0, valid.1)
}

fn import_body(name: &str, pair: &Issued) -> Value {
    json!({
        "name": name,
        "certificate": pair.leaf_pem.trim(),
        "certificate_chain": pair.chain_pem.trim(),
        "private_key": pair.key_pem.expose().trim(),
    })
}

/// Which fields differ between two objects, by name.
fn changed(before: &Value, after: &Value) -> Vec<String> {
    let keys = before.as_object().unwrap().keys().chain(after.as_object().unwrap().keys());
    let mut found: Vec<String> = keys.filter(|key| before[*key] != after[*key]).cloned().collect();
    found.sort();
    found.dedup();
    found
}

const IMPORT: &str = "/v3/scm/certificates/import";

/// Imports a pair made for this name and gives the id.
fn imported(world: &mut World, authority: &Authority, name: &str, after_ms: i64) -> String {
    let body = import_body(name, &pair(authority, &format!("{name}.example.com")));
    let (status, body) = call_at(world, after_ms, "POST", IMPORT, &body);
    assert_eq!(status, 200, "{body}");
    body["certificate_id"].as_str().unwrap().to_owned()
}
