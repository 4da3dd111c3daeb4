//! The page of limits: its figures are those that were measured, and its constants those of the program.

use super::{read, section};

const LIMITS: &str = "docs/limits.md";
/// What was measured, as both papers write it.
const MEASURED: [&str; 7] = ["14", "21.7", "62.6 MiB", "0.23 s", "0.93 s", "154 calls", "0.85 s"];
/// What the manual says of the program, as both write it.
const TOLD: [&str; 4] = ["11 kB a renewal", "400 bytes", "800 MB", "100,000 files"];

#[test]
fn the_figures_are_those_that_were_measured() {
    let (page, measured) = (read(LIMITS), section("docs/performance.md", "## The figures"));
    for figure in MEASURED {
        assert!(page.contains(figure), "{LIMITS} has no {figure} any more: nor should this list");
        assert!(measured.contains(figure), "{figure} is not what was measured last");
    }
}

#[test]
fn the_figures_are_those_of_the_manual() {
    let (page, manual) = (read(LIMITS), read("docs/manual.md"));
    for figure in TOLD {
        assert!(page.contains(figure), "{LIMITS} has no {figure} any more: nor should this list");
        assert!(manual.contains(figure), "the manual says something else than {figure}");
    }
}
