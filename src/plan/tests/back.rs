//! The way back: the few cases in which a binding is taken back, and what follows.

use super::fixture::*;
use super::places::*;
use super::serve::{found_garbage, garbage, looked, placed, three_looks, unbound, with_site};
use crate::model::target::Target::{Cdn, Elb, Waf};
use crate::plan::action::Fact;
use crate::plan::observed::CopySeen;
use crate::plan::sight::Verdict::{Pending, Served, Unreachable, Wrong};

#[test]
fn rules() {
    check_all(cases());
}

pub fn cases() -> Vec<Case> {
    [back(), no_way_back(), after_back(), others()].into_iter().flatten().collect()
}

fn back() -> Vec<Case> {
    let twice = |given: Given| {
        let mut seen = looked(served(garbage()));
        seen.targets[0].probes.push(probe(served(garbage())));
        given.cert(seen)
    };
    vec![
        (
            "three looks over the window that find neither take it back",
            three_looks().cert(looked(served(garbage()))),
            &[
                "learn www: bind 222222222222 to listener l1 of ELB in north, RolledBack to pending 1111 (c1)",
            ],
        ),
        (
            "once, however many probes ask for it",
            twice(three_looks()),
            &[
                "learn www: bind 222222222222 to listener l1 of ELB in north, RolledBack to pending 1111 (c1)",
            ],
        ),
        (
            "each look counts when it began a third of the window after the last",
            found_garbage(placed(540), &[570]).cert(looked(served(garbage()))),
            &["hold www: NotServedYet +15s", "saw www: probe www.example.com:443 pending dddd!"],
        ),
        (
            "and not sooner",
            found_garbage(placed(540), &[571]).cert(looked(served(garbage()))),
            &["hold www: NotServedYet +15s"],
        ),
        (
            "nor when it began before the last was written down",
            found_garbage(placed(540), &[570]).cert_looked(569, looked(served(garbage()))),
            &["hold www: NotServedYet +15s"],
        ),
        (
            "three are enough",
            found_garbage(placed(530), &[531, 561, 570]).cert(looked(served(garbage()))),
            &["hold www: NotServedYet +15s"],
        ),
    ]
}

/// Each condition, missing.
fn no_way_back() -> Vec<Case> {
    let of = || bind(2, "l1", "c2", &["c1"]);
    let wrong = |it: Given| {
        found_garbage(it, &[506, 536, 566]).after(596, probed(Wrong, Some(&garbage()), true))
    };
    let garbled = || looked(served(garbage()));
    let probed_before = |it: Given| it.after(50, probed(Served, Some(&leaf(1)), false));
    let stood = |it: Given| it.after(51, saw_at(Elb, "l1", Pending, &leaf(1), "c1"));
    let ours = |it: Given| it.after(505, learned(&www(), &of(), Fact::Seen { id: None }));
    let now_ours = |it: Given| it.after(505, saw_at(Elb, "l1", Served, &leaf(2), "c2"));
    let k = || known(2, Elb);
    let expired = crate::cert::LeafFacts { not_after: at(600), ..leaf(1) };
    let another = named(12, &["www.example.com"]);
    vec![
        (
            "all there: back",
            wrong(now_ours(ours(stood(probed_before(k()))))).cert(garbled()),
            &[
                "learn www: bind 222222222222 to listener l1 of ELB in north, RolledBack to pending 1111 (c1)",
            ],
        ),
        (
            "not probed before: nothing says that the former one was served",
            wrong(now_ours(ours(stood(k())))).cert(garbled()),
            &["hold www: Wrong"],
        ),
        (
            "bound by somebody else",
            wrong(now_ours(stood(probed_before(k())))).cert(garbled()),
            &["hold www: Wrong"],
        ),
        (
            "nobody knows what stood there",
            wrong(now_ours(ours(probed_before(k())))).cert(garbled()),
            &["hold www: Wrong"],
        ),
        (
            "something else stood there than was served",
            wrong(now_ours(ours(
                probed_before(k()).after(51, saw_at(Elb, "l1", Pending, &another, "cx")),
            )))
            .cert(garbled()),
            &["hold www: Wrong"],
        ),
        (
            "the bound one cannot be read back now",
            three_looks().cert(with_site(unread("l1"), served(garbage()))),
            &["hold www: Unseen", "saw www: probe www.example.com:443 pending dddd!"],
        ),
        (
            "the bound one is not ours any more",
            three_looks().cert(with_site(
                site(
                    "l1",
                    vec![default("cx", crate::cert::LeafFacts { sha256: digest(12), ..leaf(1) })],
                ),
                served(garbage()),
            )),
            &[
                "hold www: Foreign",
                "saw www: listener l1 of ELB in north wrong cccc (cx)",
                "saw www: probe www.example.com:443 pending dddd!",
            ],
        ),
        (
            "two looks only",
            found_garbage(placed(500), &[506, 536])
                .after(596, probed(Wrong, Some(&garbage()), true))
                .cert(garbled()),
            &["hold www: Wrong +30s"],
        ),
        (
            "nobody connects",
            three_looks().cert(looked(unreachable())),
            &["hold www: Unreachable", "saw www: probe www.example.com:443 unreachable"],
        ),
        (
            "and then it counts from the beginning",
            three_looks().after(597, probed(Unreachable, None, false)).cert(garbled()),
            &["hold www: Wrong +30s", "saw www: probe www.example.com:443 wrong dddd!"],
        ),
        (
            "the former one has expired",
            wrong(now_ours(ours(
                k().after(50, probed(Served, Some(&expired), false))
                    .after(51, saw_at(Elb, "l1", Pending, &expired, "c1")),
            )))
            .cert(garbled()),
            &["hold www: Wrong"],
        ),
        (
            "it was served before, so it is not the binding that is to blame",
            wrong(placed(505).after(505, probed(Served, Some(&leaf(2)), false))).cert(garbled()),
            &["hold www: Wrong"],
        ),
        (
            "nothing is bound here",
            {
                let mut seen = looked(served(garbage()));
                seen.targets[0].sites.clear();
                wrong(probed_before(k())).cert(seen)
            },
            &["hold www: Wrong"],
        ),
        ("a domain goes back only to an import of ours", domain(false), &["hold www: Wrong"]),
        (
            "by that import's id",
            domain(true),
            &[
                "learn www: bind 222222222222 to domain www.example.com of CDN, RolledBack to pending 1111 (scm-1)",
            ],
        ),
    ]
}

/// A CDN domain whose former leaf was or was not an import of ours.
fn domain(imported: bool) -> Given {
    let domain = "www.example.com";
    let first = if imported { import(1) } else { import(9) };
    let mut seen = bound(2, Cdn, vec![site(domain, vec![default("scm-2", leaf(2))])]);
    seen.targets[0].probes = vec![probe(served(garbage()))];
    seen.targets[0].copy = CopySeen::NotAsked;
    let of = bind_at(Cdn, 2, domain, "scm-2", &["scm-1"]);
    let given = now(600)
        .after(1, saw(&www(), &first, "scm-1"))
        .after(2, learned(&www(), &import(2), Fact::AllowedOlder))
        .after(2, saw(&www(), &import(2), "scm-2"))
        .after(50, probed_at(Cdn, Served, Some(&leaf(1)), false))
        .after(51, saw_at(Cdn, domain, Pending, &leaf(1), "scm-1"))
        .after(505, learned(&www(), &of, Fact::Seen { id: None }))
        .after(505, saw_at(Cdn, domain, Served, &leaf(2), "scm-2"));
    let given = [506, 536, 566]
        .iter()
        .fold(given, |it, secs| it.after(*secs, probed_at(Cdn, Pending, Some(&garbage()), true)));
    given.after(596, probed_at(Cdn, Wrong, Some(&garbage()), true)).cert(seen)
}

/// It was taken back.
fn after_back() -> Vec<Case> {
    let former = || site_sight(Pending, &leaf(1), "c1");
    let taken_back = || {
        three_looks()
            .after(
                597,
                learned(
                    &www(),
                    &bind(2, "l1", "c2", &["c1"]),
                    Fact::RolledBack { former: former() },
                ),
            )
            .after(597, saw_at(Elb, "l1", Pending, &leaf(2), "c2"))
            .after(597, probed(Pending, Some(&garbage()), true))
    };
    let stands = || {
        taken_back()
            .after(598, learned(&www(), &bind(1, "l1", "c1", &["c2"]), Fact::Seen { id: None }))
            .after(598, saw_at(Elb, "l1", Served, &leaf(1), "c1"))
            .after(598, probed(Pending, Some(&leaf(1)), false))
    };
    let next = |given: Given, n: u8, stands: u8| {
        let there = vec![default(&format!("c{stands}"), leaf(stands))];
        let mut seen = bound(n, Elb, vec![site("l1", there)]);
        seen.targets[0].probes = vec![probe(served(leaf(1)))];
        given
            .after(599, saw(&www(), &import(n), &format!("scm-{n}")))
            .after(599, saw(&www(), &push(n, Elb), &format!("c{n}")))
            .cert(seen)
    };
    let third = || {
        stands()
            .after(598, saw(&www(), &import(3), "scm-3"))
            .after(598, saw_at(Elb, "l1", Served, &leaf(3), "c3"))
    };
    vec![
        (
            "the former one is bound again",
            taken_back().cert(looked(served(garbage()))),
            &[
                "do www: bind 111111111111 to listener l1 of ELB in north, RolledBack",
                "hold www: RolledBack",
            ],
        ),
        (
            "and this leaf not tried a second time",
            stands().cert(unbound(served(leaf(1)))),
            &["hold www: RolledBack"],
        ),
        (
            "until an operator says so",
            stands().after(599, retry("www")).cert(unbound(served(leaf(1)))),
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, BoundBack",
                "saw www: listener l1 of ELB in north pending 1111 (c1)",
            ],
        ),
        (
            "what was said before it does not count",
            three_looks()
                .after(596, retry("www"))
                .after(
                    597,
                    learned(
                        &www(),
                        &bind(2, "l1", "c2", &["c1"]),
                        Fact::RolledBack { former: former() },
                    ),
                )
                .after(598, saw_at(Elb, "l1", Served, &leaf(1), "c1"))
                .after(598, probed(Pending, Some(&leaf(1)), false))
                .cert(unbound(served(leaf(1)))),
            &["hold www: RolledBack"],
        ),
        (
            "also where it went back to one that was there before us",
            {
                let first = crate::cert::LeafFacts { sha256: digest(15), ..leaf(1) };
                let place = site("l1", vec![default("cf", first.clone())]);
                stands()
                    .after(598, saw_at(Elb, "l1", Served, &first, "cf"))
                    .after(599, retry("www"))
                    .cert(with_site(place, served(leaf(1))))
            },
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, NotBound",
                "saw www: listener l1 of ELB in north pending ffff (cf)",
            ],
        ),
        (
            "or the file changes",
            next(stands(), 3, 1),
            &[
                "do www: bind 333333333333 to listener l1 of ELB in north, NotBound",
                "saw www: listener l1 of ELB in north pending 1111 (c1)",
            ],
        ),
        (
            "once another leaf was served in between it may be tried again",
            next(third(), 2, 3).after(599, learned(&www(), &import(2), Fact::AllowedOlder)),
            &[
                "do www: bind 222222222222 to listener l1 of ELB in north, NotBound",
                "saw www: listener l1 of ELB in north pending 3333 (c3)",
            ],
        ),
    ]
}

/// A probe of a host's own name speaks for that host alone.
fn others() -> Vec<Case> {
    let host = |site_name: &str, n: u8| site(site_name, vec![default(&format!("c{n}"), leaf(n))]);
    let mut seen = bound(2, Waf, vec![host("www.example.com", 2), host("shop.example.com", 2)]);
    seen.targets[0].probes = vec![probe(served(garbage()))];
    let of = |site| bind_at(Waf, 2, site, "c2", &["c1"]);
    let bound_at = |it: Given, site| {
        it.after(51, saw_at(Waf, site, Pending, &leaf(1), "c1"))
            .after(505, learned(&www(), &of(site), Fact::Seen { id: None }))
            .after(505, saw_at(Waf, site, Served, &leaf(2), "c2"))
    };
    let given = known(2, Waf).after(50, probed_at(Waf, Served, Some(&leaf(1)), false));
    let given = bound_at(bound_at(given, "www.example.com"), "shop.example.com");
    let given = [506, 536, 566]
        .iter()
        .fold(given, |it, secs| it.after(*secs, probed_at(Waf, Pending, Some(&garbage()), true)));
    let given = given.after(596, probed_at(Waf, Wrong, Some(&garbage()), true)).cert(seen);
    vec![(
        "a probe of a host's own name speaks for that host alone",
        given,
        &[
            "learn www: bind 222222222222 to host www.example.com of WAF in north, RolledBack to pending 1111 (c1)",
        ],
    )]
}
