//! certrotd.toml(5): each table and key, with the words of the program and of the file that is shipped.

use certrotd::config::{KeyDoc, Otherwise, keys};

use super::HOME;
use super::roff::Page;

const SHIPPED: &str = include_str!("../../config/certrotd.toml");
const EXAMPLE: &str = include_str!("../../config/examples/bound-and-proven.toml");
/// Which paragraph of the shipped file's head is about every value; the others are about that file.
const ABOUT_VALUES: usize = 2;

/// A table of the shipped file, where it stands first.
struct Table {
    /// Without brackets; the name of a cloud made `NAME`.
    name: String,
    /// As it is written, brackets included.
    header: String,
    /// The words above it.
    words: String,
    /// Each key that stands there, in any place of that name, with its value.
    examples: Vec<(String, String)>,
}

/// The page.
pub fn page() -> String {
    let mut page = Page::new("certrotd.toml", 5);
    page.section("NAME");
    page.paragraph("certrotd.toml - configuration of certrotd");
    page.section("SYNOPSIS");
    page.paragraph("`/etc/certrotd/certrotd.toml`");
    page.section("DESCRIPTION");
    page.paragraph(
        "Says which certificates of this disk **certrotd**(8) keeps in the cloud, and which CA files it keeps equal to \
         what managed instances publish. The form is TOML. `certrotd check` says everything that is wrong with \
         the file, and `certrotd rehearse --config FILE` does its work against a simulated cloud.",
    );
    page.paragraph(&about_values());
    page.paragraph(
        "A table in single brackets stands once, one in double brackets as often as wanted. A key \
         without a default is required, or says what its absence means.",
    );
    page.section("TABLES");
    let keys = keys();
    for table in tables() {
        page.subsection(&table.header);
        page.paragraph(&table.words);
        for key in keys.iter().filter(|key| key.table == table.name) {
            page.item(
                &format!("`{}`", key.key),
                [key.doc.as_str(), otherwise(key, &table).as_str()],
            );
        }
    }
    page.section("EXAMPLE");
    page.verbatim(EXAMPLE);
    page.section("FILES");
    page.item(
        "`/etc/certrotd/certrotd.toml`",
        ["Read unless `--config` or `CERTROTD_CONFIG` names another."],
    );
    page.section("SEE ALSO");
    page.paragraph("**certrotd**(8), **systemd.exec**(5)");
    page.paragraph(HOME);
    page.text()
}

/// What the absence of a key means, with an example where it has no default.
fn otherwise(key: &KeyDoc, table: &Table) -> String {
    let example = table.examples.iter().find(|(name, _)| name == key.key);
    let example = example.map(|(_, value)| format!(" Example: `{value}`")).unwrap_or_default();
    match &key.otherwise {
        Otherwise::Required => format!("Required.{example}"),
        Otherwise::Is(value) => format!("Default: `{value}`"),
        Otherwise::Absent => example.trim_start().to_owned(),
    }
}

/// The words of the file's head that hold for every key.
fn about_values() -> String {
    let head: Vec<_> =
        SHIPPED.lines().take_while(|line| !line.is_empty() || line.starts_with('#')).collect();
    let words = |line: &&str| line.trim_start_matches('#').trim().to_owned();
    let paragraphs: Vec<_> = head.split(|line| *line == "#").collect();
    let about =
        paragraphs.get(ABOUT_VALUES).map(|lines| lines.iter().map(words).collect::<Vec<_>>());
    about.unwrap_or_default().join(" ")
}

/// The tables of the shipped file, in its order.
fn tables() -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let (mut words, mut current) = (String::new(), 0);
    for line in SHIPPED.lines() {
        if let Some(word) = line.strip_prefix("# ") {
            words = format!("{words} {word}").trim().to_owned();
            continue;
        }
        let text = line.strip_prefix('#').unwrap_or(line);
        if text.starts_with('[') {
            let header = general(text);
            let name = header.trim_matches(['[', ']']).to_owned();
            current = tables.iter().position(|table| table.name == name).unwrap_or(tables.len());
            if current == tables.len() {
                tables.push(Table { name, header, words: words.clone(), examples: Vec::new() });
            }
        } else if let (Some((key, value)), Some(table)) =
            (text.split_once(" = "), tables.get_mut(current))
        {
            table.examples.push((key.to_owned(), value.to_owned()));
        }
        words.clear();
    }
    tables
}

/// A header with the name of its cloud made `NAME`.
fn general(header: &str) -> String {
    let parts = header.trim_matches(['[', ']']).split('.').enumerate();
    let cloud = header.starts_with("[cloud.");
    let parts: Vec<_> =
        parts.map(|(index, part)| if cloud && index == 1 { "NAME" } else { part }).collect();
    header.replace(header.trim_matches(['[', ']']), &parts.join("."))
}
