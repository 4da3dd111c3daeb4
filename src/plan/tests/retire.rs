//! Cleaning up: what is ours, superseded, beyond `keep` and used by nobody goes; the rest stays.

use super::fixture::*;
use super::places::*;
use crate::model::failure::{Failure, Kind};
use crate::model::target::Target::Elb;
use crate::plan::action::Fact;
use crate::plan::memory::Record;
use crate::plan::observed::{CertificateSeen, CopyHeld, CopySeen, Holders, ImportSeen, TargetSeen};
use crate::plan::sight::Verdict::{Pending, Served, Stale};

#[test]
fn rules() {
    check_all(cases());
}

pub fn cases() -> Vec<Case> {
    let tables = [keep(), users(), unproven(), needed(), answers(), copies()];
    tables.into_iter().flatten().collect()
}

/// Leaf 4 is on the disk, bound and served, which was seen before.
fn settled() -> Given {
    known(4, Elb)
        .after(50, saw_at(Elb, "l1", Served, &leaf(4), "c4"))
        .after(50, probed(Served, Some(&leaf(4)), false))
}

/// One of the superseded is to stay.
fn looked(copies: Vec<CopyHeld>) -> CertificateSeen {
    let mut seen = bound(4, Elb, vec![site("l1", vec![default("c4", leaf(4))])]);
    seen.targets[0].probes = vec![probe(served(leaf(4)))];
    seen.targets[0].copies = copies;
    seen.keep = 1;
    seen
}

pub fn free(n: u8) -> CopyHeld {
    copy_held(&format!("c{n}"), n, Holders::Nobody)
}

pub fn by(who: &str) -> Holders {
    Holders::Some(vec![who.to_owned()])
}

pub fn unknown() -> Holders {
    Holders::Unknown("SCM: 500".to_owned())
}

/// The import of leaf 1, of which this is known, and nothing else.
fn import_of(holders: Holders) -> CertificateSeen {
    CertificateSeen { superseded: vec![import_held(1, holders)], ..looked(vec![]) }
}

const COPY: &str = "do www: retire copy c1 of 111111111111 from ELB in north, Superseded";
const IMPORT: &str = "do www: retire import scm-1 of 111111111111, Superseded";

fn keep() -> Vec<Case> {
    let none = || CertificateSeen { keep: 0, ..looked(vec![free(3)]) };
    let all = || CertificateSeen { keep: 3, ..looked(vec![free(1), free(2), free(3)]) };
    let both = || CertificateSeen {
        superseded: vec![import_held(1, Holders::Nobody)],
        ..looked(vec![free(1), free(3)])
    };
    let within =
        CertificateSeen { superseded: vec![import_held(3, Holders::Nobody)], ..looked(vec![]) };
    vec![
        (
            "the newest of the superseded stays",
            settled().cert(looked(vec![free(1), free(3)])),
            &[COPY],
        ),
        ("alone it stays", settled().cert(looked(vec![free(1)])), &[]),
        (
            "where none is to stay it goes",
            settled().cert(none()),
            &["do www: retire copy c3 of 333333333333 from ELB in north, Superseded"],
        ),
        ("as many stay as are to", settled().cert(all()), &[]),
        ("an import goes beside its copy", settled().cert(both()), &[COPY, IMPORT]),
        ("an import within the number stays, asked for or not", settled().cert(within), &[]),
    ]
}

fn users() -> Vec<Case> {
    let held = |holders| copy_held("c1", 1, holders);
    let foreign = CopyHeld { id: "cf".into(), leaf: Some(leaf(15)), holders: Holders::Nobody };
    let untold = CopyHeld { id: "cu".into(), leaf: None, holders: Holders::Nobody };
    let mut newer = looked(vec![free(5), free(3)]);
    newer.keep = 0;
    let never_pushed = now(600)
        .after(1, saw(&www(), &import(1), "scm-1"))
        .after(1, saw(&www(), &import(3), "scm-3"))
        .after(2, saw(&www(), &push(3, Elb), "c3"))
        .after(3, saw(&www(), &import(4), "scm-4"))
        .after(3, saw(&www(), &push(4, Elb), "c4"))
        .after(50, saw_at(Elb, "l1", Served, &leaf(4), "c4"))
        .after(50, probed(Served, Some(&leaf(4)), false));
    vec![
        (
            "one that a listener uses stays, and says which",
            settled().cert(looked(vec![held(by("listener l9")), free(3)])),
            &["hold www: StillUsed"],
        ),
        (
            "also within the number",
            settled().cert(looked(vec![copy_held("c3", 3, by("listener l9"))])),
            &["hold www: StillUsed"],
        ),
        (
            "one of which that cannot be told stays",
            settled().cert(looked(vec![held(unknown()), free(3)])),
            &["hold www: StillUsed"],
        ),
        (
            "which is worth saying only when it would go",
            settled().cert(looked(vec![held(unknown())])),
            &[],
        ),
        (
            "an import that something uses stays",
            settled().cert(import_of(by("CDN www.example.com"))),
            &["hold www: StillUsed"],
        ),
        ("or may use", settled().cert(import_of(unknown())), &["hold www: StillUsed"]),
        ("a certificate of others stays", settled().cert(looked(vec![foreign, free(3)])), &[]),
        ("one that cannot be told stays", settled().cert(looked(vec![untold, free(3)])), &[]),
        (
            "a copy that we never pushed stays",
            never_pushed.cert(looked(vec![free(1), free(3)])),
            &[],
        ),
        (
            "one issued later stays: somebody went back on purpose",
            settled()
                .after(51, saw(&www(), &import(5), "scm-5"))
                .after(52, saw(&www(), &push(5, Elb), "c5"))
                .after(53, learned(&www(), &import(4), Fact::AllowedOlder))
                .cert(newer),
            &["do www: retire copy c3 of 333333333333 from ELB in north, Superseded"],
        ),
    ]
}

/// Nothing goes before every target was seen to serve the new one.
fn unproven() -> Vec<Case> {
    let two = || looked(vec![free(1), free(3)]);
    let with = |change: fn(&mut CertificateSeen)| {
        let mut seen = two();
        seen.superseded = vec![import_held(1, Holders::Nobody)];
        change(&mut seen);
        seen
    };
    let unseen = Failure::local(Kind::Transient, "list", "no luck");
    let blind = {
        let mut seen = two();
        seen.import = ImportSeen::Unknown(unseen);
        seen
    };
    vec![
        (
            "not while a place cannot be read",
            settled().cert(with(|seen| seen.targets[0].sites.push(unread("l2")))),
            &["hold www: Unseen"],
        ),
        (
            "nor while one is to be bound",
            settled().after(51, saw_at(Elb, "l2", Pending, &leaf(3), "c3")).cert(with(|seen| {
                seen.targets[0].sites.push(site("l2", vec![default("c3", leaf(3))]));
            })),
            &["do www: bind 444444444444 to listener l2 of ELB in north, NotBound"],
        ),
        (
            "nor while a former one is served",
            settled().after(51, probed(Stale, Some(&leaf(3)), false)).cert(with(|seen| {
                seen.targets[0].probes = vec![probe(served(leaf(3)))];
            })),
            &["hold www: Stale"],
        ),
        (
            "nor while nobody answers",
            settled().cert(with(|seen| seen.targets[0].probes = vec![probe(unreachable())])),
            &["hold www: Unreachable", "saw www: probe www.example.com:443 unreachable"],
        ),
        (
            "nor while one project of two lacks its copy",
            settled().cert(with(|seen| {
                let south = target_seen(Elb, CopySeen::Absent);
                seen.targets.push(TargetSeen { project: "south".into(), ..south });
            })),
            &["do www: push scm-4 to ELB in south, NotPushed"],
        ),
        (
            "an import that could not be confirmed takes nothing away",
            settled().cert(blind),
            &[COPY],
        ),
        (
            "nor where a place went back",
            settled()
                .after(
                    51,
                    learned(
                        &www(),
                        &bind(4, "l1", "c4", &["c3"]),
                        Fact::RolledBack { former: site_sight(Pending, &leaf(3), "c3") },
                    ),
                )
                .after(52, saw_at(Elb, "l1", Served, &leaf(3), "c3"))
                .after(52, probed(Pending, Some(&leaf(3)), false))
                .cert(with(|seen| {
                    seen.targets[0].sites = vec![site("l1", vec![default("c3", leaf(3))])];
                    seen.targets[0].probes = vec![probe(served(leaf(3)))];
                })),
            &["hold www: RolledBack"],
        ),
        (
            "what the place itself uses is not there to go",
            settled().cert(with(|seen| {
                let slots = vec![default("c4", leaf(4)), sni("c1", named(1, &["x.example.com"]))];
                seen.targets[0].sites = vec![site("l2", slots)];
                seen.superseded.clear();
            })),
            &[
                "do www: bind 444444444444 to listener l2 of ELB in north, NotBound",
                "saw www: listener l2 of ELB in north pending 1111 (c1)",
            ],
        ),
    ]
}

/// Somebody else may need it.
fn needed() -> Vec<Case> {
    let two = || CertificateSeen {
        superseded: vec![import_held(1, Holders::Nobody)],
        ..looked(vec![free(1), free(3)])
    };
    let saw_of_api = |verdict, n| {
        let Record::Saw { spot, sight, .. } =
            saw_at(Elb, "l7", verdict, &leaf(n), &format!("c{n}"))
        else {
            unreachable!("it is a sight")
        };
        Record::Saw { subject: api(), spot, sight }
    };
    let gone_back = Fact::RolledBack { former: site_sight(Pending, &leaf(1), "c1") };
    vec![
        (
            "another entry lives by the same leaf",
            settled().after(60, saw(&api(), &import(1), "scm-1")).cert(two()),
            &[],
        ),
        (
            "it is on the disk of another entry, which has gone on from it",
            settled().cert(two()).cert(cert("api", 1)).after(60, saw(&api(), &import(4), "scm-4")),
            &["hold api: Older"],
        ),
        (
            "another entry has gone on from it too",
            settled()
                .after(60, saw(&api(), &import(1), "scm-1"))
                .after(61, saw(&api(), &import(4), "scm-4"))
                .cert(two()),
            &[COPY, IMPORT],
        ),
        (
            "but has not proved the new one",
            settled()
                .after(60, saw(&api(), &import(1), "scm-1"))
                .after(61, saw(&api(), &import(4), "scm-4"))
                .after(62, saw_of_api(Served, 1))
                .after(63, saw_of_api(Pending, 4))
                .cert(two()),
            &[],
        ),
        (
            "or went back to it",
            settled()
                .after(60, saw(&api(), &import(1), "scm-1"))
                .after(61, saw(&api(), &import(4), "scm-4"))
                .after(62, learned(&api(), &bind(4, "l7", "c4", &["c1"]), gone_back))
                .cert(two()),
            &[],
        ),
    ]
}

fn answers() -> Vec<Case> {
    let of = || retire_copy(1, Elb, "c1");
    let both = || looked(vec![free(1), free(3)]);
    let begun = |secs| settled().after(secs, began(&www(), &of()));
    let ended = |record: Record| begun(598).after(599, record);
    let import_begun = || settled().after(590, began(&www(), &retire_import(1)));
    vec![
        ("a deletion in doubt is looked for", begun(590).cert(both()), &["hold www: InDoubt +8s"]),
        ("and then sent again", begun(470).cert(both()), &[COPY]),
        (
            "what no list shows any more has gone",
            begun(590).cert(looked(vec![free(3)])),
            &["learn www: retire copy c1 of 111111111111 from ELB in north, Done"],
        ),
        (
            "a list that was not read shows nothing",
            begun(590).cert({
                let mut seen = looked(vec![]);
                seen.targets[0].copy = CopySeen::Unknown(failure(Kind::Transient));
                seen
            }),
            &[],
        ),
        (
            "a list older than the deletion is not believed",
            begun(590).cert_looked(590, looked(vec![free(3)])),
            &[],
        ),
        (
            "one that went well may be listed for a while",
            ended(done(&www(), &of(), None)).cert(both()),
            &[],
        ),
        (
            "one that failed waits",
            ended(failed(&www(), &of(), failure(Kind::Busy))).cert(both()),
            &["hold www: BackOff(1) +9s"],
        ),
        (
            "an import that is gone has been deleted",
            import_begun().cert(import_of(Holders::Gone)),
            &["learn www: retire import scm-1 of 111111111111, Done"],
        ),
        (
            "by us or by others",
            settled().cert(import_of(Holders::Gone)),
            &["learn www: import as www-111111111111, Gone"],
        ),
        (
            "but not what was found or made anew since the look began",
            settled().after(599, saw(&api(), &import(1), "scm-9")).cert(import_of(Holders::Gone)),
            &[],
        ),
        (
            "nor what is being made again, which has the former one's id until it has its own",
            settled().after(599, began(&api(), &import(1))).cert(import_of(Holders::Gone)),
            &[],
        ),
        (
            "nor what may have been made again",
            settled()
                .after(590, began(&api(), &import(1)))
                .after(599, failed(&api(), &import(1), failure(Kind::Lost)))
                .cert(import_of(Holders::Gone)),
            &[],
        ),
        (
            "what is known to be gone is no news",
            settled()
                .after(599, learned(&api(), &import(1), Fact::Gone))
                .cert(import_of(Holders::Gone)),
            &[],
        ),
        (
            "nor is what we deleted ourselves",
            import_begun()
                .after(599, done(&www(), &retire_import(1), None))
                .cert(import_of(Holders::Gone)),
            &[],
        ),
        (
            "an import's deletion in doubt is looked for too",
            import_begun().cert(import_of(Holders::Nobody)),
            &["hold www: InDoubt +8s"],
        ),
    ]
}

fn copies() -> Vec<Case> {
    let twice = |n| vec![free(n), copy_held("c1x", n, Holders::Nobody)];
    let three = [twice(1), vec![free(2)]].concat();
    let two_held = vec![free(1), copy_held("c1x", 1, by("listener l9")), free(3)];
    vec![
        ("two copies of one leaf count once", settled().cert(looked(twice(1))), &[]),
        (
            "and go both",
            settled().cert(looked(three)),
            &["do www: retire copy c1x of 111111111111 from ELB in north, Superseded", COPY],
        ),
        ("each by its own users", settled().cert(looked(two_held)), &[COPY, "hold www: StillUsed"]),
    ]
}
