//! The lines on databases miss whatever did not happen.

use std::time::Instant;

use super::super::super::watch::Content;
use super::super::tests::{name, picture};
use super::*;

const OVERLAP: Duration = Duration::from_secs(2);

fn ca_of(text: &str) -> Vec<Sha256> {
    vec![Sha256::of(text.as_bytes())]
}

/// One that comes early and one that comes late, both as they should.
fn both() -> Vec<Renewed> {
    let renewed = |name, unproven| Renewed {
        name,
        old: ca_of("old"),
        new: ca_of("new"),
        both: true,
        unproven,
        stood: Some(OVERLAP),
        overlap: OVERLAP,
    };
    vec![renewed("redis", None), renewed("postgres", Some(true))]
}

#[test]
fn an_old_ca_may_leave_neither_early_nor_never() {
    let judged = |change: fn(&mut Vec<Renewed>)| {
        let mut all = both();
        change(&mut all);
        renewed(&all).fine
    };
    assert!(judged(|_| ()));
    assert!(!judged(Vec::clear), "nothing was seen");
    assert!(!judged(|it| it[0].both = false));
    assert!(!judged(|it| it[1].stood = None));
    assert!(!judged(|it| it[0].stood = Some(OVERLAP / 2)));
    assert!(!judged(|it| it[1].unproven = Some(false)));
    assert!(!judged(|it| it[0].new = ca_of("old")));
    assert!(!judged(|it| it[1].old.clear()));
}

#[test]
fn a_client_turned_away_once_is_missed() {
    let mut picture = picture();
    let fine = Clients { connected: 9, ..Clients::default() };
    assert!(clients(&picture, &fine).fine);
    let turned_away = vec!["redis: unknown issuer".to_owned()];
    assert!(!clients(&picture, &Clients { turned_away, ..fine.clone() }).fine);
    picture.cas[0].client = None;
    assert!(!clients(&picture, &fine).fine, "nobody asked");
}

#[test]
fn a_command_runs_once_for_each_change() {
    let mut picture = picture();
    let content =
        |text: &str| Content { name: name("redis"), holds: ca_of(text), since: Instant::now() };
    let seen = |all: &[&str]| {
        let files = all.iter().map(|text| content(text)).collect();
        Clients { connected: 1, files, ..Clients::default() }
    };
    assert!(hooks(&picture, &seen(&["ca"])).fine);
    assert!(!hooks(&picture, &seen(&["ca", "new"])).fine, "it ran once for two");
    assert!(!hooks(&picture, &seen(&[])).fine, "nothing was installed");
    for ca in &mut picture.cas {
        ca.hooks = 2;
    }
    assert!(!hooks(&picture, &seen(&["ca"])).fine, "it ran twice for one");
}

#[test]
fn a_bad_ca_is_fetched_told_of_and_not_installed() {
    let before = picture().cas.remove(0);
    let story = BadCa {
        fetched: true,
        told: true,
        before: Some(before.clone()),
        after: Some(before.clone()),
    };
    assert!(kept(&story).fine);
    let misses = |story: BadCa| assert!(!kept(&story).fine, "{story:?}");
    misses(BadCa { fetched: false, ..story.clone() });
    misses(BadCa { told: false, ..story.clone() });
    misses(BadCa { after: None, ..story.clone() });
    for after in [
        Ca { file: Some(Vec::new()), ..before.clone() },
        Ca { stamp: Some((2, 0, 0)), ..before.clone() },
        Ca { client: Some(Err("unknown issuer".to_owned())), ..before.clone() },
        Ca { client: None, ..before },
    ] {
        misses(BadCa { after: Some(after), ..story.clone() });
    }
}

#[test]
fn a_switch_that_is_so_already_gets_nothing() {
    let past = |names: &[&str]| Past {
        so_already: names.iter().map(|text| name(text)).collect(),
        ..Past::default()
    };
    let mut picture = picture();
    let judged = |picture: &Picture, past: &Past| switch(picture, past).iter().all(|it| it.fine);
    assert_eq!(switch(&picture, &past(&[])).len(), 1);
    assert!(judged(&picture, &past(&[])));
    assert!(!judged(&picture, &past(&["ledger"])), "it was restarted for nothing");
    picture.switches[0].greets = Some(Ok(false));
    assert!(!judged(&picture, &past(&[])), "its greeting says that it is off");
    picture.switches[0].greets = Some(Err("no greeting".to_owned()));
    assert!(!judged(&picture, &past(&[])));
    picture.switches[0].jobs.clear();
    assert!(judged(&picture, &past(&["ledger"])));
    assert!(!judged(&picture, &past(&[])));
}
