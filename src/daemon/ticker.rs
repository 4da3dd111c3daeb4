//! The schedule: one job whose body says "look again", and nothing else.

use std::io;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::config::Schedule;
use crate::model::time::{Time, span};
use crate::schedule::Cron;

/// How often the clock of the day is compared with the one that only counts, and how far apart they may
/// have gone by then: the clock was set, or the host slept. Following a time server moves it by milliseconds.
const COMPARE: Duration = Duration::from_secs(2);
const APART_MAX: Duration = Duration::from_secs(5);
/// How long before the line's next moment the scheduler is started. It asks twice a second whether a job is due,
/// and has no setting for that: over a quarter of an hour this is most of what an idle daemon does.
const AHEAD: Duration = Duration::from_secs(2);

/// The scheduler could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TickerError {
    /// It did not take the line.
    #[error("the scheduler refused the line")]
    Line(#[from] JobSchedulerError),
    /// The system gave it no place to run.
    #[error("the scheduler could not be started")]
    Place(#[from] io::Error),
}

/// Fires on the configured line, spread by the jitter, until it is dropped; and at once when the clock was
/// set or the host slept, since the line's next moment may be past, or far off. It lives in a task of its
/// own: a wait that shares a `select!` with other events would be dropped by each of them.
pub(super) struct Ticker(#[expect(dead_code, reason = "stops the task when dropped")] DropGuard);

impl Ticker {
    /// Begins to fire; each time `wake` is called.
    pub fn start(
        schedule: &Schedule,
        wake: impl Fn() + Send + 'static,
    ) -> Result<Self, TickerError> {
        let (cron, jitter) = (schedule.reconcile.clone(), schedule.jitter);
        // A line that the scheduler does not take is to be known now, and not when it is due.
        job(&cron, mpsc::channel(1).0)?;
        let stop = CancellationToken::new();
        let guard = stop.clone().drop_guard();
        tokio::spawn(async move {
            let mut clocks = Clocks::read();
            while let Some(why) = stop.run_until_cancelled(next(&cron, &mut clocks)).await {
                let wait = match why {
                    Why::Line => part_of(jitter),
                    Why::Clock => Duration::ZERO,
                };
                if stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                    break;
                }
                wake();
            }
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
async fn next(cron: &Cron, clocks: &mut Clocks) -> Why {
    while let Some(far) = until_near(cron) {
        tokio::time::sleep(far.min(COMPARE)).await;
        if clocks.parted() {
            return Why::Clock;
        }
    }
    let mut fired = std::pin::pin!(fired(cron));
    loop {
        tokio::select! {
            outcome = &mut fired => {
                if let Err(error) = outcome {
                    tracing::error!(
                        event = "schedule.failed",
                        error = %error,
                        "the scheduler does not start, and cycles begin by the schedule's line all the same: {error}"
                    );
                    // A moment that it would have missed is kept all the same.
                    tokio::time::sleep(AHEAD).await;
                }
                return if clocks.parted() { Why::Clock } else { Why::Line };
            }
            () = tokio::time::sleep(COMPARE) => if clocks.parted() { return Why::Clock },
        }
    }
}

/// How long until the scheduler is to be started; absent once it is time. Past the calendar's end it never is.
fn until_near(cron: &Cron) -> Option<Duration> {
    let now = super::now().to_utc();
    let left = cron
        .next_after(now)
        .map_or(Duration::MAX, |next| (next - now).to_std().unwrap_or_default());
    left.checked_sub(AHEAD).filter(|far| !far.is_zero())
}

/// Has the scheduler wait for the line's next moment, and no longer. It never ends its own tasks, and so gets a
/// runtime that ends them. The job is made anew for each moment, with the offset that its zone has then: one that
/// stays keeps the offset of the day on which it was made, and daylight saving would shift it.
async fn fired(cron: &Cron) -> Result<(), TickerError> {
    let (sender, mut ticks) = mpsc::channel(1);
    let job = job(cron, sender)?;
    let stop = CancellationToken::new();
    let _stops = stop.clone().drop_guard();
    let waits = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        runtime.block_on(async {
            let scheduler = JobScheduler::new().await?;
            scheduler.add(job).await?;
            scheduler.start().await?;
            stop.run_until_cancelled(ticks.recv()).await;
            Ok(())
        })
    });
    waits.await.map_err(io::Error::other)?
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

fn job(cron: &Cron, sender: mpsc::Sender<()>) -> Result<Job, JobSchedulerError> {
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
    use crate::schedule::Backoff;

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

    #[tokio::test]
    async fn a_line_fires_again_and_again_until_the_ticker_is_dropped() {
        let reconcile = Cron::parse("* * * * * *", chrono_tz::UTC).unwrap();
        let (doubt, jitter) = (Duration::ZERO, Duration::ZERO);
        let retry = Backoff { first: doubt, longest: doubt };
        let schedule = Schedule { reconcile, jitter, watch: true, doubt, retry };
        let (sender, mut fired) = mpsc::unbounded_channel();
        let wake = move || {
            let _ = sender.send(super::super::now());
        };
        let ticker = Ticker::start(&schedule, wake).unwrap();
        let (first, second) = (fired.recv().await.unwrap(), fired.recv().await.unwrap());
        assert!(first < second);
        drop(ticker);
        // The task ends, and with it what it wakes.
        let ends = async { while fired.recv().await.is_some() {} };
        tokio::time::timeout(Duration::from_secs(60), ends).await.unwrap();
    }

    #[test]
    fn the_scheduler_runs_only_when_its_line_is_near() {
        let far = |line: &str| until_near(&Cron::parse(line, chrono_tz::UTC).unwrap());
        assert_eq!(far("* * * * * *"), None);
        assert!(far("0 0 0 29 2 *").is_some_and(|far| far > COMPARE));
    }
}
