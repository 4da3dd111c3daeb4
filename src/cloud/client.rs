//! One signed call: rate, place, credential, gate, signature, one request, and what its answer means.

use std::fmt::Display;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::calls::CallEnd;
use super::credentials::{self, Credential, Proof, Standing};
use super::error::{self, Judgement, Sent};
use super::http::{self, Answer};
use super::rate::Leave;
use super::{Cloud, Result, proxy, region, sign};
use crate::model::failure::{Failure, Kind};
use crate::model::target::Api;

pub(super) use super::error::{bounded, is_gone};
pub(super) use super::sign::encode as segment;

/// The longest answer to a call about one thing, in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// The longest page of a list, in bytes: two hundred chains of forty kilobytes.
const LIST_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The longest body that we send, in bytes: an import at all its limits, each line end escaped.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// How long a call that follows upon others waits for a service that was called too often: two windows of
/// the policies that are known.
const FOLLOW_WAIT_MAX: Duration = Duration::from_secs(2 * 60);
/// And how long each time, where nobody says.
const FOLLOW_WAIT: Duration = Duration::from_secs(5);
/// How the signature writes its moment.
const DATE_FORMAT: &str = "%Y%m%dT%H%M%SZ";

/// One call, ready to be sent as often as its credential has to be renewed.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) api: Api,
    pub(super) operation: &'static str,
    pub(super) writes: bool,
    follows: bool,
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    project: Option<Project>,
    body: Option<Bytes>,
    answer_bytes_max: usize,
}

#[derive(Clone)]
struct Project {
    name: String,
    id: String,
}

impl Call {
    /// A read. The path's parts are already encoded by [`segment`].
    pub(super) fn get(api: Api, operation: &'static str, path: impl Into<String>) -> Self {
        Self::new(Method::GET, api, operation, path.into())
    }

    /// A POST, a read until [`Call::write`] says otherwise.
    pub(super) fn post(api: Api, operation: &'static str, path: impl Into<String>) -> Self {
        Self::new(Method::POST, api, operation, path.into())
    }

    /// A PUT, a read until [`Call::write`] says otherwise.
    pub(super) fn put(api: Api, operation: &'static str, path: impl Into<String>) -> Self {
        Self::new(Method::PUT, api, operation, path.into())
    }

    /// A PATCH, a read until [`Call::write`] says otherwise.
    pub(super) fn patch(api: Api, operation: &'static str, path: impl Into<String>) -> Self {
        Self::new(Method::PATCH, api, operation, path.into())
    }

    /// A DELETE, a read until [`Call::write`] says otherwise.
    pub(super) fn delete(api: Api, operation: &'static str, path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, api, operation, path.into())
    }

    fn new(method: Method, api: Api, operation: &'static str, path: String) -> Self {
        Self {
            api,
            operation,
            writes: false,
            follows: false,
            method,
            path,
            query: Vec::new(),
            project: None,
            body: None,
            answer_bytes_max: ANSWER_BYTES_MAX,
        }
    }

    /// Adds a pair to the query, not yet encoded.
    pub(super) fn query(mut self, key: &str, value: impl Display) -> Self {
        self.query.push((key.to_owned(), value.to_string()));
        self
    }

    /// Marks a call of a project's service: it goes to the project's region and names its id.
    pub(super) fn project(mut self, name: &str, id: &str) -> Self {
        self.project = Some(Project { name: name.to_owned(), id: id.to_owned() });
        self
    }

    /// Marks a call without which those before it were for nothing, or worse: what reads a write back, what
    /// puts back, one more row of a list. It is not turned away where a service asks for patience.
    pub(super) fn follows(mut self) -> Self {
        self.follows = true;
        self
    }

    /// Allows the answer the length of a list.
    pub(super) fn list(mut self) -> Self {
        self.answer_bytes_max = LIST_BYTES_MAX;
        self
    }

    /// Marks a call that changes something: without a readable answer it is [`Kind::Lost`].
    pub(super) fn write(mut self) -> Self {
        self.writes = true;
        self
    }

    /// Gives the call a JSON body, in memory that is wiped when the call is done.
    pub(super) fn body(mut self, body: &impl Serialize) -> Result<Self> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(BODY_BYTES_MAX));
        serde_json::to_writer(&mut *bytes, body)
            .map_err(|error| self.failure(Kind::Permanent, &error.to_string()))?;
        self.body = Some(Bytes::from_owner(bytes));
        Ok(self)
    }

    fn project_name(&self) -> Option<&str> {
        self.project.as_ref().map(|project| project.name.as_str())
    }

    /// A failure of this call in our own words.
    pub(super) fn failure(&self, kind: Kind, message: &str) -> Failure {
        Failure { service: Some(self.api), ..Failure::local(kind, self.operation, message) }
    }

    /// A read that failed is worth another try; a write may have happened.
    pub(super) fn unread(&self) -> Kind {
        if self.writes { Kind::Lost } else { Kind::Transient }
    }
}

/// Sends a call and reads its JSON. What cannot be read is [`Kind::Lost`] for a write.
pub(super) async fn json<T: DeserializeOwned>(cloud: &Cloud, call: &Call) -> Result<T> {
    let answer = send(cloud, call).await?;
    serde_json::from_slice(&answer.body).map_err(|error| {
        let message = error::unreadable(&answer.body, &error);
        Failure {
            status: Some(answer.status),
            request_id: answer.request_id.as_deref().map(bounded),
            ..call.failure(call.unread(), &message)
        }
    })
}

/// Sends a write whose answer holds nothing that we need. A proxy's page of success is no answer, and
/// leaves the write [`Kind::Lost`]; an empty body or a JSON one is.
pub(super) async fn done(cloud: &Cloud, call: &Call) -> Result<()> {
    let answer = send(cloud, call).await?;
    if answer.is_empty() || answer.is_json() {
        return Ok(());
    }
    Err(call.failure(call.unread(), "the answer is neither empty nor JSON"))
}

/// As [`done`], for a deletion: what is gone already is gone.
pub(super) async fn gone(cloud: &Cloud, call: &Call) -> Result<()> {
    match done(cloud, call).await {
        Err(failure) if is_gone(&failure) => Ok(()),
        outcome => outcome,
    }
}

/// Sends a call and returns its answer if the service took it. One that follows upon others waits out
/// what the service asks for, for a while: it was not taken then, whatever it is.
pub(super) async fn send(cloud: &Cloud, call: &Call) -> Result<Answer> {
    // A call in flight is kilobytes; boxed, they are there from when it is made to when it ends, and not for as long
    // as the task lives that makes it. Thousands of tasks of that size leave the heap full of holes.
    Box::pin(patiently(cloud, call)).await
}

async fn patiently(cloud: &Cloud, call: &Call) -> Result<Answer> {
    let asked = tokio::time::Instant::now();
    loop {
        let failure = match send_once(cloud, call).await {
            Err(failure) if call.follows && failure.kind == Kind::Throttled => failure,
            outcome => return outcome,
        };
        let wait = failure.wait.unwrap_or(FOLLOW_WAIT);
        if asked.elapsed() + wait > FOLLOW_WAIT_MAX {
            return Err(failure);
        }
        tokio::time::sleep(wait).await;
    }
}

/// Sends a call, with one try to a credential. A 401 is repeated once, and only with
/// a credential that differs from the one sent; nothing else is repeated.
async fn send_once(cloud: &Cloud, call: &Call) -> Result<Answer> {
    let project = call.project_name().unwrap_or(&cloud.account().region);
    let rate = cloud.inner.rates.of(&cloud.account().name, call.api, call.operation);
    let mut credential = credentials::current(cloud, project).await?;
    let mut renewed = false;
    loop {
        let leave = cloud.leave(&rate, call.api, call.operation).await?;
        let place = cloud.inner.in_flight.enter(call.api).await;
        let pass = cloud.inner.gate.enter(call.api, &cloud.account().name, &credential.key).await?;
        // The service may have closed while this call waited for its place or its turn.
        if !leave.holds() {
            continue;
        }
        // Nothing is waited for from the gate's word on: else a call might begin after another was refused.
        let outcome = attempt(cloud, call, &credential, leave).await;
        let (failure, standing) = match outcome {
            Ok(answer) => {
                // A proxy's page says nothing about our key.
                let ours = answer.is_empty() || answer.body.trim_ascii().starts_with(b"{");
                pass.done(if ours { Standing::Good } else { Standing::Unknown });
                return Ok(answer);
            }
            Err(judgement) => (judgement.failure, judgement.standing),
        };
        // A token that is refused may only be old; the second one was made for this call.
        let standing = match (standing, &credential.proof) {
            (Standing::Refused, Proof::Token(_)) if !renewed => Standing::Stale,
            // A token ends by itself; only a signature is made by this host's clock.
            (Standing::Skewed, Proof::Token(_)) => Standing::Stale,
            (standing, _) => standing,
        };
        pass.done(standing);
        // Whoever has the place next finds the gate knowing.
        drop(place);
        let old = matches!(standing, Standing::Refused | Standing::Stale | Standing::Skewed);
        if renewed || !old {
            return Err(failure);
        }
        match credentials::other_than(cloud, project, &credential).await? {
            Some(other) => credential = other,
            None => return Err(failure),
        }
        renewed = true;
    }
}

/// Signs and sends once. The signature's moment is that of sending, however long the call has waited.
async fn attempt(
    cloud: &Cloud,
    call: &Call,
    credential: &Credential,
    mut leave: Leave<'_>,
) -> std::result::Result<Answer, Box<Judgement>> {
    let url = address(cloud, call).map_err(Judgement::mute)?;
    let to = proxy::whom(&url, cloud.inner.clients.through.as_ref());
    let request = request(cloud, call, credential, url).map_err(Judgement::mute)?;
    let started = Instant::now();
    leave.sends();
    let outcome = http::exchange(request, call.answer_bytes_max).await;
    let took = started.elapsed();
    cloud.inner.calls.end(call.api.key(), CallEnd::of(&outcome), took);
    log(call, &outcome, took);
    let sent = Sent {
        api: call.api,
        operation: call.operation,
        to,
        writes: call.writes,
        now: cloud.now(),
        secrets: credential.secrets(),
    };
    let unsent = matches!(outcome, Err(http::Broken::Unsent(_)));
    let judged = error::judge(&sent, outcome);
    leave.done(error::taken(unsent, &judged));
    judged
}

fn log(call: &Call, outcome: &std::result::Result<Answer, http::Broken>, took: Duration) {
    let answer = outcome.as_ref().ok();
    tracing::debug!(
        service = call.api.key(),
        method = call.method.as_str(),
        path = call.path,
        status = answer.map(|answer| answer.status),
        request_id = answer.and_then(|answer| answer.request_id.as_deref()).map(bounded),
        elapsed_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "call"
    );
}

fn address(cloud: &Cloud, call: &Call) -> Result<Url> {
    let account = cloud.account();
    let region = call.project_name().map_or(account.region.as_str(), region::of_project);
    let base = region::base(account, call.api, region);
    let query = sign::canonical_query(&call.query);
    let address = format!("{base}{}{}{query}", call.path, if query.is_empty() { "" } else { "?" });
    Url::parse(&address).map_err(|error| {
        call.failure(Kind::Operator, &format!("the endpoint {base:?} is no address: {error}"))
    })
}

fn request(
    cloud: &Cloud,
    call: &Call,
    credential: &Credential,
    url: Url,
) -> Result<RequestBuilder> {
    let headers = headers(cloud, call, credential, &url);
    let request = cloud.inner.clients.api.request(call.method.clone(), url).headers(
        header_map(&headers).ok_or_else(|| {
            call.failure(Kind::Operator, "the credential cannot stand in a header")
        })?,
    );
    Ok(match &call.body {
        Some(body) => request.body(body.clone()),
        None if call.method == Method::GET => request,
        // The client leaves the length of nothing out, which some gateways refuse with 411.
        None => request.header(CONTENT_LENGTH, 0),
    })
}

/// Every header that we set, the proof of who we are among them: wiped once the client has its own. `host` is
/// signed, and sent by the client.
fn headers(
    cloud: &Cloud,
    call: &Call,
    credential: &Credential,
    url: &Url,
) -> Zeroizing<Vec<(String, String)>> {
    let mut headers = Zeroizing::new(Vec::new());
    let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
    if call.body.is_some() {
        add("content-type", "application/json");
    }
    match &call.project {
        Some(project) => add("x-project-id", &project.id),
        None => {
            let domain = cloud.account().domain_id.as_ref().or(credential.domain_id.as_ref());
            domain.into_iter().for_each(|id| add("x-domain-id", id));
        }
    }
    let (access_key, secret_key, security_token) = match &credential.proof {
        Proof::Token(token) => {
            add("x-auth-token", token.expose());
            return headers;
        }
        Proof::Keys { access_key, secret_key, security_token } => {
            (access_key, secret_key, security_token)
        }
    };
    if let Some(token) = security_token {
        add("x-security-token", token.expose());
    }
    let date = cloud.now().to_utc().format(DATE_FORMAT).to_string();
    add("x-sdk-date", &date);
    add("host", &proxy::host(url));
    let request = sign::Request {
        method: call.method.as_str(),
        path: url.path(),
        query: &call.query,
        headers: &headers,
        body: call.body.as_deref().unwrap_or_default(),
    };
    let authorization = sign::authorization(&request, &date, access_key, secret_key);
    headers.retain(|(name, _)| name != "host");
    headers.push(("authorization".to_owned(), authorization));
    headers
}

fn header_map(headers: &[(String, String)]) -> Option<HeaderMap> {
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let mut header = HeaderValue::from_str(value).ok()?;
        header.set_sensitive(
            ["authorization", "x-auth-token", "x-security-token"].contains(&name.as_str()),
        );
        map.insert(HeaderName::from_bytes(name.as_bytes()).ok()?, header);
    }
    Some(map)
}
