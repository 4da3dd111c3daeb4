//! What the compiler is told to refuse, in each file that it begins with.

use super::{code, none, rust};

/// The line that no crate of ours may lack: in the file, so that it holds however the crate is built.
const FORBIDS: &str = "#![forbid(unsafe_code)]";

/// Whether a crate begins with this file: the library, the program, an example, the benchmarks.
fn is_root(path: &str) -> bool {
    let example = path.strip_prefix("examples/");
    example.is_some_and(|rest| !rest.contains('/') || rest.ends_with("/main.rs"))
        || ["src/lib.rs", "src/main.rs", "benches/units/main.rs"].contains(&path)
}

#[test]
fn every_crate_forbids_unsafe_code() {
    let files = rust(&["src", "examples", "benches"]);
    let roots: Vec<_> = files.iter().filter(|file| is_root(&file.path)).collect();
    assert!(roots.len() >= 3, "the rule has seen {} crates", roots.len());
    let bare = roots.iter().filter(|file| !file.text.lines().any(|line| line == FORBIDS));
    none("crates without it", &bare.map(|file| file.path.clone()).collect::<Vec<_>>());
}

#[test]
fn nothing_is_unsafe() {
    let files = rust(&["src", "tests", "examples", "benches"]);
    let unsafe_ones = files.iter().filter(|file| code::has(&code::code(&file.text), "unsafe"));
    none("unsafe", &unsafe_ones.map(|file| file.path.clone()).collect::<Vec<_>>());
    // Said for the tests, whose roots need no line of their own.
    let manifest = super::read("Cargo.toml");
    assert!(manifest.lines().any(|line| line == "unsafe_code = \"forbid\""));
}
