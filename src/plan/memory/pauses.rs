//! Entries that an operator has put to rest for a while: nothing of them leaves before that is over.

use std::time::Duration;

use super::Memory;
use crate::model::names::Name;
use crate::model::time::Time;

/// The longest pause that may be asked for: whoever wants none of an entry for longer takes it out of the file.
pub const PAUSE_MAX: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// What would last for longer than this was asked for by a clock that has been set back since.
const BELIEVED_MAX: Duration = Duration::from_secs(100 * 24 * 60 * 60);

/// An operator's `pause`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pause {
    /// When it is over by itself.
    pub until: Time,
    /// Who asked for it, in words.
    pub by: String,
    /// When that was.
    pub since: Time,
}

impl Pause {
    fn holds(&self, now: Time) -> bool {
        now < self.until && self.until.since(now) < BELIEVED_MAX
    }
}

impl Memory {
    /// What holds whatever has this name back at this moment: never what is over.
    pub fn paused(&self, name: &Name, now: Time) -> Option<&Pause> {
        self.pauses.get(name).filter(|pause| pause.holds(now))
    }

    /// Every name that is paused at this moment.
    pub fn all_paused(&self, now: Time) -> impl Iterator<Item = (&Name, &Pause)> {
        self.pauses.iter().filter(move |(_, pause)| pause.holds(now))
    }

    /// The last word counts, also where it makes a pause shorter.
    pub(super) fn pause(&mut self, at: Time, name: &Name, until: Time, by: &str) {
        let pause = Pause { until, by: by.to_owned(), since: at };
        self.pauses.insert(name.clone(), pause);
    }

    pub(super) fn resume(&mut self, name: &Name) {
        self.pauses.remove(name);
    }
}
