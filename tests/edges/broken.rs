//! Looks that find no leaf, and the sentences that say why.

use std::sync::Arc;

use certrotd::model::failure::Kind;
use certrotd::model::place::{Dial, Probe};
use certrotd::observe::served::{Family, Handshake, look};
use certrotd::sim::edge::{Edge, Misbehaviour, Presented};
use certrotd::sim::pki::KeyKind;
use rustls::sign::CertifiedKey;

use super::bench::*;

async fn at(edge: &Edge) -> Handshake {
    look_at(edge.address(), Some(NAME), Family::Rsa).await
}

#[tokio::test]
async fn garbage_is_a_leaf_and_ends_when_the_edge_is_well_again() {
    let issued = issued(NAME, KeyKind::Rsa2048);
    for (version, _) in VERSIONS {
        let edge = edge(version, always(whole(&issued)));
        edge.misbehave(Some(Misbehaviour::Garbage));
        let garbage = served(at(&edge).await);
        assert_ne!(garbage[0], issued.sha256);
        assert_eq!(garbage, served(at(&edge).await), "garbage is the same at each look");
        edge.misbehave(None);
        assert_eq!(served(at(&edge).await)[0], issued.sha256);
    }
}

#[tokio::test]
async fn what_is_no_handshake_is_broken() {
    let edge = Edge::start().unwrap();
    let check = |handshake, words: &str| {
        let failure = broken(handshake);
        assert_eq!(failure.kind, Kind::Transient);
        let sentence = failure.to_string();
        assert!(sentence.starts_with("handshake: ") && sentence.contains(words), "{sentence}");
    };
    check(at(&edge).await, "refuses the handshake with alert");
    edge.misbehave(Some(Misbehaviour::NotTls));
    check(at(&edge).await, "speaks no TLS");
    edge.misbehave(Some(Misbehaviour::Closed));
    check(at(&edge).await, "closed the connection before a certificate came");
}

#[tokio::test(start_paused = true)]
async fn silence_is_unreachable_and_says_for_how_long() {
    let edge = Edge::start().unwrap();
    edge.present(always(whole(&issued(NAME, KeyKind::EcdsaP256))));
    edge.misbehave(Some(Misbehaviour::Silent));
    let sentence = unreachable(at(&edge).await).to_string();
    assert!(sentence.ends_with("connected, but the handshake timed out after 5s"), "{sentence}");
    edge.misbehave(None);
    served(at(&edge).await);
}

#[tokio::test]
async fn a_dropped_edge_is_gone() {
    let edge = Edge::start().unwrap();
    let address = edge.address();
    drop(edge);
    // Its task ends, and the port with it, as soon as the runtime comes by.
    tokio::task::yield_now().await;
    unreachable(look_at(address, None, Family::Rsa).await);
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let sentence = unreachable(look_at(address, None, Family::Rsa).await).to_string();
    assert!(sentence.starts_with("handshake: connection refused"));
    let many = Dial::Name("localhost".to_owned(), address.port());
    let probe = Probe { text: "localhost".to_owned(), name: None, at: many };
    let sentence = unreachable(look(&probe, Family::Rsa).await).to_string();
    assert!(sentence.contains("connection refused"), "{sentence}");
}

#[tokio::test]
async fn a_name_without_an_address_is_unreachable() {
    // Longer than a label may be, so that no resolver is asked.
    let host = format!("{}.invalid", "a".repeat(64));
    let at = Dial::Name(host.clone(), 443);
    let probe = Probe { text: format!("{host}:443"), name: Some(host), at };
    let sentence = unreachable(look(&probe, Family::Rsa).await).to_string();
    assert!(sentence.contains("the name does not resolve: "), "{sentence}");
}

#[tokio::test]
async fn a_name_that_cannot_be_asked_for_is_for_a_person() {
    let edge = Edge::start().unwrap();
    let failure = unreachable(look_at(edge.address(), Some("a b"), Family::Rsa).await);
    assert_eq!(failure.kind, Kind::Operator);
    assert!(failure.to_string().contains("\"a b\" is no name"));
}

#[tokio::test]
async fn a_server_without_the_key_of_its_leaf_is_broken() {
    for (version, _) in VERSIONS {
        for (family, kind) in FAMILIES {
            let [one, other] = [(); 2].map(|()| whole(&issued(NAME, kind)));
            let forged = CertifiedKey::new(one.cert.clone(), Arc::clone(&other.key));
            // A sound leaf of another family beside it does not make up for it.
            let beside = if family == Family::Rsa { KeyKind::Ed25519 } else { KeyKind::Rsa2048 };
            let names = || vec![NAME.to_owned()];
            let edge = edge(
                version,
                Presented {
                    default: None,
                    named: vec![
                        (names(), Arc::new(forged)),
                        (names(), whole(&issued(NAME, beside))),
                    ],
                },
            );
            let found = look_at(edge.address(), Some(NAME), family).await;
            let sentence = broken(found).to_string();
            assert!(sentence.contains("does not hold the key"), "{version:?} {kind:?}: {sentence}");
        }
    }
}
