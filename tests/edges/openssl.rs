//! `openssl s_client` and our probe look at the same edges. Where there is no `openssl`, these tests say
//! so and end.

use std::net::SocketAddr;
use std::process::Stdio;

use certrotd::model::digest::Sha256;
use certrotd::model::secret::Secret;
use certrotd::observe::served::Family;
use certrotd::sim::edge::{Edge, Misbehaviour, certified};
use certrotd::sim::pki::{Authority, KeyKind};
use rcgen::{CertificateParams, KeyPair};
use tokio::process::Command;

use super::bench::*;

/// The signatures that a client of each family offers to check, as `openssl` calls them.
const SIGNATURES: [(Family, &str); 3] = [
    (Family::Rsa, "rsa_pss_rsae_sha256:RSA+SHA256"),
    (Family::Ecdsa, "ECDSA+SHA256:ECDSA+SHA384"),
    (Family::Ed25519, "ed25519"),
];

/// Whether there is an `openssl` here; otherwise says so.
#[expect(clippy::print_stdout, reason = "a test that is skipped must not look like one that ran")]
pub fn missing() -> bool {
    let found = std::process::Command::new("openssl").arg("version").output();
    if found.is_err() {
        println!("skipped: no openssl");
    }
    found.is_err()
}

/// What `s_client` was sent: leaf first, then the rest.
async fn openssl(address: SocketAddr, version: &str, signatures: Option<&str>) -> Vec<Sha256> {
    let address = address.to_string();
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &address, "-servername", NAME, version, "-showcerts"]);
    if let Some(signatures) = signatures {
        command.args(["-sigalgs", signatures]);
    }
    let said = command.stdin(Stdio::null()).output().await.unwrap();
    fingerprints(&String::from_utf8_lossy(&said.stdout))
}

async fn agree(edge: &Edge, version: &str, what: &str) -> Vec<Sha256> {
    let ours = served(look_at(edge.address(), Some(NAME), Family::Ecdsa).await);
    let theirs = openssl(edge.address(), version, None).await;
    assert_eq!(ours, theirs, "{what}, {version}");
    ours
}

fn self_signed() -> (String, Secret) {
    let key = KeyPair::generate().unwrap();
    let made = CertificateParams::new(vec![NAME.to_owned()]).unwrap().self_signed(&key).unwrap();
    (made.pem(), Secret::new(key.serialize_pem()))
}

#[tokio::test]
async fn both_see_the_same_leaf_whatever_is_wrong_with_it() {
    if missing() {
        return;
    }
    let authority = Authority::new("Edges");
    let leaf = |name, (from, to)| authority.issue(&[name], KeyKind::EcdsaP256, from, to);
    let (sound, expired) = (leaf(NAME, VALID), leaf(NAME, EXPIRED));
    let (other_name, own) = (leaf("other.example", VALID), self_signed());
    let own_key = certified(&own.0, &own.1).unwrap();
    let edges = [
        ("sound", whole(&sound), fingerprints(&sound.fullchain_pem())),
        ("expired", whole(&expired), fingerprints(&expired.fullchain_pem())),
        ("self-signed", own_key, fingerprints(&own.0)),
        ("wrong name", whole(&other_name), fingerprints(&other_name.fullchain_pem())),
        ("incomplete chain", alone(&sound), vec![sound.sha256]),
    ];
    for (version, option) in VERSIONS {
        for (what, key, sent) in &edges {
            let edge = edge(version, always(key.clone()));
            assert_eq!(agree(&edge, option, what).await, *sent, "{what}, {option}");
        }
    }
}

#[tokio::test]
async fn both_see_the_same_garbage_and_neither_a_leaf_in_noise() {
    if missing() {
        return;
    }
    for (version, option) in VERSIONS {
        let edge = edge(version, always(whole(&issued(NAME, KeyKind::EcdsaP256))));
        edge.misbehave(Some(Misbehaviour::Garbage));
        agree(&edge, option, "garbage").await;
        for how in [Misbehaviour::NotTls, Misbehaviour::Closed] {
            edge.misbehave(Some(how));
            broken(look_at(edge.address(), Some(NAME), Family::Ecdsa).await);
            assert_eq!(openssl(edge.address(), option, None).await, [], "{how:?}, {option}");
        }
    }
}

#[tokio::test]
async fn both_are_given_the_family_that_they_ask_for() {
    if missing() {
        return;
    }
    let all = FAMILIES.map(|(_, kind)| issued(NAME, kind));
    for (version, option) in VERSIONS {
        let edge = edge(version, side_by_side(&[&all[0], &all[1], &all[2]]));
        for ((family, signatures), issued) in SIGNATURES.into_iter().zip(&all) {
            let ours = served(look_at(edge.address(), Some(NAME), family).await);
            let theirs = openssl(edge.address(), option, Some(signatures)).await;
            assert_eq!(ours, theirs, "{family:?}, {option}");
            assert_eq!(ours[0], issued.sha256, "{family:?}, {option}");
        }
    }
}
