//! What was written becomes what is meant: one file a table. Nothing here touches the disk.

mod certificate;
mod cloud;
mod command;
mod credentials;
mod discover;
mod endpoint;
mod found;
mod general;
mod instance;
mod lists;
mod notify;
mod probe;
mod push;
mod sites;
mod values;
mod watch;

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use chrono_tz::Tz;
use toml::Spanned;

use super::Config;
use super::disk::SecretAt;
use super::error::{Findings, shown};
use super::read::{Read, Written};
use super::taken::FileAt;
use crate::model::names::Name;
use values::{parsed, required};

pub use certificate::warn_before;
pub use cloud::plain_http;
pub(super) use discover::Book;
use discover::Recipe;
pub use endpoint::is_webhook;
pub(super) use found::expand;

/// What every table may refer to.
struct World<'w> {
    /// The directory that relative paths count from.
    dir: &'w Path,
    /// The clouds of the file, the broken ones included.
    clouds: &'w [Known],
    /// The time zone of the schedule, on whose wall clock windows open.
    zone: Tz,
}

/// A cloud of the file.
#[derive(Debug)]
struct Known {
    written: String,
    /// For all of its entries the same one; absent: it is no name.
    name: Option<Name>,
    region: Option<String>,
}

impl World<'_> {
    fn region(&self, cloud: &str) -> Option<String> {
        self.clouds.iter().find(|it| it.written == cloud)?.region.clone()
    }
}

/// What a file comes to.
pub(super) struct Resolved {
    pub(super) config: Option<Config>,
    /// Every credential file.
    pub(super) secrets: Vec<SecretAt>,
    /// Every file of a certificate, and after those every CA file.
    pub(super) files: Vec<FileAt>,
}

/// Resolves every table, and names the files that entries use on the way. There is no configuration where a
/// part of it could not be made; then there is a problem that says so.
pub(super) fn file(path: &Path, written: &Written, findings: &mut Findings<'_>) -> Resolved {
    let dir = path.parent().unwrap_or(Path::new(""));
    if written.clouds.is_empty() && !findings.torn {
        findings.add(&(0..0), "there is no [cloud.NAME] table, expected at least one");
    }
    let clouds = written.clouds.iter().map(|cloud| {
        let (written, region) = (cloud.name.get_ref(), &cloud.table.raw.region);
        let region = region.as_ref().map(|region| region.get_ref().clone());
        Known { written: written.clone(), name: Name::new(written).ok(), region }
    });
    let schedule = general::schedule(&written.schedule, findings);
    // Where the schedule is broken there will be no configuration, and a bad window is said all the same.
    let zone = schedule.as_ref().map_or(Tz::UTC, |schedule| schedule.reconcile.zone());
    let clouds: Vec<_> = clouds.collect();
    let world = World { dir, clouds: &clouds, zone };
    let mut secrets = Vec::new();
    let accounts = cloud::accounts(&written.clouds, &world, &mut secrets, findings);
    let state = general::state(&written.state, &world, findings);
    let log = general::log(&written.log, findings);
    let metrics = general::metrics(&written.metrics, &world, findings);
    let notify = notify::all(&written.notify, &world, &mut secrets, findings);
    let mut files = Vec::new();
    // Thousands of paths are nobody's concern where no entry writes a file.
    let read_files = (!written.instance_cas.is_empty()).then_some(&mut files);
    let certificates = certificate::all(&written.certificates, read_files, &world, findings);
    let recipes = discover::all(&written.discovers, &world, findings);
    let instance_cas = instance::cas(&written.instance_cas, &mut files, &world, findings);
    let instance_ssls = instance::ssls(&written.instance_ssls, &world, findings);
    let watch_files = watch::all(&written.watch_files, &world, findings);
    let config = (|| {
        Some(Config {
            path: path.to_owned(),
            schedule: schedule?,
            state: state?,
            log: log?,
            metrics,
            notify,
            accounts,
            written: certificates.len(),
            certificates: certificates.into_iter().map(Arc::new).collect(),
            discover: recipes.iter().map(Recipe::intent).collect(),
            book: Arc::new(Book { recipes, clouds, zone }),
            instance_cas,
            instance_ssls,
            watch_files,
            warnings: Vec::new(),
        })
    })();
    Resolved { config, secrets, files }
}

/// The cloud that an entry belongs to: the one that it names, or the only one there is.
fn cloud_of<T>(
    entry: &Read<T>,
    written: Option<&Spanned<String>>,
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Option<Name> {
    if let (None, [only]) = (written, world.clouds) {
        return only.name.clone();
    }
    let known: Vec<&str> = world.clouds.iter().map(|it| it.written.as_str()).collect();
    let Some(written) = written else {
        if known.len() > 1 && !entry.is_bad("cloud") && !findings.torn {
            let sentence =
                format!("{} has no `cloud`, expected one of {}", entry.title(), known.join(", "));
            findings.add(&entry.span, sentence);
        }
        return None;
    };
    let name = written.get_ref();
    let found = world.clouds.iter().find(|it| it.written == *name);
    if found.is_none() && !known.is_empty() && !findings.torn {
        let known = known.join(", ");
        let sentence =
            format!("`cloud` {} is not in this file, expected one of {known}", shown(name));
        findings.add(&written.span(), sentence);
    }
    found?.name.clone()
}

/// Names of one kind of entry, each of which may stand once.
#[derive(Default)]
struct Names(HashSet<String>);

impl Names {
    /// Takes a name unasked; tells whether it was free.
    fn insert(&mut self, name: &str) -> bool {
        self.0.insert(name.to_owned())
    }

    fn take<T>(
        &mut self,
        entry: &Read<T>,
        written: Option<&Spanned<String>>,
        findings: &mut Findings<'_>,
    ) -> Option<Name> {
        let written = required(entry, "name", written, findings)?;
        let name = parsed("name", written, findings, Name::new)?;
        if !self.0.insert(name.to_string()) {
            let title = entry.title();
            let sentence = format!(
                "`name` {} stands in a second {title}, expected another one",
                shown(name.as_str())
            );
            findings.add(&written.span(), sentence);
        }
        Some(name)
    }
}

/// An entry in a sentence, by its name where it has a sound one.
fn called(table: &str, name: Option<&Name>) -> String {
    name.map_or(format!("another {table}"), |name| format!("{table} {name}"))
}

/// Where a value stands.
type Span = Range<usize>;
