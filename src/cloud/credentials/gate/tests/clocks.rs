//! When a quiet time ends: by itself, by either clock, and never later for a clock that was wrong.

use std::cell::Cell;

use super::*;

const QUIET: Duration = Duration::from_secs(15 * 60);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

thread_local! { static NOW: Cell<Time> = const { Cell::new(Time::from_secs(1_000_000)) }; }

pub(super) fn now() -> Time {
    NOW.get()
}

/// The host's clock is set, and nothing passes.
pub(super) fn set(to: Time) {
    NOW.set(to);
}

/// Time passes, by both clocks.
pub(super) async fn pass(span: Duration) {
    set(now() + span);
    tokio::time::advance(span).await;
}

async fn tried(gate: &Gate, standing: Standing) {
    gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap().done(standing);
}

async fn left(gate: &Gate) -> Option<Duration> {
    gate.enter(Api::Scm, &BEIJING, &key(1))
        .await
        .err()
        .map(|failure| failure.wait.unwrap_or_default())
}

async fn refused_twice() -> Gate {
    let gate = Gate::new(&[], now);
    tried(&gate, Standing::Refused).await;
    tried(&gate, Standing::Refused).await;
    gate
}

#[tokio::test(start_paused = true)]
async fn after_the_quiet_time_there_is_one_try_more() {
    let gate = refused_twice().await;
    for _ in 0..3 {
        assert_eq!(left(&gate).await, Some(QUIET));
        pass(QUIET - SECOND).await;
        assert_eq!(left(&gate).await, Some(SECOND));
        pass(SECOND).await;
        // Refused again: one more in a row closes it at once.
        tried(&gate, Standing::Refused).await;
    }
    assert_eq!(gate.take().last().unwrap().count, 5);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_does_not_make_it_longer() {
    let gate = refused_twice().await;
    set(now() - HOUR);
    pass(QUIET - SECOND).await;
    assert_eq!(left(&gate).await, Some(SECOND));
    pass(SECOND).await;
    assert_eq!(left(&gate).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_sleeps_meanwhile_has_been_quiet() {
    let gate = refused_twice().await;
    set(now() + QUIET);
    assert_eq!(left(&gate).await, None);
}

#[tokio::test(start_paused = true)]
async fn what_a_clock_that_was_ahead_has_journalled_is_of_now() {
    set(now() + HOUR);
    let told = refused_twice().await.take();
    set(now() - HOUR);
    let [gate, other] = [Gate::new(&told, now), Gate::new(&told, now)];
    assert_eq!(left(&gate).await, Some(QUIET));
    pass(QUIET - SECOND).await;
    assert_eq!(left(&gate).await, Some(SECOND));
    // The one host stays awake, and the other sleeps for a moment.
    set(now() + SECOND);
    assert_eq!(left(&other).await, None);
    set(now() - SECOND);
    pass(SECOND).await;
    assert_eq!(left(&gate).await, None);
}

#[tokio::test(start_paused = true)]
async fn what_the_journal_tells_of_long_ago_is_no_news() {
    let told = refused_twice().await.take();
    pass(QUIET - SECOND).await;
    assert_eq!(left(&Gate::new(&told, now)).await, Some(SECOND));
    pass(SECOND).await;
    assert_eq!(left(&Gate::new(&told, now)).await, None);
}

#[tokio::test(start_paused = true)]
async fn signatures_of_a_clock_that_is_off_wait_until_it_is_set() {
    let gate = Gate::new(&[], now);
    tried(&gate, Standing::Skewed).await;
    tried(&gate, Standing::Skewed).await;
    let failure = gate.enter(Api::Scm, &BEIJING, &key(1)).await.err().unwrap();
    assert!(failure.was_never_sent() && failure.message.contains("check this host's clock"));
    assert!(gate.take().is_empty(), "a clock is no wrong key");
    assert!(gate.enter(Api::Scm, &BEIJING, &key(2)).await.is_ok());
    set(now() - HOUR);
    tried(&gate, Standing::Skewed).await;
    assert!(left(&gate).await.is_some());
    set(now() + HOUR);
    tried(&gate, Standing::Good).await;
    tried(&gate, Standing::Skewed).await;
    assert_eq!(left(&gate).await, None);
}

#[tokio::test(start_paused = true)]
async fn signatures_of_a_clock_that_is_off_are_tried_once_more_after_a_quiet_time() {
    let gate = Gate::new(&[], now);
    tried(&gate, Standing::Skewed).await;
    tried(&gate, Standing::Skewed).await;
    for _ in 0..3 {
        pass(QUIET - SECOND).await;
        assert!(left(&gate).await.is_some());
        pass(SECOND).await;
        tried(&gate, Standing::Skewed).await;
        assert!(left(&gate).await.is_some());
    }
}
