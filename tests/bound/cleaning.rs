//! What a rotation leaves behind goes, and nothing else does.

use std::time::Duration;

use certrotd::model::target::Target;
use certrotd::sim::pki::{Authority, KeyKind};

use crate::bench::{Bench, ENTRY, NAMES, issue, pair};
use crate::common::now;

#[test]
fn ten_rotations_leave_what_keep_says_and_everything_foreign() {
    let bench = Bench::new();
    bench.configure_first(2, "keep = 2\n", "window = \"3s\"\n");
    let foreign = issue(&Authority::new("Somebody"), 5000);
    let sim = &bench.house.sim;
    sim.keep(Target::Elb, "cn-north-4", &pair("foreign", &foreign)).unwrap();
    let theirs = sim.certificates(Target::Elb).len();
    // Somebody's imports: one that is good, and one that expired long ago.
    let (from, day) = (now() - Duration::from_secs(86_400 * 99), Duration::from_secs(86_400));
    let key = KeyKind::EcdsaP256;
    let expired = Authority::new("Somebody").issue(&NAMES, key, from, from + day);
    let others = [&foreign, &expired].map(|it| sim.keep_import(&pair("theirs", it)).unwrap());
    let ours = || sim.imports().iter().filter(|import| !others.contains(&import.id)).count();
    sim.change(|settings| settings.deployed_errors = vec!["cn-east-3".to_owned()]);
    for round in 0..5 {
        bench.renew(100 - round * 5);
        bench.house.run(&["apply"]).ends_with(0);
    }
    assert_eq!(ours(), 5, "with a region that does not answer nothing is retired");
    assert_eq!(sim.certificates(Target::Elb).len(), theirs + 5);
    assert_eq!(bench.house.calls("DELETE", ""), 0);
    sim.change(|settings| settings.deployed_errors.clear());
    for round in 5..10 {
        bench.renew(100 - round * 5);
        bench.house.run(&["apply"]).ends_with(0);
    }
    let last = bench.renew(2);
    let ran = bench.house.run(&["apply"]).ends_with(0);
    assert!(ran.stderr.contains("certificate.retired"), "{}", ran.events());
    assert_eq!(bench.served()[..2], [Some(last.sha256); 2]);
    assert_eq!(ours(), 3, "the one in use, and keep = 2");
    assert_eq!(sim.imports().len(), 3 + others.len(), "what others imported stays");
    assert_eq!(sim.certificates(Target::Elb).len(), theirs + 3);
    let waf = sim.certificates(Target::Waf).len();
    assert_eq!(waf, 1 + 3, "the former one of somebody else, and ours");
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[test]
fn a_full_service_is_made_room_in_first() {
    let bench = Bench::with(|settings, _| settings.elb_quota = 3);
    bench.renew(50);
    bench.house.run(&["apply"]).ends_with(0);
    bench.renew(40);
    bench.house.run(&["apply"]).ends_with(0);
    let plan = {
        bench.renew(30);
        bench.house.run(&["apply", "--only", ENTRY]).ends_with(0)
    };
    assert!(plan.stderr.contains("certificate.retired"), "{}", plan.events());
    assert_eq!(bench.house.sim.certificates(Target::Elb).len(), 3);
}
