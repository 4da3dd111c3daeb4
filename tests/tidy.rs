//! The rules of the house, held to the files as they lie here: who may import whom, what is pure, which
//! crate has one door, how a file begins and how long it may be, and words that must not stand anywhere.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

#[path = "tidy/code.rs"]
mod code;
#[path = "tidy/files.rs"]
mod files;
#[path = "tidy/imports.rs"]
mod imports;
#[path = "tidy/permissions.rs"]
mod permissions;
#[path = "tidy/purity.rs"]
mod purity;
#[path = "tidy/safety.rs"]
mod safety;
#[path = "tidy/units.rs"]
mod units;
#[path = "tidy/words.rs"]
mod words;

/// Directories that are not ours to judge.
const SKIPPED: [&str; 2] = ["target", ".git"];

/// A text of this repository.
struct Text {
    /// From the root of the repository, with `/` between the parts.
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every text below this directory of the repository, in order. What is not UTF-8 is left out.
fn texts(below: &str) -> Vec<Text> {
    let mut paths = Vec::new();
    walk(&root().join(below), &mut paths);
    paths.sort();
    let text = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap().to_str()?.to_owned();
        Some(Text { path: name, text: String::from_utf8(fs::read(&path).unwrap()).ok()? })
    };
    paths.into_iter().filter_map(text).collect()
}

/// Every Rust file below these directories.
fn rust(directories: &[&str]) -> Vec<Text> {
    let all = directories.iter().flat_map(|directory| texts(directory));
    all.filter(|text| text.path.ends_with(".rs")).collect()
}

/// Whether a file of `src` is compiled for tests alone.
fn is_test(path: &str) -> bool {
    ["/tests.rs", "/testing.rs", "src/scratch.rs"].iter().any(|end| path.ends_with(end))
        || path.contains("/tests/")
}

fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if SKIPPED.iter().any(|skipped| name == *skipped) {
            continue;
        }
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            walk(&entry.path(), found);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
}

/// Fails with all complaints at once.
#[track_caller]
fn none(what: &str, complaints: &[String]) {
    assert!(complaints.is_empty(), "{what}:\n{}", complaints.join("\n"));
}
