//! What an instance may publish in place of a CA, or as one in another form.

use std::time::Duration;

use certrotd::model::time::Time;
use certrotd::sim::CaFile;
use certrotd::sim::pki::{Authority, KeyKind};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair};

use crate::common::now;

/// The CA of somebody who made it long ago, with a key of 1024 bits.
const WEAK: &str = include_str!("../data/pem/ca-rsa1024.pem");
const LIFE: Duration = Duration::from_secs(90 * 86_400);
/// What a proxy says, and what object storage does when a link is too old.
const PAGE: &str = "<!DOCTYPE html><html><body>Please log in</body></html>";
const XML: &str = "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>";
const JSON: &str = "{\"error_code\":\"DCS.5010\",\"error_msg\":\"Try again later.\"}";
/// Where a zip's headers have their flags, and the flag that says "encrypted".
const HEADERS: [(&[u8], usize); 2] = [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)];
const ENCRYPTED: u8 = 1;
/// More bytes than the CA in an archive may have.
const BOMB_BYTES: usize = 8 << 20;

/// What is published under this word: this CA in one of the forms, or something that is none.
pub fn file(kind: &str, pem: &str, authority: &Authority) -> Result<CaFile, String> {
    let bytes = |text: &str| CaFile::Bytes(text.as_bytes().to_vec());
    let archive = || zipped(&[("ca.crt", pem.as_bytes())]);
    Ok(match kind {
        "pem" => CaFile::Pem(pem.to_owned()),
        "der" => CaFile::der(pem),
        "zip" => CaFile::Zip(pem.to_owned()),
        "zip-of-der" => CaFile::zip_of_der(pem),
        "html" => bytes(PAGE),
        "xml" => bytes(XML),
        "json" => bytes(JSON),
        "empty" => bytes(""),
        "truncated" => bytes(&pem[..pem.len() / 2]),
        // One that stands fast, since the sentence counts its bytes.
        "truncated-der" => CaFile::Bytes(cut(&of(CaFile::der(WEAK)))),
        "expired" => CaFile::Pem(expired()),
        "not-yet-valid" => CaFile::Pem(dated("Coming", now() + LIFE, now() + LIFE * 2)),
        "weak" => CaFile::Pem(WEAK.to_owned()),
        "leaf" => {
            let leaf = authority.issue(&["db.internal"], KeyKind::EcdsaP256, now(), now() + LIFE);
            CaFile::Pem(leaf.leaf_pem)
        }
        "zip-truncated" => CaFile::Bytes(cut(&archive())),
        "zip-damaged" => CaFile::Bytes(damaged(archive())),
        "zip-encrypted" => CaFile::Bytes(encrypted(archive())),
        "zip-of-nothing" => CaFile::Bytes(zipped(&[("README.txt", b"See the console.")])),
        "zip-in-zip" => CaFile::Bytes(zipped(&[("inner.zip", &archive())])),
        "zip-with-a-path" => {
            CaFile::Bytes(zipped(&[("../../../etc/cron.d/ca.crt", pem.as_bytes())]))
        }
        "zip-bomb" => CaFile::Bytes(zipped(&[("ca.crt", &vec![b' '; BOMB_BYTES])])),
        _ => return Err(format!("{kind} is nothing that an instance publishes")),
    })
}

/// A CA whose time is over.
pub fn expired() -> String {
    dated("Expired", now() - LIFE * 2, now() - LIFE)
}

fn dated(name: &str, from: Time, to: Time) -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let epoch = Time::from_secs(0);
    let zero = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = zero + from.since(epoch);
    params.not_after = zero + to.since(epoch);
    let key = KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().pem().replace("\r\n", "\n")
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    of(CaFile::archive(files))
}

fn of(file: CaFile) -> Vec<u8> {
    match file {
        CaFile::Der(bytes) | CaFile::Bytes(bytes) => bytes,
        _ => Vec::new(),
    }
}

fn cut(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len() / 2].to_vec()
}

/// Some of its content is turned about.
fn damaged(mut bytes: Vec<u8>) -> Vec<u8> {
    let middle = bytes.len() / 3;
    bytes[middle] ^= 0xff;
    bytes
}

/// It says that its content is encrypted.
fn encrypted(mut bytes: Vec<u8>) -> Vec<u8> {
    for at in 0..bytes.len() {
        for (header, flags) in HEADERS {
            if bytes[at..].starts_with(header) {
                bytes[at + flags] |= ENCRYPTED;
            }
        }
    }
    bytes
}
