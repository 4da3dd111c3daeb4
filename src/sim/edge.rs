//! A TLS server on a loopback port: what a listener, host or domain of the simulated cloud serves.
//!
//! It presents what it is told to, sound or not: expired, for other names, without its chain. Every
//! handshake is a whole one (no ticket, no session is kept), so that a change is seen by the next.
//! After the handshake it closes; there is no HTTP behind it. Before it, an edge may speak as a
//! database does.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;
use rustls::{DEFAULT_VERSIONS, SignatureScheme, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::greeter::{Speech, greet};
use crate::model::secret::Secret;

/// Connections that one edge holds at once; a silent edge keeps them until the other side gives up.
const CONNECTIONS_MAX: usize = 256;
/// How long an edge rests when the system gives it no connection, such as for want of descriptors.
const ACCEPT_REST: Duration = Duration::from_millis(10);
/// What [`Misbehaviour::NotTls`] says: a protocol that speaks first and is no TLS.
const NOT_TLS: &[u8] = b"220 this is no TLS server\r\n";

/// What an edge presents.
#[derive(Clone, Debug, Default)]
pub struct Presented {
    /// To whoever asks for no name, or for one that `named` does not have. Absent: such a handshake is
    /// refused with an alert.
    pub default: Option<Arc<CertifiedKey>>,
    /// By name. A name is exact, or has `*` for its first label; several entries may bear the same
    /// names, and the first whose key the client can check is taken: RSA and ECDSA side by side.
    pub named: Vec<(Vec<String>, Arc<CertifiedKey>)>,
}

/// How an edge goes wrong. TCP connects in every case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Misbehaviour {
    /// Presents a self-signed certificate of its own making, always the same, whatever is asked.
    Garbage,
    /// Writes bytes that are no TLS, and waits for the other side to give up.
    NotTls,
    /// Accepts, reads and says nothing, for as long as the other side waits.
    Silent,
    /// Closes each connection at once.
    Closed,
}

/// Certificates and key as an edge presents them, in the order of the text.
///
/// Refuses what is no PEM, and a key that does not belong to the first certificate. Nothing else is
/// checked: an edge may serve what nobody should trust.
pub fn certified(fullchain_pem: &str, key_pem: &Secret) -> Result<Arc<CertifiedKey>, String> {
    let chain = CertificateDer::pem_slice_iter(fullchain_pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("certificates: {error}"))?;
    if chain.is_empty() {
        return Err("certificates: none in the text".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(key_pem.expose().as_bytes())
        .map_err(|_| "private key: no key in the text, or a damaged one".to_owned())?;
    CertifiedKey::from_der(chain, key, &default_provider())
        .map(Arc::new)
        .map_err(|error| format!("certificate and private key: {error}"))
}

/// A running edge. Dropping it closes its port and every connection.
pub struct Edge {
    shared: Arc<Shared>,
    address: SocketAddr,
    task: AbortHandle,
}

impl Edge {
    /// Starts on the current runtime, on a loopback port that the system chooses, with TLS 1.2 and 1.3.
    /// Until told what to present, it refuses every handshake with an alert.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn start() -> io::Result<Self> {
        Self::start_with(DEFAULT_VERSIONS)
    }

    /// The same with these versions of TLS alone.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn start_with(versions: &[&'static SupportedProtocolVersion]) -> io::Result<Self> {
        Self::open(versions, Speech::Tls)
    }

    /// The same with both versions, and this said before TLS begins.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn start_speaking(speech: Speech) -> io::Result<Self> {
        Self::open(DEFAULT_VERSIONS, speech)
    }

    fn open(versions: &[&'static SupportedProtocolVersion], speech: Speech) -> io::Result<Self> {
        // Bound without waiting, so that the address is known before the first connection.
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = TcpListener::from_std(listener)?;
        let shared = Arc::new(Shared::default());
        let tls = acceptor(versions, Arc::clone(&shared)).map_err(io::Error::other)?;
        let task = tokio::spawn(accept(listener, tls, speech, Arc::clone(&shared))).abort_handle();
        Ok(Self { shared, address, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Presents this from the next handshake on.
    pub fn present(&self, what: Presented) {
        self.shared.state().presented = what;
    }

    /// Has SSL from the next connection on, as at the start, or has it no more.
    pub fn offer_ssl(&self, on: bool) {
        self.shared.state().ssl_off = !on;
    }

    /// Goes wrong from the next connection on; `None`: is well again.
    pub fn misbehave(&self, how: Option<Misbehaviour>) {
        self.shared.state().misbehaviour = how;
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the handle and the connections share.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    garbage: OnceLock<Arc<CertifiedKey>>,
}

#[derive(Debug, Default)]
struct State {
    presented: Presented,
    misbehaviour: Option<Misbehaviour>,
    ssl_off: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Shared {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let state = self.state();
        if state.misbehaviour == Some(Misbehaviour::Garbage) {
            return Some(Arc::clone(self.garbage.get_or_init(garbage)));
        }
        state.presented.choose(hello.server_name(), hello.signature_schemes()).cloned()
    }
}

impl Presented {
    /// Exact names before wildcards, and these before the default. Where the name is known and no key of
    /// it fits, there is none: the default's names are others.
    fn choose(
        &self,
        asked: Option<&str>,
        schemes: &[SignatureScheme],
    ) -> Option<&Arc<CertifiedKey>> {
        let bearing = |matches: fn(&str, &str) -> bool| -> Vec<_> {
            let bears = |names: &[String], asked| names.iter().any(|name| matches(name, asked));
            let named =
                self.named.iter().filter(|(names, _)| asked.is_some_and(|it| bears(names, it)));
            named.map(|(_, key)| key).collect()
        };
        let mut found = bearing(str::eq_ignore_ascii_case);
        if found.is_empty() {
            found = bearing(covers);
        }
        if found.is_empty() {
            found = self.default.iter().collect();
        }
        found.into_iter().find(|certified| certified.key.choose_scheme(schemes).is_some())
    }
}

/// Whether a name that begins with `*.` stands for the one asked for: exactly one label.
fn covers(wildcard: &str, asked: &str) -> bool {
    let parent = wildcard.strip_prefix("*.");
    let asked = asked.split_once('.').filter(|(label, _)| !label.is_empty());
    matches!((parent, asked), (Some(parent), Some((_, rest))) if parent.eq_ignore_ascii_case(rest))
}

fn acceptor(
    versions: &[&'static SupportedProtocolVersion],
    shared: Arc<Shared>,
) -> Result<TlsAcceptor, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)?
        .with_no_client_auth()
        .with_cert_resolver(shared);
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Accepts until it is aborted, which also ends every connection.
async fn accept(
    listener: TcpListener,
    tls: TlsAcceptor,
    speech: Speech,
    shared: Arc<Shared>,
) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_REST).await;
            continue;
        };
        if connections.len() < CONNECTIONS_MAX {
            let state = shared.state();
            let (how, ssl) = (state.misbehaviour, !state.ssl_off);
            drop(state);
            let tls = tls.clone();
            connections.spawn(async move {
                match how {
                    None | Some(Misbehaviour::Garbage) => serve(stream, tls, speech, ssl).await,
                    Some(how) => misbehave(stream, how).await,
                }
            });
        }
    }
}

/// One connection. Its failures are the other side's to see. There is no timer: nobody but us can
/// connect, and under a paused clock it would strike at once.
async fn serve(mut stream: TcpStream, tls: TlsAcceptor, speech: Speech, ssl: bool) {
    match greet(&mut stream, speech, ssl).await {
        Ok(true) => {
            if let Ok(mut stream) = tls.accept(stream).await {
                let _ = stream.shutdown().await;
            }
        }
        Ok(false) => linger(stream).await,
        Err(_) => {}
    }
}

/// One connection that goes wrong before TLS.
async fn misbehave(mut stream: TcpStream, how: Misbehaviour) {
    match how {
        Misbehaviour::NotTls => {
            let _ = stream.write_all(NOT_TLS).await;
            linger(stream).await;
        }
        Misbehaviour::Silent => linger(stream).await,
        Misbehaviour::Closed | Misbehaviour::Garbage => {}
    }
}

/// Reads until the other side has closed: closing first could destroy what was just written.
async fn linger(mut stream: TcpStream) {
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
}

#[expect(
    clippy::unwrap_used,
    reason = "a self-made request for a fixed name; only randomness could fail"
)]
fn garbage() -> Arc<CertifiedKey> {
    let made = rcgen::generate_simple_self_signed(["garbage.invalid".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let chain = vec![made.cert.der().clone()];
    Arc::new(CertifiedKey::from_der(chain, key, &default_provider()).unwrap())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Time;
    use crate::sim::pki::{Authority, KeyKind};

    const RSA: &[SignatureScheme] = &[SignatureScheme::RSA_PSS_SHA256];
    const ECDSA: &[SignatureScheme] = &[SignatureScheme::ECDSA_NISTP256_SHA256];

    fn made(authority: &Authority, name: &str, kind: KeyKind) -> Arc<CertifiedKey> {
        let (from, to) = (Time::from_secs(0), Time::from_secs(1));
        let issued = authority.issue(&[name], kind, from, to);
        certified(&issued.fullchain_pem(), &issued.key_pem).unwrap()
    }

    #[test]
    fn a_name_is_exact_or_has_a_star_for_its_first_label() {
        assert!(covers("*.a.example", "x.A.example"));
        for other in ["a.example", ".a.example", "x.y.a.example", "x.b.example"] {
            assert!(!covers("*.a.example", other), "{other}");
        }
        assert!(!covers("a.example", "a.example"), "an exact name is no wildcard");
    }

    #[test]
    fn names_choose_first_and_then_what_the_client_can_check() {
        let authority = Authority::new("Edge");
        let [default, rsa, ecdsa, star] = [
            ("default.example", KeyKind::EcdsaP256),
            ("www.example", KeyKind::Rsa2048),
            ("www.example", KeyKind::EcdsaP256),
            ("*.example", KeyKind::EcdsaP256),
        ]
        .map(|(name, kind)| made(&authority, name, kind));
        let names = |name: &str| vec![name.to_owned()];
        let presented = Presented {
            default: Some(Arc::clone(&default)),
            named: vec![
                (names("*.example"), Arc::clone(&star)),
                (names("www.example"), Arc::clone(&rsa)),
                (names("www.example"), Arc::clone(&ecdsa)),
            ],
        };
        let check = |asked, schemes, expect: Option<&Arc<CertifiedKey>>| {
            let chosen = presented.choose(asked, schemes);
            assert!(chosen.map(Arc::as_ptr) == expect.map(Arc::as_ptr), "{asked:?} {schemes:?}");
        };
        check(Some("www.example"), RSA, Some(&rsa));
        check(Some("WWW.example"), ECDSA, Some(&ecdsa));
        check(Some("api.example"), ECDSA, Some(&star));
        check(Some("api.example"), RSA, None);
        check(Some("other.test"), ECDSA, Some(&default));
        check(None, ECDSA, Some(&default));
        check(None, RSA, None);
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let authority = Authority::new("Edge");
        let issue = || {
            let (from, to) = (Time::from_secs(0), Time::from_secs(1));
            authority.issue(&["www.example"], KeyKind::EcdsaP256, from, to)
        };
        let (one, other) = (issue(), issue());
        assert!(certified(&one.fullchain_pem(), &one.key_pem).is_ok());
        assert!(certified(&one.fullchain_pem(), &other.key_pem).is_err());
        assert!(certified("", &one.key_pem).is_err());
        let error = certified(&one.leaf_pem, &Secret::new("hunter2".to_owned()));
        assert!(error.is_err_and(|words| !words.contains("hunter2")));
    }
}
