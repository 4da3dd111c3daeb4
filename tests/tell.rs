//! Whoever is to be told, told by the real binary: once, not again after a restart, and that it is over; and a receiver
//! that does not answer is in nobody's way.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

#[path = "tell/receiver.rs"]
mod receiver;

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use certrotd::sim::pki::KeyKind;
use common::{House, NAMES, Running, eventually};
use receiver::{Answer, Receiver, Request};
use serde_json::Value;

const WWW: &str = NAMES[0];
const KEY: &str = "the-key-of-the-webhook-7d1c";
const MANUAL: &str = "docs/manual.md";

/// A house with one certificate and somebody who is told.
fn house(notify: &str) -> House {
    let mut house = House::new();
    house.schedule = "reconcile = \"* * * * * *\"\njitter = \"0s\"\n".to_owned();
    house.secret_file("webhook-key", KEY);
    let entry = format!(
        "\n[[certificate]]\nname = \"{WWW}\"\ncert = \"live/{WWW}/fullchain.pem\"\n\
         key = \"live/{WWW}/privkey.pem\"\n[[certificate.push]]\nservice = \"elb\"\n"
    );
    fs::write(house.config_path(), house.base() + &entry + notify).unwrap();
    house
}

fn webhook(receiver: &Receiver) -> String {
    let url = receiver.url();
    format!(
        "\n[[notify]]\nname = \"ops\"\nurl = \"{url}/hook?token=sesame\"\n\
         secret_file = \"webhook-key\"\nsettle = \"0\"\n"
    )
}

/// A pair whose key is another one's.
fn spoil(house: &House) {
    let (issued, other) =
        (house.issue(WWW, KeyKind::Rsa2048, 9), house.issue(WWW, KeyKind::Rsa2048, 5));
    house.put_files(WWW, &issued.fullchain_pem(), other.key_pem.expose());
}

fn mend(house: &House) {
    house.put(WWW, &house.issue(WWW, KeyKind::Rsa2048, 1));
}

fn cycles(daemon: &Running, more: usize) {
    let count = || daemon.log().matches("\"event\":\"cycle.finished\"").count();
    let before = count();
    eventually("cycles", || count() >= before + more);
}

fn end(mut daemon: Running) {
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0), "{}", daemon.log());
}

fn said(request: &Request) -> [String; 3] {
    let body = request.json();
    ["kind", "reason", "entry"].map(|key| body[key].as_str().unwrap_or("null").to_owned())
}

#[track_caller]
fn is_signed(request: &Request) {
    let timestamp = request.header("x-certrotd-timestamp");
    let key = hmac::Key::new(hmac::HMAC_SHA256, KEY.as_bytes());
    let tag = hmac::sign(&key, format!("{timestamp}.{}", request.body).as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(request.header("x-certrotd-signature"), format!("sha256={hex}"));
}

#[test]
fn told_once_not_after_a_restart_and_that_it_is_over() {
    let receiver = Receiver::start(Answer::Ok);
    let house = house(&webhook(&receiver));
    spoil(&house);
    let daemon = house.spawn(&["run"]);
    eventually("the message", || receiver.requests().len() == 1);
    assert_eq!(said(&receiver.requests()[0]), ["held", "bad_input", WWW]);
    cycles(&daemon, 3);
    assert_eq!(receiver.requests().len(), 1, "it is held still, which is no news");
    end(daemon);
    let daemon = house.spawn(&["run"]);
    cycles(&daemon, 3);
    assert_eq!(receiver.requests().len(), 1, "a restart is none either");
    mend(&house);
    eventually("the end of it", || receiver.requests().len() == 2);
    let requests = receiver.requests();
    assert_eq!(said(&requests[1]), ["recovered", "bad_input", WWW]);
    assert_eq!(requests[1].json()["of"], "held");
    cycles(&daemon, 2);
    end(daemon);
    assert_eq!(receiver.requests().len(), 2);
    for request in &requests {
        is_signed(request);
        let scratch = house.scratch.path("").display().to_string();
        for hidden in [KEY, "sesame", "privkey", scratch.as_str()] {
            assert!(!request.body.contains(hidden), "{hidden} in {}", request.body);
        }
        assert_eq!(request.first, "POST /hook?token=sesame HTTP/1.1");
    }
    let log = fs::read_to_string(house.scratch.path("log")).unwrap();
    let told = fs::read_to_string(house.state().join("told")).unwrap();
    for text in [log, told] {
        assert!(!text.contains(KEY) && !text.contains("sesame"), "{text}");
    }
}

#[test]
fn a_receiver_that_does_not_answer_is_in_nobodys_way() {
    let receiver = Receiver::start(Answer::Never);
    let house = house(&webhook(&receiver));
    spoil(&house);
    let daemon = house.spawn(&["run"]);
    eventually("the message", || receiver.requests().len() == 1);
    cycles(&daemon, 3);
    mend(&house);
    eventually("the import", || house.writes()[0] == 1);
    let began = Instant::now();
    end(daemon);
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
}

#[test]
fn a_command_that_tells_is_not_kept_from_ending() {
    let receiver = Receiver::start(Answer::Never);
    let house = house(&webhook(&receiver));
    spoil(&house);
    let mut apply = house.spawn(&["apply"]);
    eventually("the message", || receiver.requests().len() == 1);
    let began = Instant::now();
    apply.signal("TERM");
    assert_eq!(apply.wait(), Some(1));
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
}

#[test]
fn what_was_not_taken_is_told_by_the_next_one() {
    let receiver = Receiver::start(Answer::Status(503));
    let house = house(&webhook(&receiver));
    spoil(&house);
    let ran = house.run(&["apply"]).ends_with(1);
    assert!(ran.stderr.contains("\"event\":\"message.failed\""), "{}", ran.events());
    assert!(ran.stderr.contains("503") && !ran.stderr.contains("sesame"), "{}", ran.events());
    receiver.answer(Answer::Ok);
    let ran = house.run(&["apply"]).ends_with(1);
    assert!(ran.stderr.contains("\"event\":\"message.sent\""), "{}", ran.events());
    house.run(&["apply"]).ends_with(1);
    let requests = receiver.requests();
    assert_eq!(requests.len(), 2, "taken once, it is told");
    mend(&house);
    house.run(&["apply"]).ends_with(0);
    let requests = receiver.requests();
    assert_eq!(requests.len(), 3);
    assert_eq!(said(&requests[2]), ["recovered", "bad_input", WWW]);
}

#[test]
fn a_command_gets_the_message_and_little_else() {
    let mut house = house("");
    let told = house.scratch.path("told");
    let script = "cat > \"$0\"; env | sort > \"$0.env\"";
    let notify = format!(
        "\n[[notify]]\nname = \"mail\"\ncommand = [\"/bin/sh\", \"-c\", {script:?}, {told:?}]\n\
         on = [\"changed\"]\n"
    );
    fs::write(house.config_path(), fs::read_to_string(house.config_path()).unwrap() + &notify)
        .unwrap();
    house.environment.push(("SOMETHING_ELSE".to_owned(), "chirps".to_owned()));
    mend(&house);
    house.run(&["apply"]).ends_with(0);
    let message: Value = serde_json::from_str(&fs::read_to_string(&told).unwrap()).unwrap();
    assert_eq!(message["kind"], "changed");
    assert_eq!((&message["entry"], &message["reason"]), (&WWW.into(), &"push".into()));
    let environment = fs::read_to_string(house.scratch.path("told.env")).unwrap();
    for line in ["CERTROTD_KIND=changed", "CERTROTD_REASON=push"] {
        assert!(environment.lines().any(|own| own == line), "{line} is not in\n{environment}");
    }
    assert!(environment.contains(&format!("CERTROTD_NAME={WWW}\n")), "{environment}");
    assert!(!environment.contains("chirps") && !environment.contains("HOME="), "{environment}");
    house.run(&["apply"]).ends_with(0);
}

#[test]
fn a_test_says_what_came_back() {
    let receiver = Receiver::start(Answer::Ok);
    let house = house(&webhook(&receiver));
    let ran = house.run(&["notify", "--test"]).ends_with(0);
    assert!(ran.stdout.starts_with("ok") && ran.stdout.contains("notify ops"), "{}", ran.stdout);
    assert_eq!(said(&receiver.requests()[0]), ["test", "test", "null"]);
    is_signed(&receiver.requests()[0]);
    receiver.answer(Answer::Status(403));
    let ran = house.run(&["notify", "--test"]).ends_with(1);
    assert!(ran.stdout.starts_with("BAD") && ran.stdout.contains("403"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("sesame"), "{}", ran.stdout);
    assert!(ran.stdout.contains("post: answered 403"), "{}", ran.stdout);
    let ran = house.run(&["notify"]).ends_with(0);
    assert!(ran.stdout.starts_with("tells  notify ops"), "{}", ran.stdout);
    let ran = house.run(&["notify", "--format", "json"]).ends_with(0);
    let shown: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(shown["notify"][0]["on"][0], "wrong");
    assert_eq!(receiver.requests().len(), 2, "without --test nothing is sent");
    assert!(!house.state().exists(), "and nothing is left behind");
}

fn block(language: &str) -> String {
    let manual = fs::read_to_string(format!("{}/{MANUAL}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let section = manual.split("\n### Being told\n").nth(1).unwrap();
    let block = section.split(&format!("```{language}\n")).nth(1).unwrap();
    block.split("```").next().unwrap().to_owned()
}

#[test]
fn the_manual_shows_a_message_as_it_is_and_how_to_check_it() {
    let receiver = Receiver::start(Answer::Ok);
    let house = house(&webhook(&receiver));
    spoil(&house);
    house.run(&["apply"]).ends_with(1);
    let request = receiver.requests().remove(0);
    let keys = |text: &str| -> Vec<String> {
        // In their order, which a map would not keep.
        let quoted = text.split('"').skip(1).step_by(2).zip(text.split('"').skip(2).step_by(2));
        let keys = quoted.filter(|(_, behind)| behind.starts_with(':'));
        keys.map(|(key, _)| key.to_owned()).collect()
    };
    let shown = block("json");
    assert_eq!(keys(&shown), keys(&request.body));
    let (shown, real): (Value, Value) = (serde_json::from_str(&shown).unwrap(), request.json());
    for (key, value) in real.as_object().unwrap() {
        let same = std::mem::discriminant(value) == std::mem::discriminant(&shown[key]);
        assert!(same, "{key} is {value} and not such as {}", shown[key]);
    }
    assert_eq!((&shown["text"], &shown["reason"]), (&real["text"], &real["reason"]));
    let checks = |body: &str| {
        let [timestamp, signature] =
            ["timestamp", "signature"].map(|it| request.header(&format!("x-certrotd-{it}")));
        let script = format!(
            "{}\nimport sys\nsys.exit(0 if is_genuine(b{KEY:?}, {timestamp:?}, {signature:?}, sys.argv[1].encode()) else 9)",
            block("python")
        );
        Command::new("python3").args(["-c", &script, body]).stderr(Stdio::inherit()).status()
    };
    // A host without Python checks the rest.
    let mut python = Command::new("python3");
    if python.arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        return;
    }
    assert_eq!(checks(&request.body).unwrap().code(), Some(0));
    assert_eq!(checks(&request.body.replace("held", "gone")).unwrap().code(), Some(9));
}
