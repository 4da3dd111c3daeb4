//! The CA that an instance publishes: a zip archive, bare PEM or DER, told apart by content.

use super::archive;
use super::bundle::{certificates, pem_of};
use super::findings::Finding;
use super::x509::Certificate;
use crate::model::digest::Sha256;
use crate::model::time::Time;

/// Most bytes of a published CA, packed or not.
pub const CA_INPUT_BYTES_MAX: usize = 4 << 20;

/// The CA certificates that were published, as they are installed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaBundle {
    /// Canonical PEM of every CA certificate, once each, in the order published (entries of an
    /// archive by name); ends with a line end.
    pub pem: String,
    /// SHA-256 of `pem`.
    pub sha256: Sha256,
    /// What is in it, in the same order; never empty.
    pub certificates: Vec<CaFacts>,
}

impl CaBundle {
    /// The bundle of these, in this order.
    pub fn of(certificates: Vec<CaFacts>) -> Self {
        let pem: String = certificates.iter().map(|found| found.pem.as_str()).collect();
        Self { sha256: Sha256::of(pem.as_bytes()), pem, certificates }
    }

    /// Whether it holds exactly the CAs with these fingerprints, in this order.
    pub fn is(&self, fingerprints: &[Sha256]) -> bool {
        self.certificates.iter().map(|found| &found.sha256).eq(fingerprints)
    }
}

/// One CA certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaFacts {
    /// Subject, as `CN=…, O=…`.
    pub subject: String,
    /// SHA-256 of the DER.
    pub sha256: Sha256,
    /// Valid from.
    pub not_before: Time,
    /// Valid until.
    pub not_after: Time,
    /// Its canonical PEM, with a line end.
    pub pem: String,
    /// What is too weak about it for clients to accept it.
    pub weakness: Option<Finding>,
}

/// Reads what an instance publishes. Takes the CA certificates and nothing else: leaves and keys
/// beside them are left out. Refuses web pages, empty, damaged and oversized input, and any
/// certificate that does not parse. Dates are judged by [`ca_validity`].
pub fn read_ca(bytes: &[u8]) -> Result<CaBundle, Finding> {
    if bytes.len() > CA_INPUT_BYTES_MAX {
        return Err(Finding::TooLarge { max: CA_INPUT_BYTES_MAX });
    }
    let found = if archive::is_zip(bytes) { from_archive(bytes)? } else { from_file(bytes)? };
    let mut authorities: Vec<Certificate> = Vec::new();
    for certificate in found {
        let known = authorities.iter().any(|old| old.der == certificate.der);
        // An instance's own CA may carry no constraints; that it issued itself tells as much.
        if !known && (certificate.ca || certificate.is_self_issued()) {
            authorities.push(certificate);
        }
    }
    if authorities.is_empty() {
        return Err(Finding::NoCa);
    }
    Ok(CaBundle::of(authorities.into_iter().map(ca_facts).collect()))
}

/// The part of a published bundle that may be installed at `now`: what is valid then. Refuses one
/// without any, and one with a CA that clients would not accept.
pub fn fit(bundle: CaBundle, now: Time) -> Result<CaBundle, Finding> {
    if let Some(finding) = ca_validity(&bundle, now) {
        return Err(finding);
    }
    let valid = |found: &CaFacts| found.not_before <= now && now <= found.not_after;
    let certificates: Vec<_> = bundle.certificates.into_iter().filter(valid).collect();
    match certificates.iter().find_map(|found| found.weakness.clone()) {
        Some(finding) => Err(finding),
        None => Ok(CaBundle::of(certificates)),
    }
}

/// Why this bundle is useless at `now`: no certificate in it is valid then.
pub fn ca_validity(bundle: &CaBundle, now: Time) -> Option<Finding> {
    let all = &bundle.certificates;
    if all.iter().any(|found| found.not_before <= now && now <= found.not_after) {
        return None;
    }
    let coming = all.iter().map(|found| found.not_before).filter(|from| now < *from).min();
    let last = all.iter().map(|found| found.not_after).max().unwrap_or_default();
    Some(match coming {
        Some(from) => Finding::CaNotYetValid { from },
        None => Finding::CaExpired { on: last },
    })
}

fn ca_facts(certificate: Certificate) -> CaFacts {
    let (pem, weakness) = (pem_of(&certificate) + "\n", certificate.weakness());
    let facts = certificate.facts;
    CaFacts {
        pem,
        weakness,
        subject: facts.subject,
        sha256: facts.sha256,
        not_before: facts.not_before,
        not_after: facts.not_after,
    }
}

/// The certificates of every entry that holds some; others, such as a key store, are passed over.
fn from_archive(bytes: &[u8]) -> Result<Vec<Certificate>, Finding> {
    let mut all = Vec::new();
    for entry in archive::entries(bytes)? {
        match from_file(&entry) {
            Ok(found) => all.extend(found),
            Err(
                Finding::Empty
                | Finding::NoPem
                | Finding::Html
                | Finding::Der
                | Finding::NoCertificate { .. },
            ) => {}
            Err(fault) => return Err(fault),
        }
    }
    if all.is_empty() {
        return Err(Finding::Archive { why: "holds no certificate".to_owned() });
    }
    Ok(all)
}

fn from_file(bytes: &[u8]) -> Result<Vec<Certificate>, Finding> {
    if bytes.first() == Some(&0x30) {
        // PKCS #12 and keys begin so too: those are no damaged certificates.
        return Certificate::parse(bytes, 1).map(|one| vec![one]).map_err(|_| Finding::Der);
    }
    if bytes.trim_ascii_start().starts_with(b"<") {
        return Err(Finding::Html);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    certificates(bytes)
}
