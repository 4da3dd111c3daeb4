//! `[[instance_ca]]`: CA files that follow what an instance publishes.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::super::certificate::WARN_BEFORE;
use super::super::command::command;
use super::super::probe::probe;
use super::super::values::{parsed, parsed_or, path, required, span_within, word};
use super::super::{Names, World, called, cloud_of};
use super::attributes::{account, mode};
use super::{ID_CHARS_MAX, instance_id};
use crate::config::error::{Findings, shown};
use crate::config::read::Read;
use crate::config::taken::FileAt;
use crate::config::words::one_of;
use crate::config::{InstanceCa, raw};
use crate::model::names::Name;
use crate::model::place::{InstanceProbe, Protocol};
use crate::model::target::{Api, CaSource};

/// From none, for clients that follow at once, to a year: whoever has not followed by then trusts a CA
/// that the instance gave up long ago.
const OVERLAP: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(365 * 86_400);
/// No overlap, without a unit: no unit would change it.
const OVERLAP_NONE: &str = "0";

/// Every sound CA file, in the file's order; each path, of unsound ones too, is added to `files`.
pub(in super::super) fn all(
    reads: &[Read<raw::InstanceCa>],
    files: &mut Vec<FileAt>,
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Vec<InstanceCa> {
    let mut names = Names::default();
    reads.iter().filter_map(|read| ca(read, &mut names, files, world, findings)).collect()
}

fn ca(
    read: &Read<raw::InstanceCa>,
    names: &mut Names,
    files: &mut Vec<FileAt>,
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Option<InstanceCa> {
    let raw = &read.raw;
    let name = names.take(read, raw.name.as_ref(), findings);
    let cloud = cloud_of(read, raw.cloud.as_ref(), world, findings);
    let service = required(read, "service", raw.service.as_ref(), findings);
    let source = service.and_then(|text| parsed("service", text, findings, ca_source));
    let id = required(read, "instance_id", raw.instance_id.as_ref(), findings);
    let instance_id = id.and_then(|text| parsed("instance_id", text, findings, instance_id));
    let category = raw.category.as_ref();
    let category = parsed_or("category", category, raw::CATEGORY, findings, category_name);
    let path = own_file(read, name.as_ref(), files, world, findings);
    let mode = parsed_or("mode", raw.mode.as_ref(), raw::MODE, findings, mode);
    let owner = raw.owner.as_ref().and_then(|text| parsed("owner", text, findings, account));
    let group = raw.group.as_ref().and_then(|text| parsed("group", text, findings, account));
    let overlap = parsed_or("overlap", raw.overlap.as_ref(), raw::OVERLAP, findings, overlap);
    let probe = proof(read, findings);
    let warn_before = raw.warn_before.as_ref();
    let warn_before = parsed_or("warn_before", warn_before, raw::WARN_BEFORE, findings, |text| {
        span_within(text, WARN_BEFORE)
    });
    let on_change = command("on_change", raw.on_change.as_ref(), findings);
    Some(InstanceCa {
        name: name?,
        cloud: cloud?,
        source: source?,
        instance_id: instance_id?,
        category: category?,
        path: path?,
        mode: mode?,
        owner,
        group,
        overlap: overlap?,
        probe,
        warn_before: warn_before?,
        on_change,
    })
}

/// The file to write, noted so that no other entry's file is taken for it.
fn own_file(
    read: &Read<raw::InstanceCa>,
    name: Option<&Name>,
    files: &mut Vec<FileAt>,
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Option<PathBuf> {
    let written = required(read, "path", read.raw.path.as_ref(), findings)?;
    let file = parsed("path", written, findings, |text| path(text, world))?;
    let (path, entry) = (file.clone(), called("instance_ca", name));
    files.push(FileAt { path, entry, written: Some(written.span()) });
    Some(file)
}

/// The handshake that proves the CA. A protocol alone proves nothing, and its writer believes that
/// something is proven.
fn proof(read: &Read<raw::InstanceCa>, findings: &mut Findings<'_>) -> Option<InstanceProbe> {
    let raw = &read.raw;
    let begins = parsed_or("protocol", raw.protocol.as_ref(), raw::PROTOCOL, findings, protocol);
    let Some(written) = &raw.probe else {
        if let Some(alone) = &raw.protocol
            && !read.is_bad("probe")
            && !findings.torn
        {
            let text = shown(alone.get_ref());
            let sentence = format!(
                "`protocol` {text} belongs to a `probe`, and there is none: expected both or neither"
            );
            findings.add(&alone.span(), sentence);
        }
        return None;
    };
    let probe = parsed("probe", written, findings, probe);
    Some(InstanceProbe { probe: probe?, protocol: begins? })
}

fn protocol(text: &str) -> Result<Protocol, String> {
    one_of(text, "is no way to begin TLS")
}

fn overlap(text: &str) -> Result<Duration, String> {
    if text == OVERLAP_NONE { Ok(Duration::ZERO) } else { span_within(text, OVERLAP) }
}

fn ca_source(text: &str) -> Result<CaSource, String> {
    let switched = text == Api::TaurusDb.key();
    let wrong = if switched {
        "publishes no CA through its API"
    } else {
        "is no service that publishes a CA"
    };
    one_of(text, wrong)
}

fn category_name(text: &str) -> Result<String, String> {
    let fit = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    word(text, ID_CHARS_MAX, fit, "a category, expected such as international or national")
}
