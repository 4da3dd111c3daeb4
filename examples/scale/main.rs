//! What `benches/scale.sh` needs in a compiled language: certificates by the thousand, and the bare cost
//! of the same files that the figures are held against.
//!
//! `scale pairs DIR COUNT` makes `DIR/000000/{fullchain,privkey}.pem` and on; `scale stat DIR COUNT` looks
//! at each file once and does no more; `scale price DIR COUNT` reads each, hashes it, and derives the
//! public key of each private one; `scale drive FACTS.json DIR COUNT` imports and pushes them to a simulated cloud with
//! no more than the calls need; `scale settle` writes the journal of an earlier run. `stat`, `price` and `drive` print how long that took, in nanoseconds.

#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a tool for measuring, which ends where it cannot go on")]

mod drive;
mod settle;

use std::fs;
use std::hint::black_box;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest;
use aws_lc_rs::signature::RsaKeyPair;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use clap::{Args, Parser, Subcommand};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256,
};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;

/// One pair in so many has an RSA key; the others are ECDSA on P-256, as ACME clients make them today.
const RSA_EVERY: usize = 5;
/// So many RSA keys go round: making one takes longer than all else that a pair needs.
const RSA_KEYS: usize = 50;
/// Certificates are valid for so long.
const DAYS: u64 = 90;
const DAY: Duration = Duration::from_secs(24 * 3600);

#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Make pairs, or make them anew
    Pairs(Pairs),
    /// Look at each file of the pairs once
    Stat(Files),
    /// Read and hash each file of the pairs, and derive each public key
    Price(Files),
    /// Write the journal of a run that imported and pushed the pairs
    Settle(settle::Settled),
    /// Import and push the pairs with bare calls
    Drive(drive::Calls),
}

#[derive(Args)]
struct Pairs {
    #[command(flatten)]
    files: Files,
    /// The number of the first
    #[arg(long, default_value_t = 0)]
    from: usize,
    /// Where the authority and the RSA keys are kept from one call to the next
    #[arg(long)]
    keep: PathBuf,
    /// How long ago they were issued, in seconds
    #[arg(long, default_value_t = 86_400)]
    issued_ago: u64,
}

#[derive(Args)]
struct Files {
    /// Has a directory for each pair
    directory: PathBuf,
    /// How many pairs
    count: usize,
}

fn main() {
    match Options::parse().what {
        What::Pairs(wanted) => make(&wanted),
        What::Stat(files) => say(timed(|| stat(&files))),
        What::Price(files) => say(timed(|| price(&files))),
        What::Settle(settled) => settle::settle(&settled),
        What::Drive(calls) => {
            let ready = drive::prepare(&calls);
            say(timed(|| ready.run()));
        }
    }
}

fn say(took: Duration) {
    let mut out = std::io::stdout();
    writeln!(out, "{}", took.as_nanos()).unwrap();
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

/// The files of these pairs, one after the other.
fn paths(files: &Files) -> impl Iterator<Item = (PathBuf, PathBuf)> {
    (0..files.count).map(|number| {
        let directory = files.directory.join(format!("{number:06}"));
        (directory.join("fullchain.pem"), directory.join("privkey.pem"))
    })
}

fn stat(files: &Files) {
    for (cert, key) in paths(files) {
        black_box(fs::metadata(cert).unwrap());
        black_box(fs::metadata(key).unwrap());
    }
}

fn price(files: &Files) {
    for (cert, key) in paths(files) {
        let (cert, key) = (fs::read(cert).unwrap(), fs::read(key).unwrap());
        black_box(digest::digest(&digest::SHA256, &cert));
        black_box(digest::digest(&digest::SHA256, &key));
        let key = PrivatePkcs8KeyDer::from_pem_slice(&key).unwrap();
        black_box(public(key.secret_pkcs8_der()));
    }
}

/// Either kind's public key, as the crypto library works it out from the private one.
fn public(key: &[u8]) -> Vec<u8> {
    match EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key) {
        Ok(pair) => pair.public_key().as_ref().to_vec(),
        Err(_) => {
            let pair = RsaKeyPair::from_pkcs8(key).unwrap();
            pair.public_key().as_ref().to_vec()
        }
    }
}

fn make(wanted: &Pairs) {
    fs::create_dir_all(&wanted.keep).unwrap();
    let (issuer, chain) = authority(&wanted.keep);
    let rsa: Vec<_> = (0..RSA_KEYS.min(wanted.files.count))
        .map(|number| kept(&wanted.keep.join(format!("rsa-{number}.pem")), &PKCS_RSA_SHA256))
        .collect();
    let issued = SystemTime::now() - Duration::from_secs(wanted.issued_ago);
    let issued = issued.duration_since(UNIX_EPOCH).unwrap();
    for number in wanted.from..wanted.from + wanted.files.count {
        let made = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let key =
            if number % RSA_EVERY == 0 { &rsa[number / RSA_EVERY % rsa.len()] } else { &made };
        let leaf = leaf(&format!("{number:06}.example.com"), issued);
        let leaf = leaf.signed_by(key, &issuer).unwrap();
        let directory = wanted.files.directory.join(format!("{number:06}"));
        fs::create_dir_all(&directory).unwrap();
        // The key first: a daemon that looks in between sees a pair that does not match, and waits.
        put(&directory.join("privkey.pem"), &key.serialize_pem());
        put(&directory.join("fullchain.pem"), &format!("{}{chain}", leaf.pem()));
    }
}

/// Whole or absent, as ACME clients write.
fn put(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    let mut open = fs::OpenOptions::new();
    let mut file = open.write(true).create(true).truncate(true).mode(0o600).open(&beside).unwrap();
    file.write_all(text.replace("\r\n", "\n").as_bytes()).unwrap();
    fs::rename(beside, path).unwrap();
}

/// The intermediate, and its PEM; the root is nobody's business.
fn authority(keep: &Path) -> (CertifiedIssuer<'static, KeyPair>, String) {
    let key = |name: &str| kept(&keep.join(name), &PKCS_ECDSA_P256_SHA256);
    let root = CertifiedIssuer::self_signed(ca("Scale Root"), key("root.pem")).unwrap();
    let own = CertifiedIssuer::signed_by(ca("Scale Intermediate"), key("ca.pem"), &root).unwrap();
    let pem = own.pem();
    (own, pem)
}

/// A key that was made before, or one that will be there next time.
fn kept(path: &Path, kind: &'static rcgen::SignatureAlgorithm) -> KeyPair {
    match fs::read_to_string(path) {
        Ok(text) => KeyPair::from_pem(&text).unwrap(),
        Err(_) => {
            let made = KeyPair::generate_for(kind).unwrap();
            put(path, &made.serialize_pem());
            made
        }
    }
}

fn ca(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = rcgen::date_time_ymd(1975, 1, 1);
    params.not_after = rcgen::date_time_ymd(2096, 1, 1);
    params
}

fn leaf(name: &str, issued: Duration) -> CertificateParams {
    let mut params = named(name);
    params.subject_alt_names = CertificateParams::new([name.to_owned()]).unwrap().subject_alt_names;
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + issued;
    params.not_after = epoch + issued + DAY * u32::try_from(DAYS).unwrap();
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
