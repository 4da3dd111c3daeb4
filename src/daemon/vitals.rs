//! Whether the work goes on, and who is told: the service manager's watchdog, the log, and the socket and the file
//! for those who watch. What they learn is what the cycle's own pulse says; that this loop turns proves nothing.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, Interval, interval};

use super::textfile::Textfile;
use crate::config::{Metrics, Schedule};
use crate::cycle::picture::Board;
use crate::cycle::pulse::Moment;
use crate::model::time::Time;
use crate::telemetry::http::Server;
use crate::telemetry::notify::Notifier;

/// How often the pulse is felt where no watchdog asks for it more often.
const CHECK_EVERY: Duration = Duration::from_secs(10);

/// Who watches, and what they were told last.
pub(super) struct Vitals {
    board: Board,
    rounds: Interval,
    stuck: bool,
    wanted: Option<SocketAddr>,
    server: Option<Server>,
    failed: bool,
    textfile: Textfile,
}

impl Vitals {
    /// Begins to watch, and to serve where that is wanted.
    pub async fn start(board: Board, metrics: &Metrics, notifier: &Notifier) -> Self {
        let every = notifier.watchdog_interval().map_or(CHECK_EVERY, |it| it.min(CHECK_EVERY));
        let rounds = interval(every);
        let textfile = Textfile::new(board.clone(), metrics.textfile.clone());
        let mut vitals = Self {
            board,
            rounds,
            stuck: false,
            wanted: None,
            server: None,
            failed: false,
            textfile,
        };
        vitals.listen(metrics.listen).await;
        vitals
    }

    /// Waits for the next time to check.
    pub async fn round(&mut self) {
        self.rounds.tick().await;
    }

    /// Pets the watchdog if the work goes on. If not, says so once, and leaves the rest to the service
    /// manager: it ends this process and starts another, which finds out from the journal and the cloud
    /// where this one was.
    pub async fn check(&mut self, schedule: &Schedule, now: Time, notifier: &Notifier) {
        let found = {
            let (mut picture, at) = (self.board.picture(), Instant::now());
            picture.feel(Moment { at, wall: now });
            let pulse = &mut picture.pulse;
            let due = missed(schedule, pulse.anchor(now), now);
            pulse.notice(at, due);
            pulse.stuck(at)
        };
        match found {
            None => {
                notifier.watchdog();
                if std::mem::take(&mut self.stuck) {
                    tracing::info!(event = "daemon.recovered", "the work goes on");
                }
            }
            Some(stuck) if !std::mem::replace(&mut self.stuck, true) => {
                let words = stuck.to_string();
                notifier.status(&words);
                tracing::error!(event = "daemon.stuck", error = words, "{words}");
            }
            Some(_) => {}
        }
        self.open().await;
        self.textfile.keep().await;
    }

    /// The last that there is to show, before the process ends.
    pub async fn end(&mut self) {
        self.textfile.write().await;
    }

    /// Shows there from now on, and nowhere else.
    pub async fn aim(&mut self, metrics: &Metrics) {
        self.textfile.aim(metrics.textfile.clone());
        self.listen(metrics.listen).await;
    }

    async fn listen(&mut self, address: Option<SocketAddr>) {
        if self.wanted == address && self.server.is_some() {
            return;
        }
        (self.wanted, self.failed) = (address, false);
        if let Some(former) = self.server.take() {
            // It may have this very port, and at another address of this host stand in the way.
            former.close().await;
        }
        self.open().await;
    }

    /// Opens the socket where it is wanted and not open. That it cannot be had, for somebody else has the
    /// port, is said once and is no reason not to rotate certificates; it is tried again at each check.
    async fn open(&mut self) {
        let Some(wanted) = self.wanted.filter(|_| self.server.is_none()) else { return };
        match Server::start(wanted, self.board.clone(), super::now).await {
            Ok(server) => {
                let address = server.address();
                tracing::info!(event = "metrics.listening", %address, "/metrics, /health and /status are served on {address}");
                self.server = Some(server);
            }
            Err(error) if !std::mem::replace(&mut self.failed, true) => {
                tracing::error!(event = "metrics.failed", address = %wanted, error = %error, "cannot listen on {wanted} for /metrics, /health and /status, trying again: {error}");
            }
            Err(_) => {}
        }
    }
}

/// When the schedule should have led to a look at everything since this moment; nothing while that still
/// lies ahead.
fn missed(schedule: &Schedule, since: Time, now: Time) -> Option<Time> {
    let due: Time = schedule.reconcile.next_after(since.to_utc())?.into();
    (due + schedule.jitter < now).then_some(due)
}

#[cfg(test)]
mod tests;
