//! Every source of credentials does the whole job, and a wrong one is not tried into a lock-out.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::fs;
use std::process::Command;

use certrotd::sim::Settings;
use common::{House, eventually};

/// A house whose credentials come from elsewhere.
fn house(credentials: &str, change: impl FnOnce(&mut Settings)) -> House {
    let mut house = House::with(change);
    house.credentials = credentials.to_owned();
    house.configure();
    house
}

#[track_caller]
fn does_the_whole_job(house: &House) {
    house.run(&["apply"]).ends_with(0);
    assert_eq!(house.writes(), [2, 6, 1]);
    assert_eq!(fs::read_dir(house.scratch.path("ca")).unwrap().count(), 3);
    house.run(&["apply"]).ends_with(0);
    assert_eq!(house.writes(), [2, 6, 1]);
    assert_eq!(house.sim.violations(), Vec::<String>::new());
}

#[test]
fn a_password() {
    does_the_whole_job(&house(
        "source = \"password\"\ndomain = \"simulated-account\"\nuser = \"rotator\"\npassword_file = \"password\"\n",
        |_| (),
    ));
}

#[test]
fn the_environment() {
    let mut house = house("source = \"environment\"\n", |_| ());
    let (key, secret) = (house.settings().access_key.clone(), house.settings().secret_key.clone());
    house.environment.push(("HUAWEICLOUD_SDK_AK".to_owned(), key));
    house.environment.push(("HUAWEICLOUD_SDK_SK".to_owned(), secret.expose().to_owned()));
    does_the_whole_job(&house);
}

#[test]
fn a_profile() {
    let house = house("source = \"profile\"\n", |_| ());
    let (key, secret) = (&house.settings().access_key, house.settings().secret_key.expose());
    fs::create_dir_all(house.scratch.path("home/.huaweicloud")).unwrap();
    let text = format!("[basic]\nak = {key}\nsk = {secret}\n");
    fs::write(house.scratch.path("home/.huaweicloud/credentials"), text).unwrap();
    does_the_whole_job(&house);
}

#[test]
fn the_metadata_of_the_host_with_tokens() {
    let house = house("source = \"metadata\"\n", |_| ());
    does_the_whole_job(&house);
    assert!(house.calls("PUT", "/meta-data/latest/api/token") > 0);
}

#[test]
fn the_metadata_of_the_host_without_tokens() {
    does_the_whole_job(&house("source = \"metadata\"\n", |it| it.metadata_tokens = false));
}

#[test]
fn none_given_ends_at_the_metadata() {
    let mut house = House::new();
    house.credentials = String::new();
    let text = house.config().replace("[cloud.sim.credentials]\n", "");
    fs::write(house.config_path(), text).unwrap();
    does_the_whole_job(&house);
}

#[test]
fn a_wrong_secret_is_refused_twice_and_no_more() {
    let house = House::new();
    house.secret_file("secret-key", "a-secret-of-somebody-else-altogether-01");
    let refused = || house.sim.calls().iter().filter(|call| call.status == Some(401)).count();
    let ran = house.run(&["apply", "--wait", "0s"]).ends_with(1);
    assert!(ran.stderr.contains("\"event\":\"credential.refused\""), "{}", ran.events());
    house.run(&["apply", "--wait", "0s"]).ends_with(1);
    let mut daemon = house.spawn(&["run"]);
    eventually("the daemon's first cycle", || daemon.log().contains("cycle.finished"));
    assert!(daemon.log().contains("correct"), "it says what to do: {}", daemon.log());
    assert!((1..=2).contains(&refused()), "{} refused requests", refused());
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0), "it kept running");
    // A corrected file is tried at once.
    house.secret_file("secret-key", house.settings().secret_key.expose());
    house.run(&["apply"]).ends_with(0);
}

#[test]
fn readable_secrets_are_warned_of() {
    let house = House::new();
    let path = house.scratch.path("secret-key");
    assert!(Command::new("chmod").arg("644").arg(&path).status().unwrap().success());
    let ran = house.run(&["apply"]).ends_with(0);
    assert!(ran.events().contains("644"), "{}", ran.events());
}
