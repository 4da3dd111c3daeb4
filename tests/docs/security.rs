//! SECURITY.md: every row of the threat model names a test that holds it, and each test is there.

use super::{read, root, rows, section, spans};

/// What stands between a file and a test in it.
const MARK: &str = ".rs::";
/// How far above a function the attribute that makes it a test may stand, in lines.
const ATTRIBUTE_WITHIN: usize = 4;

/// Whether this text has a test of this name.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<_> = text.lines().collect();
    let starts = [format!("fn {name}("), format!("async fn {name}(")];
    let at = lines.iter().position(|line| starts.iter().any(|it| line.trim().starts_with(it)));
    at.is_some_and(|at| {
        let above = &lines[at.saturating_sub(ATTRIBUTE_WITHIN)..at];
        above.iter().any(|line| line.contains("test]") || line.contains("test("))
    })
}

#[test]
fn every_claim_names_a_test_that_is_there() {
    let table = rows(&section("SECURITY.md", "## Who can do what"));
    assert!(table.len() > 10, "the table has {} rows", table.len());
    for row in table {
        let named = row.last().map(|cell| spans(cell)).unwrap_or_default();
        let tests = named.iter().filter(|span| span.contains(MARK)).count();
        assert!(tests > 0, "no test holds: {row:?}");
    }
    for span in spans(&read("SECURITY.md")) {
        let Some((file, name)) = span.split_once(MARK) else { continue };
        let file = format!("{file}.rs");
        assert!(root().join(&file).is_file(), "{span}: no such file");
        assert!(has_test(&read(&file), name), "{span}: no such test");
    }
}

#[test]
fn a_test_is_told_from_a_function() {
    let text = "#[test]\nfn one() {}\n\nfn two() {}\n#[tokio::test(flavor = \"x\")]\nasync fn three() {}\n";
    assert!(has_test(text, "one") && has_test(text, "three"));
    assert!(!has_test(text, "four"));
    assert!(!has_test("fn two() {}\n", "two"));
}
