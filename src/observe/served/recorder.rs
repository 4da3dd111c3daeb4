//! The client's half of a handshake that records what is presented and asks only for the key.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::{DEFAULT_VERSIONS, DigitallySignedStruct, Error, SignatureAlgorithm, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, UnixTime};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::cert::{Family, LeafFacts, facts};

/// Certificates after the leaf that are recorded; a sound chain has one to three.
const CHAIN_MAX: usize = 10;
/// Sizes of RSA keys, in bits, whose signatures TLS libraries check.
const RSA_BITS: RangeInclusive<u32> = 2048..=8192;

/// What a server presents, recorded and not judged.
#[derive(Clone, Debug)]
pub(in crate::observe) struct Presented {
    /// The leaf.
    pub(in crate::observe) leaf: CertificateDer<'static>,
    /// What came after it, in its order.
    pub(in crate::observe) chain: Vec<CertificateDer<'static>>,
    /// Whether the server proved that it holds the leaf's key. It cannot where the library does not check
    /// signatures by such a key or of such a certificate.
    pub(in crate::observe) proven: bool,
}

/// A leaf came, with a signature that its key did not make.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forged;

/// Takes any certificate, and remembers it once the server has signed the handshake.
#[derive(Debug)]
pub(super) struct Recorder {
    only: Option<Family>,
    algorithms: WebPkiSupportedAlgorithms,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    chain: Vec<CertificateDer<'static>>,
    verdict: Option<Result<Presented, Forged>>,
}

impl Recorder {
    /// Offers to check signatures by keys of this family alone, or of all.
    pub(super) fn new(only: Option<Family>) -> Self {
        let algorithms = default_provider().signature_verification_algorithms;
        Self { only, algorithms, seen: Mutex::default() }
    }

    /// What came. None when the handshake ended before the server had signed it.
    pub(super) fn verdict(&self) -> Option<Result<Presented, Forged>> {
        self.seen().verdict.clone()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Both versions of TLS come here with the leaf and what checking the signature said.
    fn conclude(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
        signature: Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        let proven = signature.is_ok() || {
            let known = self.algorithms.mapping.iter().filter(|(it, _)| *it == signed.scheme);
            let known = known.flat_map(|(_, algorithms)| algorithms.iter().copied());
            !is_taken(leaf) && is_signed_with(leaf, known, message, signed.signature())
        };
        let signature = signature.or_else(|error| {
            let checkable = checkable(leaf, facts(leaf).as_ref());
            if checkable { Err(error) } else { Ok(HandshakeSignatureValid::assertion()) }
        });
        let mut seen = self.seen();
        seen.verdict = Some(match signature {
            Ok(_) => {
                let chain = std::mem::take(&mut seen.chain);
                Ok(Presented { leaf: leaf.clone().into_owned(), chain, proven })
            }
            Err(_) => Err(Forged),
        });
        signature
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = intermediates.iter().take(CHAIN_MAX);
        self.seen().chain = chain.map(|der| der.clone().into_owned()).collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let signature = verify_tls12_signature(message, leaf, signed, &self.algorithms);
        self.conclude(message, leaf, signed, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let signature = verify_tls13_signature(message, leaf, signed, &self.algorithms);
        self.conclude(message, leaf, signed, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let all = self.algorithms.supported_schemes().into_iter();
        all.filter(|scheme| self.only.is_none_or(|only| of_family(*scheme, only))).collect()
    }
}

/// A client for one handshake: TLS 1.2 and 1.3, nothing resumed, no application protocol.
pub(super) fn client(recorder: Arc<Recorder>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(provider(recorder.only));
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(DEFAULT_VERSIONS)?
        .dangerous()
        .with_custom_certificate_verifier(recorder)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Servers of TLS 1.2 may choose their certificate by the cipher suites and not look at the signatures,
/// so both are narrowed. Key exchange is classic: a hybrid share does not fit into one packet, which
/// old middleboxes answer with silence, and a probe has no secret to keep.
fn provider(only: Option<Family>) -> CryptoProvider {
    let mut provider = default_provider();
    if let Some(only) = only {
        let family = match only {
            Family::Rsa => SignatureAlgorithm::RSA,
            Family::Ecdsa => SignatureAlgorithm::ECDSA,
            Family::Ed25519 => SignatureAlgorithm::ED25519,
        };
        provider.cipher_suites.retain(|suite| suite.usable_for_signature_algorithm(family));
    }
    provider.kx_groups = vec![kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1];
    provider
}

fn of_family(scheme: SignatureScheme, family: Family) -> bool {
    use SignatureScheme as S;
    match family {
        Family::Rsa => matches!(
            scheme,
            S::RSA_PKCS1_SHA256
                | S::RSA_PKCS1_SHA384
                | S::RSA_PKCS1_SHA512
                | S::RSA_PSS_SHA256
                | S::RSA_PSS_SHA384
                | S::RSA_PSS_SHA512
        ),
        Family::Ecdsa => matches!(
            scheme,
            S::ECDSA_NISTP256_SHA256 | S::ECDSA_NISTP384_SHA384 | S::ECDSA_NISTP521_SHA512
        ),
        Family::Ed25519 => scheme == S::ED25519,
    }
}

/// Whether a signature by this leaf's key can be checked at all. It cannot where the library does not
/// take the certificate, as with version 1, or the key's size.
fn checkable(leaf: &CertificateDer<'_>, facts: Option<&LeafFacts>) -> bool {
    let bits = facts.and_then(|facts| facts.key.strip_prefix("RSA ")?.parse().ok());
    is_taken(leaf) && bits.is_none_or(|bits| RSA_BITS.contains(&bits))
}

/// Whether the library takes this certificate at all.
fn is_taken(leaf: &CertificateDer<'_>) -> bool {
    ParsedCertificate::try_from(leaf).is_ok()
}

/// Whether the key in this certificate made the signature, by any of these algorithms. For certificates
/// that the library does not take, such as those of version 1: their keys are as good as others.
pub(in crate::observe) fn is_signed_with<'a>(
    certificate: &[u8],
    algorithms: impl IntoIterator<Item = &'a dyn SignatureVerificationAlgorithm>,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else { return false };
    let key = &parsed.public_key().subject_public_key.data;
    // A key of another kind fails like a signature that does not fit.
    let fits = |algorithm: &dyn SignatureVerificationAlgorithm| {
        algorithm.verify_signature(key, message, signature).is_ok()
    };
    algorithms.into_iter().any(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_that_can_be_checked_is_of_one_family_or_post_quantum() {
        let offered = |only| Recorder::new(only).supported_verify_schemes();
        let families = [Family::Rsa, Family::Ecdsa, Family::Ed25519].map(|it| offered(Some(it)));
        for scheme in offered(None) {
            let members = families.iter().filter(|family| family.contains(&scheme)).count();
            let post_quantum = format!("{scheme:?}").starts_with("ML_DSA");
            assert_eq!(members, usize::from(!post_quantum), "{scheme:?}");
        }
    }

    #[test]
    fn a_client_can_be_made_for_every_family() {
        for only in [None, Some(Family::Rsa), Some(Family::Ecdsa), Some(Family::Ed25519)] {
            let config = client(Arc::new(Recorder::new(only))).unwrap();
            assert!(config.alpn_protocols.is_empty());
            let versions = |version| {
                let suites = &config.crypto_provider().cipher_suites;
                suites.iter().any(|suite| suite.version().version == version)
            };
            assert!(versions(rustls::ProtocolVersion::TLSv1_2), "{only:?}");
            assert!(versions(rustls::ProtocolVersion::TLSv1_3), "{only:?}");
        }
    }
}
