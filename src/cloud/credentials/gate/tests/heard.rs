//! What a slow call says of its credential while all who find out hang: who waits behind them hears it.

use super::clocks::{now, pass};
use super::*;

/// Two calls of a credential that was known to work when they began, and two that find out, a good minute later.
struct Hanging<'a> {
    slow: [Pass<'a>; 2],
    _finders: [Pass<'a>; 2],
}

async fn enter(gate: &Gate) -> Pass<'_> {
    gate.enter(Api::Scm, &BEIJING, &key(1)).await.unwrap()
}

async fn hanging(gate: &Gate) -> Hanging<'_> {
    enter(gate).await.done(Standing::Good);
    let slow = [enter(gate).await, enter(gate).await];
    pass(Duration::from_secs(60)).await;
    Hanging { slow, _finders: [enter(gate).await, enter(gate).await] }
}

/// Whether the next one, past its patience, waits for either finder to end.
async fn waits(next: &mut (impl Future + Unpin)) -> bool {
    tokio::time::timeout(PATIENCE * 9, next).await.is_err()
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_that_worked_lets_the_others_through() {
    let gate = Gate::new(&[], now);
    let Hanging { slow: [slow, _other], _finders } = hanging(&gate).await;
    let mut next = Box::pin(enter(&gate));
    assert!(waits(&mut next).await);
    slow.done(Standing::Good);
    let _next = tokio::time::timeout(PATIENCE, next).await.unwrap();
    let _all = enter(&gate).await;
}

#[tokio::test(start_paused = true)]
async fn slow_calls_that_were_refused_end_the_waiting() {
    let gate = Gate::new(&[], now);
    let Hanging { slow, _finders } = hanging(&gate).await;
    let key = key(1);
    let mut next = Box::pin(gate.enter(Api::Scm, &BEIJING, &key));
    for slow in slow {
        assert!(waits(&mut next).await);
        slow.done(Standing::Refused);
    }
    let failure = tokio::time::timeout(PATIENCE, next).await.unwrap().err().unwrap();
    assert_eq!(failure.kind, Kind::Withheld);
}
