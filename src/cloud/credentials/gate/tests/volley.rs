//! Calls under way together when the service begins to refuse their key: how many it sees.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;

/// A credential that is known to work.
async fn good(gate: &Gate) {
    gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap().done(Standing::Good);
}

/// What all the calls of a storm see.
#[derive(Default)]
struct Storm {
    refuses: AtomicBool,
    under_way: AtomicUsize,
    /// How many were under way when the first was refused, itself among them.
    first: Mutex<Option<usize>>,
    refused: AtomicUsize,
    begun_after: AtomicUsize,
    withheld: AtomicUsize,
}

impl Storm {
    async fn call(&self, gate: &Gate, number: u64) {
        // Whoever is let through is under way for a time of its own.
        for turn in 0.. {
            let Ok(pass) = gate.enter(Api::Scm, &BEIJING, &key(1)).await else {
                self.withheld.fetch_add(1, Ordering::SeqCst);
                return;
            };
            self.under_way.fetch_add(1, Ordering::SeqCst);
            self.begun_after
                .fetch_add(usize::from(locked(&self.first).is_some()), Ordering::SeqCst);
            let refused = self.refuses.load(Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(10 + (number * 37 + turn * 91) % 700)).await;
            let standing = if refused { Standing::Refused } else { Standing::Good };
            if refused {
                self.refused.fetch_add(1, Ordering::SeqCst);
                locked(&self.first).get_or_insert(self.under_way.load(Ordering::SeqCst));
            }
            self.under_way.fetch_sub(1, Ordering::SeqCst);
            pass.done(standing);
        }
    }
}

/// Some answers say that the key is good when others have said already that it is not: those were given before.
#[tokio::test(start_paused = true)]
async fn of_64_calls_at_once_none_but_one_begins_after_the_first_refusal() {
    for moment in [0, 1, 15, 60, 200, 400, 800, 1600] {
        let storm = Arc::new(Storm::default());
        let gate = Arc::new(gate(&[]));
        good(&gate).await;
        let calls = (0..64).map(|number| {
            let (storm, gate) = (Arc::clone(&storm), Arc::clone(&gate));
            tokio::spawn(async move { storm.call(&gate, number).await })
        });
        let calls: Vec<_> = calls.collect();
        tokio::time::sleep(Duration::from_millis(moment)).await;
        storm.refuses.store(true, Ordering::SeqCst);
        for call in calls {
            call.await.unwrap();
        }
        let count = |of: &AtomicUsize| of.load(Ordering::SeqCst);
        let under_way = locked(&storm.first).unwrap();
        assert!(count(&storm.begun_after) <= 1, "{moment}: {:?}", storm.begun_after);
        assert!(count(&storm.refused) <= under_way + 1, "{moment}: {:?}", storm.refused);
        assert_eq!(count(&storm.withheld), 64, "{moment}");
    }
}

#[tokio::test]
async fn what_was_answered_before_a_refusal_and_is_heard_after_it_opens_nothing() {
    let gate = gate(&[]);
    good(&gate).await;
    let enter = async || gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap();
    let (older, refused) = (enter().await, enter().await);
    refused.done(Standing::Refused);
    older.done(Standing::Good);
    let alone = enter().await;
    let wait = Duration::from_millis(20);
    assert!(tokio::time::timeout(wait, gate.enter(Api::Scm, &BEIJING, &key(1))).await.is_err());
    alone.done(Standing::Refused);
    assert!(gate.enter(Api::Scm, &BEIJING, &key(1)).await.is_err());
}

/// One node of the service knows the key and another does not: what began last is believed.
#[tokio::test]
async fn the_one_try_after_a_refusal_has_the_last_word() {
    let gate = gate(&[]);
    good(&gate).await;
    let enter = async || gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap();
    let (one, other) = (enter().await, enter().await);
    one.done(Standing::Refused);
    let alone = enter().await;
    other.done(Standing::Refused);
    assert!(gate.enter(Api::Scm, &BEIJING, &key(1)).await.is_err());
    alone.done(Standing::Good);
    let _both = (enter().await, enter().await);
}

#[tokio::test(start_paused = true)]
async fn after_a_refusal_nobody_goes_beside_a_call_that_hangs() {
    let gate = gate(&[]);
    let long = PATIENCE * 9;
    let hangs = gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap();
    gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap().done(Standing::Refused);
    assert!(tokio::time::timeout(long, gate.enter(Api::Scm, &BEIJING, &key(1))).await.is_err());
    hangs.done(Standing::Unknown);
    let hangs = gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap();
    assert!(tokio::time::timeout(long, gate.enter(Api::Scm, &BEIJING, &key(1))).await.is_err());
    hangs.done(Standing::Refused);
    assert_eq!(gate.take().len(), 2);
    assert!(gate.enter(Api::Scm, &BEIJING, &key(1)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn two_that_hang_and_are_refused_are_all() {
    let gate = gate(&[]);
    let first = gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap();
    let second = gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap();
    first.done(Standing::Refused);
    let wait = PATIENCE * 9;
    assert!(tokio::time::timeout(wait, gate.enter(Api::Scm, &BEIJING, &key(1))).await.is_err());
    second.done(Standing::Refused);
    assert!(gate.enter(Api::Scm, &BEIJING, &key(1)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn who_calls_a_service_that_hangs_stands_in_the_way_of_no_other() {
    let gate = Arc::new(gate(&[]));
    let _hangs = gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap();
    for _ in 0..64 {
        let gate = Arc::clone(&gate);
        tokio::spawn(async move {
            let _hangs = gate.enter(Api::Scm, &BEIJING, &key(1)).await;
            std::future::pending::<()>().await;
        });
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    let asked = Instant::now();
    gate.enter(Api::Waf, &BEIJING, &key(1)).await.unwrap().done(Standing::Good);
    assert!(asked.elapsed() < PATIENCE * 3 / 2, "{:?}", asked.elapsed());
}
