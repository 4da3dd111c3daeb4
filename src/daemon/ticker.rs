//! The schedule: one job whose body says "look again", and nothing else.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::config::Schedule;
use crate::model::time::{Time, span};
use crate::schedule::Cron;

/// How often the clock of the day is compared with the one that only counts, and how far apart they may
/// have gone by then: the clock was set, or the host slept. Following a time server moves it by milliseconds.
const COMPARE: Duration = Duration::from_secs(2);
const APART_MAX: Duration = Duration::from_secs(5);

/// The scheduler could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the scheduler refused the line")]
pub struct TickerError(#[from] JobSchedulerError);

/// Fires on the configured line, spread by the jitter, until it is dropped; and at once when the clock was
/// set or the host slept, since the line's next moment may be past, or far off. It lives in a task of its
/// own: a wait that shares a `select!` with other events would be dropped by each of them.
pub(super) struct Ticker(#[expect(dead_code, reason = "stops the task when dropped")] DropGuard);

impl Ticker {
    /// Begins to fire; each time `wake` is called.
    pub async fn start(
        schedule: &Schedule,
        wake: impl Fn() + Send + 'static,
    ) -> Result<Self, TickerError> {
        let mut scheduler = JobScheduler::new().await?;
        let (sender, mut ticks) = mpsc::channel(1);
        let (cron, jitter) = (schedule.reconcile.clone(), schedule.jitter);
        let mut id = scheduler.add(job(&cron, &sender)?).await?;
        scheduler.start().await?;
        let stop = CancellationToken::new();
        let guard = stop.clone().drop_guard();
        tokio::spawn(async move {
            let mut clocks = Clocks::read();
            while let Some(why) = stop.run_until_cancelled(next(&mut ticks, &mut clocks)).await {
                match renewed(&scheduler, &id, &cron, &sender).await {
                    Ok(new) => id = new,
                    Err(error) => {
                        tracing::error!(event = "schedule.failed", error = %error, "the schedule could not be renewed: {error}");
                    }
                }
                let wait = match why {
                    Why::Line => part_of(jitter),
                    Why::Clock => Duration::ZERO,
                };
                if stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                    break;
                }
                wake();
            }
            // It waits for nothing, and there is nothing to lose.
            let _ = scheduler.shutdown().await;
        });
        Ok(Self(guard))
    }
}

/// Why a cycle is due.
enum Why {
    Line,
    Clock,
}

/// Waits for the line, or for a clock that was set, which a line of every second must not hide.
async fn next(ticks: &mut mpsc::Receiver<()>, clocks: &mut Clocks) -> Why {
    loop {
        tokio::select! {
            Some(()) = ticks.recv() => return if clocks.parted() { Why::Clock } else { Why::Line },
            () = tokio::time::sleep(COMPARE) => if clocks.parted() { return Why::Clock },
        }
    }
}

/// The clock of the day and the one that only counts, which stands still while the host sleeps.
struct Clocks {
    day: Time,
    count: Instant,
}

impl Clocks {
    fn read() -> Self {
        Self { day: super::now(), count: Instant::now() }
    }

    /// Whether the one has moved without the other since this was last asked; the log says how far.
    fn parted(&mut self) -> bool {
        let now = Self::read();
        let expected = self.day + now.count.duration_since(self.count);
        *self = now;
        let (ahead, behind) = (self.day.since(expected), expected.since(self.day));
        if ahead > APART_MAX {
            tracing::warn!(
                event = "clock.stepped",
                "the clock is {} ahead of what has passed: it was set, or this host slept; everything is looked at now",
                span(ahead)
            );
        } else if behind > APART_MAX {
            tracing::warn!(
                event = "clock.stepped",
                "the clock was set back by {}; everything is looked at now, and what waits does so from now on",
                span(behind)
            );
        }
        ahead.max(behind) > APART_MAX
    }
}

/// The scheduler keeps the zone's offset of the day on which a job was made, so that a switch of
/// daylight saving would shift it; a job made anew has today's. The new one comes first: a schedule
/// with two jobs fires once too often, one with none never again.
async fn renewed(
    scheduler: &JobScheduler,
    old: &Uuid,
    cron: &Cron,
    sender: &mpsc::Sender<()>,
) -> Result<Uuid, TickerError> {
    let new = scheduler.add(job(cron, sender)?).await?;
    scheduler.remove(old).await?;
    Ok(new)
}

fn job(cron: &Cron, sender: &mpsc::Sender<()>) -> Result<Job, JobSchedulerError> {
    let sender = sender.clone();
    Job::new_tz(cron.line(), cron.zone(), move |_, _| {
        // A tick that nobody has taken yet says as much as two.
        let _ = sender.try_send(());
    })
}

/// A random part of a span, so that many hosts do not call at once.
fn part_of(span: Duration) -> Duration {
    let mut bytes = [0; 2];
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        return Duration::ZERO;
    }
    span * u32::from(u16::from_le_bytes(bytes)) / u32::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notices(day: Time) -> [bool; 2] {
        let mut clocks = Clocks { day, count: Instant::now() };
        [clocks.parted(), clocks.parted()]
    }

    #[test]
    fn a_clock_that_was_set_is_noticed_once() {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let now = super::super::now();
        assert_eq!(notices(now), [false, false]);
        assert_eq!(notices(now - DAY), [true, false], "ahead, or the host slept");
        assert_eq!(notices(now + DAY), [true, false], "set back");
    }
}
