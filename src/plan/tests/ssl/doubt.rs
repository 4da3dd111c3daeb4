//! Switches whose answer was lost, and those of one direction after the other.

use super::super::fixture::*;
use super::{answered, assume, ledger, lost, not_ours, ssl};
use crate::model::failure::Kind;
use crate::plan::action::Fact;
use crate::plan::observed::SwitchSeen;

pub(super) fn lost_answers() -> Vec<Case> {
    let unread = SwitchSeen { jobs: None, ..switch(true) };
    let unreadable = SwitchSeen { jobs: Some(Err(failure(Kind::Operator))), ..switch(true) };
    let banned = waiting(Kind::Throttled, 3_600);
    let banned = SwitchSeen { jobs: Some(Err(banned)), ..switch(true) };
    let twice = |secs| lost(secs, true).after(130, began(&ledger(), &ssl(true)));
    let busy_first = now(900)
        .after(1, began(&ledger(), &ssl(true)))
        .after(2, failed(&ledger(), &ssl(true), failure(Kind::Busy)))
        .after(20, began(&ledger(), &ssl(true)));
    let mut late = switch(true);
    late.looked_at = at(121);
    let mut early = lost(140, true);
    early.observed.switches.push(late);
    vec![
        (
            "a job begun after the unanswered call is its job",
            lost(9, true).switch(jobs(true, &[("j1", 1)])),
            &["learn ledger: switch SSL on on db1, Done j1"],
        ),
        (
            "also when the two clocks differ as far as a signature may",
            lost(9, true).switch(jobs(true, &[("j1", -900)])),
            &["learn ledger: switch SSL on on db1, Done j1"],
        ),
        (
            "one that was there when the call left is not",
            lost(9, true)
                .after(0, learned(&ledger(), &ssl(true), not_ours()))
                .switch(jobs(true, &[("x1", -5)])),
            &["hold ledger: InDoubt +8s"],
        ),
        (
            "a job from long before is not",
            lost(130, true).switch(jobs(true, &[("x1", -9_000)])),
            &["hold ledger: SwitchedByOthers x1"],
        ),
        ("no job yet: held", lost(9, true).switch(switch(true)), &["hold ledger: InDoubt +8s"]),
        ("a look that began within the wait proves nothing", early, &["hold ledger: InDoubt +0s"]),
        (
            "no job after the wait: sent again",
            lost(122, true).switch(switch(true)),
            &["do ledger: switch SSL on on db1, NotFoundAfterDoubt"],
        ),
        ("not a third time", twice(900).switch(switch(true)), &["hold ledger: DoubtStays"]),
        (
            "unless a person says so",
            twice(900).after(800, retry("ledger")).switch(switch(true)),
            &["do ledger: switch SSL on on db1, NotFoundAfterDoubt"],
        ),
        (
            "a call that was surely not done does not count",
            busy_first.switch(switch(true)),
            &["do ledger: switch SSL on on db1, NotFoundAfterDoubt"],
        ),
        (
            "in doubt with a list that cannot be read: never sent",
            lost(9_000, true).switch(unreadable.clone()),
            &["hold ledger: DoubtStays +900s"],
        ),
        (
            "the list is asked for often while the doubt is young",
            lost(60, true).switch(unreadable.clone()),
            &["hold ledger: DoubtStays +15s"],
        ),
        (
            "never sooner than the service asks",
            lost(60, true).switch(banned),
            &["hold ledger: DoubtStays +3600s"],
        ),
        (
            "not even on request",
            lost(9_000, true).after(8_000, retry("ledger")).switch(unreadable),
            &["hold ledger: DoubtStays +900s"],
        ),
        ("nor when nobody read it", lost(9_000, true).switch(unread), &["hold ledger: DoubtStays"]),
    ]
}

pub(super) fn flips() -> Vec<Case> {
    let on = || answered(900, true).after(60, saw(&ledger(), &ssl(true), "j1"));
    let off = || {
        on().after(100, began(&ledger(), &ssl(false)))
            .after(101, done(&ledger(), &ssl(false), Some("j2")))
            .after(160, saw(&ledger(), &ssl(false), "j2"))
    };
    let both: &[(&str, i64)] = &[("j1", 1), ("j2", 100)];
    let refused = failed(&ledger(), &ssl(false), failure(Kind::Permanent));
    vec![
        (
            "the other value is a switch of its own",
            on().switch(jobs(false, &[("j1", 1)])),
            &["do ledger: switch SSL off on db1, SwitchWanted"],
        ),
        ("done once", off().switch(jobs(false, both)), &[]),
        (
            "and back again",
            off().switch(jobs(true, both)),
            &["do ledger: switch SSL on on db1, SwitchWanted"],
        ),
        (
            "a doubt of the other direction comes first",
            lost(9, false).switch(switch(true)),
            &["hold ledger: InDoubt +8s"],
        ),
        (
            "its job is adopted and followed",
            lost(9, false).switch(jobs(true, &[("j1", 2)])),
            &["learn ledger: switch SSL off on db1, Done j1"],
        ),
        (
            "what was never begun needs no undoing",
            lost(122, false).switch(switch(true)),
            &["learn ledger: switch SSL off on db1, Gone"],
        ),
        (
            "so what the operator knew still holds, and nothing is restarted",
            lost(200, false)
                .after(122, learned(&ledger(), &ssl(false), Fact::Gone))
                .switch(assume(switch(true), true)),
            &[],
        ),
        (
            "and what the journal knew still holds",
            on().after(100, began(&ledger(), &ssl(false)))
                .after(300, learned(&ledger(), &ssl(false), Fact::Gone))
                .switch(jobs(true, &[("j1", 1)])),
            &[],
        ),
        (
            "a switch that was refused changed nothing either",
            now(200)
                .after(1, began(&ledger(), &ssl(false)))
                .after(2, refused)
                .switch(assume(switch(true), true)),
            &[],
        ),
        (
            "a refused way back leaves things as they are",
            on().after(100, failed(&ledger(), &ssl(false), failure(Kind::Permanent)))
                .switch(jobs(true, &[("j1", 1)])),
            &[],
        ),
    ]
}
