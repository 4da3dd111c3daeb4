//! Who may import whom: the table, the text that prints it, and the code.

use std::collections::{BTreeMap, BTreeSet};

use super::{code, none, read, rust};

/// Modules, and what they may import. ARCHITECTURE.md prints the same rows.
const TABLE: [(&str, &str); 12] = [
    ("model, schedule, files", NOTHING),
    ("cert, cloud, sim", "model"),
    ("config", "model, schedule, files"),
    ("plan", "model, cert, schedule"),
    ("record", "model, plan, files"),
    ("observe", "model, cert, plan, config, cloud, files"),
    ("apply", "model, cert, plan, record, config, cloud, files"),
    ("cycle", "model, cert, config, observe, plan, apply, record, cloud"),
    ("telemetry", "model, plan, cycle"),
    ("tell", "model, config, files, cycle, apply, cloud"),
    ("daemon", "model, config, schedule, files, cycle, telemetry, tell"),
    ("cli", EVERYTHING),
];
const NOTHING: &str = "nothing of ours";
const EVERYTHING: &str = "everything; sim from rehearse alone";
/// For the tests of every module, and compiled with them alone; it imports nothing of ours.
const FOR_TESTS: &str = "scratch";
/// The only files outside of `sim` that may know it.
const REHEARSAL: &str = "src/cli/rehearse";

type Arrows = BTreeMap<String, BTreeSet<String>>;

fn row(names: &str) -> BTreeSet<&str> {
    if names == NOTHING { BTreeSet::new() } else { names.split(", ").collect() }
}

/// Every module, with what it may import; `None`: everything.
fn allowed() -> BTreeMap<&'static str, Option<BTreeSet<&'static str>>> {
    let rows = TABLE.iter().flat_map(|(modules, imports)| {
        let imports = (*imports != EVERYTHING).then(|| row(imports));
        row(modules).into_iter().map(move |module| (module, imports.clone()))
    });
    rows.chain([(FOR_TESTS, Some(BTreeSet::new()))]).collect()
}

/// `src/cycle.rs` and `src/cycle/looks.rs` are both `cycle`. The crate's two roots are no module.
fn module_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?.split('/').next()?;
    let module = inside.strip_suffix(".rs").unwrap_or(inside);
    (!["lib", "main"].contains(&module)).then_some(module)
}

/// How many `super::` lead from this file's own module to the root of the crate.
fn depth(path: &str) -> usize {
    let parts = path.trim_start_matches("src/").trim_end_matches(".rs").split('/');
    parts.filter(|part| *part != "mod").count()
}

/// What this code imports of the crate: by `crate::a`, by a group `crate::{a, b::c}`, or by enough `super::`.
fn imported(path: &str, text: &str) -> BTreeSet<String> {
    let code = code::code(text);
    let mut found = BTreeSet::new();
    for (at, word) in code.match_indices("crate::") {
        let rest = &code[at + word.len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(heads(group)),
            None => found.extend(identifier(rest)),
        }
    }
    let up = "super::".repeat(depth(path));
    let plain = code::without_tests(text);
    found
        .extend(plain.match_indices(&up).filter_map(|(at, _)| identifier(&plain[at + up.len()..])));
    found
}

/// The first names of a group's paths, up to its closing brace.
fn heads(group: &str) -> Vec<String> {
    let (mut level, mut start, mut heads) = (0_usize, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => level += 1,
            '}' if level > 0 => level -= 1,
            ',' | '}' if level == 0 => {
                heads.extend(identifier(group[start..at].trim_start()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    heads
}

fn identifier(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let name = &text[..end];
    (!name.is_empty() && name != "super").then(|| name.to_owned())
}

/// The arrows of the code, each with a file that draws it.
fn arrows() -> (Arrows, Vec<String>) {
    let allowed = allowed();
    let (mut arrows, mut complaints) = (Arrows::new(), Vec::new());
    for file in rust(&["src"]) {
        let Some(module) = module_of(&file.path) else { continue };
        let Some(may) = allowed.get(module) else {
            complaints.push(format!("{}: module {module} has no row in the table", file.path));
            continue;
        };
        for import in imported(&file.path, &file.text) {
            if import == module || import == FOR_TESTS {
                continue;
            }
            let known = allowed.contains_key(import.as_str());
            let rehearsal = file.path.starts_with(REHEARSAL) || import != "sim";
            let fine = match may {
                Some(may) => may.contains(import.as_str()),
                None => known && rehearsal,
            };
            if !fine {
                complaints.push(format!("{}: {module} may not import {import}", file.path));
            }
            arrows.entry(module.to_owned()).or_default().insert(import);
        }
    }
    (arrows, complaints)
}

#[test]
fn modules_import_what_the_table_allows() {
    let (arrows, complaints) = arrows();
    none("arrows that the table does not have", &complaints);
    assert!(arrows.len() > 5, "the rule has seen nothing: {arrows:?}");
}

#[test]
fn every_module_has_one_row_and_every_row_a_module() {
    let lib = read("src/lib.rs");
    let modules = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let modules: BTreeSet<_> = modules.collect();
    let rows: Vec<_> = TABLE.iter().flat_map(|(modules, _)| row(modules)).collect();
    assert_eq!(rows.iter().copied().collect::<BTreeSet<_>>(), modules);
    assert_eq!(rows.len(), modules.len(), "a module stands in two rows");
    assert!(lib.contains(&format!("#[cfg(test)]\nmod {FOR_TESTS};")), "the program needs none");
}

#[test]
fn there_is_no_circle() {
    let (arrows, _) = arrows();
    let mut left: BTreeSet<_> = arrows.keys().cloned().collect();
    // Takes away, again and again, whoever imports nobody who is left.
    loop {
        let free = |module: &&String| arrows[*module].is_disjoint(&left);
        let gone: Vec<_> = left.iter().filter(free).cloned().collect();
        if gone.is_empty() {
            break;
        }
        left.retain(|module| !gone.contains(module));
    }
    assert!(left.is_empty(), "modules in a circle, or above one: {left:?}");
}

#[test]
fn the_printed_table_is_this_one() {
    let text = read("ARCHITECTURE.md");
    let section =
        text.split("## Who may import whom").nth(1).expect("ARCHITECTURE.md has the table");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows: Vec<_> = rows.filter_map(|line| line.split_once(" | ")).skip(1).collect();
    assert_eq!(rows, TABLE);
}

#[test]
fn imports_are_read_as_the_compiler_reads_them() {
    let text = "use crate::{model::{names::Name, time}, cert};\n// crate::sim\nfn a(b: crate::plan::C) {}\n\
                use super::super::files; pub(in crate::cli) struct D; const E: &str = \"crate::daemon\";";
    let found: Vec<_> = imported("src/cloud/scm.rs", text).into_iter().collect();
    assert_eq!(found, ["cert", "cli", "files", "model", "plan"]);
    assert_eq!(
        (depth("src/cloud/mod.rs"), depth("src/cycle.rs"), depth("src/sim/scm/read.rs")),
        (1, 1, 3)
    );
    assert_eq!(module_of("src/main.rs"), None);
}
