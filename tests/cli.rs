//! The commands that look and change nothing, run as an operator runs them: the real binary, a
//! scratch directory, and no cloud but a socket on this host.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "cli/bench.rs"]
mod bench;
#[path = "cli/first.rs"]
mod first;
#[path = "cli/instances.rs"]
mod instances;
#[path = "cli/judged.rs"]
mod judged;
#[path = "cli/online.rs"]
mod online;
#[path = "cli/report.rs"]
mod report;
#[path = "cli/served.rs"]
mod served;
#[path = "cli/status.rs"]
mod status;
#[path = "cli/watched.rs"]
mod watched;

use bench::Bench;
use certrotd::model::digest::Sha256;
use certrotd::model::failure::{Failure, Kind};
use certrotd::model::names::{Name, Subject};
use certrotd::plan::action::Action;
use certrotd::plan::memory::Record;

#[test]
fn help_names_every_command_and_needs_nothing() {
    let bench = Bench::new("help");
    let help = bench.certrotd(&["--help"]);
    assert_eq!(help.code, 0);
    for command in [
        "run", "apply", "plan", "status", "report", "history", "pause", "check", "policy",
        "inspect", "init", "schema",
    ] {
        assert!(help.stdout.contains(&format!("\n  {command} ")), "{}", help.stdout);
        let own = bench.certrotd(&[command, "--help"]);
        assert_eq!(own.code, 0, "{command}");
    }
    assert!(bench.certrotd(&["--version"]).stdout.starts_with("certrotd "));
}

#[test]
fn a_wrong_command_line_or_configuration_ends_with_2() {
    let bench = Bench::new("wrong");
    assert_eq!(bench.certrotd(&["frobnicate"]).code, 2);
    assert_eq!(bench.certrotd(&["inspect"]).code, 2, "a file is missing");
    assert_eq!(bench.certrotd(&["history", "no name"]).code, 2);
    bench.write("certrotd.toml", "[cloud.x]\nregoin = 1\n");
    for command in ["status", "history", "check"] {
        let ended = bench.certrotd(&[command]);
        assert_eq!((ended.code, &*ended.stdout), (2, ""), "{command}");
        let place = format!("{}:2:1: ", bench.path("certrotd.toml").display());
        assert!(ended.stderr.contains(&place), "{}", ended.stderr);
        let drawn = "did you mean `region`?\n  |\n2 | regoin = …\n  | ^^^^^^\n";
        assert!(ended.stderr.ends_with(drawn), "{}", ended.stderr);
    }
}

#[test]
fn the_schema_needs_no_configuration() {
    let bench = Bench::new("schema");
    let printed = bench.certrotd(&["schema"]);
    assert_eq!((printed.code, &*printed.stderr), (0, ""));
    assert_eq!(printed.json(), certrotd::config::schema());
}

#[test]
fn inspect_works_without_a_configuration() {
    let bench = Bench::new("inspect");
    bench.pair("www", 90);
    let (cert, key) = (bench.text("www.pem"), bench.text("www.key"));
    let good = bench.certrotd(&["inspect", &cert, &key]);
    assert_eq!((good.code, &*good.stderr), (0, ""), "{}", good.stdout);
    assert!(good.stdout.contains("belongs to the certificate"), "{}", good.stdout);
    assert!(!good.stdout.contains("BEGIN"), "no PEM comes out");
    assert!(!good.stdout.contains("not renewed"), "{}", good.stdout);

    // Where no configuration says otherwise, what `check` says of a default.
    bench.pair("late", 5);
    let late = bench.certrotd(&["inspect", &bench.text("late.pem")]);
    assert_eq!(late.code, 0, "{}", late.stdout);
    let words = "  ! CN=www.example.com: 4 days left and not renewed: look at the ACME client\n";
    assert!(late.stdout.ends_with(words), "{}", late.stdout);
    bench.pair("gone", -5);
    let gone = bench.certrotd(&["inspect", &bench.text("gone.pem")]);
    assert_eq!(gone.code, 1);
    assert!(!gone.stdout.contains("not renewed"), "it is said that it has ended: {}", gone.stdout);

    let missing = bench.text("none.pem");
    let bad = bench.certrotd(&["--format", "json", "inspect", &cert, &missing]);
    assert_eq!(bad.code, 1);
    let shown = bad.json();
    assert_eq!(shown[0]["file"], cert);
    assert_eq!(shown[0]["certificates"][0]["sans"][0], "www.example.com");
    assert_eq!(shown[0]["error"], serde_json::Value::Null);
    let error = shown[1]["error"].as_str().unwrap();
    assert!(error.starts_with("cannot be read: No such file"), "{error}");
}

#[test]
fn history_shows_each_effect_with_its_end() {
    let bench = Bench::new("history");
    bench.configure("");
    let none = bench.certrotd(&["history"]);
    assert_eq!(none.code, 0);
    assert!(none.stdout.contains("no journal"), "{}", none.stdout);
    assert!(!bench.path("state").exists(), "looking creates nothing");
    assert_eq!(bench.certrotd(&["--format", "json", "history"]).stdout, "");

    let name = Name::new("orders").unwrap();
    let subject = Subject::Ca(name.clone());
    let install = Action::InstallCa {
        name: name.clone(),
        sha256: Sha256::of(b"ca"),
        authorities: Box::default(),
    };
    let hook = Action::RunHook { name: name.clone(), sha256: Sha256::of(b"ca") };
    let failure = Failure {
        code: Some("X.1".to_owned()),
        request_id: Some("r-1".to_owned()),
        ..Failure::local(Kind::Transient, "on_change", "ended badly")
    };
    let www = Name::new("www").unwrap();
    bench.remember(vec![
        Record::Began { subject: subject.clone(), action: install.clone() },
        Record::Done { subject: subject.clone(), action: install, id: None },
        Record::Began { subject: subject.clone(), action: hook.clone() },
        Record::Failed { subject, action: hook, failure },
        Record::AskedRetry { name: www },
    ]);
    let all = bench.certrotd(&["history"]);
    let lines: Vec<_> = all.stdout.lines().collect();
    assert_eq!((all.code, lines.len()), (0, 4), "{}", all.stdout);
    assert_eq!(lines[2], "    failed: on_change: X.1 ended badly (request r-1)");
    let first = format!("instance_ca orders  install CA bundle {}", Sha256::of(b"ca").short());
    assert!(lines[0].contains(&first) && lines[0].ends_with("  done"), "{}", lines[0]);

    let of_one = bench.certrotd(&["--format", "json", "history", "orders"]).json_lines();
    assert_eq!(of_one.len(), 2);
    assert_eq!(of_one[1]["outcome"], "failed");
    assert_eq!(of_one[1]["error_code"], "X.1");
    assert_eq!(of_one[1]["request_id"], "r-1");
    assert_eq!(of_one[0].get("id"), None);
    let of_span = |since: &str, until: &str| {
        let words = ["--format", "json", "history", "--since", since, "--until", until];
        bench.certrotd(&words).json_lines().len()
    };
    assert_eq!((of_span("1h", "0s"), of_span("2h", "1h"), of_span("2026-01-01", "0s")), (3, 0, 3));
    assert_eq!(bench.certrotd(&["history", "--since", "yesterday"]).code, 2);
    let later = bench.certrotd(&["history", "orders", "--until", "1h"]);
    assert_eq!(
        (later.code, later.stdout.starts_with("the journal remembers nothing of orders")),
        (0, true)
    );
    let nobody = bench.certrotd(&["history", "nobody"]);
    assert_eq!((nobody.code, &*nobody.stdout), (2, ""));
    assert_eq!(nobody.stderr, "certrotd: the configuration has no entry named nobody\n");
}

#[test]
fn a_journal_that_cannot_be_read_is_said_in_one_line() {
    let bench = Bench::new("broken");
    bench.configure("");
    std::fs::create_dir(bench.path("state")).unwrap();
    bench.write("state/journal.sqlite", &"this is no database ".repeat(100));
    for command in ["history", "status"] {
        let ended = bench.certrotd(&[command]);
        assert_eq!((ended.code, &*ended.stdout), (1, ""), "{command}");
        assert!(ended.stderr.starts_with("certrotd: journal "), "{}", ended.stderr);
    }
}

#[test]
fn check_judges_files_and_passes_warnings_on() {
    let bench = Bench::new("check");
    bench.pair("www", 90);
    bench.configure(&bench.certificate("www", ""));
    let good = bench.certrotd(&["check"]);
    assert_eq!(good.code, 0, "{}", good.stdout);
    assert!(good.stdout.starts_with("ok  certificate www  "), "{}", good.stdout);
    assert!(good.stdout.contains("ECDSA P-256, 89 days left\nnothing wrong"), "{}", good.stdout);

    bench.pair("old", -1);
    bench.mode("old.key", 0o644);
    let bad = bench.certificate("bad", "").replace("bad.pem", "www.pem");
    bench.configure(&format!("{}{bad}", bench.certificate("old", "")));
    let ended = bench.certrotd(&["check"]);
    assert_eq!(ended.code, 1);
    assert!(ended.stdout.contains("expired on "), "{}", ended.stdout);
    assert!(ended.stdout.contains("bad.key: cannot be read: "), "{}", ended.stdout);
    assert!(ended.words().contains("so that others can read it"), "{}", ended.stdout);
    let shown = bench.certrotd(&["--format", "json", "check"]).json();
    assert_eq!(shown["ok"], false);
    assert_eq!(shown["certificates"][0]["name"], "old");
    assert_eq!(shown["warnings"].as_array().unwrap().len(), 1);
    assert!(!bench.path("state").exists(), "looking creates nothing");
}
