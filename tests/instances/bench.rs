//! What the tests of instances have in common: bundles, servers with a script, and verdicts.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use certrotd::cert::{CaBundle, read_ca};
use certrotd::model::failure::Failure;
use certrotd::model::place::{Dial, InstanceProbe, Probe, Protocol};
use certrotd::model::time::Time;
use certrotd::observe::instance::prove;
use certrotd::plan::observed::Proof;
use certrotd::plan::sight::Seen;
use certrotd::sim::edge::{Edge, Presented, certified};
use certrotd::sim::pki::{Authority, Issued, KeyKind};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::ServerConfig;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{DEFAULT_VERSIONS, SupportedProtocolVersion};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// When the tests take place, and the dates of what is valid then. Nothing here depends on today.
pub const NOW: Time = Time::from_secs(1_900_000_000);
pub const VALID: (Time, Time) = (Time::from_secs(1_800_000_000), Time::from_secs(2_000_000_000));
/// Each version of TLS alone.
pub const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

pub fn issued(authority: &Authority) -> Issued {
    authority.issue(&["orders.internal"], KeyKind::EcdsaP256, VALID.0, VALID.1)
}

pub fn key(pem: &str, issued: &Issued) -> Arc<CertifiedKey> {
    certified(pem, &issued.key_pem).unwrap()
}

pub fn bundle(pem: &str) -> CaBundle {
    read_ca(pem.as_bytes()).unwrap()
}

/// An instance that speaks TLS at once and always presents this.
pub fn instance(version: &'static SupportedProtocolVersion, key: Arc<CertifiedKey>) -> Edge {
    let edge = Edge::start_with(&[version]).unwrap();
    edge.present(Presented { default: Some(key), named: Vec::new() });
    edge
}

/// A server that runs this script on one connection.
pub async fn scripted<F>(script: impl FnOnce(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        script(stream).await;
    });
    address
}

/// The server's half of a handshake with this key, and its end.
pub async fn shake(stream: TcpStream, key: Arc<CertifiedKey>) {
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(DEFAULT_VERSIONS)
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from((*key).clone())));
    let mut stream = TlsAcceptor::from(Arc::new(config)).accept(stream).await.unwrap();
    let _ = stream.shutdown().await;
}

pub fn probe(address: SocketAddr) -> Probe {
    Probe { text: address.to_string(), name: None, at: Dial::Address(address) }
}

pub async fn proof(address: SocketAddr, protocol: Protocol, bundle: &CaBundle) -> Proof {
    prove(&InstanceProbe { probe: probe(address), protocol }, bundle, NOW).await
}

#[track_caller]
pub fn verified(proof: Proof) -> Seen {
    match proof {
        Proof::Verified(leaf) => leaf,
        other => panic!("not verified: {other:?}"),
    }
}

/// The leaf, where one came, and the sentence.
#[track_caller]
pub fn refused(proof: Proof) -> (Option<Seen>, String) {
    match proof {
        Proof::Refused { leaf, failure } => (leaf, failure.to_string()),
        other => panic!("not refused: {other:?}"),
    }
}

#[track_caller]
pub fn unreachable(proof: Proof) -> Failure {
    match proof {
        Proof::Unreachable(failure) => failure,
        other => panic!("not unreachable: {other:?}"),
    }
}
