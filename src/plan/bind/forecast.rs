//! A place that nobody looked at: what the memory has of it, for `status`.

use super::{Reason, Wanted, repairs, send};
use crate::model::place::Place;
use crate::plan::Draft;
use crate::plan::action::Action;
use crate::plan::hold::Hold;
use crate::plan::observed::TargetSeen;
use crate::plan::rotation::Case;
use crate::plan::sight::{Seen, Sighting, Spot, Verdict};
use crate::plan::slots;

/// What can be said of a place that nobody looked at: what the memory has of it.
pub(super) fn plan(
    case: &Case<'_>,
    target: &TargetSeen,
    place: &Place,
    wanted: Wanted,
    draft: &mut Draft<'_>,
) -> bool {
    let known = draft.memory.sighting(case.name(), &Spot::Site(place.clone()));
    let leaf = known.and_then(|known| known.sight.leaf).map(|leaf| leaf.sha256);
    let verdict = known.map(|known| known.sight.verdict);
    if leaf == Some(wanted.key.leaf) && verdict == Some(Verdict::Served) {
        return !wanted.back;
    }
    if let Some(why) = newer_known(case, place, known, draft) {
        draft.hold(case.subject, why, None);
        return false;
    }
    let others = verdict == Some(Verdict::Wrong);
    if others && !repairs(case, target, known, draft) {
        let found = slots::now_has(leaf.map(|leaf| leaf.short()));
        draft.hold(case.subject, Hold::Foreign { place: place.clone(), found }, None);
    } else if let (Some(id), place) = (wanted.id, place.clone()) {
        let instead_of = known.and_then(|known| known.sight.id.clone()).into_iter().collect();
        let reason = Reason { others, back: wanted.back, stood: false };
        let action = Action::Bind { key: wanted.key, place: place.into(), id, instead_of };
        send(case, action, target.window, reason, draft);
    }
    false
}

/// Holds a leaf where one that was issued later stood at the last look, before ours ever did.
fn newer_known(
    case: &Case<'_>,
    place: &Place,
    known: Option<&Sighting>,
    draft: &Draft<'_>,
) -> Option<Hold> {
    let first = |known: &&Sighting| !known.was_ours && known.sight.verdict == Verdict::Pending;
    let known = known.filter(first)?;
    let Seen { sha256, issued: Some(bound), .. } = known.sight.leaf? else { return None };
    let (issued, name) = (case.key.issued, case.name());
    let newer = bound > issued && !draft.memory.is_of(name, &sha256);
    (newer && !draft.memory.is_allowed(name, &case.leaf.sha256)).then(|| Hold::NewerBound {
        place: place.clone(),
        issued,
        bound,
    })
}
