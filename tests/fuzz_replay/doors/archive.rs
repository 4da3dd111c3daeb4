//! `read_ca` and `ca_inside`: what an instance publishes, and what lies in the file that holds it.

use certrotd::cert::{
    CaBundle, PUBLISHED_CAS_MAX, PUBLISHED_PEM_BYTES_MAX, ca_inside, ca_validity, fit, read_ca,
};

use super::{NOW, is_sentence};

/// Most that the canonical PEM of what is in a file has over the file: line ends, where it has none.
const PEM_GROWTH_MAX: usize = 2;

/// Reads the bytes both ways. A bundle keeps its bounds whatever an archive unpacks to, and reads back as
/// itself by either way; a file in place yields no more than it has.
pub fn open(bytes: &[u8]) {
    match read_ca(bytes) {
        Ok(bundle) => judge(&bundle),
        Err(finding) => is_sentence(&finding.to_string()),
    }
    let inside = ca_inside(bytes);
    let all: usize = inside.authorities.iter().map(|found| found.pem.len()).sum();
    assert!(all <= PEM_GROWTH_MAX * bytes.len(), "{all} bytes of {}", bytes.len());
    assert!(!inside.clean || !inside.authorities.is_empty(), "clean, and nothing in it");
    if !inside.authorities.is_empty() {
        let bundle = CaBundle::of(inside.authorities.clone());
        let again = ca_inside(bundle.pem.as_bytes());
        assert!(again.clean, "what was written is not clean");
        assert_eq!(again.authorities, inside.authorities);
    }
}

fn judge(bundle: &CaBundle) {
    assert!((1..=PUBLISHED_CAS_MAX).contains(&bundle.certificates.len()));
    assert!(bundle.pem.len() <= PUBLISHED_PEM_BYTES_MAX);
    assert_eq!(read_ca(bundle.pem.as_bytes()).as_ref(), Ok(bundle));
    let inside = ca_inside(bundle.pem.as_bytes());
    assert!(inside.clean);
    assert_eq!(inside.authorities, bundle.certificates);
    match fit(bundle.clone(), NOW) {
        Ok(fit) => {
            assert_eq!(ca_validity(&fit, NOW), None, "what is fit is not valid");
            assert!(fit.certificates.iter().all(|found| bundle.certificates.contains(found)));
        }
        Err(finding) => is_sentence(&finding.to_string()),
    }
}
