//! Pauses: nothing is begun for the entry, everything else goes on, and each has an end.

use std::collections::BTreeSet;

use super::coverage;
use super::fixture::*;
use super::places::bind;
use crate::model::names::Subject;
use crate::model::target::Target::Elb;
use crate::plan::action::Because;
use crate::plan::check::check;
use crate::plan::hold::Hold;
use crate::plan::memory::{PAUSE_MAX, Record};
use crate::plan::observed::{CopySeen, FileSeen, SwitchSeen};
use crate::plan::sight::{Sight, Spot, Verdict};
use crate::plan::{Plan, Step, plan};

#[test]
fn rules() {
    check_all(cases());
}

fn pause(entry: &str, until: i64) -> Record {
    Record::AskedPause { name: name(entry), until: at(until), by: "alice".to_owned() }
}

fn resume(entry: &str) -> Record {
    Record::AskedResume { name: name(entry), by: "bob".to_owned() }
}

pub fn cases() -> Vec<Case> {
    [spans(), kinds()].into_iter().flatten().collect()
}

fn spans() -> Vec<Case> {
    let paused = |secs| now(secs).after(0, pause("www", 3600)).cert(cert("www", 1));
    let trusted = |given: Given| given.after(1, saw(&www(), &import(1), "scm-1"));
    let longest = i64::try_from(PAUSE_MAX.as_secs()).unwrap();
    vec![
        ("what is due waits until the pause is over", paused(60), &["hold www: Paused due +3540s"]),
        (
            "and then goes by itself",
            paused(3600),
            &["do www: import as www-111111111111, NotImported"],
        ),
        (
            "where nothing is due it is said all the same",
            trusted(now(60).after(0, pause("www", 3600)))
                .cert(pushed("www", 1, Elb, CopySeen::Found("c1".into())))
                .after(2, saw(&www(), &push(1, Elb), "c1"))
                .after(61, saw(&www(), &import(1), "scm-1")),
            &["hold www: Paused +3540s"],
        ),
        (
            "a second word counts, also where it is shorter",
            paused(60).after(50, pause("www", 90)),
            &["hold www: Paused due +30s"],
        ),
        (
            "somebody ends it",
            paused(60).after(50, resume("www")),
            &["do www: import as www-111111111111, NotImported"],
        ),
        (
            "another entry's does not count",
            now(60).after(0, pause("api", 3600)).cert(cert("www", 1)),
            &["do www: import as www-111111111111, NotImported"],
        ),
        (
            "another try that somebody asks for does not end it",
            paused(60).after(50, retry("www")),
            &["hold www: Paused due +3540s"],
        ),
        (
            "an equal leaf goes out for the other entry",
            paused(60).cert(cert("api", 1)),
            &["do api: import as api-111111111111, NotImported", "hold www: Paused due +3540s"],
        ),
        (
            "a step under way ends",
            paused(60).in_flight(www()),
            &["hold www: InFlight", "hold www: Paused +3540s"],
        ),
        (
            "a clock that was wrong by years pauses nothing for years",
            now(60).after(0, pause("www", 2 * longest)).cert(cert("www", 1)),
            &["do www: import as www-111111111111, NotImported"],
        ),
    ]
}

fn kinds() -> Vec<Case> {
    let redis = now(9).after(0, pause("redis", 60)).ca(ca(Ok(&[1]), FileSeen::Absent));
    let ledger = || now(9).after(0, pause("ledger", 60));
    let probed = SwitchSeen { probe: Some("db:3306".to_owned()), ..switch(true) };
    let spot = Spot::Greeting { probe: "db:3306".to_owned() };
    let sight =
        Sight { verdict: Verdict::Wrong, leaf: None, id: Some("off".into()), neither: false };
    let off = Record::Saw { subject: Subject::Ssl(name("ledger")), spot, sight };
    vec![
        (
            "no CA file is written",
            redis,
            &["hold redis: Paused due +51s", "saw redis: published 1111, beside"],
        ),
        ("nothing is switched", ledger().switch(switch(true)), &["hold ledger: Paused due +51s"]),
        (
            "nor are the jobs of others taken for known",
            ledger().after(1, retry("ledger")).switch(jobs(true, &[("j1", -60)])),
            &["hold ledger: Paused due +51s"],
        ),
        (
            "a greeting that was seen before is not missed",
            ledger().after(1, off).switch(probed),
            &["hold ledger: Paused due +51s"],
        ),
    ]
}

/// Everyone who was looked at.
fn subjects(given: &Given) -> BTreeSet<Subject> {
    let seen = &given.observed;
    let certificates = seen.certificates.iter().map(|it| Subject::Certificate(it.name.clone()));
    let cas = seen.cas.iter().map(|it| Subject::Ca(it.name.clone()));
    let switches = seen.switches.iter().map(|it| Subject::Ssl(it.name.clone()));
    certificates.chain(cas).chain(switches).collect()
}

/// Whatever step a table of any rule leads to.
#[test]
fn whatever_would_be_begun_waits_where_its_entry_is_paused() {
    let mut waiting = BTreeSet::new();
    for (sentence, given, _) in coverage::tables() {
        let all = subjects(&given);
        let would = plan(&given.observed, &given.memory);
        let mut paused = given.clone();
        for subject in &all {
            let (name, until) = (subject.name().clone(), given.observed.now + PAUSE_MAX);
            let record = Record::AskedPause { name, until, by: "alice".to_owned() };
            paused.memory.fold(given.observed.now, &record);
        }
        let held = plan(&paused.observed, &paused.memory);
        assert_eq!(held.now, [], "{sentence}");
        let due = |subject: &Subject, what: Option<&str>| {
            held.held.iter().any(|it| {
                it.subject == *subject
                    && matches!(&it.why, Hold::Paused { due, .. } if what.is_none_or(|what| due.as_deref() == Some(what)))
            })
        };
        for Step { subject, action, .. } in &would.now {
            assert!(due(subject, Some(&action.describe(subject))), "{sentence}: {action:?}");
            waiting.insert(coverage::action(action));
        }
        assert!(all.iter().all(|subject| due(subject, None)), "{sentence}: nobody says so");
    }
    assert_eq!(waiting, coverage::ACTIONS.iter().copied().collect());
}

#[test]
fn no_step_of_a_paused_entry_passes_the_check() {
    let given = now(60).cert(cert("www", 1));
    let rules = |given: &Given, action| {
        let step = Step { subject: www(), action, because: Because::NotImported };
        let plan = Plan { now: vec![step], ..Plan::default() };
        let broken = check(&plan, &given.observed, &given.memory);
        broken.iter().map(|it| it.rule).collect::<Vec<_>>()
    };
    let rule = "nothing is begun for an entry that is paused";
    assert!(!rules(&given, import(1)).contains(&rule));
    let given = given.after(0, pause("www", 3600));
    for action in [import(1), push(1, Elb), bind(1, "l1", "c1", &[])] {
        assert!(rules(&given, action.clone()).contains(&rule), "{action:?}");
    }
}
