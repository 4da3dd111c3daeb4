//! What is bound and not served is taken back, once.

use crate::bench::{Bench, LISTENER};
use crate::common::eventually;

#[test]
fn an_edge_that_serves_garbage_gets_the_former_leaf_back() {
    let bench = Bench::new();
    let first = bench.renew(30);
    bench.house.run(&["apply"]).ends_with(0);
    let bad = bench.renew(20);
    assert!(bench.house.sim.garble(LISTENER, Some(bad.sha256)));
    let mut daemon = bench.house.spawn(&["run"]);
    eventually("it is rolled back", || daemon.log().contains("certificate.rolled_back"));
    let [elb, waf, cdn] = bench.served();
    assert_eq!([elb, waf, cdn], [Some(first.sha256), Some(bad.sha256), Some(bad.sha256)]);
    let bindings = || bench.house.calls("PUT", &format!("/elb/listeners/{LISTENER}"));
    let before = bindings();
    daemon.signal("HUP");
    std::thread::sleep(std::time::Duration::from_secs(4));
    assert_eq!(bindings(), before, "no second try");
    let told = daemon.log().matches("certificate.rolled_back").count();
    assert_eq!(told, 1, "{}", daemon.log());
    assert!(
        daemon.log().contains(&first.sha256.to_string())
            && daemon.log().contains(&bad.sha256.to_string())
    );
    let good = bench.renew(10);
    eventually("the next leaf is served", || bench.served() == [Some(good.sha256); 3]);
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0));
    let status = bench.house.run(&["status"]).ends_with(0);
    assert!(status.stdout.contains("served"), "{}", status.stdout);
}

#[test]
fn an_operator_may_ask_for_a_second_try() {
    let bench = Bench::new();
    let first = bench.renew(30);
    bench.house.run(&["apply"]).ends_with(0);
    let bad = bench.renew(20);
    assert!(bench.house.sim.garble(LISTENER, Some(bad.sha256)));
    let ran = bench.house.run(&["apply"]).ends_with(1);
    assert!(ran.events().contains("certificate.rolled_back"), "{}", ran.events());
    assert_eq!(bench.served()[0], Some(first.sha256));
    // It strikes once, so the second try goes well.
    bench.house.run(&["apply", "--retry", crate::bench::ENTRY]).ends_with(0);
    assert_eq!(bench.served(), [Some(bad.sha256); 3]);
}

#[test]
fn an_edge_that_does_not_answer_is_never_a_reason_to_go_back() {
    let bench = Bench::new();
    bench.renew(30);
    bench.house.run(&["apply"]).ends_with(0);
    let new = bench.renew(20);
    let closed = Some(certrotd::sim::edge::Misbehaviour::Silent);
    assert!(bench.house.sim.misbehave(LISTENER, closed));
    let ran = bench.house.run(&["apply", "--wait", "1s"]).ends_with(1);
    assert!(!ran.stderr.contains("rolled_back"), "{}", ran.events());
    let listener = bench.house.sim.listener(LISTENER).unwrap();
    let id = bench.id(certrotd::model::target::Target::Elb, new.sha256);
    assert_eq!(listener["default_tls_container_ref"], id);
}
