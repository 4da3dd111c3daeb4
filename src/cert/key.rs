//! What kind a key is, and the proof that a private key belongs to a certificate.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::sign::{CertifiedKey, SigningKey};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use rustls_pki_types::{PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use x509_parser::asn1_rs::Oid;

use super::findings::Finding;
use super::pem::{Form, Key};
use super::x509::Certificate;

/// Fewest bits of an RSA key that TLS clients take.
pub(super) const RSA_BITS_MIN: usize = 2048;
/// Most bits of an RSA key that the crypto library takes.
const RSA_BITS_MAX: usize = 8192;

/// A key's kind, public or private.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Algorithm {
    /// RSA with this many bits.
    Rsa(usize),
    /// ECDSA on NIST's 256-bit curve.
    P256,
    /// ECDSA on NIST's 384-bit curve.
    P384,
    /// Edwards curve 25519.
    Ed25519,
    /// Anything else, by its name or OID.
    Other(String),
}

impl Algorithm {
    /// Names the kind of these identifiers; `rsa_bits` is asked only for RSA.
    pub(super) fn of(
        algorithm: &str,
        curve: Option<&str>,
        rsa_bits: impl FnOnce() -> usize,
    ) -> Self {
        match (algorithm, curve) {
            ("1.2.840.113549.1.1.1", _) => Self::Rsa(rsa_bits()),
            ("1.2.840.10045.2.1", Some(curve)) => Self::on_curve(curve),
            ("1.2.840.10045.2.1", None) => {
                Self::Other("ECDSA on a curve without a name".to_owned())
            }
            ("1.3.101.112", _) => Self::Ed25519,
            ("1.3.101.113", _) => Self::Other("Ed448".to_owned()),
            ("1.2.840.113549.1.1.10", _) => Self::Other("RSA-PSS".to_owned()),
            ("1.2.840.10040.4.1", _) => Self::Other("DSA".to_owned()),
            (oid, _) => Self::Other(format!("algorithm {oid}")),
        }
    }

    fn on_curve(curve: &str) -> Self {
        match curve {
            "1.2.840.10045.3.1.7" => Self::P256,
            "1.3.132.0.34" => Self::P384,
            "1.3.132.0.35" => Self::Other("ECDSA P-521".to_owned()),
            "1.3.132.0.10" => Self::Other("ECDSA secp256k1".to_owned()),
            "1.2.156.10197.1.301" => Self::Other("SM2".to_owned()),
            other => Self::Other(format!("ECDSA on curve {other}")),
        }
    }

    /// Why a key of this kind is not sent.
    pub(super) fn fault(&self, subject: &str) -> Option<Finding> {
        match self {
            Self::Rsa(bits) if *bits < RSA_BITS_MIN => Some(Finding::WeakKey {
                subject: subject.to_owned(),
                bits: *bits,
                min: RSA_BITS_MIN,
            }),
            Self::Rsa(bits) if *bits > RSA_BITS_MAX => {
                Some(Finding::UnsupportedKey { kind: self.to_string() })
            }
            Self::Other(kind) => Some(Finding::UnsupportedKey { kind: kind.clone() }),
            Self::Rsa(_) | Self::P256 | Self::P384 | Self::Ed25519 => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "RSA {bits}"),
            Self::P256 => f.write_str("ECDSA P-256"),
            Self::P384 => f.write_str("ECDSA P-384"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Other(kind) => f.write_str(kind),
        }
    }
}

/// The kind of a private key, from its own identifiers; none when it is no key at all.
pub(super) fn algorithm(key: &Key) -> Option<Algorithm> {
    let (_, body, _) = tlv(&key.der)?;
    let (_, _, after_version) = tlv(body)?;
    match key.form {
        Form::Pkcs1 => Some(Algorithm::Rsa(bits(tlv(after_version)?.1))),
        Form::Sec1 => {
            let (_, _, optional) = tlv(after_version)?;
            let (tag, parameters, _) = tlv(optional)?;
            let curve = (tag == 0xa0).then(|| oid(parameters)).flatten()?;
            Some(Algorithm::on_curve(&curve))
        }
        Form::Pkcs8 => {
            let (_, identifier, rest) = tlv(after_version)?;
            let (_, _, parameters) = tlv(identifier)?;
            let inner = tlv(rest)?.1;
            Some(Algorithm::of(&oid(identifier)?, oid(parameters).as_deref(), || {
                rsa_modulus(inner).map_or(0, bits)
            }))
        }
    }
}

/// Proves that this key belongs to this certificate. `Err` when the key is of no supported kind
/// or cannot be parsed: then nothing is known.
pub(super) fn proves(key: &Key, certificate: &Certificate) -> Result<bool, Finding> {
    Ok(matches(&load(key)?, certificate))
}

/// Whether they belong together, also for kinds that are too weak or too odd to be used: those
/// are told by the public key that stands inside the private one. For inspection alone.
pub(super) fn looks_related(key: &Key, certificate: &Certificate) -> bool {
    match load(key) {
        Ok(signing) => matches(&signing, certificate),
        Err(_) => {
            let public = match certificate.algorithm {
                // Modulus and exponent stand in both forms, one after the other.
                Algorithm::Rsa(_) => tlv(&certificate.public_key).map_or(&[][..], |found| found.1),
                _ => &certificate.public_key,
            };
            !public.is_empty() && key.der.windows(public.len()).any(|window| window == public)
        }
    }
}

/// Whether nothing can tell if they belong together: a kind that is not supported, the same on both
/// sides, such as Ed448, whose private form need not hold the public one.
pub(super) fn may_be_related(key: &Key, certificate: &Certificate) -> bool {
    let kind = algorithm(key);
    matches!(kind, Some(Algorithm::Other(_))) && kind.as_ref() == Some(&certificate.algorithm)
}

/// The key as the TLS library takes it; refuses by name what that refuses with one vague sentence.
pub(super) fn load(key: &Key) -> Result<Arc<dyn SigningKey>, Finding> {
    if let Some(fault) = algorithm(key).and_then(|kind| kind.fault("the private key")) {
        return Err(fault);
    }
    let der = match key.form {
        Form::Pkcs8 => PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.der.as_slice())),
        Form::Pkcs1 => PrivateKeyDer::Pkcs1(PrivatePkcs1KeyDer::from(key.der.as_slice())),
        Form::Sec1 => PrivateKeyDer::Sec1(PrivateSec1KeyDer::from(key.der.as_slice())),
    };
    any_supported_type(&der).map_err(|_| Finding::BadKey)
}

fn matches(key: &Arc<dyn SigningKey>, certificate: &Certificate) -> bool {
    let der = CertificateDer::from(certificate.der.clone());
    CertifiedKey::new(vec![der], Arc::clone(key)).keys_match().is_ok()
        // A version 1 certificate fails there for its version; its key can still be compared.
        || key.public_key().is_some_and(|public| public.as_ref() == certificate.public_key_info)
}

fn rsa_modulus(der: &[u8]) -> Option<&[u8]> {
    let (_, body, _) = tlv(der)?;
    let (_, _, after_version) = tlv(body)?;
    Some(tlv(after_version)?.1)
}

/// How many bits a big-endian integer has.
pub(super) fn bits(integer: &[u8]) -> usize {
    let zeros = integer.iter().take_while(|byte| **byte == 0).count();
    let first = integer.get(zeros).map_or(0, |byte| byte.leading_zeros() as usize);
    (integer.len() - zeros) * 8 - first
}

fn oid(der: &[u8]) -> Option<String> {
    let (tag, content, _) = tlv(der)?;
    (tag == 0x06).then(|| Oid::new(content.into()).to_id_string())
}

/// Tag, content and the rest of one DER element; single-byte tags and lengths up to 16 MiB.
fn tlv(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if digits.len() > 3 {
            return None;
        }
        (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_that_is_written_out_has_no_name() {
        let kind = Algorithm::of("1.2.840.10045.2.1", None, || 0);
        assert_eq!(kind.to_string(), "ECDSA on a curve without a name");
        assert!(kind.fault("CN=x").is_some());
    }

    #[test]
    fn counts_bits_and_never_reads_past_the_end() {
        assert_eq!(bits(&[0, 0x80, 0]), 16);
        assert_eq!(bits(&[]), 0);
        assert_eq!(tlv(&[2, 1, 7, 9]), Some((2, &[7][..], &[9][..])));
        for cut in [&[][..], &[2], &[2, 2, 7], &[2, 0x82, 1], &[2, 0x84, 0, 0, 0, 0]] {
            assert_eq!(tlv(cut), None);
        }
    }
}
