//! Whether an effect that went badly may be tried again now. Back-off is a decision like any other.

use std::time::Duration;

use super::action::Action;
use super::hold::Hold;
use super::memory::{Effect, Memory, State};
use super::observed::Observed;
use crate::model::failure::{Failure, Kind};
use crate::model::names::Subject;
use crate::model::time::Time;

/// A try may wait for at most this part of the life that a certificate has left, so that no
/// back-off outlives what it is for.
const LIFE_PARTS: u32 = 20;

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
    if retry_asked(subject, effect, memory) {
        return None;
    }
    let what = action.describe(subject);
    if failure.kind == Kind::Permanent {
        return Some((Hold::Refused { what, failure: failure.clone() }, None));
    }
    let until = effect.at + wait(effect, failure, observed, life_left, seed(action));
    let hold =
        Hold::BackOff { what, attempt: effect.tries.max(1), failure: failure.clone(), until };
    (observed.now < until).then_some((hold, Some(until)))
}

/// Whether an operator asked for another try since this effect last moved.
pub(super) fn retry_asked(subject: &Subject, effect: &Effect, memory: &Memory) -> bool {
    memory.asked_retry(subject.name()).is_some_and(|asked| asked.seq > effect.seq)
}

/// When to look next for something begun at `since` that a look may settle any moment.
pub(super) fn next_look(since: Time, observed: &Observed) -> Time {
    observed.now + crate::schedule::poll_delay(observed.now.since(since))
}

fn wait(
    effect: &Effect,
    failure: &Failure,
    observed: &Observed,
    life_left: Option<Duration>,
    seed: u64,
) -> Duration {
    let doubling = observed.retry.delay(effect.tries.max(1), seed);
    let wait = match failure.kind {
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
