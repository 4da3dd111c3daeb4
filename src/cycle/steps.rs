//! Steps: begun in the journal, then in the world; what comes back goes into the journal again.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError};
use tokio::time::Instant;

use super::Cycle;
use super::looks::Payloads;
use crate::apply::{self, Payload, Place};
use crate::config::Certificate;
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::names::Subject;
use crate::observe::local;
use crate::plan::action::Action;
use crate::plan::hold::Hold;
use crate::plan::memory::Record;
use crate::plan::{Held, Step};

/// A step that is noted as begun, with all that it needs.
pub(super) struct Begun {
    step: Step,
    place: Place,
    bytes: Bytes,
}

/// A step that has ended.
#[derive(Debug)]
pub(super) struct Landed {
    pub step: Step,
    pub result: Result<Option<String>, Failure>,
    pub elapsed: Duration,
}

impl Cycle {
    /// Notes that these begin. They may leave once that is on the disk.
    pub(super) fn begin(&mut self, steps: Vec<Step>, payloads: &Payloads) -> Vec<Begun> {
        // An entry that a reload has removed meanwhile has no place to act on any more.
        let begun = steps.into_iter().filter_map(|step| {
            let place = self.place(&step.subject)?;
            let bytes = self.bytes(&step, payloads);
            Some(Begun { step, place, bytes })
        });
        let begun: Vec<_> = begun.collect();
        let records = begun.iter().map(|Begun { step, .. }| Record::Began {
            subject: step.subject.clone(),
            action: step.action.clone(),
        });
        self.journal.note((self.clock)(), records, &mut self.memory);
        begun
    }

    /// Lets go what has begun, and whose beginning is on the disk.
    pub(super) fn launch(&mut self, begun: Vec<Begun>) {
        for Begun { step, place, bytes } in begun {
            *self.in_flight.entry(step.subject.clone()).or_default() += 1;
            self.report.started(&step);
            let subject = step.subject.clone();
            let task = self.running.spawn(async move {
                let began = Instant::now();
                let result = match bytes.fetch().await {
                    Ok(payload) => apply::run(&step, &place, &payload).await,
                    Err(failure) => Err(failure),
                };
                Landed { step, result, elapsed: began.elapsed() }
            });
            self.started.add(task.id(), vec![subject]);
        }
    }

    /// Notes how a step ended. Its subject is looked at again, and so is whoever waited for it.
    pub(super) fn take_end(&mut self, ended: Result<(Id, Landed), JoinError>) {
        self.moved();
        let Landed { step, result, elapsed } = match ended {
            Ok((id, ended)) => {
                self.started.remove(&id);
                ended
            }
            // A step that panicked has logged itself; it stays begun, which is in doubt.
            Err(panicked) => {
                self.broken = true;
                for subject in self.started.remove(&panicked.id()) {
                    self.land(&subject);
                }
                return;
            }
        };
        let attempt = self.memory.effect(&step.action).map_or(1, |effect| effect.tries);
        self.report.ended(&step, &result, elapsed, attempt);
        self.board.picture().ended(&step, result.as_ref().err(), (self.clock)());
        let Step { subject, action, .. } = step;
        let record = match result {
            Ok(id) => {
                self.achieved = Instant::now();
                Record::Done { subject: subject.clone(), action, id }
            }
            Err(failure) => Record::Failed { subject: subject.clone(), action, failure },
        };
        self.journal.note((self.clock)(), [record], &mut self.memory);
        self.land(&subject);
    }

    /// A refused credential is on the disk before anything that is planned now is sent with it.
    pub(super) fn note_refusals(&mut self) {
        let refusals = self.world.take_refusals().into_iter();
        let records: Vec<_> = refusals.map(|refusal| Record::Refused { refusal }).collect();
        self.report.refused(&records);
        self.journal.note((self.clock)(), records, &mut self.memory);
    }

    /// Lets the journal tidy up while nothing waits for it.
    pub(super) fn rest(&mut self) {
        if let Err(error) = self.journal.rest((self.clock)(), &mut self.memory) {
            self.report.untidy(&error);
        }
        self.keep_seldom();
    }

    /// One step less is under way for this subject. Once none is, it is looked at again.
    fn land(&mut self, subject: &Subject) {
        if let Some(count) = self.in_flight.get_mut(subject) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.in_flight.remove(subject);
            }
        }
        let lands = (!self.in_flight.contains_key(subject)).then_some(subject);
        let again = self.waiting.iter().chain(lands).cloned();
        self.wanted.all_of(again, &self.looking);
    }

    /// Keeps what is held, and when to look at it again.
    pub(super) fn hold(&mut self, looked: &Payloads, held: Vec<Held>) {
        let now = (self.clock)();
        for subject in looked.keys() {
            self.held.remove(subject);
            self.waiting.remove(subject);
            self.due.remove(subject);
        }
        for held in held {
            let until = held.until.or_else(|| self.look_again(&held));
            if let Some(until) = until {
                self.due.by(&held.subject, until.max(now));
            }
            if waits_for_another(&held.why) {
                self.waiting.insert(held.subject.clone());
            }
            self.report.held(&held);
            self.held.entry(held.subject.clone()).or_default().push(held);
        }
        let seen = |subject: &Subject| {
            !self.held.get(subject).is_some_and(|held| held.iter().any(is_blind))
        };
        let clear: Vec<_> = looked.keys().filter(|subject| seen(subject)).cloned().collect();
        for subject in clear {
            self.blind.remove(&subject);
        }
        self.report.freed(looked.keys(), &self.held);
    }

    /// What could not be seen for a passing reason is looked at again with a growing distance.
    fn look_again(&mut self, held: &Held) -> Option<crate::model::time::Time> {
        if !is_blind(held) {
            return None;
        }
        let retry = self.world.config.schedule.retry;
        let blind = &mut self.blind;
        let grown = || {
            let count = blind.entry(held.subject.clone()).or_default();
            *count = count.saturating_add(1);
            retry.delay(*count, 0)
        };
        Some((self.clock)() + again_after(held, grown))
    }

    fn place(&self, subject: &Subject) -> Option<Place> {
        let world = &self.world;
        let cloud = match subject {
            Subject::Certificate(name) => &world.certificate(name)?.cloud,
            Subject::Ssl(name) => &world.instance_ssl(name)?.cloud,
            Subject::Ca(name) => {
                return Some(Place::File(Box::new(world.instance_ca(name)?.clone())));
            }
        };
        self.world.cloud(cloud).cloned().map(Place::Cloud)
    }

    fn bytes(&self, step: &Step, payloads: &Payloads) -> Bytes {
        if let Action::Import { key } = &step.action
            && let Some(entry) = self.world.certificate(step.subject.name())
        {
            return Bytes::OnDisk(Arc::clone(entry), key.leaf);
        }
        Bytes::Seen(payloads.get(&step.subject).cloned().unwrap_or(Payload::None))
    }
}

/// Where the bytes of a step come from.
enum Bytes {
    /// The look that it was planned with.
    Seen(Payload),
    /// This entry's files, as long as they hold this leaf.
    OnDisk(Arc<Certificate>, Sha256),
}

impl Bytes {
    async fn fetch(self) -> Result<Payload, Failure> {
        match self {
            Self::Seen(payload) => Ok(payload),
            Self::OnDisk(entry, leaf) => {
                local::material(&entry, &leaf).await.map(|it| Payload::Pair(Arc::new(it)))
            }
        }
    }
}

/// How long to leave alone what could not be seen, where the back-off has grown so far. A service that says
/// when to come back is not asked sooner.
fn again_after(held: &Held, grown: impl FnOnce() -> Duration) -> Duration {
    match unseen(held).and_then(|failure| failure.wait.map(|wait| (failure, wait))) {
        // Turned away on our side, with a turn of its own: another place in the line, and no failure.
        Some((failure, wait)) if failure.was_never_sent() => wait,
        Some((_, wait)) => grown().max(wait),
        None => grown(),
    }
}

/// Whether a hold ends when another entry's step does.
fn waits_for_another(why: &Hold) -> bool {
    matches!(why, Hold::SameLeaf { .. } | Hold::SamePlace { .. })
}

/// Whether a hold is a look that failed, or found the edge behind, and may go well a little later.
fn is_blind(held: &Held) -> bool {
    if let Hold::Stale { .. } | Hold::Wrong { .. } = held.why {
        return held.until.is_none();
    }
    let passes = |kind| matches!(kind, Kind::Transient | Kind::Throttled | Kind::Busy);
    held.until.is_none() && unseen(held).is_some_and(|failure| passes(failure.kind))
}

/// Why a look failed, where a hold is for that.
fn unseen(held: &Held) -> Option<&Failure> {
    match &held.why {
        Hold::Unseen { failure } | Hold::Unreachable { failure, .. } => Some(failure),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::names::Name;

    #[test]
    fn a_look_that_was_throttled_is_not_repeated_before_the_service_asked() {
        for (status, asked, grown, expected) in [
            (Some(429), 0, 10, 10),
            (Some(429), 60, 10, 60),
            (Some(429), 60, 900, 900),
            (None, 60, 900, 60),
        ] {
            let wait = Some(Duration::from_secs(asked));
            let local = Failure::local(Kind::Throttled, "list certificates", "words");
            let failure = Failure { status, wait, ..local };
            let subject = Subject::Certificate(Name::new("www").unwrap());
            let held = Held { subject, why: Hold::Unseen { failure }, until: None };
            assert!(is_blind(&held));
            let after = again_after(&held, || Duration::from_secs(grown));
            assert_eq!(after, Duration::from_secs(expected));
        }
    }
}
