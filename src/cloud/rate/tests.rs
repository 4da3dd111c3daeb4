//! The line before a service: in order, with little patience, and nothing sent while it is closed.

use super::*;

mod wire;

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

async fn refuse(rate: &Rate, wait: u64, policy: Option<Policy>) {
    let leave = rate.enter().await.ok().unwrap();
    done(leave, refused(wait, policy));
}

fn refused(wait: u64, policy: Option<Policy>) -> Ended {
    Ended::Refused(Refusal { wait: Some(secs(wait)), policy, of_operation: false })
}

/// A call that was sent, and what became of it.
fn done(mut part: Part<'_>, ended: Ended) {
    part.ended = ended;
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
            let leave = rate.enter().await.ok()?;
            let begun = Instant::now();
            done(leave, Ended::Taken);
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
            let leave = rate.enter().await.map_err(|wait| wait.as_secs())?;
            done(leave, refused(300, None));
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

fn beijing(rates: &Rates, operation: &'static str) -> Both {
    rates.of(&Name::new("beijing").unwrap(), Api::Scm, operation)
}

async fn call(both: &Both, ended: Ended) {
    let mut leave = both.enter().await.ok().unwrap();
    leave.sends();
    leave.done(ended);
}

#[tokio::test(start_paused = true)]
async fn a_leave_that_is_not_used_is_no_call() {
    let rates = Rates::default();
    let both = beijing(&rates, "push");
    call(&both, refused(1, Some(Policy { calls: 2, window: secs(600) }))).await;
    for _ in 0..20 {
        drop(both.enter().await.ok().unwrap());
    }
    // Without a word about its end it may have arrived.
    for _ in 0..2 {
        both.enter().await.ok().unwrap().sends();
    }
    assert!(both.enter().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_policy_of_one_operation_closes_nothing_else() {
    let rates = Rates::default();
    let (list, push) = (beijing(&rates, "list"), beijing(&rates, "push"));
    let policy = Policy { calls: 2, window: secs(3600) };
    let refusal = Refusal { wait: Some(policy.window), policy: Some(policy), of_operation: true };
    let held = list.enter().await.ok().unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    call(&list, Ended::Refused(refusal)).await;
    assert!(!held.holds());
    assert_eq!(list.enter().await.err(), Some(policy.window));
    for _ in 0..20 {
        call(&push, Ended::Taken).await;
    }
    assert!(list.enter().await.is_err());
    // The service's own refusal closes all.
    call(&push, refused(7200, None)).await;
    assert!(push.enter().await.is_err() && beijing(&rates, "show").enter().await.is_err());
}

#[test]
fn an_account_has_one_rate_a_service_and_one_an_operation() {
    let rates = Rates::default();
    let (beijing, shanghai) = (Name::new("beijing").unwrap(), Name::new("shanghai").unwrap());
    let same = |other: Both| {
        let list = rates.of(&beijing, Api::Scm, "list");
        (Arc::ptr_eq(&list.service, &other.service), Arc::ptr_eq(&list.operation, &other.operation))
    };
    assert_eq!(same(rates.of(&beijing, Api::Scm, "list")), (true, true));
    assert_eq!(same(rates.of(&beijing, Api::Scm, "push")), (true, false));
    assert_eq!(same(rates.of(&beijing, Api::Elb, "list")), (false, false));
    assert_eq!(same(rates.of(&shanghai, Api::Scm, "list")), (false, false));
}
