//! The schedule: one job whose body says "look again", and nothing else.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::config::Schedule;
use crate::schedule::Cron;

/// The scheduler could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the scheduler refused the line")]
pub struct TickerError(#[from] JobSchedulerError);

/// Fires on the configured line, spread by the jitter, until it is dropped. It lives in a task of
/// its own: a wait that shares a `select!` with other events would be dropped by each of them.
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
            while let Some(Some(())) = stop.run_until_cancelled(ticks.recv()).await {
                match renewed(&scheduler, &id, &cron, &sender).await {
                    Ok(new) => id = new,
                    Err(error) => {
                        tracing::error!(event = "schedule.failed", error = %error, "the schedule could not be renewed: {error}");
                    }
                }
                if stop.run_until_cancelled(tokio::time::sleep(part_of(jitter))).await.is_none() {
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
