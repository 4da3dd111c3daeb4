//! The lock-out gate: the first call of a credential goes alone, and a refused one is not tried again for a while.
//!
//! Five failed authentications lock an access key for everyone who uses it, and wrong passwords lock a user.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::super::{Refusal, Result};
use crate::model::names::Name;
use crate::model::target::Api;
use crate::model::time::{Clock, Time};

mod memory;

use memory::{KEYS_MAX, Memory, REFUSALS_MAX};

/// How many calls find out at once whether a credential works, when the first of them hangs: as many as may be refused.
const TOGETHER_MAX: usize = REFUSALS_MAX as usize;
/// How long the others wait for the call that goes alone, before one of them goes too: it may be a dead service
/// that it asked, which must not stand in everybody's way. Whatever goes together could be refused together,
/// so that nobody goes beside it once there was a refusal.
const PATIENCE: Duration = Duration::from_secs(3);
/// And how long before another call goes to the same service: a dead one must not have both places, where there are
/// others to ask, and a lone connection may hang all the same.
const SAME_PATIENCE: Duration = Duration::from_secs(6);

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
    /// For the calls that find out whether a credential works.
    turns: Mutex<BTreeMap<Key, Arc<Turn>>>,
    /// Refusals that nobody has journalled yet.
    untold: Mutex<Vec<Refusal>>,
}

/// Who finds out whether a credential works, and who does next.
#[derive(Default)]
struct Turn {
    /// Each held by whoever is next of those who call this service: first come, first served, so that nobody waits
    /// behind the callers of one that hangs.
    doors: Mutex<BTreeMap<Api, Arc<tokio::sync::Mutex<()>>>>,
    /// The services of the calls under way that find out. More of them only while the memory is locked.
    trying: Mutex<Vec<Api>>,
    /// One of them has ended, or something was heard of their credential.
    ended: Notify,
}

/// One more that finds out, for as long as this lives.
struct Trying(Arc<Turn>, Api);

/// Leave to send one call, at once: from here on it is under way. Dropping it without a word about the outcome
/// lets the next one try.
pub(in super::super) struct Pass<'a> {
    gate: &'a Gate,
    cloud: &'a Name,
    key: Key,
    /// Rows that had begun before it did.
    rows: u64,
    _trying: Option<Trying>,
}

impl Gate {
    /// A gate that remembers what the journal does.
    pub(in super::super) fn new(refusals: &[Refusal], clock: Clock) -> Self {
        let memory = Mutex::new(Memory::of(refusals, clock()));
        Self { clock, memory, turns: Mutex::default(), untold: Mutex::default() }
    }

    /// The present moment.
    pub(in super::super) fn now(&self) -> Time {
        (self.clock)()
    }

    /// Waits until this credential is known to work, or it is this call's turn to find out. The caller sends without
    /// waiting for anything more, so that nothing begins after a refusal is told but what that leaves: one call.
    /// `Withheld`, with the time left, while it is to be left alone; `Throttled` while the clock that
    /// it would be signed by is known to be off.
    pub(in super::super) async fn enter<'a>(
        &'a self,
        api: Api,
        cloud: &'a Name,
        key: &Key,
    ) -> Result<Pass<'a>> {
        let asked = Instant::now();
        if let Some(pass) = self.admit_known(cloud, key)? {
            return Ok(pass);
        }
        let turn = self.turn(key);
        let door = Arc::clone(locked(&turn.doors).entry(api).or_default());
        let _next = door.lock().await;
        loop {
            let ended = turn.ended.notified();
            let now = Instant::now();
            let patient_until = turn.patient_until(asked, api);
            if let Some(pass) = self.admit(api, cloud, key, &turn, now < patient_until)? {
                return Ok(pass);
            }
            if now < patient_until {
                // What it waited for shows in a moment.
                let _ = timeout_at(patient_until, ended).await;
            } else {
                ended.await;
            }
        }
    }

    /// Lets a call pass whose credential is known to work.
    fn admit_known<'a>(&'a self, cloud: &'a Name, key: &Key) -> Result<Option<Pass<'a>>> {
        let memory = locked(&self.memory);
        Ok(memory.is_good(key, self.now())?.then(|| self.pass(&memory, cloud, key, None)))
    }

    /// Lets a call pass, to find out where nothing is known: alone, or beside one that hangs, as long as both may
    /// be refused.
    fn admit<'a>(
        &'a self,
        api: Api,
        cloud: &'a Name,
        key: &Key,
        turn: &Arc<Turn>,
        is_patient: bool,
    ) -> Result<Option<Pass<'a>>> {
        let memory = locked(&self.memory);
        if memory.is_good(key, self.now())? {
            return Ok(Some(self.pass(&memory, cloud, key, None)));
        }
        let trying = locked(&turn.trying).len();
        let apart = is_patient || memory.is_suspect(key) || trying >= TOGETHER_MAX;
        if trying > 0 && apart {
            return Ok(None);
        }
        let trying = Trying::up(turn, api);
        Ok(Some(self.pass(&memory, cloud, key, Some(trying))))
    }

    fn pass<'a>(
        &'a self,
        memory: &Memory,
        cloud: &'a Name,
        key: &Key,
        trying: Option<Trying>,
    ) -> Pass<'a> {
        Pass { gate: self, cloud, key: key.clone(), rows: memory.rows, _trying: trying }
    }

    fn turn(&self, key: &Key) -> Arc<Turn> {
        let mut turns = locked(&self.turns);
        if turns.len() >= KEYS_MAX {
            // One that nobody holds or waits for is only ours.
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(turns.entry(key.clone()).or_default())
    }

    /// Refusals that nobody has journalled yet.
    pub(in super::super) fn take(&self) -> Vec<Refusal> {
        std::mem::take(&mut *locked(&self.untold))
    }

    fn told(&self, pass: &Pass<'_>, standing: Standing, at: Time) {
        let mut memory = locked(&self.memory);
        match standing {
            Standing::Good => memory.works(&pass.key, pass.rows, at),
            Standing::Refused => {
                let count = memory.refused(&pass.key, at);
                locked(&self.untold).push(Refusal {
                    cloud: pass.cloud.clone(),
                    identity: pass.key.identity.clone(),
                    changed_at: pass.key.changed_at,
                    at,
                    count,
                });
            }
            // Once the clock was set there is one try more, and no second row of them.
            Standing::Skewed => memory.skewed(&pass.key, at),
            Standing::Stale | Standing::Unknown => {}
        }
    }

    /// Has whoever is next look again: it may be waiting for calls that hang, where what was heard came from another.
    /// To look for nothing is cheap.
    fn wake(&self, key: &Key) {
        if let Some(turn) = locked(&self.turns).get(key) {
            turn.ended.notify_waiters();
        }
    }
}

/// Nothing in here is left half-changed, so a panic elsewhere spoils nothing.
fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Turn {
    /// How long somebody who asked then waits for those under way before going beside them.
    fn patient_until(&self, asked: Instant, api: Api) -> Instant {
        asked + if locked(&self.trying).contains(&api) { SAME_PATIENCE } else { PATIENCE }
    }
}

impl Trying {
    fn up(turn: &Arc<Turn>, api: Api) -> Self {
        locked(&turn.trying).push(api);
        Self(Arc::clone(turn), api)
    }
}

impl Drop for Trying {
    fn drop(&mut self) {
        let mut trying = locked(&self.0.trying);
        if let Some(at) = trying.iter().position(|api| *api == self.1) {
            trying.swap_remove(at);
        }
        self.0.ended.notify_waiters();
    }
}

impl Pass<'_> {
    /// Tells how it went, and lets the others through or the next one try.
    pub(in super::super) fn done(self, standing: Standing) {
        self.gate.told(&self, standing, self.gate.now());
        self.gate.wake(&self.key);
    }
}

#[cfg(test)]
mod tests;
