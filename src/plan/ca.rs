//! One CA file: what the instance publishes goes into the file, what it published before stays beside
//! it for a while, and then its command runs.

use std::collections::BTreeSet;

use super::action::{Action, Because, Fact};
use super::hold::Hold;
use super::memory::{Effect, State};
use super::observed::{CaSeen, FileSeen, InstanceSeen, Proof};
use super::sight::{Sight, Spot, Verdict};
use super::{Draft, Lesson, gate, needs};
use crate::cert::{CaBundle, CaFacts};
use crate::model::digest::Sha256;
use crate::model::failure::Kind;
use crate::model::names::Subject;
use crate::model::time::Time;

pub(super) fn plan(seen: &CaSeen, draft: &mut Draft<'_>) {
    let subject = Subject::Ca(seen.name.clone());
    if draft.observed.in_flight.contains(&subject) {
        return draft.hold(&subject, Hold::InFlight, None);
    }
    if let FileSeen::Unknown(failure) = &seen.file {
        return draft.hold(&subject, Hold::Unseen { failure: failure.clone() }, None);
    }
    match &seen.published {
        Ok(published) => keep_up(seen, &subject, published, draft),
        Err(failure) => {
            let failure = failure.clone();
            let until = failure.wait.map(|wait| draft.observed.now + wait);
            let why = match failure.kind {
                Kind::Unusable => Hold::CaRejected { failure },
                _ => Hold::Unseen { failure },
            };
            draft.hold(&subject, why, until);
            // The cloud's trouble is no reason to keep clients on the CA that they have loaded.
            if let FileSeen::Holds { sha256, .. } = seen.file {
                hook(seen, &subject, sha256, draft);
            }
        }
    }
}

fn keep_up(seen: &CaSeen, subject: &Subject, published: &CaBundle, draft: &mut Draft<'_>) {
    let (inside, fits) = match &seen.file {
        FileSeen::Holds { authorities, fits, .. } => (authorities.as_slice(), *fits),
        FileSeen::Absent | FileSeen::Unknown(_) => (&[][..], true),
    };
    let (now, fresh) = (draft.observed.now, fingerprints(&published.certificates));
    let is_former = |it: &&CaFacts| !fresh.contains(&it.sha256) && now <= it.not_after;
    let former: Vec<_> = inside.iter().filter(is_former).collect();
    remember(subject, fresh.clone(), former.iter().map(|it| it.sha256).collect(), draft);
    let proven = prove(seen, subject, &fresh, !former.is_empty(), draft);
    let staying =
        |it: &CaFacts| (!proven).then_some(None).or_else(|| stays(seen, it, draft).map(Some));
    let staying: Vec<_> =
        former.into_iter().filter_map(|it| Some((it.clone(), staying(it)?))).collect();
    let beside = staying.iter().map(|(it, _)| it.clone());
    let all: Vec<_> = published.certificates.iter().cloned().chain(beside).collect();
    let same = set(&all) == set(inside);
    // Equal sets are equal whatever their order: an instance that shuffles its CAs changes nothing.
    let wanted = CaBundle::of(if same { inside.to_vec() } else { all });
    if !same || !fits {
        return install(seen, subject, &wanted, because(seen, &fresh, same, now), draft);
    }
    for (authority, until) in
        staying.into_iter().filter_map(|(it, until)| Some((it.subject, until?)))
    {
        draft.hold(subject, Hold::Overlapping { authority, until }, Some(until));
    }
    settled(seen, subject, &wanted, draft);
}

/// Until when a former CA stays; nothing when it has stood for long enough.
fn stays(seen: &CaSeen, former: &CaFacts, draft: &Draft<'_>) -> Option<Time> {
    let now = draft.observed.now;
    let since = draft.memory.former_since(&seen.name, &former.sha256, now).unwrap_or(now);
    let until = since + seen.overlap;
    // It expires on the way, and leaves then.
    (now < until).then(|| until.min(former.not_after))
}

/// Writes down what is published and what stands beside it, where that is news: the overlap counts
/// from that line.
fn remember(subject: &Subject, published: Vec<Sha256>, former: Vec<Sha256>, draft: &mut Draft<'_>) {
    let known = draft.memory.authorities(subject.name());
    if !known.is_some_and(|known| known.published == published && known.former().eq(&former)) {
        let subject = subject.clone();
        draft.plan.learned.push(Lesson::Authorities { subject, published, former });
    }
}

/// Whether the published CA alone is enough to connect to the instance, as far as anybody asked for
/// that to be proven. Says what is wrong where it is not.
fn prove(
    seen: &CaSeen,
    subject: &Subject,
    published: &[Sha256],
    has_former: bool,
    draft: &mut Draft<'_>,
) -> bool {
    let Some(InstanceSeen { probe, proof }) = &seen.instance else { return true };
    let spot = Spot::Instance { probe: probe.clone() };
    let known = draft.memory.sighting(&seen.name, &spot).cloned();
    let last = known.as_ref().and_then(|known| known.sight.leaf);
    let (verdict, leaf, why) = match proof {
        Proof::NotAsked => {
            return needs::is_proven(&seen.name, probe, published, draft.memory);
        }
        Proof::Verified(leaf) => (Verdict::Served, Some(*leaf), None),
        Proof::Refused { leaf, failure } => {
            let (probe, failure) = (probe.clone(), failure.clone());
            (Verdict::Wrong, *leaf, Some(Hold::Unproven { probe, failure, keeps: has_former }))
        }
        // Its end is to be feared although it cannot be seen just now.
        Proof::Unreachable(failure) => {
            let (probe, failure) = (probe.clone(), failure.clone());
            (Verdict::Unreachable, last, Some(Hold::Unreachable { probe, failure }))
        }
    };
    let sight = Sight { verdict, leaf, id: None, neither: false };
    let now = draft.observed.now;
    let is_news = known.is_none_or(|known| {
        let aged = now.since(draft.memory.seen_at(&known, now)) >= needs::PROVE_AGAIN_AFTER;
        known.sight != sight || aged
    });
    if is_news {
        draft.saw(subject, spot, sight);
    }
    let proven = why.is_none();
    if let Some(why) = why {
        draft.hold(subject, why, None);
    }
    proven
}

fn because(seen: &CaSeen, published: &[Sha256], same: bool, now: Time) -> Because {
    let FileSeen::Holds { authorities, .. } = &seen.file else { return Because::CaMissing };
    let held = fingerprints(authorities);
    match () {
        () if same => Because::FileExposed,
        () if !published.iter().all(|it| held.contains(it)) => Because::CaChanged,
        () if authorities.iter().any(|it| it.not_after < now) => Because::CaExpired,
        () => Because::OverlapOver,
    }
}

fn install(
    seen: &CaSeen,
    subject: &Subject,
    wanted: &CaBundle,
    because: Because,
    draft: &mut Draft<'_>,
) {
    let action = action(seen, wanted);
    match gate::failed(subject, &action, draft.memory, draft.observed, None) {
        Some((why, until)) => draft.hold(subject, why, until),
        None => draft.step(subject, action, because),
    }
}

/// The file holds what it shall.
fn settled(seen: &CaSeen, subject: &Subject, wanted: &CaBundle, draft: &mut Draft<'_>) {
    let known = draft.memory.installed(&seen.name, &wanted.sha256);
    let action = action(seen, wanted);
    match known.map(|effect| &effect.state) {
        Some(State::Done | State::Seen) => hook(seen, subject, wanted.sha256, draft),
        // Killed between the rename and its journal line: ours, and its command is still due.
        Some(_) => draft.learn(subject, action, Fact::Done { id: None }),
        None => draft.learn(subject, action, Fact::Seen { id: None }),
    }
}

/// Runs the command once for bytes that we put there.
fn hook(seen: &CaSeen, subject: &Subject, sha256: Sha256, draft: &mut Draft<'_>) {
    let name = seen.name.clone();
    let Some(Effect { state: State::Done, begun_seq, .. }) = draft.memory.installed(&name, &sha256)
    else {
        return;
    };
    let action = Action::RunHook { name, sha256 };
    let ran = draft.memory.effect(&action).is_some_and(|hook| {
        matches!(hook.state, State::Done | State::Seen) && hook.begun_seq > *begun_seq
    });
    if !seen.has_hook || ran {
        return;
    }
    match gate::failed(subject, &action, draft.memory, draft.observed, None) {
        Some((why, until)) => draft.hold(subject, why, until),
        None => draft.step(subject, action, Because::HookDue),
    }
}

fn action(seen: &CaSeen, wanted: &CaBundle) -> Action {
    let authorities = fingerprints(&wanted.certificates);
    Action::InstallCa { name: seen.name.clone(), sha256: wanted.sha256, authorities }
}

fn fingerprints(authorities: &[CaFacts]) -> Vec<Sha256> {
    authorities.iter().map(|it| it.sha256).collect()
}

fn set(authorities: &[CaFacts]) -> BTreeSet<Sha256> {
    authorities.iter().map(|it| it.sha256).collect()
}
