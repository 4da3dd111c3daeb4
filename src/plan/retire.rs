//! Cleaning up: what a rotation has left behind goes once the new leaf is seen served everywhere.
//! What could not be seen to be unused stays.

use super::action::{Action, Because, Fact, ImportKey, Retired};
use super::hold::Hold;
use super::memory::{Effect, State};
use super::observed::{BoundSeen, CopyHeld, CopySeen, Holders, ImportHeld, TargetSeen};
use super::rotation::{Case, in_doubt};
use super::{Draft, gate, needs, slots};
use crate::cert::{LeafFacts, same_names};
use crate::model::time::Time;

/// Retires what is superseded and beyond `keep`, once `proven`: every target was seen to have and
/// serve the leaf on disk. Says of the rest who uses it.
pub(super) fn plan(case: &Case<'_>, proven: bool, draft: &mut Draft<'_>) {
    // A region that does not answer might use anything.
    let silent = |import: &ImportHeld| matches!(import.holders, Holders::Unknown(_));
    let all_answer = !case.seen.superseded.iter().any(silent);
    for target in &case.seen.targets {
        let copies = superseded(case, target, draft);
        for (index, (copy, key)) in copies.iter().enumerate() {
            let words = || {
                let (leaf, project) = (key.leaf.short(), &target.project);
                format!("copy {} of {leaf} in {} in {project}", copy.id, target.target)
            };
            let beyond = place_among(&copies, index) >= case.seen.keep;
            let action = retire_copy(target, copy, key);
            let due = proven && beyond && all_answer;
            one(case, action, &copy.holders, words, due, draft);
        }
        // Where nothing is bound by certrotd, everything is elsewhere.
        if !target.sites.is_empty() {
            elsewhere(case, target, &copies, draft);
        }
    }
    // What was asked for while the certificate manager was full may be within `keep`.
    let beyond = needs::superseded(case.name(), case.key, case.seen.keep, draft.memory);
    for import in &case.seen.superseded {
        let due = proven && beyond.iter().any(|(key, _)| *key == import.key);
        let words = || format!("import {} of {}", import.id, import.key.leaf.short());
        let what = Retired::Import { scm_id: import.id.clone() };
        let action = Action::Retire { key: import.key.clone(), what };
        let holders = match &import.holders {
            // The certificate manager may not know of every kind of load balancer.
            Holders::Nobody => of_copies(case, &import.key),
            holders => holders,
        };
        one(case, action, holders, words, due, draft);
    }
}

/// Says who else serves these names with another certificate: nobody has told certrotd to bind there,
/// and the operator may not know.
fn elsewhere(
    case: &Case<'_>,
    target: &TargetSeen,
    ours: &[(&CopyHeld, ImportKey)],
    draft: &mut Draft<'_>,
) {
    let is_ours = |copy: &&CopyHeld| ours.iter().any(|(ours, _)| ours.id == copy.id);
    for copy in target.copies.iter().filter(|copy| !is_ours(copy)) {
        let (Some(leaf), Holders::Some(by)) = (&copy.leaf, &copy.holders) else { continue };
        if same_names(leaf, case.leaf) && slots::same_kind(leaf, case.leaf) {
            let (id, place) = (&copy.id, format!("{} in {}", target.target, target.project));
            let what = format!("certificate {id} of {} in {place}", leaf.sha256.short());
            let by =
                format!("{} uses it for the same names, and is not configured here", by.join(", "));
            draft.hold(case.subject, Hold::StillUsed { what, by }, None);
        }
    }
}

/// Who uses the copies of a leaf, as far as they were seen.
fn of_copies<'a>(case: &Case<'a>, key: &ImportKey) -> &'a Holders {
    let copies = case.seen.targets.iter().flat_map(|target| &target.copies);
    let of_leaf = |copy: &&CopyHeld| copy.leaf.as_ref().is_some_and(|leaf| leaf.sha256 == key.leaf);
    let mut holders = copies.filter(of_leaf).map(|copy| &copy.holders);
    holders.find(|holders| **holders != Holders::Nobody).unwrap_or(&Holders::Nobody)
}

/// A wait, and until when.
type Wait = Box<(Hold, Option<Time>)>;

/// The step that makes room in a full service, or what it waits for: the oldest superseded copy of
/// ours that nothing uses.
pub(super) fn room(
    case: &Case<'_>,
    target: &TargetSeen,
    draft: &Draft<'_>,
) -> Option<Result<Action, Wait>> {
    let copies = superseded(case, target, draft);
    let free = copies.iter().rev().filter(|(copy, _)| copy.holders == Holders::Nobody);
    first(case, free.map(|(copy, key)| retire_copy(target, copy, key)), draft)
}

/// The same in the certificate manager.
pub(super) fn room_for_import(case: &Case<'_>, draft: &Draft<'_>) -> Option<Result<Action, Wait>> {
    let free = case.seen.superseded.iter().filter(|import| import.holders == Holders::Nobody);
    let mut free: Vec<_> = free.filter(|import| !is_needed(case, &import.key, draft)).collect();
    free.sort_by_key(|import| import.key.issued);
    let actions = free.into_iter().map(|import| {
        let what = Retired::Import { scm_id: import.id.clone() };
        Action::Retire { key: import.key.clone(), what }
    });
    first(case, actions, draft)
}

/// The first of these deletions that may be sent, or else what the first of them waits for.
fn first(
    case: &Case<'_>,
    actions: impl Iterator<Item = Action>,
    draft: &Draft<'_>,
) -> Option<Result<Action, Wait>> {
    let mut waits = None;
    for action in actions {
        match may(case, &action, draft) {
            Ok(()) => return Some(Ok(action)),
            Err(wait) => waits = waits.or(wait),
        }
    }
    waits.map(Err)
}

/// Whether this deletion may be sent as far as the memory goes; else what it waits for.
fn may(case: &Case<'_>, action: &Action, draft: &Draft<'_>) -> Result<(), Option<Wait>> {
    let Some(effect) = draft.memory.effect(action) else { return Ok(()) };
    let wait = match &effect.state {
        State::Open | State::Doubt(_) => in_doubt(case.subject, action, effect, case.seen, draft)
            .map(|(why, until)| (why, Some(until))),
        State::Failed(_) => gate::failed(case.subject, action, draft.memory, draft.observed, None),
        // The list may be older than the deletion.
        State::Done | State::Seen if !gate::proves(case.seen.looked_at, effect, draft) => {
            return Err(None);
        }
        _ => None,
    };
    wait.map_or(Ok(()), |wait| Err(Some(Box::new(wait))))
}

fn retire_copy(target: &TargetSeen, copy: &CopyHeld, key: &ImportKey) -> Action {
    let (target, project, id) = (target.target, target.project.clone(), copy.id.clone());
    Action::Retire { key: key.clone(), what: Retired::Copy { target, project, id } }
}

/// Copies that certrotd made of former leaves of this entry, older than the one in use and in none
/// of its own places; the newest first.
fn superseded<'a>(
    case: &Case<'_>,
    target: &'a TargetSeen,
    draft: &Draft<'_>,
) -> Vec<(&'a CopyHeld, ImportKey)> {
    let in_place = |id: &str| {
        target.sites.iter().any(|site| match &site.bound {
            BoundSeen::Slots { slots, .. } => slots.iter().any(|slot| slot.id == id),
            BoundSeen::NotAsked | BoundSeen::Unknown(_) => true,
        })
    };
    let ours = |leaf: &LeafFacts| {
        let key = draft.memory.leaves(case.name()).find(|key| key.leaf == leaf.sha256)?;
        let pushed = draft.memory.push(key, target.target, &target.project).is_some();
        let older = key.same_place(case.key) && key.issued < case.key.issued;
        (pushed && older && !is_needed(case, key, draft)).then(|| key.clone())
    };
    let copies = target.copies.iter().filter(|copy| !in_place(&copy.id));
    let mut found: Vec<_> =
        copies.filter_map(|copy| Some((copy, ours(copy.leaf.as_ref()?)?))).collect();
    found.sort_by(|(a, a_key), (b, b_key)| (b_key.issued, &b.id).cmp(&(a_key.issued, &a.id)));
    found
}

/// How many newer superseded leaves there are: two copies of one leaf count once.
fn place_among(copies: &[(&CopyHeld, ImportKey)], index: usize) -> usize {
    let mut leaves: Vec<_> = copies[..=index].iter().map(|(_, key)| key.leaf).collect();
    leaves.dedup();
    leaves.len().saturating_sub(1)
}

/// Whether an entry still lives by this leaf, or some place may have to go back to it. The one in use
/// is not given up for room either: the new one is not there yet.
fn is_needed(case: &Case<'_>, key: &ImportKey, draft: &Draft<'_>) -> bool {
    draft.needed().by_others_than(case.name(), key)
}

fn one(
    case: &Case<'_>,
    action: Action,
    holders: &Holders,
    words: impl Fn() -> String,
    due: bool,
    draft: &mut Draft<'_>,
) {
    let subject = case.subject;
    match holders {
        Holders::Nobody => {}
        Holders::Some(by) => {
            let by = format!("{} uses it", by.join(", "));
            return draft.hold(subject, Hold::StillUsed { what: words(), by }, None);
        }
        Holders::Unknown(why) if due => {
            let by = format!("who uses it could not be seen ({why})");
            return draft.hold(subject, Hold::StillUsed { what: words(), by }, None);
        }
        Holders::Unknown(_) => return,
        Holders::Gone => return gone(case, action, draft),
    }
    let Action::Retire { key, .. } = &action else { return };
    if !due || is_needed(case, key, draft) {
        return;
    }
    match may(case, &action, draft) {
        Ok(()) => draft.step(subject, action, Because::Superseded),
        Err(Some(wait)) => draft.hold(subject, wait.0, wait.1),
        Err(None) => {}
    }
}

/// An import that does not stand any more: our deletion's answer was lost, or others deleted it.
fn gone(case: &Case<'_>, action: Action, draft: &mut Draft<'_>) {
    let Action::Retire { key, what: Retired::Import { scm_id } } = &action else { return };
    match draft.memory.effect(&action).map(|effect| &effect.state) {
        // That is known already, to everybody but this look.
        Some(State::Done | State::Seen) => {}
        Some(_) => draft.learn(case.subject, action, Fact::Done { id: None }),
        None => {
            let import = Action::Import { key: key.clone() };
            // Another entry may have found, made or begun another one since this look began.
            let stands = |it: &Effect| matches!(it.state, State::Done | State::Seen);
            let is_it = |it: &Effect| stands(it) && it.id.as_ref() == Some(scm_id);
            if draft.memory.effect(&import).is_some_and(is_it) {
                draft.learn(case.subject, import, Fact::Gone);
            }
        }
    }
}

/// A deletion whose answer was lost, of what no list shows any more, has happened.
pub(super) fn confirm(case: &Case<'_>, target: &TargetSeen, draft: &mut Draft<'_>) {
    // A list that was not read shows nothing either.
    let read = matches!(target.copy, CopySeen::Found(_) | CopySeen::Absent);
    let gone = |id: &str| read && !target.copies.iter().any(|copy| copy.id == id);
    let lost = draft.memory.retirements(case.name()).filter(|(action, effect)| {
        let here = matches!(action, Action::Retire { what: Retired::Copy { target: at, project, id }, .. }
            if *at == target.target && *project == target.project && gone(id));
        here && matches!(effect.state, State::Open | State::Doubt(_))
            && gate::is_later(case.seen.looked_at, effect, draft)
    });
    let lost: Vec<_> = lost.map(|(action, _)| action.clone()).collect();
    for action in lost {
        draft.learn(case.subject, action, Fact::Done { id: None });
    }
}
