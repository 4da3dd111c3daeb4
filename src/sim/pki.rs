//! A small certificate authority for tests and the rehearsal: a root, an intermediate, and leaves.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519,
    PKCS_RSA_SHA256,
};
use rustls_pki_types::CertificateDer;

use super::settings::Pair;
use crate::model::digest::Sha256;
use crate::model::secret::Secret;
use crate::model::time::Time;

/// First and last year of the authority's own certificates, wide around any leaf's.
const CA_YEARS: (i32, i32) = (1975, 2096);
/// The names of an instance, whose port is on loopback.
const INSTANCE_NAMES: [&str; 3] = ["instance.internal", "localhost", "127.0.0.1"];

/// The key of a leaf.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyKind {
    /// RSA of 2048 bits.
    Rsa2048,
    /// ECDSA on P-256.
    EcdsaP256,
    /// ECDSA on P-384.
    EcdsaP384,
    /// Ed25519.
    Ed25519,
}

/// A root and an intermediate that signs leaves.
pub struct Authority {
    root_pem: String,
    intermediate: CertifiedIssuer<'static, KeyPair>,
}

/// A leaf with its key and its way up. Each PEM ends in one line break.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The leaf alone.
    pub leaf_pem: String,
    /// The intermediate.
    pub chain_pem: String,
    /// The root.
    pub root_pem: String,
    /// The key, as PKCS#8.
    pub key_pem: Secret,
    /// The leaf's fingerprint.
    pub sha256: Sha256,
    /// The leaf's DER.
    pub leaf_der: CertificateDer<'static>,
}

impl Authority {
    /// A new authority whose certificates bear this name.
    ///
    /// # Panics
    /// When the system gives no randomness for a key.
    #[expect(
        clippy::unwrap_used,
        reason = "two self-made requests with fixed extensions; only randomness could fail"
    )]
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let root =
            CertifiedIssuer::self_signed(authority(&format!("{name} Root"), None), key).unwrap();
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let params = authority(&format!("{name} Intermediate"), Some(0));
        let intermediate = CertifiedIssuer::signed_by(params, key, &root).unwrap();
        Self { root_pem: unix(&root.pem()), intermediate }
    }

    /// The root's certificate: what a client trusts.
    pub fn ca_pem(&self) -> &str {
        &self.root_pem
    }

    /// The intermediate's certificate.
    pub fn chain_pem(&self) -> String {
        unix(&self.intermediate.pem())
    }

    /// A leaf for these names; the first is also its common name.
    ///
    /// # Panics
    /// When a name is not ASCII, or the system gives no randomness for a key.
    pub fn issue(&self, names: &[&str], key: KeyKind, not_before: Time, not_after: Time) -> Issued {
        self.issue_as(names.first().copied(), names, key, not_before, not_after)
    }

    /// The same with another common name, or none.
    ///
    /// # Panics
    /// As [`Authority::issue`].
    #[expect(
        clippy::unwrap_used,
        reason = "documented: fails on names that are no ASCII, which are a caller's own"
    )]
    pub fn issue_as(
        &self,
        common_name: Option<&str>,
        names: &[&str],
        key: KeyKind,
        not_before: Time,
        not_after: Time,
    ) -> Issued {
        let params = leaf(common_name, names, not_before, not_after).unwrap();
        let pair = generate(key);
        let leaf = params.signed_by(&pair, &self.intermediate).unwrap();
        Issued {
            leaf_pem: unix(&leaf.pem()),
            chain_pem: self.chain_pem(),
            root_pem: self.root_pem.clone(),
            key_pem: Secret::new(unix(&pair.serialize_pem())),
            sha256: Sha256::of(leaf.der()),
            leaf_der: leaf.der().clone(),
        }
    }
}

impl Authority {
    /// What an instance of this authority presents: a leaf for loopback, and the intermediate.
    ///
    /// # Panics
    /// As [`Authority::issue`].
    pub fn instance(&self, not_before: Time, not_after: Time) -> Pair {
        let issued = self.issue(&INSTANCE_NAMES, KeyKind::EcdsaP256, not_before, not_after);
        let fullchain = issued.fullchain_pem();
        Pair { name: INSTANCE_NAMES[0].to_owned(), fullchain, key: issued.key_pem }
    }
}

/// A server certificate for loopback that signed itself and is no CA: what it presents and what it
/// publishes are the same.
///
/// # Panics
/// When the system gives no randomness for a key.
#[expect(
    clippy::unwrap_used,
    reason = "a self-made request for fixed names; only randomness could fail"
)]
pub fn self_signed(not_before: Time, not_after: Time) -> Pair {
    let mut params = leaf(Some(INSTANCE_NAMES[0]), &INSTANCE_NAMES, not_before, not_after).unwrap();
    params.use_authority_key_identifier_extension = false;
    let pair = generate(KeyKind::EcdsaP256);
    let made = params.self_signed(&pair).unwrap();
    Pair {
        name: INSTANCE_NAMES[0].to_owned(),
        fullchain: unix(&made.pem()),
        key: Secret::new(unix(&pair.serialize_pem())),
    }
}

impl Issued {
    /// Leaf and intermediate, as an ACME client writes `fullchain.pem`.
    pub fn fullchain_pem(&self) -> String {
        format!("{}{}", self.leaf_pem, self.chain_pem)
    }
}

fn leaf(
    common_name: Option<&str>,
    names: &[&str],
    not_before: Time,
    not_after: Time,
) -> Result<CertificateParams, rcgen::Error> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    if let Some(name) = common_name {
        params.distinguished_name.push(DnType::CommonName, name);
    }
    set_validity(&mut params, not_before, not_after);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

fn authority(name: &str, path_length: Option<u8>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.distinguished_name.push(DnType::OrganizationName, "certrotd rehearsal");
    params.is_ca = IsCa::Ca(
        path_length.map_or(BasicConstraints::Unconstrained, BasicConstraints::Constrained),
    );
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = rcgen::date_time_ymd(CA_YEARS.0, 1, 1);
    params.not_after = rcgen::date_time_ymd(CA_YEARS.1, 1, 1);
    params
}

/// rcgen takes days or another crate's moment type; the epoch plus a span needs neither's name.
fn set_validity(params: &mut CertificateParams, not_before: Time, not_after: Time) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let zero = Time::from_secs(0);
    params.not_before = epoch + not_before.since(zero);
    params.not_after = epoch + not_after.since(zero);
}

#[expect(
    clippy::unwrap_used,
    reason = "the algorithms are all known to the library; only randomness could fail"
)]
fn generate(kind: KeyKind) -> KeyPair {
    let algorithm = match kind {
        KeyKind::Rsa2048 => &PKCS_RSA_SHA256,
        KeyKind::EcdsaP256 => &PKCS_ECDSA_P256_SHA256,
        KeyKind::EcdsaP384 => &PKCS_ECDSA_P384_SHA384,
        KeyKind::Ed25519 => &PKCS_ED25519,
    };
    KeyPair::generate_for(algorithm).unwrap()
}

/// rcgen writes the platform's line ends or CRLF; files on a server have `\n`.
fn unix(pem: &str) -> String {
    pem.replace("\r\n", "\n")
}
