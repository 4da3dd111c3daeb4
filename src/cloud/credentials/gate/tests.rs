//! The gate alone: how often a key is tried, who goes first, and what a clock that is off does.

use std::sync::LazyLock;

use super::*;
use crate::model::failure::Kind;

mod clocks;
mod heard;
mod many;
mod volley;

/// A moment less than a refused credential is left alone.
const NEARLY_QUIET: Duration = Duration::from_secs(15 * 60 - 10);

fn key(changed_at: i64) -> Key {
    Key { identity: "AKID".to_owned(), changed_at: Time::from_secs(changed_at) }
}

fn gate(refusals: &[Refusal]) -> Gate {
    Gate::new(refusals, super::super::super::testing::now)
}

static BEIJING: LazyLock<Name> = LazyLock::new(|| Name::new("beijing").unwrap());

#[tokio::test]
async fn two_refusals_close_it_until_the_file_changes() {
    let gate = gate(&[]);
    for _ in 0..2 {
        gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap().done(Standing::Refused);
    }
    let failure = gate.enter(Api::Scm, &BEIJING, &key(1)).await.err().unwrap();
    assert_eq!(failure.kind, Kind::Withheld);
    assert!(failure.wait.unwrap() > NEARLY_QUIET);
    assert!(gate.enter(Api::Scm, &BEIJING, &key(2)).await.is_ok());
    let told: Vec<u32> = gate.take().iter().map(|refusal| refusal.count).collect();
    assert_eq!(told, [1, 2]);
    assert!(gate.take().is_empty());
}

#[tokio::test]
async fn what_the_journal_remembers_holds() {
    let first = gate(&[]);
    for _ in 0..2 {
        first.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap().done(Standing::Refused);
    }
    let told = first.take();
    assert!(gate(&told).enter(Api::Scm, &BEIJING, &key(1)).await.is_err());
    assert!(gate(&told[..1]).enter(Api::Scm, &BEIJING, &key(1)).await.is_ok());
}

#[tokio::test]
async fn the_first_call_goes_alone() {
    let gate = gate(&[]);
    let first = gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap();
    let waiting =
        tokio::time::timeout(Duration::from_millis(20), gate.enter(Api::Scm, &BEIJING, &key(1)))
            .await;
    assert!(waiting.is_err());
    first.done(Standing::Good);
    let _second = gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap();
    let _third = gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_first_call_that_hangs_lets_one_more_go() {
    let gate = gate(&[]);
    let _hangs = gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap();
    let second = gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap();
    let third = tokio::time::timeout(PATIENCE * 9, gate.enter(Api::Scm, &BEIJING, &key(1))).await;
    assert!(third.is_err());
    second.done(Standing::Good);
    let _all = gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap();
}

#[tokio::test]
async fn another_region_with_the_same_key_shares_its_tries() {
    let gate = gate(&[]);
    let shanghai = Name::new("shanghai").unwrap();
    gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap().done(Standing::Refused);
    gate.enter(Api::Scm, &shanghai, &key(1)).await.unwrap().done(Standing::Refused);
    assert!(gate.enter(Api::Scm, &BEIJING, &key(1)).await.is_err());
    assert!(gate.enter(Api::Scm, &shanghai, &key(1)).await.is_err());
}

#[tokio::test]
async fn a_call_that_learns_nothing_lets_the_next_one_try() {
    let gate = gate(&[]);
    gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap().done(Standing::Unknown);
    drop(gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap());
    gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap().done(Standing::Good);
    assert!(gate.take().is_empty());
}

#[tokio::test]
async fn a_success_ends_the_row_of_refusals() {
    let gate = gate(&[]);
    for standing in [Standing::Refused, Standing::Good, Standing::Refused] {
        gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap().done(standing);
    }
    let told: Vec<u32> = gate.take().iter().map(|refusal| refusal.count).collect();
    assert_eq!(told, [1, 1]);
    assert!(gate.enter(Api::Scm, &BEIJING, &key(1)).await.is_ok());
}

#[tokio::test]
async fn a_refusal_has_the_next_call_go_alone() {
    let gate = gate(&[]);
    for standing in [Standing::Good, Standing::Refused] {
        gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap().done(standing);
    }
    let first = gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap();
    let wait = Duration::from_millis(20);
    assert!(tokio::time::timeout(wait, gate.enter(Api::Scm, &BEIJING, &key(1))).await.is_err());
    first.done(Standing::Refused);
    assert!(gate.enter(Api::Scm, &BEIJING, &key(1)).await.is_err());
}
