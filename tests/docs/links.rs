//! Links and file names: they lead somewhere.

use std::path::Path;

use super::{PAGES, bare, guides, read, root, rows, section, spans};

const PAPERS: [&str; 7] = [
    "README.md",
    "docs/README.md",
    "docs/manual.md",
    "docs/performance.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
];
/// Directories whose files the guides name.
const DIRECTORIES: [&str; 5] = ["config/", "systemd/", "src/", "tests/", "docs/"];

/// Where packages have what is an example for systemd.
const PACKAGED: &str = "/usr/share/doc/certrotd/examples/systemd/";

/// The anchors of a paper's headings, as forges make them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |line: &str| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>()
    };
    headings.map(anchor).collect()
}

#[test]
fn links_lead_somewhere() {
    for paper in PAPERS.into_iter().chain(PAGES) {
        let text = read(paper);
        for rest in text.split("](").skip(1) {
            let target = rest.split(')').next().unwrap_or_default();
            if target.contains("://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let beside = Path::new(paper).parent().unwrap();
            let file =
                if file.is_empty() { root().join(paper) } else { root().join(beside).join(file) };
            assert!(file.exists(), "{paper} links to {target}");
            if !anchor.is_empty() {
                let there = anchors(&std::fs::read_to_string(&file).unwrap());
                assert!(there.iter().any(|own| own == anchor), "{paper} links to {target}");
            }
        }
    }
}

#[test]
fn files_that_the_guides_name_exist() {
    for guide in guides() {
        let text = read(guide);
        let spans = spans(&text).into_iter();
        let words = text
            .split_whitespace()
            .map(|word| word.trim_matches(['`', ',', '.', ')', '(']).to_owned());
        for name in spans.chain(words) {
            let ours = DIRECTORIES.iter().any(|directory| name.starts_with(directory));
            let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
            assert!(!ours || !plain || root().join(&name).exists(), "{guide} names {name}");
        }
    }
}

#[test]
fn readme_keeps_a_place_for_the_rehearsal() {
    let text = read("README.md");
    let inside = text
        .split("<!-- rehearse -->")
        .nth(1)
        .and_then(|rest| rest.split_once("<!-- /rehearse -->"));
    let (block, _) = inside.expect("README.md has both marks");
    assert!(block.trim().starts_with("```text\n") && block.trim().ends_with("\n```"), "{block}");
}

#[test]
fn whoever_names_an_example_says_where_a_package_has_it() {
    let places = rows(&section("docs/manual.md", "### Examples for systemd"));
    assert!(places.len() >= 2, "the rule has seen nothing");
    let manifest = read("Cargo.toml");
    for place in places {
        let (ours, theirs) = (bare(&place[0]), bare(&place[1]));
        let installed = format!("\", \"{}\", ", theirs.trim_start_matches('/'));
        let taken =
            |line: &&str| line.contains(&format!("[\"{ours}*")) && line.contains(&installed);
        assert!(manifest.lines().any(|line| taken(&line)), "no package has {ours} in {theirs}");
        for guide in guides() {
            let text = read(guide);
            assert!(!text.contains(ours) || text.contains(PACKAGED), "{guide} names {ours}");
        }
    }
}
