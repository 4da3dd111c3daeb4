//! Whether an effect that went badly may be tried again now. Back-off is a decision like any other.

use std::time::Duration;

use super::action::Action;
use super::hold::Hold;
use super::memory::{Effect, Memory, State};
use super::observed::Observed;
use super::{Draft, needs};
use crate::model::failure::{Failure, Kind};
use crate::model::names::Subject;
use crate::model::time::Time;
use crate::schedule::Backoff;

/// A try may wait for at most this part of the life that a certificate has left, so that no
/// back-off outlives what it is for.
const LIFE_PARTS: u32 = 20;

/// What was called too often is tried again after this part of the first back-off, doubling as any: nothing is amiss
/// with it, and what the service takes is kept to by the pace of all calls together.
const THROTTLED_PARTS: u32 = 10;

/// What holds a failed effect back, and until when; nothing when it may be tried.
pub(super) fn failed(
    subject: &Subject,
    action: &Action,
    memory: &Memory,
    observed: &Observed,
    life_left: Option<Duration>,
) -> Option<(Hold, Option<Time>)> {
    let effect = memory.effect(action)?;
    let State::Failed(failure) = &effect.state else { return None };
    let failure = failure.as_ref();
    if retry_asked(subject, effect, memory) || room_was_made(subject, effect, memory) {
        return None;
    }
    let what = action.describe(subject);
    if failure.kind == Kind::Permanent {
        return Some((Hold::Refused { what, failure: failure.clone() }, None));
    }
    let until = memory.since(effect, observed.now)
        + wait(effect, failure, observed, life_left, seed(action));
    let hold =
        Hold::BackOff { what, attempt: effect.tries.max(1), failure: failure.clone(), until };
    (observed.now < until).then_some((hold, Some(until)))
}

/// Whether this look surely began after the wait for an effect was over: only then does it prove
/// that something is not there. One that began in the future is older than a clock that was set back.
pub(super) fn proves(looked_at: Time, effect: &Effect, draft: &Draft<'_>) -> bool {
    let Observed { now, doubt, .. } = *draft.observed;
    looked_at <= now && looked_at >= draft.memory.doubtful_since(effect, now) + doubt
}

/// Whether this look began after an effect came to stand where it stands, as far as the clock tells.
/// One set back during the look may deceive it: for what does no harm when it is done twice.
pub(super) fn is_later(looked_at: Time, effect: &Effect, draft: &Draft<'_>) -> bool {
    let now = draft.observed.now;
    looked_at <= now && looked_at > draft.memory.since(effect, now)
}

/// Until when an effect is in doubt, and when to look next, unless this look has ended the doubt.
pub(super) fn in_doubt(
    looked_at: Time,
    effect: &Effect,
    draft: &Draft<'_>,
) -> Option<(Time, Time)> {
    if proves(looked_at, effect, draft) {
        return None;
    }
    let now = draft.observed.now;
    let since = draft.memory.doubtful_since(effect, now);
    let until = since + draft.observed.doubt;
    Some((until, next_look(since, draft.observed).min(until.max(now))))
}

/// Whether an operator asked for another try since this effect last moved.
pub(super) fn retry_asked(subject: &Subject, effect: &Effect, memory: &Memory) -> bool {
    memory.asked_retry(subject.name()).is_some_and(|asked| asked.seq > effect.seq)
}

/// Whether something was retired for this entry since its import was refused for want of room.
fn room_was_made(subject: &Subject, effect: &Effect, memory: &Memory) -> bool {
    needs::is_full(effect)
        && memory.retirements(subject.name()).any(|(_, retired)| {
            matches!(retired.state, State::Done | State::Seen) && retired.seq > effect.seq
        })
}

/// When to look next for something begun at `since` that a look may settle any moment.
pub(super) fn next_look(since: Time, observed: &Observed) -> Time {
    // After a clock was set back nobody knows how long ago it was: long ago polls least.
    let known = since <= observed.now;
    let elapsed = if known { observed.now.since(since) } else { Duration::MAX };
    observed.now + crate::schedule::poll_delay(elapsed)
}

fn wait(
    effect: &Effect,
    failure: &Failure,
    observed: &Observed,
    life_left: Option<Duration>,
    seed: u64,
) -> Duration {
    let (tries, retry) = (effect.tries.max(1), observed.retry);
    let doubling = retry.delay(tries, seed);
    let wait = match failure.kind {
        Kind::Throttled => {
            Backoff { first: retry.first / THROTTLED_PARTS, ..retry }.delay(tries, seed)
        }
        Kind::Operator | Kind::NotFound | Kind::Exists => observed.retry.longest,
        _ => doubling,
    };
    let capped = life_left.map_or(wait, |left| wait.min(left / LIFE_PARTS));
    // What the service itself asks for wins: calling sooner only prolongs the ban.
    failure.wait.map_or(capped, |asked| asked.max(capped))
}

/// Spreads equal waits of different effects, the same way at every look.
fn seed(action: &Action) -> u64 {
    use std::hash::{Hash, Hasher};
    let mut hasher = std::hash::DefaultHasher::new();
    action.hash(&mut hasher);
    hasher.finish()
}
