//! `certrotd status` where certificates are bound and probed: file, cloud, bound and served.

use certrotd::model::digest::Sha256;
use certrotd::model::names::Subject;
use certrotd::model::place::Place;
use certrotd::model::target::Target;
use certrotd::model::time::Time;
use certrotd::plan::action::{Action, Fact, ImportKey};
use certrotd::plan::memory::Record;
use certrotd::plan::sight::{Seen, Sight, Spot, Verdict};
use serde_json::Value;

use super::bench::Bench;
use super::status::{key, name};

const LISTENERS: [&str; 2] =
    ["0b8f2b8e-4c1d-4f7e-9a51-0123456789ab", "1c9f2b8e-4c1d-4f7e-9a51-0123456789ab"];
const PROBE: &str = "www.example.com@127.0.0.1:443";

/// An entry that is bound to listeners, with a probe or without.
fn configure(bench: &Bench, listeners: usize, probe: bool) {
    let probe = if probe { format!("probe = [{PROBE:?}]\n") } else { String::new() };
    let push = format!(
        "[[certificate.push]]\nservice = \"elb\"\nproject = \"cn-north-4\"\nwindow = \"1s\"\nlisteners = {:?}\n{probe}",
        &LISTENERS[..listeners]
    );
    bench.configure(&bench.certificate("www", &push));
}

/// The journal of a rotation that has come as far as the service.
fn pushed(key: &ImportKey) -> Vec<Record> {
    let (subject, scm_id) = (Subject::Certificate(name("www")), "scs1600313391074".to_owned());
    let import = Action::Import { key: key.clone() };
    let (target, project) = (Target::Elb, "cn-north-4".to_owned());
    let push = Action::Push { key: key.clone(), scm_id: scm_id.clone(), target, project };
    let seen = |id: &str| Fact::Seen { id: Some(id.to_owned()) };
    vec![
        Record::Learned { subject: subject.clone(), action: import, fact: seen(&scm_id) },
        Record::Learned { subject, action: push, fact: seen("elb-1") },
    ]
}

fn saw(spot: Spot, verdict: Verdict, leaf: Option<Sha256>, neither: bool) -> Record {
    let now: Time = chrono::Utc::now().into();
    let ends = Some(now + std::time::Duration::from_secs(20 * 86_400 + 60));
    let leaf = leaf.map(|sha256| Seen { sha256, issued: Some(Time::from_secs(5)), ends });
    let sight = Sight { verdict, leaf, id: Some("elb-1".to_owned()), neither };
    Record::Saw { subject: Subject::Certificate(name("www")), spot, sight }
}

fn site(index: usize) -> Spot {
    let (target, project) = (Target::Elb, "cn-north-4".to_owned());
    Spot::Site(Place { target, project, site: LISTENERS[index].to_owned() })
}

fn probe() -> Spot {
    let (target, project) = (Target::Elb, "cn-north-4".to_owned());
    Spot::Probe { target, project, probe: PROBE.to_owned() }
}

/// Status as text, as the certificate's object, and how it ended.
fn status(bench: &Bench) -> (String, Value, i32) {
    let ended = bench.certrotd(&["--format", "json", "status"]);
    (bench.certrotd(&["status"]).words(), ended.json()["certificates"][0].clone(), ended.code)
}

#[test]
fn a_rotation_that_is_done_is_bound_and_served() {
    let bench = Bench::new("served-done");
    bench.pair("www", 90);
    configure(&bench, 2, true);
    let key = key(&bench, "www");
    let served = |spot| saw(spot, Verdict::Served, Some(key.leaf), false);
    bench
        .remember([pushed(&key), vec![served(site(0)), served(site(1)), served(probe())]].concat());
    let (text, shown, code) = status(&bench);
    assert_eq!(code, 0, "{text}");
    let short = key.leaf.short();
    let cells = format!("scs1600313391074 bound served {short}, 20 days");
    assert!(text.contains(&cells), "{text}");
    assert!(text.contains(&format!("listener {} bound · ", LISTENERS[0])), "{text}");
    assert!(text.ends_with("next: nothing"), "{text}");
    assert_eq!((&shown["served"], &shown["proof"]), (&true.into(), &"handshake".into()));
    let target = &shown["targets"][0];
    let place = &target["places"][1];
    assert_eq!((&place["place"], &place["verdict"]), (&LISTENERS[1].into(), &"bound".into()));
    assert_eq!(place["leaf"], key.leaf.to_string());
    let probe = &target["probes"][0];
    assert_eq!((&probe["probe"], &probe["verdict"]), (&PROBE.into(), &"served".into()));
    assert_eq!(probe["days_left"], 20);
    assert!(probe["ends"].is_string() && probe["seen_at"].is_string(), "{probe}");
}

#[test]
fn without_a_probe_the_binding_is_the_proof() {
    let bench = Bench::new("served-bound");
    bench.pair("www", 90);
    configure(&bench, 2, false);
    let key = key(&bench, "www");
    let (first, _, _) = status(&bench);
    assert!(first.contains("not seen yet not seen yet as bound"), "{first}");

    let other = Sha256::of(b"other");
    let ours = saw(site(0), Verdict::Served, Some(key.leaf), false);
    let foreign = saw(site(1), Verdict::Wrong, Some(other), false);
    bench.remember([pushed(&key), vec![ours, foreign]].concat());
    let (text, shown, code) = status(&bench);
    assert_eq!(code, 1, "what somebody else has bound needs a person: {text}");
    assert!(text.contains("scs1600313391074 1 of 2 as bound"), "{text}");
    assert!(text.contains(&format!("bound to {} by others", other.short())), "{text}");
    assert_eq!((&shown["served"], &shown["proof"]), (&false.into(), &"binding".into()));
    assert_eq!(shown["targets"][0]["places"][1]["verdict"], "foreign");

    bench.remember(vec![saw(site(1), Verdict::Served, Some(key.leaf), false)]);
    let (text, shown, code) = status(&bench);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("scs1600313391074 bound as bound"), "{text}");
    assert_eq!(shown["served"], true);
}

#[test]
fn a_probe_that_returns_something_else_needs_a_person() {
    let bench = Bench::new("served-other");
    bench.pair("www", 90);
    configure(&bench, 1, true);
    let (key, other) = (key(&bench, "www"), Sha256::of(b"other"));
    let bound = saw(site(0), Verdict::Served, Some(key.leaf), false);
    bench.remember([pushed(&key), vec![bound]].concat());
    let (text, shown, _) = status(&bench);
    assert!(text.contains("bound not seen yet"), "{text}");
    assert_eq!((&shown["served"], &shown["proof"]), (&Value::Null, &"handshake".into()));

    // What was seen last is judged by the clock of now.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    for (verdict, neither, leaf, words) in [
        (Verdict::Stale, false, Some(other), format!("stale {}, 20 days", other.short())),
        (Verdict::Wrong, true, Some(other), format!("wrong {}", other.short())),
        (Verdict::Unreachable, false, None, "unreachable".to_owned()),
    ] {
        bench.remember(vec![saw(probe(), verdict, leaf, neither)]);
        let (text, shown, code) = status(&bench);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains(&format!("bound {words} ")), "{text}");
        assert_eq!(shown["served"], false);
        assert_eq!(shown["targets"][0]["probes"][0]["verdict"], verdict.to_string());
    }
    let (text, ..) = status(&bench);
    assert!(text.contains(&format!("next: {PROBE} could not be reached 20")), "{text}");
}

#[test]
fn a_place_that_went_back_says_so() {
    let bench = Bench::new("served-back");
    bench.pair("www", 90);
    configure(&bench, 1, true);
    let (key, former) = (key(&bench, "www"), Sha256::of(b"former"));
    let Spot::Site(place) = site(0) else { return };
    let (id, instead_of) = ("elb-1".to_owned(), Vec::new());
    let action = Action::Bind { key: key.clone(), place: place.into(), id, instead_of };
    let Record::Saw { sight, .. } = saw(site(0), Verdict::Served, Some(former), false) else {
        return;
    };
    let fact = Fact::RolledBack { former: sight };
    let subject = Subject::Certificate(name("www"));
    let back = Record::Learned { subject, action, fact };
    let stands = saw(site(0), Verdict::Served, Some(former), false);
    let served = saw(probe(), Verdict::Pending, Some(former), false);
    bench.remember([pushed(&key), vec![back, stands, served]].concat());
    let (text, shown, code) = status(&bench);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains(&format!("rolled back to {}", former.short())), "{text}");
    let cells = format!("{0} rolled back to {0}, 20 days", former.short());
    assert!(text.contains(&cells), "{text}");
    assert!(text.contains("the new one waits for another file"), "{text}");
    assert_eq!(shown["targets"][0]["places"][0]["verdict"], "rolled_back");
    assert_eq!(shown["targets"][0]["probes"][0]["verdict"], "rolled_back");
    assert_eq!(shown["served"], false);
    let history = bench.certrotd(&["history"]).words();
    assert!(history.contains("which goes back"), "{history}");
    assert!(history.contains(&format!("bound to {}", former.short())), "{history}");
}
