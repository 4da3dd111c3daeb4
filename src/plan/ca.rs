//! One CA file: what the instance publishes goes into the file, what it published before stays beside
//! it for a while, and then its command runs.

use std::collections::BTreeSet;
use std::time::Duration;

use super::action::{Action, Because, Fact};
use super::hold::Hold;
use super::memory::{Effect, State};
use super::observed::{CaSeen, FileSeen, InstanceSeen, Proof};
use super::sight::{Sight, Sighting, Spot, Verdict, as_of};
use super::{Draft, Lesson, gate, needs};
use crate::cert::{CA_FILE_BYTES_MAX, CaBundle, CaFacts};
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::names::Subject;
use crate::model::time::Time;

/// How long after a file was written a second time it is written a third time; twice as long each time.
const WRITTEN_AGAIN_AFTER: Duration = Duration::from_secs(15 * 60);
/// And at most.
const WRITTEN_AGAIN_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Handshakes have to verify for as long as the overlap, and at most for this long, before a former CA
/// leaves: of several servers behind one address, one may still present the old one's certificate.
const PROVEN_FOR_MAX: Duration = Duration::from_secs(24 * 60 * 60);

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
    let (now, fresh) = (draft.observed.now, sorted(&published.certificates));
    let is_former = |it: &&CaFacts| !fresh.contains(&it.sha256) && now <= it.not_after;
    let former: Vec<_> = inside.iter().filter(is_former).collect();
    remember(subject, &fresh, inside, &former, draft);
    let proven = prove(seen, subject, &fresh, !former.is_empty(), draft);
    let staying = |it: &CaFacts| match proven {
        Proven::No => Some(None),
        Proven::Since(since) => stays(seen, it, Some(since), draft).map(Some),
        Proven::NotAsked => stays(seen, it, None, draft).map(Some),
    };
    let staying: Vec<_> =
        former.into_iter().filter_map(|it| Some((it.clone(), staying(it)?))).collect();
    let beside = staying.iter().map(|(it, _)| it.clone());
    let all: Vec<_> = published.certificates.iter().cloned().chain(beside).collect();
    let same = set(&all) == set(inside);
    // Equal sets are equal whatever their order: an instance that shuffles its CAs changes nothing.
    let wanted = CaBundle::of(if same { inside.to_vec() } else { all });
    if wanted.pem.len() > CA_FILE_BYTES_MAX {
        let words = format!(
            "with what the file holds beside it the file would grow beyond {CA_FILE_BYTES_MAX} bytes: take CAs out of it that nobody needs"
        );
        let failure = Failure::local(Kind::Unusable, "published CA", words);
        draft.hold(subject, Hold::CaRejected { failure }, None);
        if let FileSeen::Holds { sha256, .. } = seen.file {
            hook(seen, subject, sha256, draft);
        }
        return;
    }
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

/// Until when a former CA stays; nothing when it has stood for long enough, and the new one was proven to
/// be enough for long enough.
fn stays(seen: &CaSeen, former: &CaFacts, proven: Option<Time>, draft: &Draft<'_>) -> Option<Time> {
    let now = draft.observed.now;
    let since = draft.memory.former_since(&seen.name, &former.sha256, now).unwrap_or(now);
    let until = since + seen.overlap;
    let until = proven.map_or(until, |since| until.max(since + seen.overlap.min(PROVEN_FOR_MAX)));
    // It expires on the way, and leaves then.
    (now < until).then(|| until.min(former.not_after))
}

/// Writes down what is published and what stands beside it, where that is news: the overlap counts
/// from that line, and so from when the file was first seen to hold the new beside the old.
fn remember(
    subject: &Subject,
    published: &[Sha256],
    inside: &[CaFacts],
    former: &[&CaFacts],
    draft: &mut Draft<'_>,
) {
    let known = draft.memory.authorities(subject.name());
    let is_known = |it: &Sha256| known.is_some_and(|known| known.former().any(|of| of == it));
    let held = set(inside);
    let joined = published.iter().all(|it| held.contains(it));
    let mut former: Vec<_> =
        former.iter().map(|it| it.sha256).filter(|it| joined || is_known(it)).collect();
    former.sort_unstable();
    if !known.is_some_and(|known| known.published == published && known.former().eq(&former)) {
        let (subject, published) = (subject.clone(), published.to_vec());
        draft.plan.learned.push(Lesson::Authorities { subject, published, former });
    }
}

/// What failures of a look at the instance call it.
const HANDSHAKE: &str = "handshake";

/// How far the published CA alone was proven to be enough to connect to the instance.
#[derive(Clone, Copy)]
enum Proven {
    /// Nobody asked for a proof.
    NotAsked,
    /// By every handshake since.
    Since(Time),
    /// Not at all.
    No,
}

/// Judges the handshake with the instance. Says what is wrong where it does not verify.
fn prove(
    seen: &CaSeen,
    subject: &Subject,
    published: &[Sha256],
    has_former: bool,
    draft: &mut Draft<'_>,
) -> Proven {
    let Some(InstanceSeen { probe, proof }) = &seen.instance else { return Proven::NotAsked };
    let now = draft.observed.now;
    let spot = Spot::Instance { probe: probe.clone() };
    let judged = needs::judged(&seen.name, probe, published, draft.memory).cloned();
    let last = draft.memory.sighting(&seen.name, &spot).and_then(|known| known.sight.leaf);
    let (verdict, leaf, failure) = match proof {
        Proof::NotAsked => match &judged {
            Some(known) => {
                let failure = as_of(HANDSHAKE, known.sight.id.as_deref(), known.at);
                (known.sight.verdict, known.sight.leaf, failure)
            }
            None => return Proven::No,
        },
        Proof::Verified(leaf) => (Verdict::Served, Some(*leaf), as_of(HANDSHAKE, None, now)),
        Proof::Refused { leaf, failure } => (Verdict::Wrong, *leaf, failure.clone()),
        // Its end is to be feared although it cannot be seen just now.
        Proof::Unreachable(failure) => (Verdict::Unreachable, last, failure.clone()),
    };
    // Later looks say it again.
    let why = (verdict != Verdict::Served).then(|| failure.message.clone());
    let sight = Sight { verdict, leaf, id: why, neither: false };
    let aged = |known: &Sighting| {
        now.since(draft.memory.seen_at(known, now)) >= again_after(known.sight.verdict)
    };
    let is_news = judged.as_ref().is_none_or(|known| known.sight != sight || aged(known));
    if is_news && *proof != Proof::NotAsked {
        draft.saw(subject, spot, sight);
    }
    let probe = probe.clone();
    let why = match verdict {
        Verdict::Served => {
            let known = judged.filter(|known| known.sight.verdict == Verdict::Served);
            let since = known.map_or(now, |known| draft.memory.seen_since(&known, now));
            return Proven::Since(since);
        }
        Verdict::Unreachable => Hold::Unreachable { probe, switch: false, failure },
        _ => Hold::Unproven { probe, failure, keeps: has_former },
    };
    draft.hold(subject, why, None);
    Proven::No
}

fn again_after(verdict: Verdict) -> Duration {
    match verdict {
        Verdict::Served => needs::PROVE_AGAIN_AFTER,
        _ => needs::LOOK_AGAIN_AFTER,
    }
}

fn because(seen: &CaSeen, published: &[Sha256], same: bool, now: Time) -> Because {
    let FileSeen::Holds { authorities, .. } = &seen.file else { return Because::CaMissing };
    let held = set(authorities);
    match () {
        () if held.is_empty() => Because::CaMissing,
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
    let held = gate::failed(subject, &action, draft.memory, draft.observed, None);
    let held = held.or_else(|| not_kept(seen, subject, wanted, &because, draft));
    let Some((why, until)) = held else { return draft.step(subject, action, because) };
    draft.hold(subject, why, until);
    // Clients need not wait for what keeps the file from changing.
    if let FileSeen::Holds { sha256, .. } = seen.file {
        hook(seen, subject, sha256, draft);
    }
}

/// Whether the very bytes were written again not long ago: where somebody fights for the file, or its file
/// system keeps no owner, group or mode, it would be written, and its command run, for ever.
fn not_kept(
    seen: &CaSeen,
    subject: &Subject,
    wanted: &CaBundle,
    because: &Because,
    draft: &Draft<'_>,
) -> Option<(Hold, Option<Time>)> {
    let done = draft.memory.installed(&seen.name, &wanted.sha256)?;
    let again = done.repeats.checked_sub(1).filter(|_| done.state == State::Done)?;
    if gate::retry_asked(subject, done, draft.memory) {
        return None;
    }
    let written = draft.memory.since(done, draft.observed.now);
    // Clients without the published CA do not wait for hours.
    let lacks = matches!(because, Because::CaMissing | Because::CaChanged);
    let doublings = if lacks { 0 } else { again };
    let wait = WRITTEN_AGAIN_AFTER.saturating_mul(2_u32.saturating_pow(doublings));
    let until = written + wait.min(WRITTEN_AGAIN_AFTER_MAX);
    (draft.observed.now < until).then_some((Hold::NotKept { written, until }, Some(until)))
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

/// Runs the command once each time that we put these bytes there.
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
    Action::InstallCa {
        name: seen.name.clone(),
        sha256: wanted.sha256,
        authorities: authorities.into(),
    }
}

fn fingerprints(authorities: &[CaFacts]) -> Vec<Sha256> {
    authorities.iter().map(|it| it.sha256).collect()
}

fn sorted(authorities: &[CaFacts]) -> Vec<Sha256> {
    set(authorities).into_iter().collect()
}

fn set(authorities: &[CaFacts]) -> BTreeSet<Sha256> {
    authorities.iter().map(|it| it.sha256).collect()
}
