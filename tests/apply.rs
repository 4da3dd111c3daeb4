//! `certrotd apply` as an operator runs it: the five systems, and what comes back.

mod common;

use common::House;

#[test]
fn the_five_systems_once_and_then_nothing_more() {
    let house = House::new();
    house.run(&["apply"]).ends_with(0);
    assert_eq!(house.writes(), [2, 6, 1]);
    for name in ["orders-redis", "carts-redis", "ledger-gemini"] {
        let file = std::fs::read_to_string(house.ca(name)).unwrap();
        assert!(file.contains("BEGIN CERTIFICATE"), "{name}");
    }
    house.run(&["apply"]).ends_with(0);
    assert_eq!(house.writes(), [2, 6, 1], "a second apply sends nothing");
    std::fs::remove_dir_all(house.state()).unwrap();
    let lost = house.run(&["apply"]);
    assert_eq!(house.sim.imports().len(), 2, "it finds its own\n{}", lost.events());
    assert_eq!(house.writes()[2], 1, "no database is restarted twice");
    assert_eq!(house.sim.violations(), Vec::<String>::new());
}
