//! Whether the cycle is alive. A process whose runtime turns can still have come to a stop: a look that
//! never ends, or a schedule that does not fire any more. Pure: every moment is passed in.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use crate::model::names::Subject;
use crate::model::time::{Time, span};

/// How long nothing may move before the cycle counts as stuck. The longest honest wait is far below it: a
/// call and a hook end within 60 s each, a file within 10 s, a handshake within 20 s, and each ended call
/// moves the pulse, however many of them a single look makes. It is far above what a restart costs, too.
pub const STALL: Duration = Duration::from_secs(15 * 60);
/// How long a single look or step may take, whatever else ends meanwhile. A look at WAF may read a thousand
/// hosts and a thousand certificates one by one, at the slowest pace a call each 5 s: just under three hours.
pub const HANG: Duration = Duration::from_secs(3 * 60 * 60);
/// What everything under way at the same time adds to both: they take turns at the account's connections,
/// so that of thousands none may end for long although their calls do.
pub const SHARE: Duration = Duration::from_secs(2);
/// How many of the entries that are waited for are named. The rest is counted.
const NAMES_MAX: usize = 8;

/// A moment by both clocks: one that nobody sets, to count by, and one to be read.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Counts on whatever happens to the wall clock, and stands still while the machine is suspended.
    pub at: Instant,
    /// For people.
    pub wall: Time,
}

/// What the cycle has told of itself.
#[derive(Debug, Default)]
pub struct Pulse {
    busy: Option<Busy>,
    /// Whether everything is to be looked at, and has not been yet.
    asked: bool,
    /// When a look at everything last came to its end, or when the clock was set back behind that.
    looked: Option<Time>,
    /// Since when the schedule has been seen to be past its time. It is judged while nothing is under way.
    overdue: Option<Overdue>,
    /// Calls to the cloud that had ended when that was last asked.
    calls: u64,
}

#[derive(Debug)]
struct Busy {
    moved: Moment,
    waits_for: Waits,
    oldest: Option<(Moment, Task)>,
    /// The most that was under way at once since it rested.
    most: usize,
}

#[derive(Debug, Clone, Copy)]
struct Overdue {
    noticed: Instant,
    due: Time,
}

/// Something under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// A look at this entry.
    Look(Subject),
    /// A step of this entry.
    Step(Subject),
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Look(subject) => write!(f, "the look at {subject}"),
            Self::Step(subject) => write!(f, "the step of {subject}"),
        }
    }
}

/// Everything under way: a few by name, and how many more there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waits {
    named: Vec<Task>,
    more: usize,
}

impl Waits {
    /// Of these steps and looks.
    pub fn of<'a>(
        steps: impl ExactSizeIterator<Item = &'a Subject>,
        looks: impl ExactSizeIterator<Item = &'a Subject>,
    ) -> Self {
        let all = steps.len() + looks.len();
        // Steps are fewer, and the graver ones.
        let tasks = steps.cloned().map(Task::Step).chain(looks.cloned().map(Task::Look));
        let named: Vec<_> = tasks.take(NAMES_MAX).collect();
        Self { more: all - named.len(), named }
    }

    fn count(&self) -> usize {
        self.named.len() + self.more
    }
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named: Vec<_> = self.named.iter().map(ToString::to_string).collect();
        f.write_str(&named.join(", "))?;
        match self.more {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// What is wrong, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stuck {
    /// Something is under way, and neither that nor a call of it ends.
    Nothing {
        /// When something last did.
        since: Time,
        /// How long that is by the clock that nobody sets.
        waited: Duration,
        /// What is under way.
        waits_for: Waits,
    },
    /// One thing does not end, while others do.
    Hangs {
        /// What.
        task: Task,
        /// When it began.
        since: Time,
        /// How long ago that is by the clock that nobody sets.
        waited: Duration,
    },
    /// The schedule's line came, and no look at everything has ended since.
    Missed {
        /// When it came.
        due: Time,
        /// For how long that has been seen.
        waited: Duration,
    },
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing { since, waited, waits_for } => write!(
                f,
                "no call, look or step has ended since {since}, for {}: waiting for {waits_for}",
                span(*waited)
            ),
            Self::Hangs { task, since, waited } => {
                write!(f, "{task} began at {since} and has not ended for {}", span(*waited))
            }
            Self::Missed { due, waited } => write!(
                f,
                "the schedule was due at {due}, and {} later nothing has been looked at",
                span(*waited)
            ),
        }
    }
}

impl Pulse {
    /// This is under way, `oldest` since its moment. Where nothing was before, time counts from now.
    pub fn works(&mut self, now: Moment, waits_for: Waits, oldest: Option<(Instant, Task)>) {
        let (moved, most) = self.busy.take().map_or((now, 0), |busy| (busy.moved, busy.most));
        let most = most.max(waits_for.count());
        let oldest = oldest.map(|(at, task)| {
            let wall = now.wall - now.at.saturating_duration_since(at);
            (Moment { at, wall }, task)
        });
        self.busy = Some(Busy { moved, waits_for, oldest, most });
    }

    /// A look, a part of one, or a step has ended.
    pub fn moved(&mut self, now: Moment) {
        if let Some(busy) = &mut self.busy {
            busy.moved = now;
        }
    }

    /// So many calls to the cloud have ended since the start: where it is more than before, a look or a step
    /// gets on.
    pub fn called(&mut self, now: Moment, calls: u64) {
        if std::mem::replace(&mut self.calls, calls) != calls {
            self.moved(now);
        }
    }

    /// Everything is to be looked at.
    pub fn asked(&mut self) {
        self.asked = true;
    }

    /// Nothing is under way. Where everything was to be looked at, it has been.
    pub fn rests(&mut self, now: Time) {
        self.busy = None;
        if std::mem::take(&mut self.asked) {
            self.looked = Some(now);
            self.overdue = None;
        }
    }

    /// The moment after which the schedule has to come again: the last look at everything, or `now` where
    /// there was none or the clock has been set back since.
    pub fn anchor(&mut self, now: Time) -> Time {
        let looked = self.looked.map_or(now, |looked| looked.min(now));
        self.looked = Some(looked);
        looked
    }

    /// Takes note of the schedule: `due` is when it should have led to a look at everything and did not;
    /// nothing while that lies ahead. What counts is how long this is seen, by the clock that nobody
    /// sets: neither a clock that jumps nor a machine that sleeps makes the cycle stuck.
    pub fn notice(&mut self, now: Instant, due: Option<Time>) {
        // Retries of single entries, however often they come, do not put this off.
        let noticed = self.overdue.map_or(now, |overdue| overdue.noticed);
        self.overdue = due.map(|due| Overdue { noticed, due });
    }

    /// What is wrong, where the cycle has come to a stop.
    pub fn stuck(&self, now: Instant) -> Option<Stuck> {
        if let Some(busy) = &self.busy {
            return busy.stuck(now);
        }
        let Overdue { noticed, due } = self.overdue?;
        let waited = now.saturating_duration_since(noticed);
        (waited >= STALL).then_some(Stuck::Missed { due, waited })
    }
}

impl Busy {
    fn stuck(&self, now: Instant) -> Option<Stuck> {
        let turns = SHARE.saturating_mul(u32::try_from(self.most).unwrap_or(u32::MAX));
        let waited = now.saturating_duration_since(self.moved.at);
        if waited >= STALL + turns {
            let (since, waits_for) = (self.moved.wall, self.waits_for.clone());
            return Some(Stuck::Nothing { since, waited, waits_for });
        }
        let (began, task) = self.oldest.as_ref()?;
        let waited = now.saturating_duration_since(began.at);
        let hangs = || Stuck::Hangs { task: task.clone(), since: began.wall, waited };
        (waited >= HANG + turns).then(hangs)
    }
}

#[cfg(test)]
mod tests;
