//! How a file begins, how long it may be, and what it may not say to the compiler.

use super::{code, is_test, none, rust, texts};

/// Past this many lines, tests included, a file wants a seam.
const LINES_MAX: usize = 400;
/// Half of all files are shorter than this.
const LINES_HALF: usize = 200;
/// Files that are longer, each with its reason.
const LONGER: [(&str, &str); 0] = [];
/// Files that may silence a lint for good: each test binary uses another part of the common ground.
const MAY_ALLOW: [&str; 1] = ["tests/common/mod.rs"];
/// How far above its use the reason of an `unwrap` may stand, in lines: at the head of its function.
const REASON_WITHIN: usize = 30;

#[test]
fn a_file_says_first_what_it_is_for() {
    let files = rust(&["src", "tests", "examples", "benches"]);
    let dumb = files.iter().filter(|file| !file.text.starts_with("//! "));
    none("files without a first line", &dumb.map(|file| file.path.clone()).collect::<Vec<_>>());
}

#[test]
fn no_file_is_too_long() {
    let scripts = texts("tests").into_iter().chain(texts("benches"));
    let scripts = scripts.filter(|file| file.path.ends_with(".py"));
    let files: Vec<_> =
        rust(&["src", "tests", "examples", "benches"]).into_iter().chain(scripts).collect();
    let excused = |path: &str| LONGER.iter().any(|(longer, _)| *longer == path);
    let mut lines: Vec<_> =
        files.iter().map(|file| (file.text.lines().count(), &file.path)).collect();
    lines.sort();
    let long = lines.iter().filter(|(count, path)| *count > LINES_MAX && !excused(path));
    none("files that want a seam", &long.map(|it| format!("{it:?}")).collect::<Vec<_>>());
    let stale = |path| lines.iter().any(|(count, own)| *own == path && *count <= LINES_MAX);
    let stale = LONGER.iter().filter(|(path, _)| stale(path)).map(|(path, _)| (*path).to_owned());
    none("files that need no excuse any more", &stale.collect::<Vec<_>>());
    let middle = lines[lines.len() / 2];
    assert!(middle.0 < LINES_HALF, "half of the files have {} lines or more", middle.0);
}

#[test]
fn no_lint_is_silenced_for_good() {
    let mut complaints = Vec::new();
    for file in rust(&["src", "tests", "examples", "benches"]) {
        let code = code::code(&file.text);
        let allows = code.contains("#[allow(") || code.contains("#![allow(");
        if allows && !MAY_ALLOW.contains(&file.path.as_str()) {
            complaints.push(format!("{}: say #[expect(…, reason = …)]", file.path));
        }
    }
    none("lints that are allowed, not expected", &complaints);
}

#[test]
fn nothing_unwraps_outside_of_tests_without_saying_why() {
    let mut complaints = Vec::new();
    for file in rust(&["src"]) {
        if is_test(&file.path) {
            continue;
        }
        let code = code::without_tests(&file.text);
        let lines: Vec<_> = code.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            // `expect` of ours takes a token; a message in quotes is blank by now.
            let bare = line.contains(".unwrap()") || line.contains(".expect( ");
            let above = &lines[number.saturating_sub(REASON_WITHIN)..=number];
            if bare && !above.iter().any(|line| line.contains("clippy::unwrap_used")) {
                complaints.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    none("unwraps without a reason", &complaints);
}
