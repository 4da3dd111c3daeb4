//! When held entries are looked at again.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::names::Subject;
use crate::model::time::Time;

/// One moment for each entry that has one, and the first of all at hand.
#[derive(Debug, Default)]
pub(super) struct Dues {
    of: BTreeMap<Subject, Time>,
    in_order: BTreeSet<(Time, Subject)>,
}

impl Dues {
    /// This entry is looked at again then, or at its moment if that comes sooner.
    pub fn by(&mut self, subject: &Subject, at: Time) {
        let sooner = self.of.get(subject).map_or(at, |known| at.min(*known));
        self.remove(subject);
        self.of.insert(subject.clone(), sooner);
        self.in_order.insert((sooner, subject.clone()));
    }

    pub fn remove(&mut self, subject: &Subject) {
        if let Some(at) = self.of.remove(subject) {
            self.in_order.remove(&(at, subject.clone()));
        }
    }

    pub fn retain(&mut self, stays: impl Fn(&Subject) -> bool) {
        self.of.retain(|subject, _| stays(subject));
        self.in_order.retain(|(_, subject)| stays(subject));
    }

    /// The first moment of all.
    pub fn first(&self) -> Option<Time> {
        self.in_order.first().map(|(at, _)| *at)
    }

    /// Takes out those whose moment has come.
    pub fn take(&mut self, now: Time) -> Vec<Subject> {
        let mut taken = Vec::new();
        while let Some((_, subject)) = self.in_order.first().filter(|(at, _)| *at <= now).cloned() {
            self.remove(&subject);
            taken.push(subject);
        }
        taken
    }
}
