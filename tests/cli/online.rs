//! `certrotd check --online`, against a socket on this host that knows one answer.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::bench::Bench;

/// A server that gives everybody the same answer, and counts. Its thread ends with the process.
fn server(status: &'static str, body: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
                head.push(byte[0]);
            }
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
                 connection: close\r\n\r\n{body}"
            )
            .ok();
        }
    });
    (address, count)
}

const REFUSED: &str = r#"{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information: verify aksk signature fail"}"#;

#[test]
fn a_refused_credential_is_said_remembered_and_then_left_alone() {
    let bench = Bench::new("refused");
    bench.pair("www", 90);
    let (address, count) = server("401 Unauthorized", REFUSED);
    bench.configure_at(&format!("http://{address}"), &bench.certificate("www", ""));
    let first = bench.certrotd(&["check", "--online"]);
    assert_eq!(first.code, 1);
    assert!(first.stdout.contains("BAD  cloud north"), "{}", first.stdout);
    assert!(first.stdout.contains("APIGW.0301"), "{}", first.stdout);
    assert_eq!(count.load(Ordering::SeqCst), 1, "nothing else is sent with it");
    for command in [&["plan"][..], &["check", "--online"], &["plan"], &["check", "--online"]] {
        assert_eq!(bench.certrotd(command).code, 1);
    }
    assert_eq!(count.load(Ordering::SeqCst), 2, "one more, then it is left alone");
    let mode = std::fs::metadata(bench.path("state")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "the refusal has a place to be remembered");
    let history = bench.certrotd(&["history"]).stdout;
    assert_eq!(
        history.matches("cloud north  use credential AKID  refused").count(),
        2,
        "{history}"
    );
    let withheld = bench.certrotd(&["--format", "json", "check", "--online"]).json();
    let error = withheld["online"]["clouds"][0]["error"].as_str().unwrap();
    assert!(error.contains("not sent"), "{error}");
}

#[test]
fn that_a_refusal_is_not_remembered_is_said() {
    let bench = Bench::new("forgotten");
    let (address, _) = server("401 Unauthorized", REFUSED);
    bench.configure_at(&format!("http://{address}"), "");
    // Nothing is there, and nothing can be made there.
    std::os::unix::fs::symlink(bench.path("none/state"), bench.path("state")).unwrap();
    let ended = bench.certrotd(&["check", "--online"]);
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("is not remembered"), "{}{}", ended.stdout, ended.stderr);
}

#[test]
fn a_running_daemon_keeps_its_journal_to_itself() {
    let bench = Bench::new("locked");
    let (address, _) = server("401 Unauthorized", REFUSED);
    bench.configure_at(&format!("http://{address}"), "");
    bench.remember(Vec::new());
    let _lock = certrotd::files::lock::Lock::acquire(&bench.path("state")).unwrap();
    let ended = bench.certrotd(&["check", "--online"]);
    assert_eq!(ended.code, 1);
    assert_eq!(bench.certrotd(&["history"]).stdout, "the journal remembers nothing\n");
}

#[test]
fn what_cannot_be_seen_is_a_problem() {
    let bench = Bench::new("unseen");
    bench.pair("www", 90);
    let (address, _) = server(
        "403 Forbidden",
        r#"{"error_code":"APIGW.0302","error_msg":"the user has no right"}"#,
    );
    let push = "[[certificate.push]]\nservice = \"elb\"\nproject = \"cn-north-4\"\n";
    bench.configure_at(&format!("http://{address}"), &bench.certificate("www", push));
    let ended = bench.certrotd(&["--format", "json", "check", "--online"]);
    assert_eq!(ended.code, 1);
    let shown = ended.json();
    assert_eq!(shown["certificates"][0]["error"], serde_json::Value::Null);
    let problems = shown["online"]["problems"].as_array().unwrap();
    let has =
        |words: &str| problems.iter().any(|it| it["problem"].as_str().unwrap().contains(words));
    assert!(has("could not look: SCM "), "{problems:?}");
    assert!(has("ELB in cn-north-4 cannot be read: "), "{problems:?}");
    assert!(!bench.path("state").exists());
}

#[test]
fn nobody_there_is_said_and_ends_with_1() {
    let bench = Bench::new("nobody");
    bench.configure("");
    let ended = bench.certrotd(&["check", "--online"]);
    assert_eq!(ended.code, 1);
    assert!(ended.stdout.contains("BAD  cloud north"), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("something is wrong\n"), "{}", ended.stdout);
}

#[test]
fn what_an_account_says_its_entries_do_not_say_again() {
    let bench = Bench::new("once");
    let names = ["one", "two", "three"];
    names.iter().for_each(|name| bench.pair(name, 90));
    let push = "[[certificate.push]]\nservice = \"elb\"\nproject = \"cn-north-4_own\"\n";
    let entries: String = names.iter().map(|name| bench.certificate(name, push)).collect();
    bench.configure(&entries);
    let ended = bench.certrotd(&["check", "--online"]);
    assert_eq!(ended.code, 1);
    let words = ended.words();
    let cause = "IAM look up the project: could not connect to 127.0.0.1:1: Connection refused";
    assert!(words.contains(cause), "{words}");
    assert_eq!(words.matches("Connection refused").count(), 1, "whichever call it was: {words}");
    assert!(words.contains("3 certificates could not be looked at for that reason"), "{words}");
    let shown = bench.certrotd(&["--format", "json", "check", "--online"]).json();
    assert_eq!(shown["online"]["problems"].as_array().unwrap().len(), 6, "{shown}");

    // Another address is another cause.
    let config = std::fs::read_to_string(bench.path("certrotd.toml")).unwrap();
    let elsewhere =
        config.replace("scm = \"https://127.0.0.1:1\"", "scm = \"https://127.0.0.1:2\"");
    bench.write("certrotd.toml", &elsewhere);
    let words = bench.certrotd(&["check", "--online"]).words();
    let own = "could not look: SCM list certificates: could not connect to 127.0.0.1:2";
    assert_eq!(words.matches(own).count(), 3, "{words}");
}

#[test]
fn entries_of_a_refused_account_are_counted_with_it() {
    let bench = Bench::new("left-out");
    bench.pair("www", 90);
    let (address, _) = server("401 Unauthorized", REFUSED);
    bench.configure_at(&format!("http://{address}"), &bench.certificate("www", ""));
    let words = bench.certrotd(&["check", "--online"]).words();
    assert!(words.contains("1 certificate could not be looked at for that reason"), "{words}");
}
