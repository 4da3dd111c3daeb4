//! What is sent, what is not, and which file and sentence say so.

use rcgen::KeyPair;

use super::*;
use crate::cert::{Finding, Pair, Role, read_pair, validity};

/// Reads a pair whose certificate file holds these, and returns what is wrong: role and sentence.
fn fault(cert: &str, key: &str, chain: Option<&str>) -> (Role, String) {
    let rejected = read_pair(cert.as_bytes(), key.as_bytes(), chain.map(str::as_bytes));
    let rejected = rejected.expect_err("should be rejected");
    assert_eq!(rejected.to_string(), rejected.finding.to_string());
    (rejected.role, rejected.to_string())
}

fn pair(cert: &str, key: &str, chain: Option<&str>) -> Pair {
    read_pair(cert.as_bytes(), key.as_bytes(), chain.map(str::as_bytes)).unwrap()
}

fn check(cert: &str, key: &str, role: Role, sentence: &str) {
    let (blamed, said) = fault(cert, key, None);
    assert!(said.contains(sentence), "{said:?} lacks {sentence:?}");
    assert_eq!(blamed, role, "{said}");
}

#[test]
fn every_framing_of_a_key_proves_its_leaf() {
    let chain = fixture!("intermediate.pem");
    let rsa = [fixture!("rsa.pkcs8.key"), fixture!("rsa.pkcs1.key")];
    let ec =
        [fixture!("ec.sec1.key"), fixture!("ec.pkcs8.key"), fixture!("ec.sec1-without-public.key")];
    let all = rsa.map(|key| (fixture!("rsa.pem"), key, "RSA 2048")).into_iter();
    let all = all.chain(ec.map(|key| (fixture!("ec.pem"), key, "ECDSA P-256")));
    for (cert, key, kind) in all.chain([
        (fixture!("p384.pem"), fixture!("p384.key"), "ECDSA P-384"),
        (fixture!("ed25519.pem"), fixture!("ed25519.key"), "Ed25519"),
    ]) {
        let read = pair(cert, key, Some(chain));
        assert_eq!(read.leaf.key, kind);
        let names = ["www.example.com", "example.com", "192.0.2.1", "2001:db8::1"];
        assert_eq!(read.leaf.names, names);
        assert_eq!(read.leaf.subject, "O=certrotd test data, CN=www.example.com");
        // What is sent is what OpenSSL wrote, without parameters and surrounding blanks.
        assert_eq!(read.material.certificate, cert.trim());
        assert_eq!(read.material.chain, chain.trim());
        let begin = key.find("PRIVATE KEY").and_then(|at| key[..at].rfind("-----BEGIN")).unwrap();
        assert_eq!(read.material.private_key.expose(), key[begin..].trim());
    }
}

#[test]
fn certificates_in_any_order_and_file_make_one_chain() {
    let root = root("root");
    let (outer, key) = (intermediate("outer", &root), KeyPair::generate().unwrap());
    let inner = intermediate("inner", &outer);
    let leaf = leaf(&key, &inner);
    let key = key.serialize_pem();
    let (root, outer, inner) = (root.pem(), outer.pem(), inner.pem());
    let expected = pair(&format!("{leaf}{inner}{outer}"), &key, None);
    assert_eq!(expected.material.chain, format!("{}\n{}", inner.trim(), outer.trim()));
    for (cert, chain) in [
        (format!("{root}{outer}{inner}{leaf}"), None),
        (format!("{leaf}{leaf}{inner}{inner}{outer}{root}"), None),
        (
            format!("\n\n text \r\n{leaf}").replace('\n', "\r\n"),
            Some(format!("{root}{outer}{inner}")),
        ),
        (format!("{leaf}{inner}"), Some(format!("{outer}{leaf}"))),
        (format!("{key}{leaf}{inner}{outer}"), None),
    ] {
        assert_eq!(pair(&cert, &key, chain.as_deref()), expected);
    }
}

#[test]
fn a_root_stays_when_it_is_all_the_chain_there_is() {
    let (root, key) = (root("root"), KeyPair::generate().unwrap());
    let read = pair(&(leaf(&key, &root) + &root.pem()), &key.serialize_pem(), None);
    assert_eq!(read.material.chain, root.pem().trim());
}

#[test]
fn the_newest_of_several_leaves_of_one_key_is_taken() {
    let (root, key) = (root("root"), KeyPair::generate().unwrap());
    let name = ["www.example.com".to_owned()];
    let old = leaf_with((2100, 2190), &name, &key, &root);
    let new = leaf_with((2101, 2180), &name, &key, &root);
    for text in [format!("{old}{new}"), format!("{new}{old}")] {
        let read = pair(&(text + &root.pem()), &key.serialize_pem(), None);
        assert_eq!(read.material.certificate, new.trim());
    }
}

#[test]
fn another_authority_of_the_same_name_is_not_the_issuer() {
    let (ours, theirs) = (root("root"), root("root"));
    let key = KeyPair::generate().unwrap();
    let leaf = leaf(&key, &ours);
    check(&(leaf.clone() + &theirs.pem()), &key.serialize_pem(), Role::Certificate, "chain gap");
    let both = leaf + &theirs.pem() + &ours.pem();
    let read = pair(&both, &key.serialize_pem(), None);
    assert_eq!(read.material.chain, ours.pem().trim());
}

#[test]
fn a_missing_link_is_named() {
    let root = root("root");
    let outer = intermediate("outer", &root);
    let inner = intermediate("inner", &outer);
    let key = KeyPair::generate().unwrap();
    let leaf = leaf(&key, &inner);
    let pem = key.serialize_pem();
    let gap = "chain gap: nothing here issued CN=inner (its issuer is CN=outer)";
    check(&(leaf.clone() + &inner.pem() + &root.pem()), &pem, Role::Certificate, gap);
    let (role, said) = fault(&leaf, &pem, Some(&outer.pem()));
    assert_eq!(role, Role::Chain);
    assert!(said.contains("nothing here issued CN=www.example.com"), "{said}");
    // Without the rest, nothing tells that more is missing: many roots issue their leaves' issuers.
    pair(&(leaf + &inner.pem()), &pem, None);
}

#[test]
fn what_the_certificate_manager_refuses_is_refused_here() {
    let key = fixture!("rsa.pkcs8.key");
    let full = |leaf: &str| format!("{leaf}{}", fixture!("intermediate.pem"));
    let good = full(fixture!("rsa.pem"));
    let (certificate, private) = (Role::Certificate, Role::Key);
    check(fixture!("rsa.pem"), key, certificate, "point `cert` at fullchain.pem");
    check(fixture!("intermediate.pem"), key, certificate, "holds only CA certificates");
    check(&good, fixture!("ec.pkcs8.key"), private, "does not belong to the leaf");
    check(&good, fixture!("rsa.encrypted.key"), private, "is encrypted");
    check(&good, fixture!("rsa.legacy-encrypted.key"), private, "is encrypted");
    check("", key, certificate, "is empty");
    check(&good, " \n", private, "is empty");
    check("garbage", key, certificate, "has no PEM in it");
    check(&good, "garbage", private, "has no PEM in it");
    check(key, key, certificate, "holds no certificate, only a private key");
    check(&good, &good, private, "holds no private key, only certificates");
    check(&good[..good.len() - 40], key, certificate, "is cut off");
    check(&good, &key[..key.len() - 40], private, "is cut off");
    check(&full(fixture!("rsa-trusted.pem")), key, certificate, "TRUSTED CERTIFICATE");
    check(&format!("\u{feff}{good}"), key, certificate, "byte-order mark");
    check(&good.replace("-----BEGIN", "  -----BEGIN"), key, certificate, "indented");
    check(&full(fixture!("rsa-sha1.pem")), key, certificate, "signed with SHA-1");
    check(&full(fixture!("rsa-md5.pem")), key, certificate, "signed with MD5");
    check(&full(fixture!("rsa-v1.pem")), key, certificate, "version 1");
    let damaged = good.replacen("MII", "AII", 1);
    check(&damaged, key, certificate, "certificate 1 in it cannot be parsed");
    check(&good, &key.replacen("MII", "AII", 1), private, "private key in it cannot be parsed");
}

#[test]
fn kinds_of_keys_that_are_not_taken_are_named() {
    for (cert, key, sentence) in [
        (fixture!("rsa1024.pem"), fixture!("rsa1024.key"), "RSA 1024 is weaker than the 2048 bits"),
        (fixture!("p521.pem"), fixture!("p521.key"), "ECDSA P-521 keys are not supported"),
        (fixture!("secp256k1.pem"), fixture!("secp256k1.key"), "ECDSA secp256k1 keys"),
        (fixture!("ed448.pem"), fixture!("ed448.key"), "Ed448 keys are not supported"),
        (fixture!("rsa-pss.pem"), fixture!("rsa-pss.key"), "RSA-PSS keys are not supported"),
        (fixture!("sm2.pem"), fixture!("sm2.key"), "SM2 keys are not supported"),
    ] {
        check(&format!("{cert}{}", fixture!("intermediate.pem")), key, Role::Key, sentence);
    }
}

#[test]
fn a_leaf_must_have_an_issuer_and_be_no_authority() {
    let key = KeyPair::generate().unwrap();
    let alone = params("www.example.com", YEARS).self_signed(&key).unwrap().pem();
    check(&alone, &key.serialize_pem(), Role::Certificate, "self-signed");
    let root = root("root");
    let authority = ca_params("sub", YEARS).signed_by(&key, &root).unwrap().pem();
    let text = authority + &root.pem();
    check(&text, &key.serialize_pem(), Role::Certificate, "belongs to a CA certificate (CN=sub)");
    let nameless = params("a name for people", YEARS).signed_by(&key, &root).unwrap().pem();
    let text = nameless + &root.pem();
    check(&text, &key.serialize_pem(), Role::Certificate, "names no DNS name");
}

#[test]
fn an_issuer_too_weak_for_clients_is_named() {
    // Signed by a namesake with another kind of key: such a signature cannot be checked, and is believed.
    let (namesake, key) = (root("certrotd test ca-rsa1024"), KeyPair::generate().unwrap());
    let text = leaf(&key, &namesake) + fixture!("ca-rsa1024.pem");
    let weak = "RSA 1024 is weaker than the 2048 bits";
    check(&text, &key.serialize_pem(), Role::Certificate, weak);
}

#[test]
fn an_issuer_that_is_marked_as_no_authority_is_named() {
    let key = KeyPair::generate().unwrap();
    let plain = params("plain", YEARS);
    let issuer = CertifiedIssuer::self_signed(plain, KeyPair::generate().unwrap()).unwrap();
    let text = leaf(&key, &issuer) + &issuer.pem();
    check(&text, &key.serialize_pem(), Role::Certificate, "CN=plain issued CN=www.example.com");
}

#[test]
fn no_input_panics() {
    let full = format!("{}{}", fixture!("ec.pem"), fixture!("intermediate.pem")).into_bytes();
    let key = fixture!("ec.sec1.key").as_bytes();
    for at in 0..full.len() {
        let mut flipped = full.clone();
        flipped[at] ^= 0x5b;
        let _ = read_pair(&flipped, key, None);
    }
    for at in 0..key.len() {
        let mut flipped = key.to_vec();
        flipped[at] ^= 0x5b;
        let _ = read_pair(&full, &flipped, None);
        let _ = read_pair(&full, &key[..at], None);
    }
}

#[test]
fn what_is_sent_keeps_within_the_limits_of_the_import_call() {
    let (root, key) = (root("root"), KeyPair::generate().unwrap());
    let names = |count: usize| -> Vec<String> {
        (0..count).map(|at| format!("host-{at:03}.example.com")).collect()
    };
    let long = leaf_with(YEARS, &names(150), &key, &root) + &root.pem();
    let (role, said) = fault(&long, &key.serialize_pem(), None);
    assert_eq!(role, Role::Certificate);
    assert!(said.starts_with("certificate is ") && said.ends_with("takes 4096"), "{said}");

    let mut chain: Vec<Authority> = vec![root];
    for at in 0..18 {
        let next = intermediate(&format!("authority {at}"), &chain[at]);
        chain.push(next);
    }
    let text: String = chain.iter().map(|one| one.pem()).collect();
    let leaf = leaf(&key, &chain[18]);
    let (role, said) = fault(&leaf, &key.serialize_pem(), Some(&text));
    assert_eq!(role, Role::Chain);
    assert!(said.starts_with("chain is ") && said.ends_with("takes 8192"), "{said}");
}

#[test]
fn dates_are_judged_apart() {
    let (root, key) = (root("root"), KeyPair::generate().unwrap());
    let read = pair(&(leaf(&key, &root) + &root.pem()), &key.serialize_pem(), None);
    let facts = read.leaf;
    assert_eq!(validity(&facts, NOW), None);
    assert_eq!(validity(&facts, facts.not_before), None);
    assert_eq!(validity(&facts, facts.not_after), None);
    let said = |now| validity(&facts, now).map(|finding| finding.to_string()).unwrap_or_default();
    assert_eq!(said(Time::from_secs(10_000_000_000)), "expired on 2200-01-01T00:00:00Z");
    assert!(said(Time::from_secs(0)).starts_with("not valid before 2100-01-01T00:00:00Z"));
}

#[test]
fn nothing_of_the_key_shows_and_facts_survive_the_journal() {
    let (root, key) = (root("root"), KeyPair::generate().unwrap());
    let secret = key.serialize_pem();
    let read = pair(&(leaf(&key, &root) + &root.pem()), &secret, None);
    let shown = format!("{read:?}");
    assert!(secret.lines().filter(|line| line.len() > 30).all(|line| !shown.contains(line)));
    let text = serde_json::to_string(&read.leaf).unwrap();
    assert_eq!(serde_json::from_str::<crate::cert::LeafFacts>(&text).unwrap(), read.leaf);
    let finding = Finding::Expired { on: NOW };
    let text = serde_json::to_string(&finding).unwrap();
    assert_eq!(serde_json::from_str::<Finding>(&text).unwrap(), finding);
}
