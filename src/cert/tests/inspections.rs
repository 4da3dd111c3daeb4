//! What a person or a script is told about a file.

use rcgen::CustomExtension;
use serde_json::json;

use super::*;
use crate::cert::archive::tests::pack;
use crate::cert::ca::read_all;
use crate::cert::inspect::{Inspection, inspect, match_keys, text};

const FULL: &str = concat!(
    include_str!("../../../tests/data/pem/rsa.pem"),
    include_str!("../../../tests/data/pem/intermediate.pem")
);

fn file(text: &str) -> Inspection {
    inspect("some.pem", text.as_bytes(), THEN)
}

fn findings(text: &str) -> Vec<String> {
    file(text).findings.iter().map(ToString::to_string).collect()
}

#[test]
fn the_json_has_the_documented_shape() {
    let found = file(&format!("{FULL}{}", fixture!("rsa.pkcs8.key")));
    let value = serde_json::to_value(&found).unwrap();
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["certificates", "error", "file", "findings", "key", "warnings"]);
    assert_eq!(value["key"], json!({ "algorithm": "RSA 2048", "matches": true }));
    assert_eq!(value["findings"], json!([]));
    assert_eq!(value["error"], json!(null));
    let leaf = &value["certificates"][0];
    let sans = json!(["www.example.com", "example.com", "192.0.2.1", "2001:db8::1"]);
    assert_eq!(leaf["sans"], sans);
    assert_eq!(leaf["issuer"], "CN=certrotd test intermediate");
    assert_eq!(leaf["key"], "RSA 2048");
    assert_eq!(leaf["sha256"].as_str().unwrap().len(), 64);
    let serial = leaf["serial"].as_str().unwrap();
    assert!(!serial.starts_with('0') && serial.chars().all(|c| "0123456789abcdef".contains(c)));
    assert!(leaf["not_after"].as_str().unwrap().ends_with('Z'));
    assert!(value["certificates"][1]["sans"].as_array().unwrap().is_empty());
}

#[test]
fn what_is_wrong_is_found_file_by_file() {
    assert_eq!(findings(FULL), [""; 0]);
    assert_eq!(findings(fixture!("root.pem")), [""; 0]);
    assert_eq!(findings(fixture!("ec.sec1.key")), [""; 0]);
    for (text, sentence) in [
        (fixture!("rsa.pem"), "holds the leaf alone"),
        (fixture!("rsa.encrypted.key"), "is encrypted"),
        (fixture!("rsa-trusted.pem"), "TRUSTED CERTIFICATE"),
        (fixture!("rsa-sha1.pem"), "SHA-1"),
        (fixture!("rsa1024.key"), "RSA 1024 is weaker"),
        (fixture!("secp256k1.pem"), "secp256k1"),
    ] {
        let found = findings(text);
        assert!(found.iter().any(|one| one.contains(sentence)), "{found:?} lacks {sentence:?}");
    }
    for (text, error) in
        [("", "is empty"), ("x", "has no PEM in it: no line begins with `-----BEGIN`")]
    {
        let found = file(text);
        assert_eq!(found.error.as_deref(), Some(error));
        assert!(!found.is_clean());
    }
    let late = inspect("x", FULL.as_bytes(), Time::from_secs(6_000_000_000));
    let late: Vec<_> = late.findings.iter().map(ToString::to_string).collect();
    assert!(late[0].starts_with("CN=certrotd test intermediate expired on "), "{late:?}");
    assert!(late[1].starts_with("expired on "), "{late:?}");
}

#[test]
fn a_leaf_in_der_is_shown_and_named() {
    let root = root("root");
    let own = leaf(&KeyPair::generate().unwrap(), &root);
    let der = read_all(own.as_bytes()).unwrap().remove(0).der;
    let found = inspect("leaf.der", &der, NOW);
    assert_eq!(found.certificates[0].subject, "CN=www.example.com");
    assert!(found.findings[0].to_string().contains("DER"));
}

/// What is said of a CA as it is downloaded, and how many certificates are shown.
fn published(bytes: &[u8]) -> (usize, Vec<String>) {
    let found = inspect("ca.zip", bytes, NOW);
    let said = found.findings.iter().map(ToString::to_string).chain(found.error.clone()).collect();
    (found.certificates.len(), said)
}

#[test]
fn an_archive_and_a_ca_in_der_are_judged_as_a_ca_is() {
    let (one, two) = (root("one"), root("two"));
    let packed = [("ca.pem", one.pem()), ("ca-bundle.pem", one.pem() + &two.pem())];
    let packed: Vec<_> = packed.iter().map(|(name, pem)| (*name, pem.as_bytes())).collect();
    let clean = Vec::<String>::new();
    assert_eq!(published(&pack(&packed)), (2, clean.clone()), "each of them once");
    assert_eq!(published(one.der()), (1, clean.clone()));
    // What an instance presents may be its own CA.
    let own = params("redis", YEARS).self_signed(&KeyPair::generate().unwrap()).unwrap();
    assert_eq!(published(own.der()), (1, clean));
}

#[test]
fn what_is_wrong_with_a_published_ca_is_found() {
    let make = |years| {
        let key = KeyPair::generate().unwrap();
        ca_params("old", years).self_signed(&key).unwrap().pem()
    };
    let root = root("root");
    let leaf = leaf(&KeyPair::generate().unwrap(), &root);
    let mut damaged = root.der().to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    for (text, words) in [
        (make((2090, 2095)), "CN=old expired on 2095"),
        (make((2150, 2160)), "CN=old is not valid before 2150"),
        (leaf, "holds no CA certificate"),
        (fixture!("ca-rsa1024.pem").to_owned(), "RSA 1024 is weaker"),
    ] {
        let (shown, said) = published(&pack(&[("ca.pem", text.as_bytes())]));
        assert_eq!(shown, 1);
        assert!(said.iter().any(|one| one.contains(words)), "{said:?} lacks {words:?}");
    }
    for (bytes, words) in [
        (pack(&[("../ca.pem", root.pem().as_bytes())]), "unsafe name"),
        (pack(&[("readme", b"x")]), "holds no certificate"),
        (pack(&[("ca.pem", root.pem().as_bytes())])[..100].to_vec(), "cut off"),
        (root.der()[..100].to_vec(), "is cut off"),
        (damaged, "is not its own"),
    ] {
        let (_, said) = published(&bytes);
        assert!(said.iter().any(|one| one.contains(words)), "{said:?} lacks {words:?}");
    }
}

#[test]
fn a_key_is_matched_with_the_leaf_of_another_file() {
    let matched = |cert: &str, key: &str| {
        let mut files = [file(cert), file(key)];
        match_keys(&mut files);
        let wrong = files[1].findings.iter().any(|one| one.to_string().contains("does not belong"));
        let matches = files[1].key.as_ref().unwrap().matches;
        assert_eq!(wrong, !matches);
        matches
    };
    assert!(matched(FULL, fixture!("rsa.pkcs1.key")));
    assert!(!matched(FULL, fixture!("ec.sec1.key")));
    // Kinds that are refused are still told apart.
    assert!(matched(fixture!("rsa1024.pem"), fixture!("rsa1024.key")));
    assert!(matched(fixture!("secp256k1.pem"), fixture!("secp256k1.key")));
    assert!(!matched(fixture!("rsa1024.pem"), fixture!("secp256k1.key")));
    // Where nothing can be told, nothing is claimed.
    let odd = findings(&format!("{}{}", fixture!("ed448.pem"), fixture!("ed448.key")));
    assert!(odd.iter().all(|one| !one.contains("does not belong")), "{odd:?}");
    // What is wrong with the certificate beside a key stays, whatever the key.
    let own = KeyPair::generate().unwrap();
    let alone = params("www.example.com", YEARS).self_signed(&own).unwrap().pem();
    for key in [own.serialize_pem(), KeyPair::generate().unwrap().serialize_pem()] {
        let found = findings(&(alone.clone() + &key));
        assert_eq!(found.iter().filter(|one| one.contains("self-signed")).count(), 1, "{found:?}");
    }
    // Alone, nothing is known, and nothing is wrong.
    let alone = file(fixture!("rsa.pkcs8.key"));
    assert!(alone.is_clean() && !alone.key.as_ref().unwrap().matches);
    assert!(text(&alone).contains("not compared with any certificate"));
}

#[test]
fn the_text_is_for_people() {
    let shown = text(&file(FULL));
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "some.pem");
    assert_eq!(lines[1], "  leaf         O=certrotd test data, CN=www.example.com");
    assert_eq!(lines[2], "    issuer     CN=certrotd test intermediate");
    assert!(lines[4].contains(" days left)"), "{shown}");
    assert_eq!(*lines.last().unwrap(), "  ✓ nothing wrong with it");
    assert!(
        text(&Inspection::unreadable("x", "permission denied")).contains("✗ permission denied")
    );
}

#[test]
fn control_characters_of_a_certificate_reach_no_terminal() {
    let key = KeyPair::generate().unwrap();
    let evil = params("x\u{1b}[2J\nfake line", YEARS).signed_by(&key, &root("root")).unwrap();
    let shown = text(&inspect("x", evil.pem().as_bytes(), NOW));
    assert!(shown.contains("CN=x\\x1b[2J\\x0afake line"), "{shown}");
}

#[test]
fn an_extension_that_cannot_be_read_is_not_passed_over() {
    let key = KeyPair::generate().unwrap();
    for (oid, why) in [
        (15, "its key usage is damaged"),
        (17, "its subject alternative names are damaged"),
        (19, "its basic constraints are damaged"),
    ] {
        let mut params = params("www.example.com", YEARS);
        // An octet string that ends before it has begun.
        params.custom_extensions =
            vec![CustomExtension::from_oid_content(&[2, 5, 29, oid], vec![0x30, 0x7f])];
        let pem = params.signed_by(&key, &root("Root")).unwrap().pem();
        let found = inspect("a.pem", pem.as_bytes(), NOW);
        assert!(found.certificates.is_empty());
        assert!(
            found.findings.iter().any(|it| it.to_string().contains(why)),
            "{:?}",
            found.findings
        );
    }
}
