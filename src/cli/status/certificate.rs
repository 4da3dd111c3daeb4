//! The line of a certificate: file, cloud, served, next.

use serde::Serialize;

use super::{Known, Next};
use crate::cert::LeafFacts;
use crate::cli::leaf::Leaf;
use crate::cli::table::Row;
use crate::config::{Certificate, Config, Push};
use crate::model::digest::Sha256;
use crate::model::names::{Name, Subject};
use crate::model::target::Target;
use crate::plan::action::{Action, ImportKey};
use crate::plan::memory::{Effect, State};
use crate::plan::observed::CertificateSeen;

/// One certificate. The keys are public interface.
#[derive(Serialize)]
pub(super) struct Line {
    name: Name,
    cloud: Name,
    path: String,
    #[serde(flatten)]
    leaf: Leaf,
    /// The certificate manager's id, and the leaf that it stands for: the one on disk, or while
    /// that one is not imported the newest that is.
    scm_id: Option<String>,
    scm_leaf: Option<Sha256>,
    targets: Vec<Copy>,
    /// Whether the cloud serves it; there are no probes yet.
    served: Option<bool>,
    #[serde(flatten)]
    pub next: Next,
}

#[derive(Serialize)]
struct Copy {
    service: Target,
    project: String,
    state: &'static str,
}

pub(super) fn lines(config: &Config, known: &Known<'_>) -> Vec<Line> {
    let entries = config.certificates.iter().zip(&known.observed.certificates);
    entries.map(|(entry, seen)| line(entry, seen, known)).collect()
}

fn line(entry: &Certificate, seen: &CertificateSeen, known: &Known<'_>) -> Line {
    let (leaf, now) = (seen.local.as_ref().ok(), known.observed.now);
    let import = import(entry, leaf, known);
    let (key, scm_id) = import.unzip();
    let copy = |push: &Push| Copy {
        service: push.target,
        project: push.project.clone(),
        state: copy(key.as_ref(), push, known),
    };
    let mut next = known.next(&Subject::Certificate(entry.name.clone()), "nothing");
    if let Some(leaf) = leaf.filter(|leaf| is_stale(entry, leaf, known)) {
        next.needs_person = true;
        // What has expired is held, and the hold says so.
        if let left @ 0.. = leaf.not_after.days_after(now) {
            let more = format!("{left} days left and not renewed: look at the ACME client");
            next.next = format!("{}; {more}", next.next);
        }
    }
    Line {
        name: entry.name.clone(),
        cloud: entry.cloud.clone(),
        path: entry.cert.display().to_string(),
        leaf: leaf.map(|leaf| Leaf::new(leaf, now)).unwrap_or_default(),
        scm_id,
        targets: entry.pushes.iter().map(copy).collect(),
        scm_leaf: key.map(|key| key.leaf),
        served: None,
        next,
    }
}

/// The import of the leaf on disk, or of the newest leaf that was ever imported.
fn import(
    entry: &Certificate,
    leaf: Option<&LeafFacts>,
    known: &Known<'_>,
) -> Option<(ImportKey, String)> {
    let on_disk = leaf.map(|leaf| ImportKey {
        cloud: entry.cloud.clone(),
        enterprise_project: entry.enterprise_project_id.clone(),
        leaf: leaf.sha256,
        issued: leaf.not_before,
    });
    let newest = known.memory.newest(&entry.name).cloned();
    on_disk.into_iter().chain(newest).find_map(|key| {
        let effect = known.memory.effect(&Action::Import { key: key.clone() })?;
        let stands = matches!(effect.state, State::Done | State::Seen);
        let id = effect.id.clone().filter(|_| stands)?;
        Some((key, id))
    })
}

/// Whether the leaf should have been renewed by now, and no newer one was ever imported.
fn is_stale(entry: &Certificate, leaf: &LeafFacts, known: &Known<'_>) -> bool {
    let newer = known.memory.newest(&entry.name).is_some_and(|key| key.issued > leaf.not_before);
    !newer && leaf.not_after.since(known.observed.now) < entry.warn_before
}

/// Where the push of this leaf to this target stands.
fn copy(key: Option<&ImportKey>, push: &Push, known: &Known<'_>) -> &'static str {
    let is_it = |action: &Action| match action {
        Action::Push { key: of, target, project, .. } => {
            Some(of) == key && *target == push.target && *project == push.project
        }
        _ => false,
    };
    let pushes = known.memory.effects().filter(|(action, _)| is_it(action));
    match pushes.map(|(_, effect)| effect).max_by_key(|effect| effect.at) {
        None => "not pushed",
        Some(Effect { state, id, .. }) => match state {
            State::Seen if id.is_some() => "pushed and listed",
            State::Seen | State::Done => "pushed",
            State::Open => "push begun",
            State::Doubt(_) => "push in doubt",
            State::Failed(_) => "push failed",
            State::Gone => "copy gone",
        },
    }
}

impl Line {
    pub(super) fn row(&self) -> Row {
        let other = |imported: &Sha256| self.leaf.leaf.as_ref() != Some(imported);
        let imported = match (&self.scm_id, &self.scm_leaf) {
            (Some(id), Some(leaf)) if other(leaf) => format!("{id} ({})", leaf.short()),
            (Some(id), _) => id.clone(),
            (None, _) => "not imported".to_owned(),
        };
        let copies =
            self.targets.iter().map(|it| format!("{} {} {}", it.service, it.project, it.state));
        let copies: Vec<_> = copies.collect();
        let served = "not probed".to_owned();
        let cells =
            vec![self.name.to_string(), self.leaf.words(), imported, served, self.next.cell()];
        Row { cells, notes: vec![copies.join(" · ")] }
    }
}
