//! Object storage behind the certificate links: signed by their query, fetched without credentials.

use std::io::{Cursor, Write as _};

use aws_lc_rs::hmac;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::answer::Answer;
use super::ask::Ask;
use super::settings::CaFile;
use super::world::{World, hex};
use crate::model::time::Time;

/// How long a link is good, in seconds.
const LINK_SECS: u64 = 300;
/// The key id that stands in links; it opens nothing else.
const LINK_ACCESS_KEY: &str = "SIMOBSLINK0000000000";
/// Headers that must never reach object storage with a pre-signed link.
const CREDENTIALS: [&str; 5] =
    ["authorization", "x-auth-token", "x-security-token", "x-sdk-date", "x-project-id"];
/// The bucket of each service, and the paths under it: `/obs/BUCKET/INSTANCE/FILE`.
pub(super) const DCS_BUCKET: &str = "dcs-ssl-certs";
/// See [`DCS_BUCKET`].
pub(super) const GEMINIDB_BUCKET: &str = "geminidb-ssl-certs";

/// A link to this object, good for a few minutes from now.
pub(super) fn link(world: &World, path: &str, now: Time) -> String {
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
    let file = match ask.segment(1) {
        DCS_BUCKET => world
            .settings
            .dcs
            .iter()
            .find(|dcs| dcs.id == ask.segment(2))
            .and_then(|dcs| dcs.ca.clone()),
        _ => bundle(world, ask.segment(2), ask.segment(3)).map(CaFile::Pem),
    };
    let file =
        file.ok_or_else(|| refused(404, "NoSuchKey", "The specified key does not exist."))?;
    let (kind, bytes) = match file {
        CaFile::Zip(pem) => ("application/zip", archive(&pem)),
        CaFile::Pem(pem) => ("application/octet-stream", pem.into_bytes()),
        CaFile::Bytes(bytes) => ("application/octet-stream", bytes),
    };
    let told = format!("{} bytes", bytes.len());
    Ok(Answer::bytes(200, kind, bytes).told(told))
}

fn bundle(world: &World, instance: &str, category: &str) -> Option<String> {
    let instance = world.settings.geminidb.iter().find(|found| found.id == instance)?;
    instance.certs.iter().find(|(found, _)| found == category).map(|(_, pem)| pem.clone())
}

fn refused(status: u16, code: &str, message: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    Answer::bytes(status, "application/xml", body.into_bytes()).told(code)
}

/// An archive as the console hands out: `ca.crt`, and something else beside it.
fn archive(pem: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    for (name, content) in
        [("README.txt", "The CA of this instance is in ca.crt.\n"), ("ca.crt", pem)]
    {
        // Writing to memory fails for no reason but memory; half an archive is then a fair test too.
        if zip.start_file(name, options).is_err() || zip.write_all(content.as_bytes()).is_err() {
            return Vec::new();
        }
    }
    zip.finish().map(Cursor::into_inner).unwrap_or_default()
}
