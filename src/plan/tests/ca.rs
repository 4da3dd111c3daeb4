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

pub fn redis() -> Subject {
    Subject::Ca(name("redis"))
}

fn hook(n: u8) -> Action {
    Action::RunHook { name: name("redis"), sha256: bundle(&[n]).sha256 }
}

/// CA `published` is published, and the file holds CA `held`.
pub fn holds(published: u8, held: u8) -> CaSeen {
    ca(Ok(&[published]), file(&[held]))
}

/// CA `n` is published since ever, and the file holds nothing else.
pub fn known(secs: i64, n: u8) -> Given {
    now(secs).after(0, authorities(&[n], &[]))
}

fn files() -> Vec<Case> {
    let unreadable = FileSeen::Unknown(failure(Kind::Transient));
    let shuffled = ca(Ok(&[2, 1]), file(&[1, 2]));
    let held = || bundle(&[1]).certificates;
    let commented = FileSeen::Holds { sha256: digest(9), authorities: held(), fits: true };
    let (sha256, authorities_held) = (bundle(&[1]).sha256, held());
    let exposed = || FileSeen::Holds { sha256, authorities: authorities_held.clone(), fits: false };
    vec![
        (
            "a missing file is written",
            now(0).ca(ca(Ok(&[1]), FileSeen::Absent)),
            &["do redis: install 1111, CaMissing", "saw redis: published 1111, beside"],
        ),
        (
            "a file that somebody else put there right is left, and no command follows",
            known(0, 1).ca(holds(1, 1)),
            &["learn redis: install 1111, Seen"],
        ),
        (
            "whatever stands between its CAs",
            known(0, 1).ca(ca(Ok(&[1]), commented)),
            &["learn redis: install 1111, Seen"],
        ),
        (
            "and stays left",
            known(9, 1)
                .after(1, learned(&redis(), &install(&[1]), Fact::Seen { id: None }))
                .ca(holds(1, 1)),
            &[],
        ),
        (
            "the same CAs in another order are the same",
            now(9)
                .after(0, authorities(&[1, 2], &[]))
                .after(1, done(&redis(), &install(&[1, 2]), None))
                .ca(CaSeen { has_hook: false, ..shuffled }),
            &[],
        ),
        (
            "a file that others may read or write is put right",
            known(9, 1)
                .after(1, learned(&redis(), &install(&[1]), Fact::Seen { id: None }))
                .ca(ca(Ok(&[1]), exposed())),
            &["do redis: install 1111, FileExposed"],
        ),
        (
            "at once the first time, also when it was written just now",
            known(9, 1).after(1, done(&redis(), &install(&[1]), None)).ca(ca(Ok(&[1]), exposed())),
            &["do redis: install 1111, FileExposed"],
        ),
        (
            "but not at every look, where the file system keeps no attributes; its command runs all the same",
            twice(9).ca(ca(Ok(&[1]), exposed())),
            &["do redis: run on_change, HookDue", "hold redis: NotKept +895s"],
        ),
        (
            "until a person asks",
            twice(9).after(5, retry("redis")).ca(ca(Ok(&[1]), exposed())),
            &["do redis: install 1111, FileExposed"],
        ),
        (
            "or a while has passed",
            twice(904).ca(ca(Ok(&[1]), exposed())),
            &["do redis: install 1111, FileExposed"],
        ),
        (
            "a file that could not be read is not replaced",
            now(0).ca(ca(Ok(&[1]), unreadable)),
            &["hold redis: Unseen"],
        ),
        (
            "killed between the rename and its line: it was us",
            known(9, 1).after(1, began(&redis(), &install(&[1]))).ca(holds(1, 1)),
            &["learn redis: install 1111, Done"],
        ),
        (
            "killed before the rename: once more",
            known(9, 1)
                .after(1, began(&redis(), &install(&[1])))
                .ca(ca(Ok(&[1]), FileSeen::Absent)),
            &["do redis: install 1111, CaMissing"],
        ),
        (
            "a file that was deleted is written again",
            known(9, 1)
                .after(1, done(&redis(), &install(&[1]), None))
                .ca(ca(Ok(&[1]), FileSeen::Absent)),
            &["do redis: install 1111, CaMissing"],
        ),
        (
            "an entry with its step under way is left alone",
            now(0).in_flight(redis()).ca(holds(2, 1)),
            &["hold redis: InFlight"],
        ),
    ]
}

/// Written at one second and again at four.
fn twice(secs: i64) -> Given {
    let installed = || done(&redis(), &install(&[1]), None);
    let first = known(secs, 1).after(1, began(&redis(), &install(&[1]))).after(2, installed());
    first.after(3, began(&redis(), &install(&[1]))).after(4, installed())
}

fn hooks() -> Vec<Case> {
    let installed = |n: u8| done(&redis(), &install(&[n]), None);
    let ran = |n: u8| done(&redis(), &hook(n), None);
    let silent = CaSeen { has_hook: false, ..holds(1, 1) };
    let down = ca(Err(failure(Kind::Transient)), file(&[1]));
    let there_and_back = || {
        let first = known(99, 1).after(1, began(&redis(), &install(&[1]))).after(2, installed(1));
        first
            .after(3, began(&redis(), &hook(1)))
            .after(4, ran(1))
            .after(5, began(&redis(), &install(&[2])))
            .after(6, installed(2))
            .after(7, began(&redis(), &install(&[1])))
            .after(8, installed(1))
    };
    vec![
        (
            "the command follows the file",
            known(9, 1).after(1, installed(1)).ca(holds(1, 1)),
            &["do redis: run on_change, HookDue"],
        ),
        ("once", known(9, 1).after(1, installed(1)).after(2, ran(1)).ca(holds(1, 1)), &[]),
        (
            "once also when the clock was set back in between",
            known(20, 1)
                .after(100, began(&redis(), &install(&[1])))
                .after(100, installed(1))
                .after(10, began(&redis(), &hook(1)))
                .after(11, ran(1))
                .ca(holds(1, 1)),
            &[],
        ),
        (
            "and bytes that come back after it was set back are a change",
            known(20, 1)
                .after(99, began(&redis(), &hook(1)))
                .after(100, ran(1))
                .after(10, began(&redis(), &install(&[1])))
                .after(11, installed(1))
                .ca(holds(1, 1)),
            &["do redis: run on_change, HookDue"],
        ),
        ("no command, nothing to run", known(9, 1).after(1, installed(1)).ca(silent), &[]),
        (
            "killed while it ran: it runs again",
            known(9, 1).after(1, installed(1)).after(2, began(&redis(), &hook(1))).ca(holds(1, 1)),
            &["do redis: run on_change, HookDue"],
        ),
        (
            "bytes that come back are a change",
            there_and_back().ca(holds(1, 1)),
            &["do redis: run on_change, HookDue"],
        ),
        (
            "and its command runs once for that change too",
            there_and_back().after(9, began(&redis(), &hook(1))).after(10, ran(1)).ca(holds(1, 1)),
            &[],
        ),
        (
            "the cloud's trouble keeps nobody on the old CA",
            known(9, 1).after(1, installed(1)).ca(down),
            &["do redis: run on_change, HookDue", "hold redis: Unseen"],
        ),
        (
            "a command that failed waits and is tried again",
            known(9, 1)
                .after(1, installed(1))
                .after(2, began(&redis(), &hook(1)))
                .after(4, failed(&redis(), &hook(1), failure(Kind::Transient)))
                .ca(holds(1, 1)),
            &["hold redis: BackOff(1) +5s"],
        ),
        (
            "when its wait is over",
            known(30, 1)
                .after(1, installed(1))
                .after(2, began(&redis(), &hook(1)))
                .after(4, failed(&redis(), &hook(1), failure(Kind::Transient)))
                .ca(holds(1, 1)),
            &["do redis: run on_change, HookDue"],
        ),
    ]
}

fn failures() -> Vec<Case> {
    let rejected = ca(Err(failure(Kind::Unusable)), file(&[1]));
    let throttled = ca(Err(waiting(Kind::Throttled, 3)), FileSeen::Absent);
    vec![
        (
            "a CA that is none does not touch the file",
            known(0, 1).ca(rejected),
            &["hold redis: CaRejected"],
        ),
        (
            "the service says when to come back",
            known(0, 1).ca(throttled),
            &["hold redis: Unseen +3s"],
        ),
        (
            "a full disk is tried again later",
            known(4, 1)
                .after(1, began(&redis(), &install(&[1])))
                .after(2, failed(&redis(), &install(&[1]), failure(Kind::Transient)))
                .ca(ca(Ok(&[1]), FileSeen::Absent)),
            &["hold redis: BackOff(1) +8s"],
        ),
        (
            "a failure on the way to one bundle does not gate the next",
            known(4, 2)
                .after(2, failed(&redis(), &install(&[1]), failure(Kind::Permanent)))
                .ca(ca(Ok(&[2]), FileSeen::Absent)),
            &["do redis: install 2222, CaMissing"],
        ),
        (
            "a person ends the wait",
            known(4, 1)
                .after(2, failed(&redis(), &install(&[1]), failure(Kind::Permanent)))
                .after(3, retry("redis"))
                .ca(ca(Ok(&[1]), FileSeen::Absent)),
            &["do redis: install 1111, CaMissing"],
        ),
    ]
}
