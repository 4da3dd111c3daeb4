//! SSL switches: nobody reports their state, and each PUT restarts a database, so doubt holds.

use super::fixture::*;
use crate::model::failure::Kind;
use crate::model::names::Subject;
use crate::plan::action::{Action, Fact};
use crate::plan::observed::{JobState, SwitchJob, SwitchSeen};

mod doubt;

#[test]
fn rules() {
    check_all(cases());
}

pub fn cases() -> Vec<Case> {
    [first(), others(), follow(), unknown_jobs(), doubt::lost_answers(), doubt::flips()]
        .into_iter()
        .flatten()
        .collect()
}

pub fn ledger() -> Subject {
    Subject::Ssl(name("ledger"))
}

pub fn ssl(on: bool) -> Action {
    Action::SwitchSsl { cloud: name("main"), instance_id: "db1".into(), on }
}

fn assume(seen: SwitchSeen, value: bool) -> SwitchSeen {
    SwitchSeen { assume: Some(value), ..seen }
}

/// Sent at one second, answered with job `j1` at two.
fn answered(secs: i64, on: bool) -> Given {
    now(secs).after(1, began(&ledger(), &ssl(on))).after(2, done(&ledger(), &ssl(on), Some("j1")))
}

/// Sent at one second; the answer was lost at two.
fn lost(secs: i64, on: bool) -> Given {
    let lost = failed(&ledger(), &ssl(on), failure(Kind::Lost));
    now(secs).after(1, began(&ledger(), &ssl(on))).after(2, lost)
}

fn not_ours() -> Fact {
    Fact::NotOurs { jobs: vec!["x1".to_owned()] }
}

fn running(job_id: &str, secs: i64) -> SwitchSeen {
    let job = SwitchJob { job_id: job_id.to_owned(), created: at(secs), ended: false };
    SwitchSeen { jobs: Some(Ok(vec![job])), ..switch(true) }
}

fn first() -> Vec<Case> {
    let unread = SwitchSeen { jobs: None, ..switch(true) };
    let unreadable = SwitchSeen { jobs: Some(Err(waiting(Kind::Throttled, 4))), ..switch(true) };
    let forbidden = SwitchSeen { allow_restart: false, ..switch(true) };
    let busy = failed(&ledger(), &ssl(true), failure(Kind::Busy));
    let refused = failed(&ledger(), &ssl(true), failure(Kind::Permanent));
    let sent = || now(20).after(1, began(&ledger(), &ssl(true)));
    vec![
        (
            "a switch that nothing says to hold is sent",
            now(0).switch(switch(true)),
            &["do ledger: switch SSL on on db1, SwitchWanted"],
        ),
        (
            "not without the word that allows the restart",
            now(0).switch(forbidden),
            &["hold ledger: RestartNotAllowed"],
        ),
        (
            "what the operator knows to be so is not switched",
            now(0).switch(assume(unread.clone(), true)),
            &[],
        ),
        (
            "what the operator knows to be otherwise is",
            now(0).switch(assume(switch(true), false)),
            &["do ledger: switch SSL on on db1, SwitchWanted"],
        ),
        ("not before the task list is read", now(0).switch(unread), &["hold ledger: Unseen"]),
        ("not when it cannot be read", now(0).switch(unreadable), &["hold ledger: Unseen +4s"]),
        (
            "an instance that is busy is asked later",
            sent().after(12, busy.clone()).switch(switch(true)),
            &["hold ledger: BackOff(1) +2s"],
        ),
        (
            "and then again",
            sent().after(2, busy).switch(switch(true)),
            &["do ledger: switch SSL on on db1, SwitchWanted"],
        ),
        (
            "a refused switch waits for a person",
            sent().after(2, refused.clone()).switch(switch(true)),
            &["hold ledger: Refused"],
        ),
        (
            "who may have it sent again",
            sent().after(2, refused).after(3, retry("ledger")).switch(switch(true)),
            &["do ledger: switch SSL on on db1, SwitchWanted"],
        ),
        (
            "a switch under way is left alone",
            sent().in_flight(ledger()).switch(switch(true)),
            &["hold ledger: InFlight"],
        ),
    ]
}

fn others() -> Vec<Case> {
    vec![
        (
            "a job of which the journal knows nothing holds the switch",
            now(0).switch(jobs(true, &[("x1", -9_000)])),
            &["hold ledger: SwitchedByOthers x1"],
        ),
        (
            "of several the newest is named",
            now(0).switch(jobs(true, &[("x1", -9_000), ("x3", -10), ("x2", -70)])),
            &["hold ledger: SwitchedByOthers x3"],
        ),
        (
            "what the operator knew before it may be out of date",
            now(0).switch(assume(jobs(true, &[("x1", -9_000)]), false)),
            &["hold ledger: SwitchedByOthers x1, assumed"],
        ),
        (
            "who may have it switched all the same: then the job is known to be none of ours",
            now(0).after(-5, retry("ledger")).switch(assume(jobs(true, &[("x1", -9_000)]), false)),
            &["learn ledger: switch SSL on on db1, NotOurs"],
        ),
        (
            "and it is switched",
            now(0)
                .after(-5, retry("ledger"))
                .after(-1, learned(&ledger(), &ssl(true), not_ours()))
                .switch(jobs(true, &[("x1", -9_000)])),
            &["do ledger: switch SSL on on db1, SwitchWanted"],
        ),
        (
            "not while somebody else's job runs, whoever asks",
            now(0).after(-5, retry("ledger")).switch(running("x1", -9)),
            &["hold ledger: JobRunning +8s"],
        ),
        (
            "which does not cover a job that came later",
            now(0).after(-50, retry("ledger")).switch(jobs(true, &[("x1", -10)])),
            &["hold ledger: SwitchedByOthers x1"],
        ),
        (
            "a switch that came to nothing and is as known: nothing",
            answered(900, true)
                .after(60, learned(&ledger(), &ssl(true), Fact::JobFailed { reason: "x".into() }))
                .switch(assume(jobs(true, &[("j1", 1)]), true)),
            &[],
        ),
        (
            "a lost journal and a switch that is as known: nothing",
            now(0).switch(assume(jobs(true, &[("x1", -9)]), true)),
            &[],
        ),
        (
            "a job that the journal knows holds nothing",
            answered(900, false)
                .after(60, saw(&ledger(), &ssl(false), "j1"))
                .switch(jobs(true, &[("j1", 1)])),
            &["do ledger: switch SSL on on db1, SwitchWanted"],
        ),
    ]
}

fn follow() -> Vec<Case> {
    vec![
        (
            "a job is followed",
            answered(11, true).switch(job(true, Ok(JobState::Running))),
            &["hold ledger: JobRunning +8s"],
        ),
        (
            "to its end",
            answered(60, true).switch(job(true, Ok(JobState::Completed))),
            &["learn ledger: switch SSL on on db1, Seen j1"],
        ),
        (
            "and then never again",
            answered(900, true).after(60, saw(&ledger(), &ssl(true), "j1")).switch(switch(true)),
            &[],
        ),
        (
            "or to its bad end",
            answered(60, true).switch(job(true, Ok(JobState::Failed("no disk".into())))),
            &["learn ledger: switch SSL on on db1, JobFailed job j1 failed: no disk"],
        ),
        (
            "which is a refusal, that no repetition mends",
            answered(900, true)
                .after(60, learned(&ledger(), &ssl(true), Fact::JobFailed { reason: "x".into() }))
                .switch(jobs(true, &[("j1", 1)])),
            &["hold ledger: Refused"],
        ),
        (
            "but a person may",
            answered(900, true)
                .after(60, learned(&ledger(), &ssl(true), Fact::JobFailed { reason: "x".into() }))
                .after(61, retry("ledger"))
                .switch(jobs(true, &[("j1", 1)])),
            &["do ledger: switch SSL on on db1, SwitchWanted"],
        ),
        (
            "a job that could not be asked for is asked for again",
            answered(60, true).switch(job(true, Err(failure(Kind::Transient)))),
            &["hold ledger: Unseen +15s"],
        ),
        (
            "not sooner than the service asks",
            answered(60, true).switch(job(true, Err(waiting(Kind::Throttled, 60)))),
            &["hold ledger: Unseen +60s"],
        ),
        (
            "a missing right is no better in a moment: with the next cycle",
            answered(60, true).switch(job(true, Err(failure(Kind::Operator)))),
            &["hold ledger: Unseen"],
        ),
        (
            "the job of the other direction comes first",
            answered(60, false).switch(job(true, Ok(JobState::Running))),
            &["hold ledger: JobRunning +15s"],
        ),
    ]
}

fn unknown_jobs() -> Vec<Case> {
    let nobody = || Err(failure(Kind::NotFound));
    vec![
        (
            "a job that nobody knows any more is a matter for a person",
            answered(900, true).switch(job(true, nobody())),
            &["hold ledger: JobUnknown"],
        ),
        (
            "what was known before the switch says nothing of it",
            answered(900, true).switch(assume(job(true, nobody()), false)),
            &["hold ledger: JobUnknown"],
        ),
        (
            "who looks and says that it is as wanted",
            answered(900, true).switch(assume(job(true, nobody()), true)),
            &["learn ledger: switch SSL on on db1, Seen j1"],
        ),
        (
            "also after the configuration has changed its mind: it is on, so the job that was to \
             switch it off counts no more",
            answered(900, false).switch(assume(job(true, nobody()), true)),
            &[
                "learn ledger: switch SSL off on db1, Gone",
                "learn ledger: switch SSL on on db1, Seen",
            ],
        ),
        (
            "and nothing is restarted for that",
            answered(950, false)
                .after(900, learned(&ledger(), &ssl(false), Fact::Gone))
                .after(900, learned(&ledger(), &ssl(true), Fact::Seen { id: None }))
                .switch(switch(true)),
            &[],
        ),
    ]
}
