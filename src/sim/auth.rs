//! Who is asking: a signature recomputed from the documents, a token of our own, and the lock-outs.

use std::collections::HashMap;
use std::time::Duration;

use aws_lc_rs::hmac;
use chrono::NaiveDateTime;

use super::answer::Answer;
use super::ask::{Ask, decoded, pairs};
use super::world::{World, hex, random};
use crate::model::digest::Sha256;
use crate::model::secret::Secret;
use crate::model::time::Time;

/// How far a request's date may be from the wall clock.
const SKEW_MAX: Duration = Duration::from_secs(15 * 60);
/// After so many failures in a row an access key or a user is locked.
const FAILURES_MAX: u32 = 5;
/// For how long.
const LOCKED: Duration = Duration::from_secs(5 * 60);
/// So many keys and users are counted; names beyond that are nobody's.
const COUNTED_MAX: usize = 10_000;
const ALGORITHM: &str = "SDK-HMAC-SHA256";

/// Tokens given out, temporary keys given out, failures counted.
#[derive(Default)]
pub(super) struct State {
    /// IAM tokens and when they end.
    pub tokens: HashMap<String, Time>,
    /// Temporary keys by access key id.
    pub temporary: HashMap<String, Temporary>,
    /// Metadata tokens and when they end.
    pub metadata_tokens: HashMap<String, Time>,
    failures: HashMap<String, Failures>,
}

/// A key pair of the metadata service.
pub(super) struct Temporary {
    pub secret_key: Secret,
    pub security_token: String,
    pub expires: Time,
}

#[derive(Default)]
struct Failures {
    in_a_row: u32,
    locked_until: Option<Time>,
}

impl State {
    /// Every token and temporary secret given out so far.
    pub fn secrets_given(&self) -> Vec<String> {
        let tokens = self.tokens.keys().chain(self.metadata_tokens.keys()).cloned();
        let keys = self.temporary.values();
        tokens
            .chain(
                keys.flat_map(|key| {
                    [key.secret_key.expose().to_owned(), key.security_token.clone()]
                }),
            )
            .collect()
    }

    /// Whether this access key or user is locked now.
    pub fn locked(&mut self, who: &str, now: Time) -> bool {
        let Some(failures) = self.failures.get_mut(who) else { return false };
        match failures.locked_until {
            Some(until) if now < until => true,
            Some(_) => {
                *failures = Failures::default();
                false
            }
            None => false,
        }
    }

    /// Counts a failure.
    pub fn failed(&mut self, who: &str, now: Time) {
        if self.failures.len() >= COUNTED_MAX {
            self.failures.clear();
        }
        let failures = self.failures.entry(who.to_owned()).or_default();
        failures.in_a_row += 1;
        if failures.in_a_row >= FAILURES_MAX {
            failures.locked_until = Some(now + LOCKED);
        }
    }

    /// Every token and temporary key given out so far ends now.
    pub fn expire_all(&mut self, now: Time) {
        let ends = self.tokens.values_mut().chain(self.metadata_tokens.values_mut());
        ends.for_each(|end| *end = now);
        self.temporary.values_mut().for_each(|key| key.expires = now);
    }

    /// A success ends the row.
    pub fn passed(&mut self, who: &str) {
        self.failures.remove(who);
    }
}

/// Lets a request pass, or says 401 as the gateway does.
pub(super) fn admit(world: &mut World, ask: &Ask) -> Result<(), Answer> {
    match (ask.header("x-auth-token"), ask.header("authorization")) {
        (Some(_), Some(_)) => {
            Err(ask.breach(world, "APIGW.0305", "both a token and a signature in one request"))
        }
        (Some(token), None) => by_token(world, ask, token),
        (None, Some(authorization)) => by_signature(world, ask, authorization),
        (None, None) => {
            world.violation(format!("{} {}: no credentials", ask.method, ask.path));
            Err(refusal(ask, "x-auth-token not found"))
        }
    }
}

fn by_token(world: &World, ask: &Ask, token: &str) -> Result<(), Answer> {
    match world.auth.tokens.get(token) {
        Some(expires) if ask.now < *expires => Ok(()),
        Some(_) => {
            let text = "The token must be updated.";
            Err(Answer::gateway(401, "APIGW.0307", text, &ask.request_id))
        }
        None => Err(refusal(ask, "decrypt token fail")),
    }
}

fn by_signature(world: &mut World, ask: &Ask, authorization: &str) -> Result<(), Answer> {
    let Some(claim) = Claim::parse(authorization) else {
        return Err(refusal(ask, "authorization header is malformed"));
    };
    if world.auth.locked(claim.access_key, ask.now) {
        return Err(refusal(ask, "AK access failed to reach the limit,forbidden"));
    }
    let verdict = judge(world, ask, &claim);
    match &verdict {
        Ok(()) => world.auth.passed(claim.access_key),
        Err(_) => world.auth.failed(claim.access_key, ask.now),
    }
    verdict
}

fn judge(world: &World, ask: &Ask, claim: &Claim<'_>) -> Result<(), Answer> {
    let (secret_key, token, expires) = key_of(world, claim.access_key).ok_or_else(|| {
        refusal(ask, &format!("Get secretKey failed,ak:{},err:ak not exist", claim.access_key))
    })?;
    let date = ask.header("x-sdk-date").unwrap_or_default();
    let moment = NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ")
        .map(|date| Time::from(date.and_utc()))
        .map_err(|_| refusal(ask, "calc ak sk signature fail:x-sdk-date is malformed"))?;
    // Under a paused clock a caller may sign by either clock; off by both is off.
    let skewed = moment.since(ask.wall).max(ask.wall.since(moment)) > SKEW_MAX;
    let stale = moment.since(ask.now).max(ask.now.since(moment)) > SKEW_MAX;
    if (skewed && stale) || expires.is_some_and(|expires| ask.now >= expires) {
        return Err(refusal(ask, "calc ak sk signature fail:signature expired"));
    }
    let canonical = canonical_request(ask, claim);
    let to_sign = format!("{ALGORITHM}\n{date}\n{}", Sha256::of(canonical.as_bytes()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret_key.expose().as_bytes());
    let expected = hex(hmac::sign(&key, to_sign.as_bytes()).as_ref());
    let signed = claim.signs("x-sdk-date") && claim.signs("host");
    if expected != claim.signature || !signed || ask.header("x-security-token") != token {
        let echo = canonical.replace('\n', "|");
        return Err(refusal(ask, &format!("verify aksk signature fail, canonicalRequest:{echo}")));
    }
    Ok(())
}

/// The secret key of this id, and for a temporary one its token and end.
fn key_of<'w>(
    world: &'w World,
    access_key: &str,
) -> Option<(&'w Secret, Option<&'w str>, Option<Time>)> {
    if access_key == world.settings.access_key {
        return Some((&world.settings.secret_key, None, None));
    }
    let found = world.auth.temporary.get(access_key)?;
    Some((&found.secret_key, Some(found.security_token.as_str()), Some(found.expires)))
}

fn refusal(ask: &Ask, why: &str) -> Answer {
    let text = format!("Incorrect IAM authentication information: {why}");
    Answer::gateway(401, "APIGW.0301", &text, &ask.request_id)
        .told(format!("APIGW.0301 {}", why.split(',').next().unwrap_or_default()))
}

/// The parts of an `Authorization` header.
struct Claim<'a> {
    access_key: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Claim<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let mut parts = header.strip_prefix(ALGORITHM)?.strip_prefix(' ')?.split(", ");
        let access_key = parts.next()?.strip_prefix("Access=")?;
        let signed_headers: Vec<_> =
            parts.next()?.strip_prefix("SignedHeaders=")?.split(';').collect();
        let signature = parts.next()?.strip_prefix("Signature=")?;
        let in_order =
            signed_headers.is_sorted() && signed_headers.iter().all(|name| !name.is_empty());
        (parts.next().is_none() && in_order).then_some(Self {
            access_key,
            signed_headers,
            signature,
        })
    }

    fn signs(&self, name: &str) -> bool {
        self.signed_headers.contains(&name)
    }
}

/// The six parts, joined as the signing guide says.
fn canonical_request(ask: &Ask, claim: &Claim<'_>) -> String {
    let mut lines =
        vec![ask.method.to_uppercase(), canonical_path(&ask.path), canonical_query(&ask.raw_query)];
    for name in &claim.signed_headers {
        let values: Vec<_> = ask
            .headers
            .get_all(*name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        lines.push(format!("{name}:{}", values.join(",").trim()));
    }
    lines.push(String::new());
    lines.push(claim.signed_headers.join(";"));
    // A hash that the caller gives stands for other kinds of body only: for JSON it would let a body
    // through that nobody signed.
    let json = ask.header("content-type").is_none_or(|kind| kind.starts_with("application/json"));
    lines.push(match ask.header("x-sdk-content-sha256") {
        Some(given) if !ask.body.is_empty() && !json => given.to_owned(),
        _ => Sha256::of(&ask.body).to_string(),
    });
    lines.join("\n")
}

fn canonical_path(path: &str) -> String {
    let mut out: String = decoded(path).split('/').map(encoded).collect::<Vec<_>>().join("/");
    if !out.ends_with('/') {
        out.push('/');
    }
    out
}

fn canonical_query(query: &str) -> String {
    let mut all = pairs(query);
    all.sort();
    all.iter()
        .map(|(key, value)| format!("{}={}", encoded(key), encoded(value)))
        .collect::<Vec<_>>()
        .join("&")
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// A token of about the size and alphabet of real ones.
pub(super) fn fresh_token() -> String {
    format!("MII{}", hex(&random::<600>()))
}
