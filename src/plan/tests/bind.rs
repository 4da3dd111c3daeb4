//! Places: what stands there decides, and only what is this rotation's own is exchanged.

use super::fixture::*;
use super::places::*;
use crate::model::failure::Kind;
use crate::model::target::Target::{Cdn, Elb, Waf};
use crate::plan::action::Fact;
use crate::plan::memory::Record;
use crate::plan::observed::{BoundSeen, CopySeen, SiteSeen, Slot};
use crate::plan::sight::Verdict::{Pending, Served};

#[test]
fn rules() {
    check_all(cases());
}

pub fn cases() -> Vec<Case> {
    let tables = [listeners(), refused(), hosts(), answers(), shared()];
    tables.into_iter().flatten().collect()
}

/// Leaf 2 is on the disk, imported and pushed; leaf 1 was before it; this is what the listener has.
fn listener(slots: Vec<Slot>) -> Given {
    known(2, Elb).cert(bound(2, Elb, vec![site("l1", slots)]))
}

fn listeners() -> Vec<Case> {
    let shop = || named(9, &["shop.example.com"]);
    let reordered = named(1, &["b.example.com", "WWW.example.com"]);
    let mut same_set = bound(2, Elb, vec![site("l1", vec![default("cx", reordered)])]);
    same_set.local = Ok(named(2, &["www.example.com", "b.example.com"]).into());
    vec![
        (
            "the default of this rotation is exchanged",
            listener(vec![default("c1", leaf(1))]),
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, NotBound",
                "saw www: listener l1 of ELB in north pending 1111 (c1)",
            ],
        ),
        (
            "a foreign default stays, and of three entries for names ours alone is exchanged",
            listener(vec![
                default("cd", shop()),
                sni("ca", named(8, &["a.example.com"])),
                sni("c1", leaf(1)),
                sni("cb", named(7, &["b.example.com"])),
            ]),
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, NotBound",
                "saw www: listener l1 of ELB in north pending 1111 (c1)",
            ],
        ),
        (
            "beside a foreign default it is added to the names",
            listener(vec![default("cd", shop())]),
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, NotBound",
                "saw www: listener l1 of ELB in north pending",
            ],
        ),
        (
            "RSA and ECDSA for the same names stand side by side",
            listener(vec![default("cr", rsa(9)), sni("c1", leaf(1))]),
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, NotBound",
                "saw www: listener l1 of ELB in north pending 1111 (c1)",
            ],
        ),
        (
            "the first binding takes what has the same names, in whatever order and case",
            known(0, Elb)
                .after(1, saw(&www(), &import(2), "scm-2"))
                .after(2, saw(&www(), &push(2, Elb), "c2"))
                .cert(same_set),
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, NotBound",
                "saw www: listener l1 of ELB in north pending 1111 (cx)",
            ],
        ),
        (
            "a certificate that cannot be told is left alone",
            listener(vec![Slot { leaf: None, ..default("cu", leaf(1)) }, sni("c1", leaf(1))]),
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, NotBound",
                "saw www: listener l1 of ELB in north pending 1111 (c1)",
            ],
        ),
        (
            "what stands there is remembered once, and nothing is to do",
            listener(vec![default("c2", leaf(2))]),
            &["saw www: listener l1 of ELB in north served 2222 (c2)"],
        ),
        (
            "then it is no news",
            listener(vec![default("c2", leaf(2))])
                .after(9, saw_at(Elb, "l1", Served, &leaf(2), "c2")),
            &[],
        ),
        (
            "a default exchanged already leaves the entry for names to be exchanged",
            listener(vec![default("c2", leaf(2)), sni("c1", leaf(1))]),
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, NotBound",
                "saw www: listener l1 of ELB in north pending 1111 (c1)",
            ],
        ),
    ]
}

/// What the listener would refuse.
fn refused() -> Vec<Case> {
    let many: Vec<String> = (0..200).map(|n| format!("n{n}.example.com")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let shop = || default("cd", named(9, &["shop.example.com"]));
    let quic = |leaf| {
        let slots = vec![default("c1", leaf)];
        SiteSeen { site: "l1".into(), bound: BoundSeen::Slots { slots, quic: true } }
    };
    let mut with_rsa = bound(2, Elb, vec![quic(rsa(1))]);
    with_rsa.local = Ok(rsa(2).into());
    let nameless = |n| named(n, &[]);
    let mut unnamed = bound(2, Elb, vec![site("l1", vec![default("cx", nameless(9))])]);
    unnamed.local = Ok(nameless(2).into());
    vec![
        (
            "a name that another entry has may not stand twice",
            listener(vec![shop(), sni("ca", named(8, &["www.example.com", "a.example.com"]))]),
            &["hold www: Unbindable", "saw www: listener l1 of ELB in north pending"],
        ),
        (
            "nor more than two hundred names",
            listener(vec![shop(), sni("ca", named(8, &many)), sni("c1", leaf(1))]),
            &["hold www: Unbindable", "saw www: listener l1 of ELB in north pending 1111 (c1)"],
        ),
        (
            "as a default it may have any name",
            listener(vec![default("c1", leaf(1)), sni("ca", named(8, &many))]),
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, NotBound",
                "saw www: listener l1 of ELB in north pending 1111 (c1)",
            ],
        ),
        (
            "its own other copy is no second name",
            listener(vec![shop(), sni("c2x", leaf(2)), sni("c1", leaf(1))]),
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, NotBound",
                "saw www: listener l1 of ELB in north pending 1111 (c1)",
            ],
        ),
        (
            "QUIC takes no ECDSA",
            known(2, Elb).cert(bound(2, Elb, vec![quic(leaf(1))])),
            &["hold www: Unbindable", "saw www: listener l1 of ELB in north pending 1111 (c1)"],
        ),
        (
            "but RSA",
            known(2, Elb).cert(with_rsa),
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, NotBound",
                "saw www: listener l1 of ELB in north pending 1111 (c1)",
            ],
        ),
        (
            "two that have no names have nothing in common",
            known(2, Elb).cert(unnamed),
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, NotBound",
                "saw www: listener l1 of ELB in north pending",
            ],
        ),
    ]
}

fn hosts() -> Vec<Case> {
    let host = |slots| known(2, Waf).cert(bound(2, Waf, vec![site("www", slots)]));
    let domain = |slots| {
        let seen = bound(2, Cdn, vec![site("www.example.com", slots)]);
        let imported = saw(&www(), &import(2), "scm-2");
        now(600).after(1, saw(&www(), &import(1), "scm-1")).after(2, imported).cert(seen)
    };
    let unknown = || Slot { leaf: None, ..default("", leaf(1)) };
    vec![
        (
            "a host serves with one alone, so whatever stands there is exchanged",
            host(vec![default("cx", named(9, &["other.example.com"]))]),
            &[
                "do www: bind 222222222222 to host www of WAF in north, NotBound",
                "saw www: host www of WAF in north pending 9999 (cx)",
            ],
        ),
        (
            "also what cannot be told",
            host(vec![unknown()]),
            &[
                "do www: bind 222222222222 to host www of WAF in north, NotBound",
                "saw www: host www of WAF in north pending",
            ],
        ),
        (
            "a domain takes the import itself and needs no push",
            domain(vec![default("scm-1", leaf(1))]),
            &[
                "do www: bind 222222222222 to domain www.example.com of CDN, NotBound",
                "saw www: domain www.example.com of CDN pending 1111 (scm-1)",
            ],
        ),
        (
            "one without a certificate gets it",
            domain(vec![]),
            &[
                "do www: bind 222222222222 to domain www.example.com of CDN, NotBound",
                "saw www: domain www.example.com of CDN pending",
            ],
        ),
        (
            "a place that could not be read is not written to",
            known(2, Elb).cert(bound(2, Elb, vec![unread("l1")])),
            &["hold www: Unseen"],
        ),
        (
            "each place by itself",
            known(2, Elb).cert(bound(
                2,
                Elb,
                vec![unread("l1"), site("l2", vec![default("c1", leaf(1))])],
            )),
            &[
                "do www: bind 222222222222 to listener l2 of ELB in north, NotBound",
                "hold www: Unseen",
                "saw www: listener l2 of ELB in north pending 1111 (c1)",
            ],
        ),
        (
            "nothing is bound before it is pushed",
            now(600).after(600, saw(&www(), &import(2), "scm-2")).cert({
                let mut seen = bound(2, Elb, vec![site("l1", vec![default("c1", leaf(2))])]);
                seen.targets[0].copy = CopySeen::Absent;
                seen.targets[0].sites[0] = site("l1", vec![default("c1", leaf(1))]);
                seen
            }),
            &[
                "do www: push scm-2 to ELB in north, NotPushed",
                "saw www: listener l1 of ELB in north pending 1111 (c1)",
            ],
        ),
        (
            "nor what has no id because nobody may read the copies",
            now(600)
                .after(1, saw(&www(), &import(2), "scm-2"))
                .after(100, done(&www(), &push(2, Elb), None))
                .cert({
                    let mut seen = bound(2, Elb, vec![site("l1", vec![default("c1", leaf(1))])]);
                    seen.targets[0].copy = CopySeen::Blind(failure(Kind::Operator));
                    seen
                }),
            &["hold www: Unseen", "saw www: listener l1 of ELB in north pending 1111 (c1)"],
        ),
    ]
}

/// What became of a binding that was sent.
fn answers() -> Vec<Case> {
    let sent = |secs: i64| {
        let seen = bound(2, Elb, vec![site("l1", vec![default("c1", leaf(1))])]);
        let known = known(2, Elb).after(50, saw_at(Elb, "l1", Pending, &leaf(1), "c1"));
        known.after(secs, began(&www(), &bind(2, "l1", "c2", &["c1"]))).cert(seen)
    };
    let taken =
        |secs| sent(secs).after(secs + 1, done(&www(), &bind(2, "l1", "c2", &["c1"]), None));
    let fails =
        |kind| sent(594).after(595, failed(&www(), &bind(2, "l1", "c2", &["c1"]), failure(kind)));
    let stands = |record: Option<Record>| {
        let seen = bound(2, Elb, vec![site("l1", vec![default("c2", leaf(2))])]);
        let begun = known(2, Elb)
            .after(50, saw_at(Elb, "l1", Served, &leaf(2), "c2"))
            .after(590, began(&www(), &bind(2, "l1", "c2", &["c1"])));
        record.into_iter().fold(begun, |it, record| it.after(591, record)).cert(seen)
    };
    let of = || bind(2, "l1", "c2", &["c1"]);
    let old_look = {
        let seen = bound(2, Elb, vec![site("l1", vec![default("c1", leaf(1))])]);
        known(2, Elb)
            .after(50, saw_at(Elb, "l1", Pending, &leaf(1), "c1"))
            .after(595, learned(&www(), &of(), Fact::Seen { id: None }))
            .cert_looked(590, seen)
    };
    vec![
        ("a binding just taken need not show yet", taken(580), &["hold www: NotBoundYet +15s"]),
        (
            "long after, it is bound again",
            taken(100),
            &["do www: bind 222222222222 to listener l1 of ELB in north, NotBound"],
        ),
        ("one in doubt is looked for", sent(590), &["hold www: InDoubt +8s"]),
        (
            "not found after the wait, it is sent again",
            sent(470),
            &["do www: bind 222222222222 to listener l1 of ELB in north, NotFoundAfterDoubt"],
        ),
        (
            "found, it has come true",
            stands(None),
            &["learn www: bind 222222222222 to listener l1 of ELB in north, Seen"],
        ),
        (
            "whatever its answer was",
            stands(Some(failed(&www(), &of(), failure(Kind::Permanent)))),
            &["learn www: bind 222222222222 to listener l1 of ELB in north, Seen"],
        ),
        (
            "which is learned once",
            stands(Some(learned(&www(), &of(), Fact::Seen { id: None }))),
            &[],
        ),
        ("one that failed waits", fails(Kind::Busy), &["hold www: BackOff(1) +5s"]),
        ("one that was refused waits for a person", fails(Kind::Permanent), &["hold www: Refused"]),
        (
            "who may have it sent again",
            fails(Kind::Permanent).after(599, retry("www")),
            &["do www: bind 222222222222 to listener l1 of ELB in north, NotBound"],
        ),
        ("a look older than the sight of it takes nothing back", old_look, &[]),
    ]
}

/// Two entries, one place.
fn shared() -> Vec<Case> {
    let slots = || {
        vec![
            default("cd", named(9, &["shop.example.com"])),
            sni("c1", leaf(1)),
            sni("c3", named(3, &["api.example.com"])),
        ]
    };
    let other = |target, project: &str| {
        let mut seen = bound(4, target, vec![site("l1", slots())]);
        seen.name = name("api");
        seen.local = Ok(named(4, &["api.example.com"]).into());
        seen.targets[0].project = project.to_owned();
        seen
    };
    let both = |target| {
        (3..=4).fold(known(2, target), |it, n| {
            it.after(20, saw(&api(), &import(n), &format!("scm-{n}")))
                .after(20, saw(&api(), &push(n, target), &format!("c{n}")))
        })
    };
    let own = |target| bound(2, target, vec![site("l1", slots())]);
    vec![
        (
            "two entries change one listener one after the other",
            both(Elb).cert(own(Elb)).cert(other(Elb, "north")),
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, NotBound",
                "hold api: SamePlace",
                "saw www: listener l1 of ELB in north pending 1111 (c1)",
                "saw api: listener l1 of ELB in north pending 3333 (c3)",
            ],
        ),
        (
            "while one is at it, the other waits",
            both(Elb)
                .after(599, began(&www(), &bind(2, "l1", "c2", &["c1"])))
                .in_flight(www())
                .cert(own(Elb))
                .cert(other(Elb, "north")),
            &[
                "hold www: InFlight",
                "hold api: SamePlace",
                "saw api: listener l1 of ELB in north pending 3333 (c3)",
            ],
        ),
        (
            "a domain is one place, whatever project is written beside it",
            both(Cdn).cert(own(Cdn)).cert(other(Cdn, "south")),
            &[
                "do www: bind 222222222222 to domain l1 of CDN, NotBound",
                "hold api: SamePlace",
                "saw www: domain l1 of CDN pending 9999 (cd)",
                "saw api: domain l1 of CDN pending 9999 (cd)",
            ],
        ),
    ]
}
