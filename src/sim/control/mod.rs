//! The switchboard for scripts, under `/_sim/`: unsigned, and not in the ledger.

mod instances;
mod sites;

use std::time::Duration;

use serde_json::{Value, json};

use crate::model::time::Time;
use crate::sim::answer::Answer;
use crate::sim::ask::Ask;
use crate::sim::console;
use crate::sim::pki::{Authority, Issued, KeyKind};
use crate::sim::weather::Rule;
use crate::sim::world::World;

/// Every path of the switchboard begins so.
pub(super) const PREFIX: &str = "/_sim/";
/// How long a certificate made for a script is valid, in days.
const DAYS: i64 = 90;
const DAY_SECS: i64 = 86_400;

/// Reads or changes what the handle can read or change.
pub(super) fn handle(world: &mut World, ask: &Ask) -> Answer {
    match (ask.method.as_str(), ask.segment(1)) {
        ("GET", "calls") => Answer::json(200, &json!(world.calls)),
        ("GET", "violations") => Answer::json(200, &json!(world.violations)),
        ("GET", "imports") => Answer::json(200, &imports(world)),
        ("GET", "copies") => Answer::json(200, &stored(world, true)),
        ("GET", "certificates") => Answer::json(200, &stored(world, false)),
        ("GET", "jobs") => Answer::json(200, &jobs(world, ask)),
        ("POST", "weather") => match serde_json::from_slice::<Rule>(&ask.body) {
            Ok(rule) => {
                world.weather.push(rule);
                Answer::empty(204)
            }
            Err(error) => Answer::text(400, &error.to_string()),
        },
        ("POST", "clear-weather") => {
            world.weather.clear();
            Answer::empty(204)
        }
        ("POST", "clear-violations") => {
            world.violations.clear();
            Answer::empty(204)
        }
        ("POST", "expire-tokens") => {
            world.auth.expire_all(ask.now);
            Answer::empty(204)
        }
        ("POST", "pace") => paced(world, ask),
        ("POST", "issue") => issued(world, ask),
        ("POST", "bind-cdn") => bound(world, ask),
        _ => sites::handle(world, ask)
            .or_else(|| instances::handle(world, ask))
            .unwrap_or_else(|| Answer::text(404, "no such switch")),
    }
}

/// From now on: `{"latency_ms", "calls_a_second", "silent"}`, what is left out as if it never were.
fn paced(world: &mut World, ask: &Ask) -> Answer {
    let wish: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
    world.settings.latency = Duration::from_millis(wish["latency_ms"].as_u64().unwrap_or(0));
    let calls = wish["calls_a_second"].as_u64();
    world.settings.calls_a_second = calls.and_then(|calls| usize::try_from(calls).ok());
    world.settings.tells_policy = wish["silent"] != true;
    Answer::empty(204)
}

/// Makes a certificate for a script that has no authority of its own: `{"name", "key", "days"}`.
fn issued(world: &mut World, ask: &Ask) -> Answer {
    let wish: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
    let name = wish["name"].as_str().unwrap_or("www.example.com");
    let made = made(world, ask, &[name], &wish);
    Answer::json(
        200,
        &json!({
            "certificate": made.leaf_pem.trim_end(),
            "certificate_chain": made.chain_pem.trim_end(),
            "root": made.root_pem.trim_end(),
            "private_key": made.key_pem.expose().trim_end(),
            "sha256": made.sha256,
        }),
    )
}

/// A certificate of the scripts' authority: `key` and `days` as the wish has them.
fn made(world: &mut World, ask: &Ask, names: &[&str], wish: &Value) -> Issued {
    let kind = match wish["key"].as_str() {
        Some("rsa") => KeyKind::Rsa2048,
        Some("p384") => KeyKind::EcdsaP384,
        Some("ed25519") => KeyKind::Ed25519,
        _ => KeyKind::EcdsaP256,
    };
    let days = wish["days"].as_i64().unwrap_or(DAYS);
    let end = Time::from_secs(ask.now.secs().saturating_add(days.saturating_mul(DAY_SECS)));
    let begin = ask.now.min(end) - Duration::from_secs(DAY_SECS.unsigned_abs());
    // A name that is no ASCII cannot be in a certificate.
    let names: Vec<&str> = names.iter().copied().filter(|name| name.is_ascii()).collect();
    scripted(world).issue(
        if names.is_empty() { &["www.example.com"] } else { &names },
        kind,
        begin,
        end,
    )
}

/// The authority of scripts, which have none of their own.
fn scripted(world: &mut World) -> &Authority {
    world.authority.get_or_insert_with(|| Authority::new("Scripted"))
}

fn bound(world: &mut World, ask: &Ask) -> Answer {
    let wish: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
    let part = |key: &str| wish[key].as_str().unwrap_or_default().to_owned();
    if !console::bind_cdn(world, &part("domain"), &part("certificate_id"), ask.now) {
        return Answer::text(404, "no such certificate");
    }
    match world.open_edges(ask.now) {
        Ok(()) => Answer::empty(204),
        Err(error) => Answer::text(500, &error.to_string()),
    }
}

fn imports(world: &World) -> Value {
    world
        .imports
        .iter()
        .map(|import| {
            json!({
                "id": import.id,
                "name": import.name,
                "sha256": import.sha256,
                "sha1": import.sha1,
                "created": import.created,
            })
        })
        .collect()
}

/// What the targets hold; of that, only what a push left there.
fn stored(world: &World, pushed: bool) -> Value {
    world
        .certificates
        .iter()
        .filter(|found| !pushed || !found.certificate_id.is_empty())
        .map(|found| {
            json!({
                "id": found.id,
                "name": found.name,
                "target": found.target,
                "project": found.project,
                "certificate_id": found.certificate_id,
                "sha256": found.sha256,
            })
        })
        .collect()
}

fn jobs(world: &World, ask: &Ask) -> Value {
    world
        .jobs
        .iter()
        .map(|job| {
            json!({ "id": job.id, "instance": job.instance, "on": job.on, "status": job.status(ask.now) })
        })
        .collect()
}
