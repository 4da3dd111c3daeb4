//! One SSL switch. It restarts a database and nobody reports its state, so every doubt holds:
//! a production database is never restarted to be sure.

use std::time::Duration;

use super::action::{Action, Because, Fact};
use super::hold::Hold;
use super::memory::{Effect, Memory, State};
use super::needs::PROVE_AGAIN_AFTER;
use super::observed::{JobState, SwitchJob, SwitchSeen};
use super::{Draft, gate, pauses};
use crate::model::failure::{Failure, Kind};
use crate::model::names::Subject;
use crate::model::time::Time;

mod doubt;
mod greeting;

pub use greeting::remembered;

/// A switch takes minutes. What the task list has had without an end for longer has come to one that it does
/// not tell, or has a status that nobody knows.
const RUNS_MAX: Duration = Duration::from_secs(6 * 60 * 60);

pub(super) fn plan(seen: &SwitchSeen, draft: &mut Draft<'_>) {
    let subject = Subject::Ssl(seen.name.clone());
    if draft.observed.in_flight.contains(&subject) {
        return draft.hold(&subject, Hold::InFlight, None);
    }
    let news = greeting::news(seen, draft);
    let greeting = seen.greeting.clone().or_else(|| remembered(seen, draft.memory));
    decide(&SwitchSeen { greeting, ..seen.clone() }, subject.clone(), draft);
    // Behind what it settles: so it is not older than that.
    if let Some((spot, sight)) = news {
        draft.saw(&subject, spot, sight);
    }
}

fn decide(seen: &SwitchSeen, subject: Subject, draft: &mut Draft<'_>) {
    let (wanted, other) = (action(seen, seen.on), action(seen, !seen.on));
    // A job or a doubt of either direction comes first: the instance can do one thing at a time.
    for action in [&wanted, &other] {
        let Some(effect) = draft.memory.effect(action) else { continue };
        match effect.state {
            State::Done => return follow(seen, &subject, action, effect, draft),
            State::Open | State::Doubt(_) => {
                return doubt::plan(seen, &subject, (action, effect), *action == wanted, draft);
            }
            _ => {}
        }
    }
    let (done, undone) = (draft.memory.effect(&wanted), draft.memory.effect(&other));
    // A greeting proves nothing while the instance restarts, and is not read then.
    if !is_settled(seen, done, undone) && waits_for_job(seen, &subject, draft) {
        return;
    }
    match &seen.greeting {
        Some(Ok(shown)) => return shown_so(seen, &subject, wanted, (*shown, done), draft),
        // What could not be read is no reason to doubt what is settled, and none to restart anything.
        Some(Err(failure)) if !is_settled(seen, done, undone) => {
            return draft.hold(&subject, unreachable(seen, failure), None);
        }
        // What was read before something moved tells nothing now.
        None if seen.probe.is_some() && !is_settled(seen, done, undone) => {
            return draft.hold(&subject, unread(), None);
        }
        _ => {}
    }
    if !is_settled(seen, done, undone) {
        attempt(seen, &subject, wanted, draft);
    }
}

/// Whether the journal, or the operator where it is silent, says that the wanted state holds.
pub(super) fn is_settled(
    seen: &SwitchSeen,
    done: Option<&Effect>,
    undone: Option<&Effect>,
) -> bool {
    match done {
        Some(done) if !changed_nothing(done) => {
            done.state == State::Seen && !undone_since(undone, done)
        }
        // Who says so after a switch that came to nothing knows better than the journal.
        _ => seen.assume == Some(seen.on) && undone.is_none_or(changed_nothing),
    }
}

/// The instance itself tells its state: that settles what nothing else reports.
fn shown_so(
    seen: &SwitchSeen,
    subject: &Subject,
    wanted: Action,
    (shown, done): (bool, Option<&Effect>),
    draft: &mut Draft<'_>,
) {
    let now = draft.observed.now;
    let stood = done.filter(|done| done.state == State::Seen);
    if shown == seen.on {
        // Said again now and then, so that the journal knows how old this is.
        // An operator's wish for another try is fulfilled by that, and must not work later.
        let aged = |it: &Effect| now.since(draft.memory.since(it, now)) >= PROVE_AGAIN_AFTER;
        let asked = |it: &Effect| gate::retry_asked(subject, it, draft.memory);
        if stood.is_none_or(|it| aged(it) || asked(it)) || is_undone(seen, stood, draft) {
            draft.learn(subject, wanted, Fact::Seen { id: None });
        }
        return;
    }
    match stood {
        Some(stood)
            if !is_undone(seen, Some(stood), draft)
                && !gate::retry_asked(subject, stood, draft.memory) =>
        {
            let probe = seen.probe.clone().unwrap_or_default();
            draft.hold(subject, Hold::SwitchedBack { on: seen.on, probe }, None);
        }
        _ => attempt(seen, subject, wanted, draft),
    }
}

/// Whether the opposite was brought about by us since.
fn is_undone(seen: &SwitchSeen, done: Option<&Effect>, draft: &Draft<'_>) -> bool {
    done.is_some_and(|done| undone_since(draft.memory.effect(&action(seen, !seen.on)), done))
}

fn unreachable(seen: &SwitchSeen, failure: &Failure) -> Hold {
    let probe = seen.probe.clone().unwrap_or_default();
    Hold::Unreachable { probe, switch: true, failure: failure.clone() }
}

fn unread() -> Hold {
    Hold::Unseen { failure: Failure::local(Kind::Transient, "read greeting", "not read yet") }
}

/// Sends the switch unless an earlier failure keeps it waiting.
fn attempt(seen: &SwitchSeen, subject: &Subject, wanted: Action, draft: &mut Draft<'_>) {
    match gate::failed(subject, &wanted, draft.memory, draft.observed, None) {
        Some((why, until)) => draft.hold(subject, why, until),
        None => switch(seen, subject, wanted, draft),
    }
}

/// Whether the opposite was brought about later.
fn undone_since(undone: Option<&Effect>, done: &Effect) -> bool {
    undone.is_some_and(|effect| effect.state == State::Seen && effect.seq > done.seq)
}

/// Whether this switch brought nothing about: it was refused, never arrived, or its job failed.
fn changed_nothing(effect: &Effect) -> bool {
    matches!(effect.state, State::Failed(_) | State::Gone)
}

/// The action that brings this state about.
pub(crate) fn action(seen: &SwitchSeen, on: bool) -> Action {
    Action::SwitchSsl { cloud: seen.cloud.clone(), instance_id: seen.instance_id.clone(), on }
}

/// The switch was answered with a job, which is followed to its end.
fn follow(
    seen: &SwitchSeen,
    subject: &Subject,
    action: &Action,
    effect: &Effect,
    draft: &mut Draft<'_>,
) {
    let job_id = effect.id.clone().unwrap_or_default();
    let since = effect.begun;
    let next = Some(gate::next_look(since, draft.observed));
    let on = matches!(action, Action::SwitchSsl { on: true, .. });
    match (&seen.job, &seen.greeting) {
        (Some(Ok(JobState::Completed)), Some(Ok(shown))) if *shown != on => {
            // A person has looked: what it did is undone, and the ordinary course decides what comes next.
            if gate::retry_asked(subject, effect, draft.memory) {
                return draft.learn(subject, action.clone(), Fact::Gone);
            }
            let probe = seen.probe.clone().unwrap_or_default();
            draft.hold(subject, Hold::SwitchNotShown { on, probe, since }, next);
        }
        (Some(Ok(JobState::Completed)), Some(Err(failure))) => {
            draft.hold(subject, unreachable(seen, failure), next);
        }
        // The instance itself knows what became of a job that nobody else does.
        (Some(Err(Failure { kind: Kind::NotFound, .. })), Some(Ok(shown))) if *shown == on => {
            draft.learn(subject, action.clone(), Fact::Seen { id: Some(job_id) });
        }
        // A job that is new may not be known yet.
        (Some(Err(Failure { kind: Kind::NotFound, .. })), Some(Ok(_)))
            if !gate::proves(seen.looked_at, effect, draft) =>
        {
            draft.hold(subject, Hold::JobRunning { job_id, since }, next);
        }
        (Some(Err(Failure { kind: Kind::NotFound, .. })), Some(Ok(_))) => {
            draft.learn(subject, action.clone(), Fact::Gone);
        }
        (job, _) => follow_job(seen, subject, (action, job_id, since), job.as_ref(), draft),
    }
}

/// What its job says of a switch.
fn follow_job(
    seen: &SwitchSeen,
    subject: &Subject,
    (action, job_id, since): (&Action, String, Time),
    job: Option<&Result<JobState, Failure>>,
    draft: &mut Draft<'_>,
) {
    let next = Some(gate::next_look(since, draft.observed));
    match job {
        Some(Ok(JobState::Completed)) => {
            draft.learn(subject, action.clone(), Fact::Seen { id: Some(job_id) });
        }
        Some(Ok(JobState::Failed(reason))) => {
            let reason = format!("job {job_id} failed: {reason}");
            draft.learn(subject, action.clone(), Fact::JobFailed { reason });
        }
        Some(Ok(JobState::Running)) | None => {
            draft.hold(subject, Hold::JobRunning { job_id, since }, next);
        }
        Some(Err(Failure { kind: Kind::NotFound, .. })) => match seen.assume {
            Some(known) if known == seen.on => {
                as_wanted(action, self::action(seen, seen.on), job_id, subject, draft);
            }
            _ => draft.hold(subject, Hold::JobUnknown { job_id, since }, None),
        },
        Some(Err(failure)) => {
            let passes = matches!(failure.kind, Kind::Transient | Kind::Throttled | Kind::Busy);
            let asked = failure.wait.map(|wait| draft.observed.now + wait);
            let until = if passes { next.max(asked) } else { asked };
            draft.hold(subject, Hold::Unseen { failure: failure.clone() }, until);
        }
    }
}

/// An operator has looked: the wanted state holds, whatever became of the job of `followed`.
fn as_wanted(
    followed: &Action,
    wanted: Action,
    job_id: String,
    subject: &Subject,
    draft: &mut Draft<'_>,
) {
    if *followed == wanted {
        return draft.learn(subject, wanted, Fact::Seen { id: Some(job_id) });
    }
    // The job was to bring about the opposite, which is not so.
    draft.learn(subject, followed.clone(), Fact::Gone);
    draft.learn(subject, wanted, Fact::Seen { id: None });
}

/// A job that restarts the instance, whoever began it, as the task list has it.
pub(crate) fn running(seen: &SwitchSeen, now: Time) -> Option<&SwitchJob> {
    let jobs = seen.jobs.as_ref()?.as_ref().ok()?;
    jobs.iter().find(|job| !job.ended && now.since(job.created) < RUNS_MAX)
}

/// Holds while a job runs: two restarts at once, or a call that the instance refuses.
fn waits_for_job(seen: &SwitchSeen, subject: &Subject, draft: &mut Draft<'_>) -> bool {
    let Some(job) = running(seen, draft.observed.now) else { return false };
    let (job_id, since) = (job.job_id.clone(), job.created);
    let next = gate::next_look(since, draft.observed);
    draft.hold(subject, Hold::JobRunning { job_id, since }, Some(next));
    true
}

/// Sends the switch, when it may restart the instance and nobody else has switched it.
fn switch(seen: &SwitchSeen, subject: &Subject, action: Action, draft: &mut Draft<'_>) {
    if !seen.allow_restart {
        return draft.hold(subject, Hold::RestartNotAllowed { on: seen.on }, None);
    }
    let jobs = match &seen.jobs {
        Some(Ok(jobs)) => jobs,
        Some(Err(failure)) => {
            let until = failure.wait.map(|wait| draft.observed.now + wait);
            return draft.hold(subject, Hold::Unseen { failure: failure.clone() }, until);
        }
        None => {
            let failure = Failure::local(Kind::Transient, "read task list", "not read yet");
            return draft.hold(subject, Hold::Unseen { failure }, None);
        }
    };
    let asked = draft.memory.asked_retry(subject.name()).and_then(|asked| asked.at);
    if waits_for_job(seen, subject, draft) {
        return;
    }
    let unknown = unknown_jobs(seen, jobs, draft.memory);
    let newest = unknown.iter().max_by_key(|job| job.created);
    if let Some(job) = newest.filter(|job| asked.is_none_or(|asked| asked < job.created))
        && !matches!(seen.greeting, Some(Ok(_)))
    {
        let (job_id, created) = (job.job_id.clone(), job.created);
        let why = Hold::SwitchedByOthers { job_id, created, assumed: seen.assume };
        return draft.hold(subject, why, None);
    }
    start(seen, subject, action, &unknown, draft);
}

/// Starts the switch, when it is time. The jobs that are there already are remembered as somebody else's:
/// the switch's own is looked for among those that come after.
fn start(
    seen: &SwitchSeen,
    subject: &Subject,
    action: Action,
    unknown: &[&SwitchJob],
    draft: &mut Draft<'_>,
) {
    if pauses::hold(subject, &action, draft) {
        return;
    }
    let now = draft.observed.now;
    if let Some(window) = &seen.window {
        let opens = Time::from(window.opens(now.to_utc()));
        if opens > now {
            let window = window.text().to_owned();
            return draft.hold(subject, Hold::OutsideWindow { window, opens }, Some(opens));
        }
    }
    // What was read before is enough to hold, and never to restart a database.
    let read = draft.observed.switches.iter().find(|it| it.name == seen.name);
    match read.and_then(|it| it.greeting.as_ref()) {
        Some(Err(failure)) => return draft.hold(subject, unreachable(seen, failure), None),
        None if seen.probe.is_some() => return draft.hold(subject, unread(), None),
        _ => {}
    }
    if !unknown.is_empty() {
        let jobs = unknown.iter().map(|job| job.job_id.clone()).collect();
        return draft.learn(subject, action, Fact::NotOurs { jobs });
    }
    let because = match draft.memory.effect(&action).map(|effect| &effect.state) {
        Some(State::Open | State::Doubt(_)) => Because::NotFoundAfterDoubt,
        _ => Because::SwitchWanted,
    };
    draft.step(subject, action, because);
}

/// Jobs of the instance that the journal has never named.
fn unknown_jobs<'a>(
    seen: &SwitchSeen,
    jobs: &'a [SwitchJob],
    memory: &Memory,
) -> Vec<&'a SwitchJob> {
    let known = memory.jobs(&seen.cloud, &seen.instance_id);
    jobs.iter().filter(|job| !known.contains(job.job_id.as_str())).collect()
}
