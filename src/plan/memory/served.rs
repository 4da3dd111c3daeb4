//! What is remembered of where a certificate stands: leaves, places, handshakes.

use super::{Effect, Leaves, Memory, State};
use crate::model::digest::Sha256;
use crate::model::failure::Kind;
use crate::model::names::{Name, Subject};
use crate::model::place::Place;
use crate::model::target::Target;
use crate::model::time::Time;
use crate::plan::action::{Action, ImportKey, Retired};
use crate::plan::sight::{Sight, Sighting, Spot, Verdict};

/// A place that went back from a leaf which was not served.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fallback {
    /// The leaf that was bound and not served.
    pub rejected: Sha256,
    /// What stood there before, and shall stand there until there is another leaf.
    pub former: Sight,
    /// The line that says so.
    pub seq: u64,
}

impl Memory {
    /// Every leaf that was ever imported for this entry, with its import.
    pub fn leaves(&self, name: &Name) -> impl Iterator<Item = &ImportKey> {
        self.leaves.get(name).into_iter().flat_map(Leaves::iter)
    }

    /// Whether this leaf was ever imported for this entry.
    pub fn is_of(&self, name: &Name, leaf: &Sha256) -> bool {
        self.leaves.get(name).is_some_and(|leaves| leaves.contains(leaf))
    }

    /// What was last seen there for this entry.
    pub fn sighting(&self, name: &Name, spot: &Spot) -> Option<&Sighting> {
        self.sightings.get(&(name.clone(), spot.clone()))
    }

    /// When that was written down, never after `now`.
    pub fn seen_at(&self, sighting: &Sighting, now: Time) -> Time {
        self.not_after(now, sighting.at, sighting.seq)
    }

    /// Since when that has been so, never after `now`: rather too late than too soon.
    pub fn seen_since(&self, sighting: &Sighting, now: Time) -> Time {
        if sighting.since <= now { sighting.since } else { self.seen_at(sighting, now) }
    }

    /// Every leaf that some place has gone back to.
    pub fn fallen_back_to(&self) -> impl Iterator<Item = Sha256> {
        self.fallbacks.values().filter_map(|fallback| Some(fallback.former.leaf?.sha256))
    }

    /// Every leaf that an entry was last seen to serve, or to have served just before, and to serve
    /// nothing better yet: it may have to be bound again. Each with that entry.
    pub fn unproven(&self) -> impl Iterator<Item = (Sha256, &Name)> {
        let unproven = self.sightings.iter().filter(|(_, it)| it.sight.verdict != Verdict::Served);
        unproven.flat_map(|((name, _), sighting)| {
            let sights = [Some(&sighting.sight), sighting.before.as_ref()];
            let leaves = sights.into_iter().flatten().filter_map(|sight| sight.leaf);
            leaves.map(move |leaf| (leaf.sha256, name))
        })
    }

    /// Whether this place went back from a leaf, and what to.
    pub fn fallback(&self, name: &Name, place: &Place) -> Option<&Fallback> {
        self.fallbacks.get(&(name.clone(), place.clone()))
    }

    /// The push of this leaf to a service and project, whatever import it was made from: one that
    /// stands, where there is one.
    pub fn push(&self, key: &ImportKey, target: Target, project: &str) -> Option<&Effect> {
        let pushes = self.effects.range(first_push(key)..);
        let pushes = pushes.take_while(|(action, _)| is_push_of(action, key));
        let pushes = pushes.filter(|(action, _)| is_push_to(action, target, project));
        let stands = |effect: &Effect| matches!(effect.state, State::Done | State::Seen);
        pushes.map(|(_, effect)| effect).max_by_key(|effect| (stands(effect), effect.seq))
    }

    /// Every binding of this leaf at this place that was begun.
    pub fn bindings(
        &self,
        key: &ImportKey,
        place: &Place,
    ) -> impl Iterator<Item = (&Action, &Effect)> {
        let (id, instead_of) = (String::new(), Vec::new());
        let first = Action::Bind { key: key.clone(), place: place.clone().into(), id, instead_of };
        let (key, place) = (key.clone(), place.clone());
        self.effects.range(first..).take_while(move |(action, _)| {
            matches!(action, Action::Bind { key: of, place: at, .. } if *of == key && **at == place)
        })
    }

    /// Whether something that needs this leaf's import was answered "not found" since that line: somebody
    /// may have deleted it.
    pub fn is_missed(&self, key: &ImportKey, since: u64) -> bool {
        let of_it = |action: &Action| match action {
            Action::Push { key: of, .. } | Action::Bind { key: of, .. } => of == key,
            _ => false,
        };
        let pushes = self.effects.range(first_push(key)..).take_while(|(action, _)| of_it(action));
        let (place, id) = (
            Place { target: Target::Elb, project: String::new(), site: String::new() },
            String::new(),
        );
        let first =
            Action::Bind { key: key.clone(), place: place.into(), id, instead_of: Vec::new() };
        let bindings = self.effects.range(first..).take_while(|(action, _)| of_it(action));
        let missing = |effect: &Effect| matches!(&effect.state, State::Failed(failure) if failure.kind == Kind::NotFound);
        pushes.chain(bindings).any(|(_, effect)| effect.seq > since && missing(effect))
    }

    /// Every deletion that was begun for this entry.
    pub fn retirements(&self, name: &Name) -> impl Iterator<Item = (&Action, &Effect)> {
        let leaves = self.leaves(name);
        leaves.flat_map(|key| {
            let what = Retired::Import { scm_id: String::new() };
            let first = Action::Retire { key: key.clone(), what };
            self.effects.range(first..).take_while(
                move |(action, _)| matches!(action, Action::Retire { key: of, .. } if of == key),
            )
        })
    }

    /// Whether an operator let this leaf go although something newer is in place.
    pub fn is_allowed(&self, name: &Name, leaf: &Sha256) -> bool {
        self.allowed.get(name) == Some(leaf)
    }

    pub(super) fn saw(&mut self, at: Time, subject: &Subject, spot: &Spot, sight: &Sight) {
        let seq = self.clock.lines;
        if let (Spot::Site(place), Verdict::Served) = (spot, sight.verdict) {
            self.forget_fallback(subject, place, sight);
        }
        self.sightings
            .entry((subject.name().clone(), spot.clone()))
            .and_modify(|sighting| sighting.take(sight.clone(), at, seq))
            .or_insert_with(|| Sighting::first(sight.clone(), at, seq));
    }

    pub(super) fn fall_back(&mut self, subject: &Subject, action: &Action, former: &Sight) {
        let Action::Bind { key, place, .. } = action else { return };
        let fallback =
            Fallback { rejected: key.leaf, former: former.clone(), seq: self.clock.lines };
        self.fallbacks.insert((subject.name().clone(), Place::clone(place)), fallback);
    }

    /// Another leaf than the two of a fallback is served with: what went before is over.
    fn forget_fallback(&mut self, subject: &Subject, place: &Place, sight: &Sight) {
        let spot = (subject.name().clone(), place.clone());
        let leaf = sight.leaf.map(|leaf| leaf.sha256);
        let over = self.fallbacks.get(&spot).is_some_and(|fallback| {
            let former = fallback.former.leaf.map(|former| former.sha256);
            leaf.is_some() && leaf != Some(fallback.rejected) && leaf != former
        });
        if over {
            self.fallbacks.remove(&spot);
        }
    }

    /// What was deleted does not stand any more. What has been made again since under another id does.
    pub(super) fn retired(&mut self, at: Time, action: &Action) {
        let Action::Retire { key, what } = action else { return };
        let seq = self.clock.lines;
        let gone = |effect: &mut Effect, id: &String| {
            // One that is under way again, or in doubt, has the former one's id until it has its own.
            let stands = !matches!(effect.state, State::Open | State::Doubt(_));
            if stands && effect.id.as_ref().is_none_or(|known| known == id) {
                (effect.state, effect.at, effect.seq) = (State::Gone, at, seq);
            }
        };
        match what {
            Retired::Import { scm_id } => {
                let import = self.effects.get_mut(&Action::Import { key: key.clone() });
                import.into_iter().for_each(|effect| gone(effect, scm_id));
            }
            Retired::Copy { target, project, id } => {
                let pushes = self.effects.range_mut(first_push(key)..);
                let pushes = pushes.take_while(|(action, _)| is_push_of(action, key));
                let pushes = pushes.filter(|(action, _)| is_push_to(action, *target, project));
                pushes.for_each(|(_, effect)| gone(effect, id));
            }
        }
    }
}

/// The least of a leaf's pushes, in the order of effects.
fn first_push(key: &ImportKey) -> Action {
    let (scm_id, project) = (String::new(), String::new());
    Action::Push { key: key.clone(), scm_id, target: Target::Elb, project }
}

fn is_push_of(action: &Action, key: &ImportKey) -> bool {
    matches!(action, Action::Push { key: of, .. } if of == key)
}

fn is_push_to(action: &Action, to: Target, at: &str) -> bool {
    matches!(action, Action::Push { target, project, .. } if *target == to && project == at)
}
