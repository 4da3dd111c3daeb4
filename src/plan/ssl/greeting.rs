//! What an instance's greeting says of its switch, read now or remembered.

use super::{CLOCKS_APART_MAX, action, unknown_jobs};
use crate::model::failure::{Failure, Kind};
use crate::model::names::Subject;
use crate::plan::Draft;
use crate::plan::needs::LOOK_AGAIN_AFTER;
use crate::plan::observed::SwitchSeen;
use crate::plan::sight::{Sight, Spot, Verdict};

/// What the instance's greeting said, when it was last read. That is written down where it is news; what
/// was written down before the last switch counts no more, whoever asked for that.
pub(super) fn known(
    seen: &SwitchSeen,
    subject: &Subject,
    draft: &mut Draft<'_>,
) -> Option<Result<bool, Failure>> {
    let now = draft.observed.now;
    let spot = Spot::Greeting { probe: seen.probe.clone()? };
    let known = draft.memory.sighting(&seen.name, &spot).cloned();
    let Some(read) = &seen.greeting else {
        let known = known?;
        let moved = [true, false].map(|on| draft.memory.effect(&action(seen, on)));
        if moved.into_iter().flatten().any(|effect| effect.seq > known.seq) {
            return None;
        }
        let jobs = seen.jobs.as_ref().and_then(|jobs| jobs.as_ref().ok());
        let unknown = jobs.map(|jobs| unknown_jobs(seen, jobs, draft)).unwrap_or_default();
        if unknown.iter().any(|job| job.created + CLOCKS_APART_MAX >= known.at) {
            return None;
        }
        return Some(match known.sight.id.as_deref() {
            Some(state) => Ok(state == "on"),
            None => Err(Failure::local(
                Kind::Transient,
                "read greeting",
                format!("as it was {}", known.at),
            )),
        });
    };
    let (verdict, id) = match read {
        Ok(shown) if *shown == seen.on => (Verdict::Served, Some(*shown)),
        Ok(shown) => (Verdict::Wrong, Some(*shown)),
        Err(_) => (Verdict::Unreachable, None),
    };
    let id = id.map(|on| if on { "on" } else { "off" }.to_owned());
    let sight = Sight { verdict, leaf: None, id, neither: false };
    let moved = [true, false].map(|on| draft.memory.effect(&action(seen, on)));
    let moved = moved.into_iter().flatten().map(|effect| effect.seq).max();
    let asked = draft.memory.asked_retry(subject.name()).map(|asked| asked.seq);
    let last = moved.max(asked);
    let is_news = known.is_none_or(|known| {
        let aged = now.since(draft.memory.seen_at(&known, now)) >= LOOK_AGAIN_AFTER;
        known.sight != sight || aged || last.is_some_and(|last| last > known.seq)
    });
    if is_news {
        draft.saw(subject, spot, sight);
    }
    Some(read.clone())
}
