//! What wants a person and no file or journal tells, left for those who read these alone. It is left when it is news,
//! and not for each of many entries; a cycle at rest that finds nothing new never wakes for it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::Cycle;
use super::matter::{Matter, Stands};
use super::report::steady;
use crate::model::names::Subject;
use crate::model::news::News;
use crate::record::wants::{self, Want};

/// How long after the last time it is left again at the earliest.
const LEFT_EVERY: Duration = Duration::from_secs(5);
/// The same where nothing but the moment of a look is news, for which nobody wakes.
const MOVED_EVERY: Duration = Duration::from_secs(10 * 60);

/// What is news of the wants that a picture shows.
#[derive(Debug, Default)]
pub(super) struct Wants {
    /// What the last process left of entries that this one has not looked at.
    former: BTreeMap<Subject, Vec<Want>>,
    /// Entries of which the journal has had a step since they were looked at.
    overtaken: BTreeSet<Subject>,
    /// Whether anything came, went, or is another.
    changed: bool,
    /// Whether anything was found again as it was.
    moved: bool,
}

/// When they were left last.
#[derive(Debug, Default)]
pub(super) struct Left {
    at: Option<Instant>,
    /// How many lines the journal had then.
    lines: u64,
    /// Whether it was said that they cannot be left.
    said: bool,
}

/// What another process has left in this state directory.
pub(super) fn taken(state: &Path) -> Wants {
    let mut former = BTreeMap::<_, Vec<_>>::new();
    for want in wants::left(state) {
        former.entry(want.subject.clone()).or_default().push(want);
    }
    Wants { former, ..Wants::default() }
}

impl Wants {
    /// An entry was looked at: what stood before stands since then.
    pub fn take(&mut self, subject: &Subject, former: &[Matter], now: &mut [Matter]) {
        let left = self.former.remove(subject).unwrap_or_default().into_iter();
        let were: Vec<_> = left.chain(wants_of(subject, former)).collect();
        for matter in now.iter_mut() {
            let Matter { kind, reason, at, stands: Some(stands), .. } = matter else { continue };
            let is_it = |were: &&Want| (were.kind, &*were.reason, &were.at) == (*kind, *reason, at);
            if let Some(were) = were.iter().find(is_it) {
                stands.since = were.since;
            }
        }
        let are: Vec<_> = wants_of(subject, now).collect();
        self.moved |= !are.is_empty();
        self.changed |= self.overtaken.remove(subject) && !are.is_empty();
        self.changed |= !were.iter().map(gist).eq(are.iter().map(gist));
    }

    /// A step of this entry has ended, of which these stood: whoever reads believes the journal more, until the next look.
    pub fn overtake(&mut self, subject: &Subject, matters: &[Matter]) {
        if matters.iter().any(|matter| matter.stands.is_some()) {
            self.overtaken.insert(subject.clone());
        }
    }

    /// Lets go of all others.
    pub fn retain(&mut self, subjects: &BTreeSet<Subject>) {
        self.former.retain(|subject, _| subjects.contains(subject));
        self.overtaken.retain(|subject| subjects.contains(subject));
    }
}

fn wants_of(subject: &Subject, matters: &[Matter]) -> impl Iterator<Item = Want> {
    let standing = matters.iter().filter_map(|matter| Some((matter, matter.stands?)));
    standing.map(|(Matter { kind, reason, at, words, .. }, Stands { since, seen })| Want {
        subject: subject.clone(),
        kind: *kind,
        reason: (*reason).to_owned(),
        at: at.clone(),
        words: words.clone(),
        since,
        seen,
    })
}

/// What of it is news when it is another: the id of a request is not.
fn gist(want: &Want) -> (News, &str, Option<&str>, String) {
    (want.kind, &want.reason, want.at.as_deref(), steady(&want.words))
}

impl Cycle {
    /// When there is something to leave; absent: there is nothing new.
    pub(super) fn leave_at(&self) -> Option<Instant> {
        let board = self.board.picture();
        let Wants { changed, moved, .. } = board.wants;
        // What a look learned is in the journal too.
        let overtaken = moved && self.memory.lines() != self.left.lines;
        let last = self.left.at;
        (changed || overtaken).then(|| last.map_or_else(Instant::now, |at| at + LEFT_EVERY))
    }

    /// Leaves what is new, unless that was done a moment ago: then a little later.
    pub(super) fn leave_seldom(&mut self) {
        let is_old = self.left.at.is_none_or(|at| at.elapsed() >= MOVED_EVERY);
        if is_old || self.leave_at().is_some_and(|at| at <= Instant::now()) {
            self.leave();
        }
    }

    /// Leaves what is new.
    pub(super) fn leave(&mut self) {
        let board = self.board.clone();
        let mut picture = board.picture();
        if !picture.wants.changed && !picture.wants.moved {
            return;
        }
        (picture.wants.changed, picture.wants.moved) = (false, false);
        let entries = picture.entries.iter();
        let standing = entries.flat_map(|(subject, entry)| wants_of(subject, &entry.matters));
        let former = picture.wants.former.values().flatten().cloned();
        let all = standing.chain(former).collect();
        // Nobody who watches waits for a disk.
        drop(picture);
        (self.left.at, self.left.lines) = (Some(Instant::now()), self.memory.lines());
        match wants::leave(&self.world.config.state, all) {
            Ok(()) => self.left.said = false,
            Err(error) => {
                // The end tries it once more, and whatever is new before.
                self.board.picture().wants.moved = true;
                if !std::mem::replace(&mut self.left.said, true) {
                    self.report.unsaid(&error);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
