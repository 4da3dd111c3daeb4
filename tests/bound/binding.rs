//! Bound, served, and nothing else touched.

use certrotd::model::target::Target;
use certrotd::sim::pki::{Authority, KeyKind};
use certrotd::sim::settings::ListenerSetup;
use serde_json::{Value, json};

use crate::bench::{Bench, ENTRY, LISTENER, NAMES, differing, issue_for, pair, served_at};
use crate::common::{House, eventually};

#[test]
fn a_renewed_leaf_is_served_by_all_three_and_their_settings_stay() {
    let bench = Bench::new();
    let former = bench.former.sha256;
    assert_eq!(bench.served(), [Some(former); 3]);
    let before = bench.objects();
    let first = bench.renew(30);
    bench.house.run(&["apply"]).ends_with(0);
    assert_eq!(bench.served(), [Some(first.sha256); 3]);
    let fields = |after: &[Value; 3]| {
        std::array::from_fn::<_, 3, _>(|at| differing(&before[at], &after[at]))
    };
    let [listener, host, domain] = fields(&bench.objects());
    assert_eq!(listener, ["default_tls_container_ref"]);
    assert_eq!(host, ["certificateid", "certificatename"]);
    assert!(
        domain.iter().all(|name| name.starts_with("https.certificate")
            || name == "https.scm_certificate_id"
            || name.contains("expir")),
        "{domain:?}"
    );
    let configs = &bench.objects()[2];
    let kept = [
        &configs["https"]["http2_status"],
        &configs["force_redirect"]["status"],
        &configs["hsts"]["status"],
    ];
    assert_eq!(kept, ["on"; 3], "{configs}");
    let second = bench.renew(20);
    let ran = bench.house.run(&["apply"]).ends_with(0);
    assert_eq!(bench.served(), [Some(second.sha256); 3]);
    assert_eq!(ran.stderr.matches("\"certificate.served\"").count(), 3, "{}", ran.events());
    let quiet = bench.house.run(&["apply"]).ends_with(0);
    assert_eq!(quiet.events().matches("\"event\"").count(), 2, "{}", quiet.events());
    assert_eq!(bench.house.sim.fees(), 0);
    assert_eq!(bench.house.sim.violations(), Vec::<String>::new());
}

/// A listener whose default is somebody else's, with three names of which one is ours.
#[test]
fn one_entry_of_three_is_exchanged_and_a_foreign_default_stays() {
    let authority = Authority::new("Shared");
    let leaf = |name: &str| issue_for(&authority, &[name], KeyKind::EcdsaP256, 60);
    let (default, a, ours, c) = (
        leaf("default.example.net"),
        leaf("a.example.net"),
        leaf("www.example.com"),
        leaf("c.example.net"),
    );
    let house = House::with(|settings| {
        settings.listeners.push(ListenerSetup {
            id: LISTENER.to_owned(),
            default: Some(pair("default", &default)),
            sni: vec![pair("a", &a), pair("ours", &ours), pair("c", &c)],
            ..ListenerSetup::default()
        });
    });
    let new = issue_for(&house.authority, &["www.example.com"], KeyKind::EcdsaP256, 10);
    house.put(ENTRY, &new);
    let at = house.sim.edge(LISTENER).unwrap();
    let text = house.base()
        + &format!(
            "\n[[certificate]]\nname = \"{ENTRY}\"\ncert = \"live/{ENTRY}/fullchain.pem\"\n\
             key = \"live/{ENTRY}/privkey.pem\"\n[[certificate.push]]\nservice = \"elb\"\n\
             listeners = [\"{LISTENER}\"]\nprobe = [\"www.example.com@{at}\"]\nwindow = \"3s\"\n"
        );
    std::fs::write(house.config_path(), text).unwrap();
    let before = house.sim.listener(LISTENER).unwrap();
    house.run(&["apply"]).ends_with(0);
    let after = house.sim.listener(LISTENER).unwrap();
    assert_eq!(differing(&before, &after), ["sni_container_refs"]);
    let refs = |object: &Value| {
        serde_json::from_value::<Vec<String>>(object["sni_container_refs"].clone()).unwrap()
    };
    let (old, now) = (refs(&before), refs(&after));
    let moved: Vec<_> = old.iter().zip(&now).filter(|(a, b)| a != b).collect();
    assert_eq!((old.len(), now.len(), moved.len()), (3, 3, 1), "{old:?} {now:?}");
    let copies = house.sim.certificates(Target::Elb);
    let put = copies.iter().find(|copy| copy.id == *moved[0].1).unwrap();
    assert_eq!(put.sha256, new.sha256);
    assert_eq!(served_at(at, "www.example.com"), Some(new.sha256));
    assert_eq!(served_at(at, "a.example.net"), Some(a.sha256));
    assert_eq!(served_at(at, "other.example.org"), Some(default.sha256));
}

#[test]
fn rsa_and_ecdsa_for_the_same_names_stand_side_by_side() {
    let bench = Bench::new();
    let rsa = issue_for(&bench.house.authority, &NAMES, KeyKind::Rsa2048, 30);
    bench.house.put("shop-rsa", &rsa);
    let at = bench.house.sim.edge(LISTENER).unwrap();
    let text = std::fs::read_to_string(bench.house.config_path()).unwrap();
    let more = format!(
        "\n[[certificate]]\nname = \"shop-rsa\"\ncert = \"live/shop-rsa/fullchain.pem\"\n\
         key = \"live/shop-rsa/privkey.pem\"\n[[certificate.push]]\nservice = \"elb\"\n\
         listeners = [\"{LISTENER}\"]\nprobe = [\"www.example.com@{at}\"]\nwindow = \"3s\"\n"
    );
    std::fs::write(bench.house.config_path(), text + &more).unwrap();
    let first = bench.renew(20);
    bench.house.run(&["apply"]).ends_with(0);
    assert_eq!(served_at(at, "www.example.com"), Some(first.sha256), "asked for ECDSA");
    let second = bench.renew(10);
    bench.house.run(&["apply"]).ends_with(0);
    assert_eq!(served_at(at, "www.example.com"), Some(second.sha256));
    let listener = bench.house.sim.listener(LISTENER).unwrap();
    let bound =
        [listener["default_tls_container_ref"].clone(), listener["sni_container_refs"][0].clone()];
    let id = |leaf| json!(bench.id(Target::Elb, leaf));
    assert_eq!(bound, [id(second.sha256), id(rsa.sha256)], "{listener}");
}

#[test]
fn a_write_that_changes_a_neighbour_is_put_back_and_reported() {
    let bench = Bench::new();
    let before = bench.objects();
    let sim = &bench.house.sim;
    assert!(sim.scribble(LISTENER, "http2_enable", json!(false)));
    assert!(sim.scribble(NAMES[2], "https.http2_status", json!("off")));
    let ran = bench.house.run(&["apply", "--wait", "1s"]).ends_with(1);
    let failed = ran.events();
    assert!(failed.contains("http2_enable") && failed.contains("http2_status"), "{failed}");
    let after = bench.objects();
    let [listener, _, domain] =
        std::array::from_fn::<_, 3, _>(|at| differing(&before[at], &after[at]));
    assert!(!listener.contains(&"http2_enable".to_owned()), "{listener:?}");
    assert!(!domain.contains(&"https.http2_status".to_owned()), "{domain:?}");
}

/// Each request of a rotation, from the import to the last reading back.
#[test]
fn killed_between_any_two_requests_and_served_all_the_same() {
    let mut bench = Bench::new();
    bench.house.schedule = "doubt = \"1s\"\nretry = \"1s..2s\"\n".to_owned();
    bench.configure_first(2, "", "window = \"3s\"\n");
    bench.house.run(&["apply"]).ends_with(0);
    bench.house.sim.change(|settings| settings.latency = std::time::Duration::from_millis(20));
    for kill_after in [3, 6, 9, 12, 15, 18, 21] {
        let issued = bench.renew(36 - kill_after);
        let target = bench.house.sim.calls().len() + usize::try_from(kill_after).unwrap();
        let mut running = bench.house.spawn(&["apply"]);
        eventually("that request", || {
            bench.house.sim.calls().len() >= target || running.has_ended()
        });
        running.signal("KILL");
        running.wait();
        bench.house.run(&["apply"]).ends_with(0);
        let sim = &bench.house.sim;
        let of_leaf = sim.imports().iter().filter(|import| import.sha256 == issued.sha256).count();
        assert_eq!(of_leaf, 1, "killed after {kill_after} requests");
        let copies = sim.copies(Target::Elb);
        let copies = copies.iter().filter(|copy| copy.sha256 == issued.sha256).count();
        assert_eq!(copies, 1, "killed after {kill_after} requests");
        assert_eq!(bench.served()[..2], [Some(issued.sha256); 2]);
    }
    assert_eq!(bench.house.sim.violations(), Vec::<String>::new());
}
