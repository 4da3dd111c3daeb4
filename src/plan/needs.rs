//! What the planner needs to see before it can decide: so that what the journal has settled is not
//! asked for again and again.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use super::action::{Action, ImportKey};
use super::memory::{Effect, Memory, State};
use super::observed::SwitchSeen;
use super::pauses::is_paused;
use super::sight::{Sighting, Spot, Verdict};
use super::ssl;
use crate::model::digest::Sha256;
use crate::model::failure::Kind;
use crate::model::names::Name;
use crate::model::place::{InstanceProbe, Place, Protocol};
use crate::model::target::Target;
use crate::model::time::Time;

/// Every settled import is looked at again within this time. Spread over it, so that no cycle
/// asks for all.
const RECHECK_WITHIN: Duration = Duration::from_secs(24 * 60 * 60);

/// So long after an import became known it is asked once whether it is the only one: by then every list
/// shows what another host has imported at the same time.
const COUNT_AFTER: Duration = Duration::from_secs(60 * 60);

/// How the certificate manager must be asked for an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportNeed {
    /// Not at all: it is known, and was confirmed not long ago.
    Nothing,
    /// Known, and due to be confirmed under this id.
    Confirm(String),
    /// As before, and others of the same leaf are looked for, once: two hosts that do not see each other's
    /// imports yet make two.
    Count(String),
    /// Unknown: it must be looked for by name.
    Find,
}

/// How to look for this import.
pub fn import(key: &ImportKey, memory: &Memory, now: Time) -> ImportNeed {
    let effect = memory.effect(&Action::Import { key: key.clone() });
    match effect {
        Some(effect @ Effect { state: State::Done | State::Seen, id: Some(id), .. }) => {
            let age = now.since(memory.since(effect, now));
            // Either way round: the clock may have been set back since.
            let apart = effect.at.since(effect.begun).max(effect.begun.since(effect.at));
            let counted = apart >= COUNT_AFTER;
            match counted {
                false if age >= COUNT_AFTER => ImportNeed::Count(id.clone()),
                _ if age >= recheck_after(key) || memory.is_missed(key, effect.seq) => {
                    ImportNeed::Confirm(id.clone())
                }
                _ => ImportNeed::Nothing,
            }
        }
        _ => ImportNeed::Find,
    }
}

/// Whether an import that stands nowhere is all there is to decide, whatever the targets show: nobody has tried
/// it, and none that came later is known. Of an entry that is paused it may stand nowhere for weeks, in which the
/// rest is looked at.
pub fn import_alone(name: &Name, key: &ImportKey, memory: &Memory, now: Time) -> bool {
    !is_paused(name, memory, now)
        && memory.effect(&Action::Import { key: key.clone() }).is_none()
        && memory.newest(name).is_none_or(|newest| newest.issued <= key.issued)
}

/// Whether any of an entry's own pushes of this leaf is not known to stand, so that an old list will
/// not do. `pushes` are its services, each with the project's name.
pub fn fresh_lists(key: &ImportKey, pushes: &[(Target, &str)], memory: &Memory) -> bool {
    pushes.iter().any(|(target, project)| {
        let push = memory.push(key, *target, project);
        push.is_none_or(|push| push.state != State::Seen)
    })
}

/// Within this time of its own import nobody else can have pushed a leaf unseen, so that a list from before the import
/// shows as well as a new one that its copy is still to come.
pub const JUST_IMPORTED: Duration = Duration::from_secs(60);

/// Whether this host has just imported the leaf, which nobody had before, and has not begun to push it: what follows is
/// its pushes. What another host has imported, it may have pushed as well.
pub fn pushes_alone(
    key: &ImportKey,
    pushes: &[(Target, &str)],
    memory: &Memory,
    now: Time,
) -> bool {
    let import = memory.effect(&Action::Import { key: key.clone() });
    let just = |import: &Effect| {
        import.state == State::Done && now.since(memory.since(import, now)) < JUST_IMPORTED
    };
    import.is_some_and(just)
        && pushes.iter().all(|(target, project)| memory.push(key, *target, project).is_none())
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

/// And what was not as wanted after this long: often enough to see it mended, seldom enough that a hundred
/// failed connections, for which MySQL locks a host out, take days.
pub const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(60 * 60);

/// The last handshake with an instance, when it was made with exactly these published CAs (sorted).
pub fn judged<'m>(
    name: &Name,
    probe: &str,
    published: &[Sha256],
    memory: &'m Memory,
) -> Option<&'m Sighting> {
    let known = memory.authorities(name).filter(|known| known.published == published)?;
    let sighting = memory.sighting(name, &Spot::Instance { probe: probe.to_owned() })?;
    (sighting.seq > known.published_seq).then_some(sighting)
}

/// The published CAs (sorted) for which no handshake is needed, because one was made with them not long
/// ago; absent: one is needed whatever is published.
pub fn proven(
    name: &Name,
    probe: &InstanceProbe,
    memory: &Memory,
    now: Time,
) -> Option<Vec<Sha256>> {
    if probe.protocol != Protocol::MySql {
        return None;
    }
    let published = memory.authorities(name)?.published.clone();
    let sighting = judged(name, &probe.probe.text, &published, memory)?;
    let lasts = if sighting.sight.verdict == Verdict::Served {
        PROVE_AGAIN_AFTER
    } else {
        LOOK_AGAIN_AFTER
    };
    (now.since(memory.seen_at(sighting, now)) < lasts).then_some(published)
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
pub fn switch(seen: &SwitchSeen, memory: &Memory, now: Time) -> SwitchNeed {
    let effect = |on| memory.effect(&ssl::action(seen, on));
    let (wanted, other) = (effect(seen.on), effect(!seen.on));
    let job = [wanted, other].into_iter().flatten().find(|effect| effect.state == State::Done);
    // An answer that was lost is told by the list alone.
    let doubtful = |it: &Effect| matches!(it.state, State::Open | State::Doubt(_));
    let settled = ![wanted, other].into_iter().flatten().any(doubtful)
        && ssl::is_settled(seen, wanted, other);
    // Somebody switched it back, and an operator asks for another try.
    let settled = settled && !is_asked_back(seen, wanted, memory);
    let moved = [wanted, other].into_iter().flatten().max_by_key(|effect| effect.seq);
    SwitchNeed {
        job: job.and_then(|effect| effect.id.clone()),
        jobs: job.is_none() && !settled,
        greeting: is_greeting_due(seen, moved, settled, memory, now),
    }
}

fn is_asked_back(seen: &SwitchSeen, wanted: Option<&Effect>, memory: &Memory) -> bool {
    let (Some(probe), Some(wanted)) = (seen.probe.clone(), wanted) else { return false };
    let sighting = memory.sighting(&seen.name, &Spot::Greeting { probe });
    let back = sighting.is_some_and(|it| it.seq > wanted.seq && it.sight.verdict == Verdict::Wrong);
    back && memory.asked_retry(&seen.name).is_some_and(|asked| asked.seq > wanted.seq)
}

/// Whether the greeting must be read: nobody has since something moved or an operator asked, or that was
/// long ago. Each reading counts against this host, so that it is not read at every look.
fn is_greeting_due(
    seen: &SwitchSeen,
    moved: Option<&Effect>,
    settled: bool,
    memory: &Memory,
    now: Time,
) -> bool {
    let Some(probe) = seen.probe.clone() else { return false };
    let Some(sighting) = memory.sighting(&seen.name, &Spot::Greeting { probe }) else {
        return true;
    };
    let asked = memory.asked_retry(&seen.name).is_some_and(|asked| asked.seq > sighting.seq);
    let at = memory.seen_at(sighting, now);
    let every = match moved {
        Some(moved) if moved.seq > sighting.seq => Duration::ZERO,
        // A switch that the greeting does not show, or not yet: twice as long each time.
        Some(moved) if is_endless(moved) => {
            at.since(memory.since(moved, now)).clamp(FIRST_LOOK_AGAIN, LOOK_AGAIN_AFTER)
        }
        _ if settled && sighting.sight.verdict == Verdict::Served => PROVE_AGAIN_AFTER,
        _ if settled || is_idle(seen, moved, memory, now) => LOOK_AGAIN_AFTER,
        // A switch is about to be sent, which is not done on what was read before.
        _ => Duration::ZERO,
    };
    asked || now.since(at) >= every
}

/// Whether a switch was sent and its end is not known.
pub(super) fn is_endless(effect: &Effect) -> bool {
    matches!(effect.state, State::Open | State::Doubt(_) | State::Done)
}

/// Whether nothing is sent whatever the greeting says.
fn is_idle(seen: &SwitchSeen, moved: Option<&Effect>, memory: &Memory, now: Time) -> bool {
    let open = seen.window.as_ref().is_none_or(|window| window.opens(now.to_utc()) <= now.to_utc());
    let asked = memory.asked_retry(&seen.name);
    let refused = moved.is_some_and(|it| {
        let kinds = [Kind::Permanent, Kind::Operator];
        let refused = matches!(&it.state, State::Failed(failure) if kinds.contains(&failure.kind));
        refused && asked.is_none_or(|asked| asked.seq < it.seq)
    });
    !seen.allow_restart || !open || refused || is_paused(&seen.name, memory, now)
}

/// How soon a greeting is read again that does not show what a job has done.
pub(super) const FIRST_LOOK_AGAIN: Duration = Duration::from_secs(2);

/// When a settled thing is looked at again: after twelve hours to a day, the same for one thing each time, so that no
/// cycle asks for all.
pub fn recheck_after(key: &impl Hash) -> Duration {
    let mut hasher = std::hash::DefaultHasher::new();
    key.hash(&mut hasher);
    let part = u32::try_from(hasher.finish() % 1000).unwrap_or(0);
    RECHECK_WITHIN / 2 + RECHECK_WITHIN / 2 * part / 1000
}
