//! Hundreds of certificates at once: in order of expiry, past a service that hangs, and stopped half-way.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use certrotd::sim::pki::KeyKind;
use certrotd::sim::{Fault, Rule};
use common::{House, NAMES, eventually, now};

/// More than the cloud is asked for at once, by a good deal.
const MANY: u32 = 1000;
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

fn name(number: u32) -> String {
    format!("pair-{number:04}")
}

/// A house with so many pairs; `ends` gives the minutes by which each outlives a month.
fn house(count: u32, pushes: &str, ends: impl Fn(u32) -> u32) -> House {
    let house = House::with(|settings| {
        settings.page_max = 1000;
        settings.import_quota = 10_000;
        settings.elb_quota = 10_000;
    });
    let mut text = house.base().replace("\"trace\"", "\"info\"");
    text = text.replace("[cloud.sim]\n", "[cloud.sim]\nmax_in_flight = 64\n");
    let from = now() - DAY;
    for number in 0..count {
        let name = name(number);
        let to = now() + DAY * 30 + MINUTE * ends(number);
        let host = format!("{name}.example.com");
        let issued = house.authority.issue(&[&host], KeyKind::EcdsaP256, from, to);
        let live = house.live(&name);
        fs::create_dir_all(&live).unwrap();
        fs::write(live.join("fullchain.pem"), issued.fullchain_pem()).unwrap();
        fs::write(live.join("privkey.pem"), issued.key_pem.expose()).unwrap();
        text +=
            &format!("[[certificate]]\nname = \"{name}\"\ncert = \"live/{name}/fullchain.pem\"\n");
        text += &format!("key = \"live/{name}/privkey.pem\"\nwarn_before = \"1d\"\n{pushes}");
    }
    fs::write(house.config_path(), text).unwrap();
    house
}

/// Whose imports have arrived, in that order.
fn imported(house: &House) -> Vec<u32> {
    let calls = house.sim.calls();
    let imports = calls.iter().filter(|call| call.path.ends_with("/certificates/import"));
    imports.filter_map(|call| call.detail.split("pair-").nth(1)?.get(..4)?.parse().ok()).collect()
}

#[test]
fn the_nearest_expiry_leaves_first() {
    let ends = |number| number * 617 % MANY;
    let house = house(MANY, "", ends);
    house.run(&["apply"]).ends_with(0);
    let imported = imported(&house);
    assert_eq!(imported.len(), MANY as usize);
    // Each is where it belongs, as far as those allow that were under way at the same time: 256 looks, and as many
    // that wait for a place to be sent from.
    let far = imported.iter().zip(0..).map(|(number, place)| ends(*number).abs_diff(place)).max();
    assert!(far.unwrap() <= 512, "{far:?}");
}

#[test]
fn a_service_that_hangs_keeps_nobody_from_being_imported() {
    let house = house(400, "[[certificate.push]]\nservice = \"elb\"\n", |number| number);
    house.sim.weather(Rule::new("GET", "/elb/certificates", Fault::Slow(Duration::from_secs(50))));
    let began = Instant::now();
    let _apply = house.spawn(&["apply"]);
    eventually("all imports", || imported(&house).len() == 400);
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[test]
fn what_was_interrupted_is_finished_and_not_repeated() {
    let house = house(200, "[[certificate.push]]\nservice = \"elb\"\n", |number| number);
    house.sim.change(|settings| settings.latency = Duration::from_millis(200));
    let mut apply = house.spawn(&["apply"]);
    eventually("some imports", || imported(&house).len() >= 10);
    apply.signal("INT");
    assert_eq!(apply.wait(), Some(1));
    let [imports, pushes, _] = house.writes();
    assert!(imports >= 10 && pushes < 200, "it was stopped in the midst: {imports}, {pushes}");

    house.run(&["apply", "--wait", "5m"]).ends_with(0);
    let mut each = BTreeMap::<_, usize>::new();
    imported(&house).into_iter().for_each(|number| *each.entry(number).or_default() += 1);
    assert_eq!((each.len(), each.values().max()), (200, Some(&1)));
    assert_eq!((house.sim.imports().len(), house.writes()), (200, [200, 200, 0]));
}

#[test]
fn patience_counts_from_the_last_step_that_was_done() {
    let mut house = House::new();
    house.schedule = "retry = \"1s..2s\"\n".to_owned();
    house.configure();
    house.run(&["apply"]).ends_with(0);
    house.put(NAMES[0], &house.issue(NAMES[0], KeyKind::Rsa2048, 5));
    let late = Fault::Slow(Duration::from_secs(5));
    house.sim.weather(Rule::new("POST", "/certificates/import", late).times(1));
    let busy = Fault::RetryAfter { status: 429, seconds: 1 };
    house.sim.weather(Rule::new("POST", "/push", busy).times(1));
    let before = house.calls("POST", "/push");
    house.run(&["apply", "--wait", "4s"]).ends_with(0);
    assert_eq!(house.calls("POST", "/push") - before, 4, "one of three was sent again");
}
