//! The specification that anyone can read and add to: `tests/scenarios/*.txt` are transcripts of
//! commands and of what they print. `UPDATE=1` rewrites what they print, and the diff is the review;
//! `SCENARIO=name` runs the files alone whose name has this in it.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;
mod scenario_kit;

use std::time::Duration;

use certrotd::sim::{Fault, Rule};
use scenario_kit::{run, sentences};

/// How much later than its neighbours a call is answered that is held up.
const HELD_UP: Duration = Duration::from_secs(1);

#[test]
fn every_transcript_is_what_happens() {
    let differing = run::all();
    let count = differing.len();
    assert!(
        differing.is_empty(),
        "{}\n{count} transcripts differ (- written, + printed). Where what was printed is right: \
         UPDATE=1 cargo test --test scenarios, and read the diff",
        differing.join("\n")
    );
}

#[test]
fn whose_answer_comes_last_changes_no_transcript() {
    // The three pushes of the first rotation, one after the other.
    for nth in 0..3 {
        let push = Rule::new("POST", "/push", Fault::Slow(HELD_UP)).after(nth).times(1);
        assert_eq!(run::under("renewal.txt", &[push]), None, "push {nth} is answered last");
    }
}

#[test]
fn every_action_reason_and_hold_is_told_of() {
    let told = run::files().into_iter().map(|path| std::fs::read_to_string(path).unwrap());
    let missing = sentences::missing(&told.collect::<String>());
    assert!(missing.is_empty(), "no transcript has a line with\n{}", missing.join("\n"));
}
