//! `[[certificate]]`: pairs on this disk.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::values::{number_or, parsed, parsed_or, path, required, span_within};
use super::{Names, TakenFiles, World, cloud_of, push};
use crate::config::error::{Findings, shown};
use crate::config::read::Read;
use crate::config::{Certificate, raw};

/// From an hour, for certificates that live a day, to longer than any public one lives.
const WARN_BEFORE: RangeInclusive<Duration> =
    Duration::from_secs(3600)..=Duration::from_secs(400 * 86_400);
/// The certificate manager's list shows about 150; more of one rotation would crowd out the rest.
const KEEP: RangeInclusive<i64> = 0..=100;
/// Letters and dashes of a UUID.
const UUID_CHARS: usize = 36;

/// Every sound certificate, in the file's order.
pub(super) fn all(
    reads: &[(Read<raw::Certificate>, Vec<Read<raw::Push>>)],
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Vec<Certificate> {
    let mut names = Names::default();
    let mut paths = HashMap::new();
    let mut certificates = Vec::new();
    for (read, pushes) in reads {
        let Some(found) = certificate(read, pushes, &mut names, world, findings) else {
            continue;
        };
        let path = (found.cloud.clone(), found.cert.clone());
        if let Some(other) = paths.insert(path, found.name.clone()) {
            let span = read.raw.cert.as_ref().map_or(read.span.clone(), |cert| cert.span());
            let text = shown(&found.cert.to_string_lossy());
            let sentence = format!(
                "`cert` {text} is that of certificate {other} too, expected one entry for it in one cloud"
            );
            findings.add(&span, sentence);
        }
        certificates.push(found);
    }
    certificates
}

/// The files that certificates are read from: nothing may write them.
pub(super) fn files(certificates: &[Certificate]) -> TakenFiles {
    let mut taken = TakenFiles::new();
    for entry in certificates {
        let files = [Some(&entry.cert), Some(&entry.key), entry.chain.as_ref()];
        for file in files.into_iter().flatten() {
            taken.insert(file.clone(), format!("certificate {} reads", entry.name));
        }
    }
    taken
}

fn certificate(
    read: &Read<raw::Certificate>,
    pushes: &[Read<raw::Push>],
    names: &mut Names,
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Option<Certificate> {
    let raw = &read.raw;
    let name = names.take(read, raw.name.as_ref(), findings);
    let cloud = cloud_of(read, raw.cloud.as_ref(), world, findings);
    let cert = required(read, "cert", raw.cert.as_ref(), findings);
    let cert = cert.and_then(|text| parsed("cert", text, findings, |text| path(text, world)));
    let key = required(read, "key", raw.key.as_ref(), findings);
    let key = key.and_then(|text| parsed("key", text, findings, |text| path(text, world)));
    let chain = raw.chain.as_ref();
    let chain = chain.and_then(|text| parsed("chain", text, findings, |text| path(text, world)));
    let project = raw.enterprise_project_id.as_ref();
    let project = project
        .and_then(|text| parsed("enterprise_project_id", text, findings, enterprise_project));
    let warn_before = raw.warn_before.as_ref();
    let warn_before = parsed_or("warn_before", warn_before, raw::WARN_BEFORE, findings, |text| {
        span_within(text, WARN_BEFORE)
    });
    let keep = number_or("keep", raw.keep.as_ref(), raw::KEEP, KEEP, findings);
    let pushes = push::all(pushes, cloud.as_ref(), world, findings);
    Some(Certificate {
        name: name?,
        cloud: cloud?,
        cert: cert?,
        key: key?,
        chain,
        enterprise_project_id: project,
        warn_before: warn_before?,
        keep,
        pushes,
    })
}

/// The import's own project. The API's `all` means "any" in a query, and names no place to import to.
fn enterprise_project(text: &str) -> Result<String, &'static str> {
    let dashes = [8, 13, 18, 23];
    let fit = |(index, byte): (usize, u8)| {
        if dashes.contains(&index) { byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    let uuid = text.len() == UUID_CHARS && text.bytes().enumerate().all(fit);
    if text == "0" || uuid {
        Ok(text.to_owned())
    } else {
        Err("is no enterprise project, expected \"0\" or a UUID")
    }
}
