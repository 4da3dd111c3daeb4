//! The proof: what a fresh handshake returns. Pushed and bound is not served, and what was bound
//! and serves neither itself nor its predecessor is taken back.

use std::ops::Range;
use std::time::Duration;

use super::action::{Action, Fact};
use super::bind::{fallen_back, seen};
use super::hold::Hold;
use super::memory::State;
use super::observed::{Handshake, ProbeSeen, TargetSeen};
use super::rotation::Case;
use super::sight::{Seen, Sight, Sighting, Spot, Verdict};
use super::{Draft, Lesson, gate};
use crate::model::place::Place;
use crate::model::target::Target;
use crate::model::time::Time;

/// So many looks in a row, spread over the window, must find neither leaf before one goes back.
const LOOKS_BEFORE_BACK: u32 = 3;

/// Judges every probe of a target. `bound` says of each of its sites whether the leaf on disk was read
/// back there. Tells whether every probe returned that leaf.
pub(super) fn plan(
    case: &Case<'_>,
    target: &TargetSeen,
    bound: &[bool],
    draft: &mut Draft<'_>,
) -> bool {
    let mut all = true;
    for probe in &target.probes {
        // A place that waits says nothing of what another one serves.
        let own = concerned(target, probe);
        let ready = bound.get(own.clone()).is_some_and(|bound| bound.iter().all(|bound| *bound));
        let places = places(target, own);
        let since = placed_since(case, target, &places, draft).filter(|_| ready);
        let late = since.is_some_and(|since| draft.observed.now >= since + target.window);
        let placed = Placed { since, late, begun: is_begun(case, &places, draft) };
        all &= judge(case, target, probe, placed, draft) == Some(Verdict::Served);
    }
    all
}

/// How far the leaf on disk has come to be in place at a target.
#[derive(Clone, Copy)]
struct Placed {
    /// When it was last seen to be put in place; absent: it is not, or that could not be seen.
    since: Option<Time>,
    /// Whether the window is over since.
    late: bool,
    /// Whether binding it was begun and may have happened: handshakes may tell before the service does.
    begun: bool,
}

fn is_begun(case: &Case<'_>, places: &[Place], draft: &Draft<'_>) -> bool {
    places.iter().any(|place| {
        let mut bindings = draft.memory.bindings(case.key, place);
        bindings.any(|(_, effect)| !matches!(effect.state, State::Failed(_) | State::Gone))
    })
}

fn judge(
    case: &Case<'_>,
    target: &TargetSeen,
    probe: &ProbeSeen,
    placed: Placed,
    draft: &mut Draft<'_>,
) -> Option<Verdict> {
    let spot = Spot::Probe {
        target: target.target,
        project: target.project.clone(),
        probe: probe.probe.text.clone(),
    };
    let known = draft.memory.sighting(case.name(), &spot).cloned();
    let asked = probe.handshake != Handshake::NotAsked;
    if !asked && known.is_none() {
        return None;
    }
    let sight = sight(case, &probe.handshake, placed, known.as_ref(), draft);
    if asked && is_news(case, known.as_ref(), &sight, target.window, draft) {
        draft.saw(case.subject, spot, sight.clone());
    }
    if let Some(since) = placed.since {
        hold(case, target, probe, (&sight, known.as_ref()), since, draft);
    } else if let (Verdict::Unreachable, Handshake::Unreachable(failure)) =
        (sight.verdict, &probe.handshake)
    {
        let probe = probe.probe.text.clone();
        let why = Hold::Unreachable { probe, switch: false, failure: failure.clone() };
        draft.hold(case.subject, why, None);
    }
    Some(sight.verdict)
}

/// What a handshake showed, compared with what is wanted. What is served before binding was begun is
/// the former leaf, whatever it is. Without a handshake the last one is judged by the clock of now.
fn sight(
    case: &Case<'_>,
    shown: &Handshake,
    placed: Placed,
    known: Option<&Sighting>,
    draft: &Draft<'_>,
) -> Sight {
    let leaf = match shown {
        Handshake::Served { sha256, leaf, .. } => {
            Some(leaf.as_ref().map_or(Seen { sha256: *sha256, issued: None, ends: None }, seen))
        }
        Handshake::Unreachable(_) => {
            return Sight { verdict: Verdict::Unreachable, leaf: None, id: None, neither: false };
        }
        Handshake::NotAsked => match known {
            Some(known) if known.sight.verdict == Verdict::Unreachable => {
                return known.sight.clone();
            }
            known => known.and_then(|known| known.sight.leaf),
        },
        Handshake::Broken(_) => None,
    };
    let is = |other: Seen| leaf.is_some_and(|leaf| leaf.sha256 == other.sha256);
    let former = known.is_some_and(|known| {
        let now = Some(&known.sight).filter(|sight| !sight.neither);
        [now, known.before.as_ref()].into_iter().flatten().filter_map(|sight| sight.leaf).any(is)
    });
    let ours = leaf.is_some_and(|leaf| leaf.sha256 == case.leaf.sha256);
    let former = former || leaf.is_some_and(|leaf| draft.memory.is_of(case.name(), &leaf.sha256));
    // What was found to be neither does not turn into a former one because the place is unreadable.
    let was_neither = known.is_some_and(|known| known.sight.neither);
    let placed_ever = placed.since.is_some() || placed.begun || was_neither;
    let neither = placed_ever && !ours && !former;
    let verdict = match (ours, placed.late) {
        (true, _) => Verdict::Served,
        (false, false) => Verdict::Pending,
        (false, true) if neither => Verdict::Wrong,
        (false, true) => Verdict::Stale,
    };
    Sight { verdict, leaf, id: None, neither }
}

/// Whether a look must be written down: it differs from the last one, or it is one more of those
/// that must agree before a leaf is taken back.
fn is_news(
    case: &Case<'_>,
    known: Option<&Sighting>,
    sight: &Sight,
    window: Duration,
    draft: &Draft<'_>,
) -> bool {
    known.is_none_or(|known| {
        let now = draft.observed.now;
        // It is another look only if it began after the last one was written down.
        let (looked_at, last) = (case.seen.looked_at.min(now), draft.memory.seen_at(known, now));
        let counts = sight.neither
            && known.neither < LOOKS_BEFORE_BACK
            && looked_at > last
            && looked_at >= last + window / LOOKS_BEFORE_BACK;
        known.sight != *sight || counts
    })
}

/// Says what is wrong with what is served, and goes back where that is the thing to do.
fn hold(
    case: &Case<'_>,
    target: &TargetSeen,
    probe: &ProbeSeen,
    (sight, known): (&Sight, Option<&Sighting>),
    since: Time,
    draft: &mut Draft<'_>,
) {
    let (now, name) = (draft.observed.now, probe.probe.text.clone());
    let found = match (&sight.leaf, &probe.handshake) {
        (Some(leaf), _) => leaf.sha256.short(),
        (None, Handshake::Broken(failure)) => format!("no certificate ({failure})"),
        (None, _) => "no certificate".to_owned(),
    };
    let end = since + target.window;
    let (why, until) = match sight.verdict {
        Verdict::Served => return,
        Verdict::Pending => {
            let next =
                gate::next_look(since, draft.observed).min(now + target.window / LOOKS_BEFORE_BACK);
            (Hold::NotServedYet { probe: name, found, until: end }, Some(next.min(end.max(now))))
        }
        Verdict::Stale => {
            let Some(Seen { sha256, .. }) = sight.leaf else { return };
            (Hold::Stale { probe: name, served: sha256, since }, None)
        }
        Verdict::Unreachable => {
            let Handshake::Unreachable(failure) = &probe.handshake else { return };
            (Hold::Unreachable { probe: name, switch: false, failure: failure.clone() }, None)
        }
        Verdict::Wrong => match ways_back(case, target, probe, known, draft) {
            Ok(ways) => {
                for (action, former) in ways {
                    go_back(case, action, former, draft);
                }
                return;
            }
            Err((because, again)) => (
                Hold::Wrong { probe: name, found, because },
                again.then(|| now + target.window / LOOKS_BEFORE_BACK),
            ),
        },
    };
    draft.hold(case.subject, why, until);
}

/// Takes a binding back, once however many probes ask for it.
fn go_back(case: &Case<'_>, action: Action, former: Sight, draft: &mut Draft<'_>) {
    let (subject, fact) = (case.subject.clone(), Fact::RolledBack { former });
    let lesson = Lesson::Effect { subject, action, fact };
    if !draft.plan.learned.contains(&lesson) {
        draft.plan.learned.push(lesson);
    }
}

/// The bindings to take back, each with what stood there before; or why there is no way back, and
/// whether another look may open one.
fn ways_back(
    case: &Case<'_>,
    target: &TargetSeen,
    probe: &ProbeSeen,
    known: Option<&Sighting>,
    draft: &Draft<'_>,
) -> Result<Vec<(Action, Sight)>, (String, bool)> {
    let never = |because: &str| Err((because.to_owned(), false));
    let former = known.and_then(|known| known.before.as_ref()?.leaf);
    let Some(former) = former else {
        return never(
            "it was not probed before the new one was bound, so nothing says that the former one was served",
        );
    };
    let looks = known.map_or(0, |known| known.neither);
    if looks < LOOKS_BEFORE_BACK {
        let because = format!(
            "{looks} of {LOOKS_BEFORE_BACK} looks have found that, then the former one is bound again"
        );
        return Err((because, true));
    }
    if former.ends.is_none_or(|ends| ends <= draft.observed.now) {
        return never("the former one is not valid any more");
    }
    let places = places(target, concerned(target, probe));
    if places.is_empty() {
        return never("nothing is bound here that could be bound back");
    }
    places.iter().map(|place| way_back(case, place, former, draft)).collect()
}

/// The sites that a probe speaks for: the one of its own name where there is one, else all.
fn concerned(target: &TargetSeen, probe: &ProbeSeen) -> Range<usize> {
    let name = probe.probe.name.as_deref().filter(|_| target.target != Target::Elb);
    let own = name
        .and_then(|name| target.sites.iter().position(|site| site.site.eq_ignore_ascii_case(name)));
    own.map_or(0..target.sites.len(), |own| own..own + 1)
}

fn places(target: &TargetSeen, sites: Range<usize>) -> Vec<Place> {
    let sites = target.sites.get(sites).unwrap_or_default();
    sites.iter().map(|site| target.place(&site.site)).collect()
}

fn way_back(
    case: &Case<'_>,
    place: &Place,
    former: Seen,
    draft: &Draft<'_>,
) -> Result<(Action, Sight), (String, bool)> {
    let never = |because: String| Err((because, false));
    let bound = draft.memory.bindings(case.key, place);
    let ours = bound.filter(|(_, effect)| effect.state == State::Seen).max_by_key(|(_, it)| it.seq);
    let Some((action, _)) = ours else {
        return never(format!("{place} was not bound by certrotd"));
    };
    let sighting = draft.memory.sighting(case.name(), &Spot::Site(place.clone()));
    let before = sighting.and_then(|sighting| sighting.before.clone());
    let Some(before) = before.filter(|it| it.leaf.is_some_and(|it| it.sha256 == former.sha256))
    else {
        return never(format!(
            "going back would not bring back what was served before: {place} had another certificate then"
        ));
    };
    let id = match place.target {
        Target::Cdn => import_of(case, former, draft),
        _ => before.id.clone(),
    };
    match id {
        Some(id) => Ok((action.clone(), Sight { id: Some(id), ..before })),
        None => never("the former one has no import of ours to bind again".to_owned()),
    }
}

/// The certificate manager's id of a former leaf.
fn import_of(case: &Case<'_>, former: Seen, draft: &Draft<'_>) -> Option<String> {
    let key = case.key.of_leaf(former.sha256, former.issued?);
    let effect = draft.memory.effect(&Action::Import { key })?;
    let stands = matches!(effect.state, State::Done | State::Seen);
    effect.id.clone().filter(|_| stands)
}

/// When the leaf on disk was put in place where a probe looks: the last of these places to show it, or
/// the copy that was pushed where nothing is bound. Absent: it is not yet.
fn placed_since(
    case: &Case<'_>,
    target: &TargetSeen,
    places: &[Place],
    draft: &Draft<'_>,
) -> Option<Time> {
    let now = draft.observed.now;
    if places.is_empty() {
        let push = draft.memory.push(case.key, target.target, &target.project)?;
        let stands = matches!(push.state, State::Done | State::Seen);
        return stands.then(|| draft.memory.since(push, now));
    }
    let since = |place: &Place| {
        let back = fallen_back(case, place, draft).is_some();
        let sighting = draft.memory.sighting(case.name(), &Spot::Site(place.clone()))?;
        (!back).then(|| draft.memory.seen_since(sighting, now))
    };
    let all: Option<Vec<_>> = places.iter().map(since).collect();
    all?.into_iter().max()
}
