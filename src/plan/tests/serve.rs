//! The proof: what handshakes return, and how long one waits for it.

use super::fixture::*;
use super::places::*;
use crate::model::target::Target::{Cdn, Elb};
use crate::plan::action::Fact;
use crate::plan::observed::{CertificateSeen, Handshake, SiteSeen};
use crate::plan::sight::Verdict::{Pending, Served, Wrong};

#[test]
fn rules() {
    check_all(cases());
}

pub fn cases() -> Vec<Case> {
    [states(), windows(), before_binding(), beside_others()].into_iter().flatten().collect()
}

/// Leaf 2 was bound at the listener at this second, where the probe had returned leaf 1 before.
pub fn placed(secs: i64) -> Given {
    known(2, Elb)
        .after(50, probed(Served, Some(&leaf(1)), false))
        .after(51, saw_at(Elb, "l1", Pending, &leaf(1), "c1"))
        .after(secs, learned(&www(), &bind(2, "l1", "c2", &["c1"]), Fact::Seen { id: None }))
        .after(secs, saw_at(Elb, "l1", Served, &leaf(2), "c2"))
}

/// The listener has leaf 2, and the probe shows that.
pub fn looked(handshake: Handshake) -> CertificateSeen {
    let mut seen = bound(2, Elb, vec![site("l1", vec![default("c2", leaf(2))])]);
    seen.targets[0].probes = vec![probe(handshake)];
    seen
}

/// The same with a listener that shows leaf 1.
pub fn unbound(handshake: Handshake) -> CertificateSeen {
    with_site(site("l1", vec![default("c1", leaf(1))]), handshake)
}

pub fn with_site(site: SiteSeen, handshake: Handshake) -> CertificateSeen {
    let mut seen = looked(handshake);
    seen.targets[0].sites = vec![site];
    seen
}

/// A leaf that this rotation does not know, for other names.
pub fn garbage() -> crate::cert::LeafFacts {
    named(13, &["garbage.example.com"])
}

/// Looks at these seconds have found garbage.
pub fn found_garbage(given: Given, moments: &[i64]) -> Given {
    let garbage = garbage();
    moments.iter().fold(given, |it, secs| it.after(*secs, probed(Pending, Some(&garbage), true)))
}

/// Bound at 505, and three looks within the window have found garbage; it is now over.
pub fn three_looks() -> Given {
    found_garbage(placed(505), &[506, 536, 566]).after(596, probed(Wrong, Some(&garbage()), true))
}

fn states() -> Vec<Case> {
    let at_once = || placed(590);
    let long_ago = || placed(500);
    vec![
        (
            "the new leaf is served",
            at_once().cert(looked(served(leaf(2)))),
            &["saw www: probe www.example.com:443 served 2222"],
        ),
        (
            "which is no news the next time",
            at_once()
                .after(595, probed(Served, Some(&leaf(2)), false))
                .cert(looked(served(leaf(2)))),
            &[],
        ),
        (
            "within the window the former one may still be",
            at_once().cert(looked(served(leaf(1)))),
            &["hold www: NotServedYet +8s", "saw www: probe www.example.com:443 pending 1111"],
        ),
        (
            "after it, it is stale",
            long_ago().cert(looked(served(leaf(1)))),
            &["hold www: Stale", "saw www: probe www.example.com:443 stale 1111"],
        ),
        (
            "neither of them, within the window",
            at_once().cert(looked(served(garbage()))),
            &["hold www: NotServedYet +8s", "saw www: probe www.example.com:443 pending dddd!"],
        ),
        (
            "and after it",
            long_ago().cert(looked(served(garbage()))),
            &["hold www: Wrong", "saw www: probe www.example.com:443 wrong dddd!"],
        ),
        (
            "no certificate at all is wrong too",
            long_ago().cert(looked(broken())),
            &["hold www: Wrong", "saw www: probe www.example.com:443 wrong!"],
        ),
        (
            "who cannot be reached says nothing",
            long_ago().cert(looked(unreachable())),
            &["hold www: Unreachable", "saw www: probe www.example.com:443 unreachable"],
        ),
        (
            "not even before anything is bound",
            known(2, Elb)
                .after(50, saw_at(Elb, "l1", Pending, &leaf(1), "c1"))
                .after(599, began(&www(), &bind(2, "l1", "c2", &["c1"])))
                .cert(unbound(unreachable())),
            &[
                "hold www: InDoubt +2s",
                "hold www: Unreachable",
                "saw www: probe www.example.com:443 unreachable",
            ],
        ),
        (
            "without a handshake the last one is judged by the clock of now",
            long_ago()
                .after(510, probed(Pending, Some(&leaf(1)), false))
                .cert(looked(Handshake::NotAsked)),
            &["hold www: Stale"],
        ),
        (
            "and by the leaf that is on the disk now",
            long_ago().cert(looked(Handshake::NotAsked)),
            &["hold www: Stale"],
        ),
        (
            "a probe that was never made says nothing",
            {
                let never = known(2, Elb).after(500, saw_at(Elb, "l1", Served, &leaf(2), "c2"));
                never.cert(looked(Handshake::NotAsked))
            },
            &[],
        ),
    ]
}

fn windows() -> Vec<Case> {
    let pushed_only = |record| {
        let mut seen = looked(served(leaf(1)));
        seen.targets[0].sites.clear();
        now(600)
            .after(1, saw(&www(), &import(1), "scm-1"))
            .after(2, saw(&www(), &import(2), "scm-2"))
            .after(50, probed(Pending, Some(&leaf(1)), false))
            .after(511, record)
            .cert(seen)
    };
    let second = |secs| {
        let mut seen = looked(served(leaf(1)));
        seen.targets[0].sites.push(site("l2", vec![default("c2", leaf(2))]));
        placed(300)
            .after(590, probed(Pending, Some(&leaf(1)), false))
            .after(secs, saw_at(Elb, "l2", Served, &leaf(2), "c2"))
            .cert(seen)
    };
    let pending = |it: Given| it.after(599, probed(Pending, Some(&leaf(1)), false));
    // The clock was two hours ahead when it was bound.
    let set_back = |secs: i64| {
        let mut given = placed(7_800).after(7_801, probed(Pending, Some(&leaf(1)), false));
        given.memory.notice(at(secs));
        given.cert(looked(served(leaf(1))))
    };
    vec![
        (
            "the window's last second is within it",
            pending(placed(511)).cert(looked(served(leaf(1)))),
            &["hold www: NotServedYet +1s"],
        ),
        (
            "its end is not",
            pending(placed(510)).cert(looked(served(leaf(1)))),
            &["hold www: Stale", "saw www: probe www.example.com:443 stale 1111"],
        ),
        (
            "it counts from the last of the places to be bound",
            second(530),
            &["hold www: NotServedYet +15s"],
        ),
        (
            "and from the push, where nothing is bound",
            pushed_only(saw(&www(), &push(2, Elb), "c2")),
            &["hold www: NotServedYet +1s"],
        ),
        (
            "after a clock was set back, from when that was noticed",
            set_back(510),
            &["hold www: Stale", "saw www: probe www.example.com:443 stale 1111"],
        ),
        ("which is rather too long than too short", set_back(511), &["hold www: NotServedYet +1s"]),
    ]
}

/// What is served before binding was begun is the former one, whatever it is.
fn before_binding() -> Vec<Case> {
    let fresh = || known(2, Elb).after(50, saw_at(Elb, "l1", Pending, &leaf(1), "c1"));
    let begun = || fresh().after(599, began(&www(), &bind(2, "l1", "c2", &["c1"])));
    let blind = |it: Given| it.cert(with_site(unread("l1"), served(garbage())));
    vec![
        (
            "a leaf served before the first binding is the former one",
            fresh().cert(unbound(served(garbage()))),
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, NotBound",
                "saw www: probe www.example.com:443 pending dddd",
            ],
        ),
        (
            "so after it, it is stale and not wrong",
            placed(500)
                .after(400, probed(Pending, Some(&garbage()), false))
                .cert(looked(served(garbage()))),
            &["hold www: Stale", "saw www: probe www.example.com:443 stale dddd"],
        ),
        (
            "once binding was begun it is not: handshakes may tell before the service does",
            begun().cert(unbound(served(garbage()))),
            &["hold www: InDoubt +2s", "saw www: probe www.example.com:443 pending dddd!"],
        ),
        (
            "nor while the place cannot be read",
            blind(placed(500)),
            &["hold www: Unseen", "saw www: probe www.example.com:443 pending dddd!"],
        ),
        (
            "nor when it was neither before",
            found_garbage(fresh(), &[70]).cert(unbound(served(garbage()))),
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, NotBound",
                "saw www: probe www.example.com:443 pending dddd!",
            ],
        ),
    ]
}

/// Two domains of one push: the one that is probed by its own name, and one that cannot be read.
fn beside_others() -> Vec<Case> {
    let domain = |handshake| {
        let sites = vec![site("www.example.com", vec![default("", leaf(2))]), unread("shop")];
        let mut seen = bound(2, Cdn, sites);
        seen.targets[0].probes = vec![probe(handshake)];
        known(2, Cdn)
            .after(50, probed_at(Cdn, Served, Some(&leaf(1)), false))
            .after(51, saw_at(Cdn, "www.example.com", Pending, &leaf(1), ""))
            .after(500, saw_at(Cdn, "www.example.com", Served, &leaf(2), ""))
            .cert(seen)
    };
    vec![
        (
            "a place that waits does not hide that another one is stale",
            domain(served(leaf(1))),
            &[
                "hold www: Unseen",
                "hold www: Stale",
                "saw www: domain www.example.com of CDN served 2222",
                "saw www: probe www.example.com:443 stale 1111",
            ],
        ),
        (
            "nor that it serves neither",
            domain(served(garbage())),
            &[
                "hold www: Unseen",
                "hold www: Wrong",
                "saw www: domain www.example.com of CDN served 2222",
                "saw www: probe www.example.com:443 wrong dddd!",
            ],
        ),
    ]
}
