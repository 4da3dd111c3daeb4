//! Our probe looks at a server that shares no code with us: `openssl s_server`.

use std::net::SocketAddr;
use std::process::Stdio;

use certrotd::model::digest::Sha256;
use certrotd::observe::served::Family;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::bench::*;
use super::openssl::missing;

/// A certificate and its key, among the files that come with the tests.
type Files = (&'static str, &'static str);

const RSA: Files = ("rsa.pem", "rsa.pkcs8.key");
const ECDSA: Files = ("ec.pem", "ec.pkcs8.key");
const RSA_1024: Files = ("rsa1024.pem", "rsa1024.key");

fn file(name: &str) -> String {
    format!("{}/tests/data/pem/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn leaf(name: &str) -> Sha256 {
    fingerprints(&std::fs::read_to_string(file(name)).unwrap())[0]
}

/// A server of this version with these pairs side by side. It ends when it is dropped.
async fn server(version: &str, one: Files, other: Option<Files>) -> (Child, SocketAddr) {
    let mut command = Command::new("openssl");
    // Level 0 lets it sign with keys that nobody should have any more.
    command.args(["s_server", "-accept", "127.0.0.1:0", "-cipher", "ALL@SECLEVEL=0", version]);
    command.args(["-cert", &file(one.0), "-key", &file(one.1)]);
    if let Some(other) = other {
        command.args(["-dcert", &file(other.0), "-dkey", &file(other.1)]);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    loop {
        let line = lines.next_line().await.unwrap().expect("the server says where it listens");
        if let Some(address) = line.strip_prefix("ACCEPT ") {
            return (child, address.parse().unwrap());
        }
    }
}

#[tokio::test]
async fn of_two_families_the_preferred_one_is_presented() {
    if missing() {
        return;
    }
    for (_, version) in VERSIONS {
        for (one, other) in [(RSA, ECDSA), (ECDSA, RSA)] {
            let (_child, address) = server(version, one, Some(other)).await;
            for (family, files) in [(Family::Rsa, RSA), (Family::Ecdsa, ECDSA)] {
                let found = served(look_at(address, Some(NAME), family).await);
                assert_eq!(found[0], leaf(files.0), "{version} {family:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_server_without_the_preferred_family_is_asked_again() {
    if missing() {
        return;
    }
    for (_, version) in VERSIONS {
        let (_child, address) = server(version, ECDSA, None).await;
        let found = served(look_at(address, None, Family::Rsa).await);
        assert_eq!(found[0], leaf(ECDSA.0), "{version}");
    }
}

#[tokio::test]
async fn a_key_too_short_to_check_is_still_a_leaf() {
    if missing() {
        return;
    }
    for (_, version) in VERSIONS {
        let (_child, address) = server(version, RSA_1024, None).await;
        let found = served(look_at(address, None, Family::Rsa).await);
        assert_eq!(found[0], leaf(RSA_1024.0), "{version}");
    }
}
