//! CA files: installed whole, and their command once for each change.

use super::fixture::*;
use crate::model::failure::Kind;
use crate::model::names::Subject;
use crate::plan::action::{Action, Fact};
use crate::plan::observed::{CaSeen, FileSeen};

#[test]
fn rules() {
    check_all(cases());
}

pub fn cases() -> Vec<Case> {
    [files(), hooks(), failures()].into_iter().flatten().collect()
}

fn redis() -> Subject {
    Subject::Ca(name("redis"))
}

fn install(n: u8) -> Action {
    Action::InstallCa { name: name("redis"), sha256: digest(n) }
}

fn hook(n: u8) -> Action {
    Action::RunHook { name: name("redis"), sha256: digest(n) }
}

/// Bundle `published` is published, and the file holds bundle `file`.
fn holds(published: u8, file: u8) -> CaSeen {
    ca(Ok(digest(published)), FileSeen::Holds(digest(file)))
}

fn files() -> Vec<Case> {
    let unreadable = FileSeen::Unknown(failure(Kind::Transient));
    vec![
        (
            "a missing file is written",
            now(0).ca(ca(Ok(digest(1)), FileSeen::Absent)),
            &["do redis: install CA bundle 111111111111, CaMissing"],
        ),
        (
            "another bundle is put in place",
            now(0).ca(holds(2, 1)),
            &["do redis: install CA bundle 222222222222, CaChanged"],
        ),
        (
            "a file that somebody else put there right is left, and no command follows",
            now(0).ca(holds(1, 1)),
            &["learn redis: install CA bundle 111111111111, Seen"],
        ),
        (
            "and stays left",
            now(9)
                .after(1, learned(&redis(), &install(1), Fact::Seen { id: None }))
                .ca(holds(1, 1)),
            &[],
        ),
        (
            "a file that could not be read is not replaced",
            now(0).ca(ca(Ok(digest(1)), unreadable)),
            &["hold redis: Unseen"],
        ),
        (
            "killed between the rename and its line: it was us",
            now(9).after(1, began(&redis(), &install(1))).ca(holds(1, 1)),
            &["learn redis: install CA bundle 111111111111, Done"],
        ),
        (
            "killed before the rename: once more",
            now(9).after(1, began(&redis(), &install(2))).ca(holds(2, 1)),
            &["do redis: install CA bundle 222222222222, CaChanged"],
        ),
        (
            "a file that was deleted is written again",
            now(9)
                .after(1, done(&redis(), &install(1), None))
                .ca(ca(Ok(digest(1)), FileSeen::Absent)),
            &["do redis: install CA bundle 111111111111, CaMissing"],
        ),
        (
            "an entry with its step under way is left alone",
            now(0).in_flight(redis()).ca(holds(2, 1)),
            &["hold redis: InFlight"],
        ),
    ]
}

fn hooks() -> Vec<Case> {
    let installed = |n: u8| done(&redis(), &install(n), None);
    let ran = |n: u8| done(&redis(), &hook(n), None);
    let silent = CaSeen { has_hook: false, ..holds(1, 1) };
    let down = ca(Err(failure(Kind::Transient)), FileSeen::Holds(digest(1)));
    let there_and_back = || {
        let first = now(99).after(1, began(&redis(), &install(1))).after(2, installed(1));
        first
            .after(3, began(&redis(), &hook(1)))
            .after(4, ran(1))
            .after(5, began(&redis(), &install(2)))
            .after(6, installed(2))
            .after(7, began(&redis(), &install(1)))
            .after(8, installed(1))
    };
    vec![
        (
            "the command follows the file",
            now(9).after(1, installed(1)).ca(holds(1, 1)),
            &["do redis: run on_change for 111111111111, HookDue"],
        ),
        ("once", now(9).after(1, installed(1)).after(2, ran(1)).ca(holds(1, 1)), &[]),
        (
            "once also when the clock was set back in between",
            now(20)
                .after(100, began(&redis(), &install(1)))
                .after(100, installed(1))
                .after(10, began(&redis(), &hook(1)))
                .after(11, ran(1))
                .ca(holds(1, 1)),
            &[],
        ),
        (
            "and bytes that come back after it was set back are a change",
            now(20)
                .after(99, began(&redis(), &hook(1)))
                .after(100, ran(1))
                .after(10, began(&redis(), &install(1)))
                .after(11, installed(1))
                .ca(holds(1, 1)),
            &["do redis: run on_change for 111111111111, HookDue"],
        ),
        ("no command, nothing to run", now(9).after(1, installed(1)).ca(silent), &[]),
        (
            "killed while it ran: it runs again",
            now(9).after(1, installed(1)).after(2, began(&redis(), &hook(1))).ca(holds(1, 1)),
            &["do redis: run on_change for 111111111111, HookDue"],
        ),
        (
            "bytes that come back are a change",
            there_and_back().ca(holds(1, 1)),
            &["do redis: run on_change for 111111111111, HookDue"],
        ),
        (
            "and its command runs once for that change too",
            there_and_back().after(9, began(&redis(), &hook(1))).after(10, ran(1)).ca(holds(1, 1)),
            &[],
        ),
        (
            "the cloud's trouble keeps nobody on the old CA",
            now(9).after(1, installed(1)).ca(down),
            &["do redis: run on_change for 111111111111, HookDue", "hold redis: Unseen"],
        ),
        (
            "a command that failed waits and is tried again",
            now(9)
                .after(1, installed(1))
                .after(2, began(&redis(), &hook(1)))
                .after(4, failed(&redis(), &hook(1), failure(Kind::Transient)))
                .ca(holds(1, 1)),
            &["hold redis: BackOff(1) +5s"],
        ),
        (
            "when its wait is over",
            now(30)
                .after(1, installed(1))
                .after(2, began(&redis(), &hook(1)))
                .after(4, failed(&redis(), &hook(1), failure(Kind::Transient)))
                .ca(holds(1, 1)),
            &["do redis: run on_change for 111111111111, HookDue"],
        ),
    ]
}

fn failures() -> Vec<Case> {
    let rejected = ca(Err(failure(Kind::Unusable)), FileSeen::Holds(digest(1)));
    let throttled = ca(Err(waiting(Kind::Throttled, 3)), FileSeen::Absent);
    vec![
        (
            "a CA that is none does not touch the file",
            now(0).ca(rejected),
            &["hold redis: CaRejected"],
        ),
        ("the service says when to come back", now(0).ca(throttled), &["hold redis: Unseen +3s"]),
        (
            "a full disk is tried again later",
            now(4)
                .after(1, began(&redis(), &install(1)))
                .after(2, failed(&redis(), &install(1), failure(Kind::Transient)))
                .ca(ca(Ok(digest(1)), FileSeen::Absent)),
            &["hold redis: BackOff(1) +8s"],
        ),
        (
            "a failure on the way to one bundle does not gate the next",
            now(4)
                .after(2, failed(&redis(), &install(1), failure(Kind::Permanent)))
                .ca(ca(Ok(digest(2)), FileSeen::Absent)),
            &["do redis: install CA bundle 222222222222, CaMissing"],
        ),
        (
            "a person ends the wait",
            now(4)
                .after(2, failed(&redis(), &install(1), failure(Kind::Permanent)))
                .after(3, retry("redis"))
                .ca(ca(Ok(digest(1)), FileSeen::Absent)),
            &["do redis: install CA bundle 111111111111, CaMissing"],
        ),
    ]
}
