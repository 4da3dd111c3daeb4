//! CDN's own limit holds its domains up, and nothing else.

use std::time::Duration;

use certrotd::sim::settings::DomainSetup;

use crate::bench::{Bench, LISTENER};
use crate::common::eventually;

#[test]
fn domains_that_wait_for_the_limit_delay_no_listener() {
    let bench = Bench::with(|settings, former| {
        for at in 0..7 {
            let name = format!("d{at}.example.com");
            settings.cdn_domains.push(DomainSetup { name, default: Some(former.clone()) });
        }
    });
    bench.configure_first(1, "", "");
    let domains: Vec<_> = (0..7).map(|at| format!("d{at}.example.com")).collect();
    let names: Vec<_> = domains.iter().map(String::as_str).chain(["www.example.com"]).collect();
    let key = certrotd::sim::pki::KeyKind::EcdsaP256;
    let issued = crate::bench::issue_for(&bench.house.authority, &names, key, 10);
    bench.house.put(crate::bench::ENTRY, &issued);
    let text = std::fs::read_to_string(bench.house.config_path()).unwrap();
    let push = format!("\n[[certificate.push]]\nservice = \"cdn\"\ndomains = {domains:?}\n");
    std::fs::write(bench.house.config_path(), text + &push).unwrap();

    let mut daemon = bench.house.spawn(&["run"]);
    let took = eventually("the listener serves it", || bench.served()[0] == Some(issued.sha256));
    assert!(took < Duration::from_secs(25), "{took:?}");
    eventually("the limit is told", || daemon.log().contains("calls a minute"));
    assert!(bench.house.calls("PUT", "/configs") <= 6);
    assert!(bench.house.calls("PUT", LISTENER) == 1);
    // What was not sent is no doubt, and a stop does not wait for it.
    let asked = std::time::Instant::now();
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(5));
    let plan = bench.house.run(&["plan"]);
    assert!(!plan.stdout.contains("was lost"), "{}", plan.stdout);
}
