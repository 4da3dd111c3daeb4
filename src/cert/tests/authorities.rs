//! What instances publish: archives, PEM, DER, and what proxies answer in their place.

use super::*;
use crate::cert::archive::tests::pack;
use crate::cert::{CA_INPUT_BYTES_MAX, Finding, ca_validity, read_ca};

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
        ("__MACOSX/._ca.crt", &b"\0\x05\x16\x07"[..]),
        ("README.txt", b"how to use it"),
        ("ca.jks", b"\xfe\xed\xfe\xed"),
        ("ca.p12", b"0\x82\x01\0"),
        ("empty", b""),
    ];
    let mut packed = noise.to_vec();
    packed.push(("some/where/ca.crt", pem.as_bytes()));
    packed.push(("../../ca.der", root.der()));
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
    assert_eq!(read_ca(b"\n<!DOCTYPE html><html></html>"), Err(Finding::Html));
    assert_eq!(read_ca(b"{\"error_code\":\"DCS.5010\"}"), Err(Finding::NoPem));
    assert_eq!(read_ca(&root.der()[..100]), Err(Finding::Der));
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
    let good = pack(&[("ca.crt", pem.as_bytes())]);
    assert!(said(&good[..good.len() / 2]).contains("damaged or cut off"));
    assert!(said(&pack(&[])).contains("holds no certificate"));
    assert!(said(&pack(&[("readme", b"x")])).contains("holds no certificate"));
    let bomb = pack(&[("ca.crt", pem.as_bytes()), ("bomb", &vec![0; (1 << 20) + 1])]);
    assert!(bomb.len() < 10_000, "a bomb is small");
    assert!(said(&bomb).contains("unpacks to more"));
    let fat = vec![0; 1 << 20];
    assert!(
        said(&pack(&[("a", &fat), ("b", &fat), ("c", &fat), ("d", &fat), ("e", b"x")]))
            .contains("unpacks to more")
    );
    let names: Vec<String> = (0..65).map(|at| at.to_string()).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), pem.as_bytes())).collect();
    assert!(said(&pack(&many)).contains("more than 64 entries"));
    let broken = pack(&[("ca.crt", &pem.as_bytes()[..200])]);
    assert!(said(&broken).contains("is cut off"), "a damaged CA in an archive is not passed over");
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
