//! A cloud that does not answer: whoever asks the files and the journal alone is told what the last look could not see,
//! and not for longer than it is so.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;

use common::{House, NAMES, eventually};
use serde_json::Value;

/// A port that nobody listens on.
const NOBODY: &str = "http://127.0.0.1:1";
const CALM: &str = "Nothing needs a person.";
const SENTENCE: &str = "cannot go on: could not look: ";
/// Two certificates, three CA files and a switch.
const ENTRIES: usize = 6;

/// The same configuration, as if the cloud were not there.
fn without_cloud(house: &House) {
    fs::write(house.config_path(), house.config().replace(&house.sim.url(), NOBODY)).unwrap();
}

/// What `status` ends with, and what it says comes next for each entry.
fn nexts(house: &House) -> (Option<i32>, Vec<String>) {
    let ran = house.run(&["--format", "json", "status"]);
    let shown: Value = serde_json::from_str(&ran.stdout).unwrap();
    let tables = ["certificates", "instance_cas", "instance_ssls"];
    let lines = tables.iter().flat_map(|table| shown[table].as_array().unwrap());
    let next = |line: &Value| {
        let next = line["next"].as_str().unwrap().to_owned();
        assert_eq!(line["needs_person"], next.starts_with(SENTENCE), "{line}");
        next
    };
    (ran.code, lines.map(next).collect())
}

fn is_blind((code, nexts): &(Option<i32>, Vec<String>)) -> bool {
    *code == Some(1) && nexts.len() == ENTRIES && nexts.iter().all(|it| it.starts_with(SENTENCE))
}

fn is_calm((code, nexts): &(Option<i32>, Vec<String>)) -> bool {
    *code == Some(0) && !nexts.iter().any(|it| it.contains("cannot go on"))
}

/// What the page is called.
fn title(page: &str) -> String {
    page.split("<title>").nth(1).unwrap().split("</title>").next().unwrap().to_owned()
}

fn report(house: &House) -> String {
    house.run(&["report", "--html", "-"]).ends_with(0).stdout
}

#[test]
fn after_an_apply_that_saw_nothing_status_says_so_until_one_does() {
    let house = House::new();
    without_cloud(&house);
    let before = house.run(&["status"]).ends_with(0).stdout;
    assert!(before.contains("not seen yet") && !before.contains("not imported"), "{before}");

    house.run(&["apply", "--wait", "0s"]).ends_with(1);
    let after = nexts(&house);
    assert!(is_blind(&after), "{after:?}");
    for next in &after.1 {
        assert!(next.contains("could not connect") && next.contains("(since "), "{next}");
        assert!(next.contains(", as of "), "nobody has looked since: {next}");
    }
    let shown = house.run(&["status"]).ends_with(1).stdout;
    assert!(shown.contains("not seen yet") && !shown.contains("not imported"), "{shown}");
    assert!(report(&house).contains("certrotd: 6 need a person"), "{}", report(&house));
    let left = house.state().join("wants");
    assert_eq!(fs::metadata(&left).unwrap().permissions().mode() & 0o7777, 0o600);

    // What it looks after alone is all that it can clear.
    house.configure();
    house.run(&["apply", "--only", NAMES[0]]).ends_with(0);
    let (code, some) = nexts(&house);
    assert_eq!((code, some.iter().filter(|it| it.starts_with(SENTENCE)).count()), (Some(1), 5));
    assert_eq!(some[0], "nothing");

    house.run(&["apply"]).ends_with(0);
    let calm = nexts(&house);
    assert!(is_calm(&calm), "{calm:?}");
    assert!(report(&house).contains(CALM));

    // It costs nothing but the knowledge.
    fs::write(&left, "{").unwrap();
    assert!(is_calm(&nexts(&house)));
    house.run(&["apply"]).ends_with(0);
}

#[test]
fn a_daemon_that_sees_nothing_is_not_called_calm_by_anybody() {
    let house = House::new();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let metrics = format!("\n[metrics]\nlisten = \"{port}\"\n");
    let with = |url: &str| {
        let text = house.config().replace(&house.sim.url(), url) + &metrics;
        fs::write(house.config_path(), text).unwrap();
    };
    with(NOBODY);
    let mut daemon = house.spawn(&["run"]);
    eventually("everything is blind", || is_blind(&nexts(&house)));
    let (_, since) = nexts(&house);
    assert!(!since[0].contains("as of"), "somebody is at work: {}", since[0]);
    let live = || {
        let mut stream = TcpStream::connect(port).unwrap();
        write!(stream, "GET /status HTTP/1.1\r\nHost: {port}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert_eq!(title(&report(&house)), "certrotd: 6 need a person");
    assert_eq!(title(&live()), title(&report(&house)), "both pages say the same");

    // What stands is left as it was by the next process, which has not looked yet, and stands since then.
    daemon.signal("KILL");
    daemon.wait();
    let (_, dead) = nexts(&house);
    assert!(dead[0].contains(", as of "), "{}", dead[0]);
    let began = |next: &str| next.split("(since ").nth(1).unwrap()[..20].to_owned();
    assert_eq!(began(&dead[0]), began(&since[0]));
    let mut daemon = house.spawn(&["run"]);
    eventually("the first cycle", || daemon.log().contains("\"event\":\"cycle.finished\""));
    let (_, again) = nexts(&house);
    assert_eq!(again[0], since[0]);

    with(&house.sim.url());
    daemon.signal("HUP");
    eventually("everything is done", || is_calm(&nexts(&house)) && house.writes() == [2, 6, 1]);
    assert!(report(&house).contains(CALM));
    eventually("the daemon's page", || title(&live()) == title(&report(&house)));
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0));
    assert!(is_calm(&nexts(&house)));
}
