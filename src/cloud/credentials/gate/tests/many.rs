//! More credentials than are remembered: the oldest are forgotten, one at a time, and the others stay as they are.

use super::clocks::{now, pass, set};
use super::*;

const FEW: i64 = 64;
const MOST: i64 = KEYS_MAX as i64;
const MOMENT: Duration = Duration::from_millis(1);

async fn all(gate: &Gate, keys: impl Iterator<Item = i64>, standings: &[Standing]) {
    for number in keys {
        for standing in standings {
            gate.enter(Api::Scm, &BEIJING, &key(number)).await.unwrap().done(*standing);
        }
        pass(MOMENT).await;
    }
}

/// Whether two calls may go at once, so that it is known to work.
async fn is_good(gate: &Gate, number: i64) -> bool {
    let key = key(number);
    let _first = gate.enter(Api::Scm, &BEIJING, &key).await.unwrap();
    tokio::time::timeout(MOMENT, gate.enter(Api::Scm, &BEIJING, &key)).await.is_ok()
}

async fn is_left_alone(gate: &Gate, number: i64) -> bool {
    gate.enter(Api::Scm, &BEIJING, &key(number)).await.is_err()
}

#[tokio::test(start_paused = true)]
async fn what_works_once_more_takes_nobodys_place() {
    let gate = Gate::new(&[], now);
    all(&gate, (0..MOST).chain(1..2), &[Standing::Good]).await;
    for number in 0..MOST {
        assert!(is_good(&gate, number).await, "{number}");
    }
    all(&gate, MOST..MOST + 1, &[Standing::Good]).await;
    for number in 0..=MOST {
        assert_eq!(is_good(&gate, number).await, number != 0, "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_works_is_known_though_the_clock_was_set_back() {
    let gate = Gate::new(&[], now);
    all(&gate, 0..MOST, &[Standing::Good]).await;
    set(now() - Duration::from_secs(3600));
    all(&gate, MOST..MOST + 1, &[Standing::Good]).await;
    assert!(is_good(&gate, MOST).await);
}

#[tokio::test(start_paused = true)]
async fn of_many_refused_keys_none_is_tried_again_before_its_time() {
    for standing in [Standing::Refused, Standing::Skewed] {
        let gate = Gate::new(&[], now);
        all(&gate, 0..FEW, &[standing; 2]).await;
        for number in 0..FEW {
            assert!(is_left_alone(&gate, number).await, "{standing:?} {number}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn of_more_than_are_remembered_the_oldest_refusals_are_forgotten() {
    for standing in [Standing::Refused, Standing::Skewed] {
        let gate = Gate::new(&[], now);
        all(&gate, 0..MOST, &[standing; 2]).await;
        // By the host's clock, the newest would be the oldest.
        set(now() - Duration::from_secs(3));
        all(&gate, MOST..MOST + 2, &[standing; 2]).await;
        for number in 0..MOST + 2 {
            assert_eq!(is_left_alone(&gate, number).await, number > 1, "{standing:?} {number}");
        }
    }
}
