//! A switch whose answer was lost: what became of it is told by its job, or by time and the instance.

use std::time::Duration;

use super::{running, switch, unknown_jobs};
use crate::model::failure::Failure;
use crate::model::names::Subject;
use crate::model::time::Time;
use crate::plan::action::{Action, Fact};
use crate::plan::hold::Hold;
use crate::plan::memory::Effect;
use crate::plan::observed::SwitchSeen;
use crate::plan::{Draft, gate};

/// A job begun this long before the unanswered call may still be its job: the two clocks are as far apart as
/// a signature may be (a quarter of an hour), and the task list counts in seconds. What was there when the
/// call left is known not to be its job.
const CLOCKS_APART_MAX: Duration = Duration::from_secs(16 * 60);
/// How often a switch may be sent while its answers are lost.
const TRIES_MAX: u32 = 2;

/// Nothing else is sent to the instance before this is over, the opposite least of all: a call that comes
/// late would restart it once more, and its job would be taken for the other one's.
pub(super) fn plan(
    seen: &SwitchSeen,
    subject: &Subject,
    (action, effect): (&Action, &Effect),
    is_wanted: bool,
    draft: &mut Draft<'_>,
) {
    let unknown = match &seen.jobs {
        Some(Ok(jobs)) => unknown_jobs(seen, jobs, draft.memory),
        _ => Vec::new(),
    };
    let mut later = unknown.iter().filter(|job| job.created + CLOCKS_APART_MAX >= effect.begun);
    if let Some(job) = later.next() {
        return draft.learn(subject, action.clone(), Fact::Done { id: Some(job.job_id.clone()) });
    }
    let what = action.describe(subject);
    let since = effect.begun;
    let in_doubt = gate::in_doubt(seen.looked_at, effect, draft);
    if in_doubt.is_none() && is_shown(seen, action, draft.observed.now) {
        return draft.learn(subject, action.clone(), Fact::Seen { id: None });
    }
    let stays = |because: String| Hold::DoubtStays { what: what.clone(), since, because };
    match &seen.jobs {
        Some(Ok(_)) => {}
        Some(Err(failure)) => {
            let next = next_reading(failure, effect, draft);
            let why = stays(format!("the task list cannot be read ({failure})"));
            return draft.hold(subject, why, Some(next));
        }
        None => return draft.hold(subject, stays("the task list was not read".to_owned()), None),
    }
    if let Some((until, next)) = in_doubt {
        return draft.hold(subject, Hold::InDoubt { what, since, until }, Some(next));
    }
    let asked = gate::retry_asked(subject, effect, draft.memory);
    if effect.doubts >= TRIES_MAX && !asked {
        return draft.hold(subject, stays("the task list has no job of it".to_owned()), None);
    }
    if is_wanted {
        return switch(seen, subject, action.clone(), draft);
    }
    // The configuration has changed its mind since: what was never begun needs no undoing.
    draft.learn(subject, action.clone(), Fact::Gone);
}

/// Whether the instance itself shows what the switch was to bring about, while nothing is under way there.
fn is_shown(seen: &SwitchSeen, action: &Action, now: Time) -> bool {
    let on = matches!(action, Action::SwitchSsl { on: true, .. });
    seen.greeting == Some(Ok(on)) && running(seen, now).is_none()
}

/// When an unreadable task list is asked for again: soon while the doubt is young, then seldom, for
/// what keeps it unreadable is mostly a missing right. Never sooner than the service asks.
fn next_reading(failure: &Failure, effect: &Effect, draft: &Draft<'_>) -> Time {
    let now = draft.observed.now;
    let since = draft.memory.doubtful_since(effect, now);
    let next = if now < since + draft.observed.doubt {
        gate::next_look(since, draft.observed)
    } else {
        now + draft.observed.retry.longest
    };
    failure.wait.map_or(next, |wait| next.max(now + wait))
}
