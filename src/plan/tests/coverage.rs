//! Every reason, action, fact and hold that the planner knows comes out of some rule table: an arm
//! added to an enum does not compile before it is named here, and fails before a case produces it.

use std::collections::BTreeSet;

use super::fixture::Case;
use super::{
    alone, alone_instances, back, backoff, bind, ca, clocks, drift, greeting, import, overlap,
    paused, push, retire, room, serve, ssl,
};
use crate::plan::action::{Action, Because, Fact};
use crate::plan::hold::Hold;
use crate::plan::memory::Record;
use crate::plan::{Lesson, plan};

/// A name for each variant of an enum, and the list of all names.
macro_rules! variants {
    ($all:ident, $name:ident, $of:ty: $($variant:ident),+ $(,)?) => {
        pub fn $name(value: &$of) -> &'static str {
            type Of = $of;
            match value {
                $(Of::$variant { .. } => stringify!($variant),)+
            }
        }
        pub const $all: &[&str] = &[$(stringify!($variant)),+];
    };
}

variants!(
    RECORDS, record, Record: Began, Done, Failed, Learned, Saw, Authorities, AskedRetry, AskedOlder, AskedPause,
    AskedResume, Refused,
);
variants!(ACTIONS, action, Action: Import, Push, Bind, Retire, InstallCa, RunHook, SwitchSsl);
variants!(
    BECAUSES, because, Because:
    NotImported, ImportGone, NotPushed, CopyGone, NotBound, BoundBack, ForeignBound, RolledBack,
    Superseded, MakesRoom, NotFoundAfterDoubt, UnseenAfterDoubt, CaMissing, CaChanged,
    OverlapOver, CaExpired, FileExposed, HookDue, SwitchWanted,
);
variants!(FACTS, fact, Fact: Seen, Done, Gone, RolledBack, JobFailed, AllowedOlder, NotOurs);
variants!(
    HOLDS, hold_name, Hold:
    InFlight, Paused, SameLeaf, BadInput, Older, InDoubt, DoubtStays, BackOff, Refused, Unseen, CaRejected,
    NotListedYet, NeverListed, ExistsUnlisted, Full, SamePlace, Foreign, NewerBound, Unbindable,
    NotBoundYet, RolledBack, NotServedYet, Stale, Wrong, Unreachable, Overlapping, Unproven, NotKept,
    StillUsed, RestartNotAllowed, OutsideWindow, SwitchedBack, SwitchNotShown, SwitchedByOthers, JobRunning, JobUnknown,
);

/// A hold's name, with what a table wants to tell apart.
pub fn hold(why: &Hold) -> String {
    let name = hold_name(why);
    match why {
        Hold::BackOff { attempt, .. } => format!("{name}({attempt})"),
        Hold::SwitchedByOthers { job_id, assumed: None, .. } => format!("{name} {job_id}"),
        Hold::SwitchedByOthers { job_id, .. } => format!("{name} {job_id}, assumed"),
        Hold::Paused { due: Some(_), .. } => format!("{name} due"),
        _ => name.to_owned(),
    }
}

/// Every case of every table.
pub fn tables() -> impl Iterator<Item = Case> {
    let certificates = [import::cases(), push::cases(), bind::cases(), drift::cases()];
    let served = [serve::cases(), back::cases(), retire::cases(), room::cases()];
    let others = [
        alone::cases(),
        alone_instances::cases(),
        ca::cases(),
        overlap::cases(),
        ssl::cases(),
        greeting::cases(),
        backoff::cases(),
        clocks::cases(),
        paused::cases(),
    ];
    certificates.into_iter().chain(served).chain(others).flatten()
}

#[test]
fn every_variant_comes_out_of_some_case() {
    let mut seen = BTreeSet::new();
    for (sentence, given, _) in tables() {
        let plan = plan(&given.observed, &given.memory);
        for step in &plan.now {
            seen.extend([("Action", action(&step.action)), ("Because", because(&step.because))]);
            assert!(reads_on(&step.because.to_string()), "{sentence}: {}", step.because);
        }
        for held in &plan.held {
            seen.insert(("Hold", hold_name(&held.why)));
            assert!(reads_on(&held.why.to_string()), "{sentence}: {}", held.why);
        }
        seen.extend(plan.learned.iter().filter_map(|lesson| match lesson {
            Lesson::Effect { fact: it, .. } => Some(("Fact", fact(it))),
            Lesson::Sight { .. } | Lesson::Authorities { .. } => None,
        }));
    }
    let all = [("Action", ACTIONS), ("Because", BECAUSES), ("Fact", FACTS), ("Hold", HOLDS)];
    let all = all.iter().flat_map(|(of, names)| names.iter().map(move |name| (*of, *name)));
    let missing: Vec<_> = all.filter(|variant| !seen.contains(variant)).collect();
    assert!(missing.is_empty(), "no case produces {missing:?}");
}

/// A fragment that goes on after a colon: no blanks around it, no full stop, nothing left unfilled.
fn reads_on(sentence: &str) -> bool {
    !sentence.is_empty()
        && sentence.trim() == sentence
        && !sentence.ends_with('.')
        && !sentence.contains("  ")
        && !sentence.contains("Some(")
}
