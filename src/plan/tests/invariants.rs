//! The invariants: each catches a plan made to break it, and none is broken by the planner.

use super::coverage;
use super::fixture::*;
use crate::cert::Finding;
use crate::model::failure::Kind;
use crate::model::names::Subject;
use crate::model::target::Target::Elb;
use crate::plan::action::{Action, Because, Fact};
use crate::plan::check::check;
use crate::plan::observed::{
    BadInput, CaSeen, CertificateSeen, CopySeen, FileSeen, SwitchJob, SwitchSeen,
};
use crate::plan::{Plan, Step, plan};

const FILES: &str = "nothing is sent while its files are bad or out of date";
const COPY: &str = "a copy that is there, or was not looked for, is not pushed again";
const LEFT_OUT: &str = "what nobody has looked at decides nothing";
const DOUBT: &str = "a write in doubt is not repeated before its wait is over";
const TASKS: &str = "no switch is sent before the task list was read";
const COMMAND: &str = "a command runs only for bytes that we put in place";

/// What one such step breaks.
fn broken(given: &Given, subject: &Subject, action: Action, because: Because) -> Vec<&'static str> {
    rules(given, vec![step(subject, action, because)])
}

fn step(subject: &Subject, action: Action, because: Because) -> Step {
    Step { subject: subject.clone(), action, because }
}

fn rules(given: &Given, now: Vec<Step>) -> Vec<&'static str> {
    let plan = Plan { now, ..Plan::default() };
    let violations = check(&plan, &given.observed, &given.memory);
    violations.iter().map(|violation| violation.rule).collect()
}

#[test]
fn no_plan_of_any_table_breaks_one() {
    for (sentence, given, _) in coverage::tables() {
        let plan = plan(&given.observed, &given.memory);
        assert_eq!(check(&plan, &given.observed, &given.memory), [], "{sentence}");
    }
}

#[test]
fn a_subject_has_one_round_at_a_time() {
    let given = now(0).in_flight(www()).cert(cert("www", 1));
    let rules = broken(&given, &www(), import(1), Because::NotImported);
    assert_eq!(rules, ["a subject has one round of steps at a time"]);
}

#[test]
fn an_effect_is_had_once_and_the_second_step_is_the_one_named() {
    let given = now(0).cert(cert("www", 1)).cert(cert("api", 1));
    let twice = [www(), api()].map(|subject| step(&subject, import(1), Because::NotImported));
    let plan = Plan { now: twice.to_vec(), ..Plan::default() };
    let violations = check(&plan, &given.observed, &given.memory);
    assert_eq!(violations.len(), 1);
    assert_eq!((violations[0].step, violations[0].rule), (1, "one effect is had once in a plan"));
}

#[test]
fn nothing_goes_out_with_bad_files() {
    let finding = BadInput { path: "/pki/privkey.pem".into(), finding: Finding::Mismatch };
    let torn = CertificateSeen { local: Err(finding), ..cert("www", 1) };
    let givens = [
        now(0).cert(torn),
        now(62 * 86_400).cert(cert("www", 1)),
        now(-30 * 86_400).cert(cert("www", 1)),
        now(0).cert(cert("api", 1)),
    ];
    for given in givens {
        for action in [import(1), push(1, Elb)] {
            assert_eq!(broken(&given, &www(), action, Because::NotPushed), [FILES]);
        }
    }
}

#[test]
fn a_look_that_left_out_the_targets_leads_to_an_import_alone() {
    let seen = pushed("www", 1, Elb, CopySeen::NotAsked);
    for (import_alone, rules) in [(false, &[][..]), (true, &[LEFT_OUT])] {
        let given = now(0).cert(CertificateSeen { import_alone, ..seen.clone() });
        assert_eq!(broken(&given, &www(), push(1, Elb), Because::NotPushed), rules);
        assert_eq!(broken(&given, &www(), import(1), Because::NotImported), [""; 0]);
    }
    let alone = CertificateSeen { import_alone: true, ..seen };
    let given =
        now(0).cert(alone).ca(CaSeen { name: name("www"), ..ca(Ok(&[1]), FileSeen::Absent) });
    let of_its_own = broken(&given, &Subject::Ca(name("www")), install(&[1]), Because::CaMissing);
    assert_eq!(of_its_own, [""; 0], "another table's entry of the same name");
}

#[test]
fn what_is_imported_is_not_imported_again() {
    let known = [
        done(&www(), &import(1), Some("scm-1")),
        learned(&www(), &import(1), Fact::Done { id: None }),
        saw(&www(), &import(1), "scm-1"),
    ];
    for record in known {
        let given = now(900).after(1, record).cert(cert("www", 1));
        let rules = broken(&given, &www(), import(1), Because::NotImported);
        assert_eq!(rules, ["what is imported is not imported again"]);
        assert!(broken(&given, &www(), import(1), Because::ImportGone).is_empty());
    }
}

#[test]
fn a_copy_that_is_there_or_unseen_is_not_pushed_again() {
    for copy in [CopySeen::Found("c1".into()), CopySeen::Unknown(failure(Kind::Transient))] {
        let given = now(0).cert(pushed("www", 1, Elb, copy));
        assert_eq!(broken(&given, &www(), push(1, Elb), Because::NotPushed), [COPY]);
    }
    for copy in [CopySeen::Absent, CopySeen::Blind(failure(Kind::Operator))] {
        let given = now(0).cert(pushed("www", 1, Elb, copy));
        assert!(broken(&given, &www(), push(1, Elb), Because::NotPushed).is_empty());
    }
}

#[test]
fn a_write_in_doubt_is_not_repeated_too_soon() {
    let switched = Action::SwitchSsl { cloud: name("main"), instance_id: "db1".into(), on: true };
    let ledger = Subject::Ssl(name("ledger"));
    for (subject, action) in [(www(), import(1)), (www(), push(1, Elb)), (ledger, switched)] {
        let lost = failed(&subject, &action, failure(Kind::Lost));
        for (record, secs) in [(began(&subject, &action), 119), (lost, 119)] {
            let early =
                now(secs).after(0, record.clone()).cert(cert("www", 1)).switch(switch(true));
            let because = Because::NotFoundAfterDoubt;
            let rules = broken(&early, &subject, action.clone(), because.clone());
            assert_eq!(rules, [DOUBT]);
            let late = now(120).after(0, record).cert(cert("www", 1)).switch(switch(true));
            assert!(broken(&late, &subject, action.clone(), because).is_empty());
        }
    }
}

#[test]
fn no_instance_is_restarted_without_leave_nor_unread() {
    let on = Action::SwitchSsl { cloud: name("main"), instance_id: "db1".into(), on: true };
    let ledger = Subject::Ssl(name("ledger"));
    let judge = |subject: &Subject, seen: SwitchSeen| {
        broken(&now(0).switch(seen), subject, on.clone(), Because::SwitchWanted)
    };
    let forbidden = SwitchSeen { allow_restart: false, ..switch(true) };
    assert_eq!(judge(&ledger, forbidden), ["no instance is restarted without allow_restart"]);
    let unread = SwitchSeen { jobs: None, ..switch(true) };
    assert_eq!(judge(&ledger, unread), [TASKS]);
    let unreadable = SwitchSeen { jobs: Some(Err(failure(Kind::Operator))), ..switch(true) };
    assert_eq!(judge(&ledger, unreadable), [TASKS]);
    let job = SwitchJob { job_id: "j1".to_owned(), created: at(-9), ended: false };
    let running = SwitchSeen { jobs: Some(Ok(vec![job])), ..switch(true) };
    assert_eq!(judge(&ledger, running), ["no switch is sent while a job runs"]);
    assert_eq!(judge(&www(), switch(true)), ["a switch has an entry"]);
    assert!(judge(&ledger, switch(true)).is_empty());
}

#[test]
fn a_file_gets_what_was_just_checked_and_its_command_follows_our_own_bytes() {
    let redis = Subject::Ca(name("redis"));
    let hook = Action::RunHook { name: name("redis"), sha256: bundle(&[1]).sha256 };
    let given = now(9).ca(ca(Ok(&[1]), file(&[2])));
    let judge =
        |authorities: &[u8]| broken(&given, &redis, install(authorities), Because::CaChanged);
    assert_eq!(judge(&[2]), ["every CA that is published is installed"]);
    assert_eq!(judge(&[1, 3]), ["only CAs that were just checked are installed"]);
    assert!(judge(&[1]).is_empty() && judge(&[1, 2]).is_empty());
    let blind = now(9).ca(ca(Err(failure(Kind::Transient)), file(&[1])));
    let rules = broken(&blind, &redis, install(&[1]), Because::CaChanged);
    assert_eq!(rules, ["nothing is installed while what is published is not known"]);
    assert_eq!(broken(&given, &redis, hook.clone(), Because::HookDue), [COMMAND]);
    let found = given.clone().after(1, learned(&redis, &install(&[1]), Fact::Seen { id: None }));
    assert_eq!(broken(&found, &redis, hook.clone(), Because::HookDue), [COMMAND]);
    let ours = given.after(1, done(&redis, &install(&[1]), None));
    assert!(broken(&ours, &redis, hook, Because::HookDue).is_empty());
}
