//! Object storage behind the certificate links: signed by their query, fetched without credentials.

use std::io::{Cursor, Write as _};

use aws_lc_rs::hmac;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::answer::Answer;
use super::ask::Ask;
use super::instance_setup::{CaFile, CaInstance};
use super::world::{World, hex};
use crate::model::target::CaSource;
use crate::model::time::Time;

/// How long a link is good, in seconds.
const LINK_SECS: u64 = 300;
/// The key id that stands in links; it opens nothing else.
const LINK_ACCESS_KEY: &str = "SIMOBSLINK0000000000";
/// What object storage calls an archive, and everything else.
const ZIP: &str = "application/zip";
const ANY: &str = "application/octet-stream";
/// What lies beside the CA in an archive.
const README: (&str, &[u8]) = ("README.txt", b"The CA of this instance is in the other file.\n");
/// Headers that must never reach object storage with a pre-signed link.
const CREDENTIALS: [&str; 5] =
    ["authorization", "x-auth-token", "x-security-token", "x-sdk-date", "x-project-id"];
/// The first segment of every link's path: `/obs/BUCKET/INSTANCE/CATEGORY/FILE`.
const ROOT: &str = "obs";
/// In a path, the category of a service that has none.
const NO_CATEGORY: &str = "-";

/// The bucket where this service keeps what its instances publish.
pub(super) fn bucket(source: CaSource) -> String {
    format!("{}-ssl-certs", source.api().key())
}

/// The name of a file that is published in this form.
pub(super) fn file_name(source: CaSource, file: &CaFile) -> &'static str {
    match (file, source) {
        (CaFile::Zip(_) | CaFile::ZipOfDer(_), CaSource::Dcs) => "redis-ssl.zip",
        (CaFile::Zip(_) | CaFile::ZipOfDer(_), _) => "Certificate_Download.zip",
        (CaFile::Der(_), _) => "ca.der",
        (CaFile::Pem(_) | CaFile::Bytes(_), _) => "ca.crt",
    }
}

/// A link to what the instance publishes in this category, good for a few minutes from now.
pub(super) fn link_to(
    world: &World,
    instance: &CaInstance,
    category: &str,
    file: &CaFile,
    now: Time,
) -> String {
    let (bucket, id) = (bucket(instance.source), &instance.id);
    let category = if category.is_empty() { NO_CATEGORY } else { category };
    let name = file_name(instance.source, file);
    link(world, &format!("/{ROOT}/{bucket}/{id}/{category}/{name}"), now)
}

/// A link to this object, good for a few minutes from now.
fn link(world: &World, path: &str, now: Time) -> String {
    let expires = now.secs() + LINK_SECS.cast_signed();
    let signature = signature(world, path, &expires.to_string());
    format!(
        "{}{path}?AWSAccessKeyId={LINK_ACCESS_KEY}&Expires={expires}&Signature={signature}",
        world.base
    )
}

fn signature(world: &World, path: &str, expires: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &world.link_key);
    hex(hmac::sign(&key, format!("GET\n{path}\n{expires}").as_bytes()).as_ref())
}

/// `GET /obs/…`: refuses credentials, wrong signatures and links past their time.
pub(super) fn fetch(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    if let Some(header) = CREDENTIALS.iter().find(|name| ask.headers.contains_key(**name)) {
        world.violation(format!(
            "{} {}: header {header} sent with a pre-signed link",
            ask.method, ask.path
        ));
        return Err(refused(400, "InvalidArgument", "Only one auth mechanism is allowed"));
    }
    let expires = ask.param("Expires").unwrap_or_default();
    let signed = ask.param("AWSAccessKeyId") == Some(LINK_ACCESS_KEY)
        && ask.param("Signature") == Some(signature(world, &ask.path, expires).as_str())
        && ask.query.len() == 3;
    if !signed {
        return Err(refused(403, "SignatureDoesNotMatch", "The signature does not match"));
    }
    if expires.parse().map_or(true, |end: i64| ask.now.secs() > end) {
        return Err(refused(403, "AccessDenied", "Request has expired"));
    }
    let instance = world.settings.instances.iter().find(|found| found.id == ask.segment(2));
    let file = instance.and_then(|instance| instance.file(ask.segment(3))).cloned();
    let file =
        file.ok_or_else(|| refused(404, "NoSuchKey", "The specified key does not exist."))?;
    let (kind, bytes) = match file {
        CaFile::Zip(pem) => (ZIP, archive(&[README, ("ca.crt", pem.as_bytes())])),
        CaFile::ZipOfDer(der) => (ZIP, archive(&[README, ("ca.der", &der)])),
        CaFile::Pem(pem) => (ANY, pem.into_bytes()),
        CaFile::Der(bytes) | CaFile::Bytes(bytes) => (ANY, bytes),
    };
    let told = format!("{} bytes", bytes.len());
    Ok(Answer::bytes(200, kind, bytes).told(told))
}

fn refused(status: u16, code: &str, message: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    Answer::bytes(status, "application/xml", body.into_bytes()).told(code)
}

/// A zip archive with these files.
pub(super) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    for (name, content) in files {
        // Writing to memory fails for no reason but memory; half an archive is then a fair test too.
        if zip.start_file(*name, options).is_err() || zip.write_all(content).is_err() {
            return Vec::new();
        }
    }
    zip.finish().map(Cursor::into_inner).unwrap_or_default()
}

/// The first certificate of this PEM, or the text itself when there is none.
pub(super) fn der(pem: &str) -> Vec<u8> {
    match CertificateDer::from_pem_slice(pem.as_bytes()) {
        Ok(der) => der.to_vec(),
        Err(_) => pem.as_bytes().to_vec(),
    }
}
