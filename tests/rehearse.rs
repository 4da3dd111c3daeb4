//! `certrotd rehearse` as a visitor runs it, and with an operator's own file: what it shows, how it
//! ends, and that it leaves nothing behind.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;
#[path = "rehearse/host.rs"]
mod host;
#[path = "rehearse/own.rs"]
mod own;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use host::{Host, shows};

#[test]
fn a_visitor_sees_every_system() {
    let host = Host::new();
    let (output, text) = host.run(&["rehearse"]);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "the log does not spoil the show");
    shows(
        &text,
        &[
            "POST 200  /v3/scm/certificates/import",
            "/push",
            "reads: ",
            "PUT  200  /v3/0123…/instances/096c…/ssl-option",
            "Completed",
            "certbot renews www.example.com",
            "4 imports and 9 pushed copies; 14 bindings and 1 SSL switch",
            "bound by hand",
            "alarm     www: ",
            "looked again: 0 bindings more",
            "charged   0 yuan",
            "✓ SCM import",
            "✓ SCM push to ELB",
            "✓ SCM push to WAF",
            "✓ SCM push to CDN",
            "✓ Served by ELB",
            "✓ Served by WAF",
            "✓ Served by CDN",
            "✓ Old to new",
            "✓ Drift",
            "✓ Roll-back",
            "✓ Cleaning up",
            "✓ Fees",
            "✓ DCS CA",
            "✓ GeminiDB CA",
            "✓ RDS CA               2 files hold what is published, and 2 clients connect",
            "✓ DDS CA",
            "✓ GaussDB CA",
            "✓ TaurusDB SSL switch  ledger: one PUT",
            "its greeting offers SSL now",
            "✓ CA renewal",
            "✓ Clients",
            "✓ Commands             10 runs for as many changes of CA files",
            "✓ Bad CA",
            "held      instance_ca catalog-dds: the published CA is not fit to install, the file stays",
            "✓ Memory",
            "✓ Daemon",
            "Everything came out right.",
        ],
    );
    tells_the_story(&text);
    tells_of_the_databases(&text);
    assert!(!text.contains('\x1b') && !text.contains('─'), "piped, it is plain:\n{text}");
    assert!(!text.contains("PRIVATE KEY") && !text.contains("simulated-secret-key"));
    let longest = text.lines().map(|line| line.chars().count()).max();
    assert!(longest <= Some(100 + host.tmp().to_string_lossy().len()), "{longest:?}");
    host.is_clean();
}

/// From the head of an act to the head of the next.
fn act(text: &str, number: usize) -> &str {
    let start = |number: usize| text.find(&format!("\n{number} · ")).unwrap();
    &text[start(number)..start(number + 1)]
}

/// Both CAs stand in the file in between, the published one first, and clients connect all the while.
fn tells_of_the_databases(text: &str) {
    let renewal = act(text, 6);
    for name in ["orders-redis", "billing-postgres"] {
        let line = |start: &str| {
            let line = renewal.lines().find(|line| line.starts_with(&format!("  {start}")));
            line.unwrap().split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        let row = line(name);
        let (old, new) = (row[1].clone(), row.last().unwrap().clone());
        assert_ne!(old, new);
        shows(text, &[&format!("a client connects by CA {old}\n")]);
        shows(
            renewal,
            &[
                &format!("{name}: CA {old} → {new}, and presents the old one's"),
                &format!("a client connects by CA {new} and {old}\n"),
                &format!("a client connects by CA {new}\n"),
            ],
        );
    }
    assert!(!renewal.contains("turns away"), "{renewal}");
    shows(act(text, 7), &["502 Bad Gateway", "catalog-dds.pem stays as it was"]);
}

/// The fingerprints of each act go together: what a handshake returned in one is where the next begins.
fn tells_the_story(text: &str) {
    let act = |number| act(text, number);
    // Before and after at ELB, WAF and CDN.
    let table = |number: usize| -> [(String, String); 3] {
        ["ELB", "WAF", "CDN"].map(|service| {
            let start = format!("  {service}      ");
            let row = act(number).lines().find(|line| line.starts_with(&start)).unwrap();
            let words: Vec<_> = row.split_whitespace().map(str::to_owned).collect();
            (words[2].clone(), words[4].clone())
        })
    };
    let renewed = |number: usize| {
        let fact = act(number).lines().find(|line| line.starts_with("  leaf")).unwrap();
        fact.split_whitespace().last().unwrap().to_owned()
    };
    let [(by_hand, first), ..] = table(1);
    assert!(by_hand != first && first.len() == 12, "{by_hand} {first}");
    assert!(table(1).iter().all(|row| *row == (by_hand.clone(), first.clone())));
    let second = renewed(2);
    assert!(table(2).iter().all(|row| *row == (first.clone(), second.clone())));
    assert_eq!(table(3)[0], (first, second.clone()), "the former leaf, and what repaired it");
    let (bad, good) = (renewed(4), renewed(5));
    assert_eq!(table(4)[0], (second.clone(), second.clone()), "back where it was");
    assert_eq!(table(4)[1], (second.clone(), bad.clone()));
    assert!(act(4).contains(&format!(", though {bad} is bound")), "{}", act(4));
    assert_eq!(table(5), [(second, good.clone()), (bad.clone(), good.clone()), (bad, good)]);
}

#[test]
fn programs_get_one_object() {
    let host = Host::new();
    let (output, text) = host.run(&["rehearse", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let verdict: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(verdict["fine"], true);
    assert!(verdict["checks"].as_array().unwrap().len() >= 8, "{text}");
    host.is_clean();
}

#[test]
fn an_interrupted_rehearsal_leaves_nothing_behind() {
    let host = Host::new();
    let mut child = host.command(&["rehearse"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("/ssl-option")), "it is in the midst of it");
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    host.is_clean();
}
