//! What happens when answers are lost and processes are killed: nothing twice.

mod common;

use std::time::Duration;

use certrotd::sim::pki::KeyKind;
use certrotd::sim::{Fault, Rule};
use common::{House, NAMES, eventually};

#[test]
fn a_lost_answer_to_the_switch_restarts_nothing_twice() {
    let house = House::new();
    house.sim.weather(Rule::new("PUT", "/ssl-option", Fault::DropAfter).times(1));
    for _ in 0..3 {
        house.run(&["apply"]);
    }
    assert_eq!(house.writes()[2], 1);
    house.run(&["apply"]).ends_with(0);
}

#[test]
fn a_lost_answer_to_an_import_is_found_although_the_list_lags() {
    let mut house = House::with(|settings| settings.list_lag = Duration::from_secs(3));
    house.schedule = "doubt = \"6s\"\nretry = \"1s..4s\"\n".to_owned();
    house.configure();
    house.run(&["apply"]).ends_with(0);
    house.put(NAMES[0], &house.issue(NAMES[0], KeyKind::Rsa2048, 5));
    house.sim.weather(Rule::new("POST", "/certificates/import", Fault::DropAfter).times(1));
    house.run(&["apply"]).ends_with(0);
    assert_eq!(house.writes()[0], 3, "one import of the renewed leaf");
    assert_eq!(house.sim.imports().len(), 3);
}

#[test]
fn killed_between_any_two_requests_and_still_one_import() {
    let mut house = House::new();
    house.schedule = "doubt = \"1s\"\nretry = \"1s..2s\"\n".to_owned();
    house.configure();
    house.run(&["apply"]).ends_with(0);
    let name = NAMES[1];
    // Each call is held up long enough to be killed before and after it.
    house.sim.weather(Rule::new("POST", "/v3/scm", Fault::Slow(Duration::from_millis(300))));
    for kill_after in 0..6 {
        let issued = house.issue(name, KeyKind::EcdsaP256, 9 - kill_after);
        house.put(name, &issued);
        let before = house.sim.calls().len();
        let mut running = house.spawn(&["apply"]);
        let target = before + usize::try_from(kill_after).unwrap();
        eventually("the next request", || house.sim.calls().len() > target);
        running.signal("KILL");
        running.wait();
        house.run(&["apply"]).ends_with(0);
        let imports = house.sim.imports();
        let of_leaf = imports.iter().filter(|import| import.sha256 == issued.sha256).count();
        assert_eq!(of_leaf, 1, "killed after {kill_after} requests");
    }
    assert_eq!(house.sim.violations(), Vec::<String>::new());
}
