//! The short pages in docs/: what they type is typed on a host of the test's own, against a simulated cloud, and what
//! they show is what is printed. `UPDATE=1` rewrites what they show, and the diff is the review; `PAGE=name` runs one.

mod host;
mod masked;
mod page;
mod typed;

use std::collections::BTreeSet;
use std::fs;
use std::thread;

use super::{PAGES, fenced, read, root};
use host::Host;
use masked::Masks;
use page::Item;

/// Papers in docs/ that are no such pages: reference, and measurements whose commands take hours.
const OTHERS: [&str; 3] = ["docs/manual.md", "docs/performance.md", "docs/README.md"];

#[test]
fn every_paper_is_a_page_or_one_of_the_others() {
    let files = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    let papers = files.map(|name| format!("docs/{}", name.to_string_lossy()));
    let papers: BTreeSet<_> = papers.filter(|path| path.ends_with(".md")).collect();
    let known: BTreeSet<_> = PAGES.iter().chain(&OTHERS).map(|path| (*path).to_owned()).collect();
    assert_eq!(papers, known);
}

#[test]
fn every_page_shows_what_happens() {
    let wanted = std::env::var("PAGE").unwrap_or_default();
    let pages = PAGES.iter().filter(|path| path.contains(&wanted));
    let differing: Vec<_> = thread::scope(|scope| {
        let runs: Vec<_> = pages.map(|path| (path, scope.spawn(|| played(path)))).collect();
        let ended = runs.into_iter().map(|(path, run)| {
            run.join()
                .unwrap_or_else(|_| vec![format!("--- {path}: not played to its end, see above")])
        });
        ended.flatten().collect()
    });
    assert!(
        differing.is_empty(),
        "{}\nWhere what was printed is right: UPDATE=1 cargo test --test docs, and read the diff",
        differing.join("\n")
    );
}

#[test]
fn the_manual_types_what_works() {
    let mut host = Host::new();
    host.stage("certbot www.example.com");
    host.write("/etc/certrotd/certrotd.toml", "");
    host.write("/srv/status/.keep", "");
    let blocks = fenced(&read("docs/manual.md"), "sh");
    assert!(blocks.len() >= 3, "the rule has seen nothing");
    for block in blocks {
        host.typed(&page::typed(&block));
    }
}

/// Plays a page from its first line to its last; gives what is not as it says.
#[expect(clippy::print_stdout, reason = "how much of a page is played, for `--nocapture`")]
fn played(path: &str) -> Vec<String> {
    let text = read(path);
    let items = page::items(&text);
    let (mut host, mut differing) = (Host::new(), Vec::new());
    let (mut written, mut printed) = (Masks::default(), Masks::default());
    let mut output = String::new();
    let mut renewed = Vec::new();
    for item in &items {
        match item {
            Item::Stage(command) => host.stage(command),
            Item::File(name, text) => host.write(name, text),
            Item::Typed(lines) => output = host.typed(lines),
            Item::Shown { first, count, text } => {
                if let Some(words) = masked::difference(text, &output, &mut written, &mut printed) {
                    differing.push(format!("--- {path}:{first}\n{words}"));
                }
                renewed.push((*first, *count, output.clone()));
            }
        }
    }
    let misuse = host.violations();
    assert!(misuse.is_empty(), "{path}: the simulated cloud was misused: {misuse:?}");
    println!("{path}: {}", page::census(&items));
    if !differing.is_empty() && std::env::var_os("UPDATE").is_some() {
        fs::write(root().join(path), page::rewritten(&text, &renewed)).unwrap();
        differing.clear();
    }
    differing
}

#[test]
fn what_is_shown_is_compared_word_by_word() {
    let differ = |written: &str, printed: &str| {
        masked::difference(written, printed, &mut Masks::default(), &mut Masks::default()).is_some()
    };
    assert!(!differ(
        "at 2026-11-23T09:42:34Z\n  scs1795426954528",
        "at 2027-01-01T00:00:00Z scs1795426954529"
    ));
    assert!(differ("89 days", "88 days"));
    assert!(differ("scs1795426954528 scs1795426954528", "scs1795426954528 scs1795426954529"));
    assert!(!differ("a …\nd", "a b c\nd") && differ("a … d", "a b c") && differ("b …", "a b c"));
}

#[test]
fn a_command_that_nobody_knows_is_an_error() {
    let known = |line: &str| typed::kind(line).is_ok();
    assert!(known("certrotd plan") && known("sudo systemctl restart certrotd"));
    assert!(known("certrotd report --html - | mail ops@example.com"));
    assert!(!known("frobnicate") && !known("certrotd plan && frobnicate"));
}
