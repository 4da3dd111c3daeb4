//! Which of several certificates a look finds.

use std::net::SocketAddr;

use certrotd::model::place::{Dial, Probe};
use certrotd::observe::served::{Family, look};
use certrotd::sim::edge::{Edge, Presented};
use certrotd::sim::pki::KeyKind;
use rustls::server::Acceptor;
use tokio::net::TcpListener;
use tokio_rustls::LazyConfigAcceptor;

use super::bench::*;

#[tokio::test]
async fn leaf_and_chain_are_recorded_in_both_versions() {
    for (version, _) in VERSIONS {
        for (family, kind) in FAMILIES {
            let issued = issued(NAME, kind);
            let edge = edge(version, always(whole(&issued)));
            let found = served(look_at(edge.address(), Some(NAME), family).await);
            assert_eq!(found, fingerprints(&issued.fullchain_pem()), "{version:?} {kind:?}");
        }
    }
}

#[tokio::test]
async fn of_families_side_by_side_the_preferred_one_is_presented() {
    let all = FAMILIES.map(|(_, kind)| issued(NAME, kind));
    for (version, _) in VERSIONS {
        // In both orders, so that no family wins by standing first.
        for order in [[0, 1, 2], [2, 1, 0]] {
            let edge = edge(version, side_by_side(&order.map(|at| &all[at])));
            for ((family, _), issued) in FAMILIES.into_iter().zip(&all) {
                let found = served(look_at(edge.address(), Some(NAME), family).await);
                assert_eq!(found[0], issued.sha256, "{version:?} {family:?} {order:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_server_without_the_preferred_family_presents_another() {
    let issued = issued(NAME, KeyKind::EcdsaP384);
    for (version, _) in VERSIONS {
        let edge = edge(version, always(whole(&issued)));
        for (family, _) in FAMILIES {
            let found = served(look_at(edge.address(), Some(NAME), family).await);
            assert_eq!(found[0], issued.sha256, "{version:?} {family:?}");
        }
    }
}

#[tokio::test]
async fn the_name_asked_for_chooses_and_an_address_gets_the_default() {
    let [default, exact, star] = ["default.example", NAME, "*.example.com"]
        .map(|name| (name.to_owned(), issued(name, KeyKind::EcdsaP256)));
    let edge = Edge::start().unwrap();
    let named = [&star, &exact].map(|(name, issued)| (vec![name.clone()], whole(issued)));
    edge.present(Presented { default: Some(whole(&default.1)), named: named.into() });
    let expected = [
        (Some(NAME), exact.1.sha256),
        (Some("api.example.com"), star.1.sha256),
        (Some("a.b.example.com"), default.1.sha256),
        (Some("other.example"), default.1.sha256),
        (None, default.1.sha256),
    ];
    for (name, leaf) in expected {
        let found = served(look_at(edge.address(), name, Family::Ecdsa).await);
        assert_eq!(found[0], leaf, "{name:?}");
    }
    // A name that is dialled is also the one that is asked for.
    let at = Dial::Name("localhost".to_owned(), edge.address().port());
    let probe = Probe { text: "localhost".to_owned(), name: Some(NAME.to_owned()), at: at.clone() };
    assert_eq!(served(look(&probe, Family::Ecdsa).await)[0], exact.1.sha256);
}

#[tokio::test]
async fn the_hello_names_the_host_alone() {
    for (name, asked) in [(Some(NAME), Some(NAME)), (None, None), (Some("127.0.0.1"), None)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let hears = async {
            let (stream, _) = listener.accept().await.unwrap();
            let started = LazyConfigAcceptor::new(Acceptor::default(), stream).await.unwrap();
            let hello = started.client_hello();
            assert_eq!(hello.server_name(), asked);
            assert!(hello.alpn().is_none());
            drop(listener);
        };
        // The listener is gone after the first hello, so that the look ends at its second connection.
        tokio::join!(hears, look_at(address, name, Family::Rsa));
    }
}

#[tokio::test]
async fn a_change_is_seen_by_the_next_look() {
    for (version, _) in VERSIONS {
        let [old, new] = [(); 2].map(|()| issued(NAME, KeyKind::EcdsaP256));
        let edge = edge(version, always(whole(&old)));
        for issued in [&old, &old, &new, &old] {
            edge.present(always(whole(issued)));
            let found = served(look_at(edge.address(), Some(NAME), Family::Ecdsa).await);
            assert_eq!(found[0], issued.sha256);
        }
    }
}
