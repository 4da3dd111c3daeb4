//! `certrotd status`: what an operator reads at night.

use certrotd::model::digest::Sha256;
use certrotd::model::failure::{Failure, Kind};
use certrotd::model::names::{Name, Subject};
use certrotd::model::target::Target;
use certrotd::model::time::Time;
use certrotd::plan::action::{Action, Fact, Import, ImportKey};
use certrotd::plan::memory::Record;

use super::bench::Bench;

/// The longest line that is not one long word.
const COLUMNS: usize = 100;
const PUSHES: &str = "[[certificate.push]]\nservice = \"elb\"\nproject = \"cn-north-4\"\n\
                      [[certificate.push]]\nservice = \"waf\"\nproject = \"cn-north-4\"\n";

pub fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// The key under which the pair of this name would be imported.
pub fn key(bench: &Bench, of: &str) -> ImportKey {
    let file = bench.text(&format!("{of}.pem"));
    let shown = bench.certrotd(&["--format", "json", "inspect", &file]).json();
    let leaf = &shown[0]["certificates"][0];
    let issued = leaf["not_before"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>();
    ImportKey::from(Import {
        cloud: name("north"),
        enterprise_project: None,
        leaf: leaf["sha256"].as_str().unwrap().parse().unwrap(),
        issued: issued.unwrap().into(),
    })
}

#[test]
fn before_the_first_cycle_it_says_what_that_will_do() {
    let bench = Bench::new("status-first");
    bench.pair("www", 90);
    bench.configure(&bench.certificate("www", PUSHES));
    let ended = bench.certrotd(&["status"]);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    let import = format!("import as www-{}", key(&bench, "www").leaf.short());
    let words = ended.words();
    assert!(words.contains("not seen yet not bound here not probed"), "{words}");
    assert!(words.contains(&import), "{words}");
    assert!(words.contains("ELB cn-north-4 not seen yet · WAF cn-north-4 not seen yet"), "{words}");
    assert!(ended.stdout.lines().all(|line| line.chars().count() <= COLUMNS), "{}", ended.stdout);
    assert!(!bench.path("state").exists(), "looking creates nothing");
}

#[test]
fn what_stands_is_shown_from_the_journal() {
    let bench = Bench::new("status-stands");
    bench.pair("www", 90);
    bench.configure(&bench.certificate("www", PUSHES));
    let (subject, key) = (Subject::Certificate(name("www")), key(&bench, "www"));
    let id = || Some("scs1600313391074".to_owned());
    let push = |target| Action::Push {
        key: key.clone(),
        scm_id: "scs1600313391074".to_owned(),
        target,
        project: "cn-north-4".to_owned(),
    };
    let import = Action::Import { key: key.clone() };
    let failure = Failure::local(Kind::Operator, "push", "no right");
    bench.remember(vec![
        Record::Done { subject: subject.clone(), action: import, id: id() },
        Record::Learned {
            subject: subject.clone(),
            action: push(Target::Elb),
            fact: Fact::Seen { id: Some("elb-1".to_owned()) },
        },
        Record::Failed { subject, action: push(Target::Waf), failure },
    ]);
    let ended = bench.certrotd(&["--format", "json", "status"]);
    assert_eq!(ended.code, 1, "a missing right needs a person: {}", ended.stdout);
    let line = &ended.json()["certificates"][0];
    assert_eq!(line["scm_id"], "scs1600313391074");
    assert_eq!(line["days_left"], 89);
    assert_eq!(line["targets"][0]["state"], "pushed and listed");
    assert_eq!(line["targets"][1]["state"], "push failed");
    assert_eq!(line["needs_person"], true);
    let next = line["next"].as_str().unwrap();
    assert!(
        next.contains("push scs1600313391074 to WAF in cn-north-4") && next.contains("no right")
    );
    let text = bench.certrotd(&["status"]).words();
    assert!(text.contains(next), "text and JSON say the same: {text}");
}

#[test]
fn a_bad_file_and_a_late_renewal_need_a_person() {
    let bench = Bench::new("status-bad");
    bench.pair("late", 5);
    bench.configure(&format!("{}{}", bench.certificate("late", ""), bench.certificate("gone", "")));
    let ended = bench.certrotd(&["--format", "json", "status"]);
    assert_eq!(ended.code, 1);
    let shown = ended.json();
    let next = |index: usize| shown["certificates"][index]["next"].as_str().unwrap().to_owned();
    assert!(
        next(0).ends_with("4 days left and not renewed: look at the ACME client"),
        "{}",
        next(0)
    );
    assert!(next(1).contains("gone.pem: cannot be read"), "{}", next(1));
    assert_eq!(shown["certificates"][1]["days_left"], serde_json::Value::Null);

    bench.configure(&bench.certificate("late", "warn_before = \"2d\""));
    assert_eq!(bench.certrotd(&["status"]).code, 0);
}

#[test]
fn while_the_new_leaf_waits_the_one_in_the_cloud_is_shown() {
    let bench = Bench::new("status-older");
    bench.pair("www", 90);
    bench.configure(&bench.certificate("www", ""));
    let key = key(&bench, "www").of_leaf(Sha256::of(b"former"), Time::from_secs(5));
    let action = Action::Import { key };
    let subject = Subject::Certificate(name("www"));
    bench.remember(vec![Record::Done { subject, action, id: Some("scs1".to_owned()) }]);
    let ended = bench.certrotd(&["status"]);
    let shown = format!("scs1 ({})", Sha256::of(b"former").short());
    assert!(ended.words().contains(&shown), "{}", ended.stdout);
    assert!(ended.words().contains("next: import as www-"), "{}", ended.stdout);
    assert_eq!(ended.code, 0);
}

fn instances(bench: &Bench) -> String {
    format!(
        "[[instance_ca]]\nname = \"orders\"\nservice = \"dcs\"\ninstance_id = \
         \"3f5a8bb2-0000-4a6e-9b6f-0123456789ab\"\npath = {:?}\non_change = [\"/bin/true\"]\n\
         [[instance_ssl]]\nname = \"ledger\"\nservice = \"taurusdb\"\ninstance_id = {:?}\n\
         enabled = true\nallow_restart = true\n",
        bench.path("ca.pem"),
        "0123456789abcdef0123456789abcdefin07",
    )
}

#[test]
fn instances_are_known_from_file_and_journal_alone() {
    let bench = Bench::new("status-instances");
    bench.configure(&instances(&bench));
    let ended = bench.certrotd(&["--format", "json", "status"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let shown = ended.json();
    assert_eq!(shown["instance_cas"][0]["next"], "looks at the next cycle");
    assert_eq!(shown["instance_cas"][0]["sha256"], serde_json::Value::Null);
    assert_eq!(shown["instance_ssls"][0]["state"], "unknown");
    let next = shown["instance_ssls"][0]["next"].as_str().unwrap();
    assert!(next.ends_with("unless the task list shows another switch"), "{next}");

    bench.pair("ca", 90);
    let sha256 = Sha256::of(&std::fs::read(bench.path("ca.pem")).unwrap());
    let subject = Subject::Ca(name("orders"));
    let install = Action::InstallCa { name: name("orders"), sha256, authorities: Box::default() };
    let switch = Action::SwitchSsl {
        cloud: name("north"),
        instance_id: "0123456789abcdef0123456789abcdefin07".to_owned(),
        on: true,
    };
    let ledger = Subject::Ssl(name("ledger"));
    bench.remember(vec![
        Record::Done { subject, action: install, id: None },
        Record::Done { subject: ledger, action: switch, id: Some("job-1".to_owned()) },
    ]);
    let ended = bench.certrotd(&["--format", "json", "status"]);
    let shown = ended.json();
    let ca = &shown["instance_cas"][0];
    assert_eq!(ca["sha256"], sha256.to_string());
    assert_eq!(ca["on_change"], "not run");
    assert_eq!(ca["next"], format!("run on_change for {}", sha256.short()));
    assert!(ca["days_left"].as_i64().unwrap() > 1000, "the root's end: {ca}");
    assert!(ca["installed"].as_str().unwrap().starts_with("20"), "{ca}");
    let ssl = &shown["instance_ssls"][0];
    assert!(ssl["state"].as_str().unwrap().ends_with("by job job-1"), "{ssl}");
    assert!(ssl["next"].as_str().unwrap().starts_with("follow job job-1 of "), "{ssl}");
    assert_eq!(ended.code, 0);
}

#[test]
fn a_step_that_was_begun_is_not_called_lost() {
    let bench = Bench::new("status-begun");
    bench.pair("www", 90);
    bench.configure(&bench.certificate("www", ""));
    let action = Action::Import { key: key(&bench, "www") };
    bench.remember(vec![Record::Began { subject: Subject::Certificate(name("www")), action }]);
    let ended = bench.certrotd(&["--format", "json", "status"]);
    let next = ended.json()["certificates"][0]["next"].as_str().unwrap().to_owned();
    assert_eq!(ended.code, 0, "{next}");
    assert!(next.ends_with("and no end of it is known yet"), "{next}");
}

#[test]
fn what_sends_nothing_needs_no_credential() {
    let bench = Bench::new("status-offline");
    bench.configure("");
    bench.remember(Vec::new());
    std::fs::remove_file(bench.path("sk")).unwrap();
    for command in ["status", "history"] {
        let ended = bench.certrotd(&[command]);
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{command}: {}", ended.stdout);
    }
    for command in ["run", "apply", "plan", "check"] {
        let ended = bench.certrotd(&[command]);
        assert_eq!(ended.code, 2, "{command}: {}", ended.stderr);
        assert!(ended.stderr.contains("`secret_key_file`"), "{command}: {}", ended.stderr);
    }
}

#[test]
fn who_may_not_read_what_is_sent_or_change_the_state_gets_the_command_to_type() {
    use std::os::unix::fs::MetadataExt as _;
    // Only root can become another user, and only another user is refused.
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return;
    }
    let bench = Bench::new("status-needs");
    bench.configure("");
    bench.remember(Vec::new());
    let said = |code: i32, who: &str, command: &[&str]| {
        let ended = bench.certrotd_as(65534, command);
        assert_eq!(ended.code, code, "{command:?}: {}{}", ended.stdout, ended.stderr);
        let last = ended.stderr.lines().last().unwrap();
        let typed = format!("{} {}", bench.text("certrotd.toml"), command.join(" "));
        let told = format!("certrotd: {who}: sudo certrotd --config {typed}");
        assert_eq!(last, told, "{}", ended.stderr);
    };
    let read = "only root and the daemon's user may read these";
    said(2, read, &["status"]);
    bench.mode("certrotd.toml", 0o644);
    let commands: [&[&str]; 4] = [&["check"], &["plan"], &["notify", "--test"], &["apply"]];
    commands.into_iter().for_each(|command| said(2, read, command));
    let daemon = bench.certrotd_as(65534, &["run"]);
    assert_eq!((daemon.code, daemon.stderr.contains("sudo")), (2, false), "{}", daemon.stderr);

    ["ak", "sk"].into_iter().for_each(|file| bench.mode(file, 0o644));
    let change = "only root and the daemon's user may change the state";
    said(1, change, &["apply"]);
    said(1, change, &["pause", "www", "--off"]);
    std::fs::remove_file(bench.path("sk")).unwrap();
    assert!(!bench.certrotd(&["check"]).stderr.contains("sudo"), "nobody else can read it either");
}

#[test]
fn who_may_not_read_state_or_credentials_gets_the_command_to_type() {
    use std::os::unix::fs::MetadataExt as _;
    // Only root can become another user, and only another user is refused.
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return;
    }
    let bench = Bench::new("status-denied");
    bench.configure("");
    bench.remember(Vec::new());
    bench.mode("certrotd.toml", 0o644);
    let commands: [&[&str]; 3] =
        [&["status"], &["history", "www", "--format", "json"], &["report", "--html", "page.html"]];
    for command in commands {
        let ended = bench.certrotd_as(65534, command);
        assert_eq!(ended.code, 1, "{command:?}: {}{}", ended.stdout, ended.stderr);
        let (_, typed) = ended.stderr.split_once("sudo certrotd --config ").unwrap();
        assert!(typed.trim_end().ends_with(&command.join(" ")), "as it was typed: {typed}");
    }
}
