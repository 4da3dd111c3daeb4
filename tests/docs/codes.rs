//! The services' error codes: the manual's table is the program's. `UPDATE=1` rewrites it.

use std::fs;

use certrotd::cloud::{Code, codes};

use super::{root, section};

const MANUAL: &str = "docs/manual.md";
const HEADING: &str = "## What the services' codes mean";
const HEAD: &str =
    "| code | what it means | what certrotd does | what you can do |\n|---|---|---|---|\n";

/// Rows that say the same stand together, where the first of them stands.
fn table() -> String {
    let mut rows: Vec<(String, &Code)> = Vec::new();
    for code in codes() {
        let name = format!("`{}`", code.name());
        let says = |other: &Code| {
            (code.means, code.does(), code.advice) == (other.means, other.does(), other.advice)
        };
        match rows.iter_mut().find(|(_, first)| says(first)) {
            Some((names, _)) => *names += &format!(", {name}"),
            None => rows.push((name, code)),
        }
    }
    let line = |(names, code): (String, &Code)| {
        let advice = code.advice.map_or_else(String::new, |advice| format!(" {advice}"));
        format!("| {names} | {} | {} |{advice} |\n", code.means, code.does())
    };
    rows.into_iter().map(line).collect()
}

#[test]
fn the_manual_has_the_programs_table_of_codes() {
    let wanted = format!("{HEAD}{}", table());
    let found = section(MANUAL, HEADING);
    let is_row = |line: &&str| line.starts_with('|');
    let rows: Vec<_> = found.lines().filter(is_row).collect();
    let rows = format!("{}\n", rows.join("\n"));
    if rows != wanted && std::env::var_os("UPDATE").is_some() {
        let path = root().join(MANUAL);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(&rows).count(), 1, "the table is not in one piece");
        fs::write(path, text.replace(&rows, &wanted)).unwrap();
        return;
    }
    assert!(rows == wanted, "{MANUAL} has another table: UPDATE=1 cargo test --test docs");
}
