//! One pass over entries that are settled, and over entries that were all renewed.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use certrotd::model::place::Drift;
use certrotd::model::target::Target;
use certrotd::plan::memory::Memory;
use certrotd::plan::observed::{CertificateSeen, CopySeen, ImportSeen, Observed, TargetSeen};
use certrotd::schedule::Backoff;
use divan::Bencher;
use divan::counter::ItemsCount;

use crate::fold;

const HOUR: Duration = Duration::from_secs(3600);

#[divan::bench(args = [1_000, 10_000], sample_count = 10)]
fn settled(bencher: Bencher, entries: u32) {
    let memory = remembered(entries);
    let observed = observed(entries, 0, ImportSeen::Trusted);
    let planned = certrotd::plan::plan(&observed, &memory);
    assert!(planned.now.is_empty(), "{:?}", planned.now.first());
    bencher.counter(ItemsCount::new(entries)).bench(|| certrotd::plan::plan(&observed, &memory));
}

#[divan::bench(args = [1_000, 10_000], sample_count = 3)]
fn renewed(bencher: Bencher, entries: u32) {
    let memory = remembered(entries);
    let observed = observed(entries, 1, ImportSeen::Absent);
    assert_eq!(certrotd::plan::plan(&observed, &memory).now.len(), entries as usize);
    bencher.counter(ItemsCount::new(entries)).bench(|| certrotd::plan::plan(&observed, &memory));
}

/// Everything imported, pushed and seen once.
fn remembered(entries: u32) -> Memory {
    let mut memory = Memory::default();
    for (at, record) in (0..entries).flat_map(|entry| fold::renewed(entry, 0)) {
        memory.fold(at, &record);
    }
    memory
}

fn observed(entries: u32, renewal: i64, import: ImportSeen) -> Observed {
    let now = fold::leaf(0, renewal).not_before + HOUR;
    let certificates = (0..entries).map(|entry| CertificateSeen {
        name: fold::name(entry),
        cloud: fold::key(entry, &fold::leaf(entry, renewal)).cloud.clone(),
        enterprise_project: None,
        cert_path: PathBuf::from("fullchain.pem"),
        looked_at: now,
        local: Ok(fold::leaf(entry, renewal).into()),
        keep: 2,
        import: import.clone(),
        newest_named: None,
        import_alone: false,
        superseded: Vec::new(),
        targets: [Target::Elb, Target::Waf, Target::Cdn].map(|it| target(it, renewal)).to_vec(),
    });
    Observed {
        now,
        doubt: HOUR / 30,
        retry: Backoff { first: HOUR / 360, longest: HOUR / 4 },
        in_flight: BTreeSet::new(),
        certificates: certificates.collect(),
        cas: Vec::new(),
        switches: Vec::new(),
    }
}

fn target(target: Target, renewal: i64) -> TargetSeen {
    let pushed = renewal == 0;
    TargetSeen {
        target,
        project: if target == Target::Cdn { "" } else { "cn-north-4" }.to_owned(),
        copy: if pushed { CopySeen::Found("copy".to_owned()) } else { CopySeen::Absent },
        room: None,
        copies: Vec::new(),
        sites: Vec::new(),
        probes: Vec::new(),
        window: HOUR,
        drift: Drift::default(),
    }
}
