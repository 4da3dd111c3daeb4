//! When what an entry stands for ends: who comes first where not all can come at once.

use std::time::Duration;

use crate::cert::LeafFacts;
use crate::config::{Certificate, Push};
use crate::model::names::Name;
use crate::model::time::Time;
use crate::plan::memory::Memory;
use crate::plan::sight::Spot;

/// How long a leaf lives of which nothing but its beginning is known: what most authorities give. Nothing but the
/// order among such leaves rests on it.
const LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// When the first of what clients get from this entry ends, by what was last seen at its places and probes. Where
/// nothing was seen, the import that stands: it lives as long as its successor, if that is known. `leaf` is the one on
/// the disk, which counts where nothing else does: nothing of it is served, so nothing can end before.
pub(super) fn ends(entry: &Certificate, leaf: Option<&LeafFacts>, memory: &Memory) -> Option<Time> {
    let pushes = entry.pushes.iter();
    let served = pushes.flat_map(spots).filter_map(|spot| seen_at(&entry.name, &spot, memory));
    served.min().or_else(|| {
        let Some(newest) = memory.newest(&entry.name) else { return leaf.map(|it| it.not_after) };
        let known = leaf.map(|leaf| leaf.not_after.since(leaf.not_before));
        Some(newest.issued + known.unwrap_or(LIFE))
    })
}

fn seen_at(name: &Name, spot: &Spot, memory: &Memory) -> Option<Time> {
    memory.sighting(name, spot)?.sight.leaf?.ends
}

fn spots(push: &Push) -> impl Iterator<Item = Spot> {
    let probes = push.probes.iter().map(|probe| Spot::Probe {
        target: push.target,
        project: push.project.clone(),
        probe: probe.text.clone(),
    });
    push.places().map(Spot::Site).chain(probes)
}
