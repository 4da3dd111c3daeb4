//! The daemons' clock: it follows the runtime's own time, in which hours pass at once, and may be wrong
//! by as much as the weather says.

use std::cell::Cell;
use std::time::Duration;

use certrotd::model::time::Time;
use tokio::time::Instant;

thread_local! {
    static ZERO: Cell<Option<(Instant, Time)>> = const { Cell::new(None) };
    static AHEAD_SECS: Cell<i64> = const { Cell::new(0) };
}

/// It is this moment now, by a right clock. Each storm has its thread to itself.
pub fn start(now: Time) {
    ZERO.set(Some((Instant::now(), now)));
    AHEAD_SECS.set(0);
}

/// What the daemons' clock says.
pub fn now() -> Time {
    let ahead = AHEAD_SECS.get();
    let by = Duration::from_secs(ahead.unsigned_abs());
    if ahead < 0 { right() - by } else { right() + by }
}

/// What a right clock says.
pub fn right() -> Time {
    let (zero, began) = ZERO.get().unwrap();
    began + zero.elapsed()
}

/// Sets the daemons' clock ahead of a right one, or behind it.
pub fn set_ahead(secs: i64) {
    AHEAD_SECS.set(secs);
}
