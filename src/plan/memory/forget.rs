//! What the memory lets go of, so that it grows with what there is and not with what there ever was.

use std::collections::BTreeSet;

use super::{Effect, Memory, State};
use crate::model::digest::Sha256;
use crate::model::time::Time;
use crate::plan::action::{Action, ImportKey};

impl Memory {
    /// Forgets leaves about which nothing has happened since `before` and that are over: neither their import nor a
    /// copy stands or may stand, no call for them is open or in doubt, and no entry has them as its newest, saw
    /// them at a place last or just before, may go back to them or went back from them. Were such a leaf met
    /// again, it would be one that certrotd has never had. Pauses that were over by then go too.
    pub fn forget(&mut self, before: Time) {
        let needed = self.needed_leaves();
        let stays = |(action, effect): &(&Action, &Effect)| {
            effect.at >= before || effect.begun >= before || may_stand(action, &effect.state)
        };
        let kept =
            self.effects.iter().filter(stays).filter_map(|(action, _)| action.key().cloned());
        let kept: BTreeSet<ImportKey> = kept.collect();
        let stays = |key: &ImportKey| needed.contains(&key.leaf) || kept.contains(key);
        self.effects.retain(|action, _| action.key().is_none_or(stays));
        self.leaves.retain(|_, leaves| leaves.retain(stays));
        self.pauses.retain(|_, pause| pause.until >= before);
    }

    fn needed_leaves(&self) -> BTreeSet<Sha256> {
        let seen = self.sightings.values().flat_map(|it| [Some(&it.sight), it.before.as_ref()]);
        let seen = seen.flatten().filter_map(|sight| Some(sight.leaf?.sha256));
        let newest = self.newest.values().map(|key| key.leaf);
        let left = self.fallbacks.values().map(|fallback| fallback.rejected);
        let allowed = self.allowed.values().copied();
        newest.chain(seen).chain(left).chain(allowed).chain(self.fallen_back_to()).collect()
    }
}

/// Whether there may be something in the cloud that a clean-up has to know of.
fn may_stand(action: &Action, state: &State) -> bool {
    match state {
        State::Open | State::Doubt(_) => true,
        State::Done | State::Seen => {
            matches!(action, Action::Import { .. } | Action::Push { .. })
        }
        State::Failed(_) | State::Gone => false,
    }
}

#[cfg(test)]
mod tests;
