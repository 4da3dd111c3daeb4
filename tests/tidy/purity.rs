//! Pure modules, and crates that have one door.

use super::{code, is_test, none, rust};

/// Modules that may not wait, read, write or ask for the time.
const PURE: [&str; 4] = ["model", "schedule", "cert", "plan"];
/// Words that mean one of these.
const IMPURE: [&str; 22] = [
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::env",
    "std::thread",
    "std::os",
    "SystemTime",
    "Instant",
    "Utc::now",
    "Local",
    "async",
    "await",
    "tokio",
    "reqwest",
    "hyper",
    "tracing",
    "rusqlite",
    "notify",
    "println",
    "eprintln",
    "RandomState",
];
/// Lines that only look impure: readers over bytes in memory, and addresses as values.
const PURE_AFTER_ALL: [(&str, &str); 3] = [
    ("src/cert/archive.rs", "use std::io::{Cursor, Read};"),
    ("src/cert/x509.rs", "use std::net::{Ipv4Addr, Ipv6Addr};"),
    ("src/model/place.rs", "use std::net::SocketAddr;"),
];

/// Crates that only these files may name: archived upstream, of a restless interface, or a store whose
/// every use must stand behind append and fold.
const DOORS: [(&str, &[&str]); 3] = [
    ("rustls_pemfile", &["src/cert/pem.rs"]),
    ("zip", &["src/cert/archive.rs", "src/cert/archive/tests.rs", "src/sim/obs.rs"]),
    // The storm fills the disk of a journal.
    (
        "rusqlite",
        &[
            "src/record/journal.rs",
            "src/record/base.rs",
            "src/record/base/tests.rs",
            "src/record/error.rs",
            "src/record/reading.rs",
            "tests/weather/cloud/full.rs",
        ],
    ),
];

#[test]
fn what_decides_cannot_wait_read_write_or_ask_for_the_time() {
    let mut complaints = Vec::new();
    for file in rust(&["src"]) {
        let pure = |module| {
            file.path.starts_with(&format!("src/{module}/"))
                || file.path == format!("src/{module}.rs")
        };
        if !PURE.into_iter().any(pure) || is_test(&file.path) {
            continue;
        }
        for (number, line) in code::without_tests(&file.text).lines().enumerate() {
            let excused = PURE_AFTER_ALL.contains(&(file.path.as_str(), line.trim()));
            let found = IMPURE.into_iter().find(|word| code::has(line, word));
            if let Some(word) = found.filter(|_| !excused) {
                complaints.push(format!("{}:{}: {word}", file.path, number + 1));
            }
        }
    }
    none("pure modules that reach out", &complaints);
}

#[test]
fn an_excuse_is_still_needed() {
    for (path, line) in PURE_AFTER_ALL {
        assert!(
            super::read(path).lines().any(|own| own == line),
            "{path} has no `{line}` any more"
        );
    }
}

#[test]
fn some_crates_have_one_door() {
    let mut complaints = Vec::new();
    for file in rust(&["src", "tests", "examples"]) {
        let code = code::code(&file.text);
        for (name, doors) in DOORS {
            let named =
                [format!("{name}::"), format!("extern crate {name}"), format!("use {name} ")];
            let named = named.iter().any(|words| code::has(&code, words));
            if named && !doors.contains(&file.path.as_str()) {
                complaints.push(format!("{}: names {name}, whose door is {}", file.path, doors[0]));
            }
        }
    }
    none("crates behind other doors", &complaints);
}
