//! Every reason, action, fact and hold that the planner knows comes out of some rule table: an arm
//! added to an enum does not compile before it is named here, and fails before a case produces it.

use std::collections::BTreeSet;

use super::{backoff, ca, import, push, ssl};
use crate::plan::action::{Action, Because, Fact};
use crate::plan::hold::Hold;
use crate::plan::memory::Record;
use crate::plan::plan;

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
    RECORDS, record, Record: Began, Done, Failed, Learned, AskedRetry, AskedOlder, Refused,
);
variants!(ACTIONS, action, Action: Import, Push, InstallCa, RunHook, SwitchSsl);
variants!(
    BECAUSES, because, Because:
    NotImported, ImportGone, NotPushed, CopyGone, NotFoundAfterDoubt, UnseenAfterDoubt, CaMissing,
    CaChanged, HookDue, SwitchWanted,
);
variants!(FACTS, fact, Fact: Seen, Done, Gone, JobFailed, AllowedOlder);
variants!(
    HOLDS, hold_name, Hold:
    InFlight, SameLeaf, BadInput, Older, InDoubt, DoubtStays, BackOff, Refused, Unseen, CaRejected,
    NotListedYet, NeverListed, ExistsUnlisted, RestartNotAllowed, SwitchedByOthers, JobRunning,
    JobUnknown,
);

/// A hold's name, with what a table wants to tell apart.
pub fn hold(why: &Hold) -> String {
    let name = hold_name(why);
    match why {
        Hold::BackOff { attempt, .. } => format!("{name}({attempt})"),
        Hold::SwitchedByOthers { job_id, assumed: None, .. } => format!("{name} {job_id}"),
        Hold::SwitchedByOthers { job_id, .. } => format!("{name} {job_id}, assumed"),
        _ => name.to_owned(),
    }
}

#[test]
fn every_variant_comes_out_of_some_case() {
    let mut seen = BTreeSet::new();
    let tables = [import::cases(), push::cases(), ca::cases(), ssl::cases(), backoff::cases()];
    for (sentence, given, _) in tables.into_iter().flatten() {
        let plan = plan(&given.observed, &given.memory);
        for step in &plan.now {
            seen.extend([action(&step.action), because(&step.because)]);
            assert!(reads_on(&step.because.to_string()), "{sentence}: {}", step.because);
        }
        for held in &plan.held {
            seen.insert(hold_name(&held.why));
            assert!(reads_on(&held.why.to_string()), "{sentence}: {}", held.why);
        }
        seen.extend(plan.learned.iter().map(|lesson| fact(&lesson.fact)));
    }
    let all = [ACTIONS, BECAUSES, FACTS, HOLDS].concat();
    let missing: Vec<_> = all.iter().filter(|name| !seen.contains(**name)).collect();
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
