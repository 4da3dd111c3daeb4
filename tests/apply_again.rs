//! `certrotd apply` a second time: what is as it should be is not written again, and nobody is told to
//! load it again.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use certrotd::sim::ids;
use certrotd::sim::pki::Authority;
use common::House;

/// One instance of each source: its name, its id, and what its handshake begins with.
const SOURCES: [(&str, &str, &str); 5] = [
    ("dcs", ids::REDIS_ZIP, "tls"),
    ("geminidb", ids::GEMINIDB, "tls"),
    ("rds", ids::RDS, "postgres"),
    ("dds", ids::DDS, "tls"),
    ("gaussdb", ids::GAUSSDB, "postgres"),
];
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// A house with an entry for each source, each with a probe and a hook that leaves a line.
fn house() -> House {
    let house = House::new();
    let mut text = house.base();
    for (source, id, protocol) in SOURCES {
        let probe = house.sim.instance(id).unwrap();
        let ran = house.scratch.path("ran").display().to_string();
        text += &format!("\n[[instance_ca]]\nname = \"{source}-one\"\nservice = \"{source}\"\n");
        text += &format!("instance_id = \"{id}\"\npath = \"ca/{source}.pem\"\nmode = \"0640\"\n");
        text += &format!("probe = \"{probe}\"\nprotocol = \"{protocol}\"\n");
        text += &format!("on_change = [\"/bin/sh\", \"-c\", \"echo {source} >> {ran}\"]\n");
    }
    fs::write(house.config_path(), text).unwrap();
    house
}

/// What a write would change: the inode, when the content and when the inode changed last, in nanoseconds.
type Traces = BTreeMap<String, (u64, i64, i64, i64, i64)>;

fn traces(house: &House) -> Traces {
    let entries = fs::read_dir(house.scratch.path("ca")).unwrap();
    let trace = |entry: fs::DirEntry| {
        let found = entry.metadata().unwrap();
        let times = (found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec());
        let trace = (found.ino(), times.0, times.1, times.2, times.3);
        (entry.file_name().to_string_lossy().into_owned(), trace)
    };
    entries.map(|entry| trace(entry.unwrap())).collect()
}

fn hooks(house: &House) -> usize {
    fs::read_to_string(house.scratch.path("ran")).unwrap().lines().count()
}

/// Applies again and holds that nothing has moved: no file, no hook, no line of the journal, and nothing
/// in the cloud.
#[track_caller]
fn nothing_moves(house: &House, files: usize) {
    let (before, ran) = (traces(house), hooks(house));
    let journal = house.run(&["history"]).ends_with(0).stdout;
    let known = certrotd::record::read(&house.state()).unwrap().unwrap().len();
    assert_eq!(before.len(), files, "{before:?}");
    house.run(&["apply"]).ends_with(0);
    house.run(&["apply"]).ends_with(0);
    assert_eq!(traces(house), before);
    assert_eq!(hooks(house), ran);
    assert_eq!(house.run(&["history"]).ends_with(0).stdout, journal);
    assert_eq!(certrotd::record::read(&house.state()).unwrap().unwrap().len(), known);
    assert_eq!(house.writes(), [0, 0, 0]);
    assert_eq!(house.sim.violations(), Vec::<String>::new());
}

#[test]
fn a_second_apply_writes_no_file_and_runs_no_hook() {
    let house = house();
    house.run(&["apply"]).ends_with(0);
    assert_eq!(hooks(&house), SOURCES.len());
    nothing_moves(&house, SOURCES.len());
    // The same while a former CA stands beside the published one.
    for (_, id, _) in SOURCES {
        let next = Authority::new("Next");
        assert!(house.sim.set_ca(id, next.ca_pem()));
        assert!(house.sim.renew_instance(id, &next, YEAR));
    }
    house.run(&["apply"]).ends_with(0);
    assert_eq!(hooks(&house), SOURCES.len() * 2);
    nothing_moves(&house, SOURCES.len() * 2);
}
