//! The line before a service: in order, with little patience, and nothing sent while it is closed.

use super::*;

mod wire;

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

async fn refuse(rate: &Rate, wait: u64, policy: Option<Policy>) {
    let mut leave = rate.enter().await.ok().unwrap();
    leave.sends();
    leave.done(Ended::Refused(Refusal { wait: Some(secs(wait)), policy }));
}

#[tokio::test(start_paused = true)]
async fn a_long_wait_is_told_at_once_and_a_short_one_is_waited_for() {
    let rate = Rate::default();
    refuse(&rate, 60, None).await;
    let asked = Instant::now();
    assert_eq!(rate.enter().await.err(), Some(secs(60)));
    assert_eq!(asked.elapsed(), Duration::ZERO);
    tokio::time::sleep(secs(52)).await;
    assert!(rate.enter().await.is_ok());
    assert_eq!(asked.elapsed(), secs(60));
}

#[tokio::test(start_paused = true)]
async fn callers_are_served_in_order_at_the_pace() {
    let rate = Arc::new(Rate::default());
    let policy = Policy { calls: 3, window: secs(4) };
    refuse(&rate, 1, Some(policy)).await;
    let opened = Instant::now() + secs(1);
    let callers = (0..8).map(|_| {
        let rate = Arc::clone(&rate);
        tokio::spawn(async move {
            let mut leave = rate.enter().await.ok()?;
            leave.sends();
            let begun = Instant::now();
            leave.done(Ended::Taken);
            Some(begun)
        })
    });
    let mut begun = Vec::new();
    for caller in callers.collect::<Vec<_>>() {
        begun.push(caller.await.unwrap().map(|at| at.duration_since(opened).as_secs()));
    }
    let at = |secs| Some(secs);
    assert_eq!(begun, [at(0), at(0), at(0), at(4), at(4), at(4), at(8), at(8)]);
}

#[tokio::test(start_paused = true)]
async fn whoever_stands_in_line_when_it_closes_hears_of_it() {
    let rate = Arc::new(Rate::default());
    refuse(&rate, 5, None).await;
    let line = (0..20).map(|_| {
        let rate = Arc::clone(&rate);
        tokio::spawn(async move {
            let mut leave = rate.enter().await.map_err(|wait| wait.as_secs())?;
            leave.sends();
            leave.done(Ended::Refused(Refusal { wait: Some(secs(300)), policy: None }));
            Ok::<_, u64>(())
        })
    });
    let mut told = Vec::new();
    for caller in line.collect::<Vec<_>>() {
        told.push(caller.await.unwrap());
    }
    assert_eq!(told[0], Ok(()));
    assert!(told[1..].iter().all(Result::is_err), "{told:?}");
    assert!(rate.enter().await.is_err_and(|wait| wait > secs(250)));
}

/// The one asks in the moment of opening, before the other, who waited for it, is woken.
#[tokio::test(start_paused = true)]
async fn who_comes_when_it_opens_does_not_overtake_who_waited() {
    let rate = Arc::new(Rate::default());
    refuse(&rate, 1, None).await;
    let opens_at = Instant::now() + secs(1);
    let caller = |comes_at| {
        let rate = Arc::clone(&rate);
        tokio::spawn(async move {
            sleep_until(comes_at).await;
            rate.enter().await.map(drop).unwrap();
            Instant::now()
        })
    };
    let late = caller(opens_at);
    // Its timer is the first of that moment.
    tokio::task::yield_now().await;
    let early = caller(Instant::now());
    assert_eq!(early.await.unwrap(), opens_at);
    assert!(late.await.unwrap() > opens_at);
}

/// A pace of one call in two seconds to begin with.
#[tokio::test(start_paused = true)]
async fn who_would_wait_too_long_behind_others_is_told_at_once() {
    let rate = Arc::new(Rate::default());
    refuse(&rate, 5, None).await;
    let callers = (0..8).map(|_| {
        let rate = Arc::clone(&rate);
        tokio::spawn(async move {
            let asked = Instant::now();
            rate.enter().await.err().map(|wait| (asked.elapsed(), wait))
        })
    });
    let mut told = Vec::new();
    for caller in callers.collect::<Vec<_>>() {
        told.push(caller.await.unwrap());
    }
    assert_eq!(told[..3], [None; 3]);
    for told in &told[3..] {
        assert!(told.is_some_and(|(after, wait)| after.is_zero() && wait > PATIENCE), "{told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_leaves_the_line() {
    let rate = Rate::default();
    refuse(&rate, 5, None).await;
    for _ in 0..100 {
        assert!(tokio::time::timeout(Duration::from_millis(1), rate.enter()).await.is_err());
    }
    assert_eq!(rate.waiting.load(Ordering::SeqCst), 0);
    assert!(rate.enter().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn everybody_who_is_turned_away_has_a_turn_of_their_own() {
    let rate = Rate::default();
    refuse(&rate, 60, Some(Policy { calls: 10, window: secs(60) })).await;
    let mut told = Vec::new();
    for _ in 0..300 {
        told.push(rate.enter().await.err().unwrap());
    }
    assert_eq!(told[..3], [secs(60), secs(66), secs(72)]);
    assert!(told.is_sorted());
    assert_eq!(told.last(), Some(&(secs(60) + TURN_AFTER_MAX)));
    tokio::time::sleep(secs(60)).await;
    assert!(rate.enter().await.is_ok(), "who comes in time is served");
}

#[tokio::test(start_paused = true)]
async fn a_leave_that_is_not_used_is_no_call() {
    let rate = Rate::default();
    refuse(&rate, 1, Some(Policy { calls: 2, window: secs(600) })).await;
    for _ in 0..20 {
        drop(rate.enter().await.ok().unwrap());
    }
    let used = || async {
        let mut leave = rate.enter().await.ok().unwrap();
        leave.sends();
    };
    used().await;
    used().await;
    assert!(rate.enter().await.is_err());
}

#[test]
fn an_account_has_one_rate_a_service() {
    let rates = Rates::default();
    let (beijing, shanghai) = (Name::new("beijing").unwrap(), Name::new("shanghai").unwrap());
    let scm = rates.of(&beijing, Api::Scm);
    assert!(Arc::ptr_eq(&scm, &rates.of(&beijing, Api::Scm)));
    assert!(!Arc::ptr_eq(&scm, &rates.of(&beijing, Api::Elb)));
    assert!(!Arc::ptr_eq(&scm, &rates.of(&shanghai, Api::Scm)));
}
