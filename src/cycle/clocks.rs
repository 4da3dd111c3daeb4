//! Whether the clock of the day has gone ahead of the one that only counts.

use std::time::Duration;

use tokio::time::Instant;

use crate::model::time::Time;

/// How far it must have: less than any wait that something rests on, and more than a clock that is kept moves.
const JUMP_MIN: Duration = Duration::from_secs(60);

/// Both clocks, when they were last read.
#[derive(Debug)]
pub(super) struct Clocks {
    at: Time,
    passed: Instant,
}

impl Clocks {
    pub fn read(now: Time) -> Self {
        Self { at: now, passed: Instant::now() }
    }

    /// Whether it was set ahead since the last time, or the host slept: what the clouds have had to show
    /// something then is what has passed here.
    pub fn have_parted(&mut self, now: Time) -> bool {
        let before = std::mem::replace(self, Self::read(now));
        now.since(before.at + before.passed.elapsed()) >= JUMP_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_kept_does_not_jump_and_one_that_is_set_does() {
        let at = Time::from_secs;
        let mut clocks = Clocks::read(at(1_000));
        tokio::time::advance(Duration::from_secs(600)).await;
        assert!(!clocks.have_parted(at(1_659)), "59 seconds are kept");
        assert!(!clocks.have_parted(at(1_600)), "back is another matter");
        assert!(clocks.have_parted(at(1_660)));
        assert!(!clocks.have_parted(at(1_660)), "it is told once");
    }
}
