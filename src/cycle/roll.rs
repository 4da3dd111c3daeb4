//! Tasks under way: whose each is, and which of them is the oldest.

use std::collections::{BTreeMap, HashMap, VecDeque};

use tokio::task::Id;
use tokio::time::Instant;

use crate::model::names::Subject;

/// Tasks by their id, also for those that end in a panic.
#[derive(Default)]
pub(super) struct Roll {
    tasks: HashMap<Id, Vec<Subject>>,
    /// How many tasks each has.
    subjects: BTreeMap<Subject, usize>,
    /// In the order in which they began; those that have ended leave it from the front.
    began: VecDeque<(Id, Instant)>,
}

impl Roll {
    /// A task has begun, for one subject or for several.
    pub fn add(&mut self, id: Id, subjects: Vec<Subject>) {
        for subject in &subjects {
            *self.subjects.entry(subject.clone()).or_default() += 1;
        }
        self.tasks.insert(id, subjects);
        self.began.push_back((id, Instant::now()));
    }

    /// Whose it was; nobody's for one that is not here.
    pub fn remove(&mut self, id: &Id) -> Vec<Subject> {
        let subjects = self.tasks.remove(id).unwrap_or_default();
        for subject in &subjects {
            if let Some(count) = self.subjects.get_mut(subject) {
                *count -= 1;
                if *count == 0 {
                    self.subjects.remove(subject);
                }
            }
        }
        subjects
    }

    pub fn contains(&self, subject: &Subject) -> bool {
        self.subjects.contains_key(subject)
    }

    /// Each of them once.
    pub fn subjects(&self) -> impl ExactSizeIterator<Item = &Subject> {
        self.subjects.keys()
    }

    /// The one that has been under way for longest.
    pub fn oldest(&mut self) -> Option<(Instant, &Subject)> {
        while let Some((id, _)) = self.began.front()
            && !self.tasks.contains_key(id)
        {
            self.began.pop_front();
        }
        let (id, began) = self.began.front()?;
        Some((*began, self.tasks.get(id)?.first()?))
    }
}
