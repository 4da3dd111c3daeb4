//! A pair ready to be sent: leaf, ordered chain and the key that was proved to belong to the leaf.

use serde::{Deserialize, Serialize};

use super::findings::Finding;
use super::pem::{self, Document, Key};
use super::x509::{Certificate, LeafFacts};
use super::{chain, key};
use crate::model::secret::Secret;
use crate::model::time::Time;

/// Most characters of `certificate` in an import (import API, documented limit).
const CERTIFICATE_CHARS_MAX: usize = 4096;
/// Most characters of `certificate_chain` in an import.
const CHAIN_CHARS_MAX: usize = 8192;
/// Most characters of `private_key` in an import.
const KEY_CHARS_MAX: usize = 4096;

/// What an import sends: canonical PEM, `\n` line ends, no blank line around it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Material {
    /// The leaf alone.
    pub certificate: String,
    /// The rest of the chain in order; the root is left out when an intermediate remains.
    pub chain: String,
    /// The leaf's key.
    pub private_key: Secret,
}

/// A pair that may be sent, as far as anything but its dates tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pair {
    /// For the planner.
    pub leaf: LeafFacts,
    /// For the import.
    pub material: Material,
}

/// Which of a certificate's files.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// `cert`
    Certificate,
    /// `key`
    Key,
    /// `chain`
    Chain,
}

/// Why a pair is not sent, and which file is to blame.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{finding}")]
pub struct Rejected {
    /// The file.
    pub role: Role,
    /// What is wrong with it.
    pub finding: Finding,
}

/// Reads a pair and judges everything but its dates. The order of certificates in the files does
/// not matter: the leaf is the one that the key proves, the newest of several. Refuses what the
/// import call or TLS clients would refuse; what is refused names its file.
pub fn read_pair(cert: &[u8], key: &[u8], chain: Option<&[u8]>) -> Result<Pair, Rejected> {
    let own = certificates(cert).map_err(at(Role::Certificate))?;
    let mut pool = own.clone();
    if let Some(bytes) = chain {
        pool.extend(certificates(bytes).map_err(at(Role::Chain))?);
    }
    let keys = keys(key).map_err(at(Role::Key))?;
    let (leaf, key) = prove(&pool, &keys)?;
    judge_leaf(leaf).map_err(at(Role::Certificate))?;

    let chain_role = if chain.is_some() { Role::Chain } else { Role::Certificate };
    let issuers = chain::order(leaf, &pool).map_err(at(chain_role))?;
    if let Some(weakness) = issuers.iter().find_map(|issuer| issuer.weakness()) {
        return Err(Rejected { role: chain_role, finding: weakness });
    }
    let material = Material {
        certificate: pem_of(leaf),
        chain: issuers.into_iter().map(pem_of).collect::<Vec<_>>().join("\n"),
        private_key: Secret::new(key.to_pem()),
    };
    judge_lengths(&material, chain_role)?;
    Ok(Pair { leaf: leaf.facts.clone(), material })
}

/// Why the dates keep this leaf from being sent at `now`, if they do.
pub fn validity(leaf: &LeafFacts, now: Time) -> Option<Finding> {
    if leaf.not_after < now {
        Some(Finding::Expired { on: leaf.not_after })
    } else if now < leaf.not_before {
        Some(Finding::NotYetValid { from: leaf.not_before })
    } else {
        None
    }
}

/// A pair's certificate as it is sent.
pub(super) fn pem_of(certificate: &Certificate) -> String {
    pem::encode("CERTIFICATE", &certificate.der)
}

/// What is wrong with a leaf by itself.
pub(super) fn judge_leaf(leaf: &Certificate) -> Result<(), Finding> {
    if leaf.is_self_issued() {
        return Err(Finding::SelfSigned);
    }
    if leaf.ca {
        return Err(Finding::CaAsLeaf { subject: leaf.facts.subject.clone() });
    }
    if let Some(weakness) = leaf.weakness() {
        return Err(weakness);
    }
    if !leaf.version3 {
        return Err(Finding::OldVersion);
    }
    if leaf.facts.names.is_empty() {
        return Err(Finding::NoNames);
    }
    Ok(())
}

/// What a file holds that was to hold something else, in words.
fn contents(document: &Document) -> String {
    let mut found = document.skipped.clone();
    if !document.keys.is_empty() || !document.key_faults.is_empty() {
        found.insert(0, "a private key".to_owned());
    }
    if !document.certificates.is_empty() || !document.certificate_faults.is_empty() {
        found.insert(0, "certificates".to_owned());
    }
    found.dedup();
    found.truncate(4); // a sentence, not a list
    found.join(", ")
}

fn at(role: Role) -> impl Fn(Finding) -> Rejected {
    move |finding| Rejected { role, finding }
}

/// Every certificate of a PEM text, or what is wrong with the first that cannot be read.
pub(super) fn certificates(bytes: &[u8]) -> Result<Vec<Certificate>, Finding> {
    let mut document = pem::read(bytes)?;
    if !document.certificate_faults.is_empty() {
        return Err(document.certificate_faults.swap_remove(0));
    }
    if document.certificates.is_empty() {
        return Err(Finding::NoCertificate { found: contents(&document) });
    }
    let numbered = document.certificates.iter().zip(1..);
    numbered.map(|(der, index)| Certificate::parse(der, index)).collect()
}

fn keys(bytes: &[u8]) -> Result<Vec<Key>, Finding> {
    let mut document = pem::read(bytes)?;
    if !document.key_faults.is_empty() {
        return Err(document.key_faults.swap_remove(0));
    }
    if document.keys.is_empty() {
        return Err(Finding::NoKey { found: contents(&document) });
    }
    Ok(document.keys)
}

/// The leaf and the key that proves it. A key that fits nothing is a mismatch; where no leaf is
/// there to fit, that is said instead.
fn prove<'a>(
    pool: &'a [Certificate],
    keys: &'a [Key],
) -> Result<(&'a Certificate, &'a Key), Rejected> {
    let mut proved: Option<(&Certificate, &Key)> = None;
    for key in keys {
        for certificate in pool {
            let newer = |old: &(&Certificate, &Key)| {
                (!certificate.ca, certificate.facts.not_before)
                    > (!old.0.ca, old.0.facts.not_before)
            };
            if proved.as_ref().is_none_or(newer)
                && key::proves(key, certificate).map_err(at(Role::Key))?
            {
                proved = Some((certificate, key));
            }
        }
    }
    proved.ok_or_else(|| {
        if pool.iter().all(|found| found.ca) {
            at(Role::Certificate)(Finding::NoLeaf)
        } else {
            at(Role::Key)(Finding::Mismatch)
        }
    })
}

/// Which part of an import is over its limit, if one is.
pub(super) fn too_long(part: Role, chars: usize) -> Option<Finding> {
    let (what, max) = match part {
        Role::Certificate => ("certificate", CERTIFICATE_CHARS_MAX),
        Role::Chain => ("chain", CHAIN_CHARS_MAX),
        Role::Key => ("private key", KEY_CHARS_MAX),
    };
    (chars > max).then(|| Finding::TooLong { what: what.to_owned(), chars, max })
}

fn judge_lengths(material: &Material, chain_role: Role) -> Result<(), Rejected> {
    let parts = [
        (Role::Certificate, Role::Certificate, material.certificate.len()),
        (Role::Chain, chain_role, material.chain.len()),
        (Role::Key, Role::Key, material.private_key.expose().len()),
    ];
    let fault = parts
        .into_iter()
        .find_map(|(part, role, chars)| Some(Rejected { role, finding: too_long(part, chars)? }));
    fault.map_or(Ok(()), Err)
}
