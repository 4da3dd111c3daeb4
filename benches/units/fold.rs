//! The journal: a line from text to memory, and a year of lines.

use certrotd::cert::LeafFacts;
use certrotd::model::digest::{Sha1, Sha256};
use certrotd::model::names::{Name, Subject};
use certrotd::model::target::Target;
use certrotd::model::time::Time;
use certrotd::plan::action::{Action, Fact, Import, ImportKey};
use certrotd::plan::memory::{Memory, Record};
use divan::Bencher;
use divan::counter::ItemsCount;

/// Renewals of an entry in a year, with certificates of 90 days.
const RENEWALS: i64 = 6;
const MONTHS_2_SECS: i64 = 60 * 24 * 3600;

#[divan::bench(args = [100, 1_000], sample_count = 10)]
fn year_of_lines(bencher: Bencher, entries: u32) {
    let lines: Vec<_> = (0..RENEWALS)
        .flat_map(|renewal| (0..entries).flat_map(move |entry| renewed(entry, renewal)))
        .map(|(at, record)| (at, serde_json::to_string(&record).unwrap()))
        .collect();
    bencher.counter(ItemsCount::new(lines.len())).bench(|| {
        let mut memory = Memory::default();
        for (at, line) in &lines {
            memory.fold(*at, &serde_json::from_str::<Record>(line).unwrap());
        }
        memory
    });
}

#[divan::bench]
fn line(bencher: Bencher) {
    let (at, record) = renewed(0, 0).swap_remove(1);
    bencher.bench_local(|| {
        let mut memory = Memory::default();
        memory.fold(at, &record);
        memory
    });
}

/// The entries that settled benchmarks speak of.
pub fn name(entry: u32) -> Name {
    Name::new(&format!("entry-{entry:06}")).unwrap()
}

/// Facts of a leaf that an entry has after so many renewals.
pub fn leaf(entry: u32, renewal: i64) -> LeafFacts {
    let text = format!("{entry} {renewal}");
    let issued = 1_700_000_000 + renewal * MONTHS_2_SECS;
    LeafFacts {
        sha256: Sha256::of(text.as_bytes()),
        sha1: Sha1::of(text.as_bytes()),
        serial: "0f".repeat(16),
        subject: format!("CN={entry:06}.example.com"),
        issuer: "CN=Bench".to_owned(),
        not_before: Time::from_secs(issued),
        not_after: Time::from_secs(issued + MONTHS_2_SECS * 3 / 2),
        names: vec![format!("{entry:06}.example.com")],
        key: "ECDSA P-256".to_owned(),
    }
}

/// What makes its import the one that it is.
pub fn key(entry: u32, leaf: &LeafFacts) -> ImportKey {
    let _ = entry;
    ImportKey::from(Import {
        cloud: Name::new("north").unwrap(),
        enterprise_project: None,
        leaf: leaf.sha256,
        issued: leaf.not_before,
    })
}

/// The lines of one renewal: an import and three pushes, each begun, done and seen.
pub fn renewed(entry: u32, renewal: i64) -> Vec<(Time, Record)> {
    let (subject, leaf) = (Subject::Certificate(name(entry)), leaf(entry, renewal));
    let (key, scm_id) = (key(entry, &leaf), format!("scs{entry:06}{renewal:07}"));
    let push = |target| {
        let project = if target == Target::Cdn { "" } else { "cn-north-4" }.to_owned();
        Action::Push { key: key.clone(), scm_id: scm_id.clone(), target, project }
    };
    let mut actions = vec![(Action::Import { key: key.clone() }, Some(scm_id.clone()))];
    actions.extend([Target::Elb, Target::Waf, Target::Cdn].map(|target| (push(target), None)));
    let at = leaf.not_before;
    let lines = actions.into_iter().flat_map(|(action, id)| {
        let fact = Fact::Seen { id: Some(id.clone().unwrap_or_else(|| "copy".to_owned())) };
        [
            Record::Began { subject: subject.clone(), action: action.clone() },
            Record::Done { subject: subject.clone(), action: action.clone(), id },
            Record::Learned { subject: subject.clone(), action, fact },
        ]
    });
    lines.map(|record| (at, record)).collect()
}
