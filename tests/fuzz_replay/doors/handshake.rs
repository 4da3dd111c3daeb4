//! What a TLS server may say to the probe: any bytes at all, or a handshake that is right in everything but
//! its certificates. Of the first byte, three values choose which, and three the family that is asked for.

use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use certrotd::cert::Family;
use certrotd::model::digest::Sha256;
use certrotd::model::place::{InstanceProbe, Protocol};
use certrotd::observe::instance::prove;
use certrotd::observe::served::{Handshake, look};
use certrotd::plan::observed::Proof;
use rustls::crypto::aws_lc_rs::{default_provider, sign::any_supported_type};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::greeting::{bundle, refuses};
use super::{NOW, is_sentence, wire};

/// The name that is asked for.
const NAME: &str = "www.example.com";
/// Certificates after the leaf that a look keeps.
const CHAIN_MAX: usize = 10;
/// Certificates that the server sends at most: more than are kept.
const SENT_MAX: usize = 12;
/// A family, a key of it, and the certificate that belongs to that.
type Own = (Family, Arc<dyn SigningKey>, Sha256);
/// What the server holds.
static OWN: LazyLock<[Own; 3]> = LazyLock::new(|| {
    macro_rules! own {
        ($family:expr, $key:literal, $leaf:literal) => {{
            let key = include_bytes!(concat!("../../data/pem/", $key));
            let leaf = include_bytes!(concat!("../../data/pem/", $leaf));
            let key = PrivateKeyDer::from_pem_slice(key).expect("a key");
            let leaf = CertificateDer::from_pem_slice(leaf).expect("a certificate");
            ($family, any_supported_type(&key).expect("a key of this family"), Sha256::of(&leaf))
        }};
    }
    [
        own!(Family::Ecdsa, "ec.pkcs8.key", "ec.pem"),
        own!(Family::Rsa, "rsa.pkcs8.key", "rsa.pem"),
        own!(Family::Ed25519, "ed25519.key", "ed25519.pem"),
    ]
});

/// Looks at such a server, and lets a published CA verify it. What comes is told as it came; nothing is
/// proven but the certificate that the CA has issued and whose key the server holds.
pub fn open(bytes: &[u8]) {
    let Some((&how, rest)) = bytes.split_first() else { return };
    let own = &OWN[usize::from(how / 3 % 3)];
    match how % 3 {
        0 => said(rest, own.0),
        1 => presented(rest, own, &TLS13),
        _ => presented(rest, own, &TLS12),
    }
}

/// The server says just this.
fn said(bytes: &[u8], family: Family) {
    let said: Rc<[u8]> = bytes.into();
    let serve = move |stream| {
        let said = Rc::clone(&said);
        async move { wire::say(stream, &said).await }
    };
    wire::with_server(serve, async |address| {
        let probe = wire::probe(NAME, address);
        told(&look(&probe, family).await);
        refuses(&prove(&InstanceProbe { probe, protocol: Protocol::Tls }, &bundle(), NOW).await);
    });
}

/// The server shakes hands with these certificates, each behind two bytes of its length.
fn presented(bytes: &[u8], (family, key, own): &Own, version: &'static SupportedProtocolVersion) {
    let sent = certificates(bytes);
    let digests: Vec<_> = sent.iter().map(|der| Sha256::of(der)).collect();
    let acceptor = acceptor(CertifiedKey::new(sent, Arc::clone(key)), version);
    let serve = move |stream| {
        let accepting = acceptor.accept(stream);
        async move {
            // The client leaves when it has seen enough.
            let _ = accepting.await;
        }
    };
    wire::with_server(serve, async |address| {
        let probe = wire::probe(NAME, address);
        let seen = look(&probe, *family).await;
        told(&seen);
        if let Handshake::Served { sha256, chain, .. } = &seen {
            let (leaf, rest) = digests.split_first().expect("a leaf came, so one was sent");
            let rest = &rest[..rest.len().min(CHAIN_MAX)];
            assert_eq!((sha256, chain.as_slice()), (leaf, rest), "told otherwise than sent");
        }
        let probe = InstanceProbe { probe, protocol: Protocol::Tls };
        match prove(&probe, &bundle(), NOW).await {
            Proof::Verified(seen) => {
                assert_eq!(seen.sha256, *own, "a foreign certificate is proven")
            }
            proof => refuses(&proof),
        }
    });
}

fn told(seen: &Handshake) {
    match seen {
        Handshake::Served { sha256, leaf, .. } => {
            assert!(leaf.as_ref().is_none_or(|leaf| leaf.sha256 == *sha256));
        }
        Handshake::Broken(failure) | Handshake::Unreachable(failure) => {
            is_sentence(&failure.to_string());
        }
        Handshake::NotAsked => panic!("asked, and not told"),
    }
}

fn certificates(mut bytes: &[u8]) -> Vec<CertificateDer<'static>> {
    let mut found = Vec::new();
    while let (Some((length, rest)), true) = (bytes.split_first_chunk(), found.len() < SENT_MAX) {
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (der, rest) = rest.split_at(length);
        found.push(CertificateDer::from(der.to_vec()));
        bytes = rest;
    }
    found
}

fn acceptor(key: CertifiedKey, version: &'static SupportedProtocolVersion) -> TlsAcceptor {
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[version])
        .expect("the library speaks this version")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Always(Arc::new(key))));
    TlsAcceptor::from(Arc::new(config))
}

/// Presents this, whatever it is and whatever is asked.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
