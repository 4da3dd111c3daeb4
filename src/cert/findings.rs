//! What can be wrong with certificate files, each as the sentence an operator reads.

use serde::{Deserialize, Serialize};

use crate::model::time::Time;

/// One fault in a file. `Display` is a fragment that follows the file's name: `FILE: is empty`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "fault", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are what the sentence above them shows")]
pub enum Finding {
    /// The file could not be read at all.
    #[error("cannot be read: {why}")]
    Unreadable { why: String },
    /// Nothing in it but blanks: often a renewal caught in the middle.
    #[error("is empty")]
    Empty,
    /// ASN.1 where PEM is wanted.
    #[error(
        "has no PEM in it, but what looks like DER or PKCS #12: convert it with `openssl x509 -inform der`, `openssl pkey -inform der` or `openssl pkcs12 -nodes`"
    )]
    Der,
    /// Neither PEM nor DER.
    #[error("has no PEM in it: no line begins with `-----BEGIN`")]
    NoPem,
    /// A proxy's page or an object store's XML in place of a CA.
    #[error(
        "is a web page or an XML message, not a certificate: a proxy or an expired link may have answered"
    )]
    Html,
    /// A gateway's or a service's error in place of a CA.
    #[error(
        "is a JSON message, not a certificate: a service or a gateway may have answered with an error"
    )]
    Json,
    /// A certificate's DER that breaks off.
    #[error("is cut off: its certificate has {wanted} bytes of DER, and {has} are there")]
    TruncatedDer { wanted: usize, has: usize },
    /// DER of another kind where a CA is wanted.
    #[error(
        "is DER, but no certificate: a key store (PKCS #12), a key or a list of revoked certificates may have been taken for the CA"
    )]
    ForeignDer,
    /// UTF-8 byte-order mark, which hides the first block from OpenSSL.
    #[error(
        "begins with a byte-order mark, which hides its first PEM block: save it as UTF-8 without BOM"
    )]
    ByteOrderMark,
    /// A block that does not begin in the first column, which parsers skip in silence.
    #[error(
        "has an indented {label} block, which TLS software overlooks: remove the blanks before it"
    )]
    Indented { label: String },
    /// A BEGIN line without its END line.
    #[error("is cut off: a {label} block begins and does not end")]
    Truncated { label: String },
    /// A block whose inside is not base64.
    #[error("has a {label} block that is damaged: its text is not base64")]
    Broken { label: String },
    /// OpenSSL's own format, with trust settings after the certificate.
    #[error(
        "has a {label} block, which only OpenSSL reads: convert it with `openssl x509 -in FILE -out NEW`"
    )]
    ForeignLabel { label: String },
    /// A block that is neither certificate nor key; harmless beside one.
    #[error("has a {label} block, which is not used")]
    Skipped { label: String },
    /// More blocks than any real file has.
    #[error("has more than {max} PEM blocks")]
    TooManyBlocks { max: usize },
    /// PKCS #8 or the older `Proc-Type` encryption.
    #[error(
        "the private key is encrypted: the certificate manager takes none with a passphrase; write one without by `openssl pkey -in FILE -out NEW`"
    )]
    EncryptedKey,
    /// PEM, but no certificate.
    #[error("holds no certificate, only {found}")]
    NoCertificate { found: String },
    /// PEM, but no key.
    #[error("holds no private key, only {found}")]
    NoKey { found: String },
    /// Well-framed PEM around bytes that are no certificate; counted from 1.
    #[error("certificate {index} in it cannot be parsed: {why}")]
    BadCertificate { index: usize, why: String },
    /// Well-framed PEM around bytes that are no key.
    #[error("the private key in it cannot be parsed")]
    BadKey,
    /// Key and leaf are of different renewals, or of different hosts.
    #[error(
        "the private key does not belong to the leaf: the pair may be half renewed, or the paths may belong to two certificates"
    )]
    Mismatch,
    /// Only CA certificates where a leaf is wanted.
    #[error("holds only CA certificates and no leaf: point `cert` at fullchain.pem")]
    NoLeaf,
    /// The commonest mistake: `cert.pem` in place of `fullchain.pem`.
    #[error(
        "holds the leaf alone, and the certificate manager refuses that: point `cert` at fullchain.pem, or set `chain`"
    )]
    LoneLeaf,
    /// A leaf that issued itself.
    #[error("the leaf is self-signed, and the certificate manager takes none without an issuer")]
    SelfSigned,
    /// The key belongs to a CA certificate.
    #[error(
        "the private key belongs to a CA certificate ({subject}), which must not serve as a leaf"
    )]
    CaAsLeaf { subject: String },
    /// X.509 v1 has no names and no constraints.
    #[error("the leaf is an X.509 version 1 certificate, which TLS clients refuse")]
    OldVersion,
    /// No DNS name and no address anywhere.
    #[error("the leaf names no DNS name and no IP address")]
    NoNames,
    /// A name that a probe asks for, or that a host or domain is served under.
    #[error(
        "the leaf does not cover {name}, which {needed_by} needs: renew it with that name, or take that entry out of the configuration"
    )]
    MissingName { name: String, needed_by: String },
    /// RSA below what TLS clients take.
    #[error("RSA {bits} is weaker than the {min} bits that TLS clients ask for ({subject})")]
    WeakKey { subject: String, bits: usize, min: usize },
    /// A key that is strong enough, but of a kind that is not taken.
    #[error("{kind} keys are not supported: use RSA, ECDSA P-256 or P-384, or Ed25519")]
    UnsupportedKey { kind: String },
    /// SHA-1, MD5 or MD2, on anything but a root.
    #[error("signed with {algorithm}, which TLS clients refuse ({subject})")]
    WeakSignature { subject: String, algorithm: String },
    /// The issuer is there, but its basic constraints do not let it issue.
    #[error("{issuer} issued {subject}, but is marked as no CA: TLS clients refuse the chain")]
    NotAnAuthority { subject: String, issuer: String },
    /// An issuer is missing between two certificates.
    #[error("chain gap: nothing here issued {subject} (its issuer is {issuer})")]
    ChainGap { subject: String, issuer: String },
    /// More than the import call's documented limit.
    #[error("{what} is {chars} characters, the certificate manager takes {max}")]
    TooLong { what: String, chars: usize, max: usize },
    /// `notAfter` is past.
    #[error("expired on {on}")]
    Expired { on: Time },
    /// An issuer's `notAfter` is past.
    #[error("{subject} expired on {on}")]
    IssuerExpired { subject: String, on: Time },
    /// `notBefore` is to come.
    #[error("not valid before {from}: renewed too early, or this host's clock is wrong")]
    NotYetValid { from: Time },
    /// A CA's `notBefore` is to come.
    #[error("{subject} is not valid before {from}")]
    CaTooEarly { subject: String, from: Time },
    /// Larger than any CA bundle should be.
    #[error("is larger than {max} bytes")]
    TooLarge { max: usize },
    /// A zip archive that cannot be used; `why` is a fragment.
    #[error("the archive {why}")]
    Archive { why: String },
    /// Certificates, but none that may issue another.
    #[error(
        "holds no CA certificate: what is in it was issued by others and can issue nothing itself"
    )]
    NoCa,
    /// More CAs than any service publishes: clients would load, and trust, each of them.
    #[error(
        "holds more than {max} CA certificates, which no instance needs: nothing of it is installed"
    )]
    TooManyCas { max: usize },
    /// CAs of more bytes than any service publishes.
    #[error(
        "holds CA certificates of more than {max} bytes in all, which no instance needs: nothing of it is installed"
    )]
    CasTooLarge { max: usize },
    /// CAs of one name whose signatures are costly to tell apart.
    #[error(
        "holds so many CA certificates of one name that {max} checks of signatures do not tell who signed which"
    )]
    TooManyNamesakes { max: usize },
    /// A CA that names itself as issuer, and did not sign itself.
    #[error(
        "the signature on {subject} is not its own: the certificate is damaged, or was made by somebody else"
    )]
    DamagedCa { subject: String },
    /// Every CA in the bundle is out of date.
    #[error("every CA certificate in it has expired, the last one on {on}")]
    CaExpired { on: Time },
    /// No CA in the bundle is valid yet.
    #[error("no CA certificate in it is valid before {from}")]
    CaNotYetValid { from: Time },
}
