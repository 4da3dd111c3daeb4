//! What an import brings: PEM read the way a picky server reads it, and checked.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::prelude::X509Certificate;

use crate::model::time::Time;
use crate::sim::answer::Answer;
use crate::sim::x509::{self, Fit, Leaf};

/// Longest `certificate`, in characters.
const CERTIFICATE_CHARS_MAX: usize = 4096;
/// Longest `certificate_chain`, in characters.
const CHAIN_CHARS_MAX: usize = 8192;
/// Longest `private_key`, in characters.
const KEY_CHARS_MAX: usize = 4096;

/// Checks certificate, chain and key against each other and the clock, and gives the leaf and its DER;
/// an error is the service's answer.
pub(super) fn check(
    certificate: &str,
    chain: &str,
    key: &str,
    now: Time,
) -> Result<(CertificateDer<'static>, Leaf), Answer> {
    within(certificate, CERTIFICATE_CHARS_MAX, "certificate")?;
    within(chain, CHAIN_CHARS_MAX, "certificate_chain")?;
    within(key, KEY_CHARS_MAX, "private_key")?;
    let mut path = certificates(certificate, "SCM.0006", "SCM.0006")?;
    if !chain.is_empty() {
        if path.len() > 1 {
            return refuse(
                "SCM.0006",
                "certificate holds more than the leaf although a chain is given",
            );
        }
        path.extend(certificates(chain, "SCM.0053", "SCM.0013")?);
    }
    if path.len() < 2 {
        return refuse("SCM.0079", "The certificate chain is incomplete: chain length 1.");
    }
    in_order(&path)?;
    let leaf = leaf(&path[0])?;
    if leaf.not_after <= now {
        return refuse("SCM.0006", "The certificate has expired.");
    }
    key_belongs(&path[0], key)?;
    Ok((path.swap_remove(0), leaf))
}

fn refuse<T>(code: &str, message: &str) -> Result<T, Answer> {
    Err(Answer::error(400, code, message))
}

fn within(text: &str, chars_max: usize, field: &str) -> Result<(), Answer> {
    if text.chars().count() <= chars_max {
        return Ok(());
    }
    refuse("SCM.0005", &format!("{field} is longer than {chars_max} characters"))
}

/// PEM blocks and nothing else: no text around them, no blank lines before or after.
fn certificates(
    pem: &str,
    framing: &str,
    parsing: &str,
) -> Result<Vec<CertificateDer<'static>>, Answer> {
    let framed = pem.starts_with("-----BEGIN CERTIFICATE-----")
        && pem.ends_with("-----END CERTIFICATE-----");
    if !framed {
        return refuse(framing, "The PEM does not begin and end with its markers.");
    }
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .or_else(|_| refuse(parsing, "The PEM cannot be parsed."))?;
    if found.is_empty() || found.len() != pem.matches("-----BEGIN ").count() {
        return refuse(framing, "The PEM holds something else than certificates.");
    }
    Ok(found)
}

fn parsed<'a>(der: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, Answer> {
    x509::parsed(der).map_or_else(|| refuse("SCM.0031", "The certificate cannot be parsed."), Ok)
}

/// Each certificate's issuer is the next one's subject.
fn in_order(path: &[CertificateDer<'_>]) -> Result<(), Answer> {
    for pair in path.windows(2) {
        if parsed(&pair[0])?.issuer().as_raw() != parsed(&pair[1])?.subject().as_raw() {
            return refuse(
                "SCM.0079",
                "The certificate chain is not in order: an issuer is not the next subject.",
            );
        }
    }
    Ok(())
}

fn leaf(der: &CertificateDer<'static>) -> Result<Leaf, Answer> {
    let Some(leaf) = Leaf::read(der) else {
        return refuse("SCM.0031", "The certificate cannot be parsed.");
    };
    match leaf.names.first() {
        None => refuse("SCM.0009", "There is no domain name in the certificate."),
        Some(name) if !is_host(name) => refuse("SCM.0070", "The domain name's format is invalid."),
        Some(_) => Ok(leaf),
    }
}

fn is_host(name: &str) -> bool {
    let labels = name.strip_prefix("*.").unwrap_or(name);
    name.parse::<std::net::IpAddr>().is_ok()
        || labels.split('.').all(|label| {
            !label.is_empty()
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        })
}

fn key_belongs(leaf: &CertificateDer<'static>, pem: &str) -> Result<(), Answer> {
    if !pem.starts_with("-----BEGIN ") || !pem.ends_with("PRIVATE KEY-----") {
        return refuse("SCM.0114", "The private key does not begin and end with its markers.");
    }
    if pem.contains("ENCRYPTED") {
        return refuse("SCM.0012", "The private key is protected by a password.");
    }
    match x509::fit(leaf, pem) {
        Fit::Fits => Ok(()),
        Fit::Another => refuse("SCM.0014", "The private key does not match the certificate."),
        Fit::Unreadable => refuse("SCM.0012", "The private key cannot be parsed."),
    }
}
