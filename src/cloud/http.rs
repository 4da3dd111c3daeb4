//! Plain HTTP: the clients with their bounds, and one exchange with a bounded answer.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, ClientBuilder, Proxy, RequestBuilder, Response};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls_platform_verifier::Verifier;
use zeroize::Zeroizing;

use super::credentials::Surroundings;
use super::outward::{Inward, Outward};
use super::proxy::Through;
use super::{Result, region};
use crate::model::account::Account;
use crate::model::failure::{Failure, Kind};
use crate::model::secret::Secret;

/// Time to reach a service, in seconds: a handshake across continents takes two.
const CONNECT_SECS: u64 = 10;
/// Time for a whole call, in seconds: an import that takes longer is looked for, not waited for.
const CALL_SECS: u64 = 60;
/// Time to reach the metadata service, and for its answer, in seconds, as the official SDK has it.
const METADATA_SECS: u64 = 3;
/// How long an unused connection is kept, in seconds: well under the services' own patience, so that
/// a write seldom meets a connection that is being closed.
const IDLE_SECS: u64 = 15;
/// An answer without a length is expected to fit in this, in bytes; it may grow to the limit.
const ANSWER_BYTES_GUESS: usize = 16 * 1024;
/// How we introduce ourselves.
const USER_AGENT: &str = concat!("certrotd/", env!("CARGO_PKG_VERSION"));

/// Three clients, none of which follows a redirect, repeats a request or reads the environment's proxy.
pub(super) struct Clients {
    /// For signed calls; through the configured proxy, if there is one.
    pub(super) api: Client,
    /// For pre-signed links: nothing of the API's client can leak into it, and none leads to this host.
    pub(super) links: Client,
    /// For the host's metadata service; never through a proxy.
    pub(super) metadata: Client,
    /// What stands between the first two and whom they call.
    pub(super) through: Option<Through>,
}

impl Clients {
    /// Builds all three on one TLS configuration.
    pub(super) fn new(account: &Account, surroundings: &Surroundings) -> Result<Self> {
        let tls = tls(region::is_rehearsal(account))?;
        let through = Through::of(surroundings)?;
        let proxy = || through.as_ref().map(Through::proxy);
        let mut links = with_proxy(plain(tls.clone()), proxy());
        if !region::is_rehearsal(account) {
            let own = surroundings.https_proxy.as_ref().map(Secret::expose);
            links = links.dns_resolver(Arc::new(Outward::new(own)));
        }
        let metadata = plain(tls.clone())
            .connect_timeout(Duration::from_secs(METADATA_SECS))
            .timeout(Duration::from_secs(METADATA_SECS));
        Ok(Self {
            api: build(with_proxy(plain(tls), proxy()))?,
            links: build(links)?,
            metadata: build(metadata)?,
            through,
        })
    }
}

/// One for addresses that the operator names, which may well be on this host. `rootless`: no
/// server is verified, so that there need be nothing to do that with.
pub(super) fn outward(surroundings: &Surroundings, rootless: bool) -> Result<Client> {
    let through = Through::of(surroundings)?;
    build(with_proxy(plain(tls(rootless)?), through.as_ref().map(Through::proxy)))
}

/// An answer, whatever its status. Its body is wiped when dropped: it may hold a token or a key.
pub(super) struct Answer {
    /// HTTP status.
    pub(super) status: u16,
    /// The service's id of the request.
    pub(super) request_id: Option<String>,
    /// `Retry-After`, as it was sent.
    pub(super) retry_after: Option<String>,
    /// `X-Subject-Token`: what IAM answers a password with.
    pub(super) subject_token: Option<Secret>,
    /// As much of the body as arrived.
    pub(super) body: Zeroizing<Vec<u8>>,
    /// Why the body is not whole.
    pub(super) cut: Option<Cut>,
}

/// Why a body is not whole.
pub(super) enum Cut {
    /// It would not have ended within the bound; nor will it next time.
    TooLong(String),
    /// The connection broke or stalled.
    BrokeOff(String),
}

impl Answer {
    /// 200 to 299.
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether there is a whole body without a byte in it.
    pub(super) fn is_empty(&self) -> bool {
        self.cut.is_none() && self.body.trim_ascii().is_empty()
    }

    /// Whether the whole body is JSON.
    pub(super) fn is_json(&self) -> bool {
        self.cut.is_none() && serde_json::from_slice::<serde::de::IgnoredAny>(&self.body).is_ok()
    }
}

/// Why there is no answer.
pub(super) enum Broken {
    /// The service was not reached, with the cause alone: no connection, no TLS session, no such name.
    Unsent(String),
    /// Nor will it be: the name leads where no link may point.
    Forbidden(String),
    /// The request was on its way: it may have been received.
    Unanswered(String),
}

/// Sends one request once and reads at most `body_bytes_max` of the answer.
pub(super) async fn exchange(
    request: RequestBuilder,
    body_bytes_max: usize,
) -> std::result::Result<Answer, Broken> {
    let response = request.send().await.map_err(broken)?;
    let status = response.status().as_u16();
    let headers = response.headers();
    let request_id = text(headers, "x-request-id").or_else(|| text(headers, "x-iam-trace-id"));
    let retry_after = text(headers, RETRY_AFTER.as_str());
    let subject_token = text(headers, "x-subject-token").map(Secret::new);
    let (body, cut) = read(response, body_bytes_max).await;
    Ok(Answer { status, request_id, retry_after, subject_token, body, cut })
}

async fn read(mut response: Response, bytes_max: usize) -> (Zeroizing<Vec<u8>>, Option<Cut>) {
    let promised = response.content_length().and_then(|length| usize::try_from(length).ok());
    // Room for all of it, so that growing leaves no copy behind.
    let room = promised.unwrap_or(ANSWER_BYTES_GUESS).min(bytes_max);
    let mut body = Zeroizing::new(Vec::with_capacity(room));
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > bytes_max => {
                let why = format!("the answer is longer than {bytes_max} bytes");
                return (body, Some(Cut::TooLong(why)));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return (body, None),
            Err(error) => {
                let why = format!("the answer broke off: {}", chain(error));
                return (body, Some(Cut::BrokeOff(why)));
            }
        }
    }
}

fn broken(error: reqwest::Error) -> Broken {
    if let Some(inward) = sources(&error).find_map(|source| source.downcast_ref::<Inward>()) {
        return Broken::Forbidden(inward.to_string());
    }
    if error.is_connect() || error.is_dns() || error.is_builder() {
        return Broken::Unsent(chain(error));
    }
    if error.is_timeout() {
        return Broken::Unanswered(format!("no answer in {CALL_SECS} s"));
    }
    Broken::Unanswered(format!("no answer: {}", chain(error)))
}

/// What lies at the bottom of an error; the address, which may be a pre-signed link, is taken out first.
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    sources(&error).last().unwrap_or(&error).to_string()
}

/// An error and what it is for, down to the bottom.
fn sources(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    fn below<'e>(error: &&'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
        (**error).source()
    }
    std::iter::successors(Some(error as &(dyn Error + 'static)), below)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn plain(tls: rustls::ClientConfig) -> ClientBuilder {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .user_agent(USER_AGENT)
        .pool_idle_timeout(Duration::from_secs(IDLE_SECS))
        .connect_timeout(Duration::from_secs(CONNECT_SECS))
        .timeout(Duration::from_secs(CALL_SECS))
}

fn with_proxy(builder: ClientBuilder, proxy: Option<Proxy>) -> ClientBuilder {
    match proxy {
        Some(proxy) => builder.proxy(proxy),
        None => builder,
    }
}

fn build(builder: ClientBuilder) -> Result<Client> {
    builder.build().map_err(|error| {
        Failure::local(Kind::Operator, "set up HTTPS", format_args!("{}", chain(error)))
    })
}

/// The system's trusted roots (or those of `SSL_CERT_FILE`), by the one crypto library that we use.
fn tls(rehearsal: bool) -> Result<rustls::ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let failed = |error: &dyn Error| {
        Failure::local(
            Kind::Operator,
            "set up HTTPS",
            format_args!("{error}: install the system's CA certificates or set SSL_CERT_FILE"),
        )
    };
    let builder = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?;
    match verifier(provider) {
        Ok(verifier) => Ok(builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth()),
        // A rehearsal speaks plain http with itself; a host without roots may still rehearse.
        Err(_) if rehearsal => {
            Ok(builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
        }
        Err(error) => Err(failed(&error)),
    }
}

fn verifier(provider: Arc<CryptoProvider>) -> std::result::Result<Verifier, rustls::Error> {
    Verifier::new(provider)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Reply, Server};
    use super::*;

    /// Such an error is all that there is to say, and its own words hold the address.
    #[tokio::test]
    async fn an_error_without_a_cause_does_not_repeat_the_link() {
        let server = Server::start(|_| Reply::new(404, "")).await;
        let client = build(plain(tls(true).unwrap())).unwrap();
        let link = format!("{}/f.zip?Signature=sesame", server.url);
        let answer = client.get(link).send().await.unwrap();
        let error = answer.error_for_status().unwrap_err();
        assert!(error.source().is_none() && error.to_string().contains("sesame"));
        assert!(!chain(error).contains("sesame"));
    }
}
