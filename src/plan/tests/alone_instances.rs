//! Conditions of CA files and switches that stand beside others: in each case one of them alone decides.

use super::ca::{known, redis};
use super::fixture::*;
use super::ssl::{ledger, ssl};
use crate::cert::{CA_FILE_BYTES_MAX, CaFacts};
use crate::model::failure::Kind;
use crate::plan::action::Fact;
use crate::plan::memory::Record;
use crate::plan::observed::{CaSeen, FileSeen, InstanceSeen, Proof, SwitchJob, SwitchSeen};
use crate::plan::plan;
use crate::plan::sight::{Seen, Sight, Spot, Verdict};

const DAY: i64 = 86_400;

#[test]
fn what_is_written() {
    check_all(files());
}

#[test]
fn what_is_switched() {
    for (sentence, given, expect) in switches() {
        let mut got = lines(&plan(&given.observed, &given.memory), given.observed.now);
        // What is written down of greetings has a test of its own.
        got.retain(|line| !line.starts_with("saw "));
        assert_eq!(got, expect, "{sentence}");
    }
}

pub fn cases() -> Vec<Case> {
    [files(), switches()].into_iter().flatten().collect()
}

/// CA 1 was written so often, every other second, and it is so many seconds after the last time.
fn written(times: i64, later: i64) -> Given {
    let last = 2 * times - 1;
    (0..times).fold(known(last + later, 1), |given, n| {
        given
            .after(2 * n, began(&redis(), &install(&[1])))
            .after(2 * n + 1, done(&redis(), &install(&[1]), None))
    })
}

fn files() -> Vec<Case> {
    let held = |certificates: Vec<CaFacts>| FileSeen::Holds {
        sha256: digest(9),
        authorities: certificates,
        fits: true,
    };
    let huge = CaFacts { pem: "1".repeat(CA_FILE_BYTES_MAX), ..authority(1) };
    let exposed = || FileSeen::Holds {
        sha256: bundle(&[1]).sha256,
        authorities: bundle(&[1]).certificates,
        fits: false,
    };
    let silent = |file| CaSeen { has_hook: false, ..ca(Ok(&[1]), file) };
    let wrong = Record::Saw {
        subject: redis(),
        spot: Spot::Instance { probe: "redis:6379".to_owned() },
        sight: Sight { verdict: Verdict::Wrong, leaf: None, id: None, neither: false },
    };
    let leaf = Seen { sha256: digest(7), issued: None, ends: None };
    let verified = InstanceSeen { probe: "redis:6379".into(), proof: Proof::Verified(leaf) };
    let both = CaSeen { instance: Some(verified), ..ca(Ok(&[2]), file(&[2, 1])) };
    let again = |given: Given, secs| {
        given
            .after(secs, began(&redis(), &install(&[1])))
            .after(secs + 1, done(&redis(), &install(&[1]), None))
    };
    vec![
        (
            "a file does not grow beyond what clients load",
            now(9).ca(ca(Ok(&[2]), held(vec![huge]))),
            &["hold redis: CaRejected", "saw redis: published 2222, beside"],
        ),
        (
            "what did not verify before is proven from now on",
            now(3000)
                .after(0, authorities(&[2], &[1]))
                .after(1, learned(&redis(), &install(&[2, 1]), Fact::Seen { id: None }))
                .after(2, wrong)
                .ca(both),
            &["hold redis: Overlapping +1000s", "saw redis: probe redis:6379 served 7777"],
        ),
        (
            "the more often it is written, the longer the wait",
            written(3, 9).ca(silent(exposed())),
            &["hold redis: NotKept +1791s"],
        ),
        (
            "but a day at most",
            written(12, 9).ca(silent(exposed())),
            &["hold redis: NotKept +86391s"],
        ),
        (
            "and clients without a CA do not wait longer and longer",
            written(12, 9).ca(silent(FileSeen::Absent)),
            &["hold redis: NotKept +891s"],
        ),
        (
            "what was written again a week ago is no fight",
            again(written(2, 8 * DAY), 8 * DAY).ca(silent(exposed())),
            &["do redis: install 1111, FileExposed"],
        ),
    ]
}

fn greets(greeting: Option<bool>, seen: SwitchSeen) -> SwitchSeen {
    SwitchSeen { probe: Some("ledger:3306".to_owned()), greeting: greeting.map(Ok), ..seen }
}

/// The greeting was read and said that.
fn greeted(on: bool, verdict: Verdict) -> Record {
    let id = Some(if on { "on" } else { "off" }.to_owned());
    let sight = Sight { verdict, leaf: None, id, neither: false };
    let spot = Spot::Greeting { probe: "ledger:3306".to_owned() };
    Record::Saw { subject: ledger(), spot, sight }
}

fn switches() -> Vec<Case> {
    let forbidden = || SwitchSeen { allow_restart: false, ..switch(true) };
    let unreadable = SwitchSeen {
        probe: Some("ledger:3306".to_owned()),
        greeting: Some(Err(failure(Kind::Transient))),
        ..forbidden()
    };
    let assumed = SwitchSeen { assume: Some(true), ..switch(true) };
    let job = |id: &str, secs, ended| {
        let job = SwitchJob { job_id: id.to_owned(), created: at(secs), ended };
        SwitchSeen { jobs: Some(Ok(vec![job])), ..switch(true) }
    };
    let seen = |on, id: &str| saw(&ledger(), &ssl(on), id);
    vec![
        (
            "an instance that cannot be greeted is said to be so, whatever else keeps it from being switched",
            now(9).switch(unreadable),
            &["hold ledger: Unreachable"],
        ),
        (
            "and so is one that was not greeted yet",
            now(9).switch(greets(None, forbidden())),
            &["hold ledger: Unseen"],
        ),
        (
            "what was assumed is over once we switched the other way",
            now(9).after(1, seen(false, "j1")).switch(assumed),
            &["do ledger: switch SSL on on db1, SwitchWanted"],
        ),
        (
            "while a job runs, a greeting does not end a doubt",
            now(300)
                .after(100, began(&ledger(), &ssl(true)))
                .switch(greets(Some(true), job("j1", 105, false))),
            &["learn ledger: switch SSL on on db1, Done j1"],
        ),
        (
            "while a job of ours runs, none is sent",
            now(300).after(1, seen(false, "j1")).switch(job("j1", 1, false)),
            &["hold ledger: JobRunning +15s"],
        ),
        (
            "no database is restarted on what was greeted before",
            now(300).after(1, greeted(false, Verdict::Wrong)).switch(greets(None, switch(true))),
            &["hold ledger: Unseen"],
        ),
        (
            "what was greeted before a switch tells nothing of it",
            now(300)
                .after(1, greeted(false, Verdict::Wrong))
                .after(2, seen(true, "j1"))
                .switch(greets(None, switch(true))),
            &[],
        ),
        (
            "nor of somebody else's",
            now(300)
                .after(1, greeted(true, Verdict::Served))
                .switch(greets(None, job("j9", 100, true))),
            &["hold ledger: Unseen"],
        ),
    ]
}
