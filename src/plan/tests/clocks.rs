//! A clock that is set back: order is told by the journal's lines, and waits end all the same.

use super::backoff::tried;
use super::fixture::*;
use super::ssl::{ledger, ssl};
use crate::model::failure::Kind;
use crate::model::target::Target::Elb;
use crate::plan::memory::{Memory, Record};
use crate::plan::needs::{self, ImportNeed};
use crate::plan::observed::{CertificateSeen, CopySeen, ImportSeen};
use crate::plan::{plan, settle};

#[test]
fn rules() {
    check_all(cases());
}

pub fn cases() -> Vec<Case> {
    [switches(), waits()].into_iter().flatten().collect()
}

/// The clock was set back on the way: what counts is what came first, not what the clock said.
fn switches() -> Vec<Case> {
    let on = |secs| {
        now(secs)
            .after(1000, began(&ledger(), &ssl(true)))
            .after(1001, done(&ledger(), &ssl(true), Some("j1")))
            .after(1002, saw(&ledger(), &ssl(true), "j1"))
    };
    let on_and_off = || {
        on(50)
            .after(20, began(&ledger(), &ssl(false)))
            .after(21, done(&ledger(), &ssl(false), Some("j2")))
            .after(22, saw(&ledger(), &ssl(false), "j2"))
    };
    let begun = |secs| now(secs).after(1000, began(&ledger(), &ssl(true)));
    let refused = || begun(50).after(1001, failed(&ledger(), &ssl(true), failure(Kind::Permanent)));
    let both: &[(&str, i64)] = &[("j1", 1), ("j2", 20)];
    let late = jobs(true, &[("x1", 40)]);
    let mut old = switch(true);
    old.looked_at = at(1_500);
    let mut set_back = begun(50);
    set_back.observed.switches.push(old);
    vec![
        ("switched on, then off: it is off", on_and_off().switch(jobs(false, both)), &[]),
        (
            "so on is a switch again",
            on_and_off().switch(jobs(true, both)),
            &["do ledger: switch SSL on on db1, SwitchWanted"],
        ),
        (
            "a request after a refusal of the future is after it",
            refused().after(40, retry("ledger")).switch(switch(true)),
            &["do ledger: switch SSL on on db1, SwitchWanted"],
        ),
        (
            "one before it is spent",
            now(50)
                .after(999, retry("ledger"))
                .after(20, began(&ledger(), &ssl(true)))
                .after(21, failed(&ledger(), &ssl(true), failure(Kind::Permanent)))
                .switch(switch(true)),
            &["hold ledger: Refused"],
        ),
        (
            "a request of the future does not cover a job that came since",
            now(50).after(1000, retry("ledger")).after(30, retry("other")).switch(late),
            &["hold ledger: SwitchedByOthers x1"],
        ),
        (
            "nothing is sent again before its wait has passed on the corrected clock",
            begun(50).switch(switch(true)),
            &["hold ledger: InDoubt +1s"],
        ),
        ("a look begun in the future proves nothing", set_back, &["hold ledger: InDoubt +1s"]),
        (
            "a line written since tells from when on to wait",
            begun(149).after(30, retry("other")).switch(switch(true)),
            &["hold ledger: InDoubt +1s"],
        ),
        (
            "and when the wait is over",
            begun(150).after(30, retry("other")).switch(switch(true)),
            &["do ledger: switch SSL on on db1, NotFoundAfterDoubt"],
        ),
        (
            "a clock that came back to what it was counts as if nothing had been",
            begun(1_060).after(30, retry("other")).switch(switch(true)),
            &["hold ledger: InDoubt +15s"],
        ),
    ]
}

/// It failed in a future that is none.
fn waits() -> Vec<Case> {
    let other: Record = retry("api");
    let failed_ahead = |secs| tried(now(secs), &failure(Kind::Operator), &[90_000]);
    vec![
        (
            "a clock that was set back makes no wait longer than it is",
            failed_ahead(5).cert(cert("www", 1)),
            &["hold www: BackOff(1) +900s"],
        ),
        (
            "it counts from when that was first noticed",
            failed_ahead(5).after(4, other.clone()).cert(cert("www", 1)),
            &["hold www: BackOff(1) +899s"],
        ),
        (
            "to its end",
            failed_ahead(904).after(4, other).cert(cert("www", 1)),
            &["do www: import as www-111111111111, NotImported"],
        ),
        (
            "which a person need not wait for",
            failed_ahead(5).after(4, retry("www")).cert(cert("www", 1)),
            &["do www: import as www-111111111111, NotImported"],
        ),
    ]
}

#[test]
fn a_pass_notices_it_without_any_line() {
    let given = tried(now(0), &failure(Kind::Operator), &[90_000]);
    let mut memory = given.memory;
    let hold = |secs, memory: &mut Memory| {
        let given = now(secs).cert(cert("www", 1));
        let planned = settle(&given.observed, memory, |_, _| Ok::<_, ()>(())).unwrap();
        lines(&planned, at(secs))
    };
    assert_eq!(hold(5, &mut memory), ["hold www: BackOff(1) +900s"]);
    assert_eq!(hold(900, &mut memory), ["hold www: BackOff(1) +5s"]);
    assert_eq!(hold(905, &mut memory), ["do www: import as www-111111111111, NotImported"]);
}

#[test]
fn a_clock_that_is_kept_is_not_set_back() {
    let mut memory = Memory::default();
    memory.fold(at(100), &retry("www"));
    memory.notice(at(41));
    assert_eq!(memory.asked_retry(&name("www")).unwrap().at, Some(at(100)));
    memory.notice(at(39));
    assert_eq!(memory.asked_retry(&name("www")).unwrap().at, None);
}

#[test]
fn what_was_confirmed_in_the_future_is_confirmed_again_once() {
    let day = 86_400;
    let found = ImportSeen::Found("scm-1".to_owned());
    let seen = CertificateSeen { import: found, ..cert("www", 1) };
    let mut memory = now(0).after(90 * day, saw(&www(), &import(1), "scm-1")).memory;
    memory.notice(at(0));
    assert_eq!(needs::import(&key(1), &memory, at(9)), ImportNeed::Nothing);
    assert_eq!(needs::import(&key(1), &memory, at(day)), ImportNeed::Count("scm-1".to_owned()));
    let mut lessons = 0;
    for secs in [day, day + 9] {
        // A line is written a moment after the plan that it comes from.
        let given = now(secs).cert_looked(secs - 1, seen.clone());
        settle(&given.observed, &mut memory, |learned, memory| {
            lessons += learned.len();
            learned.into_iter().for_each(|it| memory.fold(at(secs + 1), &it.into()));
            Ok::<_, ()>(())
        })
        .unwrap();
    }
    assert_eq!(lessons, 2, "one a look");
    assert_eq!(needs::import(&key(1), &memory, at(day + 10)), ImportNeed::Nothing);
}

#[test]
fn a_look_from_before_it_was_set_back_takes_nothing_away_and_learns_once() {
    let known = || now(600).after(1, saw(&www(), &import(1), "scm-1"));
    let copy = |copy| pushed("www", 1, Elb, copy);
    let gone = known().after(2, saw(&www(), &push(1, Elb), "c1"));
    let mut gone = gone.cert_looked(9_000, copy(CopySeen::Absent));
    gone.observed.certificates[0].import = ImportSeen::Trusted;
    assert!(lines(&plan(&gone.observed, &gone.memory), at(600)).is_empty());
    let mut found = known().cert_looked(9_000, copy(CopySeen::Found("c1".into())));
    let mut lessons = Vec::new();
    settle(&found.observed, &mut found.memory, |learned, memory| {
        lessons.push(learned.len());
        learned.into_iter().for_each(|it| memory.fold(at(600), &it.into()));
        Ok::<_, ()>(())
    })
    .unwrap();
    assert_eq!(lessons, [2], "the import and its copy, once");
}

#[test]
fn a_clock_set_ahead_ends_no_doubt() {
    let begun = now(0).after(0, began(&www(), &import(1)));
    let plan_at = |secs, memory: &Memory| {
        let given =
            now(secs).cert(CertificateSeen { import: ImportSeen::Absent, ..cert("www", 1) });
        lines(&plan(&given.observed, memory), given.observed.now)
    };
    let again = ["do www: import as www-111111111111, NotFoundAfterDoubt"];
    assert_eq!(plan_at(120, &begun.memory), again);
    let mut memory = begun.memory;
    memory.jump(at(9_000));
    memory.notice(at(9_000));
    assert_eq!(plan_at(9_000, &memory), ["hold www: InDoubt +1s"]);
    assert_eq!(plan_at(9_119, &memory), ["hold www: InDoubt +1s"]);
    assert_eq!(plan_at(9_120, &memory), again);
    // And set right again: that is when the wait begins.
    memory.notice(at(30));
    assert_eq!(plan_at(149, &memory), ["hold www: InDoubt +1s"]);
    assert_eq!(plan_at(150, &memory), again);
    // What has begun since has its own wait.
    memory.jump(at(9_000));
    memory.fold(at(9_500), &began(&www(), &import(1)));
    assert_eq!(plan_at(9_620, &memory), again);
}
