//! The verdict misses whatever is missing.

use super::super::picture::{Ca, Copy, Switch};
use super::super::sites::{Served, Site};
use super::*;
use crate::cert::LeafFacts;
use crate::model::digest::Sha1;
use crate::model::names::Name;
use crate::model::place::Place;
use crate::model::time::Time;
use crate::sim::SslJob;

pub(super) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn leaf() -> LeafFacts {
    LeafFacts {
        sha256: Sha256::of(b"leaf"),
        sha1: Sha1::of(b"leaf"),
        serial: "1".to_owned(),
        subject: String::new(),
        issuer: String::new(),
        not_before: Time::from_secs(0),
        not_after: Time::from_secs(1),
        names: Vec::new(),
        key: String::new(),
    }
}

/// A place where this leaf is bound and served.
pub(super) fn site(target: Target, leaf: Sha256) -> Site {
    let place = Place { target, project: "p".to_owned(), site: target.to_string() };
    let (bound, served) = (vec![leaf], Served::Leaf(leaf));
    Site { entry: name("www"), place, asked: None, bound, served }
}

/// Everything as it should be, with one renewal behind it.
pub(super) fn picture() -> Picture {
    let copy = |target| Copy { target, project: "p".to_owned(), elsewhere: false, there: true };
    let ca = |source| Ca {
        name: name("redis"),
        source,
        path: "ca.pem".into(),
        published: vec![Sha256::of(b"ca")],
        file: Some(vec![Sha256::of(b"ca")]),
        stamp: Some((1, 0, 0)),
        client: Some(Ok(Sha256::of(b"instance"))),
        hooks: 1,
    };
    let job = SslJob {
        id: "12345678-job".to_owned(),
        instance: "in07".to_owned(),
        on: true,
        created: Time::from_secs(0),
        ends: Time::from_secs(1),
        failure: None,
    };
    Picture {
        rotations: vec![Rotation {
            name: name("www"),
            leaf: Ok(leaf()),
            ids: vec!["scs1".to_owned()],
            copies: TARGETS.map(copy).into(),
        }],
        sites: TARGETS.map(|target| site(target, Sha256::of(b"leaf"))).into(),
        cas: databases::SOURCES.map(ca).into(),
        switches: vec![Switch {
            name: name("ledger"),
            on: true,
            allowed: true,
            assumed: false,
            greets: Some(Ok(true)),
            jobs: vec![(job, "Completed")],
            followed: true,
        }],
        imports: vec![Sha256::of(b"former"), Sha256::of(b"leaf")],
        violations: Vec::new(),
        calls: 9,
        pushed: TARGETS.map(|target| (target, Sha256::of(b"leaf"))).into(),
        foreign: vec![(Target::Elb, Sha256::of(b"foreign"))],
        bindings: 3,
        fees: 0,
        restarts: 1,
    }
}

/// The lines that are not fine.
fn wrong(change: impl FnOnce(&mut Picture)) -> Vec<String> {
    let mut picture = picture();
    change(&mut picture);
    let past = Past { former: vec![Sha256::of(b"former")], keep: 2, ..Past::default() };
    let checks = checks(&picture, &past).into_iter();
    checks.filter(|check| !check.fine).map(|check| check.what).collect()
}

#[test]
fn whatever_is_missing_is_missed() {
    assert_eq!(wrong(|_| ()), Vec::<String>::new());
    assert_eq!(wrong(|it| it.rotations[0].ids.clear()), ["SCM import"]);
    assert_eq!(wrong(|it| it.rotations[0].ids.push("scs2".to_owned())), ["SCM import"]);
    let torn = wrong(|it| it.rotations[0].leaf = Err("torn".to_owned()));
    assert_eq!(torn, ["SCM import", "Served by ELB", "Served by WAF", "Served by CDN"]);
    assert_eq!(wrong(|it| it.imports.truncate(0)), ["SCM import"]);
    assert_eq!(wrong(|it| it.imports.push(Sha256::of(b"strange"))), ["SCM import"]);
    for (place, target) in ["ELB", "WAF", "CDN"].into_iter().enumerate() {
        let found = wrong(|it| it.rotations[0].copies[place].there = false);
        assert_eq!(found, [format!("SCM push to {target}")]);
    }
    assert_eq!(wrong(|it| it.fees = 8), ["Fees"]);
    for (number, service) in ["DCS", "GeminiDB", "RDS", "DDS", "GaussDB"].into_iter().enumerate() {
        let what = [format!("{service} CA")];
        assert_eq!(wrong(|it| it.cas[number].file = None), what);
        assert_eq!(wrong(|it| it.cas[number].published.clear()), what);
        let old = vec![Sha256::of(b"old"), Sha256::of(b"ca")];
        assert_eq!(wrong(|it| it.cas[number].file = Some(old)), what, "a former one beside it");
        let turned_away = Some(Err("unknown issuer".to_owned()));
        assert_eq!(wrong(|it| it.cas[number].client = turned_away), what);
    }
    assert_eq!(wrong(|it| it.violations.push("a field".to_owned())), ["API rules"]);
}

#[test]
fn bound_and_served_are_two_things() {
    let other = Sha256::of(b"former");
    for (place, target) in TARGETS.into_iter().enumerate() {
        let what = [format!("Served by {target}")];
        assert_eq!(wrong(|it| it.sites[place].bound.clear()), what);
        assert_eq!(wrong(|it| it.sites[place].bound = vec![other]), what);
        assert_eq!(wrong(|it| it.sites[place].served = Served::Leaf(other)), what);
        let nothing = Served::Nothing("refused".to_owned());
        assert_eq!(wrong(|it| it.sites[place].served = nothing), what);
    }
    assert_eq!(wrong(|it| it.sites[0].bound.push(other)), Vec::<String>::new(), "others by name");
}

#[test]
fn a_switch_is_sent_once_followed_and_wanted() {
    let what = ["TaurusDB SSL switch"];
    assert_eq!(wrong(|it| it.switches[0].jobs.clear()), what);
    assert_eq!(wrong(|it| it.switches[0].jobs[0].1 = "Running"), what);
    assert_eq!(wrong(|it| it.switches[0].followed = false), what);
    assert_eq!(wrong(|it| it.switches[0].allowed = false), what);
    assert_eq!(wrong(|it| it.switches[0].assumed = true), what);
    let twice = |it: &mut Picture| {
        let again = it.switches[0].jobs[0].clone();
        it.switches[0].jobs.push(again);
    };
    assert_eq!(wrong(twice), what);
}

#[test]
fn a_switch_without_leave_waits_and_is_no_success() {
    let mut picture = picture();
    picture.switches[0].allowed = false;
    picture.switches[0].jobs.clear();
    let line = |picture: &Picture| {
        let all = checks(picture, &Past::default()).into_iter();
        let mut lines = all.filter(|check| check.what == "TaurusDB SSL switch");
        let line = lines.next().unwrap();
        assert!(lines.next().is_none() && line.fine);
        (line.waits, line.found)
    };
    assert_eq!(line(&picture), (true, "ledger waits for `allow_restart`".to_owned()));
    picture.switches[0].assumed = true;
    assert_eq!(line(&picture), (false, "ledger was left alone, as `assume` has it".to_owned()));
}

#[test]
fn what_changed_between_two_pictures_is_told() {
    let (before, mut after) = (picture(), picture());
    assert!(unchanged("Memory", &before, &after, "same").fine);
    after.restarts += 1;
    after.bindings += 1;
    let check = unchanged("Memory", &before, &after, "same");
    let found = check.found.as_str();
    assert_eq!((check.fine, found), (false, "3 bindings, then 4; 1 SSL switch, then 2"));
}
