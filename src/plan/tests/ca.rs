//! CA files: installed whole, and their command once for each change.

use std::time::Duration;

use super::fixture::*;
use crate::model::failure::Kind;
use crate::model::names::Subject;
use crate::plan::action::{Action, Fact};
use crate::plan::memory::Record;
use crate::plan::observed::{CaSeen, FileSeen, InstanceSeen, Proof};
use crate::plan::sight::{Seen, Sight, Spot, Verdict};

const PROBE: &str = "redis:6379";

#[test]
fn rules() {
    check_all(cases());
}

pub fn cases() -> Vec<Case> {
    [files(), overlap(), proofs(), hooks(), failures()].into_iter().flatten().collect()
}

fn redis() -> Subject {
    Subject::Ca(name("redis"))
}

fn hook(n: u8) -> Action {
    Action::RunHook { name: name("redis"), sha256: bundle(&[n]).sha256 }
}

/// CA `published` is published, and the file holds CA `held`.
fn holds(published: u8, held: u8) -> CaSeen {
    ca(Ok(&[published]), file(&[held]))
}

/// CA `n` is published since ever, and the file holds nothing else.
fn known(secs: i64, n: u8) -> Given {
    now(secs).after(0, authorities(&[n], &[]))
}

fn files() -> Vec<Case> {
    let unreadable = FileSeen::Unknown(failure(Kind::Transient));
    let shuffled = ca(Ok(&[2, 1]), file(&[1, 2]));
    let held = || bundle(&[1]).certificates;
    let commented = FileSeen::Holds { sha256: digest(9), authorities: held(), fits: true };
    let (sha256, authorities_held) = (bundle(&[1]).sha256, held());
    let exposed = FileSeen::Holds { sha256, authorities: authorities_held, fits: false };
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
                .after(0, authorities(&[2, 1], &[]))
                .after(1, done(&redis(), &install(&[1, 2]), None))
                .ca(CaSeen { has_hook: false, ..shuffled }),
            &[],
        ),
        (
            "a file that others may read or write is put right",
            known(9, 1)
                .after(1, learned(&redis(), &install(&[1]), Fact::Seen { id: None }))
                .ca(ca(Ok(&[1]), exposed)),
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

/// Since zero CA 2 is published and CA 1 is not; the file has both.
fn renewed(secs: i64) -> Given {
    now(secs)
        .after(0, authorities(&[2], &[1]))
        .after(1, learned(&redis(), &install(&[2, 1]), Fact::Seen { id: None }))
}

fn overlap() -> Vec<Case> {
    let both = || ca(Ok(&[2]), file(&[2, 1]));
    let none = CaSeen { overlap: Duration::ZERO, ..holds(2, 1) };
    let broken = FileSeen::Holds { sha256: digest(9), authorities: Vec::new(), fits: true };
    let expired = |mut seen: CaSeen| {
        if let FileSeen::Holds { authorities, .. } = &mut seen.file {
            authorities
                .iter_mut()
                .filter(|it| it.sha256 == digest(1))
                .for_each(|it| it.not_after = at(5));
        }
        seen
    };
    vec![
        (
            "a new CA joins the old one",
            now(0).ca(holds(2, 1)),
            &["do redis: install 2222 1111, CaChanged", "saw redis: published 2222, beside 1111"],
        ),
        ("and they stand side by side", renewed(9).ca(both()), &["hold redis: Overlapping +991s"]),
        ("until the last second", renewed(999).ca(both()), &["hold redis: Overlapping +1s"]),
        ("of its overlap", renewed(1000).ca(both()), &["do redis: install 2222, OverlapOver"]),
        (
            "without an overlap it takes the place of the old one",
            now(0).ca(none),
            &["do redis: install 2222, CaChanged", "saw redis: published 2222, beside 1111"],
        ),
        (
            "an expired one leaves at once",
            renewed(6).after(5, authorities(&[2], &[])).ca(expired(both())),
            &["do redis: install 2222, CaExpired"],
        ),
        (
            "and one that expires on the way leaves then",
            renewed(4).ca(expired(both())),
            &["hold redis: Overlapping +1s"],
        ),
        (
            "an expired one does not stay beside a new one",
            now(6).ca(expired(holds(2, 1))),
            &["do redis: install 2222, CaChanged", "saw redis: published 2222, beside"],
        ),
        (
            "each former one has its own time",
            renewed(600).after(500, authorities(&[3], &[2, 1])).ca(ca(Ok(&[3]), file(&[3, 2, 1]))),
            &[
                "hold redis: Overlapping +900s",
                "hold redis: Overlapping +400s",
                "learn redis: install 3333 2222 1111, Seen",
            ],
        ),
        (
            "one that is published again is no former one",
            renewed(600).ca(ca(Ok(&[1]), file(&[2, 1]))),
            &["hold redis: Overlapping +1000s", "saw redis: published 1111, beside 2222"],
        ),
        (
            "a file with nothing in it that could stay",
            now(0).ca(ca(Ok(&[2]), broken)),
            &["do redis: install 2222, CaChanged", "saw redis: published 2222, beside"],
        ),
        (
            "a clock set back makes the overlap longer, never shorter",
            now(600)
                .after(5000, authorities(&[2], &[1]))
                .after(500, learned(&redis(), &install(&[2, 1]), Fact::Seen { id: None }))
                .ca(both()),
            &["hold redis: Overlapping +900s"],
        ),
    ]
}

fn proven(proof: Proof, seen: CaSeen) -> CaSeen {
    CaSeen { instance: Some(InstanceSeen { probe: PROBE.to_owned(), proof }), ..seen }
}

/// What the instance presents is leaf 7.
fn presented() -> Seen {
    Seen { sha256: digest(7), issued: None, ends: Some(at(86_400)) }
}

fn looked(verdict: Verdict) -> Record {
    let leaf = Some(presented());
    let sight = Sight { verdict, leaf, id: None, neither: false };
    Record::Saw { subject: redis(), spot: Spot::Instance { probe: PROBE.to_owned() }, sight }
}

fn proofs() -> Vec<Case> {
    let verified = || Proof::Verified(presented());
    let refused = || Proof::Refused { leaf: Some(presented()), failure: failure(Kind::Unusable) };
    let unreachable = || Proof::Unreachable(failure(Kind::Transient));
    let both = |proof| proven(proof, ca(Ok(&[2]), file(&[2, 1])));
    let day = |secs: i64| renewed(43_200 + secs).after(1, looked(Verdict::Served));
    vec![
        (
            "a handshake proves the CA",
            known(9, 1)
                .after(1, learned(&redis(), &install(&[1]), Fact::Seen { id: None }))
                .ca(proven(verified(), holds(1, 1))),
            &["saw redis: probe redis:6379 served 7777"],
        ),
        (
            "the old CA leaves when its time is over and the new one is proven",
            renewed(1000).after(2, looked(Verdict::Served)).ca(both(verified())),
            &["do redis: install 2222, OverlapOver"],
        ),
        (
            "proven is not enough before that",
            renewed(999).after(2, looked(Verdict::Served)).ca(both(verified())),
            &["hold redis: Overlapping +1s"],
        ),
        (
            "it stays for as long as the new one alone does not verify",
            renewed(9000).after(2, looked(Verdict::Wrong)).ca(both(refused())),
            &["hold redis: Unproven"],
        ),
        (
            "and for as long as nobody could look",
            renewed(9000).after(2, looked(Verdict::Unreachable)).ca(both(unreachable())),
            &["hold redis: Unreachable"],
        ),
        (
            "without an overlap, too",
            now(0).ca(CaSeen { overlap: Duration::ZERO, ..proven(refused(), holds(2, 1)) }),
            &[
                "do redis: install 2222 1111, CaChanged",
                "hold redis: Unproven",
                "saw redis: published 2222, beside 1111",
                "saw redis: probe redis:6379 wrong 7777",
            ],
        ),
        (
            "what was proven not long ago counts",
            renewed(1000).after(2, looked(Verdict::Served)).ca(both(Proof::NotAsked)),
            &["do redis: install 2222, OverlapOver"],
        ),
        (
            "but not for another CA",
            renewed(9000)
                .after(2, looked(Verdict::Served))
                .after(3, authorities(&[3], &[2, 1]))
                .ca(proven(Proof::NotAsked, ca(Ok(&[2]), file(&[2, 1])))),
            &["saw redis: published 2222, beside 1111"],
        ),
        (
            "the end of what it presents is kept although it cannot be reached",
            known(9, 1)
                .after(1, learned(&redis(), &install(&[1]), Fact::Seen { id: None }))
                .after(2, looked(Verdict::Served))
                .ca(proven(unreachable(), holds(1, 1))),
            &["hold redis: Unreachable", "saw redis: probe redis:6379 unreachable 7777"],
        ),
        (
            "a proof is written down again after half a day",
            day(1).ca(proven(verified(), ca(Ok(&[2]), file(&[2])))),
            &[
                "saw redis: published 2222, beside",
                "saw redis: probe redis:6379 served 7777",
                "learn redis: install 2222, Seen",
            ],
        ),
        (
            "and not before",
            day(0)
                .after(9, authorities(&[2], &[]))
                .ca(proven(verified(), ca(Ok(&[2]), file(&[2])))),
            &["learn redis: install 2222, Seen"],
        ),
    ]
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
