//! What the tests of edges have in common: leaves, edges that present them, and looks at these.

use std::net::SocketAddr;
use std::sync::Arc;

use certrotd::model::digest::Sha256;
use certrotd::model::failure::Failure;
use certrotd::model::place::{Dial, Probe};
use certrotd::model::time::Time;
use certrotd::observe::served::{Family, Handshake, look};
use certrotd::sim::edge::{Edge, Presented, certified};
use certrotd::sim::pki::{Authority, Issued, KeyKind};
use rustls::SupportedProtocolVersion;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

/// The name that most leaves here are for.
pub const NAME: &str = "www.example.com";
/// Both versions of TLS, each alone, with the option by which `openssl` calls it.
pub const VERSIONS: [(&SupportedProtocolVersion, &str); 2] =
    [(&TLS12, "-tls1_2"), (&TLS13, "-tls1_3")];
/// Families side by side, with a kind of key of each.
pub const FAMILIES: [(Family, KeyKind); 3] = [
    (Family::Rsa, KeyKind::Rsa2048),
    (Family::Ecdsa, KeyKind::EcdsaP256),
    (Family::Ed25519, KeyKind::Ed25519),
];

/// Long ago, and far ahead: nothing here depends on today.
pub const VALID: (Time, Time) = (Time::from_secs(946_684_800), Time::from_secs(3_900_000_000));
pub const EXPIRED: (Time, Time) = (Time::from_secs(946_684_800), Time::from_secs(978_307_200));

pub fn issued(name: &str, key: KeyKind) -> Issued {
    Authority::new("Edges").issue(&[name], key, VALID.0, VALID.1)
}

/// Leaf and chain as an edge presents them.
pub fn whole(issued: &Issued) -> Arc<CertifiedKey> {
    certified(&issued.fullchain_pem(), &issued.key_pem).unwrap()
}

/// The leaf without its chain.
pub fn alone(issued: &Issued) -> Arc<CertifiedKey> {
    certified(&issued.leaf_pem, &issued.key_pem).unwrap()
}

/// Presents this whatever is asked.
pub fn always(key: Arc<CertifiedKey>) -> Presented {
    Presented { default: Some(key), named: Vec::new() }
}

/// Presents each of these to whoever asks for [`NAME`], and nothing else.
pub fn side_by_side(all: &[&Issued]) -> Presented {
    let named = all.iter().map(|issued| (vec![NAME.to_owned()], whole(issued)));
    Presented { default: None, named: named.collect() }
}

/// An edge of this one version.
pub fn edge(version: &'static SupportedProtocolVersion, what: Presented) -> Edge {
    let edge = Edge::start_with(&[version]).unwrap();
    edge.present(what);
    edge
}

/// A look at this address that asks for this name, or for none.
pub async fn look_at(address: SocketAddr, name: Option<&str>, prefer: Family) -> Handshake {
    let text = name.map_or_else(|| address.to_string(), |name| format!("{name}@{address}"));
    let probe = Probe { text, name: name.map(str::to_owned), at: Dial::Address(address) };
    look(&probe, prefer).await
}

/// What was served: leaf first, then what came after it.
pub fn served(handshake: Handshake) -> Vec<Sha256> {
    match handshake {
        Handshake::Served { sha256, leaf, chain } => {
            assert!(leaf.is_none_or(|leaf| leaf.sha256 == sha256));
            [vec![sha256], chain].concat()
        }
        other => panic!("nothing is served: {other:?}"),
    }
}

pub fn broken(handshake: Handshake) -> Failure {
    match handshake {
        Handshake::Broken(failure) => failure,
        other => panic!("not broken: {other:?}"),
    }
}

pub fn unreachable(handshake: Handshake) -> Failure {
    match handshake {
        Handshake::Unreachable(failure) => failure,
        other => panic!("not unreachable: {other:?}"),
    }
}

/// Fingerprints of each certificate in a text, in its order.
pub fn fingerprints(pem: &str) -> Vec<Sha256> {
    let found = CertificateDer::pem_slice_iter(pem.as_bytes());
    found.map(|der| Sha256::of(&der.unwrap())).collect()
}
