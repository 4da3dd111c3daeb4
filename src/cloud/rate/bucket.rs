//! What a service allows, as far as its refusals tell. Arithmetic alone: moments are passed in.
//!
//! Nothing is limited until a service first says "too often". From then on it is a policy, where the answer
//! named one, and a pace, where none explains the refusal. The pace grows as CUBIC's window does: back
//! quickly to just under the rate that was refused, level there, and feeling its way up ever faster.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// What is taken counts as the rate achieved for so long, in seconds.
const ACHIEVED_SECS: f64 = 1.0;
/// The slowest pace, in calls a second: the steps of one look shall fit into the patience of its caller. A
/// service that allows less is kept to by pauses.
const PACE_MIN: f64 = 0.2;
/// A pace above this is none, in calls a second.
const PACE_MAX: f64 = 10_000.0;
/// How long the pace takes to double while no refusal has shown what is too fast, in seconds.
const SEARCH_SECS: f64 = 1.0;
/// How long the way back to just under the refused rate takes, in seconds.
const RECOVERY_SECS: f64 = 1.0;
/// A search that is refused has passed the limit by then: this part of its pace was allowed.
const OVERSHOOT: f64 = 0.65;
/// A rate that was thought to be the limit and is soon refused again was too high by this at least.
const LEARN: f64 = 0.92;
/// A rate that was taken for so long, in seconds, is too high by a hair if it is refused after all: calls that were
/// held up on their way arrive together.
const HELD_SECS: f64 = 10.0;
/// Just under the refused rate, as a part of it.
const LEVEL: f64 = 0.98;
/// The pace has passed its level by this part of it after [`PROBE_SECS`].
const PROBE: f64 = 0.02;
/// How slowly the pace feels its way up, in seconds: after twice this it has passed eight times as far.
const PROBE_SECS: f64 = 60.0;
/// Calls that a quiet time lets pile up, as seconds of the pace: what a timer's grain needs.
const BURST_SECS: f64 = 0.02;
/// The first pause after a refusal that names none; it doubles with every further one in a row.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest pause that nobody asked for.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// So long after the last refusal all of it is forgotten: limits are raised, and other users leave.
const MEMORY: Duration = Duration::from_secs(3600);
/// Calls that are remembered one by one: twice what is known of any policy.
const TAKEN_MAX: usize = 4096;

/// So many calls in so long a time, in a service's own words.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in super::super) struct Policy {
    /// At least one.
    pub(in super::super) calls: usize,
    /// At least a second.
    pub(in super::super) window: Duration,
}

/// What a "too often" says.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in super::super) struct Refusal {
    /// How long to wait, where it is asked for.
    pub(in super::super) wait: Option<Duration>,
    /// The policy that it names.
    pub(in super::super) policy: Option<Policy>,
    /// Whether it is about the operation alone, and not about the whole service.
    pub(in super::super) of_operation: bool,
}

/// What became of a call.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in super::super) enum Ended {
    /// It was taken, or may have been.
    Taken,
    /// It was called too often.
    Refused(Refusal),
    /// It never arrived.
    Unsent,
}

/// The state of one service, or of one operation of it.
#[derive(Default)]
pub(super) struct Bucket {
    under_way: usize,
    /// When each call that was taken had ended, for as long as that can matter.
    taken: VecDeque<Instant>,
    limit: Option<Limit>,
}

#[derive(Clone, Copy)]
struct Limit {
    /// When it was last lowered. What was begun before is the same refusal.
    lowered_at: Instant,
    /// Closed until then.
    opens_at: Instant,
    /// Refusals since a call was last taken.
    in_a_row: u32,
    policy: Option<Policy>,
    pace: Option<Pace>,
}

#[derive(Clone, Copy)]
struct Pace {
    /// Where it begins, in calls a second.
    begins: f64,
    /// What was too fast; absent while that is searched for.
    refused: Option<f64>,
    tokens: f64,
    filled_at: Instant,
    /// Whether anybody had to wait for it.
    bound: bool,
}

impl Bucket {
    /// Takes leave for one call, or says when to ask again; none where only the end of a call can tell.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), Option<Instant>> {
        self.trim(now);
        let free_at = self.free_at(now, 0);
        if free_at.is_none_or(|at| at > now) {
            self.bind(now);
            return Err(free_at);
        }
        if let Some(limit) = &mut self.limit {
            limit.spend(now);
        }
        self.under_way += 1;
        Ok(())
    }

    /// When a call with so many others before it may begin, as far as can be told.
    pub(super) fn expected(&mut self, now: Instant, ahead: usize) -> Instant {
        self.trim(now);
        let soonest = |policy: Policy| now + policy.window;
        let unknown = || self.limit.and_then(|limit| limit.policy).map_or(now, soonest);
        self.free_at(now, ahead).unwrap_or_else(unknown)
    }

    /// Whether a refusal came since this moment.
    pub(super) fn was_lowered_after(&self, begun: Instant) -> bool {
        self.limit.is_some_and(|limit| limit.lowered_at > begun)
    }

    /// How far apart calls are for as long as the limit stands as it does.
    pub(super) fn apart(&self) -> Duration {
        let Some(limit) = &self.limit else { return Duration::ZERO };
        let paced = limit.pace.map(|pace| pace.rate(Duration::from_secs_f64(RECOVERY_SECS)));
        let rates = [limit.policy.map(Policy::rate), paced];
        let slowest = rates.into_iter().flatten().fold(PACE_MAX, f64::min);
        Duration::from_secs_f64(1.0 / slowest)
    }

    /// Learns from a call that was begun at this moment.
    pub(super) fn ended(&mut self, begun: Instant, now: Instant, ended: Ended) {
        self.under_way = self.under_way.saturating_sub(1);
        match ended {
            Ended::Taken => {
                self.taken.push_back(now);
                if let Some(limit) = &mut self.limit {
                    limit.in_a_row = 0;
                }
            }
            Ended::Refused(refusal) => self.lower(begun, now, refusal),
            Ended::Unsent => {}
        }
        self.trim(now);
    }

    /// A volley that was under way together is one refusal, however many answers say so.
    fn lower(&mut self, begun: Instant, now: Instant, refusal: Refusal) {
        let achieved = self.achieved(now);
        if let Some(limit) = self.limit.as_mut().filter(|limit| begun <= limit.lowered_at) {
            limit.opens_at = limit.opens_at.max(now + refusal.wait.unwrap_or_default());
            return;
        }
        let former = self.limit;
        let in_a_row = former.map_or(0, |limit| limit.in_a_row);
        let pause = refusal
            .wait
            .unwrap_or_else(|| PAUSE.saturating_mul(1 << in_a_row.min(7)).min(PAUSE_MAX));
        let known = former.and_then(|limit| limit.policy);
        let stricter = refusal.policy.filter(|new| known.is_none_or(|old| new.rate() < old.rate()));
        let opens_at = now + pause;
        let pace = match stricter {
            // It explains the refusal, and is kept from now on.
            Some(_) => None,
            None => Some(Pace::below(former.as_ref(), achieved, now, opens_at)),
        };
        let policy = stricter.or(known);
        self.limit =
            Some(Limit { lowered_at: now, opens_at, in_a_row: in_a_row + 1, policy, pace });
    }

    /// Notes that somebody waits, if it is for the pace.
    fn bind(&mut self, now: Instant) {
        if let Some(limit) = self.limit.as_mut().filter(|limit| limit.opens_at <= now)
            && let Some(pace) = &mut limit.pace
        {
            pace.bound = true;
        }
    }

    /// Calls a second that were taken of late; one at least.
    fn achieved(&self, now: Instant) -> f64 {
        let late = |at: &&Instant| (now - **at).as_secs_f64() < ACHIEVED_SECS;
        let count = self.taken.iter().rev().take_while(late).count();
        (f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / ACHIEVED_SECS).max(1.0)
    }

    fn free_at(&self, now: Instant, ahead: usize) -> Option<Instant> {
        let Some(limit) = &self.limit else { return Some(now) };
        let paced = limit.paced(now, ahead);
        let Some(policy) = limit.policy else { return Some(paced) };
        let before = self.taken.len() + self.under_way + ahead;
        let Some(too_many) = before.checked_sub(policy.calls) else { return Some(paced) };
        self.taken.get(too_many).map(|at| (*at + policy.window).max(paced))
    }

    /// Forgets what cannot matter any more.
    fn trim(&mut self, now: Instant) {
        if self.limit.is_some_and(|limit| now > limit.opens_at.max(limit.lowered_at + MEMORY)) {
            self.limit = None;
        }
        let policy = self.limit.and_then(|limit| limit.policy);
        let span = policy.map_or(Duration::from_secs_f64(ACHIEVED_SECS), |policy| policy.window);
        while self.taken.len() > TAKEN_MAX || self.taken.front().is_some_and(|at| *at + span <= now)
        {
            self.taken.pop_front();
        }
    }
}

impl Policy {
    fn rate(self) -> f64 {
        let calls = u32::try_from(self.calls).unwrap_or(u32::MAX);
        f64::from(calls) / self.window.as_secs_f64()
    }
}

impl Limit {
    /// When a call with so many others before it may begin, as far as closing and pace go.
    fn paced(&self, now: Instant, ahead: usize) -> Instant {
        let opened = now.max(self.opens_at);
        let Some(pace) = &self.pace else { return opened };
        let rate = pace.rate(opened - self.opens_at);
        let ahead = f64::from(u32::try_from(ahead).unwrap_or(u32::MAX));
        let lacking = 1.0 + ahead - pace.filled(opened, self.opens_at);
        // A hair more than enough, so that rounding down never leaves a call waiting for nothing.
        let wait = if lacking > 0.0 { lacking / rate + 1e-6 } else { 0.0 };
        opened + Duration::from_secs_f64(wait)
    }

    fn spend(&mut self, now: Instant) {
        if let Some(pace) = &mut self.pace {
            pace.tokens = pace.filled(now, self.opens_at) - 1.0;
            pace.filled_at = now;
        }
    }
}

impl Pace {
    /// The pace after a refusal that no policy explains: half of what was achieved.
    fn below(former: Option<&Limit>, achieved: f64, now: Instant, opens_at: Instant) -> Self {
        let pace = former.and_then(|limit| {
            let open = now.saturating_duration_since(limit.opens_at);
            let held = open.as_secs_f64() >= HELD_SECS;
            limit.pace.map(|pace| (pace.rate(open), pace, held))
        });
        let refused = match pace {
            None => achieved,
            // Nobody had to wait for the pace, so that what was too fast is not known.
            Some((rate, pace, _)) if !pace.bound => rate.min(achieved),
            Some((rate, Pace { refused: None, .. }, _)) => achieved.max(rate * OVERSHOOT),
            Some((rate, Pace { refused: Some(former), .. }, false)) => rate.min(former * LEARN),
            Some((rate, _, true)) => rate,
        };
        let told = pace.is_some_and(|(_, pace, _)| pace.bound);
        Self {
            begins: (refused / 2.0).max(PACE_MIN),
            refused: told.then_some(refused.max(PACE_MIN)),
            tokens: 1.0,
            filled_at: opens_at,
            bound: false,
        }
    }

    /// Calls a second, so long after it was opened.
    fn rate(&self, open: Duration) -> f64 {
        let secs = open.as_secs_f64();
        let rate = match self.refused.map(|refused| refused * LEVEL) {
            None => self.begins * (secs / SEARCH_SECS).exp2(),
            Some(level) if secs < RECOVERY_SECS => {
                level - (level - self.begins) * (1.0 - secs / RECOVERY_SECS).powi(3)
            }
            Some(level) => level * (1.0 + PROBE * ((secs - RECOVERY_SECS) / PROBE_SECS).powi(3)),
        };
        rate.clamp(PACE_MIN, PACE_MAX)
    }

    fn filled(&self, now: Instant, opens_at: Instant) -> f64 {
        let rate = self.rate(now.saturating_duration_since(opens_at));
        let since = now.saturating_duration_since(self.filled_at).as_secs_f64();
        (self.tokens + rate * since).min(1.0 + rate * BURST_SECS)
    }
}

#[cfg(test)]
mod tests;
