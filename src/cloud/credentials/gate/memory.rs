//! What the gate knows of each credential: whether it works, and how often in a row it was refused. Waits for nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::super::super::{Refusal, Result};
use super::super::OPERATION;
use super::Key;
use crate::model::failure::{Failure, Kind};
use crate::model::time::Time;

/// How often in a row a credential is tried before it is left alone.
pub(super) const REFUSALS_MAX: u32 = 2;
/// How long a refused credential is left alone, in seconds: three times the lock of an access key.
const QUIET_SECS: u64 = 15 * 60;
/// How long a credential that worked is believed to work, in seconds: after a quiet time the first call goes
/// alone again, so that a key that was disabled meanwhile is not refused a volley of times.
const GOOD_SECS: u64 = 60;
/// How far a clock moves beside what passes until it was set, in seconds: what follows a time server moves by
/// milliseconds.
const SET_SECS: u64 = 5;
/// Credentials that are remembered of each standing: a password is two of them, with its token, and each temporary key
/// is a new one. Enough for a hundred accounts and what they replace within a quiet time; one takes some hundred bytes.
pub(super) const KEYS_MAX: usize = 256;

/// What is known of every credential.
#[derive(Default)]
pub(super) struct Memory {
    /// When each was last known to work.
    good: BTreeMap<Key, Time>,
    refused: BTreeMap<Key, Row>,
    skewed: BTreeMap<Key, Row>,
    /// How many rows of refusals have begun, of all credentials.
    pub(super) rows: u64,
}

/// Refusals in a row, of a credential or of the time that it signed at, and when the last one was by both clocks.
#[derive(Clone, Copy)]
struct Row {
    at: Time,
    passed: Instant,
    count: u32,
    /// Which row it is: what a call found that began before it says nothing about it.
    number: u64,
}

impl Memory {
    /// What the journal tells. What a clock that was ahead has written there is of now.
    pub(super) fn of(refusals: &[Refusal], now: Time) -> Self {
        let mut refused = BTreeMap::new();
        let passed = Instant::now();
        for told in refusals {
            let key = Key { identity: told.identity.clone(), changed_at: told.changed_at };
            let row = Row { at: told.at.min(now), passed, count: told.count, number: 0 };
            let kept = refused.entry(key).or_insert(row);
            // Two of one moment: the later one counts further.
            if (kept.at, kept.count) < (row.at, row.count) {
                *kept = row;
            }
        }
        Self { refused, ..Self::default() }
    }

    /// Whether it is known to work. A failure while it is to be left alone.
    pub(super) fn is_good(&self, key: &Key, now: Time) -> Result<bool> {
        if let Some((refused, left)) = self.refused.get(key).and_then(|row| row.quiet(now)) {
            return Err(withheld(key, refused, now, left));
        }
        let skewed = self.skewed.get(key);
        if skewed.is_some_and(|row| row.quiet(now).is_some() && !row.clock_was_set(now)) {
            return Err(off());
        }
        Ok(self.good.get(key).is_some_and(|at| recent(*at, now)))
    }

    /// Whether the last that was heard of it was a refusal, whatever for.
    pub(super) fn is_suspect(&self, key: &Key) -> bool {
        self.refused.contains_key(key) || self.skewed.contains_key(key)
    }

    /// It worked for a call that began when there had been so many rows. Rows that began later stand: what the
    /// service knew before its first refusal, it may only now have answered.
    pub(super) fn works(&mut self, key: &Key, rows: u64, at: Time) {
        let known = [self.refused.get(key), self.skewed.get(key)];
        if known.into_iter().flatten().any(|row| row.number > rows) {
            return;
        }
        self.refused.remove(key);
        self.skewed.remove(key);
        self.good.insert(key.clone(), at);
        // One of a time to come is not believed either: the clock was set back.
        keep_newest(&mut self.good, |known| (recent(*known, at), *known));
    }

    /// One refusal more, and how many in a row that makes.
    pub(super) fn refused(&mut self, key: &Key, at: Time) -> u32 {
        self.good.remove(key);
        let row = self.longer(self.refused.get(key).copied(), at);
        self.refused.insert(key.clone(), row);
        keep_newest(&mut self.refused, Row::moment);
        row.count
    }

    /// One signature more that was refused for its time.
    pub(super) fn skewed(&mut self, key: &Key, at: Time) {
        self.good.remove(key);
        let row = self.longer(self.skewed.get(key).copied(), at);
        self.skewed.insert(key.clone(), row);
        keep_newest(&mut self.skewed, Row::moment);
    }

    fn longer(&mut self, row: Option<Row>, at: Time) -> Row {
        let passed = Instant::now();
        match row {
            Some(row) => Row { at, passed, count: row.count + 1, ..row },
            None => {
                self.rows += 1;
                Row { at, passed, count: 1, number: self.rows }
            }
        }
    }
}

impl Row {
    /// This and the time left, while there is to be no further try. It ends by whichever clock is first: that of
    /// the host may be set, and the other stops while the host sleeps.
    fn quiet(self, now: Time) -> Option<(Self, Duration)> {
        let passed = now.since(self.at).max(self.passed.elapsed());
        let left = Duration::from_secs(QUIET_SECS).saturating_sub(passed);
        (self.count >= REFUSALS_MAX && !left.is_zero()).then_some((self, left))
    }

    /// When the last one was, to order rows by: whoever sets the host's clock changes only the order of those that the
    /// journal told.
    fn moment(&self) -> (Instant, Time) {
        (self.passed, self.at)
    }

    fn clock_was_set(self, now: Time) -> bool {
        let expected = self.at + self.passed.elapsed();
        now.since(expected).max(expected.since(now)) > Duration::from_secs(SET_SECS)
    }
}

/// Forgets the oldest, while there are more than are remembered.
fn keep_newest<V, M: Ord>(known: &mut BTreeMap<Key, V>, moment: impl Fn(&V) -> M) {
    while known.len() > KEYS_MAX {
        let oldest = known.iter().min_by_key(|(_, value)| moment(value));
        let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { break };
        known.remove(&oldest);
    }
}

fn recent(at: Time, now: Time) -> bool {
    now.since(at) < Duration::from_secs(GOOD_SECS) && at.since(now).is_zero()
}

fn withheld(key: &Key, refused: Row, now: Time, left: Duration) -> Failure {
    let message = format!(
        "not sent: the service refused {} {} times, last at {}; it is not tried again before {}, unless the credential changes",
        key.identity,
        refused.count,
        refused.at,
        now + left
    );
    Failure { wait: Some(left), ..Failure::local(Kind::Withheld, OPERATION, message) }
}

fn off() -> Failure {
    let message = "not sent: the service refused the last signatures for their time: check this host's clock, or \
                   whether a temporary key has ended; it is tried again at once when either is set right";
    Failure::local(Kind::Throttled, OPERATION, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_worked_is_believed_for_a_minute() {
        let recent = |secs| recent(Time::from_secs(1000), Time::from_secs(secs));
        assert!(recent(1000) && recent(1059));
        assert!(!recent(1060), "that was long ago");
        assert!(!recent(999), "a clock that was set back proves nothing");
    }
}
