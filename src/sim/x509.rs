//! What the services read in a leaf: its names, its days, and the family of its key.

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use crate::model::time::Time;

/// RSA encryption's object identifier.
const RSA_OID: &str = "1.2.840.113549.1.1.1";

/// The family of a key: a listener may hold one certificate of each for the same names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// RSA.
    Rsa,
    /// Everything on a curve.
    Ec,
}

/// A leaf as a service reads it.
#[derive(Debug)]
pub(super) struct Leaf {
    /// The common name and then every other name, each once.
    pub names: Vec<String>,
    pub not_before: Time,
    pub not_after: Time,
    pub signature_algorithm: &'static str,
    pub family: Family,
}

/// How a key stands to a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fit {
    Fits,
    /// It is a key, of another certificate.
    Another,
    /// It is no key that can be read.
    Unreadable,
}

impl Leaf {
    /// Reads a certificate; nothing when it cannot be parsed to its end.
    pub fn read(der: &CertificateDer<'_>) -> Option<Self> {
        let certificate = parsed(der)?;
        Some(Self {
            names: names(&certificate),
            not_before: Time::from_secs(certificate.validity().not_before.timestamp()),
            not_after: Time::from_secs(certificate.validity().not_after.timestamp()),
            signature_algorithm: signature_algorithm(&certificate),
            family: match certificate.public_key().algorithm.algorithm.to_id_string().as_str() {
                RSA_OID => Family::Rsa,
                _ => Family::Ec,
            },
        })
    }
}

/// The certificate, when there is nothing else in the bytes.
pub(super) fn parsed<'a>(der: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Some(certificate),
        _ => None,
    }
}

/// Whether this PEM is the key of this leaf.
pub(super) fn fit(leaf: &CertificateDer<'static>, pem: &str) -> Fit {
    let Ok(key) = PrivateKeyDer::from_pem_slice(pem.as_bytes()) else { return Fit::Unreadable };
    match CertifiedKey::from_der(vec![leaf.clone()], key, &default_provider()) {
        Ok(_) => Fit::Fits,
        Err(rustls::Error::InconsistentKeys(_)) => Fit::Another,
        Err(_) => Fit::Unreadable,
    }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let common_name =
        certificate.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
    let mut names: Vec<String> = common_name.map(str::to_owned).into_iter().collect();
    if let Ok(Some(sans)) = certificate.subject_alternative_name() {
        for name in &sans.value.general_names {
            match name {
                GeneralName::DNSName(name) if !names.iter().any(|known| known == name) => {
                    names.push((*name).to_owned());
                }
                GeneralName::IPAddress(bytes) => names.extend(address(bytes)),
                _ => {}
            }
        }
    }
    names.dedup();
    names
}

fn address(bytes: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(bytes).ok().map(|four| std::net::IpAddr::from(four).to_string());
    four.or_else(|| {
        <[u8; 16]>::try_from(bytes).ok().map(|all| std::net::IpAddr::from(all).to_string())
    })
}

fn signature_algorithm(certificate: &X509Certificate<'_>) -> &'static str {
    match certificate.signature_algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.11" => "SHA256withRSA",
        "1.2.840.10045.4.3.2" => "SHA256withECDSA",
        "1.2.840.10045.4.3.3" => "SHA384withECDSA",
        "1.3.101.112" => "Ed25519",
        _ => "UNKNOWN",
    }
}
