//! A leaf is forgotten once nothing can come of it any more, and not before.

use super::*;
use crate::model::names::{Name, Subject};
use crate::model::place::Place;
use crate::model::target::Target;
use crate::plan::action::{Fact, Import, ImportKey, Retired};
use crate::plan::memory::Record;
use crate::plan::sight::{Seen, Sight, Spot, Verdict};

fn at(secs: i64) -> Time {
    Time::from_secs(secs)
}

fn subject() -> Subject {
    Subject::Certificate(Name::new("www").unwrap())
}

fn key_of(n: i64) -> ImportKey {
    let (cloud, leaf) = (Name::new("main").unwrap(), Sha256::of(&n.to_be_bytes()));
    ImportKey::from(Import { cloud, enterprise_project: None, leaf, issued: at(n) })
}

fn import(n: i64) -> Action {
    Action::Import { key: key_of(n) }
}

fn push(n: i64) -> Action {
    let (scm_id, project) = ("scm".to_owned(), "north".to_owned());
    Action::Push { key: key_of(n), scm_id, target: Target::Elb, project }
}

fn place() -> Place {
    Place { target: Target::Elb, project: "north".to_owned(), site: "one".to_owned() }
}

fn done(action: Action) -> Record {
    Record::Done { subject: subject(), action, id: Some("id".to_owned()) }
}

fn deleted(n: i64) -> [Record; 2] {
    let import = Retired::Import { scm_id: "id".to_owned() };
    let (target, project, id) = (Target::Elb, "north".to_owned(), "id".to_owned());
    let copy = Retired::Copy { target, project, id };
    [import, copy].map(|what| done(Action::Retire { key: key_of(n), what }))
}

fn saw(n: i64) -> Record {
    let leaf = Some(Seen { sha256: key_of(n).leaf, issued: None, ends: None });
    let sight = Sight { verdict: Verdict::Served, leaf, id: None, neither: false };
    Record::Saw { subject: subject(), spot: Spot::Site(place()), sight }
}

/// Leaf 1 was imported, pushed, served, superseded by leaf 2 and deleted at second 10.
fn superseded() -> Vec<Record> {
    let stood = (1..=2).flat_map(|n| [done(import(n)), done(push(n)), saw(n)]);
    stood.chain([saw(3)]).chain(deleted(1)).collect()
}

/// Whether leaf 1 is forgotten after these lines, by somebody who forgets what is older than that second.
fn forgets(lines: Vec<Record>, before: i64) -> bool {
    let mut memory = Memory::default();
    lines.iter().for_each(|record| memory.fold(at(10), record));
    memory.forget(at(before));
    let www = subject().name().clone();
    assert!(memory.effect(&import(2)).is_some() && memory.is_of(&www, &key_of(2).leaf));
    let known = memory.effects().any(|(action, _)| action.key() == Some(&key_of(1)));
    assert_eq!(memory.is_of(&www, &key_of(1).leaf), known, "all of it, or nothing");
    !known
}

#[test]
fn a_leaf_is_forgotten_once_nothing_can_come_of_it() {
    let with = |more: Record| [superseded(), vec![more]].concat();
    let without = |gone: &Record| {
        let lines = superseded().into_iter();
        lines.filter(|line| line != gone).collect::<Vec<_>>()
    };
    let [import_gone, copy_gone] = deleted(1);
    let began = |action| Record::Began { subject: subject(), action };
    let bound = |n| {
        let (key, place, id) = (key_of(n), place(), String::new());
        Action::Bind { key, place: place.into(), id, instead_of: Vec::new() }
    };
    let leaf = Some(Seen { sha256: key_of(2).leaf, issued: None, ends: None });
    let former = Sight { verdict: Verdict::Stale, leaf, id: None, neither: false };
    let back =
        Record::Learned { subject: subject(), action: bound(1), fact: Fact::RolledBack { former } };
    let allowed =
        Record::Learned { subject: subject(), action: import(1), fact: Fact::AllowedOlder };
    assert!(forgets(superseded(), 11));
    assert!(forgets(with(done(bound(1))), 11), "that it was bound once holds nothing");
    for (why, lines, before) in [
        ("it is not long enough ago", superseded(), 10),
        ("its import stands", without(&import_gone), 11),
        ("a copy stands", without(&copy_gone), 11),
        ("its import is under way again", with(began(import(1))), 11),
        ("a binding is under way", with(began(bound(1))), 11),
        ("it was seen last", with(saw(1)), 11),
        ("it was seen before", without(&saw(3)), 11),
        ("a place went back from it", with(back), 11),
        ("it is the newest", with(allowed), 11),
    ] {
        assert!(!forgets(lines, before), "{why}");
    }
}
