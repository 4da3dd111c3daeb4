//! Configuration: the manual's tables and README's snippets.

use std::path::Path;

use certrotd::config::{Otherwise, keys, parse};

use super::{bare, fenced, guides, read, rows, section};

const MANUAL: &str = "docs/manual.md";
/// Tables that stand in the file any number of times.
const LISTS: [&str; 8] = [
    "notify",
    "certificate",
    "certificate.push",
    "discover",
    "discover.push",
    "instance_ca",
    "instance_ssl",
    "watch_file",
];
/// What a snippet without an account is tried with.
const ACCOUNT: &str = "[cloud.main]\nregion = \"cn-north-4\"\n";
/// And one without an entry.
const ENTRY: &str = "\n[[certificate]]\nname = \"www\"\ncert = \"www.pem\"\nkey = \"www.key\"\n";

fn heading(table: &str) -> String {
    let header = if LISTS.contains(&table) { format!("[[{table}]]") } else { format!("[{table}]") };
    format!("### `{header}`")
}

/// Key, default and meaning, as the manual has them.
fn written(table: &str) -> Vec<[String; 3]> {
    let rows = rows(&section(MANUAL, &heading(table))).into_iter();
    rows.filter_map(|row| <[String; 3]>::try_from(row).ok()).collect()
}

#[test]
fn the_manual_has_every_key_with_its_default_and_its_meaning() {
    for key in keys() {
        let place = format!("{}.{}", key.table, key.key);
        let rows = written(key.table);
        let row = rows.iter().find(|row| bare(&row[0]) == key.key);
        let [_, default, meaning] = row.unwrap_or_else(|| panic!("the manual has no {place}"));
        let expected = match key.otherwise {
            Otherwise::Required => "required".to_owned(),
            Otherwise::Is(value) => format!("`{value}`"),
            Otherwise::Absent => "–".to_owned(),
        };
        assert_eq!(*default, expected, "the default of {place}");
        assert!(meaning.starts_with(&key.doc), "{place} means\n  {}\nnot\n  {meaning}", key.doc);
    }
}

#[test]
fn the_manual_has_no_other_key() {
    let keys = keys();
    let mut tables: Vec<_> = keys.iter().map(|key| key.table).collect();
    tables.dedup();
    for table in &tables {
        for [key, ..] in written(table) {
            let known = keys.iter().any(|own| own.table == *table && own.key == bare(&key));
            assert!(known, "the manual's {table}.{key} is no key");
        }
    }
    let headings = section(MANUAL, "## Configuration");
    let headings = headings.lines().filter(|line| line.starts_with("### `["));
    let expected: Vec<_> = tables.iter().map(|table| heading(table)).collect();
    for found in headings {
        assert!(expected.iter().any(|own| own == found), "{found} is no table");
    }
}

#[test]
fn every_snippet_is_valid() {
    let snippets: Vec<_> = guides().flat_map(|path| fenced(&read(path), "toml")).collect();
    assert!(snippets.len() >= 3, "the rule has seen nothing");
    for snippet in snippets {
        let account = if snippet.contains("[cloud.") { "" } else { ACCOUNT };
        let entry = if snippet.contains("[[") { "" } else { ENTRY };
        let text = format!("{account}{snippet}{entry}");
        let config = parse(Path::new("/etc/certrotd/certrotd.toml"), &text);
        let config = config.unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert!(config.warnings.is_empty(), "{:?}\n{text}", config.warnings);
    }
}
