//! Tasks under way: whose each is, and which of them is the oldest.

use std::collections::{HashMap, VecDeque};

use tokio::task::Id;
use tokio::time::Instant;

use crate::model::names::Subject;

/// Tasks by their id, also for those that end in a panic.
#[derive(Default)]
pub(super) struct Roll {
    subjects: HashMap<Id, Subject>,
    /// In the order in which they began; those that have ended leave it from the front.
    began: VecDeque<(Id, Instant)>,
}

impl Roll {
    pub fn add(&mut self, id: Id, subject: Subject) {
        self.subjects.insert(id, subject);
        self.began.push_back((id, Instant::now()));
    }

    /// Whose it was; none for one that is not here.
    pub fn remove(&mut self, id: &Id) -> Option<Subject> {
        self.subjects.remove(id)
    }

    pub fn subjects(&self) -> impl ExactSizeIterator<Item = &Subject> {
        self.subjects.values()
    }

    /// The one that has been under way for longest.
    pub fn oldest(&mut self) -> Option<(Instant, &Subject)> {
        while let Some((id, _)) = self.began.front()
            && !self.subjects.contains_key(id)
        {
            self.began.pop_front();
        }
        let (id, began) = self.began.front()?;
        Some((*began, self.subjects.get(id)?))
    }
}
