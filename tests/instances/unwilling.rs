//! Instances that do not get as far as a leaf.

use certrotd::model::failure::Kind;
use certrotd::model::place::{Dial, InstanceProbe, Probe, Protocol};
use certrotd::observe::instance::{greeting, prove};
use certrotd::sim::edge::{Edge, Misbehaviour};
use certrotd::sim::pki::Authority;

use super::bench::*;

#[tokio::test]
async fn nobody_there_says_nothing_about_the_ca() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let published = bundle(Authority::new("Ours").ca_pem());
    for protocol in Protocol::ALL {
        let failure = unreachable(proof(address, protocol, &published).await);
        assert_eq!(failure.kind, Kind::Transient);
        assert!(failure.to_string().contains("connection refused"), "{failure}");
    }
    let failure = greeting(&probe(address)).await.unwrap_err();
    assert!(failure.to_string().starts_with("read greeting: connection refused"), "{failure}");
}

#[tokio::test]
async fn a_name_without_an_address_says_nothing_about_the_ca() {
    // Longer than a label may be, so that no resolver is asked.
    let host = format!("{}.invalid", "a".repeat(64));
    let probe = Probe {
        text: format!("{host}:6379"),
        name: Some(host.clone()),
        at: Dial::Name(host, 6379),
    };
    let published = bundle(Authority::new("Ours").ca_pem());
    let asked = InstanceProbe { probe, protocol: Protocol::Tls };
    let failure = unreachable(prove(&asked, &published, NOW).await);
    assert!(failure.to_string().contains("the name does not resolve: "), "{failure}");
}

#[tokio::test]
async fn who_hangs_up_says_nothing_and_who_answers_wrongly_is_refused() {
    let published = bundle(Authority::new("Ours").ca_pem());
    let edge = Edge::start().unwrap();
    let (leaf, alert) = refused(proof(edge.address(), Protocol::Tls, &published).await);
    assert!(leaf.is_none() && alert.contains("refuses the handshake with alert"), "{alert}");
    edge.misbehave(Some(Misbehaviour::NotTls));
    for (protocol, words) in [
        (Protocol::Tls, "speaks no TLS"),
        (Protocol::Postgres, "no PostgreSQL server"),
        (Protocol::MySql, "no MySQL server"),
    ] {
        let (leaf, sentence) = refused(proof(edge.address(), protocol, &published).await);
        assert!(leaf.is_none() && sentence.contains(words), "{sentence}");
    }
    edge.misbehave(Some(Misbehaviour::Closed));
    for protocol in Protocol::ALL {
        let failure = unreachable(proof(edge.address(), protocol, &published).await);
        assert_eq!(failure.kind, Kind::Transient);
        assert!(failure.to_string().contains("closed the connection before"), "{failure}");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_ends_and_says_for_how_long_it_lasted() {
    let published = bundle(Authority::new("Ours").ca_pem());
    let edge = Edge::start().unwrap();
    edge.misbehave(Some(Misbehaviour::Silent));
    for (protocol, words) in [
        (Protocol::Tls, "the handshake timed out after 5s"),
        (Protocol::Postgres, "no answer to the request for SSL came within 15s"),
        (Protocol::MySql, "no greeting came within 15s"),
    ] {
        let failure = unreachable(proof(edge.address(), protocol, &published).await);
        assert!(failure.to_string().ends_with(words), "{failure}");
    }
    let failure = greeting(&probe(edge.address())).await.unwrap_err();
    assert!(failure.to_string().ends_with("no greeting came within 15s"), "{failure}");
}
