//! The lock-out gate: the first call of a credential goes alone, and a refused one is not tried again for a while.
//!
//! Five failed authentications lock an access key for everyone who uses it, and wrong passwords lock a user.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::super::{Refusal, Result};
use super::OPERATION;
use crate::model::failure::{Failure, Kind};
use crate::model::names::Name;
use crate::model::time::{Clock, Time, span};

/// How often in a row a credential is tried before it is left alone.
const REFUSALS_MAX: u32 = 2;
/// How long a refused credential is left alone, in seconds: three times the lock of an access key.
const QUIET_SECS: u64 = 15 * 60;
/// How long the others wait for the call that goes alone, before one of them goes too: it may be a dead service
/// that it asked, which must not stand in everybody's way. Even then no more than two can be refused.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a credential that worked is believed to work, in seconds: after a quiet time the first call goes
/// alone again, so that a key that was disabled meanwhile is not refused a volley of times.
const GOOD_SECS: u64 = 60;
/// How far a clock moves beside what passes until it was set, in seconds: what follows a time server moves by
/// milliseconds.
const SET_SECS: u64 = 5;
/// Credentials that are remembered; older ones belong to files long replaced.
const KEYS_MAX: usize = 16;

/// Which credential it is: another file time or another identity is another credential.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in super::super) struct Key {
    /// Access key id, or `domain/user`.
    pub(in super::super) identity: String,
    /// Newest modification time of its files, or zero.
    pub(in super::super) changed_at: Time,
}

/// What an answer said about the credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) enum Standing {
    /// The service knew it.
    Good,
    /// Wrong key or wrong password: counts towards the lock-out.
    Refused,
    /// Right once: an expired token.
    Stale,
    /// Signed rightly and refused for the time of it: this host's clock is off, or a temporary key has ended. Nobody
    /// says whether that counts towards the lock-out.
    Skewed,
    /// Nothing.
    Unknown,
}

/// The gate that all accounts of a process share: a key that is wrong in one region is wrong in
/// every other, and all its tries count towards the same lock.
pub(in super::super) struct Gate {
    clock: Clock,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// When each was last known to work.
    good: BTreeMap<Key, Time>,
    refused: BTreeMap<Key, Refused>,
    skewed: BTreeMap<Key, Skewed>,
    untold: Vec<Refusal>,
    /// Each held by the call that finds out whether that credential works.
    turns: BTreeMap<Key, Turn>,
}

/// The first is for the call that goes alone, the second for one more when that call hangs.
type Turn = Arc<[Arc<tokio::sync::Mutex<()>>; REFUSALS_MAX as usize]>;

#[derive(Clone, Copy)]
struct Refused {
    at: Time,
    count: u32,
}

/// Signatures in a row that were refused for their time, and when the last one was by both clocks.
#[derive(Clone, Copy)]
struct Skewed {
    at: Time,
    passed: Instant,
    count: u32,
}

/// Leave to send one call. Dropping it without a word about the outcome lets the next one try.
pub(in super::super) struct Pass<'a> {
    gate: &'a Gate,
    cloud: &'a Name,
    key: Key,
    _alone: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl Gate {
    /// A gate that remembers what the journal does.
    pub(in super::super) fn new(refusals: &[Refusal], clock: Clock) -> Self {
        let mut memory = Memory::default();
        for refusal in refusals {
            let key = Key { identity: refusal.identity.clone(), changed_at: refusal.changed_at };
            let told = Refused { at: refusal.at, count: refusal.count };
            let kept = memory.refused.entry(key).or_insert(told);
            // Two of one moment: the later one counts further.
            if (kept.at, kept.count) < (told.at, told.count) {
                *kept = told;
            }
        }
        Self { clock, memory: Mutex::new(memory) }
    }

    /// The present moment.
    pub(in super::super) fn now(&self) -> Time {
        (self.clock)()
    }

    /// Waits until this credential is known to work, or it is this call's turn to find out.
    /// [`Kind::Withheld`], with the time left, while it is to be left alone; [`Kind::Throttled`] while the clock that
    /// it would be signed by is known to be off.
    pub(in super::super) async fn enter<'a>(
        &'a self,
        cloud: &'a Name,
        key: &Key,
    ) -> Result<Pass<'a>> {
        if self.is_good(key)? {
            return Ok(Pass { gate: self, cloud, key: key.clone(), _alone: None });
        }
        let alone = alone(&self.turn(key)).await;
        // The call that went first may have told meanwhile.
        let known = self.is_good(key)?;
        Ok(Pass { gate: self, cloud, key: key.clone(), _alone: (!known).then_some(alone) })
    }

    fn turn(&self, key: &Key) -> Turn {
        let mut memory = self.memory();
        if memory.turns.len() >= KEYS_MAX {
            // One that nobody holds or waits for is only ours.
            memory.turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(memory.turns.entry(key.clone()).or_default())
    }

    /// Refusals that nobody has journalled yet.
    pub(in super::super) fn take(&self) -> Vec<Refusal> {
        std::mem::take(&mut self.memory().untold)
    }

    fn is_good(&self, key: &Key) -> Result<bool> {
        let memory = self.memory();
        let now = self.now();
        match quiet(memory.refused.get(key).copied(), now) {
            Some((refused, left)) => Err(withheld(key, refused, left)),
            None if memory.skewed.get(key).is_some_and(|skewed| skewed.is_quiet(now)) => Err(off()),
            None => Ok(memory.good.get(key).is_some_and(|at| recent(*at, now))),
        }
    }

    fn told(&self, cloud: &Name, key: &Key, standing: Standing, at: Time) {
        let mut memory = self.memory();
        match standing {
            Standing::Good => {
                memory.refused.remove(key);
                memory.skewed.remove(key);
                if memory.good.len() >= KEYS_MAX {
                    memory.good.clear();
                }
                memory.good.insert(key.clone(), at);
            }
            Standing::Refused => {
                let count = memory.refused.get(key).map_or(0, |refused| refused.count) + 1;
                memory.good.remove(key);
                memory.remember(key, Refused { at, count });
                memory.untold.push(Refusal {
                    cloud: cloud.clone(),
                    identity: key.identity.clone(),
                    changed_at: key.changed_at,
                    at,
                    count,
                });
            }
            Standing::Skewed => {
                memory.good.remove(key);
                if memory.skewed.len() >= KEYS_MAX {
                    memory.skewed.clear();
                }
                // Once the clock was set there is one try more, and no second row of them.
                let count = memory.skewed.get(key).map_or(0, |before| before.count) + 1;
                memory.skewed.insert(key.clone(), Skewed { at, passed: Instant::now(), count });
            }
            Standing::Stale | Standing::Unknown => {}
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Nothing in here leaves it half-changed, so a panic elsewhere spoils nothing.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn remember(&mut self, key: &Key, refused: Refused) {
        self.refused.insert(key.clone(), refused);
        while self.refused.len() > KEYS_MAX {
            let oldest = self.refused.iter().min_by_key(|(_, refused)| refused.at);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { return };
            self.refused.remove(&oldest);
        }
    }
}

impl Skewed {
    /// Whether another try is to wait: by the same clock, and soon after.
    fn is_quiet(&self, now: Time) -> bool {
        self.count >= REFUSALS_MAX
            && self.passed.elapsed() < Duration::from_secs(QUIET_SECS)
            && !self.clock_was_set(now)
    }

    fn clock_was_set(&self, now: Time) -> bool {
        let expected = self.at + self.passed.elapsed();
        now.since(expected).max(expected.since(now)) > Duration::from_secs(SET_SECS)
    }
}

impl Pass<'_> {
    /// Tells how it went, and lets the others through or the next one try.
    pub(in super::super) fn done(self, standing: Standing) {
        self.gate.told(self.cloud, &self.key, standing, self.gate.now());
    }
}

/// The refusal and the time left, while a credential is to be left alone. A clock that was set back
/// never makes that longer than the quiet time itself.
fn quiet(refused: Option<Refused>, now: Time) -> Option<(Refused, Duration)> {
    let refused = refused.filter(|refused| refused.count >= REFUSALS_MAX)?;
    let left = Duration::from_secs(QUIET_SECS).checked_sub(now.since(refused.at))?;
    (!left.is_zero()).then_some((refused, left))
}

/// Waits for leave to find out.
async fn alone(turn: &Turn) -> tokio::sync::OwnedMutexGuard<()> {
    let first = || Arc::clone(&turn[0]).lock_owned();
    match tokio::time::timeout(PATIENCE, first()).await {
        Ok(alone) => alone,
        Err(_) => tokio::select! {
            alone = first() => alone,
            second = Arc::clone(&turn[1]).lock_owned() => second,
        },
    }
}

fn recent(at: Time, now: Time) -> bool {
    now.since(at) < Duration::from_secs(GOOD_SECS) && at.since(now).is_zero()
}

fn withheld(key: &Key, refused: Refused, left: Duration) -> Failure {
    let message = format!(
        "not sent: the service refused {} {} times, last at {}; it is tried again in {}, or at once when the credential changes",
        key.identity,
        refused.count,
        refused.at,
        span(left)
    );
    Failure { wait: Some(left), ..Failure::local(Kind::Withheld, OPERATION, message) }
}

fn off() -> Failure {
    let message = "not sent: the service refused the last signatures for their time: check this host's clock; it is \
                   tried again at once when that is set";
    Failure::local(Kind::Throttled, OPERATION, message)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    fn key(changed_at: i64) -> Key {
        Key { identity: "AKID".to_owned(), changed_at: Time::from_secs(changed_at) }
    }

    fn gate(refusals: &[Refusal]) -> Gate {
        Gate::new(refusals, super::super::super::testing::now)
    }

    static BEIJING: LazyLock<Name> = LazyLock::new(|| Name::new("beijing").unwrap());

    #[tokio::test]
    async fn two_refusals_close_it_until_the_file_changes() {
        let gate = gate(&[]);
        for _ in 0..2 {
            gate.enter(&BEIJING, &key(1)).await.unwrap().done(Standing::Refused);
        }
        let failure = gate.enter(&BEIJING, &key(1)).await.err().unwrap();
        assert_eq!(failure.kind, Kind::Withheld);
        assert!(failure.wait.unwrap() > Duration::from_secs(QUIET_SECS - 10));
        assert!(gate.enter(&BEIJING, &key(2)).await.is_ok());
        let told: Vec<u32> = gate.take().iter().map(|refusal| refusal.count).collect();
        assert_eq!(told, [1, 2]);
        assert!(gate.take().is_empty());
    }

    #[tokio::test]
    async fn what_the_journal_remembers_holds() {
        let first = gate(&[]);
        for _ in 0..2 {
            first.enter(&BEIJING, &key(1)).await.unwrap().done(Standing::Refused);
        }
        let told = first.take();
        assert!(gate(&told).enter(&BEIJING, &key(1)).await.is_err());
        assert!(gate(&told[..1]).enter(&BEIJING, &key(1)).await.is_ok());
    }

    #[test]
    fn after_the_quiet_time_there_is_one_try_more() {
        let refused = Some(Refused { at: Time::from_secs(1000), count: 2 });
        let left = |secs| quiet(refused, Time::from_secs(secs)).map(|(_, left)| left.as_secs());
        assert_eq!(left(1000), Some(900));
        assert_eq!(left(1899), Some(1));
        assert_eq!(left(1900), None);
        assert_eq!(left(10), Some(900));
        // Refused again: a third one in a row closes it at once.
        let again = Some(Refused { at: Time::from_secs(1900), count: 3 });
        assert!(quiet(again, Time::from_secs(1901)).is_some());
    }

    #[tokio::test]
    async fn the_first_call_goes_alone() {
        let gate = gate(&[]);
        let first = gate.enter(&BEIJING, &key(1)).await.unwrap();
        let waiting =
            tokio::time::timeout(Duration::from_millis(20), gate.enter(&BEIJING, &key(1))).await;
        assert!(waiting.is_err());
        first.done(Standing::Good);
        let _second = gate.enter(&BEIJING, &key(1)).await.unwrap();
        let _third = gate.enter(&BEIJING, &key(1)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_first_call_that_hangs_lets_one_more_go() {
        let gate = gate(&[]);
        let _hangs = gate.enter(&BEIJING, &key(1)).await.unwrap();
        let second = gate.enter(&BEIJING, &key(1)).await.unwrap();
        let third = tokio::time::timeout(PATIENCE * 9, gate.enter(&BEIJING, &key(1))).await;
        assert!(third.is_err());
        second.done(Standing::Good);
        let _all = gate.enter(&BEIJING, &key(1)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn signatures_of_a_clock_that_is_off_wait_until_it_is_set() {
        let gate = gate(&[]);
        for _ in 0..2 {
            gate.enter(&BEIJING, &key(1)).await.unwrap().done(Standing::Skewed);
        }
        let failure = gate.enter(&BEIJING, &key(1)).await.err().unwrap();
        assert!(failure.was_never_sent() && failure.message.contains("check this host's clock"));
        assert!(gate.take().is_empty(), "a clock is no wrong key");
        assert!(gate.enter(&BEIJING, &key(2)).await.is_ok());
        // The gate's clock stands still here: to it, whatever passes is a clock that was set back.
        tokio::time::advance(Duration::from_secs(SET_SECS + 1)).await;
        gate.enter(&BEIJING, &key(1)).await.unwrap().done(Standing::Skewed);
        assert!(gate.enter(&BEIJING, &key(1)).await.is_err());
        gate.told(&BEIJING, &key(1), Standing::Good, gate.now());
        assert!(gate.enter(&BEIJING, &key(1)).await.is_ok());
    }

    #[tokio::test]
    async fn another_region_with_the_same_key_shares_its_tries() {
        let gate = gate(&[]);
        let shanghai = Name::new("shanghai").unwrap();
        gate.enter(&BEIJING, &key(1)).await.unwrap().done(Standing::Refused);
        gate.enter(&shanghai, &key(1)).await.unwrap().done(Standing::Refused);
        assert!(gate.enter(&BEIJING, &key(1)).await.is_err());
        assert!(gate.enter(&shanghai, &key(1)).await.is_err());
    }

    #[tokio::test]
    async fn a_call_that_learns_nothing_lets_the_next_one_try() {
        let gate = gate(&[]);
        gate.enter(&BEIJING, &key(1)).await.unwrap().done(Standing::Unknown);
        drop(gate.enter(&BEIJING, &key(1)).await.unwrap());
        gate.enter(&BEIJING, &key(1)).await.unwrap().done(Standing::Good);
        assert!(gate.take().is_empty());
    }

    #[tokio::test]
    async fn a_success_ends_the_row_of_refusals() {
        let gate = gate(&[]);
        for standing in [Standing::Refused, Standing::Good, Standing::Refused] {
            gate.enter(&BEIJING, &key(1)).await.unwrap().done(standing);
        }
        let told: Vec<u32> = gate.take().iter().map(|refusal| refusal.count).collect();
        assert_eq!(told, [1, 1]);
        assert!(gate.enter(&BEIJING, &key(1)).await.is_ok());
    }

    #[tokio::test]
    async fn a_refusal_has_the_next_call_go_alone() {
        let gate = gate(&[]);
        for standing in [Standing::Good, Standing::Refused] {
            gate.enter(&BEIJING, &key(1)).await.unwrap().done(standing);
        }
        let first = gate.enter(&BEIJING, &key(1)).await.unwrap();
        let wait = Duration::from_millis(20);
        assert!(tokio::time::timeout(wait, gate.enter(&BEIJING, &key(1))).await.is_err());
        first.done(Standing::Refused);
        assert!(gate.enter(&BEIJING, &key(1)).await.is_err());
    }

    #[test]
    fn what_worked_is_believed_for_a_minute() {
        let recent = |secs| recent(Time::from_secs(1000), Time::from_secs(secs));
        assert!(recent(1000) && recent(1059));
        assert!(!recent(1060), "that was long ago");
        assert!(!recent(999), "a clock that was set back proves nothing");
    }
}
