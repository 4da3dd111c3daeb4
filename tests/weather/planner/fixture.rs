//! What the storm over planner and memory is written in: names, moments, and things that were seen.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use certrotd::cert::{CaBundle, CaFacts};
use certrotd::model::digest::Sha256;
use certrotd::model::failure::Failure;
use certrotd::model::names::Name;
use certrotd::model::place::Drift;
use certrotd::model::target::Target;
use certrotd::model::time::Time;
use certrotd::plan::observed::{CaSeen, CopySeen, FileSeen, Observed, SwitchSeen, TargetSeen};
use certrotd::schedule::Backoff;

/// A pass at this moment that has seen nothing.
pub fn observed(now: Time) -> Observed {
    Observed {
        now,
        doubt: Duration::from_secs(120),
        retry: Backoff { first: Duration::from_secs(10), longest: Duration::from_secs(900) },
        in_flight: BTreeSet::new(),
        certificates: Vec::new(),
        cas: Vec::new(),
        switches: Vec::new(),
    }
}

pub fn at(secs: i64) -> Time {
    Time::from_secs(1_767_225_600 + secs)
}

pub fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// A digest of one hex digit repeated, so that expectations can be read.
pub fn digest(n: u8) -> Sha256 {
    format!("{n:x}").repeat(64).parse().unwrap()
}

/// A service in project `north` with that copy, where nothing is bound or probed. The former leaf
/// may be served for ninety seconds.
pub fn target_seen(target: Target, copy: CopySeen) -> TargetSeen {
    TargetSeen {
        target,
        project: "north".to_owned(),
        copy,
        room: None,
        copies: Vec::new(),
        sites: Vec::new(),
        probes: Vec::new(),
        window: Duration::from_secs(90),
        drift: Drift::Report,
    }
}

/// CA number `n`, good for a thousand days around zero.
fn authority(n: u8) -> CaFacts {
    let days = |days: i64| at(days * 86_400);
    CaFacts {
        subject: format!("CN=CA {n}"),
        sha256: digest(n),
        not_before: days(-1000),
        not_after: days(1000),
        pem: format!("{n}\n"),
        weakness: None,
    }
}

fn bundle(numbers: &[u8]) -> CaBundle {
    CaBundle::of(numbers.iter().map(|n| authority(*n)).collect())
}

/// A file with these CAs, as it shall be.
pub fn file(numbers: &[u8]) -> FileSeen {
    let CaBundle { sha256, certificates: authorities, .. } = bundle(numbers);
    FileSeen::Holds { sha256, authorities, fits: true }
}

/// The CA entry `redis`, with a command, no probe, and a thousand seconds of overlap.
pub fn ca(published: Result<&[u8], Failure>, file: FileSeen) -> CaSeen {
    CaSeen {
        name: name("redis"),
        published: published.map(|numbers| Arc::new(bundle(numbers))),
        file,
        overlap: Duration::from_secs(1000),
        has_hook: true,
        instance: None,
    }
}

/// The switch entry `ledger`, which may restart its instance; nothing of it was looked at.
pub fn switch(on: bool) -> SwitchSeen {
    SwitchSeen {
        name: name("ledger"),
        cloud: name("main"),
        instance_id: "db1".to_owned(),
        on,
        allow_restart: true,
        assume: None,
        looked_at: at(0),
        job: None,
        jobs: Some(Ok(Vec::new())),
        probe: None,
        greeting: None,
        window: None,
    }
}
