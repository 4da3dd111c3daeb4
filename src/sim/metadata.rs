//! The metadata service of an ECS host: temporary keys of its agency, with and without a token.

use std::time::Duration;

use serde_json::json;

use super::answer::Answer;
use super::ask::Ask;
use super::auth::{Temporary, fresh_token};
use super::world::{World, fresh_id};
use crate::model::secret::Secret;

/// The longest life of a metadata token, in seconds: what the official SDK asks for.
const TTL_SECS_MAX: u64 = 21_600;

/// `PUT /meta-data/latest/api/token`: plain text; 404 where only the plain flow exists.
pub(super) fn token(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    no_credentials(world, ask);
    if !world.settings.metadata_tokens {
        return Err(Answer::text(404, "Not Found").told("no token flow"));
    }
    let ttl = ask.header("x-metadata-token-ttl-seconds").and_then(|text| text.parse::<u64>().ok());
    let Some(ttl) = ttl.filter(|ttl| (1..=TTL_SECS_MAX).contains(ttl)) else {
        world.violation(format!(
            "{} {}: X-Metadata-Token-Ttl-Seconds is missing or wrong",
            ask.method, ask.path
        ));
        return Err(Answer::text(400, "Bad Request"));
    };
    let token = fresh_id();
    world.auth.metadata_tokens.insert(token.clone(), ask.now + Duration::from_secs(ttl));
    Ok(Answer::text(200, &token).told("metadata token"))
}

/// `GET /openstack/latest/securitykey`: a new temporary key each time.
pub(super) fn security_key(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    no_credentials(world, ask);
    if world.settings.metadata_tokens {
        let good = ask
            .header("x-metadata-token")
            .and_then(|token| world.auth.metadata_tokens.get(token))
            .is_some_and(|expires| ask.now < *expires);
        if !good {
            return Err(Answer::text(401, "Unauthorized").told("metadata token missing or expired"));
        }
    }
    if !world.settings.agency {
        return Err(
            Answer::text(401, "Please configure Cloud Service Agency first").told("no agency")
        );
    }
    let access_key = format!("SIMTMP{}", &fresh_id()[..14].to_uppercase());
    let secret_key = format!("{}{}", fresh_id(), &fresh_id()[..8]);
    let security_token = fresh_token();
    let expires = ask.now + world.settings.temporary_key_life;
    let body = json!({ "credential": {
        "access": access_key,
        "secret": secret_key,
        "securitytoken": security_token,
        "expires_at": expires.to_utc().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
    }});
    let told = format!("temporary key {access_key}");
    let key = Temporary { secret_key: Secret::new(secret_key), security_token, expires };
    world.auth.temporary.insert(access_key, key);
    Ok(Answer::json(200, &body).told(told))
}

/// The host's own service needs none, so sending any gives them away.
fn no_credentials(world: &mut World, ask: &Ask) {
    for name in ["authorization", "x-auth-token", "x-security-token"] {
        if ask.headers.contains_key(name) {
            world.violation(format!(
                "{} {}: header {name} sent to the metadata service",
                ask.method, ask.path
            ));
        }
    }
}
