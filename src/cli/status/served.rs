//! What a certificate's targets hold and serve, as the journal has it: copies, places, handshakes.

mod words;

use serde::Serialize;

use super::Known;
use crate::config::{Certificate, Push};
use crate::model::digest::Sha256;
use crate::model::names::{Name, Subject};
use crate::model::place::{Place, Probe};
use crate::model::target::Target;
use crate::model::time::Time;
use crate::plan::action::{Action, ImportKey};
use crate::plan::hold::Hold;
use crate::plan::memory::{Effect, State};
use crate::plan::sight::{Seen, Sighting, Spot, Verdict};

pub(super) use words::{bound, served};

/// One target. The keys are public interface.
#[derive(Debug, Serialize)]
pub(super) struct Reached {
    service: Target,
    project: String,
    state: &'static str,
    places: Vec<Bound>,
    pub probes: Vec<Probed>,
}

/// One listener, host or domain. The keys are public interface.
#[derive(Debug, Serialize)]
pub(super) struct Bound {
    place: String,
    verdict: Standing,
    leaf: Option<Sha256>,
    ends: Option<String>,
    seen_at: Option<String>,
}

/// What stands at a place. The words are public interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
    /// The leaf that shall be served.
    Bound,
    /// Another one, which is to be exchanged.
    Other,
    /// What somebody else has bound there.
    Foreign,
    /// The former one again, since the new one was not served.
    RolledBack,
    /// Nobody has looked yet.
    NotSeen,
}

/// One handshake. The keys are public interface.
#[derive(Debug, Serialize)]
pub(super) struct Probed {
    pub probe: String,
    pub verdict: Judged,
    leaf: Option<Sha256>,
    ends: Option<String>,
    days_left: Option<i64>,
    pub seen_at: Option<String>,
}

/// What a handshake returned, by the clock of now; the worse come later. The words are public
/// interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Judged {
    /// The leaf that shall be served.
    Served,
    /// Another one, and it is too soon to worry.
    Pending,
    /// Nobody has looked yet.
    NotSeen,
    /// The former leaf, which is bound again.
    RolledBack,
    /// What somebody else has bound.
    Foreign,
    /// It came to no end.
    Unreachable,
    /// A former leaf, for too long.
    Stale,
    /// Neither the wanted leaf nor a former one.
    Wrong,
}

/// How it is known what is served. The words are public interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Proof {
    /// A binding that was read back.
    Binding,
    /// A handshake.
    Handshake,
}

/// The state of a target that takes the import itself.
const NO_COPY: &str = "needs no copy";
/// The state of a target to which nothing was pushed.
const NOT_PUSHED: &str = "not pushed";
/// What is said of whatever nobody has looked at.
pub(super) const NOT_SEEN: &str = "not seen yet";

/// Every target of an entry. `key`: the import that copies are of; `wanted`: the leaf to serve.
pub(super) fn targets(
    entry: &Certificate,
    key: Option<&ImportKey>,
    wanted: Option<&Sha256>,
    known: &Known<'_>,
) -> Vec<Reached> {
    let target = |push: &Push| {
        let places: Vec<_> =
            push.places().map(|at| place(&entry.name, &at, wanted, known)).collect();
        let probe = |probe| probed(&entry.name, push, probe, wanted, known).beside(&places);
        Reached {
            service: push.target,
            project: push.project.clone(),
            state: copy(key, push, known),
            probes: push.probes.iter().map(probe).collect(),
            places,
        }
    };
    entry.pushes.iter().map(target).collect()
}

/// Where the push of this leaf to this target stands.
fn copy(key: Option<&ImportKey>, push: &Push, known: &Known<'_>) -> &'static str {
    if !push.is_pushed_to() {
        return NO_COPY;
    }
    let is_it = |action: &Action| match action {
        Action::Push { key: of, target, project, .. } => {
            Some(of) == key && *target == push.target && *project == push.project
        }
        _ => false,
    };
    let pushes = known.memory.effects().filter(|(action, _)| is_it(action));
    match pushes.map(|(_, effect)| effect).max_by_key(|effect| effect.at) {
        None => NOT_PUSHED,
        Some(Effect { state, id, .. }) => match state {
            State::Seen if id.is_some() => "pushed and listed",
            State::Seen | State::Done => "pushed",
            State::Open => "push begun",
            State::Doubt(_) => "push in doubt",
            State::Failed(_) => "push failed",
            State::Gone => "copy gone",
        },
    }
}

fn place(name: &Name, at: &Place, wanted: Option<&Sha256>, known: &Known<'_>) -> Bound {
    let sighting = known.memory.sighting(name, &Spot::Site(at.clone()));
    let leaf = sighting.and_then(|sighting| sighting.sight.leaf);
    let digest = leaf.map(|leaf| leaf.sha256);
    let ours = digest.is_some() && digest.as_ref() == wanted;
    let back = known.memory.fallback(name, at).is_some_and(|fallback| {
        let former = fallback.former.leaf.map(|leaf| leaf.sha256);
        Some(&fallback.rejected) == wanted && former.is_some() && former == digest
    });
    let verdict = match sighting.map(|sighting| sighting.sight.verdict) {
        None => Standing::NotSeen,
        Some(Verdict::Served) if ours => Standing::Bound,
        Some(_) if back => Standing::RolledBack,
        Some(Verdict::Wrong) => Standing::Foreign,
        Some(_) => Standing::Other,
    };
    Bound {
        place: at.site.clone(),
        verdict,
        leaf: digest,
        ends: ends(leaf).map(|ends| ends.to_string()),
        seen_at: seen_at(sighting),
    }
}

fn probed(
    name: &Name,
    push: &Push,
    probe: &Probe,
    wanted: Option<&Sha256>,
    known: &Known<'_>,
) -> Probed {
    let spot = Spot::Probe {
        target: push.target,
        project: push.project.clone(),
        probe: probe.text.clone(),
    };
    let sighting = known.memory.sighting(name, &spot);
    let leaf = sighting.and_then(|sighting| sighting.sight.leaf);
    let ours = leaf.is_some_and(|leaf| Some(&leaf.sha256) == wanted);
    let verdict = match sighting.map(|sighting| sighting.sight.verdict) {
        None => Judged::NotSeen,
        Some(_) if ours => Judged::Served,
        Some(Verdict::Unreachable) => Judged::Unreachable,
        Some(verdict) => judged(name, &probe.text, verdict, known),
    };
    Probed {
        probe: probe.text.clone(),
        verdict,
        leaf: leaf.map(|leaf| leaf.sha256),
        ends: ends(leaf).map(|ends| ends.to_string()),
        days_left: ends(leaf).map(|ends| ends.days_after(known.observed.now)),
        seen_at: seen_at(sighting),
    }
}

/// What the planner makes of another leaf by the clock of now: it was seen as pending, and may be
/// late meanwhile.
fn judged(name: &Name, probe: &str, seen: Verdict, known: &Known<'_>) -> Judged {
    let subject = Subject::Certificate(name.clone());
    let mut held = known.plan.held.iter().filter(|held| held.subject == subject);
    let judged = held.find_map(|held| match &held.why {
        Hold::Stale { probe: of, .. } if of == probe => Some(Judged::Stale),
        Hold::Wrong { probe: of, .. } if of == probe => Some(Judged::Wrong),
        Hold::NotServedYet { probe: of, .. } if of == probe => Some(Judged::Pending),
        _ => None,
    });
    judged.unwrap_or(match seen {
        Verdict::Stale => Judged::Stale,
        Verdict::Wrong => Judged::Wrong,
        // It was the wanted one, and another lies on the disk now.
        Verdict::Served | Verdict::Pending | Verdict::Unreachable => Judged::Pending,
    })
}

fn ends(leaf: Option<Seen>) -> Option<Time> {
    leaf.and_then(|leaf| leaf.ends)
}

fn seen_at(sighting: Option<&Sighting>) -> Option<String> {
    sighting.map(|sighting| sighting.at.to_string())
}

/// Whether the wanted leaf is served wherever that can be told, and how it is known: by the weaker
/// proof where both are there.
pub(super) fn proof(targets: &[Reached]) -> (Option<bool>, Option<Proof>) {
    let proof = |target: &Reached| match (&*target.probes, &*target.places) {
        ([], []) => None,
        ([], _) => Some(Proof::Binding),
        _ => Some(Proof::Handshake),
    };
    let proofs = targets.iter().filter_map(|target| Some((target.served(), proof(target)?)));
    let proofs: Vec<_> = proofs.collect();
    let served = all(proofs.iter().map(|(served, _)| *served));
    (served, proofs.into_iter().map(|(_, proof)| proof).min())
}

/// Whether every place is known to have the wanted leaf; so it is where there is none.
pub(super) fn is_bound(targets: &[Reached]) -> bool {
    targets.iter().flat_map(|it| &it.places).all(|it| it.verdict == Standing::Bound)
}

/// Whether every probe is known to have returned it; so it is where there is none.
pub(super) fn is_served(targets: &[Reached]) -> bool {
    targets.iter().flat_map(|it| &it.probes).all(|it| it.verdict == Judged::Served)
}

/// Whether all are so; `None`: none is known not to be, and one is not known, or there is none.
fn all(known: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    known.reduce(|a, b| match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (None, _) | (_, None) => None,
        (Some(true), Some(true)) => Some(true),
    })?
}

impl Probed {
    /// Beside the places that it speaks for: what one of them went back to is nothing to wait for.
    fn beside(self, places: &[Bound]) -> Self {
        let back = |it: &Bound| it.verdict == Standing::RolledBack && it.leaf == self.leaf;
        let foreign = |it: &Bound| it.verdict == Standing::Foreign && it.leaf == self.leaf;
        let verdict = match self.verdict {
            Judged::Pending if places.iter().any(back) => Judged::RolledBack,
            Judged::Pending if places.iter().any(foreign) => Judged::Foreign,
            verdict => verdict,
        };
        Self { verdict, ..self }
    }
}

impl Reached {
    /// Nobody has looked whether there is a copy.
    pub(super) fn forget(&mut self) {
        if self.state == NOT_PUSHED {
            self.state = NOT_SEEN;
        }
    }

    /// Whether there is more to say of it than that it has a copy.
    pub(super) fn has_details(&self) -> bool {
        !self.places.is_empty() || !self.probes.is_empty()
    }

    /// Whether its handshakes returned the wanted leaf; where it has none, whether it is bound.
    fn served(&self) -> Option<bool> {
        let probes = self.probes.iter().map(|it| match it.verdict {
            Judged::NotSeen => None,
            verdict => Some(verdict == Judged::Served),
        });
        let places = self.places.iter().map(|it| match it.verdict {
            Standing::NotSeen => None,
            verdict => Some(verdict == Standing::Bound),
        });
        if self.probes.is_empty() { all(places) } else { all(probes) }
    }
}
