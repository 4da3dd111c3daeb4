//! What an instance's greeting says of its switch, read now or remembered.

use std::time::Duration;

use super::{action, unknown_jobs};
use crate::model::failure::Failure;
use crate::plan::Draft;
use crate::plan::memory::Memory;
use crate::plan::needs::{FIRST_LOOK_AGAIN, LOOK_AGAIN_AFTER, is_endless};
use crate::plan::observed::SwitchSeen;
use crate::plan::sight::{Sight, Spot, Verdict, as_of};

/// How far the cloud's clock may be behind ours before a job that began after a reading seems to have begun
/// before it. What was remembered only holds things; nothing is sent by it.
const CLOCKS_APART_MAX: Duration = Duration::from_secs(60);

/// What is worth writing down of a greeting that was read: another state, one that was last written down
/// long ago, or one that was read since something moved or an operator asked.
pub(super) fn news(seen: &SwitchSeen, draft: &Draft<'_>) -> Option<(Spot, Sight)> {
    let now = draft.observed.now;
    let spot = Spot::Greeting { probe: seen.probe.clone()? };
    let (verdict, id) = match seen.greeting.as_ref()? {
        Ok(shown) if *shown == seen.on => (Verdict::Served, state(*shown)),
        Ok(shown) => (Verdict::Wrong, state(*shown)),
        Err(failure) => (Verdict::Unreachable, failure.message.clone()),
    };
    let id = Some(id);
    let sight = Sight { verdict, leaf: None, id, neither: false };
    let effects = [true, false].map(|on| draft.memory.effect(&action(seen, on)));
    let effects = || effects.into_iter().flatten();
    let moved = effects().map(|effect| effect.seq).max();
    // While a switch has no end, when this was last read decides when it is read again.
    let limit = if effects().any(is_endless) { FIRST_LOOK_AGAIN } else { LOOK_AGAIN_AFTER };
    let last = moved.max(draft.memory.asked_retry(&seen.name).map(|asked| asked.seq));
    let known = draft.memory.sighting(&seen.name, &spot);
    let is_news = known.is_none_or(|known| {
        let aged = now.since(draft.memory.seen_at(known, now)) >= limit;
        known.sight != sight || aged || last.is_some_and(|last| last > known.seq)
    });
    is_news.then_some((spot, sight))
}

fn state(on: bool) -> String {
    if on { "on" } else { "off" }.to_owned()
}

/// What the instance's greeting said when it was last read. What was written down before the last switch
/// counts no more, whoever asked for that.
pub fn remembered(seen: &SwitchSeen, memory: &Memory) -> Option<Result<bool, Failure>> {
    let known = memory.sighting(&seen.name, &Spot::Greeting { probe: seen.probe.clone()? })?;
    let moved = [true, false].map(|on| memory.effect(&action(seen, on)));
    let jobs = seen.jobs.as_ref().and_then(|jobs| jobs.as_ref().ok());
    let unknown = jobs.map(|jobs| unknown_jobs(seen, jobs, memory)).unwrap_or_default();
    let switched = moved.into_iter().flatten().any(|effect| effect.seq > known.seq)
        || unknown.iter().any(|job| job.created + CLOCKS_APART_MAX >= known.at);
    let failed = known.sight.verdict == Verdict::Unreachable;
    (!switched).then(|| match known.sight.id.as_deref() {
        Some(state) if !failed => Ok(state == "on"),
        why => Err(as_of("read greeting", why, known.at)),
    })
}
