//! What no clean-up may take: gathered once a plan, so that thousands of entries do not ask each other.

use std::collections::{HashMap, HashSet};

use super::action::ImportKey;
use super::memory::Memory;
use super::observed::{BoundSeen, Handshake, Observed, TargetSeen};
use crate::model::digest::Sha256;
use crate::model::names::Name;

/// What some entry lives by, or may have to go back to.
#[derive(Debug)]
pub(super) struct Needed<'a> {
    newest: HashSet<&'a ImportKey>,
    /// On a disk, at a place or in a handshake of any entry in this look.
    seen: HashSet<Sha256>,
    fallen_back_to: HashSet<Sha256>,
    unproven: HashMap<Sha256, HashSet<&'a Name>>,
}

impl<'a> Needed<'a> {
    /// Gathers it from this look and the memory.
    pub fn of(observed: &Observed, memory: &'a Memory) -> Self {
        let mut unproven: HashMap<_, HashSet<_>> = HashMap::new();
        for (leaf, name) in memory.unproven() {
            unproven.entry(leaf).or_default().insert(name);
        }
        let disks = observed.certificates.iter().filter_map(|seen| seen.local.as_ref().ok());
        let targets = observed.certificates.iter().flat_map(|seen| &seen.targets);
        let seen = disks.map(|leaf| leaf.sha256).chain(targets.flat_map(shown)).collect();
        Self {
            newest: memory.all_newest().map(|(_, key)| key).collect(),
            seen,
            fallen_back_to: memory.fallen_back_to().collect(),
            unproven,
        }
    }

    /// Whether this leaf is needed although the entry of this name has proven a better one.
    pub fn by_others_than(&self, name: &Name, key: &ImportKey) -> bool {
        let unproven = self.unproven.get(&key.leaf);
        self.newest.contains(key)
            || self.seen.contains(&key.leaf)
            || self.fallen_back_to.contains(&key.leaf)
            || unproven.is_some_and(|names| names.iter().any(|of| *of != name))
    }
}

/// The leaves at a target's places, and in handshakes.
fn shown(target: &TargetSeen) -> Vec<Sha256> {
    let bound = target.sites.iter().flat_map(|site| match &site.bound {
        BoundSeen::Slots { slots, .. } => slots.as_slice(),
        BoundSeen::NotAsked | BoundSeen::Unknown(_) => &[],
    });
    let bound = bound.filter_map(|slot| Some(slot.leaf.as_ref()?.sha256));
    let served = target.probes.iter().filter_map(|probe| match &probe.handshake {
        Handshake::Served { sha256, .. } => Some(*sha256),
        _ => None,
    });
    bound.chain(served).collect()
}
