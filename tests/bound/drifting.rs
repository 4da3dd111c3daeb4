//! What others change, what the configuration adds, and what a lost journal leaves.

use certrotd::model::target::Target;
use certrotd::sim::pki::Authority;

use crate::bench::{Bench, ENTRY, LISTENER, NAMES, issue, pair};

#[test]
fn an_older_leaf_of_ours_is_bound_over_and_a_foreign_one_is_reported() {
    let bench = Bench::new();
    let first = bench.renew(30);
    bench.house.run(&["apply"]).ends_with(0);
    let second = bench.renew(20);
    bench.house.run(&["apply"]).ends_with(0);
    let sim = &bench.house.sim;
    assert!(sim.rebind(LISTENER, &bench.id(Target::Elb, first.sha256)));
    assert_eq!(bench.served()[0], Some(first.sha256));
    bench.house.run(&["apply"]).ends_with(0);
    assert_eq!(bench.served(), [Some(second.sha256); 3], "repaired");

    let foreign = issue(&Authority::new("Somebody"), 25);
    let id = sim.keep(Target::Elb, "cn-north-4", &pair("by-hand", &foreign)).unwrap();
    assert!(sim.rebind(LISTENER, &id));
    let ran = bench.house.run(&["apply", "--wait", "0s"]).ends_with(1);
    assert!(ran.events().contains("somebody changed it"), "{}", ran.events());
    assert_eq!(bench.served()[0], Some(foreign.sha256), "left alone");
    bench.house.run(&["apply", "--retry", ENTRY]).ends_with(0);
    assert_eq!(bench.served()[0], Some(second.sha256), "as asked");

    assert!(sim.rebind(LISTENER, &id));
    bench.configure("", "window = \"3s\"\ndrift = \"repair\"\n");
    bench.house.run(&["apply"]).ends_with(0);
    assert_eq!(bench.served()[0], Some(second.sha256), "as configured");
}

#[test]
fn what_was_issued_later_is_not_bound_over_by_another_try() {
    let bench = Bench::new();
    let ours = bench.renew(20);
    bench.house.run(&["apply"]).ends_with(0);
    let later = issue(&Authority::new("Another host"), 15);
    let sim = &bench.house.sim;
    let id = sim.keep(Target::Elb, "cn-north-4", &pair("renewed", &later)).unwrap();
    assert!(sim.rebind(LISTENER, &id));
    let ran = bench.house.run(&["apply", "--wait", "0s"]).ends_with(1);
    assert!(ran.events().contains("somebody changed it"), "{}", ran.events());
    let ran = bench.house.run(&["apply", "--wait", "0s", "--retry", ENTRY]).ends_with(1);
    assert!(ran.events().contains("--allow-older"), "{}", ran.events());
    assert_eq!(bench.served()[0], Some(later.sha256));
    bench.house.run(&["apply", "--allow-older", ENTRY]).ends_with(0);
    assert_eq!(bench.served()[0], Some(ours.sha256), "a person said so");

    assert!(sim.rebind(LISTENER, &id));
    bench.house.run(&["apply", "--wait", "0s"]).ends_with(1);
    assert_eq!(bench.served()[0], Some(later.sha256), "and not for ever");
    bench.configure("", "window = \"3s\"\ndrift = \"repair\"\n");
    bench.house.run(&["apply"]).ends_with(0);
    assert_eq!(bench.served()[0], Some(ours.sha256), "as configured");
}

#[test]
fn a_lost_journal_is_rebuilt_by_looking() {
    let bench = Bench::new();
    let older = bench.renew(30);
    bench.house.run(&["apply"]).ends_with(0);
    let newer = bench.renew(20);
    bench.house.run(&["apply"]).ends_with(0);
    let writes = |bench: &Bench| {
        let calls = bench.house.sim.calls();
        let write =
            |call: &&certrotd::sim::Call| call.method != "GET" && !call.path.contains("deployed");
        calls.iter().filter(write).count()
    };
    let before = writes(&bench);
    std::fs::remove_dir_all(bench.house.state()).unwrap();
    bench.house.run(&["apply"]).ends_with(0);
    assert_eq!(writes(&bench), before, "everything was found");
    assert_eq!(bench.served(), [Some(newer.sha256); 3]);
    // And what comes back from a backup is known to be older.
    std::fs::remove_dir_all(bench.house.state()).unwrap();
    bench.house.put(ENTRY, &older);
    let ran = bench.house.run(&["apply", "--wait", "0s"]).ends_with(1);
    assert!(ran.events().contains("allow-older"), "{}", ran.events());
    assert_eq!(bench.served(), [Some(newer.sha256); 3]);
    bench.house.run(&["apply", "--allow-older", ENTRY]).ends_with(0);
    assert_eq!(bench.served(), [Some(older.sha256); 3], "a person said so");
}

#[test]
fn a_place_added_later_is_served_without_touching_the_file() {
    let bench = Bench::new();
    let full = std::fs::read_to_string(bench.house.config_path()).unwrap();
    let cut = full.find("[[certificate.push]]\nservice = \"waf\"").unwrap();
    std::fs::write(bench.house.config_path(), &full[..cut]).unwrap();
    let leaf = bench.renew(30);
    bench.house.run(&["apply"]).ends_with(0);
    let former = Some(bench.former.sha256);
    assert_eq!(bench.served(), [Some(leaf.sha256), former, former]);
    std::fs::write(bench.house.config_path(), full).unwrap();
    bench.house.run(&["apply"]).ends_with(0);
    assert_eq!(bench.served(), [Some(leaf.sha256); 3]);
    assert_eq!(bench.house.sim.imports().len(), 1);
    assert!(bench.house.sim.domain(NAMES[2]).is_some());
}
