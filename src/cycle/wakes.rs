//! What a wake asks for: which entries are looked at again, and how much of each.

use tokio::time::Instant;

use super::{Cycle, Wake};
use crate::model::names::Subject;
use crate::record::JournalError;

impl Cycle {
    pub(super) fn take_wake(&mut self, wake: Wake) -> Result<bool, JournalError> {
        match wake {
            Wake::Stop => return Ok(true),
            Wake::Look => {}
            Wake::Files => {
                self.look_at_files();
                return Ok(false);
            }
            Wake::Asked(requests) => self.ask(&requests)?,
            Wake::Reload(config) => self.reload(*config),
            Wake::Found(config) => {
                self.take_found(*config);
                return Ok(false);
            }
        }
        self.look_at_all();
        Ok(false)
    }

    pub(super) fn take_due(&mut self) {
        let now = (self.clock)();
        self.woken = Instant::now();
        let due = self.due.take(now);
        self.wanted.all_of(due, &self.looking);
    }

    /// Everything is looked at again.
    pub(super) fn look_at_all(&mut self) {
        self.woken = Instant::now();
        self.board.picture().pulse.asked();
        self.look_at(self.world.subjects());
        self.look_at_watched();
    }

    /// The files of every certificate are looked at again.
    fn look_at_files(&mut self) {
        self.woken = Instant::now();
        let subjects = self.world.subjects().into_iter();
        let pairs = subjects.filter(|it| matches!(it, Subject::Certificate(_)) && self.is_ours(it));
        let pairs: Vec<_> = pairs.collect();
        self.wanted.files_of(pairs, &self.looking);
        self.look_at_watched();
    }

    /// These are looked at again, as far as they are ours to look after.
    pub(super) fn look_at(&mut self, subjects: impl IntoIterator<Item = Subject>) {
        let ours: Vec<_> = subjects.into_iter().filter(|subject| self.is_ours(subject)).collect();
        self.wanted.all_of(ours, &self.looking);
    }

    fn is_ours(&self, subject: &Subject) -> bool {
        self.world.knows(subject) && self.only.as_ref().is_none_or(|only| only.contains(subject))
    }
}
