//! Thousands of settled entries: what one pass costs must grow with their number, not with its square.

use std::time::{Duration, Instant};

use super::fixture::*;
use super::places::*;
use crate::cert::LeafFacts;
use crate::model::digest::Sha256;
use crate::model::names::Subject;
use crate::model::target::Target::{Cdn, Elb};
use crate::plan::action::{Action, Fact, ImportKey};
use crate::plan::memory::{Effect, FORMAT, Memory, Record};
use crate::plan::observed::{CertificateSeen, CopyHeld, CopySeen, Holders, ImportSeen};
use crate::plan::sight::{Sight, Spot, Verdict};
use crate::plan::{Plan, bind, needs, plan};

const ENTRIES: u32 = 4_000;
/// Rotations of each entry, the last of which is in use.
const ROTATIONS: u8 = 3;
/// A hundred times what it takes without optimisation, and a tenth of what asking each other took.
const PATIENCE: Duration = Duration::from_secs(10);

fn leaf_of(entry: u32, n: u8) -> LeafFacts {
    let sha256 = Sha256::of(format!("{entry} {n}").as_bytes());
    LeafFacts { sha256, names: vec![format!("e{entry}.example.com")], ..leaf(n) }
}

fn key_of(entry: u32, n: u8) -> ImportKey {
    let of = key(n);
    of.of_leaf(leaf_of(entry, n).sha256, of.issued)
}

/// What the journal has of one rotation.
fn rotated(given: Given, entry: u32, n: u8) -> Given {
    let subject = Subject::Certificate(name(&format!("entry-{entry}")));
    let (key, place) = (key_of(entry, n), place(Elb, &format!("l{entry}")));
    let (scm_id, project) = (format!("scm-{n}"), "north".to_owned());
    let import = Action::Import { key: key.clone() };
    let push = Action::Push { key, scm_id: scm_id.clone(), target: Elb, project };
    let leaf = Some(bind::seen(&leaf_of(entry, n)));
    let sight = Sight { verdict: Verdict::Served, leaf, id: Some(format!("c{n}")), neither: false };
    let spot = Spot::Site(place);
    let secs = i64::from(n);
    let seen = |action, id| learned(&subject, &action, Fact::Seen { id: Some(id) });
    given
        .after(secs, seen(import, scm_id))
        .after(secs, seen(push, format!("c{n}")))
        .after(secs, Record::Saw { subject: subject.clone(), spot, sight })
}

/// The entry with its last leaf bound and served, and copies of those before.
fn settled(entry: u32) -> CertificateSeen {
    let leaf = leaf_of(entry, ROTATIONS);
    let id = format!("c{ROTATIONS}");
    let mut seen = pushed(&format!("entry-{entry}"), ROTATIONS, Elb, CopySeen::Found(id.clone()));
    let target = &mut seen.targets[0];
    target.sites = vec![site(&format!("l{entry}"), vec![default(&id, leaf.clone())])];
    let copy = |n| CopyHeld {
        id: format!("c{n}"),
        leaf: Some(leaf_of(entry, n)),
        holders: Holders::Nobody,
    };
    target.copies = (1..ROTATIONS).map(copy).collect();
    CertificateSeen { local: Ok(leaf.into()), import: ImportSeen::Trusted, ..seen }
}

/// What is held of every effect there ever was, for tens of thousands of entries: a field more is megabytes more.
#[test]
#[cfg(target_pointer_width = "64")]
fn what_is_remembered_of_an_effect_stays_small() {
    assert_eq!(size_of::<ImportKey>(), 8);
    assert!(size_of::<Action>() <= 72, "{}", size_of::<Action>());
    assert!(size_of::<Effect>() <= 112, "{}", size_of::<Effect>());
}

#[test]
fn effects_of_one_import_share_it_wherever_they_come_from() {
    let (mut memory, www, again) = (Memory::default(), www(), || Fact::Seen { id: None });
    for record in [
        began(&www, &import(1)),
        done(&www, &import(1), Some("scm-1")),
        began(&www, &push(1, Elb)),
        learned(&www, &push(1, Elb), again()),
        learned(&www, &push(1, Cdn), again()),
        learned(&www, &import(1), again()),
    ] {
        // As it comes from the disk, where each line has everything by itself.
        let text = serde_json::to_string(&record).unwrap();
        memory.fold(at(1), &serde_json::from_str(&text).unwrap());
    }
    let unpacked = Memory::unpack(FORMAT, &memory.pack()).unwrap();
    for memory in [memory, unpacked] {
        let newest = memory.newest(www.name()).unwrap();
        let keys = memory.effects().filter_map(|(action, _)| action.key());
        let keys: Vec<_> = keys.chain(memory.leaves(www.name())).collect();
        assert_eq!(keys.len(), 4, "an import, two pushes, and the leaf of the entry");
        assert!(keys.iter().all(|key| key.is_shared_with(newest)));
    }
}

#[test]
fn thousands_of_settled_entries_are_planned_at_once() {
    let mut given = now(600);
    for entry in 0..ENTRIES {
        given =
            (1..=ROTATIONS).fold(given, |given, n| rotated(given, entry, n)).cert(settled(entry));
    }
    let began = Instant::now();
    let planned = plan(&given.observed, &given.memory);
    assert_eq!(planned, Plan::default(), "nothing is left to do");
    for entry in 0..ENTRIES {
        let key = key_of(entry, ROTATIONS);
        assert!(!needs::fresh_lists(&key, &[(Elb, "north")], &given.memory));
    }
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
}
