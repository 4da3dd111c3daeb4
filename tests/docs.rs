//! The papers, held to the program: what README and the manual say exists, and what exists stands there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

mod common;
#[expect(dead_code, reason = "the pages play with a part of what transcripts have")]
mod scenario_kit;

#[path = "docs/codes.rs"]
mod codes;
#[path = "docs/commands.rs"]
mod commands;
#[path = "docs/environment.rs"]
mod environment;
#[path = "docs/events.rs"]
mod events;
#[path = "docs/keys.rs"]
mod keys;
#[path = "docs/limits.rs"]
mod limits;
#[path = "docs/links.rs"]
mod links;
#[path = "docs/metrics.rs"]
mod metrics;
#[path = "docs/pages/mod.rs"]
mod pages;
#[path = "../examples/pages/paper.rs"]
mod paper;
#[path = "docs/permissions.rs"]
mod permissions;
#[path = "docs/runbook.rs"]
mod runbook;
#[path = "docs/schema.rs"]
mod schema;
#[path = "docs/security.rs"]
mod security;

use paper::rows;

/// The short pages, each about one thing.
const PAGES: [&str; 9] = [
    "docs/start.md",
    "docs/rotation.md",
    "docs/targets.md",
    "docs/credentials.md",
    "docs/instance-cas.md",
    "docs/runbook.md",
    "docs/limits.md",
    "docs/migration.md",
    "docs/comparison.md",
];

/// The papers that tell operators what to type.
fn guides() -> impl Iterator<Item = &'static str> {
    ["README.md", "docs/manual.md"].into_iter().chain(PAGES)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The part of a paper under this heading, up to the next heading of the same or a higher level.
fn section(path: &str, heading: &str) -> String {
    assert!(read(path).lines().any(|line| line == heading), "{path} has no heading {heading}");
    paper::section(&read(path), heading)
}

/// A cell without the marks of code around it.
fn bare(cell: &str) -> &str {
    cell.trim_matches('`')
}

/// Every fenced block of this language.
fn fenced(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(found) = line.strip_prefix("```") else { continue };
        let inside: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        if found == language {
            blocks.push(inside.join("\n"));
        }
    }
    blocks
}

/// Every span of code in the text outside of fenced blocks.
fn spans(text: &str) -> Vec<String> {
    let mut fence = false;
    let prose = text.lines().filter(|line| {
        let mark = line.starts_with("```");
        fence ^= mark;
        !mark && !fence
    });
    let prose: Vec<_> = prose.collect();
    prose.join("\n").split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn papers_are_taken_apart_rightly() {
    let text = "a `b` c\n```sh\nd `e`\n```\n`f g`\n\n| h | i |\n|---|---|\n| `j` | |\n| k | l |\n";
    assert_eq!(spans(text), ["b", "f g", "j"]);
    assert_eq!(fenced(text, "sh"), ["d `e`"]);
    assert_eq!(rows(text), [["`j`", ""], ["k", "l"]]);
}
