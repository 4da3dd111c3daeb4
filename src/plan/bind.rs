//! One place: the certificate that a listener, host or domain serves with. What is read back from
//! the service counts, never what it answered.

use std::time::Duration;

use super::action::{Action, Because, Fact, ImportKey};
use super::hold::Hold;
use super::memory::State;
use super::observed::{BoundSeen, CopySeen, SiteSeen, Slot, TargetSeen};
use super::rotation::{Case, in_doubt};
use super::sight::{Seen, Sight, Sighting, Spot, Verdict};
use super::slots::{self, Relation};
use super::{Draft, gate};
use crate::cert::{LeafFacts, same_names};
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::names::Name;
use crate::model::place::{Drift, Place};
use crate::model::target::Target;

mod forecast;

/// What shall be bound: the leaf on disk, or the former one where that was not served.
struct Wanted {
    key: ImportKey,
    id: Option<String>,
    back: bool,
}

/// Brings a place to the wanted leaf. `copy` is the id to bind, once there is one. Tells whether
/// the leaf on disk was read back there and nothing is left to do.
pub(super) fn plan(
    case: &Case<'_>,
    target: &TargetSeen,
    site: &SiteSeen,
    copy: Option<&str>,
    draft: &mut Draft<'_>,
) -> bool {
    let place = target.place(&site.site);
    let wanted = wanted(case, &place, copy, draft);
    if wanted.back {
        let (rejected, former) = (case.leaf.sha256, wanted.key.leaf);
        let why = Hold::RolledBack { place: place.clone(), rejected, former };
        draft.hold(case.subject, why, None);
    }
    let (slots, quic) = match &site.bound {
        BoundSeen::NotAsked => return forecast::plan(case, target, &place, wanted, draft),
        BoundSeen::Unknown(failure) => {
            let until = failure.wait.map(|wait| draft.observed.now + wait);
            draft.hold(case.subject, Hold::Unseen { failure: failure.clone() }, until);
            return false;
        }
        BoundSeen::Slots { slots, quic } => (slots, *quic),
    };
    let relation =
        |slot: &Slot| slots::relation(slot, &wanted.key.leaf, case, target, draft.memory);
    let related: Vec<_> = slots.iter().map(|slot| (slot, relation(slot))).collect();
    let standing = related.iter().find(|(_, relation)| *relation == Relation::Wanted);
    let exchanged: Vec<_> = related
        .iter()
        .filter(|(_, relation)| matches!(relation, Relation::Former | Relation::Alike))
        .copied()
        .collect();
    let settled = standing.is_some() && exchanged.is_empty();
    let spot = Spot::Site(place.clone());
    let before = draft.memory.sighting(case.name(), &spot).cloned();
    let shown = exchanged.first().or(standing).map(|(slot, _)| *slot);
    let others = changed_by_others(before.as_ref(), &exchanged, standing.is_some());
    if others && is_unlisted(slots, &exchanged) {
        let failure = Failure::local(Kind::Transient, "look at the place", UNLISTED);
        let why = Hold::Unseen { failure };
        draft.hold(case.subject, why, None);
        return false;
    }
    look(case, spot, shown, settled, others, draft);
    if settled {
        stands(case, &place, &wanted.key, draft);
        return !wanted.back;
    }
    // Who says in the file that whatever stands there is bound over means the newer ones too. Another try is no such
    // word: on a host that is behind it would undo what another has renewed.
    let repaired = others && target.drift == Drift::Repair;
    if let Some(why) = foreign(case, target, &place, before.as_ref(), shown, others, draft)
        .or_else(|| if repaired { None } else { newer(case, &place, &exchanged, draft) })
        .or_else(|| {
            // The former one stood there, so the service takes it.
            let rule = || slots::unbindable(case, target, &place, slots, &exchanged, quic);
            (!wanted.back).then(rule).flatten()
        })
    {
        draft.hold(case.subject, why, None);
        return false;
    }
    let stood = stood(before.as_ref(), &wanted.key.leaf) && are_older(&exchanged, &wanted.key);
    let reason = Reason { others, back: wanted.back, stood };
    match wanted.id {
        Some(id) => {
            let instead_of = ids(&exchanged);
            let action = Action::Bind { key: wanted.key, place: place.into(), id, instead_of };
            send(case, action, target.window, reason, draft);
        }
        None if copy.is_some() => {
            draft.hold(case.subject, Hold::Unseen { failure: nameless(target) }, None);
        }
        None => {}
    }
    false
}

/// What a service shows while its lists are read one after the other, and what ends it where it lasts.
const UNLISTED: &str = "it uses a certificate that the service's list does not show: if that lasts, look in the \
                        console what is bound there";

/// Whether what took the place of ours may only be too new for the list of certificates: then nobody
/// can tell whose it is.
fn is_unlisted(slots: &[Slot], exchanged: &[(&Slot, Relation)]) -> bool {
    let unknown = |slot: &Slot| slot.leaf.is_none() && !slot.id.is_empty();
    slots.iter().any(unknown) && exchanged.iter().all(|(slot, _)| unknown(slot))
}

/// The ids that the wanted one takes the place of, each once: a listener may use one as its default
/// and for its names.
fn ids(exchanged: &[(&Slot, Relation)]) -> Vec<String> {
    let mut ids: Vec<_> = exchanged.iter().map(|(slot, _)| slot.id.clone()).collect();
    ids.retain(|id| !id.is_empty());
    ids.sort();
    ids.dedup();
    ids
}

/// Why the id of a copy that was pushed is not known: only what was read there has one.
fn nameless(target: &TargetSeen) -> Failure {
    match &target.copy {
        CopySeen::Blind(failure) | CopySeen::Unknown(failure) => failure.clone(),
        _ => Failure::local(Kind::Transient, "look for the copy", "its id there is not known yet"),
    }
}

/// What decides why a binding is made.
struct Reason {
    others: bool,
    back: bool,
    stood: bool,
}

impl Reason {
    fn because(&self) -> Because {
        match self {
            Self { back: true, .. } => Because::RolledBack,
            Self { others: true, .. } => Because::ForeignBound,
            Self { stood: true, .. } => Because::BoundBack,
            _ => Because::NotBound,
        }
    }
}

fn wanted(case: &Case<'_>, place: &Place, copy: Option<&str>, draft: &Draft<'_>) -> Wanted {
    let id = copy.filter(|id| !id.is_empty()).map(str::to_owned);
    let ours = || Wanted { key: case.key.clone(), id: id.clone(), back: false };
    let Some(former) = fallen_back(case, place, draft) else { return ours() };
    let Some(Seen { sha256, issued, .. }) = former.leaf else { return ours() };
    let issued = issued.unwrap_or(case.key.issued);
    let key = case.key.of_leaf(sha256, issued);
    Wanted { key, id: former.id, back: true }
}

/// What stands at a place again because the leaf on disk was bound there and not served.
pub(super) fn fallen_back(case: &Case<'_>, place: &Place, draft: &Draft<'_>) -> Option<Sight> {
    let fallback = draft.memory.fallback(case.name(), place)?;
    let asked = draft.memory.asked_retry(case.name());
    let holds =
        fallback.rejected == case.leaf.sha256 && asked.is_none_or(|asked| asked.seq < fallback.seq);
    holds.then(|| fallback.former.clone())
}

/// Remembers what stands there, where that is news.
fn look(
    case: &Case<'_>,
    spot: Spot,
    shown: Option<&Slot>,
    settled: bool,
    others: bool,
    draft: &mut Draft<'_>,
) {
    let verdict = match (settled, others) {
        (true, _) => Verdict::Served,
        (false, true) => Verdict::Wrong,
        (false, false) => Verdict::Pending,
    };
    let leaf = shown.and_then(|slot| slot.leaf.as_ref()).map(seen);
    let id = shown.map(|slot| slot.id.clone()).filter(|id| !id.is_empty());
    let sight = Sight { verdict, leaf, id, neither: false };
    let known = draft.memory.sighting(case.name(), &spot);
    if known.is_none_or(|known| known.sight != sight) {
        draft.saw(case.subject, spot, sight);
    }
}

/// A leaf as a sight has it.
pub(super) fn seen(leaf: &LeafFacts) -> Seen {
    Seen { sha256: leaf.sha256, issued: Some(leaf.not_before), ends: Some(leaf.not_after) }
}

/// Whether ours stood there once and somebody has put something else in its place: a certificate
/// that this rotation does not know, or none at all.
fn changed_by_others(
    before: Option<&Sighting>,
    exchanged: &[(&Slot, Relation)],
    standing: bool,
) -> bool {
    let Some(before) = before.filter(|before| before.was_ours) else { return false };
    // What stood there as it should at the last look, such as one that we went back to, is no change.
    let last = before.sight.leaf.filter(|_| before.sight.verdict != Verdict::Wrong);
    let is_last = |slot: &Slot| {
        let leaf = slot.leaf.as_ref().map(|leaf| leaf.sha256);
        leaf.is_some() && leaf == last.map(|last| last.sha256)
    };
    let is_foreign =
        |(slot, relation): &(&Slot, Relation)| *relation == Relation::Alike && !is_last(slot);
    let removed = exchanged.is_empty() && !standing;
    removed || exchanged.iter().any(is_foreign)
}

/// Holds what somebody else has changed, unless it shall be repaired.
fn foreign(
    case: &Case<'_>,
    target: &TargetSeen,
    place: &Place,
    before: Option<&Sighting>,
    shown: Option<&Slot>,
    others: bool,
    draft: &Draft<'_>,
) -> Option<Hold> {
    if !others || repairs(case, target, before, draft) {
        return None;
    }
    let found = slots::now_has(shown.map(slots::in_words));
    Some(Hold::Foreign { place: place.clone(), found })
}

/// Whether the configuration, or an operator since it was seen, says to put ours back.
fn repairs(
    case: &Case<'_>,
    target: &TargetSeen,
    before: Option<&Sighting>,
    draft: &Draft<'_>,
) -> bool {
    let asked = draft.memory.asked_retry(case.name()).zip(before);
    target.drift == Drift::Repair || asked.is_some_and(|(asked, before)| asked.seq > before.seq)
}

/// Holds a leaf where one for the same names that was issued later stands already.
fn newer(
    case: &Case<'_>,
    place: &Place,
    exchanged: &[(&Slot, Relation)],
    draft: &Draft<'_>,
) -> Option<Hold> {
    if draft.memory.is_allowed(case.name(), &case.leaf.sha256) {
        return None;
    }
    let issued = case.key.issued;
    let mut alike = exchanged.iter().filter(|(_, relation)| *relation == Relation::Alike);
    let bound = alike.find_map(|(slot, _)| {
        let leaf = slot.leaf.as_ref()?;
        (leaf.not_before > issued && same_names(leaf, case.leaf)).then_some(leaf.not_before)
    })?;
    Some(Hold::NewerBound { place: place.clone(), issued, bound })
}

/// Whether this leaf stood there before what stands there now.
fn stood(before: Option<&Sighting>, leaf: &Sha256) -> bool {
    before.is_some_and(|before| {
        let sights = [Some(&before.sight), before.before.as_ref()];
        sights.into_iter().flatten().any(|sight| sight.leaf.is_some_and(|at| at.sha256 == *leaf))
    })
}

/// Whether everything that the wanted leaf takes the place of was issued before it.
fn are_older(exchanged: &[(&Slot, Relation)], wanted: &ImportKey) -> bool {
    let mut leaves = exchanged.iter().filter_map(|(slot, _)| slot.leaf.as_ref());
    leaves.all(|leaf| leaf.not_before < wanted.issued)
}

/// The wanted leaf was read back: whatever was begun for that has come true.
fn stands(case: &Case<'_>, place: &Place, key: &ImportKey, draft: &mut Draft<'_>) {
    let begun = draft.memory.bindings(key, place);
    let open = begun.filter(|(_, effect)| !matches!(effect.state, State::Seen | State::Gone));
    let open: Vec<_> = open.map(|(action, _)| action.clone()).collect();
    for action in open {
        draft.learn(case.subject, action, Fact::Seen { id: None });
    }
}

/// Sends a binding, or holds it.
fn send(case: &Case<'_>, action: Action, window: Duration, reason: Reason, draft: &mut Draft<'_>) {
    let Action::Bind { key, place, .. } = &action else { return };
    let subject = case.subject;
    if let Some(with) = at_same_place(&key.cloud, place, subject.name(), draft) {
        return draft.hold(subject, Hold::SamePlace { place: Place::clone(place), with }, None);
    }
    let effect = draft.memory.effect(&action);
    let because = match effect.map(|effect| (effect, &effect.state)) {
        Some((effect, State::Done)) => {
            // A service that takes its time to configure itself would only start over.
            let end = draft.memory.since(effect, draft.observed.now) + window;
            let next = match gate::in_doubt(case.seen.looked_at, effect, draft) {
                Some((_, next)) => Some(next),
                None => (draft.observed.now < end).then_some(end),
            };
            if let Some(next) = next {
                let why = Hold::NotBoundYet { place: Place::clone(place), since: effect.at };
                return draft.hold(subject, why, Some(next));
            }
            reason.because()
        }
        Some((effect, State::Seen)) if !gate::is_later(case.seen.looked_at, effect, draft) => {
            return;
        }
        Some((effect, State::Open | State::Doubt(_))) => {
            if let Some((why, until)) = in_doubt(subject, &action, effect, case.seen, draft) {
                return draft.hold(subject, why, Some(until));
            }
            Because::NotFoundAfterDoubt
        }
        Some((_, State::Failed(_))) => {
            let left = case.leaf.not_after.since(draft.observed.now);
            let gate = gate::failed(subject, &action, draft.memory, draft.observed, Some(left));
            if let Some((why, until)) = gate {
                return draft.hold(subject, why, until);
            }
            reason.because()
        }
        _ => reason.because(),
    };
    draft.step(subject, action, because);
}

/// The other entry that is changing the same listener, host or domain: both would write its whole list.
fn at_same_place(cloud: &Name, place: &Place, name: &Name, draft: &Draft<'_>) -> Option<Name> {
    // A CDN domain is one place for all projects.
    let is_here = |at: &Place| {
        let project = at.project == place.project || place.target == Target::Cdn;
        at.target == place.target && at.site == place.site && project
    };
    let same = |action: &Action| matches!(action, Action::Bind { key, place: at, .. } if key.cloud == *cloud && is_here(at));
    let planned = draft.plan.now.iter().find(|step| same(&step.action));
    let planned = planned.map(|step| step.subject.name());
    let under_way = || {
        let open =
            draft.memory.open().filter(|(action, _)| same(action)).map(|(_, by)| &by.subject);
        open.into_iter().find(|by| draft.observed.in_flight.contains(by)).map(|by| by.name())
    };
    planned.or_else(under_way).filter(|other| *other != name).cloned()
}
