//! What the log says of a cycle. Nothing happened: one line. A hold is said once, when it begins or
//! its reason changes.

mod fields;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use crate::cert::LeafFacts;
use crate::model::failure::{Failure, Kind};
use crate::model::names::{Name, Subject};
use crate::model::target::Api;
use crate::model::time::Time;
use crate::plan::action::{Action, Fact};
use crate::plan::check::Violation;
use crate::plan::hold::Hold;
use crate::plan::memory::{Memory, Record, State};
use crate::plan::{Held, Lesson, Plan, Step};
use fields::{Who, pushed_to, waits_at};

/// Counts since the last `cycle.finished`, and which holds the log has told.
#[derive(Debug, Default)]
pub(super) struct Report {
    began: Option<Instant>,
    steps: usize,
    failed: usize,
    told: BTreeMap<Subject, Vec<String>>,
    withheld: BTreeSet<String>,
    alarmed: BTreeMap<Name, Time>,
}

impl Report {
    /// One line for a cycle that has come to rest. Gives what the service manager is told.
    /// `None`: nothing was looked at since the last one.
    pub fn finish(&mut self, held: &BTreeMap<Subject, Vec<Held>>) -> Option<String> {
        let elapsed_ms = millis(self.began.take()?.elapsed());
        let faults = held.values().flatten().filter(|held| held.why.is_fault()).count();
        let waiting = held.values().map(Vec::len).sum::<usize>() - faults;
        let (steps, failed) = (std::mem::take(&mut self.steps), std::mem::take(&mut self.failed));
        let words = summary(steps, failed, faults, waiting);
        info!(event = "cycle.finished", steps, failed, faults, waiting, elapsed_ms, "{words}");
        Some(words)
    }

    /// A cycle is under way.
    pub fn begin(&mut self) {
        self.began.get_or_insert_with(Instant::now);
    }

    pub fn started(&mut self, step: &Step) {
        self.steps += 1;
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
            Ok(id) => done(step, id.as_deref().unwrap_or_default(), millis(elapsed)),
            Err(failure) => {
                self.failed += 1;
                tell_failure(step, failure, millis(elapsed), attempt);
            }
        }
    }

    /// What looking has settled, where it is news.
    pub fn learned(&mut self, lessons: &[Lesson], memory: &Memory) {
        for lesson in lessons {
            let before = memory.effect(&lesson.action).map(|effect| &effect.state);
            learned(lesson, before);
        }
    }

    pub fn held(&mut self, held: &Held) {
        let words = held.why.to_string();
        let told = self.told.entry(held.subject.clone()).or_default();
        // A time that moves on is no news, so what is told is compared without it.
        let key = without_times(&words);
        if !told.contains(&key) {
            told.push(key);
            say_held(held, &words);
        }
        if let Hold::Unseen { failure: failure @ Failure { kind: Kind::Withheld, .. } } = &held.why
            && self.withheld.insert(without_times(&failure.message))
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
                        now.iter().map(|held| without_times(&held.why.to_string())).collect();
                    if let Some(told) = self.told.get_mut(subject) {
                        told.retain(|key| now.contains(key));
                    }
                }
            }
        }
    }

    /// Alarms for a leaf that ends soon or has ended: once a day, not once a cycle.
    pub fn expiry(&mut self, name: &Name, leaf: &LeafFacts, warn_before: Duration, now: Time) {
        let days_left = leaf.not_after.days_after(now);
        if leaf.not_after > now + warn_before {
            self.alarmed.remove(name);
            return;
        }
        if self.alarmed.get(name).is_some_and(|told| now.since(*told) < ALARM_EVERY) {
            return;
        }
        self.alarmed.insert(name.clone(), now);
        let until = leaf.not_after;
        if until <= now {
            error!(event = "certificate.expired", certificate = %name, days_left, "the file of {name} expired on {until}: it has not been renewed");
        } else {
            warn!(event = "certificate.expiring", certificate = %name, days_left, "the file of {name} ends on {until}, in {days_left} days: it has not been renewed");
        }
    }

    pub fn violations(&mut self, plan: &Plan, violations: &[Violation]) {
        for violation in violations {
            let Some(step) = plan.now.get(violation.step) else { continue };
            let (subject, what) = (&step.subject, step.action.describe(&step.subject));
            error!(event = "plan.refused", %subject, error = violation.rule, "certrotd will not `{what}`: {}. This is a bug, please report it", violation.rule);
        }
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

/// How often an alarm that nobody has acted on is repeated.
const ALARM_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

fn done(step: &Step, id: &str, elapsed_ms: u64) {
    let name = step.subject.name();
    match &step.action {
        Action::Import { key } => {
            let leaf = key.leaf.to_string();
            info!(event = "certificate.imported", certificate = %name, scm_id = id, fingerprint = leaf, elapsed_ms, "imported {name} as {id}");
        }
        Action::Push { scm_id, target, project, .. } => {
            info!(event = "certificate.pushed", certificate = %name, scm_id, service = target.api().key(), project, elapsed_ms, "pushed {name} to {target} in {project}");
        }
        Action::InstallCa { sha256, .. } => {
            let digest = sha256.to_string();
            info!(event = "ca.installed", instance = %name, digest, elapsed_ms, "installed the CA of {name}");
        }
        Action::RunHook { .. } => {
            info!(event = "hook.finished", instance = %name, elapsed_ms, "ran on_change of {name}");
        }
        Action::SwitchSsl { instance_id, on, .. } => {
            let state = if *on { "on" } else { "off" };
            info!(event = "ssl.requested", instance = %name, instance_id, job = id, elapsed_ms, "SSL of {name} is being switched {state}, job {id}");
        }
    }
}

fn tell_failure(step: &Step, failure: &Failure, elapsed_ms: u64, attempt: u32) {
    let subject = &step.subject;
    let what = step.action.describe(subject);
    // What there is none of is left out.
    let (error_code, request_id) = (failure.code.as_deref(), failure.request_id.as_deref());
    let (service, error) = (failure.service.map(Api::key), failure.to_string());
    let who = Who::of(subject);
    let (certificate, instance, table) = (who.certificate, who.instance, subject.table());
    // `service` is who failed, and `target` where it was to go: it is the certificate manager that pushes.
    let (target, project) = pushed_to(&step.action);
    let lost = failure.kind == Kind::Lost;
    let tail =
        if lost { ", and it may have happened: looking for it before it is repeated" } else { "" };
    warn!(
        event = "step.failed",
        certificate,
        instance,
        table,
        service,
        target,
        project,
        attempt,
        elapsed_ms,
        request_id,
        error_code,
        error,
        "`{what}` failed: {failure}{tail}"
    );
}

fn learned(lesson: &Lesson, before: Option<&State>) {
    let name = lesson.subject.name();
    match (&lesson.action, &lesson.fact) {
        (_, Fact::Seen { .. }) if before == Some(&State::Seen) => {}
        (Action::Import { .. }, Fact::Seen { id }) if before != Some(&State::Done) => {
            let scm_id = id.as_deref().unwrap_or_default();
            info!(event = "certificate.adopted", certificate = %name, scm_id, "found the import of {name}: {scm_id}");
        }
        (Action::Push { scm_id, target, project, .. }, Fact::Seen { .. }) => {
            let confirmed = before == Some(&State::Done);
            if confirmed {
                tracing::debug!(event = "push.confirmed", certificate = %name, service = target.api().key(), project, "{target} in {project} lists {name}");
            } else {
                info!(event = "certificate.pushed", certificate = %name, scm_id, service = target.api().key(), project, "found {name} in {target} in {project}");
            }
        }
        (Action::SwitchSsl { on, .. }, Fact::Seen { id }) => {
            let (state, job) = (if *on { "on" } else { "off" }, id.as_deref().unwrap_or_default());
            info!(event = "ssl.switched", instance = %name, job, "SSL of {name} is {state}");
        }
        (Action::SwitchSsl { .. }, Fact::Done { id }) => {
            let job = id.as_deref().unwrap_or_default();
            info!(event = "ssl.requested", instance = %name, job, "found the job of the switch of {name}: {job}");
        }
        (Action::SwitchSsl { .. }, Fact::JobFailed { reason }) => {
            error!(event = "step.failed", instance = %name, error = reason, "the switch of {name} failed: {reason}");
        }
        (action, Fact::Gone) => {
            let what = action.describe(&lesson.subject);
            let Who { certificate, instance } = Who::of(&lesson.subject);
            let (target, project) = pushed_to(action);
            warn!(
                event = "step.undone",
                certificate, instance, target, project, "what `{what}` did is gone"
            );
        }
        (_, Fact::AllowedOlder) => {
            warn!(event = "certificate.older", certificate = %name, "the leaf of {name} may go whatever its age, as allowed");
        }
        _ => {}
    }
}

fn say_held(held: &Held, words: &str) {
    let (table, name) = (held.subject.table(), held.subject.name());
    let Who { certificate, instance } = Who::of(&held.subject);
    let (target, project) = waits_at(&held.why);
    match &held.why {
        Hold::BadInput { .. } | Hold::Older { .. } => {
            error!(event = "certificate.rejected", certificate = %name, error = words, "{name}: {words}");
        }
        Hold::CaRejected { .. } => {
            error!(event = "ca.rejected", instance = %name, error = words, "{name}: {words}");
        }
        Hold::InFlight
        | Hold::SameLeaf { .. }
        | Hold::NotListedYet { .. }
        | Hold::JobRunning { .. } => {
            tracing::debug!(
                event = "step.held",
                certificate,
                instance,
                table,
                target,
                project,
                "{name}: {words}"
            );
        }
        // A credential that does not work holds everything; it is told once, not once a subject.
        Hold::Unseen { failure: Failure { kind: Kind::Withheld | Kind::Refused, .. } } => {
            tracing::debug!(
                event = "step.held",
                certificate,
                instance,
                table,
                error = words,
                "{name}: {words}"
            );
        }
        _ => {
            warn!(
                event = "step.held",
                certificate,
                instance,
                table,
                error = words,
                "{name}: {words}"
            )
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

/// The words with every digit masked: attempts, times and request ids change, the reason does not.
fn without_times(words: &str) -> String {
    words.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
