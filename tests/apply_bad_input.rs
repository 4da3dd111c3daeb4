//! Files that must not be sent: each is held with its sentence, and the other rotation goes on.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::fs;
use std::process::Command;
use std::time::Duration;

use certrotd::sim::pki::{Issued, KeyKind};
use common::{House, NAMES, now};

const BAD: &str = NAMES[0];

/// Puts something bad in the place of the first pair and expects its sentence.
#[track_caller]
fn held(sentence: &str, spoil: impl FnOnce(&House, &Issued)) {
    let house = House::new();
    let issued = house.issue(BAD, KeyKind::Rsa2048, 10);
    house.put(BAD, &issued);
    spoil(&house, &issued);
    let ran = house.run(&["apply"]).ends_with(1);
    assert!(ran.stdout.contains(sentence), "no {sentence:?} in\n{}", ran.stdout);
    assert!(ran.stdout.contains(house.live(BAD).to_str().unwrap()), "no file in\n{}", ran.stdout);
    assert!(ran.stderr.contains("\"event\":\"certificate.rejected\""));
    assert_eq!(house.writes(), [1, 3, 1], "the other rotation goes on");
    assert!(house.sim.imports()[0].name.starts_with(NAMES[1]));
}

#[test]
fn a_torn_pair() {
    held("does not belong to the leaf", |house, issued| {
        let other = house.issue(BAD, KeyKind::Rsa2048, 5);
        house.put_files(BAD, &issued.fullchain_pem(), other.key_pem.expose());
    });
}

#[test]
fn a_leaf_alone() {
    held("point `cert` at fullchain.pem", |house, issued| {
        house.put_files(BAD, &issued.leaf_pem, issued.key_pem.expose());
    });
}

#[test]
fn garbage_and_emptiness() {
    held("no PEM", |house, issued| house.put_files(BAD, "garbage", issued.key_pem.expose()));
    held("is empty", |house, issued| house.put_files(BAD, "\n", issued.key_pem.expose()));
    held("is empty", |house, issued| house.put_files(BAD, &issued.fullchain_pem(), ""));
}

#[test]
fn a_missing_file() {
    held("cannot be read", |house, _| {
        fs::remove_file(house.live(BAD).join("privkey.pem")).unwrap();
    });
}

#[test]
fn an_encrypted_key() {
    held("encrypted", |house, issued| {
        let (plain, locked) = (house.scratch.path("plain.pem"), house.scratch.path("locked.pem"));
        fs::write(&plain, issued.key_pem.expose()).unwrap();
        let done = Command::new("openssl")
            .args(["pkey", "-aes256", "-passout", "pass:test", "-in"])
            .arg(&plain)
            .arg("-out")
            .arg(&locked)
            .status();
        let text = match done {
            Ok(status) if status.success() => fs::read_to_string(&locked).unwrap(),
            // Without openssl the frame alone must do: it is what tells.
            _ => issued.key_pem.expose().replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
        };
        house.put_files(BAD, &issued.fullchain_pem(), &text);
    });
}

#[test]
fn dates() {
    let day = Duration::from_secs(86_400);
    held("expired", |house, _| {
        let issued =
            house.authority.issue(&["a.b"], KeyKind::EcdsaP256, now() - day * 9, now() - day);
        house.put(BAD, &issued);
    });
    held("not valid before", |house, _| {
        let issued =
            house.authority.issue(&["a.b"], KeyKind::EcdsaP256, now() + day, now() + day * 9);
        house.put(BAD, &issued);
    });
}

#[test]
fn weak_keys_and_signatures() {
    let data = |name: &str| {
        let path = format!("{}/tests/data/pem/{name}", env!("CARGO_MANIFEST_DIR"));
        fs::read_to_string(path).unwrap()
    };
    for (sentence, cert, key) in [
        ("RSA 1024", "rsa1024.pem", "rsa1024.key"),
        ("SHA-1", "rsa-sha1.pem", "rsa.pkcs8.key"),
        ("MD5", "rsa-md5.pem", "rsa.pkcs8.key"),
    ] {
        held(sentence, |house, _| {
            let chain = format!("{}{}", data(cert), data("intermediate.pem"));
            house.put_files(BAD, &chain, &data(key));
        });
    }
}

#[test]
fn a_chain_with_a_gap() {
    held("chain", |house, issued| {
        let stranger = certrotd::sim::pki::Authority::new("Stranger");
        let text = format!("{}{}", issued.leaf_pem, stranger.ca_pem());
        house.put_files(BAD, &text, issued.key_pem.expose());
    });
}

#[test]
fn a_name_that_a_probe_needs() {
    held("does not cover other.example.com, which probe other.example.com@", |house, _| {
        let probe = "probe = [\"other.example.com@127.0.0.1:1\"]";
        let service = "service = \"elb\"\n";
        let config = house.config().replacen(service, &format!("{service}{probe}\n"), 1);
        fs::write(house.config_path(), config).unwrap();
        let checked = house.run(&["check"]).ends_with(1);
        assert!(checked.stdout.contains("does not cover"), "{}", checked.stdout);
    });
}

#[test]
fn more_than_the_certificate_manager_takes() {
    held("4096", |house, _| {
        let names: Vec<_> = (0..150).map(|n| format!("host-{n}.long.example.com")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let day = Duration::from_secs(86_400);
        let issued = house.authority.issue(&names, KeyKind::EcdsaP256, now(), now() + day * 9);
        house.put(BAD, &issued);
    });
}

#[test]
fn an_older_leaf_is_never_sent() {
    let house = House::new();
    house.run(&["apply"]).ends_with(0);
    house.put(BAD, &house.issue(BAD, KeyKind::Rsa2048, 600));
    let ran = house.run(&["apply"]).ends_with(1);
    assert!(ran.stdout.contains("--allow-older"), "{}", ran.stdout);
    assert_eq!(house.writes(), [2, 6, 1]);
    house.run(&["apply", "--allow-older", BAD]).ends_with(0);
    assert_eq!(house.writes(), [3, 9, 1]);
    house.run(&["apply"]).ends_with(0);
    assert_eq!(house.writes(), [3, 9, 1]);
    // Leave that was not needed does not lie about for a later leaf.
    house.run(&["apply", "--allow-older", BAD]).ends_with(0);
    house.put(BAD, &house.issue(BAD, KeyKind::Rsa2048, 900));
    house.run(&["apply"]).ends_with(1);
    assert_eq!(house.writes(), [3, 9, 1]);
}
