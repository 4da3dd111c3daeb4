//! The switchboard for scripts, under `/_sim/`: unsigned, and not in the ledger.

use std::time::Duration;

use serde_json::{Value, json};

use super::answer::Answer;
use super::ask::Ask;
use super::pki::{Authority, KeyKind};
use super::weather::Rule;
use super::world::{CdnDomain, World};
use crate::model::time::Time;

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
        ("GET", "copies") => Answer::json(200, &copies(world)),
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
        ("POST", "issue") => issued(world, ask),
        ("POST", "bind-cdn") => bound(world, ask),
        _ => Answer::text(404, "no such switch"),
    }
}

/// Binds an import to a CDN domain, as an operator would in the console.
pub(super) fn bind_cdn(world: &mut World, domain: &str, certificate_id: &str) -> bool {
    let Some(import) = world.imports.iter().find(|import| import.id == certificate_id) else {
        return false;
    };
    let bound = CdnDomain {
        name: domain.to_owned(),
        cert_name: format!("cdn-{}", import.name),
        fullchain: import.fullchain.clone(),
        not_after: import.not_after,
    };
    world.cdn_domains.retain(|other| other.name != domain);
    world.cdn_domains.push(bound);
    true
}

/// Makes a certificate for a script that has no authority of its own: `{"name", "key", "days"}`.
fn issued(world: &mut World, ask: &Ask) -> Answer {
    let wish: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
    let name = wish["name"].as_str().filter(|name| name.is_ascii()).unwrap_or("www.example.com");
    let kind = match wish["key"].as_str() {
        Some("rsa") => KeyKind::Rsa2048,
        Some("p384") => KeyKind::EcdsaP384,
        Some("ed25519") => KeyKind::Ed25519,
        _ => KeyKind::EcdsaP256,
    };
    let days = wish["days"].as_i64().unwrap_or(DAYS);
    let end = Time::from_secs(ask.now.secs().saturating_add(days.saturating_mul(DAY_SECS)));
    let begin = ask.now.min(end) - Duration::from_secs(DAY_SECS.unsigned_abs());
    let authority = world.authority.get_or_insert_with(|| Authority::new("Scripted"));
    let made = authority.issue(&[name], kind, begin, end);
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

fn bound(world: &mut World, ask: &Ask) -> Answer {
    let wish: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
    let part = |key: &str| wish[key].as_str().unwrap_or_default().to_owned();
    if bind_cdn(world, &part("domain"), &part("certificate_id")) {
        Answer::empty(204)
    } else {
        Answer::text(404, "no such certificate")
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

fn copies(world: &World) -> Value {
    world
        .copies
        .iter()
        .map(|copy| {
            json!({
                "id": copy.id,
                "name": copy.name,
                "target": copy.target,
                "project": copy.project,
                "certificate_id": copy.certificate_id,
                "sha256": copy.sha256,
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
