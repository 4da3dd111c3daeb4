//! Which subjects are to be looked at next, and how much of each.

use std::collections::BTreeSet;

use super::looking::Looking;
use crate::model::names::Subject;

/// What has to be looked at.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    now: Round,
    /// The same for those that are looked at just now: what was read of them may be older than the wish.
    later: Round,
}

/// What a look begins with.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// Looked at altogether.
    pub all: BTreeSet<Subject>,
    /// Of these the files, and the rest only where those are others now.
    pub files: BTreeSet<Subject>,
}

impl Wanted {
    /// Everything of these.
    pub fn all_of(&mut self, subjects: impl IntoIterator<Item = Subject>, looking: &Looking) {
        for subject in subjects {
            match looking.contains(&subject) {
                true => self.later.all.insert(subject),
                false => self.now.all.insert(subject),
            };
        }
    }

    /// The files of these.
    pub fn files_of(&mut self, subjects: impl IntoIterator<Item = Subject>, looking: &Looking) {
        for subject in subjects {
            match looking.contains(&subject) {
                true => self.later.files.insert(subject),
                false => self.now.files.insert(subject),
            };
        }
    }

    /// The look at this one has ended.
    pub fn looked_at(&mut self, subject: &Subject) {
        self.now.all.extend(self.later.all.take(subject));
        self.now.files.extend(self.later.files.take(subject));
    }

    /// Takes out all that may begin; nothing of it is looked at just now.
    pub fn take(&mut self) -> Round {
        let mut round = std::mem::take(&mut self.now);
        round.files.retain(|subject| !round.all.contains(subject));
        round
    }

    pub fn contains(&self, subject: &Subject) -> bool {
        self.now.all.contains(subject)
    }

    pub fn retain(&mut self, stays: impl Fn(&Subject) -> bool) {
        for round in [&mut self.now, &mut self.later] {
            round.all.retain(&stays);
            round.files.retain(&stays);
        }
    }

    /// Whether nothing waits; what waits for a look does not count beside that look.
    pub fn is_empty(&self) -> bool {
        self.now.all.is_empty() && self.now.files.is_empty()
    }
}
