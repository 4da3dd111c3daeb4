//! `[[watch_file]]`: certificate files that somebody else renews.

use super::certificate::WARN_BEFORE;
use super::values::{parsed, parsed_or, path, required, span_within};
use super::{Names, World};
use crate::config::error::Findings;
use crate::config::read::Read;
use crate::config::{WatchFile, raw};
use crate::files::find::Glob;

/// Every sound entry, in the file's order.
pub(super) fn all(
    reads: &[Read<raw::WatchFile>],
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Vec<WatchFile> {
    let mut names = Names::default();
    reads.iter().filter_map(|read| one(read, &mut names, world, findings)).collect()
}

fn one(
    read: &Read<raw::WatchFile>,
    names: &mut Names,
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Option<WatchFile> {
    let raw = &read.raw;
    let name = names.take(read, raw.name.as_ref(), findings);
    let written = required(read, "path", raw.path.as_ref(), findings);
    let found = written.and_then(|text| {
        parsed("path", text, findings, |text| {
            let whole = path(text, world)?.to_string_lossy().into_owned();
            Ok::<_, String>((whole, Glob::new(world.dir, text)?))
        })
    });
    let warn_before = raw.warn_before.as_ref();
    let warn_before = parsed_or("warn_before", warn_before, raw::WARN_BEFORE, findings, |text| {
        span_within(text, WARN_BEFORE)
    });
    let (path, glob) = found?;
    Some(WatchFile { name: name?, path, glob, warn_before: warn_before? })
}
