//! The CA that an instance publishes: a zip archive, bare PEM or DER, told apart by content.

use std::collections::HashSet;

use super::archive;
use super::bundle::{certificates, pem_of};
use super::chain::signed;
use super::findings::Finding;
use super::pem::BLOCKS_MAX;
use super::x509::{Certificate, LeafFacts};
use crate::model::digest::Sha256;
use crate::model::time::Time;

/// Most bytes of a published CA, packed or not.
pub const CA_INPUT_BYTES_MAX: usize = 1 << 20;
/// Most CAs of one publication, several times what a service has with the CAs of all its regions and a
/// rollover in each. Every client loads each of them.
pub const PUBLISHED_CAS_MAX: usize = 64;
/// Most bytes of their PEM: 4 KiB each, where a CA with an RSA key of 4096 bits has two. With former ones
/// beside it for years, such a bundle stays within [`CA_FILE_BYTES_MAX`].
pub const PUBLISHED_PEM_BYTES_MAX: usize = 256 << 10;
/// Most bytes of a CA file that grows by former CAs: four whole publications. Some clients load no more.
pub const CA_FILE_BYTES_MAX: usize = 1 << 20;
/// Most signatures that are checked of one publication: one for each CA that signed itself, which leaves
/// room for rollovers in a bundle of the usual size. One check takes up to a millisecond.
const CHECKS_MAX: usize = 64;
/// How a DER sequence begins: the outermost thing of certificates, keys and key stores alike.
const SEQUENCE: u8 = 0x30;
/// How the version of a certificate begins, as nothing else that is kept in DER does.
const VERSION: u8 = 0xa0;

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
    /// The bundle of these, in this order; one that comes twice stays where it came first.
    pub fn of(mut certificates: Vec<CaFacts>) -> Self {
        let mut seen = HashSet::new();
        certificates.retain(|found| seen.insert(found.sha256));
        let pem: String = certificates.iter().map(|found| found.pem.as_str()).collect();
        Self { sha256: Sha256::of(pem.as_bytes()), pem, certificates }
    }

    /// Whether it holds exactly the CAs with these fingerprints, whatever the order.
    pub fn is(&self, fingerprints: &[Sha256]) -> bool {
        let all = |mut digests: Vec<Sha256>| {
            digests.sort_unstable();
            digests
        };
        all(self.certificates.iter().map(|found| found.sha256).collect())
            == all(fingerprints.to_vec())
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

/// Reads what an instance publishes. Takes the CA certificates, and a server's certificate that issued
/// itself, and nothing else: leaves and keys beside them are left out. Refuses pages and messages, empty,
/// damaged, cut-off and oversized input, any certificate that does not parse, more than
/// [`PUBLISHED_CAS_MAX`] CAs or [`PUBLISHED_PEM_BYTES_MAX`] bytes of them, and a CA that names itself
/// as issuer under a signature of somebody else's. Dates and strength are judged by [`fit`].
pub fn read_ca(bytes: &[u8]) -> Result<CaBundle, Finding> {
    let found = read_all(bytes)?;
    let authorities = authorities(&found);
    match faults(&authorities).into_iter().next() {
        Some(finding) => Err(finding),
        None => Ok(CaBundle::of(authorities.into_iter().map(ca_facts).collect())),
    }
}

/// Those that are CAs, once each.
fn authorities(found: &[Certificate]) -> Vec<&Certificate> {
    let mut authorities: Vec<&Certificate> = Vec::new();
    for certificate in found.iter().filter(|found| is_authority(found)) {
        if !authorities.iter().any(|old| old.der == certificate.der) {
            authorities.push(certificate);
        }
    }
    authorities
}

/// Every certificate in an archive, a PEM text or DER, of whatever kind and as often as it stands there.
pub(super) fn read_all(bytes: &[u8]) -> Result<Vec<Certificate>, Finding> {
    if bytes.len() > CA_INPUT_BYTES_MAX {
        return Err(Finding::TooLarge { max: CA_INPUT_BYTES_MAX });
    }
    if archive::is_zip(bytes) { from_archive(bytes) } else { from_file(bytes) }
}

/// What is in a file of certificates of whatever kind, in its order: never empty.
pub fn every_certificate(bytes: &[u8]) -> Result<Vec<LeafFacts>, Finding> {
    Ok(read_all(bytes)?.into_iter().map(|found| found.facts).collect())
}

/// Whether clients can trust others by it, or itself. An instance's own CA may carry no constraints;
/// that it issued itself tells as much.
pub(super) fn is_authority(certificate: &Certificate) -> bool {
    certificate.ca || certificate.is_self_issued()
}

/// What is too weak about a CA. Kinds of keys that the certificate manager takes for no leaf are none of
/// its business: an instance's clients may well accept P-521, or SM2 where a national CA is asked for.
pub(super) fn weakness(certificate: &Certificate) -> Option<Finding> {
    certificate.weakness().filter(|fault| !matches!(fault, Finding::UnsupportedKey { .. }))
}

/// What is wrong with these CAs together, or with the signature of one.
pub(super) fn faults(authorities: &[&Certificate]) -> Vec<Finding> {
    let pem_bytes: usize = authorities.iter().map(|found| pem_of(found).len() + 1).sum();
    if authorities.is_empty() {
        vec![Finding::NoCa]
    } else if authorities.len() > PUBLISHED_CAS_MAX {
        vec![Finding::TooManyCas { max: PUBLISHED_CAS_MAX }]
    } else if pem_bytes > PUBLISHED_PEM_BYTES_MAX {
        vec![Finding::CasTooLarge { max: PUBLISHED_PEM_BYTES_MAX }]
    } else {
        damages(authorities)
    }
}

/// What tells that a CA is not what its issuer made: the only signature that can be checked by what is
/// here. One whose key was exchanged may be signed by its former self.
fn damages(authorities: &[&Certificate]) -> Vec<Finding> {
    let mut left = CHECKS_MAX;
    let mut found = Vec::new();
    for authority in authorities.iter().filter(|found| found.is_self_issued()) {
        let namesakes = authorities
            .iter()
            .filter(|other| other.subject == authority.subject && other.der != authority.der);
        let mut is_signed = false;
        for other in std::iter::once(authority).chain(namesakes) {
            if left == 0 {
                found.push(Finding::TooManyNamesakes { max: CHECKS_MAX });
                return found;
            }
            left -= 1;
            is_signed = signed(authority, other);
            if is_signed {
                break;
            }
        }
        if !is_signed {
            found.push(Finding::DamagedCa { subject: authority.facts.subject.clone() });
        }
    }
    found
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

pub(super) fn ca_facts(certificate: &Certificate) -> CaFacts {
    let facts = &certificate.facts;
    CaFacts {
        subject: facts.subject.clone(),
        sha256: facts.sha256,
        not_before: facts.not_before,
        not_after: facts.not_after,
        pem: pem_of(certificate) + "\n",
        weakness: weakness(certificate),
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
                | Finding::Json
                | Finding::ForeignDer
                | Finding::NoCertificate { .. },
            ) => {}
            Err(fault) => return Err(fault),
        }
        if all.len() > BLOCKS_MAX {
            return Err(Finding::TooManyBlocks { max: BLOCKS_MAX });
        }
    }
    if all.is_empty() {
        return Err(Finding::Archive { why: "holds no certificate".to_owned() });
    }
    Ok(all)
}

fn from_file(bytes: &[u8]) -> Result<Vec<Certificate>, Finding> {
    if archive::is_other_kind(bytes) {
        return Err(Finding::Archive { why: "is of another kind than zip".to_owned() });
    }
    if bytes.first() == Some(&SEQUENCE) {
        return from_der(bytes);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match (bytes.trim_ascii_start().first(), certificates(bytes)) {
        (Some(b'<'), _) => Err(Finding::Html),
        (Some(b'{' | b'['), Err(Finding::NoPem)) => Err(Finding::Json),
        (_, found) => found,
    }
}

/// One certificate. PKCS #12, keys and lists of revoked certificates are DER too, and are told apart
/// from a damaged certificate.
fn from_der(bytes: &[u8]) -> Result<Vec<Certificate>, Finding> {
    let fault = match Certificate::parse(bytes, 1) {
        Ok(one) => return Ok(vec![one]),
        Err(fault) => fault,
    };
    let (wanted, inside) = element(bytes).unwrap_or_default();
    // Its signed part begins with the version, except in certificates of version 1.
    let version = element(inside).map(|(_, signed)| signed.first());
    Err(match version {
        Some(Some(&VERSION)) if bytes.len() < wanted => {
            Finding::TruncatedDer { wanted, has: bytes.len() }
        }
        Some(Some(&VERSION)) => fault,
        _ => Finding::ForeignDer,
    })
}

/// How long this sequence says it is, header included, and what is there of its inside.
fn element(der: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = der.strip_prefix(&[SEQUENCE])?.split_first()?;
    if first < 0x80 {
        return Some((2 + usize::from(first), rest));
    }
    let (digits, inside) = rest.split_at_checked(usize::from(first & 0x7f))?;
    if !(1..=3).contains(&digits.len()) {
        return None;
    }
    let length = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
    Some((2 + digits.len() + length, inside))
}
