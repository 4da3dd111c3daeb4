//! The clock that the lines were written by, and from when a wait counts although it was set.

use std::time::Duration;

use super::{Effect, Memory};
use crate::model::time::Time;

/// A clock that is this much behind an earlier reading was set back; less is a clock being kept.
const SET_BACK_MIN: Duration = Duration::from_secs(60);

/// What is known of the clock that the lines were written by.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Clock {
    /// Lines folded so far.
    pub(super) lines: u64,
    /// Its furthest reading since it was last set back.
    pub(super) furthest: Time,
    /// What it said when it was last found set back.
    pub(super) back_at: Time,
    /// How many lines there were by then.
    pub(super) back_lines: u64,
    /// What it said when it was last set ahead, or its host woke.
    pub(super) ahead_at: Time,
    /// How many lines there were by then.
    pub(super) ahead_lines: u64,
}

impl Memory {
    /// Takes note of a reading of the clock, so that one that was set back is known of although no
    /// line was written since. Of all that is remembered this alone is no fold of the journal.
    pub fn notice(&mut self, now: Time) {
        if now + SET_BACK_MIN < self.clock.furthest {
            self.clock.back_at = now;
            self.clock.back_lines = self.clock.lines;
            self.clock.furthest = now;
            self.clock.ahead_at = self.clock.ahead_at.min(now);
            for asked in self.retry.values_mut() {
                asked.at = None;
            }
        }
        self.clock.furthest = self.clock.furthest.max(now);
    }

    /// Takes note that the clock was set ahead, or that the host slept: what is in doubt has had no time to show
    /// meanwhile. Like [`Self::notice`] no fold of the journal.
    pub fn jump(&mut self, now: Time) {
        self.clock.ahead_at = now;
        self.clock.ahead_lines = self.clock.lines;
    }

    /// As [`Self::since`], for what a look can only tell after a wait: that begins anew where the clock was set
    /// ahead since.
    pub fn doubtful_since(&self, effect: &Effect, now: Time) -> Time {
        let since = self.since(effect, now);
        let jumped = effect.seq <= self.clock.ahead_lines;
        if jumped { since.max(self.clock.ahead_at.min(now)) } else { since }
    }

    /// The moment from which a wait for this effect counts, never after `now`: when it came to stand
    /// where it stands. Where that is still to come, the clock was set back, and it is when that was
    /// first noticed: the effect is older than that, so the wait is too long rather than too short.
    pub fn since(&self, effect: &Effect, now: Time) -> Time {
        self.not_after(now, effect.at, effect.seq)
    }

    /// When a line was written, as [`Self::since`] has it.
    pub(super) fn not_after(&self, now: Time, at: Time, seq: u64) -> Time {
        match &self.clock {
            _ if at <= now => at,
            clock if seq <= clock.back_lines => clock.back_at.min(now),
            _ => now,
        }
    }
}
