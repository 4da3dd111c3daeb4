//! The log: every event that the code names, and those that the manual explains.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{bare, guides, read, root, rows, section, spans};

/// Lines without a name of their own get this one.
const NAMELESS: &str = "log";

/// The events of the code, its tests left out.
pub fn emitted() -> BTreeSet<String> {
    let mut events = BTreeSet::from([NAMELESS.to_owned()]);
    collect(&root().join("src"), &mut events);
    events
}

fn collect(directory: &Path, events: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" {
            collect(&path, events);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\n").next().unwrap_or_default();
            let named = code.split("event = \"").skip(1).filter_map(|rest| rest.split('"').next());
            events.extend(named.map(str::to_owned));
        }
    }
}

fn explained() -> BTreeSet<String> {
    let rows = rows(&section("docs/manual.md", "## Events"));
    rows.iter().map(|row| bare(&row[0]).to_owned()).collect()
}

#[test]
fn the_manual_explains_every_event_and_no_other() {
    let (emitted, explained) = (emitted(), explained());
    assert!(emitted.len() > 20, "the rule has seen nothing: {emitted:?}");
    let difference: Vec<_> = emitted.symmetric_difference(&explained).collect();
    assert!(difference.is_empty(), "in the code or in the manual alone: {difference:?}");
}

#[test]
fn events_that_readme_names_exist() {
    let emitted = emitted();
    let families: BTreeSet<_> = emitted
        .iter()
        .filter_map(|event| event.split_once('.'))
        .map(|(family, _)| family)
        .collect();
    for path in guides().chain(["ARCHITECTURE.md", "CONTRIBUTING.md"]) {
        for span in spans(&read(path)) {
            let Some((family, rest)) = span.split_once('.') else { continue };
            let word = rest.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            // `certificate.push` and `state.path` are keys.
            let key = certrotd::config::keys()
                .iter()
                .any(|key| key.table == span || format!("{}.{}", key.table, key.key) == span);
            if families.contains(family) && word && !key && !rest.is_empty() {
                assert!(emitted.contains(&span), "{path} names the event {span}");
            }
        }
    }
}
