//! For tests of this module and of those that call it: a small server that answers as told, an account that points at it, secrets in files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::credentials::Surroundings;
use super::{Cloud, Refusal};
use crate::model::account::{Account, CredentialSource, SecretFile};
use crate::model::names::Name;
use crate::model::target::Api;

pub(super) const PROJECT: &str = "0123456789abcdef0123456789abcdef";
pub(super) const REGION: &str = "cn-north-4";
pub(super) const ACCESS_KEY: &str = "AKIDEXAMPLE000000001";
pub(super) const SECRET_KEY: &str = "sk-made-up-0123456789abcdefghijkl";

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(super) method: String,
    pub(crate) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What was asked for, in one line: `GET /path?query`.
    pub(super) fn line(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{} {}{mark}{}", self.method, self.path, self.query)
    }

    /// The body; null where it is none of JSON.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The access key that signed it.
    pub(super) fn signer(&self) -> Option<&str> {
        self.header("authorization")?.split_once("Access=")?.1.split(',').next()
    }
}

/// What to answer.
#[derive(Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
    how: How,
    after: std::time::Duration,
}

#[derive(Clone, Copy, PartialEq)]
enum How {
    Whole,
    Torn,
    Dropped,
}

impl Reply {
    pub(super) fn new(status: u16, body: impl Into<Bytes>) -> Self {
        let (headers, after) = (Vec::new(), std::time::Duration::ZERO);
        Self { status, headers, body: body.into(), how: How::Whole, after }
    }

    /// 200 with this body.
    pub(crate) fn json(body: &serde_json::Value) -> Self {
        Self::new(200, body.to_string())
    }

    /// An error as the services say it.
    pub(super) fn refusal(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({ "error_code": code, "error_msg": message });
        Self::new(status, body.to_string())
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Is decided at once, and leaves so much later.
    pub(super) fn late(mut self, after: std::time::Duration) -> Self {
        self.after = after;
        self
    }

    /// Promises more than it sends, then closes.
    pub(super) fn torn(mut self) -> Self {
        self.how = How::Torn;
        self
    }

    /// Closes without a word.
    pub(super) fn dropped() -> Self {
        Self { how: How::Dropped, ..Self::new(500, "") }
    }
}

/// A server on loopback; stops when dropped.
pub(crate) struct Server {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, ledger) = (Arc::new(answer), Arc::clone(&seen));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (answer, ledger) = (Arc::clone(&answer), Arc::clone(&ledger));
                let service = service_fn(move |request| {
                    let (answer, ledger) = (Arc::clone(&answer), Arc::clone(&ledger));
                    async move { respond(request, &*answer, &ledger).await }
                });
                let serving = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(serving);
            }
        });
        Self { url, seen, task }
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// What was asked for, in one line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().iter().map(Seen::line).collect()
    }

    /// The bodies of everything but reads without one.
    pub(super) fn bodies(&self) -> Vec<serde_json::Value> {
        self.seen().iter().map(Seen::json).filter(|body| !body.is_null()).collect()
    }

    /// How many calls arrived at paths with this in them.
    pub(super) fn count(&self, fragment: &str) -> usize {
        self.seen().iter().filter(|seen| seen.path.contains(fragment)).count()
    }

    /// An account whose every endpoint is this server.
    pub(super) fn account(&self, credentials: CredentialSource) -> Account {
        Account {
            name: Name::new("beijing").unwrap(),
            region: REGION.to_owned(),
            project_id: Some(PROJECT.to_owned()),
            domain_id: None,
            max_in_flight: 4,
            credentials,
            endpoints: Api::ALL.into_iter().map(|api| (api, self.url.clone())).collect(),
        }
    }

    /// A cloud with a good key from an environment of its own.
    pub(crate) fn cloud(&self) -> Cloud {
        cloud(&self.account(CredentialSource::Environment), &[], keys())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(super) fn cloud(account: &Account, refusals: &[Refusal], surroundings: Surroundings) -> Cloud {
    Cloud::within(account, &super::Lockout::new(refusals, now), surroundings).unwrap()
}

/// The present moment.
pub(super) fn now() -> crate::model::time::Time {
    chrono::Utc::now().into()
}

/// An environment with these variables and no others.
pub(super) fn surroundings(variables: &[(&str, &str)]) -> Surroundings {
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    Surroundings::from(|name| variables.get(name).map(|value| (*value).to_owned()))
}

/// An environment with the good key.
pub(super) fn keys() -> Surroundings {
    surroundings(&[("HUAWEICLOUD_SDK_AK", ACCESS_KEY), ("HUAWEICLOUD_SDK_SK", SECRET_KEY)])
}

/// A file with a secret, written into this directory.
pub(super) fn secret_file(directory: &Path, name: &str, text: &str) -> SecretFile {
    let path = directory.join(name);
    fs::write(&path, text).unwrap();
    SecretFile::Path(path)
}

type Answer = dyn Fn(&Seen) -> Reply + Send + Sync;

async fn respond(
    request: hyper::Request<Incoming>,
    answer: &Answer,
    ledger: &Mutex<Vec<Seen>>,
) -> Result<hyper::Response<Sent>, &'static str> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| "no body")?.to_bytes().to_vec();
    let seen = Seen {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    let reply = answer(&seen);
    ledger.lock().unwrap().push(seen);
    tokio::time::sleep(reply.after).await;
    if reply.how == How::Dropped {
        return Err("dropped as told");
    }
    let mut response = hyper::Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    let body = Sent { left: Some(reply.body), torn: reply.how == How::Torn, sent: false };
    response.body(body).map_err(|_| "bad reply")
}

/// A body that may break off.
struct Sent {
    left: Option<Bytes>,
    torn: bool,
    /// Whether there was a pause after the bytes: without one, the server would drop them with the rest.
    sent: bool,
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.torn && self.left.is_none() && !self.sent {
            self.sent = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(match self.left.take() {
            Some(bytes) => Some(Ok(Frame::data(bytes))),
            None if self.torn => Some(Err("torn as told".into())),
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        !self.torn && self.left.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.left.as_ref().map_or(0, Bytes::len) as u64;
        SizeHint::with_exact(if self.torn { left + 100 } else { left })
    }
}
