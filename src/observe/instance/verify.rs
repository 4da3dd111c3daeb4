//! Whether what an instance presents verifies with these CAs alone. Reads no clock.

use std::time::Duration;

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, UnixTime};
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Version};

use super::{Presented, is_signed_with};
use crate::cert::{CaBundle, CaFacts, LeafFacts, facts, is_anchor};
use crate::model::time::Time;

/// Published CAs that a sentence names.
const NAMES_MAX: usize = 3;
/// Published intermediates that are followed from a leaf which the library does not judge: one issued it,
/// under as many certificates as its own issuer has made of its key.
const ISSUERS_MAX: usize = 4;

/// Verifies the presented leaf at `now`. Fails with why clients that trust the bundle alone refuse it.
///
/// Many clients, all those of OpenSSL among them, allow no partial chains: what they trust has to end at a
/// root. So only a published root counts, and a published intermediate helps to reach it, as one does that
/// the server sends. A self-signed leaf that is in the bundle itself is trusted as it is.
///
/// A leaf of version 1, and one that is marked as a CA, is refused by this library and taken by most clients
/// of databases: those verify where a published CA issued them, be it a root or directly below one.
pub(super) fn judge(
    presented: &Presented,
    leaf: Option<&LeafFacts>,
    bundle: &CaBundle,
    now: Time,
) -> Result<(), String> {
    let leaf = leaf.ok_or("its certificate cannot be parsed")?;
    if !presented.proven {
        return Err(format!(
            "the server has not proven that it holds the key of {} ({}): clients do not check signatures by such a key, or this one is wrong",
            leaf.subject, leaf.key
        ));
    }
    in_time(leaf, now)?;
    // As a root it would be looked for by its bytes, and not by its name and key.
    if leaf.subject == leaf.issuer {
        if bundle.certificates.iter().any(|ca| ca.sha256 == leaf.sha256) {
            return Ok(());
        }
        return Err(format!(
            "{} is self-signed, and is not the published CA ({})",
            leaf.subject,
            names(bundle)
        ));
    }
    let (anchors, others): (Vec<_>, Vec<_>) =
        published(bundle, now)?.into_iter().partition(|der| is_anchor(der));
    verified(presented, &anchors, &others, now).map_err(|error| {
        partial(presented, &others, now)
            .unwrap_or_else(|| refusal(&error, leaf, presented, bundle, now))
    })
}

fn in_time(leaf: &LeafFacts, now: Time) -> Result<(), String> {
    let subject = &leaf.subject;
    if leaf.not_after < now {
        return Err(format!("{subject} expired on {}", leaf.not_after));
    }
    if now < leaf.not_before {
        return Err(format!("{subject} is not valid before {}", leaf.not_before));
    }
    Ok(())
}

/// The CAs that are valid now: clients check the dates of a root as well.
fn published(bundle: &CaBundle, now: Time) -> Result<Vec<CertificateDer<'static>>, String> {
    let valid = |ca: &&CaFacts| is_valid(ca, now);
    let der = |ca: &CaFacts| CertificateDer::from_pem_slice(ca.pem.as_bytes()).ok();
    let found: Vec<_> = bundle.certificates.iter().filter(valid).filter_map(der).collect();
    match found.is_empty() {
        true => Err(format!("no published CA is valid now ({})", names(bundle))),
        false => Ok(found),
    }
}

/// Whether a chain leads from the leaf to one of these anchors, be it over these others.
fn verified(
    presented: &Presented,
    anchors: &[CertificateDer<'static>],
    others: &[CertificateDer<'static>],
    now: Time,
) -> Result<(), Error> {
    if !is_odd(&presented.leaf) {
        return chained(presented, anchors, others, now);
    }
    let ends = |der: &[u8]| anchors.iter().any(|ca| is_issued(der, ca));
    let mut issuers = others.iter().filter(|ca| is_issued(&presented.leaf, ca)).take(ISSUERS_MAX);
    match ends(&presented.leaf) || issuers.any(|ca| ends(ca)) {
        true => Ok(()),
        false => Err(CertificateError::UnknownIssuer.into()),
    }
}

/// Every rule of the library but the name.
fn chained(
    presented: &Presented,
    anchors: &[CertificateDer<'static>],
    others: &[CertificateDer<'static>],
    now: Time,
) -> Result<(), Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(anchors.iter().cloned());
    let moment = Duration::from_secs(u64::try_from(now.secs()).unwrap_or(0));
    verify_server_cert_signed_by_trust_anchor(
        &ParsedCertificate::try_from(&presented.leaf)?,
        &roots,
        &[&presented.chain, others].concat(),
        UnixTime::since_unix_epoch(moment),
        default_provider().signature_verification_algorithms.all,
    )
}

/// Says so where the chain would verify, if one of these published certificates ended it.
fn partial(presented: &Presented, others: &[CertificateDer<'static>], now: Time) -> Option<String> {
    let would_do = |ca: &&CertificateDer<'static>| {
        verified(presented, std::slice::from_ref(*ca), &[], now).is_ok()
    };
    let ca = facts(others.iter().find(would_do)?)?;
    let subject = ca.subject;
    Some(if subject == ca.issuer {
        format!(
            "clients refuse it: the published CA ({subject}) is not marked as one that may issue certificates, or has not signed itself"
        )
    } else {
        format!(
            "clients that allow no partial chains refuse it: the published CA is an intermediate ({subject}), and no root that it leads to is published and valid now"
        )
    })
}

/// Whether the library would refuse this leaf for what it is, whoever issued it.
fn is_odd(leaf: &[u8]) -> bool {
    let Ok((_, parsed)) = X509Certificate::from_der(leaf) else { return false };
    let marked = parsed.basic_constraints().ok().flatten().is_some_and(|found| found.value.ca);
    marked || parsed.version() != X509Version::V3
}

/// Whether this CA's name and key issued the leaf.
fn is_issued(leaf: &[u8], ca: &[u8]) -> bool {
    let parsed = |der| X509Certificate::from_der(der).ok().map(|(_, parsed)| parsed);
    let (Some(child), Some(parent)) = (parsed(leaf), parsed(ca)) else { return false };
    let algorithms = default_provider().signature_verification_algorithms.all;
    child.issuer().as_raw() == parent.subject().as_raw()
        && is_signed_with(
            ca,
            algorithms.iter().copied(),
            child.tbs_certificate.as_ref(),
            &child.signature_value.data,
        )
}

/// What the library says, in words about what was presented and what is published.
fn refusal(
    error: &Error,
    leaf: &LeafFacts,
    presented: &Presented,
    bundle: &CaBundle,
    now: Time,
) -> String {
    use CertificateError as E;
    let Error::InvalidCertificate(fault) = error else { return error.to_string() };
    match fault {
        E::UnknownIssuer | E::BadSignature => unknown(leaf, presented, bundle, now),
        E::Expired | E::ExpiredContext { .. } | E::NotValidYet | E::NotValidYetContext { .. } => {
            let sent = presented.chain.iter().filter_map(|der| facts(der));
            let late = sent.map(|ca| in_time(&ca, now)).find_map(Result::err);
            let late = late.unwrap_or_else(|| error.to_string());
            format!("of what the server sends along, {late}")
        }
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => {
            format!("{} is not for servers: its extended key usage says so", leaf.subject)
        }
        _ => format!("clients refuse {}: {error}", leaf.subject),
    }
}

/// Follows the issuers that the server sends, and names the one that is missing.
fn unknown(leaf: &LeafFacts, presented: &Presented, bundle: &CaBundle, now: Time) -> String {
    let mut missing = leaf.issuer.clone();
    for sent in presented.chain.iter().filter_map(|der| facts(der)) {
        if sent.subject == missing && sent.subject != sent.issuer {
            missing = sent.issuer;
        }
    }
    let subject = &leaf.subject;
    match bundle.certificates.iter().find(|ca| ca.subject == missing) {
        Some(ca) if !is_valid(ca, now) => {
            format!("{subject} was issued by {missing}, which is published and is not valid now")
        }
        Some(_) => format!(
            "{subject} names {missing} as its issuer, but the published CA of that name has another key"
        ),
        None => format!(
            "{subject} was issued by {missing}, which the server does not send and which is not the published CA ({})",
            names(bundle)
        ),
    }
}

fn is_valid(ca: &CaFacts, now: Time) -> bool {
    ca.not_before <= now && now <= ca.not_after
}

fn names(bundle: &CaBundle) -> String {
    let all = &bundle.certificates;
    let named: Vec<_> = all.iter().take(NAMES_MAX).map(|ca| ca.subject.as_str()).collect();
    let more = all.len().saturating_sub(NAMES_MAX);
    let more = if more == 0 { String::new() } else { format!("; and {more} more") };
    named.join("; ") + &more
}
