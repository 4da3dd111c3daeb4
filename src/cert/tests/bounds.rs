//! How much an instance may publish, and how many signatures are checked of it.

use rcgen::{CustomExtension, PKCS_ECDSA_P384_SHA384};

use super::*;
use crate::cert::archive::tests::pack;
use crate::cert::{
    CA_FILE_BYTES_MAX, Finding, PUBLISHED_CAS_MAX, PUBLISHED_PEM_BYTES_MAX, read_ca,
};

fn pem(params: &CertificateParams, key: &KeyPair) -> String {
    params.self_signed(key).unwrap().pem()
}

/// So many CAs of one name, all but the last of which were signed by the last one's key.
fn namesakes(count: usize) -> String {
    let key = || KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let last = CertifiedIssuer::self_signed(ca_params("same", YEARS), key()).unwrap();
    let one = || ca_params("same", YEARS).signed_by(&key(), &last).unwrap().pem();
    (1..count).map(|_| one()).collect::<String>() + &last.pem()
}

#[test]
fn a_publication_holds_no_more_cas_than_clients_should_load() {
    let key = KeyPair::generate().unwrap();
    let of = |count: usize| -> String {
        (0..count).map(|n| pem(&ca_params(&format!("CA {n}"), YEARS), &key)).collect()
    };
    let most = read_ca(of(PUBLISHED_CAS_MAX).as_bytes()).unwrap();
    assert_eq!(most.certificates.len(), PUBLISHED_CAS_MAX);
    let beyond = of(PUBLISHED_CAS_MAX + 1);
    for more in [beyond.as_bytes(), &pack(&[("ca.pem", beyond.as_bytes())])] {
        assert_eq!(read_ca(more), Err(Finding::TooManyCas { max: PUBLISHED_CAS_MAX }));
    }
    // One that comes again is not one more.
    assert!(read_ca((most.pem.clone() + &most.pem).as_bytes()).is_ok());
}

#[test]
fn a_publication_has_no_more_bytes_than_a_file_can_grow_by() {
    let key = KeyPair::generate().unwrap();
    let of = |bytes: usize| {
        let mut params = ca_params("fat", YEARS);
        let content = vec![4; bytes];
        params
            .custom_extensions
            .push(CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 9], content));
        params.self_signed(&key).unwrap()
    };
    let (most, beyond) = (of(190_000), of(195_000));
    let taken = read_ca(most.der()).unwrap();
    assert!((250_000..PUBLISHED_PEM_BYTES_MAX).contains(&taken.pem.len()));
    assert!(4 * taken.pem.len() < CA_FILE_BYTES_MAX);
    // In DER it would have fitted.
    assert!(beyond.der().len() < PUBLISHED_PEM_BYTES_MAX);
    for more in [beyond.der().as_ref(), beyond.pem().as_bytes()] {
        assert_eq!(read_ca(more), Err(Finding::CasTooLarge { max: PUBLISHED_PEM_BYTES_MAX }));
    }
}

#[test]
fn signatures_among_namesakes_are_checked_within_a_budget() {
    assert_eq!(read_ca(namesakes(2).as_bytes()).unwrap().certificates.len(), 2);
    assert_eq!(read_ca(namesakes(8).as_bytes()).unwrap().certificates.len(), 8);
    let many = namesakes(PUBLISHED_CAS_MAX);
    let packed = pack(&[("ca.pem", many.as_bytes())]);
    for many in [many.as_bytes(), &packed] {
        assert_eq!(read_ca(many), Err(Finding::TooManyNamesakes { max: 64 }));
    }
}
