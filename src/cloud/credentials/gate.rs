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
    let message = "not sent: the service refused the last signatures for their time: check this host's clock, or \
                   whether a temporary key has ended; it is tried again at once when either is set right";
    Failure::local(Kind::Throttled, OPERATION, message)
}

#[cfg(test)]
mod tests;
