//! Edges present what is bound, when it is time, and go wrong when told to.

use std::time::Duration;

use super::handshake::{ECDSA, RSA, leaf_for};
use super::*;
use crate::model::digest::Sha256;
use crate::model::target::Target;
use crate::sim::{Misbehaviour, Sim};

const WWW: &str = "www.example.com";

/// The same as `left`, valid at the wall clock, which a running cloud goes by.
fn made(authority: &Authority, names: &[&str], key: KeyKind, name: &str) -> (Pair, Sha256) {
    let issued = authority.issue(names, key, Time::from_secs(0), Time::from_secs(4_000_000_000));
    let pair = Pair {
        name: name.to_owned(),
        fullchain: issued.fullchain_pem(),
        key: issued.key_pem.clone(),
    };
    (pair, issued.sha256)
}

/// One listener, with a foreign default and one name of ours, and the leaf of each.
fn stage(authority: &Authority) -> (Settings, [Sha256; 2]) {
    let (foreign, foreign_leaf) = made(authority, &["other.test"], KeyKind::EcdsaP256, "foreign");
    let (ours, ours_leaf) = made(authority, &[WWW], KeyKind::EcdsaP256, "ours");
    let listener = ListenerSetup {
        name: "front".to_owned(),
        default: Some(foreign),
        sni: vec![ours],
        ..ListenerSetup::default()
    };
    (Settings { listeners: vec![listener], ..Settings::default() }, [foreign_leaf, ours_leaf])
}

async fn seen(sim: &Sim, site: &str, name: &str) -> Option<Sha256> {
    leaf_for(sim.edge(site)?, name, ECDSA).await
}

#[tokio::test]
async fn a_listener_serves_by_name_and_follows_its_binding() {
    let authority = Authority::new("Edges");
    let (settings, [foreign, ours]) = stage(&authority);
    let sim = Sim::start(settings).await.unwrap();
    assert_eq!(seen(&sim, "front", WWW).await, Some(ours));
    assert_eq!(seen(&sim, "front", "unknown.test").await, Some(foreign));
    let (renewed, renewed_leaf) = made(&authority, &[WWW], KeyKind::EcdsaP256, "renewed");
    let (rsa, rsa_leaf) = made(&authority, &[WWW], KeyKind::Rsa2048, "rsa");
    let renewed = sim.keep(Target::Elb, "", &renewed).unwrap();
    let rsa = sim.keep(Target::Elb, "", &rsa).unwrap();
    assert!(sim.rebind_sni("front", &[&renewed, &rsa]));
    assert_eq!(seen(&sim, "front", WWW).await, Some(renewed_leaf));
    assert_eq!(leaf_for(sim.edge("front").unwrap(), WWW, RSA).await, Some(rsa_leaf));
    assert_eq!(seen(&sim, "front", "other.test").await, Some(foreign), "the default stays");
    assert!(!sim.rebind_sni("front", &["none"]) && !sim.rebind("front", "none"));
    assert!(sim.rebind("front", &renewed));
    assert_eq!(seen(&sim, "front", "unknown.test").await, Some(renewed_leaf));
    assert_eq!(sim.listener("front").unwrap()["default_tls_container_ref"], json!(renewed));
    assert_eq!(sim.certificates(Target::Elb).len(), 4);
    assert_eq!(sim.copies(Target::Elb).len(), 0);
}

#[tokio::test]
async fn hosts_and_domains_have_edges_too() {
    let authority = Authority::new("Edges");
    let (pair, leaf) = made(&authority, &[WWW], KeyKind::EcdsaP256, "old");
    let host = |premium, hostname: &str| HostSetup {
        hostname: hostname.to_owned(),
        premium,
        default: Some(pair.clone()),
        ..HostSetup::default()
    };
    let domain = DomainSetup { name: "cdn.example.com".to_owned(), default: Some(pair.clone()) };
    let settings = Settings {
        waf_hosts: vec![host(false, WWW), host(true, "api.example.com")],
        cdn_domains: vec![domain],
        ..Settings::default()
    };
    let sim = Sim::start(settings).await.unwrap();
    for site in [WWW, "api.example.com", "cdn.example.com"] {
        assert_eq!(seen(&sim, site, WWW).await, Some(leaf), "{site}");
    }
    let (renewed, renewed_leaf) = made(&authority, &[WWW], KeyKind::EcdsaP256, "new");
    let renewed = sim.keep(Target::Waf, "", &renewed).unwrap();
    assert!(sim.rebind("api.example.com", &renewed));
    assert_eq!(seen(&sim, "api.example.com", WWW).await, Some(renewed_leaf));
    assert_eq!(seen(&sim, WWW, WWW).await, Some(leaf));
    assert_eq!(sim.host("api.example.com").unwrap()["certificatename"], "new");
    assert_eq!(sim.domain("cdn.example.com").unwrap()["https"]["certificate_source"], 0);
    assert_eq!(sim.listener(WWW), None);
    assert_eq!(sim.edge("nowhere"), None);
}

#[tokio::test]
async fn garbage_is_served_as_long_as_the_leaf_stays_bound() {
    let authority = Authority::new("Edges");
    let (settings, [foreign, ours]) = stage(&authority);
    let sim = Sim::start(settings).await.unwrap();
    let old = sim.listener("front").unwrap()["sni_container_refs"][0].clone();
    let old = old.as_str().unwrap();
    let (bad, bad_leaf) = made(&authority, &[WWW], KeyKind::EcdsaP256, "bad");
    let bad = sim.keep(Target::Elb, "", &bad).unwrap();
    assert!(sim.garble("front", Some(bad_leaf)) && !sim.garble("nowhere", None));
    assert_eq!(seen(&sim, "front", WWW).await, Some(ours), "not yet bound");
    assert!(sim.rebind_sni("front", &[&bad]));
    let garbage = seen(&sim, "front", WWW).await.unwrap();
    assert!(![bad_leaf, ours, foreign].contains(&garbage));
    assert!(sim.rebind_sni("front", &[old]));
    assert_eq!(seen(&sim, "front", WWW).await, Some(ours), "rolled back");
    assert!(sim.rebind_sni("front", &[&bad]));
    assert_eq!(seen(&sim, "front", WWW).await, Some(bad_leaf), "it strikes once");
    assert!(sim.garble("front", None));
    assert!(sim.rebind_sni("front", &[old]));
    assert_eq!(seen(&sim, "front", WWW).await, Some(garbage), "any leaf");
}

#[tokio::test]
async fn an_edge_misbehaves_at_once_and_is_well_again() {
    let authority = Authority::new("Edges");
    let (settings, [_, ours]) = stage(&authority);
    let sim = Sim::start(settings).await.unwrap();
    assert!(sim.misbehave("front", Some(Misbehaviour::Closed)));
    assert_eq!(seen(&sim, "front", WWW).await, None);
    assert!(sim.misbehave("front", Some(Misbehaviour::Garbage)));
    assert_ne!(seen(&sim, "front", WWW).await, Some(ours));
    assert!(sim.misbehave("front", None));
    assert_eq!(seen(&sim, "front", WWW).await, Some(ours));
}

#[tokio::test(start_paused = true)]
async fn a_change_reaches_the_edge_after_the_delay() {
    let authority = Authority::new("Edges");
    let (settings, [_, ours]) = stage(&authority);
    let delay = Duration::from_secs(60);
    let sim = Sim::start(Settings { edge_delay: delay, ..settings }).await.unwrap();
    let (renewed, renewed_leaf) = made(&authority, &[WWW], KeyKind::EcdsaP256, "renewed");
    let renewed = sim.keep(Target::Elb, "", &renewed).unwrap();
    assert_eq!(seen(&sim, "front", WWW).await, Some(ours), "at the start at once");
    let old = sim.listener("front").unwrap()["sni_container_refs"][0].clone();
    assert!(sim.rebind_sni("front", &[&renewed]));
    assert_eq!(seen(&sim, "front", WWW).await, Some(ours), "not yet");
    tokio::time::sleep(delay).await;
    assert_eq!(seen(&sim, "front", WWW).await, Some(renewed_leaf));
    assert!(sim.garble("front", None) && sim.rebind_sni("front", &[old.as_str().unwrap()]));
    assert_eq!(seen(&sim, "front", WWW).await, Some(renewed_leaf), "garbage is late too");
    tokio::time::sleep(delay).await;
    assert!(![Some(ours), Some(renewed_leaf)].contains(&seen(&sim, "front", WWW).await));
}

#[tokio::test]
async fn what_others_left_is_kept_and_told_from_copies() {
    let authority = Authority::new("Edges");
    let sim = Sim::start(Settings::default()).await.unwrap();
    let end = Time::from_secs(1_700_000_000);
    let begin = end - Duration::from_secs(9);
    let expired = authority.issue(&[WWW], KeyKind::EcdsaP256, begin, end);
    let pair = Pair {
        name: "expired".to_owned(),
        fullchain: expired.fullchain_pem(),
        key: expired.key_pem.clone(),
    };
    let id = sim.keep_import(&pair).unwrap();
    assert_eq!((&sim.imports()[0].id, sim.imports()[0].sha256), (&id, expired.sha256));
    let one = sim.keep(Target::Elb, "", &pair).unwrap();
    assert_eq!(
        sim.keep(Target::Elb, "cn-north-4", &pair),
        Ok(one.clone()),
        "an equal one is shared"
    );
    assert_ne!(sim.keep(Target::Waf, "", &pair), Ok(one));
    assert!(sim.keep(Target::Elb, "mars", &pair).is_err());
    assert!(sim.certificates(Target::Elb).iter().all(|found| found.certificate_id.is_empty()));
    assert!(sim.copies(Target::Elb).is_empty() && sim.fees() == 0);
}

#[test]
fn a_pair_that_does_not_go_together_is_refused_at_the_start() {
    let authority = Authority::new("Edges");
    let (one, _) = made(&authority, &[WWW], KeyKind::EcdsaP256, "one");
    let (other, _) = made(&authority, &[WWW], KeyKind::EcdsaP256, "other");
    let torn = Pair { key: other.key, ..one };
    let domain = DomainSetup { name: WWW.to_owned(), default: Some(torn) };
    let error = Sim::start_thread(Settings { cdn_domains: vec![domain], ..Settings::default() });
    let text = error.err().unwrap().to_string();
    assert_eq!(text, "one: the private key does not match the certificate");
}
