//! The schedule: one job whose body says "look again", and nothing else.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use uuid::Uuid;

use crate::config::Schedule;
use crate::schedule::Cron;

/// The scheduler could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the scheduler refused the line")]
pub struct TickerError(#[from] JobSchedulerError);

/// Fires on the configured line, spread by the jitter.
pub(super) struct Ticker {
    scheduler: JobScheduler,
    job: Uuid,
    cron: Cron,
    jitter: Duration,
    ticks: mpsc::Receiver<()>,
    sender: mpsc::Sender<()>,
}

impl Ticker {
    pub async fn start(schedule: &Schedule) -> Result<Self, TickerError> {
        let scheduler = JobScheduler::new().await?;
        let (sender, ticks) = mpsc::channel(1);
        let cron = schedule.reconcile.clone();
        let job = scheduler.add(job(&cron, &sender)?).await?;
        scheduler.start().await?;
        Ok(Self { scheduler, job, cron, jitter: schedule.jitter, ticks, sender })
    }

    /// Waits for the next tick, and then for this host's share of the jitter.
    pub async fn tick(&mut self) {
        // `None` cannot come: a sender lives in `self`.
        if self.ticks.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
        // The scheduler keeps the zone's offset of the day on which a job was made, so that a
        // switch of daylight saving would shift it; a job made anew has today's.
        if let Err(error) = self.renew().await {
            tracing::error!(event = "schedule.failed", error = %error, "the schedule could not be renewed: {error}");
        }
        tokio::time::sleep(part_of(self.jitter)).await;
    }

    async fn renew(&mut self) -> Result<(), TickerError> {
        self.scheduler.remove(&self.job).await?;
        self.job = self.scheduler.add(job(&self.cron, &self.sender)?).await?;
        Ok(())
    }
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
