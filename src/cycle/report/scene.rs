//! What the log remembers of the last look, beside the journal's memory: what lay on the disk, what
//! is proven by handshakes, and which places went back.

use std::collections::{BTreeMap, BTreeSet};

use super::files::Files;
use crate::model::digest::Sha256;
use crate::model::names::{Name, Subject};
use crate::model::place::Place;
use crate::model::target::Target;
use crate::model::time::Time;
use crate::plan::action::{Action, Fact};
use crate::plan::memory::Memory;
use crate::plan::observed::Observed;

/// The last look at each certificate.
#[derive(Debug, Default)]
pub(super) struct Scene {
    /// When that was.
    pub now: Time,
    /// The CA files.
    pub files: Files,
    leaves: BTreeMap<Name, Sha256>,
    probed: BTreeMap<Name, BTreeSet<(Target, String)>>,
    backs: BTreeMap<Name, BTreeMap<Place, Back>>,
}

/// A place that went back.
#[derive(Debug)]
struct Back {
    rejected: Sha256,
    former: Sha256,
}

impl Scene {
    pub fn take(&mut self, observed: &Observed, memory: &Memory) {
        self.now = observed.now;
        for seen in &observed.cas {
            self.files.take(seen, memory, observed.now);
        }
        for seen in &observed.certificates {
            self.probed.remove(&seen.name);
            self.backs.remove(&seen.name);
            match &seen.local {
                Ok(leaf) => self.leaves.insert(seen.name.clone(), leaf.sha256),
                Err(_) => self.leaves.remove(&seen.name),
            };
            for target in &seen.targets {
                if !target.probes.is_empty() {
                    let probed = self.probed.entry(seen.name.clone()).or_default();
                    probed.insert((target.target, target.project.clone()));
                }
                for place in target.sites.iter().map(|site| target.place(&site.site)) {
                    let Some(fallback) = memory.fallback(&seen.name, &place) else { continue };
                    let Some(former) = fallback.former.leaf else { continue };
                    let back = Back { rejected: fallback.rejected, former: former.sha256 };
                    self.backs.entry(seen.name.clone()).or_default().insert(place, back);
                }
            }
        }
    }

    /// Takes in that a place goes back, which the memory did not know when it was looked at.
    pub fn learn(&mut self, subject: &Subject, action: &Action, fact: &Fact) {
        if let (Action::Bind { key, place, .. }, Fact::RolledBack { former }) = (action, fact)
            && let Some(former) = former.leaf
        {
            let back = Back { rejected: key.leaf, former: former.sha256 };
            self.backs.entry(subject.name().clone()).or_default().insert(Place::clone(place), back);
        }
    }

    /// The leaf on this disk, where there is one fit to be sent.
    pub fn leaf(&self, name: &Name) -> Option<&Sha256> {
        self.leaves.get(name)
    }

    /// Whether handshakes prove what is served from there.
    pub fn is_probed(&self, name: &Name, place: &Place) -> bool {
        let at = (place.target, place.project.clone());
        self.probed.get(name).is_some_and(|probed| probed.contains(&at))
    }

    /// The leaf that this one takes the place of again because it was not served: the one on this
    /// disk still.
    pub fn rejected_for(&self, name: &Name, place: &Place, leaf: &Sha256) -> Option<Sha256> {
        let back = self.backs.get(name)?.get(place)?;
        let holds = back.former == *leaf && self.leaf(name) == Some(&back.rejected);
        holds.then_some(back.rejected)
    }
}
