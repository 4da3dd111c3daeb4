//! Which chains verify with which published CAs, in both versions of TLS.

use std::sync::Arc;

use certrotd::model::digest::Sha256;
use certrotd::model::place::{InstanceProbe, Protocol};
use certrotd::model::secret::Secret;
use certrotd::model::time::Time;
use certrotd::observe::instance::prove;
use certrotd::plan::observed::Proof;
use certrotd::sim::edge::certified;
use certrotd::sim::pki::{Authority, KeyKind};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::bench::*;

async fn judged(key: &Arc<CertifiedKey>, published: &str) -> Vec<Proof> {
    let mut proofs = Vec::new();
    for version in VERSIONS {
        let edge = instance(version, Arc::clone(key));
        proofs.push(proof(edge.address(), Protocol::Tls, &bundle(published)).await);
    }
    proofs
}

async fn verifies(key: &Arc<CertifiedKey>, published: &str) {
    for proof in judged(key, published).await {
        assert_eq!(verified(proof).sha256, Sha256::of(&key.cert[0]));
    }
}

async fn fails(key: &Arc<CertifiedKey>, published: &str, words: &[&str]) {
    for proof in judged(key, published).await {
        let (leaf, sentence) = refused(proof);
        assert_eq!(leaf.unwrap().sha256, Sha256::of(&key.cert[0]));
        assert!(sentence.starts_with("handshake: "), "{sentence}");
        for word in words {
            assert!(sentence.contains(word), "{word:?} in {sentence}");
        }
    }
}

#[tokio::test]
async fn a_whole_chain_verifies_with_its_root_and_with_no_other() {
    let (ours, other) = (Authority::new("Ours"), Authority::new("Other"));
    let leaf = issued(&ours);
    let whole = key(&leaf.fullchain_pem(), &leaf);
    verifies(&whole, ours.ca_pem()).await;
    verifies(&whole, &[other.ca_pem(), ours.ca_pem()].concat()).await;
    fails(&whole, other.ca_pem(), &["issued by CN=Ours Root", "(CN=Other Root"]).await;
}

#[tokio::test]
async fn what_is_seen_is_told_with_its_dates() {
    let ours = Authority::new("Ours");
    let leaf = issued(&ours);
    let edge = instance(VERSIONS[1], key(&leaf.fullchain_pem(), &leaf));
    let seen = verified(proof(edge.address(), Protocol::Tls, &bundle(ours.ca_pem())).await);
    let told = (seen.sha256, seen.issued, seen.ends);
    assert_eq!(told, (leaf.sha256, Some(VALID.0), Some(VALID.1)));
}

#[tokio::test]
async fn an_intermediate_that_is_neither_sent_nor_published_is_named() {
    let ours = Authority::new("Ours");
    let leaf = issued(&ours);
    let alone = key(&leaf.leaf_pem, &leaf);
    let told = ["issued by CN=Ours Intermediate", "does not send", "(CN=Ours Root"];
    fails(&alone, ours.ca_pem(), &told).await;
}

#[tokio::test]
async fn an_intermediate_leads_to_its_root_and_is_none() {
    let (ours, other) = (Authority::new("Ours"), Authority::new("Other"));
    let leaf = issued(&ours);
    let told = ["no partial chains", "is an intermediate (CN=Ours Intermediate"];
    for sent in [&leaf.leaf_pem, &leaf.fullchain_pem()] {
        let sent = key(sent, &leaf);
        verifies(&sent, &[&ours.chain_pem(), ours.ca_pem()].concat()).await;
        fails(&sent, &ours.chain_pem(), &told).await;
        fails(&sent, &[&ours.chain_pem(), other.ca_pem()].concat(), &told).await;
    }
    let told = ["issued by CN=Ours Intermediate", "(CN=Other Intermediate"];
    fails(&key(&leaf.leaf_pem, &leaf), &other.chain_pem(), &told).await;
}

#[tokio::test]
async fn dates_are_those_of_the_given_moment() {
    let ours = Authority::new("Ours");
    let leaf = issued(&ours);
    let edge = instance(VERSIONS[1], key(&leaf.fullchain_pem(), &leaf));
    let at = |now| {
        let asked = InstanceProbe { probe: probe(edge.address()), protocol: Protocol::Tls };
        let published = bundle(ours.ca_pem());
        async move { prove(&asked, &published, now).await }
    };
    verified(at(VALID.0).await);
    verified(at(VALID.1).await);
    let (_, late) = refused(at(Time::from_secs(VALID.1.secs() + 1)).await);
    assert!(late.contains("CN=orders.internal expired on 2033-"), "{late}");
    let (_, early) = refused(at(Time::from_secs(VALID.0.secs() - 1)).await);
    assert!(early.contains("CN=orders.internal is not valid before 2027-"), "{early}");
    // The root's years end in 2096.
    let far = Time::from_secs(4_000_000_000);
    let old = ours.issue(&["orders.internal"], KeyKind::EcdsaP256, VALID.0, far);
    edge.present(certrotd::sim::edge::Presented {
        default: Some(key(&old.fullchain_pem(), &old)),
        named: Vec::new(),
    });
    let (_, gone) = refused(at(Time::from_secs(3_990_000_000)).await);
    assert!(gone.contains("no published CA is valid now (CN=Ours Root"), "{gone}");
}

/// Parameters of a certificate that is valid at [`NOW`], with this common name.
fn params(name: &str, ca: IsCa) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = ca;
    params.not_before = rcgen::date_time_ymd(2027, 2, 1);
    params.not_after = rcgen::date_time_ymd(2033, 2, 1);
    params
}

fn presented(certificate: &rcgen::Certificate, pair: &KeyPair) -> Arc<CertifiedKey> {
    certified(&certificate.pem(), &Secret::new(pair.serialize_pem())).unwrap()
}

#[tokio::test]
async fn a_self_signed_certificate_verifies_when_it_is_published_itself() {
    let pair = KeyPair::generate().unwrap();
    for ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let own = params("redis", ca).self_signed(&pair).unwrap();
        verifies(&presented(&own, &pair), &own.pem()).await;
        // The same name and key again: a client that has the former one does not take it for the latter.
        let renewed = params("redis", ca).self_signed(&pair).unwrap();
        let told = ["CN=redis is self-signed, and is not the published CA (CN=redis)"];
        fails(&presented(&renewed, &pair), &own.pem(), &told).await;
    }
}

fn unconstrained() -> IsCa {
    IsCa::Ca(BasicConstraints::Unconstrained)
}

fn root(name: &str, ca: IsCa, usages: &[KeyUsagePurpose]) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = params(name, ca);
    params.key_usages = usages.to_vec();
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

#[tokio::test]
async fn an_issuer_that_signed_itself_has_to_be_a_ca() {
    use KeyUsagePurpose::{CrlSign, DigitalSignature, KeyCertSign};
    let pair = KeyPair::generate().unwrap();
    let leaf = |issuer: &CertifiedIssuer<'static, KeyPair>| {
        let leaf = params("redis", IsCa::ExplicitNoCa).signed_by(&pair, issuer).unwrap();
        presented(&leaf, &pair)
    };
    for usages in [&[][..], &[KeyCertSign, CrlSign]] {
        let good = root("ours", unconstrained(), usages);
        verifies(&leaf(&good), &good.pem()).await;
    }
    for (ca, usages) in [
        (IsCa::NoCa, &[][..]),
        (IsCa::ExplicitNoCa, &[]),
        (unconstrained(), &[DigitalSignature, CrlSign]),
    ] {
        let odd = root("ours", ca, usages);
        fails(&leaf(&odd), &odd.pem(), &["(CN=ours) is not marked as one that may issue"]).await;
    }
}

#[tokio::test]
async fn a_leaf_that_is_marked_as_a_ca_verifies_where_its_issuer_is_published() {
    let [ours, namesake, other] =
        ["ours", "ours", "other"].map(|name| root(name, unconstrained(), &[]));
    let pair = KeyPair::generate().unwrap();
    let made = params("mongo", unconstrained()).signed_by(&pair, &ours).unwrap();
    let leaf = presented(&made, &pair);
    verifies(&leaf, &ours.pem()).await;
    fails(&leaf, &other.pem(), &["issued by CN=ours", "(CN=other)"]).await;
    fails(&leaf, &namesake.pem(), &["the published CA of that name has another key"]).await;
    // Published itself, it is no root either.
    fails(&leaf, &made.pem(), &["issued by CN=ours", "(CN=mongo)"]).await;
    verifies(&leaf, &(made.pem() + &ours.pem())).await;
}

#[tokio::test]
async fn a_leaf_that_is_marked_as_a_ca_may_stand_below_a_published_intermediate() {
    let ours = root("ours", unconstrained(), &[]);
    let own = KeyPair::generate().unwrap();
    let below = CertifiedIssuer::signed_by(params("below", unconstrained()), own, &ours).unwrap();
    let pair = KeyPair::generate().unwrap();
    let leaf = params("mongo", unconstrained()).signed_by(&pair, &below).unwrap();
    let leaf = presented(&leaf, &pair);
    verifies(&leaf, &(below.pem() + &ours.pem())).await;
    fails(&leaf, &below.pem(), &["is an intermediate (CN=below)"]).await;
}

#[tokio::test]
async fn a_ca_that_keeps_its_name_and_changes_its_key_is_told_from_another() {
    let (ours, namesake) = (Authority::new("Ours"), Authority::new("Ours"));
    let leaf = issued(&ours);
    let told = ["names CN=Ours Root", "the published CA of that name has another key"];
    fails(&key(&leaf.fullchain_pem(), &leaf), namesake.ca_pem(), &told).await;
}

#[tokio::test]
async fn a_server_without_the_key_of_its_leaf_is_refused_and_its_leaf_not_believed() {
    let ours = Authority::new("Ours");
    let (leaf, other) = (issued(&ours), issued(&ours));
    let stolen = key(&leaf.fullchain_pem(), &leaf).cert.clone();
    let forged = CertifiedKey::new(stolen, Arc::clone(&key(&other.leaf_pem, &other).key));
    for proof in judged(&Arc::new(forged), ours.ca_pem()).await {
        let (leaf, sentence) = refused(proof);
        assert_eq!(leaf, None);
        assert!(sentence.contains("does not hold the key"), "{sentence}");
    }
}

#[tokio::test]
async fn the_key_of_a_leaf_of_version_1_is_asked_for_as_well() {
    let der = CertificateDer::from_pem_slice(include_bytes!("../data/pem/rsa-v1.pem")).unwrap();
    let signer = |pem: &[u8]| {
        let key = PrivateKeyDer::from_pem_slice(pem).unwrap();
        default_provider().key_provider.load_private_key(key).unwrap()
    };
    let own = signer(include_bytes!("../data/pem/rsa.pkcs8.key"));
    let other = issued_rsa();
    let published = Authority::new("Other");
    let told = ["which is not the published CA"];
    fails(&Arc::new(CertifiedKey::new(vec![der.clone()], own)), published.ca_pem(), &told).await;
    let forged = CertifiedKey::new(vec![der], Arc::clone(&other.key));
    let told = ["the server has not proven that it holds the key", "RSA 2048"];
    fails(&Arc::new(forged), published.ca_pem(), &told).await;
}

fn issued_rsa() -> Arc<CertifiedKey> {
    let issued = Authority::new("Other").issue(&["other"], KeyKind::Rsa2048, VALID.0, VALID.1);
    key(&issued.leaf_pem, &issued)
}

#[tokio::test]
async fn many_published_cas_are_not_all_named() {
    let leaf = issued(&Authority::new("Ours"));
    let all: String =
        (0..5).map(|n| Authority::new(&format!("N{n}")).ca_pem().to_owned()).collect();
    let told = ["CN=N0 Root", "CN=N2 Root", "; and 2 more)"];
    fails(&key(&leaf.fullchain_pem(), &leaf), &all, &told).await;
}
