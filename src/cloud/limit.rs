//! So many calls in so long a time: what a service allows an account, kept on our side.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};

/// How long a caller waits for those before it: a few calls' time.
const PATIENCE: Duration = Duration::from_secs(2);

/// A window that slides: never more than so many calls in any span of its length.
pub(super) struct Limit {
    calls_max: usize,
    window: Duration,
    state: Mutex<State>,
    /// Held by whoever is next, so that a large wish is not passed by small ones for ever.
    door: tokio::sync::Mutex<()>,
    /// A pass has ended, and may have given calls back.
    ended: Notify,
}

#[derive(Default)]
struct State {
    /// Calls that passes now under way may still make, or have made.
    promised: usize,
    /// When each call of an ended pass was over at the latest.
    made: VecDeque<Instant>,
}

/// The right to make some calls. They count from the moment when this is dropped.
pub(super) struct Pass<'a> {
    limit: &'a Limit,
    calls: usize,
    unused: usize,
}

impl Limit {
    /// At most `calls_max` calls in any `window`.
    pub(super) fn new(calls_max: usize, window: Duration) -> Self {
        Self {
            calls_max,
            window,
            state: Mutex::default(),
            door: tokio::sync::Mutex::default(),
            ended: Notify::new(),
        }
    }

    /// Waits for a moment until this many calls are free, and takes them all at once, in the order of
    /// asking: whoever has begun does not have to wait between two calls. More than there can be want an
    /// empty window. Where there is no room so soon, says when there may be: whoever waits here holds
    /// up whatever else its caller has to do.
    pub(super) async fn enter(&self, calls: usize) -> Result<Pass<'_>, Duration> {
        match timeout(PATIENCE, self.room_for(calls)).await {
            Ok(pass) => Ok(pass),
            Err(_) => Err(self.free_in()),
        }
    }

    /// When the oldest call leaves the window; soon, where only the end of a pass can make room.
    fn free_in(&self) -> Duration {
        let oldest = self.state().made.front().map(|made| *made + self.window);
        oldest.map_or(PATIENCE, |at| at.saturating_duration_since(Instant::now()).max(PATIENCE))
    }

    async fn room_for(&self, calls: usize) -> Pass<'_> {
        let _next = self.door.lock().await;
        loop {
            let ended = self.ended.notified();
            let Err(free_at) = self.take(calls) else {
                return Pass { limit: self, calls, unused: calls };
            };
            match free_at {
                Some(at) => tokio::select! {
                    () = sleep_until(at) => {}
                    () = ended => {}
                },
                None => ended.await,
            }
        }
    }

    /// Takes this many, or says when a call made before leaves the window; none where only the end of a
    /// pass can make room.
    fn take(&self, calls: usize) -> Result<(), Option<Instant>> {
        let mut state = self.state();
        let now = Instant::now();
        while state.made.front().is_some_and(|made| *made + self.window <= now) {
            state.made.pop_front();
        }
        let taken = state.promised + state.made.len();
        if taken == 0 || taken + calls <= self.calls_max {
            state.promised += calls;
            return Ok(());
        }
        Err(state.made.front().map(|made| *made + self.window))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// Says that one of the calls is being made. Those that are not made are given back at the end.
    pub(super) fn call(&mut self) {
        self.unused = self.unused.saturating_sub(1);
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut state = self.limit.state();
        state.promised -= self.calls;
        let now = Instant::now();
        state.made.extend(std::iter::repeat_n(now, self.calls - self.unused));
        drop(state);
        self.limit.ended.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    async fn calls(limit: &Limit, count: usize) -> Duration {
        let asked = Instant::now();
        let mut pass = limit.room_for(count).await;
        (0..count).for_each(|_| pass.call());
        asked.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_call_too_many_waits_for_the_window() {
        let limit = Limit::new(20, MINUTE);
        for _ in 0..20 {
            assert_eq!(calls(&limit, 1).await, Duration::ZERO);
        }
        assert_eq!(calls(&limit, 1).await, MINUTE);
        assert_eq!(calls(&limit, 19).await, Duration::ZERO);
        assert_eq!(calls(&limit, 1).await, MINUTE);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_were_not_made_are_given_back() {
        let limit = Limit::new(5, MINUTE);
        let mut pass = limit.room_for(5).await;
        pass.call();
        drop(pass);
        assert_eq!(calls(&limit, 4).await, Duration::ZERO);
        assert_eq!(calls(&limit, 1).await, MINUTE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_counts_from_its_end_and_waits_for_whoever_is_under_way() {
        let limit = Limit::new(5, MINUTE);
        let mut pass = limit.room_for(5).await;
        pass.call();
        let (waited, ()) = tokio::join!(calls(&limit, 5), async {
            tokio::time::sleep(Duration::from_secs(50)).await;
            drop(pass);
        });
        assert_eq!(waited, Duration::from_secs(110));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_long_and_everybody_hears_when_to_come_back() {
        let limit = Limit::new(5, MINUTE);
        calls(&limit, 5).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        let asked = Instant::now();
        let wait = limit.enter(5).await.map(drop).unwrap_err();
        assert_eq!((asked.elapsed(), wait), (PATIENCE, Duration::from_secs(48)));
        tokio::time::sleep(wait).await;
        assert!(limit.enter(5).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_wish_is_not_passed_by_small_ones() {
        let limit = Limit::new(2, MINUTE);
        calls(&limit, 1).await;
        let (large, small) = tokio::join!(calls(&limit, 2), calls(&limit, 1));
        assert_eq!((large, small), (MINUTE, MINUTE * 2));
    }
}
