//! Leaves that are recorded although something about them is wrong, and servers that want more.

use std::sync::Arc;

use certrotd::observe::served::{Family, Handshake};
use certrotd::sim::pki::KeyKind;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::bench::*;

#[tokio::test]
async fn a_leaf_that_cannot_be_read_is_recorded_by_its_fingerprint() {
    let key = Arc::clone(&whole(&issued(NAME, KeyKind::EcdsaP256)).key);
    let der = CertificateDer::from(b"no certificate".to_vec());
    for (version, _) in VERSIONS {
        let odd = CertifiedKey::new(vec![der.clone()], Arc::clone(&key));
        let edge = edge(version, always(Arc::new(odd)));
        let found = look_at(edge.address(), Some(NAME), Family::Ecdsa).await;
        assert!(matches!(found, Handshake::Served { leaf: None, .. }), "{found:?}");
        assert_eq!(served(found).len(), 1);
    }
}

#[tokio::test]
async fn a_leaf_of_version_1_is_recorded_with_its_facts() {
    let der = CertificateDer::from_pem_slice(include_bytes!("../data/pem/rsa-v1.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../data/pem/rsa.pkcs8.key")).unwrap();
    let key = default_provider().key_provider.load_private_key(key).unwrap();
    for (version, _) in VERSIONS {
        let odd = CertifiedKey::new(vec![der.clone()], Arc::clone(&key));
        let edge = edge(version, always(Arc::new(odd)));
        let found = look_at(edge.address(), Some(NAME), Family::Rsa).await;
        let Handshake::Served { leaf: Some(leaf), .. } = found else { panic!("{found:?}") };
        assert_eq!(leaf.key, "RSA 2048");
    }
}

#[tokio::test]
async fn a_long_chain_is_cut() {
    let sound = whole(&issued(NAME, KeyKind::EcdsaP256));
    let mut chain = sound.cert.clone();
    chain.extend(std::iter::repeat_n(sound.cert[1].clone(), 40));
    let edge =
        edge(VERSIONS[1].0, always(Arc::new(CertifiedKey::new(chain, Arc::clone(&sound.key)))));
    let found = served(look_at(edge.address(), Some(NAME), Family::Ecdsa).await);
    assert_eq!(found.len(), 11);
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_of_ours_has_shown_its_own() {
    let issued = issued(NAME, KeyKind::EcdsaP256);
    for (version, _) in VERSIONS {
        let tls = wants_clients(version, &issued.root_pem, &whole(&issued));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let refuses = async {
            let (stream, _) = listener.accept().await.unwrap();
            assert!(tls.accept(stream).await.is_err(), "no certificate, no entry");
        };
        let ((), found) = tokio::join!(refuses, look_at(address, Some(NAME), Family::Ecdsa));
        assert_eq!(served(found)[0], issued.sha256, "{version:?}");
    }
}

fn wants_clients(
    version: &'static SupportedProtocolVersion,
    root: &str,
    own: &CertifiedKey,
) -> TlsAcceptor {
    let provider = Arc::new(default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(root.as_bytes()).unwrap()).unwrap();
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .unwrap();
    let single = rustls::sign::SingleCertAndKey::from(own.clone());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_cert_resolver(Arc::new(single));
    TlsAcceptor::from(Arc::new(config))
}
