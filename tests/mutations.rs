//! The table of rules that `tests/mutations/run` takes out one by one, held to the code as it lies here:
//! each row still fits it, and no hold and no invariant of the planner is without a row.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

#[derive(Deserialize)]
struct Sheet {
    rule: Vec<Row>,
}

/// One rule, how it is taken out, and the test that must miss it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// In an operator's words.
    rule: String,
    /// The promise that it keeps: its number, or its name among the hard cases.
    promise: String,
    file: String,
    /// Stands in the file exactly once.
    find: String,
    replace: String,
    /// The path of a test.
    test: String,
    /// The hold that it produces, where it produces one.
    hold: Option<String>,
    /// The invariant that it is, where it is one.
    violation: Option<String>,
    /// Why no test can miss it.
    survives: Option<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn rows() -> Vec<Row> {
    let sheets = fs::read_dir(root().join("tests/mutations/rules")).unwrap();
    let mut paths: Vec<PathBuf> = sheets.map(|sheet| sheet.unwrap().path()).collect();
    paths.sort();
    let sheet = |path: PathBuf| -> Sheet {
        let text = fs::read_to_string(&path).unwrap();
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    paths.into_iter().flat_map(|path| sheet(path).rule).collect()
}

/// Fails with all complaints at once.
#[track_caller]
fn none(what: &str, complaints: &[String]) {
    assert!(complaints.is_empty(), "{what}:\n{}", complaints.join("\n"));
}

#[test]
fn each_rule_stands_once_in_its_file() {
    let mut texts = BTreeMap::new();
    let mut complaints = Vec::new();
    for row in rows() {
        let text = texts.entry(row.file.clone()).or_insert_with(|| read(&row.file));
        let times = text.matches(row.find.trim_matches('\n')).count();
        if times != 1 {
            complaints.push(format!("{}: {times} times in {}", row.rule, row.file));
        }
        if row.find == row.replace {
            complaints.push(format!("{}: is not taken out", row.rule));
        }
    }
    none("rows that do not fit the code any more (tests/mutations/rules)", &complaints);
}

#[test]
fn each_row_says_what_it_is_about_and_names_a_test() {
    let mut sentences = BTreeSet::new();
    let mut complaints = Vec::new();
    for row in rows() {
        let words = [Some(&row.rule), Some(&row.promise), row.survives.as_ref()];
        if words.into_iter().flatten().any(|words| words.trim().is_empty()) {
            complaints.push(format!("{}: has nothing to say", row.rule));
        }
        if !is_a_test(&row.test) {
            complaints.push(format!("{}: there is no test {}", row.rule, row.test));
        }
        if !sentences.insert(row.rule.clone()) {
            complaints.push(format!("{}: stands there twice", row.rule));
        }
    }
    none("rows that name no test, or nothing else", &complaints);
}

/// Whether the file that this path leads to has a test of its last name.
fn is_a_test(path: &str) -> bool {
    let parts: Vec<_> = path.split("::").collect();
    let Some((name, modules)) = parts.split_last() else { return false };
    let files = (1..=modules.len()).rev().flat_map(|length| {
        let below = modules[..length].join("/");
        [format!("src/{below}.rs"), format!("src/{below}/mod.rs")]
    });
    let file = files.into_iter().find(|file| root().join(file).is_file());
    file.is_some_and(|file| read(&file).contains(&format!("fn {name}()")))
}

#[test]
fn every_hold_can_be_taken_out() {
    let text = read("src/plan/hold/mod.rs");
    let (_, rest) = text.split_once("pub enum Hold {").unwrap();
    let (body, _) = rest.split_once("\n}").unwrap();
    // A variant stands one step in, its fields two.
    let variants = body.lines().filter_map(|line| line.strip_prefix("    "));
    let variants = variants.filter(|line| line.starts_with(char::is_uppercase));
    let variants: BTreeSet<_> =
        variants.map(|line| line.trim_end_matches([',', ' ', '{']).to_owned()).collect();
    assert!(variants.len() > 10, "the holds were not found: {variants:?}");
    let named: BTreeSet<_> = rows().into_iter().filter_map(|row| row.hold).collect();
    assert_eq!(named, variants, "left: in the table; right: in the code");
}

#[test]
fn every_invariant_can_be_taken_out() {
    let text = read("src/plan/check.rs");
    // Its sentences are all the strings that the file has.
    let sentences: BTreeSet<_> =
        text.split('"').skip(1).step_by(2).map(ToOwned::to_owned).collect();
    assert!(sentences.len() > 10, "the invariants were not found: {sentences:?}");
    let named: BTreeSet<_> = rows().into_iter().filter_map(|row| row.violation).collect();
    assert_eq!(named, sentences, "left: in the table; right: in the code");
}
