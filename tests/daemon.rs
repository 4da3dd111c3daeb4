//! `certrotd run`: wakes on a renamed file, reloads on SIGHUP, ends on SIGTERM, one a state directory.

mod common;

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use certrotd::sim::pki::KeyKind;
use certrotd::sim::{Fault, Rule};
use common::{House, NAMES, Running, eventually};

fn started(house: &House) -> Running {
    let daemon = house.spawn(&["run"]);
    eventually("the first cycle", || {
        daemon.log().contains("cycle.finished") && house.writes() == [2, 6, 1]
    });
    daemon
}

#[test]
fn a_renewed_pair_is_served_to_the_cloud_at_once() {
    let house = House::new();
    let mut daemon = started(&house);
    house.put(NAMES[1], &house.issue(NAMES[1], KeyKind::EcdsaP256, 1));
    let took = eventually("the rotation", || house.writes() == [3, 9, 1]);
    assert!(took < Duration::from_secs(20), "{took:?}");
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0));
    assert!(daemon.log().contains("\"event\":\"daemon.stopping\""));
}

#[test]
fn a_broken_configuration_is_refused_and_the_old_one_stays() {
    let house = House::new();
    let mut daemon = started(&house);
    let good = house.config();
    fs::write(house.config_path(), format!("{good}\nnonsense = 1\n[wat]\n")).unwrap();
    daemon.signal("HUP");
    eventually("the refusal", || daemon.log().contains("\"event\":\"config.rejected\""));
    house.put(NAMES[1], &house.issue(NAMES[1], KeyKind::EcdsaP256, 2));
    eventually("the rotation by the old configuration", || house.writes() == [3, 9, 1]);
    fs::write(house.config_path(), good.replace("path = \"state\"", "path = \"elsewhere\""))
        .unwrap();
    daemon.signal("HUP");
    eventually("the other refusal", || daemon.log().contains("restart needed"));
    fs::write(house.config_path(), good).unwrap();
    daemon.signal("HUP");
    eventually("the reload", || daemon.log().contains("\"event\":\"config.reloaded\""));
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0));
}

#[test]
fn one_daemon_a_state_directory_and_requests_reach_it() {
    let house = House::new();
    let mut daemon = started(&house);
    let second = house.run(&["run"]).ends_with(1);
    assert!(second.stderr.contains("held by"), "{}", second.stderr);
    let beside = house.run(&["apply"]).ends_with(1);
    assert!(
        beside.stderr.contains("`certrotd apply --retry NAME` asks it now"),
        "{}",
        beside.stderr
    );
    house.run(&["pause", NAMES[0], "--until", "4h"]).ends_with(0);
    let waits = house.run(&["apply", "--only", NAMES[0]]).ends_with(0);
    let typed = format!("`certrotd pause {} --off`", NAMES[0]);
    assert!(waits.stdout.contains(&typed), "{}", waits.stdout);
    house.run(&["pause", NAMES[0], "--off"]).ends_with(0);
    // An older leaf is held by the daemon until somebody allows it.
    house.put(NAMES[1], &house.issue(NAMES[1], KeyKind::EcdsaP256, 900));
    eventually("the hold", || daemon.log().contains("\"event\":\"certificate.rejected\""));
    let handed = house.run(&["apply", "--allow-older", NAMES[1]]).ends_with(0);
    assert!(handed.stdout.contains("it was asked"), "{}", handed.stdout);
    eventually("the older leaf", || house.writes() == [3, 9, 1]);
    daemon.signal("INT");
    assert_eq!(daemon.wait(), Some(0));
}

#[test]
fn survives_removal_and_return_of_a_directory() {
    let house = House::new();
    let mut daemon = started(&house);
    fs::remove_dir_all(house.live(NAMES[0])).unwrap();
    eventually("the missing file", || daemon.log().contains("\"event\":\"certificate.rejected\""));
    house.put(NAMES[0], &house.issue(NAMES[0], KeyKind::Rsa2048, 1));
    eventually("the rotation", || house.writes() == [3, 9, 1]);
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0));
}

#[test]
fn nothing_to_do_is_one_line() {
    let mut house = House::new();
    house.schedule = "reconcile = \"* * * * * *\"\njitter = \"0s\"\n".to_owned();
    house.configure();
    let mut daemon = started(&house);
    let quiet = |line: &&str| !line.contains("\"debug\"") && !line.contains("\"trace\"");
    let count =
        || daemon.log().lines().filter(quiet).filter(|it| it.contains("cycle.finished")).count();
    eventually("the end of the job", || daemon.log().contains("\"event\":\"ssl.switched\""));
    let before = count();
    eventually("four more cycles", || count() >= before + 4);
    let log = daemon.log();
    // Other steps may end after the job; the end of a cycle is the end of all of them.
    let lines = log.lines().filter(quiet).skip_while(|line| !line.contains("ssl.switched"));
    let lines = lines.skip_while(|line| !line.contains("cycle.finished"));
    let rest: Vec<_> = lines.filter(|it| !it.contains("cycle.finished")).collect();
    assert!(rest.is_empty(), "{rest:?}");
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0));
}

#[test]
fn the_service_manager_is_told() {
    let mut house = House::new();
    let path = house.scratch.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_nonblocking(true).unwrap();
    for (key, value) in [("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "600000")] {
        house.environment.push((key.to_owned(), value.to_owned()));
    }
    let mut daemon = started(&house);
    let mut told = String::new();
    let mut hear = || {
        let mut bytes = [0; 1024];
        while let Ok(length) = socket.recv(&mut bytes) {
            told += &String::from_utf8_lossy(&bytes[..length]);
            told += "\n";
        }
        told.clone()
    };
    for word in ["READY=1", "STATUS=", "WATCHDOG=1"] {
        eventually(word, || hear().contains(word));
    }
    daemon.signal("HUP");
    eventually("the reload", || hear().contains("RELOADING=1"));
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0));
    assert!(hear().contains("STOPPING=1"));
}

#[test]
fn a_slow_service_delays_only_its_own() {
    let house = House::new();
    // Longer than anything is waited for here.
    let slow = Rule::new("POST", "/ssl-certs/download", Fault::Slow(Duration::from_secs(90)));
    house.sim.weather(slow);
    let mut daemon = house.spawn(&["run"]);
    eventually("everything else", || house.writes() == [2, 6, 1]);
    assert!(!house.ca("orders-redis").exists());
    // Told to stop, it does not wait for looks.
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0));
}

#[test]
fn a_stop_waits_for_the_step_in_hand() {
    let house = House::new();
    house.sim.weather(Rule::new(
        "POST",
        "/certificates/import",
        Fault::Slow(Duration::from_secs(5)),
    ));
    let mut daemon = house.spawn(&["run"]);
    eventually("the imports", || house.calls("POST", "/certificates/import") == 2);
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0));
    assert_eq!(daemon.log().matches("certificate.imported").count(), 2, "{}", daemon.log());
    assert_eq!(house.writes()[1], 0, "nothing new was begun");
    house.run(&["apply"]).ends_with(0);
    assert_eq!(house.writes(), [2, 6, 1]);
}
