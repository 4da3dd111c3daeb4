//! CAs that stand side by side: for how long, and what proves that the new one is enough.

use std::time::Duration;

use super::ca::{holds, known, redis};
use super::fixture::*;
use crate::model::failure::Kind;
use crate::plan::action::Fact;
use crate::plan::memory::Record;
use crate::plan::observed::{CaSeen, FileSeen, InstanceSeen, Proof};
use crate::plan::sight::{Seen, Sight, Spot, Verdict};

const PROBE: &str = "redis:6379";

#[test]
fn rules() {
    check_all(cases());
}

pub fn cases() -> Vec<Case> {
    [overlap(), proofs()].into_iter().flatten().collect()
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
            "its time counts from when the file was first seen to hold both",
            now(5000).after(0, authorities(&[2], &[])).ca(both()),
            &[
                "hold redis: Overlapping +1000s",
                "saw redis: published 2222, beside 1111",
                "learn redis: install 2222 1111, Seen",
            ],
        ),
        (
            "a new CA joins the old one",
            now(0).ca(holds(2, 1)),
            &["do redis: install 2222 1111, CaChanged", "saw redis: published 2222, beside"],
        ),
        ("and they stand side by side", renewed(9).ca(both()), &["hold redis: Overlapping +991s"]),
        ("until the last second", renewed(999).ca(both()), &["hold redis: Overlapping +1s"]),
        ("of its overlap", renewed(1000).ca(both()), &["do redis: install 2222, OverlapOver"]),
        (
            "without an overlap it takes the place of the old one",
            now(0).ca(none),
            &["do redis: install 2222, CaChanged", "saw redis: published 2222, beside"],
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
            renewed(600).after(500, authorities(&[3], &[1, 2])).ca(ca(Ok(&[3]), file(&[3, 2, 1]))),
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
            &["do redis: install 2222, CaMissing", "saw redis: published 2222, beside"],
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
    let id = (verdict != Verdict::Served).then(|| failure(Kind::Transient).message);
    let sight = Sight { verdict, leaf, id, neither: false };
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
            renewed(1002).after(2, looked(Verdict::Served)).ca(both(verified())),
            &["do redis: install 2222, OverlapOver"],
        ),
        (
            "which takes as long: of several servers one may still be behind",
            renewed(1500).after(600, looked(Verdict::Served)).ca(both(verified())),
            &["hold redis: Overlapping +100s"],
        ),
        (
            "and begins anew with each that does not verify",
            renewed(9000)
                .after(600, looked(Verdict::Served))
                .after(8500, looked(Verdict::Wrong))
                .after(8600, looked(Verdict::Served))
                .ca(both(verified())),
            &["hold redis: Overlapping +600s"],
        ),
        (
            "proven is not enough before that",
            renewed(999).after(2, looked(Verdict::Served)).ca(both(verified())),
            &["hold redis: Overlapping +3s"],
        ),
        (
            "it stays for as long as the new one alone does not verify",
            renewed(3000).after(2, looked(Verdict::Wrong)).ca(both(refused())),
            &["hold redis: Unproven"],
        ),
        (
            "and for as long as nobody could look",
            renewed(3000).after(2, looked(Verdict::Unreachable)).ca(both(unreachable())),
            &["hold redis: Unreachable"],
        ),
        (
            "without an overlap, too",
            now(0).ca(CaSeen { overlap: Duration::ZERO, ..proven(refused(), holds(2, 1)) }),
            &[
                "do redis: install 2222 1111, CaChanged",
                "hold redis: Unproven",
                "saw redis: published 2222, beside",
                "saw redis: probe redis:6379 wrong 7777 (no luck)",
            ],
        ),
        (
            "what was proven not long ago counts",
            renewed(1002).after(2, looked(Verdict::Served)).ca(both(Proof::NotAsked)),
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
            &["hold redis: Unreachable", "saw redis: probe redis:6379 unreachable 7777 (no luck)"],
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
