//! What a changed file brings about: a look at what has changed, soon, and at nothing else.

mod common;

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use certrotd::sim::pki::KeyKind;
use certrotd::sim::{Fault, Rule};
use common::{House, NAMES, Running, eventually};

/// Longer than the daemon waits for files to be quiet, for a pair to be whole, and for the disk.
const CALM: Duration = Duration::from_secs(4);

fn says(daemon: &Running, event: &str) -> usize {
    daemon.log().matches(&format!("\"event\":\"{event}\"")).count()
}

/// A daemon that has nothing left to do.
fn settled(house: &House) -> Running {
    let daemon = house.spawn(&["run"]);
    eventually("the first cycle", || {
        house.writes() == [2, 6, 1] && says(&daemon, "ssl.switched") == 1
    });
    eventually("rest", || is_calm(house, &daemon, Duration::from_millis(700)));
    daemon
}

/// Whether nothing is asked or told for so long, and the end of a cycle was told last.
fn is_calm(house: &House, daemon: &Running, long: Duration) -> bool {
    let shown = || (house.sim.calls().len(), daemon.log().lines().count());
    let before = shown();
    sleep(long);
    let quiet = |line: &&str| !line.contains("\"debug\"") && !line.contains("\"trace\"");
    let log = daemon.log();
    let last = log.lines().rfind(quiet);
    shown() == before && last.is_some_and(|line| line.contains("cycle.finished"))
}

#[test]
fn a_file_with_the_same_bytes_costs_no_call() {
    let house = House::new();
    let daemon = settled(&house);
    let (before, cycles) = (house.sim.calls().len(), says(&daemon, "cycle.finished"));
    let path = house.live(NAMES[0]).join("fullchain.pem");
    fs::write(&path, fs::read(&path).unwrap()).unwrap();
    fs::File::open(&path).unwrap().set_modified(std::time::SystemTime::now()).unwrap();
    sleep(Duration::from_secs(1));
    assert_eq!(house.sim.calls().len(), before);
    assert_eq!(says(&daemon, "cycle.finished"), cycles, "nothing was looked at");

    // The one that was renewed is asked for, and not its neighbour: that would be a search of its name.
    house.put(NAMES[1], &house.issue(NAMES[1], KeyKind::EcdsaP256, 1));
    eventually("the rotation", || house.writes() == [3, 9, 1]);
}

#[test]
fn half_a_pair_is_no_alarm_until_it_stays_one() {
    let house = House::new();
    let daemon = settled(&house);
    let [first, second] = [1, 0].map(|ago| house.issue(NAMES[1], KeyKind::EcdsaP256, ago));
    let file = |stem: &str| house.live(NAMES[1]).join(format!("{stem}.pem"));
    fs::write(file("fullchain"), first.fullchain_pem()).unwrap();
    sleep(Duration::from_millis(600));
    fs::write(file("privkey"), first.key_pem.expose()).unwrap();
    eventually("the rotation", || house.writes() == [3, 9, 1]);
    sleep(CALM);
    assert_eq!(says(&daemon, "certificate.rejected"), 0, "{}", daemon.log());

    fs::write(file("fullchain"), second.fullchain_pem()).unwrap();
    eventually("the alarm", || says(&daemon, "certificate.rejected") == 1);
    fs::write(house.live(NAMES[0]).join("fullchain.pem"), "no certificate").unwrap();
    eventually("the other alarm", || says(&daemon, "certificate.rejected") == 2);
    sleep(CALM);
    assert_eq!(says(&daemon, "certificate.rejected"), 2, "each once");
    assert_eq!(house.writes(), [3, 9, 1]);
}

/// How long a list takes that nothing waits for.
const LIST: Duration = Duration::from_secs(20);

#[test]
fn an_import_waits_for_no_list() {
    let house = House::new();
    let _daemon = settled(&house);
    house.sim.weather(Rule::new("GET", "/elb/certificates", Fault::Slow(LIST)));
    house.put(NAMES[1], &house.issue(NAMES[1], KeyKind::EcdsaP256, 1));
    let began = Instant::now();
    eventually("the import", || house.writes()[0] == 3);
    assert!(began.elapsed() < LIST, "{:?}", began.elapsed());
    assert_eq!(house.writes(), [3, 6, 1], "the pushes wait for what is there already");
}

#[test]
fn a_watched_file_is_told_of_when_it_changes_and_goes_nowhere() {
    let house = House::new();
    let folder = house.scratch.path("tls");
    fs::create_dir(&folder).unwrap();
    let entry =
        format!("\n[[watch_file]]\nname = \"mail\"\npath = {:?}\n", folder.join("mail.pem"));
    fs::write(house.config_path(), house.config() + &entry).unwrap();
    let daemon = settled(&house);
    assert_eq!(says(&daemon, "file.unreadable"), 1, "{}", daemon.log());
    let before = house.sim.calls().len();
    let pair = house.issue(NAMES[1], KeyKind::EcdsaP256, 1);
    fs::write(folder.join("mail.pem"), pair.fullchain_pem()).unwrap();
    sleep(CALM);
    assert_eq!(says(&daemon, "file.unreadable"), 1, "it is whole now");
    fs::write(folder.join("mail.pem"), "no certificate").unwrap();
    eventually("the alarm", || says(&daemon, "file.unreadable") == 2);
    assert_eq!(house.sim.calls().len(), before, "nothing is asked or sent for it");
}
