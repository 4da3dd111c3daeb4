//! The switchboard for scripts, under `/_sim/`: unsigned, and not in the ledger.

use serde_json::{Value, json};

use super::answer::Answer;
use super::ask::Ask;
use super::weather::Rule;
use super::world::{CdnDomain, World};

/// Every path of the switchboard begins so.
pub(super) const PREFIX: &str = "/_sim/";

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
            expire_tokens(world, ask);
            Answer::empty(204)
        }
        ("POST", "bind-cdn") => bound(world, ask),
        _ => Answer::text(404, "no such switch"),
    }
}

/// Every IAM token, metadata token and temporary key ends now.
fn expire_tokens(world: &mut World, ask: &Ask) {
    let auth = &mut world.auth;
    auth.tokens
        .values_mut()
        .chain(auth.metadata_tokens.values_mut())
        .for_each(|end| *end = ask.now);
    auth.temporary.values_mut().for_each(|key| key.expires = ask.now);
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
