//! CA files, what instances present, and switches that tell their state: `status`, `history` and `check`.

use std::time::Duration;

use certrotd::cert::{CaFacts, read_ca};
use certrotd::model::digest::Sha256;
use certrotd::model::names::Subject;
use certrotd::model::time::Time;
use certrotd::plan::action::{Action, Fact};
use certrotd::plan::memory::Record;
use certrotd::plan::sight::{Seen, Sight, Spot, Verdict};
use serde_json::Value;

use super::bench::{Bench, Ended};
use super::status::name;

const REDIS: &str = "redis@127.0.0.1:1";
const MYSQL: &str = "ledger@127.0.0.1:1";
const LEDGER: &str = "0123456789abcdef0123456789abcdefin07";

/// One CA file, with whatever lines more.
fn entry(bench: &Bench, more: &str) -> String {
    format!(
        "[[instance_ca]]\nname = \"orders\"\nservice = \"dcs\"\ninstance_id = \
         \"3f5a8bb2-0000-4a6e-9b6f-0123456789ab\"\npath = {:?}\n{more}\n",
        bench.path("ca.pem"),
    )
}

fn with_probe(bench: &Bench) -> String {
    entry(bench, &format!("probe = {REDIS:?}\noverlap = \"30d\""))
}

fn subject() -> Subject {
    Subject::Ca(name("orders"))
}

/// Puts these CAs in place; the journal has them, and the first as the only one that is published.
fn installed(bench: &Bench, authorities: &[(&str, i64)]) -> Vec<CaFacts> {
    let pem: Vec<_> =
        authorities.iter().map(|(name, days)| Bench::authority(name, *days)).collect();
    let bundle = read_ca(pem.concat().as_bytes()).unwrap();
    std::fs::write(bench.path("ca.pem"), &bundle.pem).unwrap();
    std::fs::set_permissions(
        bench.path("ca.pem"),
        std::os::unix::fs::PermissionsExt::from_mode(0o644),
    )
    .unwrap();
    let fingerprints: Vec<_> = bundle.certificates.iter().map(|it| it.sha256).collect();
    let action = Action::InstallCa {
        name: name("orders"),
        sha256: bundle.sha256,
        authorities: fingerprints.clone().into(),
    };
    let (published, former) = (fingerprints[..1].to_vec(), fingerprints[1..].to_vec());
    bench.remember(vec![
        Record::Authorities { subject: subject(), published, former },
        Record::Done { subject: subject(), action, id: None },
    ]);
    bundle.certificates
}

/// What a handshake showed: a leaf that ends in so many days, where one came.
fn saw(bench: &Bench, verdict: Verdict, days: Option<u64>) {
    let now: Time = chrono::Utc::now().into();
    let leaf = days.map(|days| Seen {
        sha256: Sha256::of(b"own"),
        issued: Some(Time::from_secs(5)),
        ends: Some(now + Duration::from_secs(days * 86_400 + 60)),
    });
    let sight = Sight { verdict, leaf, id: None, neither: false };
    let spot = Spot::Instance { probe: REDIS.to_owned() };
    bench.remember(vec![Record::Saw { subject: subject(), spot, sight }]);
}

/// The words of the text, the entry in JSON, and the exit code, which are the same thing thrice.
fn status(bench: &Bench) -> (String, Value, i32) {
    let (text, json) =
        (bench.certrotd(&["status"]), bench.certrotd(&["--format", "json", "status"]));
    assert_eq!(text.code, json.code, "{}{}", text.stdout, text.stderr);
    let shown = json.json()["instance_cas"][0].clone();
    assert_eq!(shown["needs_person"], Value::Bool(text.code == 1), "{shown}");
    let next = shown["next"].as_str().unwrap();
    assert!(text.words().contains(next), "text and JSON say the same: {}", text.stdout);
    (text.words(), shown, text.code)
}

#[test]
fn what_an_instance_presents_is_shown_once_it_was_seen() {
    let bench = Bench::new("proof");
    bench.configure(&with_probe(&bench));
    let ca = installed(&bench, &[("Redis CA", 900)]);
    let (text, shown, code) = status(&bench);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(&format!("{REDIS} not seen yet")), "{text}");
    assert_eq!(shown["instance"]["verdict"], "not_seen");
    assert_eq!(shown["instance"]["seen_at"], Value::Null);
    assert_eq!(shown["next"], "looks at the next cycle");

    saw(&bench, Verdict::Served, Some(60));
    let (text, shown, code) = status(&bench);
    assert_eq!(code, 0, "{text}");
    let own = Sha256::of(b"own");
    let says = format!(
        "{REDIS} presents {}, 60 days left, verified by the published CA alone",
        own.short()
    );
    assert!(text.contains(&says), "{text}");
    let instance = &shown["instance"];
    assert_eq!((&instance["probe"], &instance["verdict"]), (&REDIS.into(), &"verified".into()));
    assert_eq!(
        (&instance["sha256"], &instance["days_left"]),
        (&own.to_string().into(), &60.into())
    );
    assert!(instance["seen_at"].as_str().unwrap().starts_with("20"), "{instance}");
    let authority = &shown["authorities"][0];
    assert_eq!(
        (&authority["subject"], &authority["published"]),
        (&"CN=Redis CA".into(), &true.into())
    );
    assert_eq!(authority["sha256"], ca[0].sha256.to_string());
    assert_eq!(authority["days_left"], 899);
}

#[test]
fn what_clients_of_an_instance_suffer_from_needs_a_person() {
    for (verdict, days, cell, next) in [
        (Verdict::Wrong, Some(60), "not verified by the published CA alone", "cannot connect"),
        (Verdict::Wrong, None, "presents no certificate", "cannot connect"),
        (Verdict::Unreachable, Some(60), "unreachable, presented", "could not be reached 20"),
        (Verdict::Unreachable, None, "unreachable", "could not be reached 20"),
        (Verdict::Served, Some(5), "5 days left, verified", "the service has to renew it"),
        (Verdict::Unreachable, Some(5), "5 days left", "the service has to renew it"),
    ] {
        let bench = Bench::new("suffers");
        bench.configure(&with_probe(&bench));
        installed(&bench, &[("Redis CA", 900)]);
        saw(&bench, verdict, days);
        let (text, shown, code) = status(&bench);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains(cell), "{cell}: {text}");
        assert!(shown["next"].as_str().unwrap().contains(next), "{next}: {shown}");
        let proof = match verdict {
            Verdict::Wrong => "refused",
            Verdict::Served => "verified",
            _ => "unreachable",
        };
        assert_eq!(shown["instance"]["verdict"], proof);
    }
}

#[test]
fn a_former_ca_is_shown_with_its_end() {
    let bench = Bench::new("former");
    bench.configure(&entry(&bench, "overlap = \"30d\""));
    installed(&bench, &[("New", 900), ("Old", 10)]);
    let (text, shown, code) = status(&bench);
    assert_eq!(code, 0, "what leaves by itself needs nobody: {text}");
    let next = shown["next"].as_str().unwrap();
    let says = "the former CA CN=Old stays beside the published one until 20";
    assert!(next.starts_with(says), "{next}");
    assert!(shown["until"].as_str().is_some_and(|until| next.ends_with(until)), "{shown}");
    assert_eq!(shown["days_left"], 9, "until the first of them ends");
    let authorities = shown["authorities"].as_array().unwrap();
    let published: Vec<_> = authorities.iter().map(|it| &it["published"]).collect();
    assert_eq!(published, [true, false]);
    assert_eq!(shown["instance"], Value::Null);

    // Not proven, it stays for as long as it takes.
    bench.configure(&with_probe(&bench));
    saw(&bench, Verdict::Wrong, Some(60));
    let (text, shown, code) = status(&bench);
    assert_eq!(code, 1, "{text}");
    let next = shown["next"].as_str().unwrap();
    assert!(next.contains("so the former one stays: `certrotd plan` says why"), "{next}");
}

#[test]
fn a_ca_that_ends_soon_needs_a_person() {
    let bench = Bench::new("ca-ends");
    bench.configure(&entry(&bench, ""));
    installed(&bench, &[("New", 10)]);
    let (text, shown, code) = status(&bench);
    assert_eq!(code, 1, "{text}");
    let says = "the CA CN=New in the file: 9 days left, and the service has to publish another one";
    assert_eq!(shown["next"], says);
    bench.configure(&entry(&bench, "warn_before = \"2d\""));
    assert_eq!(status(&bench).2, 0);
}

#[test]
fn history_tells_which_cas_stood_and_what_was_presented() {
    let bench = Bench::new("ca-history");
    bench.configure(&with_probe(&bench));
    let ca = installed(&bench, &[("New", 900), ("Old", 900)]);
    saw(&bench, Verdict::Served, Some(60));
    saw(&bench, Verdict::Wrong, None);
    saw(&bench, Verdict::Unreachable, None);
    let told = bench.certrotd(&["history", "orders"]);
    let (new, old) = (ca[0].sha256.short(), ca[1].sha256.short());
    let own = Sha256::of(b"own").short();
    let words = told.words();
    for says in [
        format!("instance_ca orders published {new}, beside it in the file {old} looked"),
        format!("probe {REDIS}: presents {own}, verified by the published CA alone looked"),
        format!("probe {REDIS}: presents no certificate looked"),
        format!("probe {REDIS}: unreachable looked"),
    ] {
        assert!(words.contains(&says), "{says}\n{}", told.stdout);
    }
    let shown = bench.certrotd(&["--format", "json", "history"]).json_lines();
    assert_eq!(
        (&shown[0]["table"], &shown[0]["outcome"]),
        (&"instance_ca".into(), &"looked".into())
    );
}

fn ledger(more: &str) -> String {
    format!(
        "[[instance_ssl]]\nname = \"ledger\"\nservice = \"taurusdb\"\ninstance_id = {LEDGER:?}\n\
         enabled = true\nallow_restart = true\n{more}\n"
    )
}

#[test]
fn a_switch_that_tells_its_state_is_shown_as_it_was_seen() {
    let bench = Bench::new("greeting");
    bench.configure(&ledger(&format!("probe = {MYSQL:?}")));
    let action =
        Action::SwitchSsl { cloud: name("north"), instance_id: LEDGER.to_owned(), on: true };
    let subject = Subject::Ssl(name("ledger"));
    let fact = Fact::Seen { id: None };
    bench.remember(vec![Record::Learned { subject, action, fact }]);
    let shown = |bench: &Bench| {
        let ended = bench.certrotd(&["--format", "json", "status"]);
        assert_eq!(ended.code, 0, "{}", ended.stdout);
        ended.json()["instance_ssls"][0].clone()
    };
    let seen = shown(&bench);
    assert!(seen["state"].as_str().unwrap().starts_with("on, seen 20"), "{seen}");
    assert_eq!(seen["next"], "nothing");
    bench.configure(&ledger(""));
    let seen = shown(&bench);
    assert!(seen["state"].as_str().unwrap().starts_with("found on 20"), "{seen}");
}

fn problems(ended: &Ended) -> Vec<String> {
    let shown = ended.json();
    let rows = shown["online"]["problems"].as_array().unwrap();
    rows.iter().map(|it| it["problem"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn check_online_says_which_switches_cannot_be_asked() {
    let bench = Bench::new("check-greeting");
    bench.configure(&ledger(&format!("probe = {MYSQL:?}")));
    let ended = bench.certrotd(&["--format", "json", "check", "--online"]);
    assert_eq!(ended.code, 1);
    let problems = problems(&ended);
    let said = |it: &String| it.starts_with(&format!("probe {MYSQL}: "));
    assert!(problems.iter().any(said), "{problems:?}");
}

#[test]
fn check_lists_switches_and_who_is_told() {
    let bench = Bench::new("check-listed");
    let address = "https://chat.example.com/hook";
    let told = format!(
        "[[notify]]\nname = 'chat'\nurl = {address:?}\n[[notify]]\nname = 'mail'\ncommand = ['/bin/sh']\n"
    );
    bench.configure(&format!("{}{told}", ledger("")));
    let ended = bench.certrotd(&["check"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let words = ended.words();
    let switch = format!("ok instance_ssl ledger TaurusDB {LEDGER}, wanted on ");
    for line in [&switch, "ok notify chat webhook ", "ok notify mail command "] {
        assert!(words.contains(line), "{line}: {words}");
    }
    let shown = bench.certrotd(&["--format", "json", "check"]);
    assert!(!format!("{words}{}", shown.stdout).contains("chat.example.com"), "it may be a secret");
    let shown = shown.json();
    assert_eq!(shown["instance_ssls"][0]["service"], "taurusdb");
    assert_eq!(shown["instance_ssls"][0]["wanted"], "on");
    assert_eq!(shown["notify"][0]["to"], "webhook");
}

#[test]
fn check_says_whom_files_cannot_be_given_to() {
    let bench = Bench::new("check-owner");
    let nobody = "nobody-of-this-name";
    bench.configure(&entry(&bench, &format!("owner = {nobody:?}\ngroup = {nobody:?}")));
    let ended = bench.certrotd(&["check"]);
    assert_eq!(ended.code, 1, "{}{}", ended.stdout, ended.stderr);
    let says = format!("no user is called {nobody} on this host");
    assert!(ended.stdout.contains("BAD  instance_ca orders"), "{}", ended.stdout);
    assert!(ended.words().contains(&says), "{}", ended.stdout);
    let shown = bench.certrotd(&["--format", "json", "check"]).json();
    assert_eq!(
        (&shown["ok"], &shown["instance_cas"][0]["name"]),
        (&false.into(), &"orders".into())
    );
    let error = shown["instance_cas"][0]["error"].as_str().unwrap();
    assert!(error.contains(&says), "{error}");
    assert!(!bench.path("ca.pem").exists() && !bench.path("state").exists());

    bench.configure(&entry(&bench, ""));
    let ended = bench.certrotd(&["check"]);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert!(ended.words().contains("ok instance_ca orders"), "{}", ended.stdout);
}

#[test]
fn check_says_who_may_not_give_a_file_away() {
    use std::os::unix::fs::MetadataExt as _;
    // Only root can become another user, and only another user is refused.
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return;
    }
    let bench = Bench::new("check-give");
    bench.configure(&entry(&bench, "owner = \"0\"\ngroup = \"65534\""));
    for file in ["certrotd.toml", "ak", "sk"] {
        bench.mode(file, 0o644);
    }
    assert_eq!(bench.certrotd(&["check"]).code, 0, "root may");
    let ended = bench.certrotd_as(65534, &["check"]);
    assert_eq!(ended.code, 1, "{}", ended.stdout);
    assert!(
        ended.words().contains("owner = 0: whoever runs this has no right to give a file away"),
        "{}",
        ended.stdout
    );
    assert!(!ended.words().contains("group = 65534"), "its own group: {}", ended.stdout);
}

#[test]
fn ids_that_are_none_by_their_form_are_warned_of_by_check_alone() {
    let bench = Bench::new("forms");
    ["one", "two"].iter().for_each(|name| bench.pair(name, 90));
    let push = "[[certificate.push]]\nservice = \"elb\"\nproject = \"cn-north-4\"\nlisteners = [\"www\"]\n";
    let certificates: String =
        ["one", "two"].iter().map(|name| bench.certificate(name, push)).collect();
    let redis = entry(&bench, "").replace("3f5a8bb2-0000-4a6e-9b6f-0123456789ab", LEDGER);
    bench.configure(&format!("{certificates}{redis}"));
    let ended = bench.certrotd(&["check"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let words = ended.words();
    for expected in [
        "certificate one (and 1 more like it): listener \"www\" does not look like the id of one",
        &format!("instance_ca orders: instance_id {LEDGER:?} does not look like one of DCS"),
        "2 warnings",
    ] {
        assert!(words.contains(expected), "{expected}: {words}");
    }
    let plan = bench.certrotd(&["plan"]);
    assert!(!plan.stdout.contains("look like"), "{}", plan.stdout);
}
