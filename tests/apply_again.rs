//! `certrotd apply` a second time: what is as it should be is not written again, and nobody is told to
//! load it again.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::thread::sleep;
use std::time::Duration;

use certrotd::cert::read_pair;
use certrotd::model::digest::Sha256;
use certrotd::model::time::Time;
use certrotd::sim::ids;
use certrotd::sim::pki::{Authority, KeyKind};
use common::{House, NAMES};

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

/// Where a cache of what was seen lies, and what stands before what it holds: a name, a program, and a digest.
const SEEN: &str = "seen";
const HEAD_BYTES: usize = "certrotd seen 1 \n".len() + env!("CARGO_PKG_VERSION").len() + 40;
const DIGEST_BYTES: usize = 32;

/// Has the cache say that every certificate ends at another moment, as sound as if certrotd had written it.
fn forge(house: &House, from: &[Time], to: Time) {
    let path = house.state().join(SEEN);
    let mut bytes = fs::read(&path).unwrap();
    let mut places = Vec::new();
    for end in from {
        let end = end.millis().to_le_bytes();
        places.extend((0..bytes.len() - 8).filter(|at| bytes[*at..*at + 8] == end));
    }
    assert!(!places.is_empty());
    places.into_iter().for_each(|at| bytes[at..at + 8].copy_from_slice(&to.millis().to_le_bytes()));
    let digest = Sha256::of(&bytes[HEAD_BYTES + DIGEST_BYTES..]);
    bytes[HEAD_BYTES..HEAD_BYTES + DIGEST_BYTES].copy_from_slice(digest.bytes());
    fs::write(path, bytes).unwrap();
}

/// When the pair of this name ends.
fn end(house: &House, name: &str) -> Time {
    let file = |stem: &str| fs::read(house.live(name).join(format!("{stem}.pem"))).unwrap();
    read_pair(&file("fullchain"), &file("privkey"), None).unwrap().leaf.not_after
}

/// How many of the certificates end at a moment that no certificate here has.
fn ends_forged(house: &House) -> usize {
    let status = house.run(&["status", "--format", "json"]).stdout;
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    let all = status["certificates"].as_array().unwrap();
    assert_eq!(all.len(), NAMES.len());
    all.iter().filter(|it| it["not_after"].as_str().unwrap().starts_with("2096-")).count()
}

#[test]
fn the_next_process_reads_no_file_that_is_as_it_was() {
    let house = House::new();
    // Past the grain of a clock of files: what has only just changed may change again unseen.
    sleep(Duration::from_millis(2200));
    house.run(&["apply"]).ends_with(0);
    let path = house.state().join(SEEN);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    let kept = fs::read(&path).unwrap();
    house.run(&["apply"]).ends_with(0);
    assert!(kept == fs::read(&path).unwrap(), "nothing has changed, and nothing is written");
    assert_eq!(ends_forged(&house), 0);

    forge(&house, &NAMES.map(|name| end(&house, name)), Time::from_secs(4_000_000_000));
    assert_eq!(ends_forged(&house), NAMES.len(), "what another process has read is believed");
    let checked = house.run(&["check"]).ends_with(0).stdout;
    assert!(!checked.contains("2096-"), "a check reads everything: {checked}");
    house.put(NAMES[0], &house.issue(NAMES[0], KeyKind::EcdsaP256, 5));
    assert_eq!(ends_forged(&house), NAMES.len() - 1, "another pair at the same path is seen");

    // Damaged, gone or in the way, it is passed over.
    fs::write(&path, &kept[..kept.len() - 1]).unwrap();
    assert_eq!(ends_forged(&house), 0);
    fs::remove_file(&path).unwrap();
    assert_eq!(ends_forged(&house), 0);
    assert!(!path.exists(), "a command that only looks writes nothing");
    fs::create_dir(&path).unwrap();
    let ran = house.run(&["apply"]).ends_with(0);
    assert!(!ran.events().contains("memory.untidy"), "{}", ran.stderr);
    assert_eq!(ends_forged(&house), 0);
}
