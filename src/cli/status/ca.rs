//! The line of a CA file: what it holds, when it was installed, its command, next.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;

use super::{Known, Next};
use crate::cert::{CA_INPUT_BYTES_MAX, read_ca};
use crate::cli::leaf::days;
use crate::cli::table::Row;
use crate::config::{Config, InstanceCa};
use crate::files;
use crate::model::digest::Sha256;
use crate::model::names::{Name, Subject};
use crate::model::time::Time;
use crate::plan::action::Action;
use crate::plan::memory::{Effect, State};
use crate::plan::observed::{CaSeen, FileSeen};

/// A disk that does not answer for this long tells no dates.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// One CA file. The keys are public interface.
#[derive(Serialize)]
pub(super) struct Line {
    name: Name,
    cloud: Name,
    instance_id: String,
    path: String,
    /// Of the file in place.
    sha256: Option<Sha256>,
    /// Until the first of the CAs in it ends.
    days_left: Option<i64>,
    #[serde(skip)]
    file: String,
    installed: String,
    on_change: String,
    #[serde(flatten)]
    pub next: Next,
}

pub(super) async fn lines(config: &Config, known: &Known<'_>) -> Vec<Line> {
    let mut reading = JoinSet::new();
    for (index, entry) in config.instance_cas.iter().enumerate() {
        let path = entry.path.clone();
        reading.spawn(async move { (index, first_end(path).await) });
    }
    let mut ends = reading.join_all().await;
    ends.sort_by_key(|(index, _)| *index);
    let entries = config.instance_cas.iter().zip(&known.observed.cas).zip(ends);
    entries.map(|((entry, seen), (_, end))| line(entry, seen, end, known)).collect()
}

/// When the first of the CAs in a file ends, where that can be read.
async fn first_end(path: PathBuf) -> Option<Time> {
    let reading = tokio::task::spawn_blocking(move || {
        let bytes = files::read::bounded(&path, CA_INPUT_BYTES_MAX as u64).ok()?;
        let bundle = read_ca(&bytes).ok()?;
        bundle.certificates.iter().map(|found| found.not_after).min()
    });
    tokio::time::timeout(READ_TIMEOUT, reading).await.ok()?.ok()?
}

fn line(entry: &InstanceCa, seen: &CaSeen, end: Option<Time>, known: &Known<'_>) -> Line {
    let sha256 = match &seen.file {
        FileSeen::Holds(digest) => Some(*digest),
        FileSeen::Absent | FileSeen::Unknown(_) => None,
    };
    let days_left = end.map(|end| end.days_after(known.observed.now));
    let name = entry.name.clone();
    Line {
        cloud: entry.cloud.clone(),
        instance_id: entry.instance_id.clone(),
        path: entry.path.display().to_string(),
        file: words(&seen.file, days_left),
        days_left,
        installed: installed(&name, sha256, known),
        on_change: on_change(&name, sha256, seen, known),
        next: known.next(&Subject::Ca(name.clone()), "looks at the next cycle"),
        name,
        sha256,
    }
}

fn words(file: &FileSeen, days_left: Option<i64>) -> String {
    match (file, days_left) {
        (FileSeen::Holds(digest), Some(left)) => format!("{}, {}", digest.short(), days(left)),
        (FileSeen::Holds(digest), None) => format!("{}, no CA that can be read", digest.short()),
        (FileSeen::Absent, _) => "none".to_owned(),
        (FileSeen::Unknown(_), _) => "cannot be read".to_owned(),
    }
}

fn installed(name: &Name, sha256: Option<Sha256>, known: &Known<'_>) -> String {
    let Some(sha256) = sha256 else { return "nothing in place".to_owned() };
    match known.memory.effect(&Action::InstallCa { name: name.clone(), sha256 }) {
        Some(Effect { state: State::Done, at, .. }) => at.to_string(),
        Some(Effect { state: State::Seen, at, .. }) => format!("found in place {at}"),
        _ => "not by certrotd".to_owned(),
    }
}

fn on_change(name: &Name, sha256: Option<Sha256>, seen: &CaSeen, known: &Known<'_>) -> String {
    if !seen.has_hook {
        return "none".to_owned();
    }
    let ran = sha256
        .and_then(|sha256| known.memory.effect(&Action::RunHook { name: name.clone(), sha256 }));
    match ran.map(|effect| (&effect.state, effect.at)) {
        Some((State::Done | State::Seen, at)) => format!("ran {at}"),
        Some((State::Failed(_), at)) => format!("failed {at}"),
        Some((State::Open | State::Doubt(_), at)) => format!("begun {at}"),
        Some((State::Gone, _)) | None => "not run".to_owned(),
    }
}

impl Line {
    pub(super) fn row(&self) -> Row {
        let cells = vec![
            self.name.to_string(),
            self.file.clone(),
            self.installed.clone(),
            self.on_change.clone(),
            self.next.cell(),
        ];
        Row { cells, notes: Vec::new() }
    }
}
