//! Not too often: what each service of an account allows is kept on our side, once it has said so.
//!
//! A call waits here before it takes its place among those in flight, so that a service which throttles
//! holds nothing that calls to others need.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::model::names::Name;
use crate::model::target::Api;

mod bucket;

use bucket::Bucket;
pub(super) use bucket::{Ended, Policy, Refusal};

/// How long a caller waits in line. Longer than the slowest pace takes for one call, so that what needs
/// several calls gets on; much shorter than a policy's window, so that its entry is not held up unseen.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest that somebody is told to stay away beyond the moment when the next call may go: turns of
/// thousands would lie days ahead, and by then the service allows something else.
const TURN_AFTER_MAX: Duration = Duration::from_secs(15 * 60);

/// The rates of every service of every account, and of every operation that was called. They outlive a reload: a
/// service does not forget either.
#[derive(Default)]
pub(super) struct Rates(Mutex<BTreeMap<Of, Arc<Rate>>>);

/// Account, service, and operation where it is not about the whole service.
type Of = (Name, Api, Option<&'static str>);

impl Rates {
    /// Those that a call of this operation keeps to.
    pub(super) fn of(&self, account: &Name, api: Api, operation: &'static str) -> Both {
        let mut rates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut of =
            |operation| Arc::clone(rates.entry((account.clone(), api, operation)).or_default());
        Both { operation: of(Some(operation)), service: of(None) }
    }
}

/// The rate of an operation, and that of its service.
pub(super) struct Both {
    operation: Arc<Rate>,
    service: Arc<Rate>,
}

/// Leave from both to make one call. Dropped without a word, the call counts as taken once it was being
/// sent: it may have arrived.
pub(super) struct Leave<'a> {
    operation: Part<'a>,
    service: Part<'a>,
}

impl Both {
    /// Waits in line for leave to call: first for what the operation allows, so that nothing of what the service
    /// allows is taken by who waits. Where either takes longer than a little patience, says at once when to come
    /// back, which is another moment for everybody; nothing may be sent then.
    pub(super) async fn enter(&self) -> Result<Leave<'_>, Duration> {
        let operation = self.operation.enter().await?;
        Ok(Leave { operation, service: self.service.enter().await? })
    }
}

/// What one service allows one account, or of one operation.
#[derive(Default)]
struct Rate {
    bucket: Mutex<Bucket>,
    /// Held by whoever is next: first come, first served.
    door: tokio::sync::Mutex<()>,
    waiting: AtomicUsize,
    /// When the last of those who were turned away was told to come back.
    told: Mutex<Option<Instant>>,
    /// A call has ended, which may make room or close the service.
    ended: Notify,
}

/// Leave from one rate.
struct Part<'a> {
    rate: &'a Rate,
    begun: Instant,
    ended: Ended,
}

/// One more in line, for as long as this lives.
struct InLine<'a>(&'a AtomicUsize);

impl Rate {
    async fn enter(&self) -> Result<Part<'_>, Duration> {
        let asked = Instant::now();
        let ahead = self.waiting.load(Ordering::SeqCst);
        let expected = self.bucket().expected(asked, ahead);
        self.check(asked, asked, expected)?;
        let _in_line = InLine::up(&self.waiting);
        let _next = self.door.lock().await;
        loop {
            let ended = self.ended.notified();
            let now = Instant::now();
            let (free_at, expected) = {
                let mut bucket = self.bucket();
                match bucket.take(now) {
                    Ok(()) => return Ok(Part { rate: self, begun: now, ended: Ended::Unsent }),
                    Err(free_at) => (free_at, bucket.expected(now, 0)),
                }
            };
            self.check(asked, now, expected)?;
            tokio::select! {
                () = sleep_until(free_at.unwrap_or(asked + PATIENCE)) => {}
                () = ended => {}
            }
        }
    }

    /// Whether who asked then can still wait until that moment; else how long to stay away from now.
    fn check(&self, asked: Instant, now: Instant, expected: Instant) -> Result<(), Duration> {
        if expected <= asked + PATIENCE && now <= asked + PATIENCE {
            return Ok(());
        }
        let apart = self.bucket().apart();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = told.map_or(expected, |last| expected.max(last + apart));
        let turn = turn.min(expected + TURN_AFTER_MAX);
        *told = Some(turn);
        Err(turn.saturating_duration_since(now))
    }

    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leave<'_> {
    /// Whether nothing was refused since it was given; else it is time to stand in line again.
    pub(super) fn holds(&self) -> bool {
        self.operation.holds() && self.service.holds()
    }

    /// Says that the call is being sent.
    pub(super) fn sends(&mut self) {
        self.operation.ended = Ended::Taken;
        self.service.ended = Ended::Taken;
    }

    /// Tells what became of the call. A refusal counts where it is from; the other has not been asked.
    pub(super) fn done(mut self, ended: Ended) {
        let (operation, service) = match ended {
            Ended::Refused(Refusal { of_operation: true, .. }) => (ended, Ended::Unsent),
            Ended::Refused(_) => (Ended::Unsent, ended),
            Ended::Taken | Ended::Unsent => (ended, ended),
        };
        self.operation.ended = operation;
        self.service.ended = service;
    }
}

impl Part<'_> {
    fn holds(&self) -> bool {
        !self.rate.bucket().was_lowered_after(self.begun)
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        self.rate.bucket().ended(self.begun, Instant::now(), self.ended);
        self.rate.ended.notify_one();
    }
}

impl<'a> InLine<'a> {
    fn up(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests;
