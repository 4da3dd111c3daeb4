//! What must not be lost while a daemon runs: ticks and changes beside a watchdog, requests, a
//! reload beside a look, a corrected credential.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use certrotd::sim::pki::KeyKind;
use certrotd::sim::{Fault, Rule};
use common::{House, NAMES, Running, eventually};

/// A house whose daemon has to ping its service manager many times a second.
fn watched(schedule: &str) -> (House, UnixDatagram) {
    let mut house = House::new();
    house.schedule = schedule.to_owned();
    house.configure();
    let path = house.scratch.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let heard = socket.try_clone().unwrap();
    // Ends with the socket's other end; a full socket would block the daemon.
    heard.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    std::thread::spawn(move || while heard.recv(&mut [0; 512]).is_ok() {});
    for (key, value) in [("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "300000")] {
        house.environment.push((key.to_owned(), value.to_owned()));
    }
    (house, socket)
}

fn settled(house: &House) -> Running {
    let daemon = house.spawn(&["run"]);
    eventually("the first cycle", || daemon.log().contains("\"event\":\"ssl.switched\""));
    daemon
}

fn ended(mut daemon: Running) {
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0), "{}", daemon.log());
}

#[test]
fn ticks_beside_a_watchdog() {
    let (house, _socket) = watched("reconcile = \"*/2 * * * * *\"\njitter = \"1s\"\n");
    let daemon = settled(&house);
    let cycles = || daemon.log().matches("\"event\":\"cycle.finished\"").count();
    let before = cycles();
    eventually("three ticks", || cycles() >= before + 3);
    ended(daemon);
}

#[test]
fn changes_beside_a_watchdog() {
    let (house, _socket) = watched("");
    let daemon = settled(&house);
    house.put(NAMES[1], &house.issue(NAMES[1], KeyKind::EcdsaP256, 1));
    eventually("the rotation", || house.writes() == [3, 9, 1]);
    ended(daemon);
}

#[test]
fn every_request() {
    let house = House::new();
    let daemon = settled(&house);
    for name in NAMES {
        house.run(&["apply", "--retry", name]).ends_with(0);
        let left = || {
            let entries = fs::read_dir(house.state().join("requests")).unwrap();
            entries
                .flatten()
                .filter(|it| it.path().extension().is_some_and(|it| it == "json"))
                .count()
        };
        eventually("the request is taken", || left() == 0);
    }
    ended(daemon);
}

#[test]
fn a_pause_beside_a_renewal() {
    let house = House::new();
    let daemon = settled(&house);
    let before = house.writes();
    house.run(&["pause", NAMES[1], "--until", "1h"]).ends_with(0);
    for name in NAMES {
        house.put(name, &house.issue(name, KeyKind::EcdsaP256, 1));
    }
    eventually("the other one's rotation", || house.writes() == [before[0] + 1, before[1] + 3, 1]);
    eventually("the hold", || daemon.log().contains(": `import as api-example-com-"));
    ended(daemon);
    // Another one remembers it.
    let daemon = house.spawn(&["run"]);
    eventually("the hold", || daemon.log().contains(": `import as api-example-com-"));
    assert_eq!(house.writes(), [before[0] + 1, before[1] + 3, 1]);
    house.run(&["pause", NAMES[1], "--off"]).ends_with(0);
    eventually("the rotation", || house.writes() == [before[0] + 2, before[1] + 6, 1]);
    ended(daemon);
}

#[test]
fn a_reload_beside_a_look() {
    let house = House::new();
    // Long enough for the reload to come first.
    let slow = Rule::new("GET", "immediate-jobs", Fault::Slow(Duration::from_secs(10)));
    house.sim.weather(slow.times(1));
    let daemon = house.spawn(&["run"]);
    eventually("the look", || house.calls("GET", "immediate-jobs") == 1);
    let forbidden = house.config().replace("allow_restart = true", "allow_restart = false");
    fs::write(house.config_path(), forbidden).unwrap();
    daemon.signal("HUP");
    eventually("the reload", || daemon.log().contains("\"event\":\"config.reloaded\""));
    eventually("the hold", || daemon.log().contains("allow_restart = true"));
    assert_eq!(house.writes()[2], 0, "what is forbidden now is not done");
    ended(daemon);
}

#[test]
fn a_corrected_credential() {
    let house = House::new();
    house.secret_file("secret-key", "a-secret-of-somebody-else-altogether-01");
    let daemon = house.spawn(&["run"]);
    eventually("the refusal", || daemon.log().contains("\"event\":\"credential.refused\""));
    house.secret_file("secret-key", house.settings().secret_key.expose());
    eventually("everything", || house.writes() == [2, 6, 1]);
    ended(daemon);
}

#[test]
fn an_apply_that_was_stopped_is_not_settled() {
    let house = House::new();
    house.sim.weather(Rule::new("GET", "/v3/scm", Fault::Slow(Duration::from_secs(20))));
    let mut apply = house.spawn(&["apply"]);
    eventually("a call", || house.calls("GET", "/v3/scm") >= 1);
    apply.signal("TERM");
    assert_eq!(apply.wait(), Some(1));
}
