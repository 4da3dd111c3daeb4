//! CA files in place: as they were written, and as people and other programs leave them.

use super::*;
use crate::cert::archive::tests::pack;
use crate::cert::{CA_INSIDE_BYTES_MAX, CaBundle, CaFacts, Inside, ca_inside, fit, read_ca};

fn read(text: &str) -> Inside {
    ca_inside(text.as_bytes())
}

fn facts(text: &str) -> Vec<CaFacts> {
    read_ca(text.as_bytes()).unwrap().certificates
}

fn written(certificates: Vec<CaFacts>) -> (CaBundle, Inside) {
    let bundle = CaBundle::of(certificates);
    let inside = read(&bundle.pem);
    (bundle, inside)
}

#[test]
fn a_pair_of_a_rollover_is_read_back_without_its_expired_half() {
    let (old, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let before = CertifiedIssuer::self_signed(ca_params("same", (2000, 2001)), old).unwrap();
    let after = ca_params("same", YEARS).signed_by(&key, &before).unwrap().pem();
    let both = read_ca((after + &before.pem()).as_bytes()).unwrap();
    let (bundle, inside) = written(both.certificates.clone());
    assert_eq!(inside, Inside { authorities: bundle.certificates, clean: true });
    // The new certificate's only voucher is left out.
    let (bundle, inside) = written(fit(both, NOW).unwrap().certificates);
    assert_eq!(bundle.certificates.len(), 1);
    assert_eq!(inside, Inside { authorities: bundle.certificates, clean: true });
}

#[test]
fn what_grew_over_the_years_is_read_back_whole_and_once() {
    let key = KeyPair::generate().unwrap();
    let make = |n: usize| ca_params(&format!("CA {n}"), YEARS).self_signed(&key).unwrap().pem();
    let mut many: Vec<_> = (0..600).flat_map(|n| facts(&make(n))).collect();
    many.extend_from_within(..3);
    let (bundle, inside) = written(many);
    assert_eq!(bundle.certificates.len(), 600);
    assert_eq!(inside, Inside { authorities: bundle.certificates, clean: true });
}

#[test]
fn a_file_larger_than_a_download_is_read_back() {
    let mut params = ca_params("fat", YEARS);
    let fat = rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 9], vec![4; 100_000]);
    params.custom_extensions.push(fat);
    let fat = params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem();
    let text = root("other").pem() + &fat.repeat(15) + &root("last").pem();
    let inside = read(&text);
    assert_eq!((inside.authorities.len(), inside.clean), (3, true));
    let beyond = read(&(text + &" ".repeat(CA_INSIDE_BYTES_MAX)));
    assert_eq!((beyond.authorities.len(), beyond.clean), (3, false));
}

#[test]
fn whatever_else_is_there_hides_no_ca() {
    let (needed, other) = (root("needed").pem(), root("other").pem());
    let key = KeyPair::generate().unwrap();
    let only = facts(&needed);
    let of = |label: &str| other.replace("CERTIFICATE", label);
    for beside in [
        other[..200].to_owned() + "\n",
        other.replacen("MII", "AII", 1),
        other.replacen("MII", "M!I", 1),
        format!(" {other}"),
        of("TRUSTED CERTIFICATE"),
        of("X509 CERTIFICATE"),
        of("X509 CRL"),
        of("CERTIFICATE----"),
        key.serialize_pem(),
        leaf(&key, &root("other")),
    ] {
        for text in [needed.clone() + &beside, beside.clone() + &needed] {
            let found = read(&text);
            assert_eq!((&found.authorities, found.clean), (&only, false), "{text}");
        }
    }
    let marked = read(&format!("\u{feff}{other}{needed}"));
    assert_eq!((marked.authorities, marked.clean), (only, false));
}

#[test]
fn words_and_line_ends_are_as_clean_as_any() {
    let needed = root("needed").pem();
    let text = format!("# our CA\n\n{needed}\nsubject=CN=needed\n{needed}");
    for text in [text.replace('\n', "\r\n"), text] {
        assert_eq!(read(&text), Inside { authorities: facts(&needed), clean: true });
    }
}

#[test]
fn what_clients_cannot_load_holds_no_ca() {
    let needed = root("needed");
    let zip = pack(&[("ca.crt", needed.pem().as_bytes())]);
    for other in [&zip, needed.der().as_ref(), b"", b"no certificate", b"\x1f\x8b\x08\0"] {
        assert_eq!(ca_inside(other), Inside { authorities: vec![], clean: false });
    }
}
