//! Words that must not stand anywhere in the repository: paths of machines, and where it was made.

use super::{none, texts};

/// Each in two pieces, so that this file does not hold it. Compared without regard to case.
const FORBIDDEN: [(&str, &str); 15] = [
    ("/wo", "rk/"),
    ("/ho", "me/"),
    ("/ro", "ot/"),
    ("/tmp/", "wt"),
    ("/tmp/", "contract"),
    ("sha", "red/"),
    ("far", "m-"),
    ("cla", "ude"),
    ("anth", "ropic"),
    ("chat", "gpt"),
    ("open", "ai"),
    ("co", "pilot"),
    ("language", " model"),
    ("python", "hosted"),
    ("proxy.", "golang"),
];
/// Words that mean a number in somebody's tracker when digits follow.
const NUMBERED: [(&str, &str); 3] = [("issue", " #"), ("issue", " "), ("tick", "et #")];
/// Written by tools, from the registry that everybody has.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[test]
fn nothing_tells_where_the_repository_was_made() {
    let mut complaints = Vec::new();
    for file in texts("") {
        for (number, line) in file.text.lines().enumerate() {
            let lower = line.to_lowercase();
            if let Some(word) = forbidden(&lower) {
                complaints.push(format!("{}:{}: {word}", file.path, number + 1));
            }
        }
    }
    none("words that do not belong here", &complaints);
}

#[test]
fn every_dependency_comes_from_the_public_registry() {
    let lock = super::read("Cargo.lock");
    let sources = lock.lines().filter_map(|line| line.strip_prefix("source = "));
    let foreign = sources.filter(|source| source.trim_matches('"') != REGISTRY);
    none("sources of dependencies", &foreign.map(str::to_owned).collect::<Vec<_>>());
}

fn forbidden(line: &str) -> Option<String> {
    let plain = FORBIDDEN.map(|(start, end)| format!("{start}{end}"));
    let numbered = NUMBERED.map(|(start, end)| format!("{start}{end}"));
    let found = plain.into_iter().find(|word| line.contains(word.as_str()));
    found.or_else(|| {
        numbered.into_iter().find(|word| {
            line.match_indices(word.as_str())
                .any(|(at, _)| line[at + word.len()..].starts_with(|c: char| c.is_ascii_digit()))
        })
    })
}

#[test]
fn the_rule_bites() {
    assert!(forbidden(&format!("see {}", ["/wo", "rk/x"].concat())).is_some());
    assert!(forbidden(&["issue", " 12"].concat()).is_some());
    assert_eq!(forbidden("an issuer, shared by all, that issued 3 certificates"), None);
}
