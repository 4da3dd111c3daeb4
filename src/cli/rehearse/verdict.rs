//! Whether everything came out right: one line a system, from a picture of what is.

mod databases;
mod served;

use std::collections::BTreeSet;

use serde::Serialize;

use super::picture::{Picture, Rotation, TARGETS};
use crate::model::digest::Sha256;
use crate::model::names::Name;
use crate::model::target::Target;

/// How many of the things that are wrong a line names: enough to begin with.
const WRONG_MAX: usize = 8;

pub(super) use databases::{BadCa, Renewed, clients, hooks, kept, renewed};
pub(super) use served::{Drift, Move, RollBack, cleaned, moved, repaired, rolled_back};

/// What was before: the leaves that one rotation has left behind, and how the switches stood.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Past {
    /// Those that were on the disk before, the oldest first.
    pub(super) former: Vec<Sha256>,
    /// How many of them stay in the cloud.
    pub(super) keep: usize,
    /// The SSL switches that stood as wanted from the start.
    pub(super) so_already: Vec<Name>,
}

impl Past {
    /// What this picture, the first, says of the switches; no leaf is a former one yet.
    pub(super) fn begin(picture: &Picture, keep: usize) -> Self {
        let so = picture.switches.iter().filter(|it| it.greets == Some(Ok(it.on)));
        let so_already = so.map(|it| it.name.clone()).collect();
        Self { former: Vec::new(), keep, so_already }
    }

    /// Those that are beyond what is kept, and those that are kept.
    pub(super) fn split(&self) -> (&[Sha256], &[Sha256]) {
        self.former.split_at(self.former.len().saturating_sub(self.keep))
    }
}

/// One line of the verdict.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Check {
    /// Which system, or which habit.
    pub(super) what: String,
    /// Whether it came out right.
    pub(super) fine: bool,
    /// Whether there was nothing to show, since the file lets it wait.
    pub(super) waits: bool,
    /// What was found; where it is not right, what is missing.
    pub(super) found: String,
}

impl Check {
    /// A line that says `good` when nothing is wrong, else all that is.
    pub(super) fn new(what: &str, wrong: &[String], good: String) -> Self {
        let fine = wrong.is_empty();
        let mut found = if fine { good } else { wrong[..wrong.len().min(WRONG_MAX)].join("; ") };
        if wrong.len() > WRONG_MAX {
            found += &format!("; and {} more", wrong.len() - WRONG_MAX);
        }
        Self { what: what.to_owned(), fine, waits: false, found }
    }

    /// A line about what the file lets wait: neither wrong nor shown to work.
    pub(super) fn waiting(what: &str, found: String) -> Self {
        Self { waits: true, ..Self::new(what, &[], found) }
    }
}

/// Judges a picture. Systems that the configuration does not use have no line.
pub(super) fn checks(picture: &Picture, past: &Past) -> Vec<Check> {
    let mut all = Vec::new();
    if !picture.rotations.is_empty() {
        all.push(import(picture, past));
    }
    all.extend(TARGETS.into_iter().filter_map(|it| push(picture, it)));
    all.extend(TARGETS.into_iter().filter_map(|it| served::served(picture, it)));
    all.extend(databases::SOURCES.into_iter().filter_map(|it| databases::ca(picture, it)));
    all.extend(databases::switch(picture, past));
    all.extend(served::free(picture));
    all.push(manners(picture));
    all
}

/// Each leaf of the disk stands in the certificate manager once, as do those that are kept, and nothing
/// else does but what a rotation has left behind.
fn import(picture: &Picture, past: &Past) -> Check {
    let mut wrong = Vec::new();
    let mut known: BTreeSet<_> = past.former.iter().copied().collect();
    for Rotation { name, leaf, ids, .. } in &picture.rotations {
        match leaf {
            Err(finding) => wrong.push(finding.clone()),
            Ok(leaf) => {
                known.insert(leaf.sha256);
                match ids.len() {
                    1 => {}
                    0 => wrong.push(format!("the leaf of {name} was not imported")),
                    more => wrong.push(format!("the leaf of {name} was imported {more} times")),
                }
            }
        }
    }
    for leaf in past.split().1 {
        match picture.imports.iter().filter(|import| *import == leaf).count() {
            1 => {}
            count => wrong.push(format!("the former leaf {} is there {count} times", leaf.short())),
        }
    }
    let strange = picture.imports.iter().filter(|import| !known.contains(import)).count();
    if strange > 0 {
        wrong.push(format!("{} with leaves that nobody has", many(strange, "import")));
    }
    let imports = many(picture.imports.len(), "import");
    let good = match picture.imports.len().saturating_sub(picture.rotations.len()) {
        0 => format!("{imports}: each leaf on the disk, once"),
        kept => format!(
            "{imports}: each leaf on the disk, and {} renewed since, once each",
            many(kept, "leaf")
        ),
    };
    Check::new("SCM import", &wrong, good)
}

/// Every leaf of the disk has a copy wherever this service is wanted to have one.
fn push(picture: &Picture, target: Target) -> Option<Check> {
    let copies = picture.rotations.iter().flat_map(|rotation| {
        rotation
            .copies
            .iter()
            .filter(|copy| copy.target == target)
            .map(move |copy| (rotation, copy))
    });
    let copies: Vec<_> = copies.collect();
    let wrong: Vec<_> = copies
        .iter()
        .filter(|(_, copy)| !copy.there)
        .map(|(rotation, copy)| format!("{} is not in {target} in {}", rotation.name, copy.project))
        .collect();
    let good = format!(
        "{target} holds {} that {} on the disk",
        many(copies.len(), "leaf"),
        are(copies.len())
    );
    (!copies.is_empty()).then(|| Check::new(&format!("SCM push to {target}"), &wrong, good))
}

/// The clouds found no fault with what was asked of them.
fn manners(picture: &Picture) -> Check {
    let good = format!("{}, none that the API's documents forbid", many(picture.calls, "call"));
    let silent = (picture.calls == 0).then(|| "no call at all".to_owned());
    let wrong: Vec<_> = picture.violations.iter().cloned().chain(silent).collect();
    Check::new("API rules", &wrong, good)
}

/// The clouds hold the same as before: nothing was imported, pushed, bound or switched in between.
pub(super) fn unchanged(what: &str, before: &Picture, after: &Picture, good: &str) -> Check {
    let counts = before.effects().into_iter().zip(after.effects());
    let wrong = ["import", "pushed copy", "binding", "SSL switch"].into_iter().zip(counts);
    let wrong = wrong.filter(|(_, (before, after))| before != after);
    let wrong =
        wrong.map(|(noun, (before, after))| format!("{}, then {after}", many(before, noun)));
    Check::new(what, &wrong.collect::<Vec<_>>(), good.to_owned())
}

/// A count with its noun.
pub(super) fn many(count: usize, noun: &str) -> String {
    let plural = match noun {
        _ if count == 1 => noun.to_owned(),
        "leaf" => "leaves".to_owned(),
        "former leaf" => "former leaves".to_owned(),
        "pushed copy" => "pushed copies".to_owned(),
        "SSL switch" => "SSL switches".to_owned(),
        _ => format!("{noun}s"),
    };
    format!("{count} {plural}")
}

fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

#[cfg(test)]
mod tests;
