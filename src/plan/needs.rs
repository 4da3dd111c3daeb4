//! What the planner needs to see before it can decide: so that what the journal has settled is not
//! asked for again and again.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use super::action::{Action, ImportKey};
use super::memory::{Effect, Memory, State};
use super::sight::{Spot, Verdict};
use crate::model::digest::Sha256;
use crate::model::names::Name;
use crate::model::place::{InstanceProbe, Place, Protocol};
use crate::model::target::Target;
use crate::model::time::Time;

/// Every settled import is looked at again within this time. Spread over it, so that no cycle
/// asks for all.
const RECHECK_WITHIN: Duration = Duration::from_secs(24 * 60 * 60);

/// How the certificate manager must be asked for an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportNeed {
    /// Not at all: it is known, and was confirmed not long ago.
    Nothing,
    /// Known, and due to be confirmed under this id.
    Confirm(String),
    /// Unknown: it must be looked for by name.
    Find,
}

/// How to look for this import.
pub fn import(key: &ImportKey, memory: &Memory, now: Time) -> ImportNeed {
    let effect = memory.effect(&Action::Import { key: key.clone() });
    match effect {
        Some(effect @ Effect { state: State::Done | State::Seen, id: Some(id), .. }) => {
            let aged = now.since(memory.since(effect, now)) >= recheck_after(key);
            if aged || memory.is_missed(key, effect.seq) {
                ImportNeed::Confirm(id.clone())
            } else {
                ImportNeed::Nothing
            }
        }
        _ => ImportNeed::Find,
    }
}

/// Whether any of an entry's own pushes of this leaf is not known to stand, so that an old list will
/// not do. `pushes` are its services, each with the project's name.
pub fn fresh_lists(key: &ImportKey, pushes: &[(Target, &str)], memory: &Memory) -> bool {
    pushes.iter().any(|(target, project)| {
        let push = memory.push(key, *target, project);
        push.is_none_or(|push| push.state != State::Seen)
    })
}

/// Whether the leaf on disk is not known to be bound at one of these places, so that an old list
/// will not do there either.
pub fn fresh_places(name: &Name, key: &ImportKey, places: &[Place], memory: &Memory) -> bool {
    places.iter().any(|place| {
        let known = memory.sighting(name, &Spot::Site(place.clone())).map(|known| &known.sight);
        !known.is_some_and(|sight| {
            sight.verdict == Verdict::Served
                && sight.leaf.is_some_and(|leaf| leaf.sha256 == key.leaf)
        })
    })
}

/// Whether imports under this entry's name must be looked for: the journal knows of none, so it
/// cannot tell an older leaf from a newer one.
pub fn named(name: &Name, memory: &Memory) -> bool {
    memory.newest(name).is_none()
}

/// The former leaves of an entry that were imported, the one on disk left out: what copies of them
/// are there, and who uses those, decides about cleaning up.
pub fn former(name: &Name, key: &ImportKey, memory: &Memory) -> BTreeSet<Sha256> {
    memory.leaves(name).map(|of| of.leaf).filter(|leaf| *leaf != key.leaf).collect()
}

/// Superseded imports that may have to go, each with the certificate manager's id: those beyond
/// `keep`; all of them where it is full.
pub fn superseded(
    name: &Name,
    key: &ImportKey,
    keep: usize,
    memory: &Memory,
) -> Vec<(ImportKey, String)> {
    let import = |key: &ImportKey| memory.effect(&Action::Import { key: key.clone() });
    let full = import(key).is_some_and(is_full);
    let standing = |of: &ImportKey| {
        let effect = import(of).filter(|it| matches!(it.state, State::Done | State::Seen))?;
        Some((of.clone(), effect.id.clone()?))
    };
    let older = memory.leaves(name).filter(|of| of.same_place(key) && of.issued < key.issued);
    let mut older: Vec<_> = older.filter_map(standing).collect();
    older.sort_by_key(|(of, _)| std::cmp::Reverse(of.issued));
    older.split_off(if full { 0 } else { keep.min(older.len()) })
}

/// The certificate manager's code for "quota reached" (its table of error codes).
const IMPORT_QUOTA: &str = "SCM.0011";

/// Whether an import failed because the certificate manager is full.
pub(super) fn is_full(effect: &Effect) -> bool {
    matches!(&effect.state, State::Failed(failure) if failure.code.as_deref() == Some(IMPORT_QUOTA))
}

/// A handshake with an instance is made again after this long even where nothing has changed: MySQL
/// counts each one as a failed connection of this host, and a proof must not grow old.
pub const PROVE_AGAIN_AFTER: Duration = Duration::from_secs(12 * 60 * 60);

/// Whether the last handshake with an instance verified with exactly these published CAs.
pub fn is_proven(name: &Name, probe: &str, published: &[Sha256], memory: &Memory) -> bool {
    let spot = Spot::Instance { probe: probe.to_owned() };
    let sighting = memory.sighting(name, &spot);
    sighting.is_some_and(|it| it.sight.verdict == Verdict::Served)
        && memory.authorities(name).is_some_and(|known| known.published == published)
}

/// The published CAs for which no handshake is needed, because one has verified with them not long ago;
/// absent: one is needed whatever is published.
pub fn proven(
    name: &Name,
    probe: &InstanceProbe,
    memory: &Memory,
    now: Time,
) -> Option<Vec<Sha256>> {
    if probe.protocol != Protocol::MySql {
        return None;
    }
    let spot = Spot::Instance { probe: probe.probe.text.clone() };
    let at = memory.seen_at(memory.sighting(name, &spot)?, now);
    let published = memory.authorities(name)?.published.clone();
    let lasts =
        now.since(at) < PROVE_AGAIN_AFTER && is_proven(name, &probe.probe.text, &published, memory);
    lasts.then_some(published)
}

/// How the task list and a job must be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SwitchNeed {
    /// The job to follow.
    pub job: Option<String>,
    /// Whether the task list must be read.
    pub jobs: bool,
    /// Whether the instance's greeting must be read, where there is a probe.
    pub greeting: bool,
}

/// How to look at a switch.
pub fn switch(
    name: &Name,
    cloud: &Name,
    instance_id: &str,
    on: bool,
    assume: Option<bool>,
    memory: &Memory,
    now: Time,
) -> SwitchNeed {
    let effect = |on| {
        let (cloud, instance_id) = (cloud.clone(), instance_id.to_owned());
        memory.effect(&Action::SwitchSsl { cloud, instance_id, on })
    };
    let (wanted, other) = (effect(on), effect(!on));
    let job = [wanted, other].into_iter().flatten().find(|effect| effect.state == State::Done);
    let settled = match (wanted, other) {
        (Some(Effect { state: State::Seen, seq, .. }), other) => {
            other.is_none_or(|other| match other.state {
                // Its answer was lost, and the list alone can tell what became of it.
                State::Open | State::Doubt(_) => false,
                State::Seen => other.seq < *seq,
                _ => true,
            })
        }
        (None, None) => assume == Some(on),
        _ => false,
    };
    // What is settled by the journal is compared with the instance now and then, and when an operator
    // asks for another try: somebody may switch.
    let aged = wanted.is_none_or(|it| now.since(memory.since(it, now)) >= PROVE_AGAIN_AFTER);
    let asked = memory
        .asked_retry(name)
        .is_some_and(|asked| wanted.is_none_or(|wanted| asked.seq > wanted.seq));
    SwitchNeed {
        job: job.and_then(|effect| effect.id.clone()),
        jobs: job.is_none() && !settled,
        greeting: !settled || aged || asked,
    }
}

/// Between half and all of [`RECHECK_WITHIN`], the same for one import each time.
fn recheck_after(key: &ImportKey) -> Duration {
    let mut hasher = std::hash::DefaultHasher::new();
    key.hash(&mut hasher);
    let part = u32::try_from(hasher.finish() % 1000).unwrap_or(0);
    RECHECK_WITHIN / 2 + RECHECK_WITHIN / 2 * part / 1000
}
