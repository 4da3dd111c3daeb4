//! What no plan may ever do, said a second time and on purpose: a step that breaks one of these is
//! not taken, whatever the planner thinks.

use std::collections::{BTreeMap, BTreeSet};

use super::action::{Action, Because, ImportKey, Retired};
use super::memory::{Effect, Memory, State};
use super::observed::{
    BoundSeen, CertificateSeen, CopySeen, FileSeen, Handshake, Holders, Observed, TargetSeen,
};
use super::{Plan, Step, ssl};
use crate::cert::validity;
use crate::model::digest::Sha256;
use crate::model::names::{Name, Subject};

/// A step that must not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The step's place in [`Plan::now`].
    pub step: usize,
    /// The invariant that it breaks.
    pub rule: &'static str,
}

/// Judges every step of a plan.
pub fn check(plan: &Plan, observed: &Observed, memory: &Memory) -> Vec<Violation> {
    let by_name: BTreeMap<_, _> = observed.certificates.iter().map(|it| (&it.name, it)).collect();
    let mut actions = BTreeSet::new();
    let mut violations = Vec::new();
    for (index, step) in plan.now.iter().enumerate() {
        // An entry of another table may have the same name.
        let seen = match &step.subject {
            Subject::Certificate(name) => by_name.get(name).copied(),
            Subject::Ca(_) | Subject::Ssl(_) => None,
        };
        let twice = !actions.insert(&step.action);
        let broken = [
            in_flight(step, observed),
            paused(step, observed, memory),
            left_out(step, seen),
            of_action(step, seen, observed, memory),
            twice.then_some("one effect is had once in a plan"),
        ];
        let broken = broken.into_iter().flatten();
        violations.extend(broken.map(|rule| Violation { step: index, rule }));
    }
    violations
}

fn in_flight(step: &Step, observed: &Observed) -> Option<&'static str> {
    observed
        .in_flight
        .contains(&step.subject)
        .then_some("a subject has one round of steps at a time")
}

fn paused(step: &Step, observed: &Observed, memory: &Memory) -> Option<&'static str> {
    let paused = memory.paused(step.subject.name(), observed.now).is_some();
    paused.then_some("nothing is begun for an entry that is paused")
}

fn left_out(step: &Step, seen: Option<&CertificateSeen>) -> Option<&'static str> {
    let import = matches!(step.action, Action::Import { .. });
    (!import && seen.is_some_and(|seen| seen.import_alone))
        .then_some("what nobody has looked at decides nothing")
}

/// `seen` is what the step's entry showed, where it is a certificate.
fn of_action(
    step: &Step,
    seen: Option<&CertificateSeen>,
    observed: &Observed,
    memory: &Memory,
) -> Option<&'static str> {
    match &step.action {
        Action::Import { .. } => import(step, seen, observed, memory),
        Action::Push { .. } => push(step, seen, observed, memory),
        Action::Bind { .. } => bind(step, seen, observed, memory),
        Action::Retire { .. } => retire(step, seen, observed, memory),
        Action::SwitchSsl { .. } => switch(step, observed, memory),
        Action::InstallCa { name, authorities, .. } => install(name, authorities, observed),
        Action::RunHook { name, sha256 } => {
            let state = memory.installed(name, sha256).map(|effect| &effect.state);
            (state != Some(&State::Done))
                .then_some("a command runs only for bytes that we put in place")
        }
    }
}

fn install(name: &Name, authorities: &[Sha256], observed: &Observed) -> Option<&'static str> {
    let seen = observed.cas.iter().find(|seen| seen.name == *name)?;
    let Ok(published) = &seen.published else {
        return Some("nothing is installed while what is published is not known");
    };
    let published = &published.certificates;
    if !published.iter().all(|it| authorities.contains(&it.sha256)) {
        return Some("every CA that is published is installed");
    }
    let inside = match &seen.file {
        FileSeen::Holds { authorities, .. } => authorities.as_slice(),
        FileSeen::Absent | FileSeen::Unknown(_) => &[],
    };
    let known = |it: &Sha256| published.iter().chain(inside).any(|of| of.sha256 == *it);
    (!authorities.iter().all(known)).then_some("only CAs that were just checked are installed")
}

fn import(
    step: &Step,
    seen: Option<&CertificateSeen>,
    observed: &Observed,
    memory: &Memory,
) -> Option<&'static str> {
    if !sound(seen, observed) {
        return Some("nothing is sent while its files are bad or out of date");
    }
    let stands = matches!(state(memory, &step.action), Some(State::Done | State::Seen));
    if stands && step.because != Because::ImportGone {
        return Some("what is imported is not imported again");
    }
    too_soon(step, observed, memory)
}

fn push(
    step: &Step,
    seen: Option<&CertificateSeen>,
    observed: &Observed,
    memory: &Memory,
) -> Option<&'static str> {
    if !sound(seen, observed) {
        return Some("nothing is sent while its files are bad or out of date");
    }
    let Action::Push { target, project, .. } = &step.action else { return None };
    let there = seen.is_some_and(|seen| {
        seen.targets.iter().any(|at| {
            at.target == *target
                && at.project == *project
                && matches!(at.copy, CopySeen::Found(_) | CopySeen::Unknown(_))
        })
    });
    if there {
        return Some("a copy that is there, or was not looked for, is not pushed again");
    }
    too_soon(step, observed, memory)
}

fn bind(
    step: &Step,
    seen: Option<&CertificateSeen>,
    observed: &Observed,
    memory: &Memory,
) -> Option<&'static str> {
    let Action::Bind { key, id, place, .. } = &step.action else { return None };
    if !sound(seen, observed) {
        return Some("nothing is bound while its files are bad or out of date");
    }
    if id.is_empty() {
        return Some("only what a look has found is bound");
    }
    let name = step.subject.name();
    let seen = seen?;
    let on_disk = seen.local.as_ref().is_ok_and(|leaf| leaf.sha256 == key.leaf);
    let former = memory.fallback(name, place).and_then(|it| it.former.leaf);
    if !on_disk && former.is_none_or(|former| former.sha256 != key.leaf) {
        return Some("only the leaf on disk is bound, or the one that it did not replace well");
    }
    too_soon(step, observed, memory)
}

fn retire(
    step: &Step,
    seen: Option<&CertificateSeen>,
    observed: &Observed,
    memory: &Memory,
) -> Option<&'static str> {
    let Action::Retire { key, what } = &step.action else { return None };
    let in_use = observed.certificates.iter().any(|seen| {
        let on_disk = seen.local.as_ref().is_ok_and(|leaf| leaf.sha256 == key.leaf);
        on_disk || seen.targets.iter().any(|target| stands_at(target, key, what))
    });
    if in_use || memory.all_newest().any(|(_, newest)| newest == key) {
        return Some("nothing that is in use is retired");
    }
    if !memory.is_of(step.subject.name(), &key.leaf) {
        return Some("only our own certificates are retired");
    }
    let seen = seen?;
    let free = match what {
        Retired::Import { scm_id } => seen
            .superseded
            .iter()
            .any(|import| import.id == *scm_id && import.holders == Holders::Nobody),
        Retired::Copy { id, .. } => seen
            .targets
            .iter()
            .flat_map(|target| &target.copies)
            .any(|copy| copy.id == *id && copy.holders == Holders::Nobody),
    };
    if !free {
        return Some("only what was seen to be unused is retired");
    }
    too_soon(step, observed, memory)
}

/// Whether this leaf is bound or served at a target, as far as this look shows. A place that shows
/// no leaf might hold it.
fn stands_at(target: &TargetSeen, key: &ImportKey, what: &Retired) -> bool {
    let bound = target.sites.iter().any(|site| match &site.bound {
        BoundSeen::Slots { slots, .. } => slots.iter().any(|slot| {
            let copy = matches!(what, Retired::Copy { id, .. } if *id == slot.id);
            copy || slot.leaf.as_ref().is_some_and(|leaf| leaf.sha256 == key.leaf)
        }),
        BoundSeen::NotAsked | BoundSeen::Unknown(_) => false,
    });
    bound
        || target.probes.iter().any(|probe| {
            matches!(&probe.handshake, Handshake::Served { sha256, .. } if *sha256 == key.leaf)
        })
}

fn switch(step: &Step, observed: &Observed, memory: &Memory) -> Option<&'static str> {
    let Subject::Ssl(name) = &step.subject else { return Some("a switch has an entry") };
    let seen = observed.switches.iter().find(|seen| seen.name == *name)?;
    if !seen.allow_restart {
        return Some("no instance is restarted without allow_restart");
    }
    if !matches!(seen.jobs, Some(Ok(_))) {
        return Some("no switch is sent before the task list was read");
    }
    if ssl::running(seen, observed.now).is_some() {
        return Some("no switch is sent while a job runs");
    }
    too_soon(step, observed, memory)
}

/// A write in doubt is not repeated before its wait is over.
fn too_soon(step: &Step, observed: &Observed, memory: &Memory) -> Option<&'static str> {
    let effect = memory.effect(&step.action)?;
    let open = matches!(effect, Effect { state: State::Open | State::Doubt(_), .. });
    (open && observed.now < memory.doubtful_since(effect, observed.now) + observed.doubt)
        .then_some("a write in doubt is not repeated before its wait is over")
}

fn sound(seen: Option<&CertificateSeen>, observed: &Observed) -> bool {
    let leaf = seen.and_then(|seen| seen.local.as_ref().ok());
    leaf.is_some_and(|leaf| validity(leaf, observed.now).is_none())
}

fn state<'a>(memory: &'a Memory, action: &Action) -> Option<&'a State> {
    memory.effect(action).map(|effect| &effect.state)
}
