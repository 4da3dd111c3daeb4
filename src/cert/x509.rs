//! One certificate: its facts, and what else judging it needs.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};
use x509_parser::asn1_rs::Tag;
use x509_parser::oid_registry::OID_X509_EXT_BASIC_CONSTRAINTS;
use x509_parser::prelude::{
    BasicConstraints, FromDer, GeneralName, X509Certificate, X509Name, X509Version,
};
use x509_parser::public_key::PublicKey;
use x509_parser::signature_algorithm::SignatureAlgorithm;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::findings::Finding;
use super::key::{Algorithm, bits};
use crate::model::digest::{Sha1, Sha256};
use crate::model::time::Time;

/// Longest name taken over from a certificate, in characters: names go into logs.
const NAME_CHARS_MAX: usize = 512;

/// What the planner needs to know of a certificate: no bytes, no secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LeafFacts {
    /// SHA-256 of the DER.
    pub sha256: Sha256,
    /// SHA-1 of the DER, which is what the certificate manager's show call gives.
    pub sha1: Sha1,
    /// Serial number: lower-case hex, no leading zeros, no colons.
    pub serial: String,
    /// Subject, as `CN=…, O=…`; control characters replaced.
    pub subject: String,
    /// Issuer, in the same form.
    pub issuer: String,
    /// Valid from; a later one is a newer certificate.
    pub not_before: Time,
    /// Valid until.
    pub not_after: Time,
    /// DNS names and IP addresses of the SAN; without any, a common name that could be one.
    pub names: Vec<String>,
    /// `RSA 2048`, `ECDSA P-256`, `Ed25519`, or the name of a kind that is not taken.
    pub key: String,
}

/// A parsed certificate. Nothing about it is verified yet.
#[derive(Clone)]
pub(super) struct Certificate {
    /// The whole.
    pub der: Vec<u8>,
    /// For people and the planner.
    pub facts: LeafFacts,
    /// DNS names and IP addresses of the SAN alone.
    pub sans: Vec<String>,
    /// DER of the subject, to compare exactly.
    pub subject: Vec<u8>,
    /// DER of the issuer.
    pub issuer: Vec<u8>,
    /// Whether it may issue others: basic constraints and key usage, or a version 1 certificate of its own
    /// making.
    pub ca: bool,
    /// Whether it is X.509 version 3.
    pub version3: bool,
    /// Kind of its key.
    pub algorithm: Algorithm,
    /// DER of the whole public key info.
    pub public_key_info: Vec<u8>,
    /// The key's own bits.
    pub public_key: Vec<u8>,
    /// DER of the signed part.
    pub signed: Vec<u8>,
    /// The issuer's signature over it.
    pub signature: Vec<u8>,
    /// OID of the signature.
    pub signature_oid: String,
    /// Name of the signature's hash when it is broken.
    pub weak_hash: Option<&'static str>,
}

impl Certificate {
    /// Reads one certificate and nothing after it; `index` counts from 1, for the sentence.
    pub(super) fn parse(der: &[u8], index: usize) -> Result<Self, Finding> {
        let bad = |why: &str| Finding::BadCertificate { index, why: why.to_owned() };
        let (rest, parsed) = X509Certificate::from_der(der)
            .map_err(|_| bad("its DER is damaged or of another kind"))?;
        if !rest.is_empty() {
            return Err(bad("bytes follow after its end"));
        }
        let info = parsed.public_key();
        let algorithm = algorithm(info);
        let subject = parsed.subject().as_raw().to_vec();
        let issuer = parsed.issuer().as_raw().to_vec();
        let version3 = parsed.version() == X509Version::V3;
        let constraints =
            constraints(&parsed).ok_or_else(|| bad("its basic constraints are damaged"))?;
        let ca = constraints.map_or(!version3 && subject == issuer, |found| found.ca);
        let usage = parsed.key_usage().map_err(|_| bad("its key usage is damaged"))?;
        let ca = ca && usage.is_none_or(|found| found.value.key_cert_sign());
        let sans = sans(&parsed).ok_or_else(|| bad("its subject alternative names are damaged"))?;
        Ok(Self {
            facts: facts(&parsed, der, &algorithm, &sans),
            sans,
            ca,
            version3,
            subject,
            issuer,
            algorithm,
            public_key_info: info.raw.to_vec(),
            public_key: info.subject_public_key.data.to_vec(),
            signed: parsed.tbs_certificate.as_ref().to_vec(),
            signature: parsed.signature_value.data.to_vec(),
            signature_oid: parsed.signature_algorithm.algorithm.to_id_string(),
            weak_hash: weak_hash(&parsed),
            der: der.to_vec(),
        })
    }

    /// Whether it names itself as issuer.
    pub(super) fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// Why this certificate, root or not, makes what is sent worthless.
    pub(super) fn weakness(&self) -> Option<Finding> {
        let subject = &self.facts.subject;
        let signature = self.weak_hash.filter(|_| !self.is_self_issued()).map(|algorithm| {
            Finding::WeakSignature { subject: subject.clone(), algorithm: algorithm.to_owned() }
        });
        self.algorithm.fault(subject).or(signature)
    }
}

fn facts(parsed: &X509Certificate<'_>, der: &[u8], key: &Algorithm, sans: &[String]) -> LeafFacts {
    let validity = parsed.validity();
    LeafFacts {
        sha256: Sha256::of(der),
        sha1: Sha1::of(der),
        serial: format!("{:x}", parsed.tbs_certificate.serial),
        subject: printable(&name(parsed.subject())),
        issuer: printable(&name(parsed.issuer())),
        not_before: Time::from_secs(validity.not_before.timestamp()),
        not_after: Time::from_secs(validity.not_after.timestamp()),
        names: if sans.is_empty() { common_name(parsed) } else { sans.to_vec() },
        key: key.to_string(),
    }
}

fn name(name: &X509Name<'_>) -> String {
    let text = name.to_string();
    if text.is_empty() { "(no name)".to_owned() } else { text }
}

/// None when they are damaged or stand there twice; the parser takes damaged ones for absent.
fn constraints<'a>(parsed: &'a X509Certificate<'_>) -> Option<Option<&'a BasicConstraints>> {
    let found = parsed.basic_constraints().ok()?.map(|found| found.value);
    let stands = parsed.extensions().iter().any(|it| it.oid == OID_X509_EXT_BASIC_CONSTRAINTS);
    (found.is_some() || !stands).then_some(found)
}

/// None when the SAN extension is damaged or stands there twice.
fn sans(parsed: &X509Certificate<'_>) -> Option<Vec<String>> {
    let mut names = Vec::new();
    if let Some(san) = parsed.subject_alternative_name().ok()? {
        for name in &san.value.general_names {
            match name {
                GeneralName::DNSName(dns) => names.push(printable(dns)),
                GeneralName::IPAddress(bytes) => names.extend(address(bytes)),
                GeneralName::Invalid(..) => return None,
                _ => {}
            }
        }
    }
    Some(names)
}

fn common_name(parsed: &X509Certificate<'_>) -> Vec<String> {
    let common = parsed.subject().iter_common_name().find_map(|found| found.as_str().ok());
    common.filter(|text| could_be_host(text)).map(str::to_owned).into_iter().collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(four).to_string());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|sixteen| Ipv6Addr::from(sixteen).to_string())
}

fn could_be_host(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._*:".contains(c))
}

/// Text from a certificate, fit for a log line.
fn printable(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(NAME_CHARS_MAX) {
        if c.is_control() {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\x{:02x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

fn algorithm(info: &SubjectPublicKeyInfo<'_>) -> Algorithm {
    // A curve may also stand there in full, which is no OID whatever its bytes could be read as.
    let named = info.algorithm.parameters.as_ref().filter(|found| found.tag() == Tag::Oid);
    let curve = named.and_then(|found| found.as_oid().ok());
    let curve = curve.map(|oid| oid.to_id_string());
    Algorithm::of(&info.algorithm.algorithm.to_id_string(), curve.as_deref(), || {
        match info.parsed() {
            Ok(PublicKey::RSA(rsa)) => bits(rsa.modulus),
            _ => 0,
        }
    })
}

fn weak_hash(parsed: &X509Certificate<'_>) -> Option<&'static str> {
    match parsed.signature_algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.2" => Some("MD2"),
        "1.2.840.113549.1.1.3" => Some("MD4"),
        "1.2.840.113549.1.1.4" => Some("MD5"),
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" | "1.2.840.10045.4.1" | "1.2.840.10040.4.3" => {
            Some("SHA-1")
        }
        "1.2.840.113549.1.1.10" => {
            match SignatureAlgorithm::try_from(&parsed.signature_algorithm) {
                // RFC 4055: without parameters it is SHA-1.
                Ok(SignatureAlgorithm::RSASSA_PSS(how))
                    if how.hash_algorithm_oid().to_id_string() != "1.3.14.3.2.26" =>
                {
                    None
                }
                _ => Some("SHA-1"),
            }
        }
        _ => None,
    }
}
