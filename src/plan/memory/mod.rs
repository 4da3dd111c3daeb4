//! Memory: what the journal folds into. Nothing here is a guess about the world; it is what was
//! begun, what was answered, and what was seen.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::action::{Action, Fact, ImportKey};
use super::sight::{Sighting, Spot};
use crate::model::account::Refusal;
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::names::{Name, Subject};
use crate::model::place::Place;
use crate::model::time::Time;

mod authorities;
mod clock;
mod forget;
mod leaves;
mod once;
mod packed;
mod pauses;
mod record;
mod served;

pub use authorities::Authorities;
use clock::Clock;
use leaves::Leaves;
pub use packed::{FORMAT, FORMATS};
pub use pauses::{PAUSE_MAX, Pause};
pub use record::Record;
pub use served::Fallback;

/// Where an effect stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// Begun; no end is known.
    Open,
    /// Its answer was lost.
    Doubt(Box<Failure>),
    /// It failed. Apart, since it is rare and large: there are hundreds of thousands of effects.
    Failed(Box<Failure>),
    /// It was answered well. A switch then still has its job to end.
    Done,
    /// It was read back from the world.
    Seen,
    /// It stood once and is gone.
    Gone,
}

/// What is remembered of one effect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Effect {
    /// For whom it was last begun.
    pub subject: Subject,
    /// Where it stands.
    pub state: State,
    /// When it came to stand there.
    pub at: Time,
    /// The line that brought it there: lines are counted from one, and what came first is told by
    /// them, since a clock may go back.
    pub seq: u64,
    /// When it was last begun.
    pub begun: Time,
    /// The line that last began it.
    pub begun_seq: u64,
    /// How often it was tried since it last went well.
    pub tries: u32,
    /// How often it was begun again although it stood, without a week of rest in between.
    pub repeats: u32,
    /// How many of these tries may have happened: all but those that surely did not.
    pub doubts: u32,
    /// The id that the world gave it.
    pub id: Option<String>,
}

/// The fold of the journal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Memory {
    effects: BTreeMap<Action, Effect>,
    newest: BTreeMap<Name, ImportKey>,
    leaves: BTreeMap<Name, Leaves>,
    sightings: BTreeMap<(Name, Spot), Sighting>,
    fallbacks: BTreeMap<(Name, Place), Fallback>,
    authorities: BTreeMap<Name, Authorities>,
    allowed: BTreeMap<Name, Sha256>,
    open: BTreeSet<Action>,
    retry: BTreeMap<Name, Asked>,
    older: BTreeMap<Name, Time>,
    refusals: BTreeMap<(Name, String), Refusal>,
    jobs: BTreeMap<(Name, String), BTreeSet<String>>,
    clock: Clock,
    pauses: BTreeMap<Name, Pause>,
}

/// What was last begun longer ago is no fight over it.
const REPEATS_FORGOTTEN_AFTER: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// An operator's `--retry`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    /// The line that says so.
    pub seq: u64,
    /// When; absent once the clock was set back since, for then it cannot be told what came before it
    /// elsewhere.
    pub at: Option<Time>,
}

impl Memory {
    /// Takes one line in.
    pub fn fold(&mut self, at: Time, record: &Record) {
        self.notice(at);
        self.clock.lines += 1;
        match record {
            Record::Began { subject, action } => self.begin(at, subject, action),
            Record::Done { subject, action, id } => {
                self.imported(subject, action);
                self.change(at, subject, action, State::Done, id.clone());
                self.retired(at, action);
            }
            Record::Failed { subject, action, failure } => {
                self.fail(at, subject, action, failure.clone());
            }
            Record::Learned { subject, action, fact } => self.learn(at, subject, action, fact),
            Record::Saw { subject, spot, sight } => self.saw(at, subject, spot, sight),
            Record::Authorities { subject, published, former } => {
                self.publish(at, subject, published, former);
            }
            Record::AskedRetry { name } => {
                let asked = Asked { seq: self.clock.lines, at: Some(at) };
                self.retry.insert(name.clone(), asked);
            }
            Record::AskedOlder { name } => {
                self.older.insert(name.clone(), at);
            }
            Record::AskedPause { name, until, by } => self.pause(at, name, *until, by),
            Record::AskedResume { name, .. } => self.resume(name),
            Record::Refused { refusal } => {
                let who = (refusal.cloud.clone(), refusal.identity.clone());
                self.refusals.insert(who, refusal.clone());
            }
        }
    }

    /// What is remembered of this effect.
    pub fn effect(&self, action: &Action) -> Option<&Effect> {
        self.effects.get(action)
    }

    /// All effects.
    pub fn effects(&self) -> impl Iterator<Item = (&Action, &Effect)> {
        self.effects.iter()
    }

    /// Effects that were begun and have no end yet.
    pub fn open(&self) -> impl Iterator<Item = (&Action, &Effect)> {
        self.open.iter().filter_map(|action| self.effects.get_key_value(action))
    }

    /// The newest leaf that was imported for this entry, or that an operator went back to.
    pub fn newest(&self, name: &Name) -> Option<&ImportKey> {
        self.newest.get(name)
    }

    /// The newest leaf of every entry that has one.
    pub fn all_newest(&self) -> impl Iterator<Item = (&Name, &ImportKey)> {
        self.newest.iter()
    }

    /// The last `--retry` of an operator for this entry.
    pub fn asked_retry(&self, name: &Name) -> Option<Asked> {
        self.retry.get(name).copied()
    }

    /// Whether an operator's `--allow-older` for this entry waits to be used.
    pub fn asked_older(&self, name: &Name) -> bool {
        self.older.contains_key(name)
    }

    /// Every job of this instance's switch that the journal has ever named.
    pub fn jobs(&self, cloud: &Name, instance_id: &str) -> BTreeSet<&str> {
        let jobs = self.jobs.get(&(cloud.clone(), instance_id.to_owned()));
        jobs.into_iter().flatten().map(String::as_str).collect()
    }

    /// Credentials that were refused.
    pub fn refusals(&self) -> impl Iterator<Item = &Refusal> {
        self.refusals.values()
    }

    fn begin(&mut self, at: Time, subject: &Subject, action: &Action) {
        let (subject, action) = self.once(subject, action);
        let before = self.effects.get(&action);
        let (tries, doubts) = match before {
            Some(Effect {
                state: State::Open | State::Doubt(_) | State::Failed(_),
                tries,
                doubts,
                ..
            }) => (*tries, *doubts),
            _ => (0, 0),
        };
        let stands = before.filter(|it| matches!(it.state, State::Done | State::Seen));
        let repeats = match before {
            Some(before) if at.since(before.at) > REPEATS_FORGOTTEN_AFTER => 0,
            Some(before) => before.repeats.saturating_add(u32::from(stands.is_some())),
            None => 0,
        };
        let effect = Effect {
            subject,
            state: State::Open,
            repeats,
            at,
            seq: self.clock.lines,
            begun: at,
            begun_seq: self.clock.lines,
            tries: tries.saturating_add(1),
            doubts: doubts.saturating_add(1),
            id: before.and_then(|effect| effect.id.clone()),
        };
        self.effects.insert(action.clone(), effect);
        self.open.insert(action);
    }

    fn fail(&mut self, at: Time, subject: &Subject, action: &Action, failure: Failure) {
        // Another entry with the same leaf may have read it back while the answer was still out: then
        // it stands, whatever became of the answer. Else a leaf renewed before the next look would
        // leave behind an import that no clean-up knows to stand. A binding has more to say than that it
        // stands: what it changed besides.
        let shared = matches!(action, Action::Import { .. } | Action::Push { .. });
        let stands = |it: &Effect| shared && it.state == State::Seen && it.seq > it.begun_seq;
        if self.effects.get(action).is_some_and(stands) {
            return;
        }
        let (not_sent, not_done) = (failure.was_never_sent(), failure.kind != Kind::Lost);
        let state = match failure.kind {
            Kind::Lost => State::Doubt(failure.into()),
            _ => State::Failed(failure.into()),
        };
        self.change(at, subject, action, state, None);
        if let Some(effect) = self.effects.get_mut(action) {
            effect.tries = effect.tries.saturating_sub(u32::from(not_sent));
            effect.doubts = effect.doubts.saturating_sub(u32::from(not_done));
        }
    }

    fn learn(&mut self, at: Time, subject: &Subject, action: &Action, fact: &Fact) {
        let (state, id) = match fact {
            Fact::Seen { id } => (State::Seen, id.clone()),
            Fact::Done { id } => (State::Done, id.clone()),
            Fact::Gone => (State::Gone, None),
            Fact::RolledBack { former } => {
                self.fall_back(subject, action, former);
                let words =
                    "handshakes returned neither it nor the former leaf, which is bound again";
                (State::Failed(Failure::local(Kind::Permanent, "serve", words).into()), None)
            }
            Fact::JobFailed { reason } => {
                (State::Failed(Failure::local(Kind::Permanent, "follow job", reason).into()), None)
            }
            Fact::AllowedOlder => {
                if let Action::Import { key } = action {
                    let (subject, key) = self.import_once(subject, key);
                    self.allowed.insert(subject.name().clone(), key.leaf);
                    self.newest.insert(subject.name().clone(), key);
                }
                self.older.remove(subject.name());
                return;
            }
            Fact::NotOurs { jobs } => return self.name_jobs(action, jobs),
        };
        let stands = matches!(state, State::Seen | State::Done);
        if stands {
            self.imported(subject, action);
        }
        self.change(at, subject, action, state, id);
        if stands {
            self.retired(at, action);
        }
    }

    fn change(
        &mut self,
        at: Time,
        subject: &Subject,
        action: &Action,
        state: State,
        id: Option<String>,
    ) {
        let seq = self.clock.lines;
        let effect = match self.effects.get_mut(action) {
            Some(effect) => effect,
            None => {
                let (subject, action) = self.once(subject, action);
                self.effects.entry(action).or_insert(Effect {
                    subject,
                    state: State::Open,
                    repeats: 0,
                    at,
                    seq,
                    begun: at,
                    begun_seq: seq,
                    tries: 0,
                    doubts: 0,
                    id: None,
                })
            }
        };
        if matches!(state, State::Seen | State::Done) {
            (effect.tries, effect.doubts) = (0, 0);
        }
        self.open.remove(action);
        effect.state = state;
        (effect.at, effect.seq) = (at, seq);
        effect.id = id.clone().or(effect.id.take());
        self.name_jobs(action, id.as_slice());
    }

    fn name_jobs(&mut self, action: &Action, jobs: &[String]) {
        if let Action::SwitchSsl { cloud, instance_id, .. } = action {
            let instance = (cloud.clone(), instance_id.clone());
            self.jobs.entry(instance).or_default().extend(jobs.iter().cloned());
        }
    }

    /// Remembers an import's leaf as the newest of its entry, when it is.
    fn imported(&mut self, subject: &Subject, action: &Action) {
        let Action::Import { key } = action else { return };
        let (subject, key) = self.import_once(subject, key);
        let leaves = self.leaves.entry(subject.name().clone()).or_default();
        leaves.insert(key.clone());
        match self.newest.get(subject.name()) {
            Some(newest) if newest.same_place(&key) && newest.issued > key.issued => {}
            _ => {
                self.newest.insert(subject.name().clone(), key);
            }
        }
    }
}
