//! What the log says of a cycle. Nothing happened: one line. A hold is said once, when it begins or
//! its reason changes.

mod alarms;
mod duplicates;
mod effects;
mod fields;
mod files;
mod holds;
mod instances;
mod progress;
mod scene;
mod sights;
mod watched;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tracing::{error, info};

use tokio::time::Instant;

use crate::model::failure::{Failure, Kind};
use crate::model::names::Subject;
use crate::model::time::Time;
use crate::observe::watched::WatchedSeen;
use crate::plan::check::Violation;
use crate::plan::hold::Hold;
use crate::plan::memory::{Memory, Record};
use crate::plan::observed::{CaSeen, CertificateSeen, Observed};
use crate::plan::{Held, Lesson, Plan, Step};
use crate::record::JournalError;
pub(super) use alarms::served_until;
pub(super) use fields::Where;
pub(super) use instances::presented_until;
pub use progress::Progress;

use super::looks::{Look, Seen};
use super::matter::Matter;
use alarms::Alarms;
use duplicates::Duplicates;
use scene::Scene;
use watched::Watched;

/// How a failure's words lead in the id of its request, which a bracket ends.
const REQUEST: &str = " (request ";

/// Counts since the last `cycle.finished`, and which holds and alarms the log has told.
#[derive(Debug, Default)]
pub(super) struct Report {
    began: Option<Instant>,
    /// Who was looked at since.
    begun: BTreeSet<Subject>,
    /// When its progress was told.
    told_at: Option<Instant>,
    shown_at: Option<Instant>,
    steps: usize,
    failed: usize,
    told: BTreeMap<Subject, Vec<String>>,
    withheld: BTreeSet<String>,
    alarms: Alarms,
    duplicates: Duplicates,
    scene: Scene,
    watched: Watched,
}

impl Report {
    /// One line for a cycle that has come to rest. Gives what the service manager is told.
    /// `None`: nothing was looked at since the last one.
    pub fn finish(&mut self, held: &BTreeMap<Subject, Vec<Held>>) -> Option<String> {
        let elapsed_ms = millis(self.began.take()?.elapsed());
        (self.begun, self.told_at) = (BTreeSet::new(), None);
        let faults = held.values().flatten().filter(|held| held.why.is_fault()).count();
        let waiting = held.values().map(Vec::len).sum::<usize>() - faults;
        let (steps, failed) = (std::mem::take(&mut self.steps), std::mem::take(&mut self.failed));
        let words = summary(steps, failed, faults, waiting);
        info!(event = "cycle.finished", steps, failed, faults, waiting, elapsed_ms, "{words}");
        Some(words)
    }

    /// What is about to be planned with: what other lines say of it rests on this.
    pub fn observe(&mut self, observed: &Observed, memory: &Memory) {
        self.scene.take(observed, memory);
    }

    /// Whether a look has found a leaf imported more than once.
    pub fn duplicates(&mut self, look: &Look) {
        if let Seen::Certificate { seen, others, .. } = &look.seen {
            self.duplicates.look(seen, others);
        }
    }

    pub fn started(&mut self, step: &Step) {
        self.steps += 1;
        self.scene.files.began(step);
        let what = step.action.describe(&step.subject);
        tracing::debug!(event = "step.began", subject = %step.subject, because = %step.because, "{what}");
    }

    pub fn ended(
        &mut self,
        step: &Step,
        result: &Result<Option<String>, Failure>,
        elapsed: Duration,
        attempt: u32,
    ) {
        match result {
            Ok(id) => {
                let id = id.as_deref().unwrap_or_default();
                effects::done(step, id, millis(elapsed), &self.scene);
            }
            Err(failure) => {
                self.failed += usize::from(!failure.was_never_sent());
                effects::failed(step, failure, millis(elapsed), attempt);
            }
        }
    }

    /// What looking has settled, where it is news.
    pub fn learned(&mut self, lessons: &[Lesson], memory: &Memory) {
        for lesson in lessons {
            match lesson {
                Lesson::Effect { subject, action, fact } => {
                    self.scene.learn(subject, action, fact);
                    let before = memory.effect(action).map(|effect| &effect.state);
                    let before = (before, memory.authorities(subject.name()));
                    effects::learned(subject, action, fact, before, &self.scene);
                }
                Lesson::Sight { subject, spot, sight } => {
                    let before = memory.sighting(subject.name(), spot);
                    sights::seen(subject, spot, sight, before, &self.scene);
                }
                Lesson::Authorities { subject, former, .. } => {
                    let known = memory.authorities(subject.name());
                    self.scene.files.superseded(subject.name(), former, known);
                }
            }
        }
    }

    /// Says a hold that is news. A certificate that clients still get too long is an alarm of its own.
    pub fn held(&mut self, held: &Held) {
        if let Hold::Stale { probe, served, since } = &held.why {
            return self.alarms.stale(held.subject.name(), probe, served, *since, &self.scene);
        }
        let words = held.why.to_string();
        let told = self.told.entry(held.subject.clone()).or_default();
        // A time that moves on is no news, nor is the id of another request that failed the same way.
        let key = steady(&words);
        if !told.contains(&key) {
            told.push(key);
            holds::say(held, &words);
        }
        if let Hold::Unseen { failure: failure @ Failure { kind: Kind::Withheld, .. } } = &held.why
            && self.withheld.insert(steady(&failure.message))
        {
            let message = &failure.message;
            error!(
                event = "credential.refused",
                error = message,
                "{message}: correct the credential's files or variables"
            );
        }
    }

    /// Forgets what was told of subjects that are not held any more, so that it is told anew.
    pub fn freed<'a>(
        &mut self,
        looked: impl Iterator<Item = &'a Subject>,
        held: &BTreeMap<Subject, Vec<Held>>,
    ) {
        for subject in looked {
            match held.get(subject) {
                None => {
                    self.told.remove(subject);
                }
                Some(now) => {
                    let now: Vec<_> =
                        now.iter().map(|held| steady(&held.why.to_string())).collect();
                    if let Some(told) = self.told.get_mut(subject) {
                        told.retain(|key| now.contains(key));
                    }
                }
            }
        }
    }

    /// Alarms for a certificate that ends soon, has ended, or is renewed late: once a day, not once
    /// a cycle. Gives the one that stands, whether it was told now or before.
    pub fn alarm(
        &mut self,
        seen: &CertificateSeen,
        warn_before: Duration,
        memory: &Memory,
        now: Time,
    ) -> Option<Matter> {
        self.alarms.look(seen, warn_before, memory, now)
    }

    /// The same for what an instance presents and publishes.
    pub fn alarm_of_instance(
        &mut self,
        seen: &CaSeen,
        warn_before: Duration,
        memory: &Memory,
        now: Time,
    ) -> Vec<Matter> {
        self.alarms.look_at_instance(seen, warn_before, memory, now)
    }

    /// And for files that somebody else renews.
    pub fn watched(&mut self, seen: &[WatchedSeen], now: Time) {
        self.watched.look(seen, now);
    }

    pub fn violations(&mut self, plan: &Plan, violations: &[Violation]) {
        for violation in violations {
            let Some(step) = plan.now.get(violation.step) else { continue };
            let (subject, what) = (&step.subject, step.action.describe(&step.subject));
            error!(event = "plan.refused", %subject, error = violation.rule, "certrotd will not `{what}`: {}. This is a bug, please report it", violation.rule);
        }
    }

    /// The journal could not be tidied up, which costs time and room and nothing else.
    pub fn untidy(&self, error: &JournalError) {
        tracing::warn!(
            event = "memory.untidy",
            error = error as &(dyn std::error::Error + 'static),
            "no line is lost, but the next start is slower and old lines stay"
        );
    }

    /// What wants a person cannot be left for those who only read.
    pub fn unsaid(&self, error: &std::io::Error) {
        tracing::warn!(
            event = "memory.untidy",
            error = error as &(dyn std::error::Error + 'static),
            "nothing is lost, but `certrotd status` cannot tell what only a look finds: {error}"
        );
    }

    pub fn refused(&mut self, records: &[Record]) {
        for record in records {
            let Record::Refused { refusal } = record else { continue };
            self.withheld.clear();
            let (cloud, identity, attempt) = (&refusal.cloud, &refusal.identity, refusal.count);
            error!(event = "credential.refused", %cloud, identity, attempt, "cloud {cloud}: the service refused the credential {identity}: correct its files or variables; a changed one is tried at once");
        }
    }
}

fn summary(steps: usize, failed: usize, faults: usize, waiting: usize) -> String {
    match (steps, faults, waiting) {
        (0, 0, 0) => "everything is as it should be".to_owned(),
        _ => {
            format!("{steps} steps, {failed} failed; held by a fault: {faults}, waiting: {waiting}")
        }
    }
}

/// The words without the ids of requests and with every digit masked: attempts, times and ids change at
/// each look, the reason does not.
pub(super) fn steady(words: &str) -> String {
    let mut parts = words.split(REQUEST);
    let first = parts.next().unwrap_or_default().to_owned();
    let same = parts
        .fold(first, |same, part| same + part.split_once(')').map_or("", |(_, behind)| behind));
    same.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
