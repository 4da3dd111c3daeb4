//! What binding, proving and cleaning up write down has no key in it.

use std::collections::BTreeSet;

use certrotd::sim::pki::Issued;
use serde_json::json;

use crate::bench::{Bench, LISTENER, NAMES};

/// A line from the middle of a private key.
fn key_body(issued: &Issued) -> String {
    issued.key_pem.expose().lines().nth(1).unwrap().to_owned()
}

#[test]
fn no_key_at_trace_however_a_binding_ends() {
    let bench = Bench::new();
    let sim = &bench.house.sim;
    let mut keys = BTreeSet::from([key_body(&bench.former)]);
    let mut all = String::new();
    let mut run = |arguments: &[&str]| {
        let ran = bench.house.run(arguments);
        all += &ran.stdout;
        all += &ran.stderr;
    };
    keys.insert(key_body(&bench.renew(30)));
    run(&["apply", "--wait", "5s"]);
    // A write that disturbs its neighbours is read and sent back whole.
    assert!(sim.scribble(LISTENER, "http2_enable", json!(false)));
    assert!(sim.scribble(NAMES[1], "tls", json!("TLS v1.0")));
    keys.insert(key_body(&bench.renew(20)));
    run(&["apply", "--wait", "1s"]);
    for arguments in [&["plan"][..], &["status"], &["history"], &["--format", "json", "history"]] {
        run(arguments);
    }
    let journal = std::fs::read(bench.house.state().join("journal.sqlite")).unwrap();
    all += &String::from_utf8_lossy(&journal);
    assert!(all.contains("put back"), "the write was disturbed");
    assert!(keys.iter().all(|key| !all.contains(key)), "a key was written down");
    assert!(!all.contains("PRIVATE KEY"), "a key was written down");
}
