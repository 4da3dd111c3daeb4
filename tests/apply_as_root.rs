//! `sudo certrotd apply` beside a daemon that is a user of its own. Only root can be two users: for
//! everybody else these tests have nothing to show.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::{House, NAMES, eventually};

/// The daemon's user: any but root does.
const USER: u32 = 65_534;

fn root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Gives the user everything.
fn give(path: &Path) {
    lchown(path, Some(USER), Some(USER)).unwrap();
    if fs::symlink_metadata(path).unwrap().is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| give(&entry.unwrap().path()));
    }
}

/// Everything that somebody else has.
fn foreign(path: &Path, found: &mut Vec<String>) {
    let owner = fs::symlink_metadata(path).unwrap().uid();
    if owner != USER {
        found.push(format!("{} {owner}", path.display()));
    }
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| foreign(&entry.unwrap().path(), found));
    }
}

/// The daemon, as the user. The binary is a copy, since that user may not reach where it was built.
struct Daemon(Child);

impl Daemon {
    fn start(house: &House) -> Self {
        let copy = house.scratch.path("certrotd");
        fs::copy(env!("CARGO_BIN_EXE_certrotd"), &copy).unwrap();
        let mut command = Command::new(copy);
        command.arg("--config").arg(house.config_path()).arg("run").env_clear();
        let log = File::create(house.scratch.path("log")).unwrap();
        command.uid(USER).gid(USER).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Self(command.spawn().unwrap())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn log(house: &House) -> String {
    fs::read_to_string(house.scratch.path("log")).unwrap()
}

#[test]
fn a_first_apply_by_root_leaves_everything_to_the_user() {
    if !root() {
        return;
    }
    let house = House::new();
    give(&house.scratch.path(""));
    house.run(&["apply"]).ends_with(0);
    let mut found = Vec::new();
    foreign(&house.scratch.path(""), &mut found);
    assert_eq!(found, Vec::<String>::new());
    let _daemon = Daemon::start(&house);
    eventually("a cycle of the user's daemon", || log(&house).contains("cycle.finished"));
    assert_eq!(house.writes(), [2, 6, 1], "it knows what root did");
}

#[test]
fn what_root_asks_is_taken_once() {
    if !root() {
        return;
    }
    let house = House::new();
    give(&house.scratch.path(""));
    let _daemon = Daemon::start(&house);
    eventually("a first cycle", || log(&house).contains("\"event\":\"ssl.switched\""));
    house.run(&["apply", "--retry", NAMES[0]]).ends_with(0);
    let requests = house.state().join("requests");
    let left = || {
        let entries = fs::read_dir(&requests).unwrap().flatten();
        entries.filter(|it| it.path().extension().is_some_and(|it| it == "json")).count()
    };
    eventually("the request is taken", || left() == 0);
    let mut found = Vec::new();
    foreign(&house.state(), &mut found);
    assert_eq!(found, Vec::<String>::new());
    assert!(!log(&house).contains("request."), "{}", log(&house));
}
