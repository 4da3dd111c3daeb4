//! SSL switches whose instance tells its state in its greeting, and switches that wait for their
//! window.

use super::fixture::*;
use super::ssl::{ledger, ssl};
use crate::model::failure::Kind;
use crate::plan::action::Fact;
use crate::plan::observed::{JobState, SwitchJob, SwitchSeen};
use crate::plan::plan;
use crate::schedule::Window;

const HALF_DAY: i64 = 43_200;

/// What is written down of greetings has a test of its own.
#[test]
fn rules() {
    for (sentence, given, expect) in cases() {
        let mut got = lines(&plan(&given.observed, &given.memory), given.observed.now);
        got.retain(|line| !line.starts_with("saw "));
        assert_eq!(got, expect, "{sentence}");
    }
}

#[test]
fn what_a_greeting_says_is_written_down_once() {
    let given = now(9).switch(greets(false, SwitchSeen { allow_restart: false, ..switch(true) }));
    let plan = lines(&plan(&given.observed, &given.memory), given.observed.now);
    assert_eq!(
        plan,
        ["hold ledger: RestartNotAllowed", "saw ledger: probe ledger:3306 wrong (off)"]
    );
}

pub fn cases() -> Vec<Case> {
    [shown(), unreadable(), jobs_of_others(), job_ends(), doubts(), windows()]
        .into_iter()
        .flatten()
        .collect()
}

/// The greeting offers SSL, or does not.
fn greets(offers: bool, seen: SwitchSeen) -> SwitchSeen {
    let probe = Some("ledger:3306".to_owned());
    SwitchSeen { probe, greeting: Some(Ok(offers)), ..seen }
}

fn silent(seen: SwitchSeen) -> SwitchSeen {
    let probe = Some("ledger:3306".to_owned());
    SwitchSeen { probe, greeting: Some(Err(failure(Kind::Transient))), ..seen }
}

fn on_since(secs: i64, at: i64) -> Given {
    now(secs).after(at, learned(&ledger(), &ssl(true), Fact::Seen { id: None }))
}

fn shown() -> Vec<Case> {
    let forbidden = SwitchSeen { allow_restart: false, ..switch(true) };
    vec![
        (
            "what the instance says is so is not switched",
            now(0).switch(greets(true, switch(true))),
            &["learn ledger: switch SSL on on db1, Seen"],
        ),
        ("and is known from then on", on_since(9, 1).switch(greets(true, switch(true))), &[]),
        (
            "it is said again after half a day",
            on_since(HALF_DAY + 1, 1).switch(greets(true, switch(true))),
            &["learn ledger: switch SSL on on db1, Seen"],
        ),
        (
            "nor does that need leave to restart",
            now(0).switch(greets(true, forbidden)),
            &["learn ledger: switch SSL on on db1, Seen"],
        ),
        (
            "what it says is not so is switched",
            now(0).switch(greets(false, switch(true))),
            &["do ledger: switch SSL on on db1, SwitchWanted"],
        ),
        (
            "whatever the operator thought",
            now(0).switch(greets(false, SwitchSeen { assume: Some(true), ..switch(true) })),
            &["do ledger: switch SSL on on db1, SwitchWanted"],
        ),
        (
            "what somebody has switched back stays",
            on_since(9, 1).switch(greets(false, switch(true))),
            &["hold ledger: SwitchedBack"],
        ),
        (
            "until a person asks",
            on_since(9, 1).after(2, retry("ledger")).switch(greets(false, switch(true))),
            &["do ledger: switch SSL on on db1, SwitchWanted"],
        ),
        (
            "what we switched ourselves is switched back when that is wanted",
            on_since(9, 1)
                .after(2, learned(&ledger(), &ssl(false), Fact::Seen { id: None }))
                .switch(greets(false, switch(true))),
            &["do ledger: switch SSL on on db1, SwitchWanted"],
        ),
        (
            "a refusal waits as ever",
            now(9)
                .after(1, failed(&ledger(), &ssl(true), failure(Kind::Permanent)))
                .switch(greets(false, switch(true))),
            &["hold ledger: Refused"],
        ),
    ]
}

fn unreadable() -> Vec<Case> {
    let known = SwitchSeen { assume: Some(true), ..switch(true) };
    vec![
        (
            "nothing is restarted because the instance does not answer",
            now(0).switch(silent(switch(true))),
            &["hold ledger: Unreachable"],
        ),
        (
            "and nothing that is settled is doubted",
            on_since(9, 1).switch(silent(switch(true))),
            &[],
        ),
        ("nor what the operator knows", now(0).switch(silent(known)), &[]),
    ]
}

fn jobs_of_others() -> Vec<Case> {
    let row = |ended| SwitchJob { job_id: "j9".to_owned(), created: at(5), ended };
    let listed = |ended| SwitchSeen { jobs: Some(Ok(vec![row(ended)])), ..switch(true) };
    vec![
        (
            "somebody's switch that has ended is no reason to wait: the instance says what came of it",
            now(9).switch(greets(false, listed(true))),
            &["learn ledger: switch SSL on on db1, NotOurs"],
        ),
        (
            "and that is switched",
            now(9)
                .after(8, learned(&ledger(), &ssl(true), Fact::NotOurs { jobs: vec!["j9".into()] }))
                .switch(greets(false, listed(true))),
            &["do ledger: switch SSL on on db1, SwitchWanted"],
        ),
        (
            "one that runs is",
            now(9).switch(greets(false, listed(false))),
            &["hold ledger: JobRunning +4s"],
        ),
        (
            "which is said although no greeting is read meanwhile",
            now(9).switch(SwitchSeen { greeting: None, ..greets(false, listed(false)) }),
            &["hold ledger: JobRunning +4s"],
        ),
        (
            "nor is it believed",
            now(9).switch(greets(true, listed(false))),
            &["hold ledger: JobRunning +4s"],
        ),
        (
            "what is listed without an end for hours does not run any more",
            now(5 + 6 * 3_600)
                .after(8, learned(&ledger(), &ssl(true), Fact::NotOurs { jobs: vec!["j9".into()] }))
                .switch(greets(false, listed(false))),
            &["do ledger: switch SSL on on db1, SwitchWanted"],
        ),
    ]
}

fn job_ends() -> Vec<Case> {
    let answered = || {
        now(9)
            .after(1, began(&ledger(), &ssl(true)))
            .after(2, done(&ledger(), &ssl(true), Some("j1")))
    };
    let gone = || job(true, Err(failure(Kind::NotFound)));
    vec![
        (
            "a job that ended well is believed when the instance shows it",
            answered().switch(greets(true, job(true, Ok(JobState::Completed)))),
            &["learn ledger: switch SSL on on db1, Seen j1"],
        ),
        (
            "and not before",
            answered().switch(greets(false, job(true, Ok(JobState::Completed)))),
            &["hold ledger: SwitchNotShown +8s"],
        ),
        (
            "until a person has looked",
            answered()
                .after(3, retry("ledger"))
                .switch(greets(false, job(true, Ok(JobState::Completed)))),
            &["learn ledger: switch SSL on on db1, Gone"],
        ),
        (
            "nor while it does not answer",
            answered().switch(silent(job(true, Ok(JobState::Completed)))),
            &["hold ledger: Unreachable +8s"],
        ),
        (
            "while the job runs the greeting proves nothing",
            answered().switch(greets(true, job(true, Ok(JobState::Running)))),
            &["hold ledger: JobRunning +8s"],
        ),
        (
            "a job that nobody knows any more: the instance does",
            answered().switch(greets(true, gone())),
            &["learn ledger: switch SSL on on db1, Seen j1"],
        ),
        (
            "but one that is new may only be late",
            answered().switch(greets(false, gone())),
            &["hold ledger: JobRunning +8s"],
        ),
        (
            "later it has come to nothing",
            Given { observed: now(122).observed, ..answered() }.switch(greets(false, gone())),
            &["learn ledger: switch SSL on on db1, Gone"],
        ),
    ]
}

fn doubts() -> Vec<Case> {
    let lost = || {
        let lost = failed(&ledger(), &ssl(true), failure(Kind::Lost));
        now(9).after(1, began(&ledger(), &ssl(true))).after(2, lost)
    };
    let unread = SwitchSeen { jobs: Some(Err(failure(Kind::Operator))), ..switch(true) };
    let long = SwitchJob { job_id: "j9".to_owned(), created: at(-1_000), ended: false };
    let long_running = SwitchSeen { jobs: Some(Ok(vec![long])), ..switch(true) };
    vec![
        (
            "a lost answer is settled by the instance",
            Given { observed: now(122).observed, ..lost() }.switch(greets(true, unread.clone())),
            &["learn ledger: switch SSL on on db1, Seen"],
        ),
        (
            "but not before a call that comes late would have come",
            lost().switch(greets(true, unread)),
            &["hold ledger: DoubtStays +8s"],
        ),
        (
            "nor before its job would be listed",
            lost().switch(greets(true, switch(true))),
            &["hold ledger: InDoubt +8s"],
        ),
        (
            "so that the way back does not begin before it is over",
            lost().switch(greets(true, switch(false))),
            &["hold ledger: InDoubt +8s"],
        ),
        (
            "nor while anything restarts the instance",
            Given { observed: now(122).observed, ..lost() }.switch(greets(true, long_running)),
            &["hold ledger: JobRunning +15s"],
        ),
        (
            "its job is followed to its end",
            lost().switch(greets(true, jobs(true, &[("j1", 2)]))),
            &["learn ledger: switch SSL on on db1, Done j1"],
        ),
        (
            "while the instance does not answer nothing is sent again, for it may be restarting",
            Given { observed: now(200).observed, ..lost() }.switch(silent(switch(true))),
            &["hold ledger: Unreachable"],
        ),
        (
            "which shows nothing yet",
            lost().switch(greets(false, switch(true))),
            &["hold ledger: InDoubt +8s"],
        ),
    ]
}

fn windows() -> Vec<Case> {
    // Zero is 2026-01-01T00:00:00Z, a Thursday.
    let in_window = |text: &str, seen: SwitchSeen| SwitchSeen {
        window: Some(Window::parse(text, chrono_tz::UTC).unwrap()),
        ..seen
    };
    vec![
        (
            "a switch waits for its window",
            now(0).switch(in_window("Thu 01:00-02:00", switch(true))),
            &["hold ledger: OutsideWindow +3600s"],
        ),
        (
            "and starts in it",
            now(3600).switch(in_window("Thu 01:00-02:00", switch(true))),
            &["do ledger: switch SSL on on db1, SwitchWanted"],
        ),
        (
            "what is so already waits for none",
            now(0).switch(greets(true, in_window("Thu 01:00-02:00", switch(true)))),
            &["learn ledger: switch SSL on on db1, Seen"],
        ),
        (
            "a job is followed at any time",
            now(9)
                .after(1, began(&ledger(), &ssl(true)))
                .after(2, done(&ledger(), &ssl(true), Some("j1")))
                .switch(in_window("Thu 01:00-02:00", job(true, Ok(JobState::Completed)))),
            &["learn ledger: switch SSL on on db1, Seen j1"],
        ),
    ]
}

/// Another process plans with what the journal has: who is called at night reads its sentence.
#[test]
fn why_it_could_not_be_read_is_said_again() {
    use crate::plan::memory::{Memory, Record};
    use crate::plan::sight::{Sight, Spot, Verdict};
    let probe = "ledger:3306".to_owned();
    let mut memory = Memory::default();
    let mut said = |id: Option<&str>| {
        let id = id.map(str::to_owned);
        let sight = Sight { verdict: Verdict::Unreachable, leaf: None, id, neither: false };
        let spot = Spot::Greeting { probe: probe.clone() };
        memory.fold(at(5), &Record::Saw { subject: ledger(), spot, sight });
        let seen = SwitchSeen { probe: Some(probe.clone()), ..switch(true) };
        crate::plan::ssl::remembered(&seen, &memory).unwrap().unwrap_err().to_string()
    };
    assert_eq!(said(Some("no luck")), format!("read greeting: no luck (asked {})", at(5)));
    assert_eq!(said(None), format!("read greeting: as it was {}", at(5)));
}
