//! An IAM user's password, traded for a token that lives a day.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::super::calls::CallEnd;
use super::super::error::{self, Sent};
use super::super::http::{self, Answer};
use super::super::{Cloud, Result, proxy, region, sign};
use super::{Credential, Key, LOOK_AGAIN_SECS, OPERATION, Proof, Standing, files, renew_at};
use crate::model::account::SecretFile;
use crate::model::failure::{Failure, Kind};
use crate::model::secret::Secret;
use crate::model::target::Api;
use crate::model::time::Time;

/// Where IAM trades. Without the catalogue, which nobody here reads and which makes the answer ten times as long.
const PATH: &str = "/v3/auth/tokens";
const QUERY: &str = "nocatalog=true";
/// What a failure of this call is called.
const TRADE: &str = "get a token";
/// The longest answer, in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Room for the body, in bytes, so that growing leaves no copy of the password behind.
const BODY_BYTES: usize = 8 * 1024;
/// A token's life where the answer does not say it, in seconds: IAM's own.
const TOKEN_SECS: u64 = 24 * 3600;
/// How much of a password's keyed fingerprint stands in an identity where systemd hands the file over,
/// in hex characters. One byte: enough to see nearly every change, too little to help a guesser.
const FINGERPRINT_CHARS: usize = 2;

/// Whose password, and where it lies.
pub(super) struct User<'a> {
    pub(super) domain: &'a str,
    pub(super) name: &'a str,
    pub(super) password: &'a SecretFile,
}

/// The tokens in use, by the project's name. Locked while one is fetched: one refresh at a time.
#[derive(Default)]
pub(super) struct Tokens(Mutex<BTreeMap<String, Held>>);

struct Held {
    credential: Credential,
    end: Time,
    look_at: Time,
}

/// The project's token in use, or a new one when there is none or it is about to end. While it lasts,
/// an IAM that does not answer is borne.
pub(super) async fn current(
    cloud: &Cloud,
    user: &User<'_>,
    project: &str,
    tokens: &Tokens,
) -> Result<Credential> {
    let mut held = tokens.0.lock().await;
    let begun = cloud.now();
    if let Some(held) = held.get(project).filter(|held| begun < held.look_at) {
        return Ok(held.credential.clone());
    }
    let traded = trade(cloud, user, project).await;
    // A trade may take longer than the next look is away: whoever waited for this one would begin another.
    let now = cloud.now();
    match traded {
        Ok((credential, end)) => {
            let look_at = renew_at(now, end);
            let new = Held { credential: credential.clone(), end, look_at };
            held.insert(project.to_owned(), new);
            Ok(credential)
        }
        Err(failure) => match held.get_mut(project).filter(|held| now < held.end) {
            Some(held) => {
                tracing::debug!(error = %failure, "IAM gave no newer token");
                held.look_at = (now + Duration::from_secs(LOOK_AGAIN_SECS)).min(held.end);
                Ok(held.credential.clone())
            }
            None => Err(failure),
        },
    }
}

/// Drops this token, if it is still the one in use: a 401 counts against what the call carried.
pub(super) async fn forget(tokens: &Tokens, proof: &Proof) {
    tokens.0.lock().await.retain(|_, held| held.credential.proof != *proof);
}

/// One trade, through the gate: a wrong password counts towards the user's lock-out.
async fn trade(cloud: &Cloud, user: &User<'_>, project: &str) -> Result<(Credential, Time)> {
    let password = files::secret(&cloud.inner.credentials.surroundings, user.password)?;
    let key = Key { identity: identity(user, &password), changed_at: password.changed_at };
    let rate = cloud.inner.rates.of(&cloud.account().name, Api::Iam, TRADE);
    let mut leave = cloud.leave(&rate, Api::Iam, TRADE).await?;
    let pass = cloud.inner.gate.enter(Api::Iam, &cloud.account().name, &key).await?;
    leave.sends();
    let address = address(cloud, project);
    let to = Url::parse(&address).map_or_else(
        |_| "its endpoint".to_owned(),
        |url| proxy::whom(&url, cloud.inner.clients.through.as_ref()),
    );
    let outcome = post(cloud, &address, user, project, &password.text).await;
    let sent = Sent {
        api: Api::Iam,
        operation: TRADE,
        to,
        writes: false,
        now: cloud.now(),
        secrets: vec![password.text.expose()],
    };
    let unsent = matches!(outcome, Err(http::Broken::Unsent(_)));
    let judged = error::judge(&sent, outcome);
    leave.done(error::taken(unsent, &judged));
    match judged {
        Ok(answer) => {
            pass.done(Standing::Good);
            read(answer, key, cloud.now())
        }
        // Whatever a 401 says here, it is about the password.
        Err(judgement) if judgement.failure.status == Some(401) => {
            pass.done(Standing::Refused);
            Err(Failure { kind: Kind::Refused, ..judgement.failure })
        }
        Err(judgement) => {
            pass.done(Standing::Unknown);
            Err(judgement.failure)
        }
    }
}

fn address(cloud: &Cloud, project: &str) -> String {
    let region = region::of_project(project);
    format!("{}{PATH}?{QUERY}", region::base(cloud.account(), Api::Iam, region))
}

async fn post(
    cloud: &Cloud,
    address: &str,
    user: &User<'_>,
    project: &str,
    password: &Secret,
) -> std::result::Result<Answer, http::Broken> {
    let started = Instant::now();
    let request = cloud
        .inner
        .clients
        .api
        .post(address)
        .header("content-type", "application/json;charset=utf8")
        .body(body(user, project, password));
    let outcome = http::exchange(request, ANSWER_BYTES_MAX).await;
    let took = started.elapsed();
    cloud.inner.calls.end(Api::Iam.key(), CallEnd::of(&outcome), took);
    tracing::debug!(
        service = Api::Iam.key(),
        method = "POST",
        path = PATH,
        status = outcome.as_ref().ok().map(|answer| answer.status),
        elapsed_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "call"
    );
    outcome
}

fn read(mut answer: Answer, key: Key, now: Time) -> Result<(Credential, Time)> {
    let failed = |message| Failure {
        service: Some(Api::Iam),
        ..Failure::local(Kind::Transient, TRADE, message)
    };
    let token = answer.subject_token.take().filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| failed("the answer has no X-Subject-Token"))?;
    let body: Issued =
        serde_json::from_slice(&answer.body).map_err(|_| failed("the answer holds no token"))?;
    let stated = body.token.expires_at.as_deref();
    let end = stated.and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok());
    let end = end.map_or_else(
        || now + Duration::from_secs(TOKEN_SECS),
        |end| end.with_timezone(&chrono::Utc).into(),
    );
    let project_id = body.token.project.map(|project| project.id);
    // That a token works says nothing about the password, which may have been changed since, and the other way round.
    let key = Key { identity: format!("{} (token)", key.identity), ..key };
    Ok((Credential { key, proof: Proof::Token(token), project_id, domain_id: None }, end))
}

fn identity(user: &User<'_>, password: &files::Found) -> String {
    let name = format!("{}/{}", user.domain, user.name);
    if !password.handed_over {
        return name;
    }
    let fingerprint = sign::hmac_hex(password.text.expose().as_bytes(), OPERATION);
    format!("{name}#{}", &fingerprint[..FINGERPRINT_CHARS])
}

/// The document's body: this user by password, a token for this project.
fn body(user: &User<'_>, project: &str, password: &Secret) -> Bytes {
    let domain = Named { name: user.domain };
    let body = Auth {
        auth: Trade {
            identity: Identity {
                methods: ["password"],
                password: ByPassword {
                    user: Who { name: user.name, password: password.expose(), domain },
                },
            },
            scope: Scope { project: Named { name: project } },
        },
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(BODY_BYTES));
    // Texts alone, written to memory: there is nothing in it that can fail.
    let _ = serde_json::to_writer(&mut *bytes, &body);
    Bytes::from_owner(bytes)
}

#[derive(Serialize)]
struct Auth<'a> {
    auth: Trade<'a>,
}

#[derive(Serialize)]
struct Trade<'a> {
    identity: Identity<'a>,
    scope: Scope<'a>,
}

#[derive(Serialize)]
struct Identity<'a> {
    methods: [&'static str; 1],
    password: ByPassword<'a>,
}

#[derive(Serialize)]
struct ByPassword<'a> {
    user: Who<'a>,
}

#[derive(Serialize)]
struct Who<'a> {
    name: &'a str,
    password: &'a str,
    domain: Named<'a>,
}

#[derive(Serialize)]
struct Scope<'a> {
    project: Named<'a>,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
}

#[derive(Deserialize)]
struct Issued {
    token: Token,
}

#[derive(Deserialize)]
struct Token {
    expires_at: Option<String>,
    project: Option<Project>,
}

#[derive(Deserialize)]
struct Project {
    id: String,
}
