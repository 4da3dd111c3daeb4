//! Certificates that nobody has written down: what patterns find is rotated, new directories are taken without a
//! restart, and nothing is forgotten or deleted because a file is gone.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::fs;
use std::os::unix::fs::symlink;

use certrotd::sim::pki::KeyKind;
use common::{House, NAMES, Running, eventually};

const THIRD: &str = "shop-example-com";
const FOURTH: &str = "late-example-com";
/// What every test asks for.
const LIVE: &str = "[[discover]]\npattern = \"live/*/fullchain.pem\"\n";

/// A house with these lines in place of its entries. The schedule stays out of the way: files wake.
fn house(lines: &str) -> House {
    let mut house = House::new();
    house.schedule = "reconcile = \"0 0 0 1 1 *\"\n".to_owned();
    asks(&house, lines);
    house
}

fn asks(house: &House, lines: &str) {
    fs::write(house.config_path(), format!("{}\n{lines}", house.base())).unwrap();
}

fn put(house: &House, name: &str) {
    house.put(name, &house.issue(name, KeyKind::EcdsaP256, 1));
}

fn says(daemon: &Running, event: &str) -> usize {
    daemon.log().matches(&format!("\"event\":\"{event}\"")).count()
}

fn ended(mut daemon: Running) -> String {
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0), "{}", daemon.log());
    daemon.log()
}

/// The pushes that follow have settled.
fn idle(daemon: &Running, cycles: usize) {
    eventually("another cycle", || says(daemon, "cycle.finished") > cycles);
}

#[test]
fn what_matches_is_rotated_like_what_is_written() {
    let house = house(&format!("{LIVE}[[discover.push]]\nservice = \"elb\"\n"));
    put(&house, THIRD);
    let plan = house.run(&["plan", "--detailed-exitcode"]).ends_with(3).stdout;
    assert_eq!(plan.matches("now   certificate ").count(), 3, "{plan}");
    house.run(&["apply"]).ends_with(0);
    assert_eq!(house.writes(), [3, 3, 0]);
    let status = house.run(&["status"]).ends_with(0).stdout;
    assert!([NAMES[0], NAMES[1], THIRD].iter().all(|name| status.contains(name)), "{status}");
    put(&house, THIRD);
    house.run(&["apply"]).ends_with(0);
    assert_eq!(house.writes(), [4, 4, 0], "the renewed one alone");
    let check = house.run(&["check"]).ends_with(0).stdout;
    assert!(
        check.contains("discover live/*/fullchain.pem") && check.contains("3 files"),
        "{check}"
    );
}

#[test]
fn new_and_gone_without_a_restart() {
    let house = house(&format!("{LIVE}[[discover.push]]\nservice = \"waf\"\n"));
    put(&house, THIRD);
    let daemon = house.spawn(&["run"]);
    eventually("three imports and pushes", || house.writes() == [3, 3, 0]);
    idle(&daemon, 0);
    assert_eq!(says(&daemon, "discover.found"), 0, "what is there at the start is no news");

    put(&house, FOURTH);
    eventually("the fourth", || house.writes() == [4, 4, 0]);
    assert_eq!((says(&daemon, "discover.found"), says(&daemon, "config.reloaded")), (1, 0));
    let before = says(&daemon, "cycle.finished");

    fs::remove_dir_all(house.live(NAMES[0])).unwrap();
    eventually("the loss is told", || says(&daemon, "discover.vanished") == 1);
    let imports = || house.sim.imports().len();
    assert_eq!((imports(), house.calls("DELETE", "")), (4, 0));
    let status = house.run(&["status"]).ends_with(0).stdout;
    assert!(!status.contains(NAMES[0]) && status.contains(NAMES[1]), "{status}");
    idle(&daemon, before - 1);

    put(&house, NAMES[0]);
    eventually("it is back, with another leaf", || house.writes() == [5, 5, 0]);
    assert_eq!((imports(), house.calls("DELETE", "")), (5, 0));
    let log = ended(daemon);
    assert!(!log.contains("\"level\":\"error\""), "{log}");
}

#[test]
fn a_pattern_without_a_match_is_an_alarm() {
    let house = house("[[discover]]\npattern = \"other/*/fullchain.pem\"\n");
    for command in ["check", "status"] {
        let said = house.run(&[command]).ends_with(1).stdout;
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("the pattern other/*/fullchain.pem matches no file"), "{said}");
    }
    let said = house.run(&["apply"]).ends_with(1);
    assert!(said.stdout.ends_with("not settled\n") && said.stderr.contains("discover.empty"));
    let daemon = house.spawn(&["run"]);
    eventually("the alarm", || says(&daemon, "discover.empty") == 1);
    put(&house, NAMES[1]);
    let other = house.scratch.path("other");
    fs::create_dir(&other).unwrap();
    fs::rename(house.live(NAMES[1]), other.join("api.example.com")).unwrap();
    eventually("the import", || house.writes()[0] == 1);
    let log = ended(daemon);
    assert_eq!(log.matches("discover.empty").count(), 1, "once a day: {log}");
    house.run(&["check"]).ends_with(0);
    asks(&house, "[[discover]]\npattern = \"none/*.crt\"\nwhen_empty = \"ok\"\n");
    house.run(&["check"]).ends_with(0);
    house.run(&["apply"]).ends_with(0);
}

#[test]
fn what_cannot_be_looked_at_is_kept() {
    let house = house(LIVE);
    let daemon = house.spawn(&["run"]);
    eventually("the imports", || house.writes() == [2, 0, 0]);
    idle(&daemon, 0);
    // A circle of links is as unreadable to root as to anybody.
    let (live, away) = (house.scratch.path("live"), house.scratch.path("away"));
    fs::rename(&live, &away).unwrap();
    symlink("live", &live).unwrap();
    eventually("the alarm", || says(&daemon, "discover.failed") == 1);
    daemon.signal("HUP");
    eventually("the reload", || says(&daemon, "config.reloaded") == 1);
    fs::remove_file(&live).unwrap();
    fs::rename(&away, &live).unwrap();
    put(&house, NAMES[0]);
    eventually("the renewal", || house.writes() == [3, 0, 0]);
    assert_eq!((says(&daemon, "discover.vanished"), says(&daemon, "discover.found")), (0, 0));
    ended(daemon);
}

#[test]
fn many_at_once_come_and_go() {
    let house = house(&format!("{LIVE}exclude = [\"*-example-com\"]\n"));
    let daemon = house.spawn(&["run"]);
    eventually("the alarm", || says(&daemon, "discover.empty") == 1);
    for number in 0..40 {
        put(&house, &format!("n{number}.example.org"));
    }
    eventually("all imports", || house.writes()[0] == 40);
    assert_eq!(says(&daemon, "discover.found"), 40);
    for number in 0..40 {
        fs::remove_dir_all(house.live(&format!("n{number}.example.org"))).unwrap();
    }
    eventually("all are gone", || says(&daemon, "discover.vanished") == 40);
    eventually("the alarm again", || says(&daemon, "discover.empty") == 2);
    assert_eq!((house.writes()[0], house.calls("DELETE", "")), (40, 0));
    ended(daemon);
}
