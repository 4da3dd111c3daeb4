//! Places that others have changed, and places that nobody looked at.

use super::fixture::*;
use super::places::*;
use crate::model::place::Drift;
use crate::model::target::Target::{Elb, Waf};
use crate::plan::action::Fact;
use crate::plan::memory::Record;
use crate::plan::observed::{
    BoundSeen, CertificateSeen, CopySeen, ImportSeen, Role, SiteSeen, Slot,
};
use crate::plan::sight::Verdict::{Served, Wrong};

#[test]
fn rules() {
    check_all(cases());
}

pub fn cases() -> Vec<Case> {
    [others(), older(), unasked()].into_iter().flatten().collect()
}

/// Leaf 2 is on the disk, imported and pushed; leaf 1 was before it; this is what the listener has.
fn listener(slots: Vec<Slot>) -> Given {
    known(2, Elb).cert(bound(2, Elb, vec![site("l1", slots)]))
}

/// Somebody has bound something else.
fn others() -> Vec<Case> {
    let was_ours = |slots: Vec<Slot>, drift| {
        let mut seen = bound(2, Elb, vec![site("l1", slots)]);
        seen.targets[0].drift = drift;
        known(2, Elb).after(50, saw_at(Elb, "l1", Served, &leaf(2), "c2")).cert(seen)
    };
    let twin = || named(1, &["www.example.com"]);
    let twin = || vec![default("cf", crate::cert::LeafFacts { sha256: digest(15), ..twin() })];
    let noticed =
        |it: Given| it.after(60, saw_at(Elb, "l1", Wrong, &twin()[0].leaf.clone().unwrap(), "cf"));
    let host = |was: u8| {
        let slots = vec![default("cx", named(9, &["other.example.com"]))];
        known(2, Waf).after(50, saw_at(Waf, "www", Served, &leaf(was), "c")).cert(bound(
            2,
            Waf,
            vec![site("www", slots)],
        ))
    };
    vec![
        (
            "one for the same names in place of ours is reported and left",
            was_ours(twin(), Drift::Report),
            &["hold www: Foreign", "saw www: listener l1 of ELB in north wrong ffff (cf)"],
        ),
        (
            "and is no news the next time",
            noticed(was_ours(twin(), Drift::Report)),
            &["hold www: Foreign"],
        ),
        (
            "unless such changes shall be repaired",
            noticed(was_ours(twin(), Drift::Repair)),
            &["do www: bind 222222222222 to listener l1 of ELB in north, ForeignBound"],
        ),
        (
            "or an operator says so after it was seen",
            noticed(was_ours(twin(), Drift::Report)).after(70, retry("www")),
            &["do www: bind 222222222222 to listener l1 of ELB in north, ForeignBound"],
        ),
        (
            "what was said before is about something else",
            noticed(was_ours(twin(), Drift::Report).after(55, retry("www"))),
            &["hold www: Foreign"],
        ),
        (
            "ours taken out of the names is the same",
            was_ours(vec![default("cd", named(9, &["shop.example.com"]))], Drift::Report),
            &["hold www: Foreign", "saw www: listener l1 of ELB in north wrong"],
        ),
        (
            "and at a host whatever stands there now",
            host(2),
            &["hold www: Foreign", "saw www: host www of WAF in north wrong 9999 (cx)"],
        ),
        (
            "also when the leaf has been renewed meanwhile",
            host(1),
            &["hold www: Foreign", "saw www: host www of WAF in north wrong 9999 (cx)"],
        ),
        (
            "an older leaf of this rotation is bound over again without asking",
            was_ours(vec![default("c1", leaf(1))], Drift::Report),
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, BoundBack",
                "saw www: listener l1 of ELB in north pending 1111 (c1)",
            ],
        ),
    ]
}

/// The one that stands there is not older.
fn older() -> Vec<Case> {
    let newer = || vec![default("cf", leaf(9))];
    let allowed = |it: Given| {
        it.after(50, Record::AskedOlder { name: name("www") })
            .after(51, learned(&www(), &import(2), Fact::AllowedOlder))
    };
    let renewed = || named(9, &["www.example.com", "more.example.com"]);
    // Leaf 1 came back to the disk and was allowed; leaf 2 of the same rotation stands there.
    let back = known(2, Elb)
        .after(49, saw_at(Elb, "l1", Served, &leaf(1), "c1"))
        .after(49, saw_at(Elb, "l1", Served, &leaf(2), "c2"))
        .after(50, Record::AskedOlder { name: name("www") })
        .after(51, learned(&www(), &import(1), Fact::AllowedOlder))
        .cert(bound(1, Elb, vec![site("l1", vec![default("c2", leaf(2))])]));
    let mut lost = bound(1, Elb, vec![site("l1", newer())]);
    lost.newest_named = Some(leaf(9).not_before);
    vec![
        (
            "what the list of certificates does not show yet is nobody's change",
            {
                let unlisted = Slot { role: Role::Default, id: "c9".to_owned(), leaf: None };
                let was_ours = known(2, Elb).after(50, saw_at(Elb, "l1", Served, &leaf(2), "c2"));
                was_ours.cert(bound(2, Elb, vec![site("l1", vec![unlisted])]))
            },
            &["hold www: Unseen"],
        ),
        (
            "one for the same names that was issued later stays",
            listener(newer()),
            &["hold www: NewerBound", "saw www: listener l1 of ELB in north pending 9999 (cf)"],
        ),
        (
            "but not where drift shall be repaired",
            {
                let mut seen = bound(2, Elb, vec![site("l1", newer())]);
                seen.targets[0].drift = Drift::Repair;
                let was_ours = known(2, Elb).after(50, saw_at(Elb, "l1", Served, &leaf(2), "c2"));
                was_ours.cert(seen)
            },
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, ForeignBound",
                "saw www: listener l1 of ELB in north wrong 9999 (cf)",
            ],
        ),
        (
            "another try does not bind over a newer one",
            {
                let seen = bound(2, Elb, vec![site("l1", newer())]);
                let was_ours = known(2, Elb).after(50, saw_at(Elb, "l1", Served, &leaf(2), "c2"));
                was_ours.cert(seen).after(70, retry("www"))
            },
            &["hold www: NewerBound", "saw www: listener l1 of ELB in north wrong 9999 (cf)"],
        ),
        (
            "until an operator lets this one go",
            allowed(listener(newer())),
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, NotBound",
                "saw www: listener l1 of ELB in north pending 9999 (cf)",
            ],
        ),
        (
            "a later one with a name more is another certificate, of which one name stands twice",
            listener(vec![default("cd", named(8, &["x.example.com"])), sni("cf", renewed())]),
            &["hold www: Unbindable", "saw www: listener l1 of ELB in north pending"],
        ),
        (
            "a step back that was allowed is bound over the newer one",
            back,
            &[
                "do www: bind 111111111111 to listener l1 of ELB in north, NotBound",
                "saw www: listener l1 of ELB in north pending 2222 (c2)",
            ],
        ),
        (
            "with a lost journal, the newest under this name tells that a leaf is older",
            now(600).cert(CertificateSeen { import: ImportSeen::Found("scm-1".into()), ..lost }),
            &["hold www: Older"],
        ),
    ]
}

/// Nobody looked: what the memory has of it.
fn unasked() -> Vec<Case> {
    let given = |record: Option<Record>, drift| {
        let not_asked = SiteSeen { site: "l1".into(), bound: BoundSeen::NotAsked };
        let mut seen = bound(2, Elb, vec![not_asked]);
        seen.targets[0].copy = CopySeen::NotAsked;
        seen.targets[0].drift = drift;
        record.into_iter().fold(known(2, Elb), |it, record| it.after(50, record)).cert(seen)
    };
    let foreign = || Some(saw_at(Elb, "l1", Wrong, &leaf(9), "cf"));
    vec![
        (
            "what was seen bound is taken to be bound",
            given(Some(saw_at(Elb, "l1", Served, &leaf(2), "c2")), Drift::Report),
            &[],
        ),
        (
            "what was not, is to be bound",
            given(Some(saw_at(Elb, "l1", Served, &leaf(1), "c1")), Drift::Report),
            &["do www: bind 222222222222 to listener l1 of ELB in north, NotBound"],
        ),
        (
            "a place never looked at too",
            given(None, Drift::Report),
            &["do www: bind 222222222222 to listener l1 of ELB in north, NotBound"],
        ),
        (
            "what others changed is still so",
            given(foreign(), Drift::Report),
            &["hold www: Foreign"],
        ),
        (
            "and is to be repaired where that is wanted",
            given(foreign(), Drift::Repair),
            &["do www: bind 222222222222 to listener l1 of ELB in north, ForeignBound"],
        ),
    ]
}
