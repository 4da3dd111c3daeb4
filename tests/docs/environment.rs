//! The environment: each variable that the program reads or gives stands in the manual.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{bare, read, root, rows, section, spans};

/// How names begin that are ours or the official SDK's.
const PREFIXES: [&str; 2] = ["CERTROTD_", "HUAWEICLOUD_SDK_"];
/// How those begin that tests alone give to themselves.
const OF_TESTS: &str = "CERTROTD_TEST_";

/// Literals of this file that are the name of such a variable.
fn named(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let literals = text.split('"').skip(1).step_by(2);
    let is_name = |word: &&str| {
        PREFIXES.iter().any(|prefix| word.len() > prefix.len() && word.starts_with(prefix))
            && !word.starts_with(OF_TESTS)
            && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    };
    literals.filter(is_name).map(str::to_owned).collect()
}

fn sources(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            found.extend(named(&path));
        }
    }
}

#[test]
fn the_manual_has_every_variable() {
    let mut read_or_given = BTreeSet::new();
    sources(&root().join("src"), &mut read_or_given);
    assert!(read_or_given.len() > 8, "the rule has seen nothing: {read_or_given:?}");
    let told = spans(&read("docs/manual.md"));
    for name in read_or_given {
        assert!(told.contains(&name), "the manual has no {name}");
    }
}

#[test]
fn the_table_of_the_environment_has_no_variable_that_nothing_knows() {
    let mut known = BTreeSet::new();
    sources(&root().join("src"), &mut known);
    let rows = rows(&section("docs/manual.md", "## Environment"));
    let names = rows.iter().flat_map(|row| row[0].split(", ")).map(bare);
    let ours = names.filter(|name| PREFIXES.iter().any(|prefix| name.starts_with(prefix)));
    let unknown: Vec<_> = ours.filter(|name| !known.contains(*name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
