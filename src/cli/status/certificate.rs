//! The line of a certificate: file, cloud, bound, served, next.

use serde::Serialize;

use super::served::{self, Judged, Proof, Reached};
use super::{Known, Next};
use crate::cert::LeafFacts;
use crate::cli::leaf::Leaf;
use crate::cli::table::Row;
use crate::config::{Certificate, Config};
use crate::model::digest::Sha256;
use crate::model::names::{Name, Subject};
use crate::model::time::Time;
use crate::plan::action::{Action, Import, ImportKey};
use crate::plan::memory::State;
use crate::plan::observed::CertificateSeen;
use crate::telemetry::page::{Cell, Life};

/// One certificate. The keys are public interface.
#[derive(Serialize)]
pub(super) struct Line {
    name: Name,
    cloud: Name,
    path: String,
    #[serde(flatten)]
    leaf: Leaf,
    #[serde(skip)]
    pub life: Option<Life>,
    /// The certificate manager's id, and the leaf that it stands for: the one on disk, or while
    /// that one is not imported the newest that is.
    scm_id: Option<String>,
    scm_leaf: Option<Sha256>,
    /// Whether the journal knows of an import, be it that none stands.
    #[serde(skip)]
    looked: bool,
    targets: Vec<Reached>,
    /// Whether the wanted leaf is served wherever that can be told; null where nothing tells.
    served: Option<bool>,
    /// How that is known.
    proof: Option<Proof>,
    #[serde(flatten)]
    pub next: Next,
}

/// What is said where there is nothing to come.
const IDLE: &str = "nothing";

pub(super) fn lines(config: &Config, known: &Known<'_>) -> Vec<Line> {
    let entries = config.certificates.iter().zip(&known.observed.certificates);
    entries.map(|(entry, seen)| line(entry, seen, known)).collect()
}

fn line(entry: &Certificate, seen: &CertificateSeen, known: &Known<'_>) -> Line {
    let (leaf, now) = (seen.local.as_deref().ok(), known.observed.now);
    let import = import(entry, leaf, known);
    let looked = import.is_some() || leaf.is_some_and(|leaf| was_tried(entry, leaf, known));
    let (key, scm_id) = import.unzip();
    // While the files are not fit to be sent, what was imported last shall be served.
    let newest = known.memory.newest(&entry.name);
    let wanted = leaf.map(|leaf| leaf.sha256).or(newest.map(|key| key.leaf));
    let mut targets = served::targets(entry, key.as_ref(), wanted.as_ref(), known);
    if !looked {
        targets.iter_mut().for_each(Reached::forget);
    }
    let (served, proof) = served::proof(&targets);
    let mut next = known.next(&Subject::Certificate(entry.name.clone()), IDLE);
    if let Some(leaf) = leaf.filter(|leaf| is_stale(entry, leaf, known)) {
        next.needs_person = true;
        // What has expired is held, and the hold says so.
        if let left @ 0.. = leaf.not_after.days_after(now) {
            let more = format!("{left} days left and not renewed: look at the ACME client");
            next.next = format!("{}; {more}", next.next);
        }
    }
    next.unreachable(&targets);
    Line {
        name: entry.name.clone(),
        cloud: entry.cloud.clone(),
        path: entry.cert.display().to_string(),
        leaf: leaf.map(|leaf| Leaf::new(leaf, now)).unwrap_or_default(),
        life: leaf.map(|leaf| Life {
            from: Some(leaf.not_before),
            until: leaf.not_after,
            warn_before: entry.warn_before,
        }),
        scm_id,
        looked,
        targets,
        scm_leaf: key.map(|key| key.leaf),
        served,
        proof,
        next,
    }
}

/// The import of the leaf on disk, or of the newest leaf that was ever imported.
fn import(
    entry: &Certificate,
    leaf: Option<&LeafFacts>,
    known: &Known<'_>,
) -> Option<(ImportKey, String)> {
    let on_disk = leaf.map(|leaf| key(entry, leaf));
    let newest = known.memory.newest(&entry.name).cloned();
    on_disk.into_iter().chain(newest).find_map(|key| {
        let effect = known.memory.effect(&Action::Import { key: key.clone() })?;
        let stands = matches!(effect.state, State::Done | State::Seen);
        let id = effect.id.clone().filter(|_| stands)?;
        Some((key, id))
    })
}

fn key(entry: &Certificate, leaf: &LeafFacts) -> ImportKey {
    ImportKey::from(Import {
        cloud: entry.cloud.clone(),
        enterprise_project: entry.enterprise_project_id.clone(),
        leaf: leaf.sha256,
        issued: leaf.not_before,
    })
}

/// Whether the journal has anything of this leaf's import: before that nobody knows whether the cloud has it.
fn was_tried(entry: &Certificate, leaf: &LeafFacts, known: &Known<'_>) -> bool {
    known.memory.effect(&Action::Import { key: key(entry, leaf) }).is_some()
}

/// Whether the leaf should have been renewed by now, and no newer one was ever imported.
fn is_stale(entry: &Certificate, leaf: &LeafFacts, known: &Known<'_>) -> bool {
    let newer = known.memory.newest(&entry.name).is_some_and(|key| key.issued > leaf.not_before);
    !newer && leaf.not_after.since(known.observed.now) < entry.warn_before
}

impl Line {
    /// The entry's name.
    pub(super) fn name(&self) -> &Name {
        &self.name
    }

    pub(super) fn row(&self, now: Time) -> Row {
        let other = |imported: &Sha256| self.leaf.leaf.as_ref() != Some(imported);
        let imported = match (&self.scm_id, &self.scm_leaf) {
            (Some(id), Some(leaf)) if other(leaf) => format!("{id} ({})", leaf.short()),
            (Some(id), _) => id.clone(),
            (None, _) if self.looked => "not imported".to_owned(),
            (None, _) => served::NOT_SEEN.to_owned(),
        };
        // Where the rotation has stopped: the first that is not as the one before it.
        let stops = [
            self.leaf.leaf.is_none(),
            self.scm_id.is_none() || self.scm_leaf.as_ref().is_some_and(other),
            !served::is_bound(&self.targets),
            !served::is_served(&self.targets),
        ];
        let words = [
            self.leaf.short_words(),
            imported,
            served::bound(&self.targets),
            served::served(&self.targets),
        ];
        let mut cells: Vec<_> = words.map(Cell::from).into();
        if let Some(cell) = stops.iter().position(|stops| *stops).and_then(|at| cells.get_mut(at)) {
            cell.tone = self.next.stopped();
        }
        if let Some(life) = self.life {
            (cells[0].tone, cells[0].left) = (life.tone(now), life.left(now));
        }
        cells.insert(0, self.name.to_string().into());
        cells.push(self.next.cell());
        let targets: Vec<_> = self.targets.iter().map(Reached::words).collect();
        let notes = if self.targets.iter().any(Reached::has_details) {
            targets
        } else {
            vec![targets.join(" · ")]
        };
        Row { cells, notes }
    }
}

impl Next {
    /// Adds the handshakes that came to no end when they were last tried: no plan without a look
    /// speaks of them.
    fn unreachable(&mut self, targets: &[Reached]) {
        let probes = targets.iter().flat_map(|target| &target.probes);
        for probe in probes.filter(|probe| probe.verdict == Judged::Unreachable) {
            let since = probe.seen_at.as_deref().unwrap_or_default();
            let words = format!("{} could not be reached {since}", probe.probe);
            let idle = self.next == IDLE;
            self.next = if idle { words } else { format!("{}; {words}", self.next) };
            self.needs_person = true;
        }
    }
}
