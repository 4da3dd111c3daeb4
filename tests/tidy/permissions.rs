//! Every operation that `src/cloud` can call has its row in the table of IAM's actions, and no row is left over.

use std::collections::BTreeSet;

use certrotd::cloud::PERMISSIONS;

use super::{code, is_test, none, rust};

/// How calls are begun: by a method of `Call`, whose first argument is the service, or by a helper of one service.
const CALLS: [&str; 5] =
    ["Call::get(", "Call::post(", "Call::put(", "Call::patch(", "Call::delete("];
/// Each with its file, the helper that others call, the service, and the place of the operation among its arguments.
const HELPERS: [(&str, &str, &str, usize); 2] = [
    ("src/cloud/elb/mod.rs", "super::rows(", "Elb", 2),
    ("src/cloud/waf/mod.rs", "super::get(", "Waf", 2),
];
/// The one call that several services have, and what it is called.
const LINKS: (&str, &str, &str) = ("src/cloud/links.rs", "links::call(", "request the CA's link");

/// The arguments of a call that begins here, up to the parenthesis that closes it.
fn arguments(text: &str) -> Vec<String> {
    let (mut level, mut quoted, mut found) = (0_usize, false, vec![String::new()]);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => level += 1,
            ')' | ']' | '}' if !quoted && level == 0 => break,
            ')' | ']' | '}' if !quoted => level -= 1,
            ',' if !quoted && level == 0 => {
                found.push(String::new());
                continue;
            }
            _ => {}
        }
        found.last_mut().unwrap().push(c);
    }
    found.iter().map(|argument| argument.trim().to_owned()).collect()
}

fn literal(argument: Option<&String>) -> Option<String> {
    Some(argument?.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

/// Service and operation of every call in this file, and what could not be read.
fn called(path: &str, text: &str) -> (BTreeSet<(String, String)>, Vec<String>) {
    let (mut found, mut complaints) = (BTreeSet::new(), Vec::new());
    let plain = code::without_tests(text);
    // The text has the literals; the code without tests and comments says which places count.
    let places = |word: &str| -> Vec<usize> {
        let line = |at: usize, text: &str| text[..at].matches('\n').count();
        let counts: BTreeSet<_> =
            plain.match_indices(word).map(|(at, _)| line(at, &plain)).collect();
        let all = text.match_indices(word).map(|(at, _)| at);
        all.filter(|at| counts.contains(&line(*at, text))).map(|at| at + word.len()).collect()
    };
    for at in CALLS.iter().flat_map(|word| places(word)) {
        let arguments = arguments(&text[at..]);
        let api = arguments.first().and_then(|api| api.strip_prefix("Api::"));
        match (api, literal(arguments.get(1))) {
            (Some(api), Some(operation)) => {
                found.insert((api.to_owned(), operation));
            }
            _ if HELPERS.iter().any(|helper| helper.0 == path) || path == LINKS.0 => {}
            _ => complaints.push(format!("{path}: which call is {arguments:?}?")),
        }
    }
    for (file, word, api, place) in HELPERS {
        if path.rsplit_once('/').map(|it| it.0) != file.rsplit_once('/').map(|it| it.0) {
            continue;
        }
        for at in places(word) {
            let arguments = arguments(&text[at..]);
            match literal(arguments.get(place)) {
                Some(operation) => {
                    found.insert((api.to_owned(), operation));
                }
                None => complaints.push(format!("{path}: which call is {arguments:?}?")),
            }
        }
    }
    for at in places(LINKS.1) {
        match arguments(&text[at..]).get(1).and_then(|api| api.strip_prefix("Api::")) {
            Some(api) => {
                found.insert((api.to_owned(), LINKS.2.to_owned()));
            }
            None => complaints.push(format!("{path}: whose link?")),
        }
    }
    (found, complaints)
}

#[test]
fn every_operation_has_its_permissions() {
    let (mut calls, mut complaints) = (BTreeSet::new(), Vec::new());
    for file in rust(&["src/cloud"]).iter().filter(|file| !is_test(&file.path)) {
        let (found, unread) = called(&file.path, &file.text);
        calls.extend(found);
        complaints.extend(unread);
    }
    none("calls that this rule cannot read", &complaints);
    let rows = PERMISSIONS.iter().map(|it| (format!("{:?}", it.api), it.operation.to_owned()));
    let rows: BTreeSet<_> = rows.collect();
    let missing: Vec<_> = calls.difference(&rows).map(|it| format!("{it:?}")).collect();
    none("calls without a row in src/cloud/permission.rs", &missing);
    let idle: Vec<_> = rows.difference(&calls).map(|it| format!("{it:?}")).collect();
    none("rows of src/cloud/permission.rs that nothing calls", &idle);
}

#[test]
fn calls_are_read_as_they_are_written() {
    let text = "let call = Call::get(Api::Scm, \"list, and (more)\", path)\n    .query(1);\n\
                // Call::get(Api::Scm, \"a comment\", path)\nlinks::call(cloud, Api::Rds, id)";
    let (found, complaints) = called("src/cloud/scm/list.rs", text);
    let found: Vec<_> = found.iter().map(|(api, what)| (api.as_str(), what.as_str())).collect();
    assert_eq!(found, [("Rds", "request the CA's link"), ("Scm", "list, and (more)")]);
    assert!(complaints.is_empty());
    let (_, complaints) = called("src/cloud/scm/list.rs", "Call::put(api, operation, path)");
    assert_eq!(complaints.len(), 1, "a call that nobody can read is no call that is known");
}
