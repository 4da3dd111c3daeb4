//! What instances publish: archives, PEM, DER, and what proxies answer in their place.

use super::*;
use crate::cert::archive::tests::pack;
use crate::cert::{CA_INPUT_BYTES_MAX, Finding, ca_validity, fit, is_anchor, read_ca};

fn said(bytes: &[u8]) -> String {
    read_ca(bytes).expect_err("should be refused").to_string()
}

#[test]
fn archive_pem_and_der_of_one_ca_are_one_bundle() {
    let root = root("instance CA");
    let pem = root.pem();
    let bundle = read_ca(pem.as_bytes()).unwrap();
    assert_eq!(bundle.pem, format!("{}\n", pem.replace("\r\n", "\n").trim()));
    assert_eq!(bundle.certificates[0].subject, "CN=instance CA");
    let noise = [
        ("error.json", &b"{\"error_code\":\"DCS.5010\"}"[..]),
        ("readme.html", b"<html></html>"),
        ("__MACOSX/._ca.crt", b"\0\x05\x16\x07"),
        ("README.txt", b"how to use it"),
        ("ca.jks", b"\xfe\xed\xfe\xed"),
        ("ca.p12", b"0\x82\x01\0"),
        ("empty", b""),
    ];
    let mut packed = noise.to_vec();
    packed.push(("some/where/ca.crt", pem.as_bytes()));
    packed.push(("else/where/ca.der", root.der()));
    let windows = pem.replace('\n', "\r\n");
    for same in [&pack(&packed), root.der().as_ref(), windows.as_bytes()] {
        assert_eq!(read_ca(same).unwrap(), bundle);
    }
}

#[test]
fn every_authority_is_kept_once_and_nothing_else() {
    let (one, two) = (root("one"), root("two"));
    let key = KeyPair::generate().unwrap();
    let text = leaf(&key, &one) + &two.pem() + &key.serialize_pem() + &one.pem() + &two.pem();
    let bundle = read_ca(text.as_bytes()).unwrap();
    let subjects: Vec<_> = bundle.certificates.iter().map(|found| &found.subject).collect();
    assert_eq!(subjects, ["CN=two", "CN=one"]);
    assert!(!bundle.pem.contains("PRIVATE"));
    // Entries of an archive count by name, whatever their order in it.
    let (first, second) = (one.pem(), two.pem());
    let there = pack(&[("a.crt", first.as_bytes()), ("b.crt", second.as_bytes())]);
    let back = pack(&[("b.crt", second.as_bytes()), ("a.crt", first.as_bytes())]);
    assert_eq!(read_ca(&there), read_ca(&back));
}

#[test]
fn what_is_no_ca_is_refused_with_a_reason() {
    let root = root("root");
    let pem = root.pem();
    assert_eq!(read_ca(b""), Err(Finding::Empty));
    assert_eq!(read_ca(b"\r\n \n"), Err(Finding::Empty));
    assert_eq!(read_ca(b"not a certificate"), Err(Finding::NoPem));
    for page in [
        "\n<!DOCTYPE html><html></html>",
        "\u{feff}<?xml version=\"1.0\"?><Error><Code>AccessDenied",
    ] {
        assert_eq!(read_ca(page.as_bytes()), Err(Finding::Html));
    }
    for message in ["{\"error_code\":\"DCS.5010\"}", " []"] {
        assert_eq!(read_ca(message.as_bytes()), Err(Finding::Json));
    }
    let der = root.der();
    for has in [20, 100, der.len() - 1] {
        let cut = Finding::TruncatedDer { wanted: der.len(), has };
        assert_eq!(read_ca(&der[..has]), Err(cut));
    }
    let longer = [der.as_ref(), b"x"].concat();
    assert!(said(&longer).contains("certificate 1 in it cannot be parsed: bytes follow"));
    for foreign in [&b"0\x82\x01\0\x02\x01\x03"[..], b"0", b"0\x80", b"0\x03der", &[0x30; 64]] {
        assert_eq!(read_ca(foreign), Err(Finding::ForeignDer));
    }
    assert!(said(b"\x1f\x8b\x08\0").contains("of another kind than zip"));
    assert!(said(&pem.as_bytes()[..200]).contains("is cut off"));
    let two = pem.clone() + &pem.replacen("MII", "AII", 1);
    assert!(said(two.as_bytes()).contains("certificate 2 in it cannot be parsed"));
    let key = KeyPair::generate().unwrap();
    assert_eq!(read_ca(leaf(&key, &root).as_bytes()), Err(Finding::NoCa));
    assert!(said(key.serialize_pem().as_bytes()).contains("only a private key"));
    let huge = vec![b' '; CA_INPUT_BYTES_MAX + 1];
    assert_eq!(read_ca(&huge), Err(Finding::TooLarge { max: CA_INPUT_BYTES_MAX }));
}

#[test]
fn archives_are_read_within_bounds() {
    let pem = root("root").pem();
    assert!(said(&pack(&[])).contains("holds no certificate"));
    assert!(said(&pack(&[("readme", b"x")])).contains("holds no certificate"));
    let bomb = pack(&[("ca.crt", pem.as_bytes()), ("bomb", &vec![0; (1 << 20) + 1])]);
    assert!(bomb.len() < 10_000, "a bomb is small");
    assert!(said(&bomb).contains("unpacks to more"));
    let fat = vec![0; 1 << 20];
    assert!(said(&pack(&[("a", &fat), ("b", &fat), ("c", b"x")])).contains("unpacks to more"));
    let names: Vec<String> = (0..65).map(|at| at.to_string()).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), pem.as_bytes())).collect();
    assert!(said(&pack(&many)).contains("more than 64 entries"));
    let broken = pack(&[("ca.crt", &pem.as_bytes()[..200])]);
    assert!(said(&broken).contains("is cut off"), "a damaged CA in an archive is not passed over");
    let broken = pack(&[("ca.der", &root("root").der()[..200])]);
    assert!(said(&broken).contains("is cut off"), "in DER neither");
    let crowd = pem.repeat(300);
    let crowd = pack(&[("a", crowd.as_bytes()), ("b", crowd.as_bytes())]);
    assert_eq!(read_ca(&crowd), Err(Finding::TooManyBlocks { max: 512 }));
}

#[test]
fn a_ca_that_names_itself_has_signed_itself() {
    let good = root("root");
    let mut der = good.der().to_vec();
    let last = der.len() - 1;
    der[last] ^= 1;
    assert_eq!(read_ca(&der), Err(Finding::DamagedCa { subject: "CN=root".to_owned() }));
    // A key that was exchanged: the new certificate is signed by the old key, under the same name.
    let (before, key) = (root("same"), KeyPair::generate().unwrap());
    let after = ca_params("same", YEARS).signed_by(&key, &before).unwrap().pem();
    assert!(read_ca((after.clone() + &before.pem()).as_bytes()).is_ok());
    assert!(said(after.as_bytes()).contains("is not its own"));
    // A leaf whose issuer has its name is no self-signed certificate.
    let leaf = params("same", YEARS).signed_by(&key, &before).unwrap().pem();
    assert!(said(leaf.as_bytes()).contains("is not its own"));
}

#[test]
fn a_self_signed_server_certificate_is_its_own_ca() {
    let own = params("redis", YEARS).self_signed(&KeyPair::generate().unwrap()).unwrap();
    let bundle = read_ca(own.pem().as_bytes()).unwrap();
    assert_eq!(bundle.certificates[0].subject, "CN=redis");
    assert!(fit(bundle, NOW).is_ok());
}

#[test]
fn only_what_clients_accept_is_fit() {
    let make = |name: &str, years| {
        let key = KeyPair::generate().unwrap();
        ca_params(name, years).self_signed(&key).unwrap().pem()
    };
    let (past, present) = (make("past", (2090, 2095)), make("present", YEARS));
    let at = |now, text: &str| fit(read_ca(text.as_bytes()).unwrap(), now);
    let fit = |text: &str| at(NOW, text);
    let bundle = fit(&(past.clone() + &present)).unwrap();
    assert_eq!(bundle.pem, format!("{}\n", present.replace("\r\n", "\n").trim()));
    assert!(matches!(fit(&past), Err(Finding::CaExpired { .. })));
    assert!(matches!(fit(&make("soon", (2150, 2160))), Err(Finding::CaNotYetValid { .. })));
    for (weak, words) in [
        (fixture!("ca-rsa1024.pem"), "RSA 1024 is weaker than the 2048 bits"),
        (fixture!("ca-sha1-issued.pem"), "signed with SHA-1"),
    ] {
        let said = at(THEN, &(fixture!("root.pem").to_owned() + weak)).unwrap_err().to_string();
        assert!(said.contains(words), "{said}");
    }
    // A root's own signature protects nothing, and these kinds are refused as leaves alone.
    for name in [
        fixture!("ca-sha1.pem"),
        fixture!("ca-p521.pem"),
        fixture!("ca-sm2.pem"),
        fixture!("ca-v1.pem"),
        fixture!("intermediate.pem"),
    ] {
        assert_eq!(at(THEN, name).unwrap().certificates.len(), 1);
    }
}

#[test]
fn no_input_panics() {
    let root = root("root");
    let packed = pack(&[("ca.crt", root.pem().as_bytes())]);
    for original in [packed.as_slice(), root.der().as_ref(), root.pem().as_bytes()] {
        for at in 0..original.len() {
            let mut flipped = original.to_vec();
            flipped[at] ^= 0x5b;
            let _ = read_ca(&flipped);
            let _ = read_ca(&original[..at]);
        }
    }
}

#[test]
fn a_bundle_is_good_while_one_of_its_certificates_is() {
    let make = |name: &str, years| {
        let key = KeyPair::generate().unwrap();
        ca_params(name, years).self_signed(&key).unwrap().pem()
    };
    let bundle = |text: String| read_ca(text.as_bytes()).unwrap();
    let (past, present, future) =
        (make("past", (2090, 2095)), make("present", YEARS), make("future", (2150, 2160)));
    let said = |text| ca_validity(&bundle(text), NOW).map(|finding| finding.to_string());
    assert_eq!(said(past.clone() + &present), None);
    let expired = "every CA certificate in it has expired, the last one on 2095-01-01T00:00:00Z";
    assert_eq!(said(past.clone()).as_deref(), Some(expired));
    let coming = "no CA certificate in it is valid before 2150-01-01T00:00:00Z";
    assert_eq!(said(past + &future).as_deref(), Some(coming));
}

#[test]
fn an_anchor_is_a_ca_that_signed_itself() {
    let root = root("root");
    assert!(is_anchor(root.der()));
    assert!(!is_anchor(intermediate("sub", &root).der()));
    // Its signature cannot be checked with its own kind of key, which proves nothing for it.
    let other = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let odd = ca_params("odd", YEARS).signed_by(&other, &root).unwrap();
    assert!(!is_anchor(odd.der()));
    let server = params("server", YEARS).self_signed(&other).unwrap();
    assert!(!is_anchor(server.der()));
    let usurper = ca_params("root", YEARS).signed_by(&KeyPair::generate().unwrap(), &root).unwrap();
    assert!(!is_anchor(usurper.der()), "its name alone makes it none");
    assert!(!is_anchor(b"0"));
}
