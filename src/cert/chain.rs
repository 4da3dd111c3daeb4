//! Putting certificates in order: who issued whom, proved by the signature where it can be.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

use super::findings::Finding;
use super::key::Algorithm;
use super::x509::Certificate;

/// What an import sends after the leaf, in order: each certificate issued the one before it.
/// A root is left out when an intermediate remains. Fails when an issuer is missing in between.
pub(super) fn order<'a>(
    leaf: &'a Certificate,
    pool: &'a [Certificate],
) -> Result<Vec<&'a Certificate>, Finding> {
    let mut chain: Vec<&Certificate> = Vec::new();
    let mut last = leaf;
    while !last.is_self_issued() {
        let taken = |found: &Certificate| {
            found.der == leaf.der || chain.iter().any(|old| old.der == found.der)
        };
        let Some(next) = issuer(last, pool.iter().filter(|found| !taken(found))) else { break };
        chain.push(next);
        last = next;
    }
    if let Some(fault) = missing(last, &chain, pool) {
        return Err(fault);
    }
    if chain.len() > 1 {
        chain.retain(|found| !found.is_self_issued());
    }
    Ok(chain)
}

/// What the end of a chain tells: whether the issuer of its last certificate should have been here.
fn missing(last: &Certificate, chain: &[&Certificate], pool: &[Certificate]) -> Option<Finding> {
    let (subject, issuer) = (last.facts.subject.clone(), last.facts.issuer.clone());
    let is_plain_issuer = |found: &Certificate| !found.ca && found.subject == last.issuer;
    if last.is_self_issued() {
        None
    } else if pool.iter().any(is_plain_issuer) {
        Some(Finding::NotAnAuthority { subject, issuer })
    } else if chain.is_empty() && !pool.iter().any(|found| found.ca) {
        Some(Finding::LoneLeaf)
    } else if chain.is_empty() || has_stray(chain, pool) {
        Some(Finding::ChainGap { subject, issuer })
    } else {
        None
    }
}

/// The issuer among these: by name and signature; of several the one that lives longest.
fn issuer<'a>(
    subject: &Certificate,
    pool: impl Iterator<Item = &'a Certificate>,
) -> Option<&'a Certificate> {
    pool.filter(|found| found.ca && found.subject == subject.issuer && signed(subject, found))
        .max_by_key(|found| (found.is_self_issued(), found.facts.not_after))
}

/// A CA that issued nothing else here: there is a link missing before it.
fn has_stray(chain: &[&Certificate], pool: &[Certificate]) -> bool {
    pool.iter().any(|ca| {
        let issued = |other: &Certificate| other.issuer == ca.subject && other.der != ca.der;
        ca.ca && !chain.iter().any(|used| used.der == ca.der) && !pool.iter().any(issued)
    })
}

/// Whether clients that allow no partial chains take this certificate, in DER, for the end of a chain: a CA
/// by its basic constraints and its key usage, or of version 1, that signed itself. A CA that somebody else
/// issued is none, nor is a server's certificate, whoever trusts that one by itself. Dates are not judged.
pub fn is_anchor(der: &[u8]) -> bool {
    let is_root = |found: &Certificate| found.ca && found.is_self_issued() && signed(found, found);
    Certificate::parse(der, 1).is_ok_and(|found| is_root(&found))
}

/// Whether the signature is this issuer's. A kind of signature that cannot be checked here is
/// believed: names matched already, and a weak or odd one is named elsewhere.
pub(super) fn signed(subject: &Certificate, issuer: &Certificate) -> bool {
    verification(&subject.signature_oid, &issuer.algorithm).is_none_or(|algorithm| {
        UnparsedPublicKey::new(algorithm, &issuer.public_key)
            .verify(&subject.signed, &subject.signature)
            .is_ok()
    })
}

fn verification(oid: &str, key: &Algorithm) -> Option<&'static dyn VerificationAlgorithm> {
    // RSA from 1024 bits on: a short key is to be called weak, not a gap.
    match (oid, key) {
        ("1.2.840.113549.1.1.5" | "1.3.14.3.2.29", Algorithm::Rsa(_)) => {
            Some(&signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY)
        }
        ("1.2.840.113549.1.1.11", Algorithm::Rsa(_)) => {
            Some(&signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY)
        }
        ("1.2.840.113549.1.1.12", Algorithm::Rsa(2048..)) => {
            Some(&signature::RSA_PKCS1_2048_8192_SHA384)
        }
        ("1.2.840.113549.1.1.13", Algorithm::Rsa(_)) => {
            Some(&signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY)
        }
        ("1.2.840.10045.4.3.2", Algorithm::P256) => Some(&signature::ECDSA_P256_SHA256_ASN1),
        ("1.2.840.10045.4.3.3", Algorithm::P256) => Some(&signature::ECDSA_P256_SHA384_ASN1),
        ("1.2.840.10045.4.3.2", Algorithm::P384) => Some(&signature::ECDSA_P384_SHA256_ASN1),
        ("1.2.840.10045.4.3.3", Algorithm::P384) => Some(&signature::ECDSA_P384_SHA384_ASN1),
        ("1.3.101.112", Algorithm::Ed25519) => Some(&signature::ED25519),
        _ => None,
    }
}
