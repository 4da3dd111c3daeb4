//! `[[certificate]]`: pairs on this disk.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::sites::{Owner, Sites, site_key};
use super::values::{number_or, parsed, parsed_or, path, required, span_within};
use super::{Names, World, called, cloud_of, push};
use crate::config::error::{Findings, shown};
use crate::config::read::Read;
use crate::config::taken::{FileAt, plain};
use crate::config::{Certificate, Push, raw};
use crate::model::names::Name;

/// From an hour, for certificates that live a day, to longer than any public one lives.
pub(super) const WARN_BEFORE: RangeInclusive<Duration> =
    Duration::from_secs(3600)..=Duration::from_secs(400 * 86_400);
/// The certificate manager's list shows about 150; more of one rotation would crowd out the rest.
const KEEP: RangeInclusive<i64> = 0..=100;
/// Letters and dashes of a UUID.
const UUID_CHARS: usize = 36;

/// Certificate files by cloud, in one spelling, with the entry that reads them.
type Paths = HashMap<(Name, PathBuf), String>;

/// What no two certificates may have, and what they share.
#[derive(Default)]
pub(super) struct Register {
    pub(super) names: Names,
    paths: Paths,
    sites: Sites,
    pushes: push::Shared,
}

impl Register {
    /// Everything that this certificate has.
    pub(super) fn add(&mut self, entry: &Certificate) {
        let said = called("certificate", Some(&entry.name));
        self.names.insert(entry.name.as_str());
        self.paths.insert((entry.cloud.clone(), plain(&entry.cert)), said.clone());
        self.pushes.insert(Arc::clone(&entry.pushes));
        for place in entry.pushes.iter().flat_map(Push::places) {
            if let Some(key) = site_key(&entry.cloud, place) {
                self.sites.entry(key).or_insert_with(|| said.clone());
            }
        }
    }

    /// Whether a certificate of this cloud is read from this file.
    pub(super) fn reads(&self, cloud: &Name, cert: &Path) -> bool {
        self.paths.contains_key(&(cloud.clone(), plain(cert)))
    }
}

/// Every sound certificate, in the file's order; the files that they are read from are added to
/// `read_files`, which nothing may write. Absent: nothing writes any.
pub(super) fn all(
    reads: &[(Read<raw::Certificate>, Vec<Read<raw::Push>>)],
    mut read_files: Option<&mut Vec<FileAt>>,
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Vec<Certificate> {
    let mut register = Register::default();
    let mut certificates = Vec::new();
    for (read, pushes) in reads {
        let name = register.names.take(read, read.raw.name.as_ref(), findings);
        if let Some(read_files) = &mut read_files {
            let said = called("certificate", name.as_ref());
            for path in files(read, world, &mut Findings::new("")).into_iter().flatten() {
                read_files.push(FileAt { path, entry: said.clone(), written: None });
            }
        }
        certificates.extend(one(read, pushes, name, &mut register, world, findings));
    }
    certificates
}

/// One certificate, unless something is wrong with it. Its name is the caller's business.
pub(super) fn one(
    read: &Read<raw::Certificate>,
    pushes: &[Read<raw::Push>],
    name: Option<Name>,
    register: &mut Register,
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Option<Certificate> {
    let cloud = cloud_of(read, read.raw.cloud.as_ref(), world, findings);
    let files = files(read, world, findings);
    let said = called("certificate", name.as_ref());
    if let ([Some(cert), ..], Some(cloud)) = (&files, &cloud) {
        refuse_second(read, (cloud, cert), said.clone(), &mut register.paths, findings);
    }
    let owner = Owner { said, cloud: cloud.as_ref() };
    let pushes = push::all(pushes, &owner, &mut register.sites, world, findings);
    let pushes = push::shared(pushes, &mut register.pushes);
    certificate(read, name, cloud, files, pushes, findings)
}

/// The certificate's, the key's and the chain's file.
fn files(
    read: &Read<raw::Certificate>,
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> [Option<PathBuf>; 3] {
    let raw = &read.raw;
    let cert = required(read, "cert", raw.cert.as_ref(), findings);
    let key = required(read, "key", raw.key.as_ref(), findings);
    [("cert", cert), ("key", key), ("chain", raw.chain.as_ref())]
        .map(|(key, text)| parsed(key, text?, findings, |text| path(text, world)))
}

fn refuse_second(
    read: &Read<raw::Certificate>,
    (cloud, cert): (&Name, &Path),
    said: String,
    paths: &mut Paths,
    findings: &mut Findings<'_>,
) {
    if let Some(other) = paths.insert((cloud.clone(), plain(cert)), said) {
        let text = shown(&cert.to_string_lossy());
        let span = read.raw.cert.as_ref().map_or(read.span.clone(), |cert| cert.span());
        let sentence = format!("`cert` {text} is that of {other} too, expected once in one cloud");
        findings.add(&span, sentence);
    }
}

/// How long before its end a certificate is warned of, where no configuration says otherwise.
pub fn warn_before() -> Duration {
    // The default is within the bounds; a test reads it as everybody's file would.
    span_within(raw::WARN_BEFORE, WARN_BEFORE).unwrap_or(*WARN_BEFORE.end())
}

fn certificate(
    read: &Read<raw::Certificate>,
    name: Option<Name>,
    cloud: Option<Name>,
    [cert, key, chain]: [Option<PathBuf>; 3],
    pushes: Arc<[Push]>,
    findings: &mut Findings<'_>,
) -> Option<Certificate> {
    let raw = &read.raw;
    let project = raw.enterprise_project_id.as_ref();
    let project = project
        .and_then(|text| parsed("enterprise_project_id", text, findings, enterprise_project));
    let warn_before = raw.warn_before.as_ref();
    let warn_before = parsed_or("warn_before", warn_before, raw::WARN_BEFORE, findings, |text| {
        span_within(text, WARN_BEFORE)
    });
    let keep = number_or("keep", raw.keep.as_ref(), raw::KEEP, KEEP, findings);
    Some(Certificate {
        name: name?,
        cloud: cloud?,
        cert: cert?.into(),
        key: key?.into(),
        chain: chain.map(Arc::from),
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
