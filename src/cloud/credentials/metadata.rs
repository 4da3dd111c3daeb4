//! The agency of the ECS host: temporary keys from its metadata service.

use std::time::{Duration, Instant};

use reqwest::{Method, Url};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::super::calls::CallEnd;
use super::super::http::{self, Answer, Broken};
use super::super::{Cloud, Result, proxy, region};
use super::{Credential, Key, LOOK_AGAIN_SECS, OPERATION, Proof, missing, renew_at};
use crate::model::failure::{Failure, Kind};
use crate::model::secret::Secret;
use crate::model::target::Api;
use crate::model::time::Time;

/// The token flow's first step.
const TOKEN_PATH: &str = "/meta-data/latest/api/token";
/// Where the keys lie.
const KEY_PATH: &str = "/openstack/latest/securitykey";
/// Life of a metadata token that we ask for, in seconds, as the official SDK does.
const TOKEN_SECS: u32 = 21_600;
/// The longest answer, in bytes: a security token takes a few thousand.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// What the service says on a host without an agency; a new token would not help.
const NO_AGENCY: &str = "configure Cloud Service Agency";

/// The keys in use, and the last failure: a host that is no ECS is not asked at every call.
#[derive(Default)]
pub(super) struct Keys(Mutex<State>);

#[derive(Default)]
struct State {
    held: Option<Held>,
    failed: Option<(Time, Failure)>,
}

struct Held {
    credential: Credential,
    end: Time,
    look_at: Time,
}

#[derive(Deserialize)]
struct Body {
    #[serde(alias = "credentials")]
    credential: Wire,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(alias = "accessKeyId", alias = "access_key_id")]
    access: String,
    #[serde(alias = "secretAccessKey", alias = "secret_access_key")]
    secret: Secret,
    #[serde(alias = "securityToken", alias = "security_token")]
    securitytoken: Secret,
    #[serde(alias = "expiration")]
    expires_at: String,
}

/// The host's keys; asked for when there are none, or when those held are about to end. While they last,
/// a metadata service that does not answer is borne.
pub(super) async fn current(cloud: &Cloud, keys: &Keys) -> Result<Credential> {
    let mut state = keys.0.lock().await;
    let begun = cloud.now();
    if let Some(held) = state.held.as_ref().filter(|held| begun < held.look_at) {
        return Ok(held.credential.clone());
    }
    let quiet = Duration::from_secs(LOOK_AGAIN_SECS);
    if let Some((at, failure)) = &state.failed
        && begun.since(*at) < quiet
        && state.held.is_none()
    {
        return Err(failure.clone());
    }
    let asked = ask(cloud).await;
    // The service may have taken its time: whoever waited for this look would begin another.
    let now = cloud.now();
    match asked {
        Ok((credential, end)) => {
            let look_at = renew_at(now, end).max(now + quiet).min(end.max(now));
            *state = State {
                held: Some(Held { credential: credential.clone(), end, look_at }),
                failed: None,
            };
            Ok(credential)
        }
        Err(failure) => match state.held.as_mut().filter(|held| now < held.end) {
            Some(held) => {
                tracing::debug!(error = %failure, "the metadata service gave no newer key");
                held.look_at = (now + quiet).min(held.end);
                Ok(held.credential.clone())
            }
            None => {
                *state = State { held: None, failed: Some((now, failure.clone())) };
                Err(failure)
            }
        },
    }
}

/// Drops these keys, if they are still the ones in use, so that the next call asks for newer ones.
pub(super) async fn forget(keys: &Keys, proof: &Proof) {
    let mut state = keys.0.lock().await;
    if state.held.as_ref().is_some_and(|held| held.credential.proof == *proof) {
        state.held = None;
    }
}

/// The token flow; the plain one where the service does not know tokens. A token of ours that is refused is
/// made anew once.
async fn ask(cloud: &Cloud) -> Result<(Credential, Time)> {
    let token = token(cloud).await?;
    let mut answer = call(cloud, Method::GET, KEY_PATH, token.as_ref()).await?;
    if answer.status == 401 && !says_no_agency(&answer) {
        let token = self::token(cloud).await?;
        answer = call(cloud, Method::GET, KEY_PATH, token.as_ref()).await?;
    }
    if !answer.is_success() {
        return Err(refused(&answer));
    }
    let body: Body = serde_json::from_slice(&answer.body)
        .map_err(|_| failure(Kind::Transient, "its answer holds no keys"))?;
    let end = chrono::DateTime::parse_from_rfc3339(&body.credential.expires_at)
        .map_err(|_| failure(Kind::Transient, "its keys have no readable end"))?;
    Ok((credential(body.credential), end.with_timezone(&chrono::Utc).into()))
}

async fn token(cloud: &Cloud) -> Result<Option<Secret>> {
    let answer = call(cloud, Method::PUT, TOKEN_PATH, None).await?;
    match answer.status {
        200..300 => {
            let text = String::from_utf8_lossy(&answer.body).trim().to_owned();
            Ok(Some(Secret::new(text)).filter(|token| !token.is_empty()))
        }
        404 | 405 | 503 => Ok(None),
        _ => Err(refused(&answer)),
    }
}

async fn call(cloud: &Cloud, method: Method, path: &str, token: Option<&Secret>) -> Result<Answer> {
    let base = region::base(cloud.account(), Api::Metadata, &cloud.account().region);
    let url = Url::parse(&format!("{base}{path}")).map_err(|error| {
        failure(Kind::Operator, &format!("its endpoint is no address: {error}"))
    })?;
    let to = proxy::host(&url);
    let mut request = cloud.inner.clients.metadata.request(method.clone(), url);
    if method == Method::PUT {
        request =
            request.header("X-Metadata-Token-Ttl-Seconds", TOKEN_SECS).header("content-length", 0);
    }
    if let Some(token) = token {
        let mut value = reqwest::header::HeaderValue::from_str(token.expose())
            .map_err(|_| failure(Kind::Transient, "its token cannot stand in a header"))?;
        value.set_sensitive(true);
        request = request.header("X-Metadata-Token", value);
    }
    let started = Instant::now();
    let outcome = http::exchange(request, ANSWER_BYTES_MAX).await;
    cloud.inner.calls.end(Api::Metadata.key(), CallEnd::of(&outcome), started.elapsed());
    let status = outcome.as_ref().ok().map(|answer| answer.status);
    tracing::debug!(service = Api::Metadata.key(), method = method.as_str(), path, status, "call");
    outcome.map_err(|broken| match broken {
        Broken::Unsent(why) => {
            failure(Kind::Transient, &format!("could not connect to {to}: {why}"))
        }
        Broken::Forbidden(why) | Broken::Unanswered(why) => failure(Kind::Transient, &why),
    })
}

fn says_no_agency(answer: &Answer) -> bool {
    String::from_utf8_lossy(&answer.body).contains(NO_AGENCY)
}

fn refused(answer: &Answer) -> Failure {
    let failure = if says_no_agency(answer) || answer.status == 404 {
        missing("this host has no agency: give the ECS instance one, or name other credentials")
    } else if answer.status >= 500 || answer.status == 429 {
        failure(Kind::Transient, "it has no keys at the moment")
    } else {
        missing("it gives no keys")
    };
    Failure { service: Some(Api::Metadata), status: Some(answer.status), ..failure }
}

fn failure(kind: Kind, message: &str) -> Failure {
    Failure { service: Some(Api::Metadata), ..Failure::local(kind, OPERATION, message) }
}

fn credential(wire: Wire) -> Credential {
    Credential {
        // Every new key has an id of its own, so there is no file time to tell.
        key: Key { identity: wire.access.clone(), changed_at: Time::default() },
        proof: Proof::Keys {
            access_key: wire.access,
            secret_key: wire.secret,
            security_token: Some(wire.securitytoken),
        },
        project_id: None,
        domain_id: None,
    }
}
