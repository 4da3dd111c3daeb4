//! Conditions of certificates that stand beside others: in each case one of them alone decides.

use std::time::Duration;

use super::fixture::*;
use super::places::*;
use super::retire::{by, free, unknown};
use super::serve::{found_garbage, garbage, looked, placed};
use crate::cert::{Finding, LeafFacts};
use crate::model::failure::Kind;
use crate::model::target::Target::{Cdn, Elb, Waf};
use crate::plan::action::Fact;
use crate::plan::observed::{
    BadInput, BoundSeen, CertificateSeen, CopySeen, Handshake, Holders, ImportSeen, Role, Room,
    SiteSeen, Slot,
};
use crate::plan::sight::Verdict::{Pending, Served, Wrong};

#[test]
fn what_is_bound() {
    check_all(places());
}

#[test]
fn what_is_served() {
    check_all(handshakes());
}

#[test]
fn what_is_deleted() {
    check_all(leftovers());
}

#[test]
fn what_makes_room() {
    check_all(rooms());
}

pub fn cases() -> Vec<Case> {
    [places(), handshakes(), leftovers(), rooms()].into_iter().flatten().collect()
}

/// Another one for the same names.
fn twin(n: u8) -> LeafFacts {
    LeafFacts { sha256: digest(n), ..leaf(1) }
}

/// What the list of certificates does not show.
fn unlisted(role: Role, id: &str) -> Slot {
    Slot { role, id: id.to_owned(), leaf: None }
}

fn listener(slots: Vec<Slot>) -> CertificateSeen {
    bound(2, Elb, vec![site("l1", slots)])
}

fn places() -> Vec<Case> {
    let of = || bind(2, "l1", "c2", &["c1"]);
    let was_ours = || known(2, Elb).after(50, saw_at(Elb, "l1", Served, &leaf(2), "c2"));
    let slow = |secs| {
        let mut seen = listener(vec![default("c1", leaf(1))]);
        seen.targets[0].window = Duration::from_secs(secs);
        known(2, Elb)
            .after(50, saw_at(Elb, "l1", Pending, &leaf(1), "c1"))
            .after(100, began(&www(), &of()))
            .after(101, done(&www(), &of(), None))
            .cert(seen)
    };
    let not_asked = SiteSeen { site: "l1".into(), bound: BoundSeen::NotAsked };
    let stands_back = known(3, Elb)
        .after(50, saw_at(Elb, "l1", Pending, &leaf(2), "c2"))
        .after(60, saw_at(Elb, "l1", Served, &leaf(3), "c3"))
        .after(
            70,
            learned(
                &www(),
                &bind(3, "l1", "c3", &["c2"]),
                Fact::RolledBack { former: site_sight(Pending, &leaf(2), "c2") },
            ),
        )
        .after(80, learned(&www(), &bind(2, "l1", "c2", &["c3"]), Fact::Seen { id: None }))
        .after(80, saw_at(Elb, "l1", Served, &leaf(2), "c2"));
    let mut back = bound(3, Elb, vec![site("l1", vec![default("c2", leaf(2))])]);
    back.targets[0].copies = vec![free(1)];
    back.keep = 0;
    vec![
        (
            "beside one that no list shows, another one is somebody's change all the same",
            was_ours().cert(listener(vec![unlisted(Role::Default, "c9"), sni("cf", twin(15))])),
            &["hold www: Foreign", "saw www: listener l1 of ELB in north wrong ffff (cf)"],
        ),
        (
            "where ours never stood, one that others exchanged is no change of ours",
            known(2, Elb)
                .after(50, saw_at(Elb, "l1", Pending, &twin(14), "ce"))
                .cert(listener(vec![default("cf", twin(15))])),
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, NotBound",
                "saw www: listener l1 of ELB in north pending ffff (cf)",
            ],
        ),
        ("a service may take longer than the doubt", slow(600), &["hold www: NotBoundYet +101s"]),
        (
            "and has then had its time",
            slow(499),
            &["do www: bind 222222222222 to listener l1 of ELB in north, NotBound"],
        ),
        (
            "a newer one that stood where nobody looked now",
            known(2, Elb).after(50, saw_at(Elb, "l1", Pending, &leaf(9), "cf")).cert(bound(
                2,
                Elb,
                vec![not_asked],
            )),
            &["hold www: NewerBound"],
        ),
        (
            "a place that went back proves nothing",
            stands_back.cert(back),
            &["hold www: RolledBack"],
        ),
    ]
}

fn handshakes() -> Vec<Case> {
    let of = || bind(2, "l1", "c2", &["c1"]);
    let thrice = |given: Given| {
        found_garbage(given, &[506, 536, 566]).after(596, probed(Wrong, Some(&garbage()), true))
    };
    let begun = known(2, Elb)
        .after(50, probed(Served, Some(&leaf(1)), false))
        .after(51, saw_at(Elb, "l1", Pending, &leaf(1), "c1"))
        .after(505, began(&www(), &of()))
        .after(505, saw_at(Elb, "l1", Served, &leaf(2), "c2"));
    let old = known(3, Elb)
        .after(50, probed(Served, Some(&leaf(2)), false))
        .after(51, saw_at(Elb, "l1", Pending, &leaf(2), "c2"))
        .after(100, saw_at(Elb, "l1", Served, &leaf(3), "c3"));
    let mut older = bound(3, Elb, vec![site("l1", vec![default("c3", leaf(3))])]);
    older.targets[0].probes = vec![probe(served(leaf(1)))];
    let mut impatient = looked(served(garbage()));
    impatient.targets[0].window = Duration::ZERO;
    let unplaced = || {
        let mut seen = pushed("www", 2, Elb, CopySeen::Absent);
        seen.import = ImportSeen::Trusted;
        seen.targets[0].probes = vec![probe(served(leaf(1)))];
        seen
    };
    vec![
        (
            "one goes back only from what was read back before",
            thrice(begun).cert(looked(served(garbage()))),
            &[
                "hold www: Wrong",
                "learn www: bind 222222222222 to listener l1 of ELB in north, Seen",
            ],
        ),
        (
            "a leaf from long ago is a former one too",
            old.cert(older),
            &["hold www: Stale", "saw www: probe www.example.com:443 stale 1111"],
        ),
        (
            "without a window, too, one look counts once",
            placed(540)
                .after(570, probed(Wrong, Some(&garbage()), true))
                .cert_looked(570, impatient),
            &["hold www: Wrong +0s"],
        ),
        ("a domain goes back only to an import that stands", domain(), &["hold www: Wrong"]),
        (
            "where nothing is bound, a push that failed is no beginning",
            known(1, Elb)
                .after(2, saw(&www(), &import(2), "scm-2"))
                .after(590, began(&www(), &push(2, Elb)))
                .after(595, failed(&www(), &push(2, Elb), failure(Kind::Busy)))
                .cert(unplaced()),
            &["hold www: BackOff(1) +5s", "saw www: probe www.example.com:443 pending 1111"],
        ),
    ]
}

/// A CDN domain whose former leaf is an import that others have deleted.
fn domain() -> Given {
    let domain = "www.example.com";
    let mut seen = bound(2, Cdn, vec![site(domain, vec![default("scm-2", leaf(2))])]);
    seen.targets[0].probes = vec![probe(served(garbage()))];
    seen.targets[0].copy = CopySeen::NotAsked;
    let of = bind_at(Cdn, 2, domain, "scm-2", &["scm-1"]);
    let given = now(600)
        .after(1, saw(&www(), &import(1), "scm-1"))
        .after(2, saw(&www(), &import(2), "scm-2"))
        .after(50, probed_at(Cdn, Served, Some(&leaf(1)), false))
        .after(51, saw_at(Cdn, domain, Pending, &leaf(1), "scm-1"))
        .after(505, learned(&www(), &of, Fact::Seen { id: None }))
        .after(505, saw_at(Cdn, domain, Served, &leaf(2), "scm-2"))
        .after(505, learned(&www(), &import(1), Fact::Gone));
    let given = [506, 536, 566]
        .iter()
        .fold(given, |it, secs| it.after(*secs, probed_at(Cdn, Pending, Some(&garbage()), true)));
    given.after(596, probed_at(Cdn, Wrong, Some(&garbage()), true)).cert(seen)
}

/// Leaf 4 is bound and served; one of the superseded is to stay.
fn settled(slots: Vec<Slot>) -> (Given, CertificateSeen) {
    let given = known(4, Elb)
        .after(50, saw_at(Elb, "l1", Served, &leaf(4), "c4"))
        .after(50, probed(Served, Some(&leaf(4)), false));
    let mut all = vec![default("c4", leaf(4))];
    all.extend(slots);
    let mut seen = bound(4, Elb, vec![site("l1", all)]);
    seen.targets[0].probes = vec![probe(served(leaf(4)))];
    (given, CertificateSeen { keep: 1, ..seen })
}

fn leftovers() -> Vec<Case> {
    let plain = |superseded: Holders, copies| {
        let (given, mut seen) = settled(vec![]);
        seen.superseded = vec![import_held(1, superseded)];
        seen.targets[0].copies = copies;
        (given, seen)
    };
    let beside = |sites: Vec<SiteSeen>, handshakes: Vec<Handshake>| {
        let (given, seen) = plain(Holders::Nobody, vec![]);
        let path = "/pki/privkey.pem".into();
        let mut other = bound(1, Elb, sites);
        other.name = name("api");
        other.local = Err(BadInput { path, finding: Finding::Mismatch });
        other.targets[0].probes = handshakes.into_iter().map(probe).collect();
        given.cert(seen).cert(other)
    };
    let cert = |(given, seen): (Given, CertificateSeen)| given.cert(seen);
    let (unread, mut at_place) = settled(vec![unlisted(Role::Sni, "c1")]);
    at_place.targets[0].copies = vec![free(1), free(3)];
    let retired_by_other = {
        let (given, seen) = plain(Holders::Nobody, vec![]);
        given.after(100, began(&api(), &retire_import(1))).in_flight(api()).cert(seen)
    };
    vec![
        (
            "while one region does not answer, no copy goes",
            cert(plain(unknown(), vec![free(3), free(1)])),
            &["hold www: StillUsed"],
        ),
        (
            "a copy that somebody uses keeps its import, also where its own service knows of nobody",
            cert(plain(Holders::Nobody, vec![copy_held("c1", 1, by("listener l9"))])),
            &["hold www: StillUsed", "hold www: StillUsed"],
        ),
        (
            "who serves these names with another one is said",
            cert(plain(Holders::Gone, vec![copy_held("cf", 15, by("listener l9"))])),
            &["hold www: StillUsed", "learn www: import as www-111111111111, Gone"],
        ),
        ("what stands at a place and cannot be read there stays", unread.cert(at_place), &[]),
        (
            "what stands at a place of another entry stays",
            beside(vec![site("l9", vec![default("c1", leaf(1))])], vec![]),
            &["hold api: BadInput"],
        ),
        (
            "and so does what another entry's probe returns",
            beside(vec![], vec![served(leaf(1))]),
            &["hold api: BadInput"],
        ),
        (
            "what another entry deletes just now is not deleted twice",
            retired_by_other,
            &["hold www: SameLeaf"],
        ),
    ]
}

fn rooms() -> Vec<Case> {
    let full = |sites: Vec<SiteSeen>| {
        let mut seen = bound(4, Waf, sites);
        seen.targets[0].copy = CopySeen::Absent;
        seen.targets[0].room = Some(Room { used: 20, quota: 20 });
        seen.targets[0].copies = vec![free(1)];
        seen
    };
    let given = || known(3, Waf).after(10, saw(&www(), &import(4), "scm-4"));
    let lacks_room = || crate::model::failure::Failure {
        code: Some("SCM.0011".into()),
        ..failure(Kind::Operator)
    };
    let refused = known(3, Elb)
        .after(590, began(&www(), &import(4)))
        .after(591, failed(&www(), &import(4), lacks_room()));
    let used = vec![import_held(1, by("listener l9")), import_held(2, Holders::Nobody)];
    let asked = CertificateSeen { superseded: used, ..cert("www", 4) };
    vec![
        (
            "what may stand at a place that could not be read makes no room",
            given().cert(full(vec![unread("www.example.com")])),
            &["hold www: Full", "hold www: Unseen"],
        ),
        (
            "nor does what lies on another entry's disk",
            given().after(11, saw(&api(), &import(1), "scm-1")).cert(full(vec![])),
            &["hold www: Full"],
        ),
        (
            "an import that somebody uses makes no room",
            refused.cert(asked),
            &["do www: retire import scm-2 of 222222222222, MakesRoom", "hold www: StillUsed"],
        ),
    ]
}
