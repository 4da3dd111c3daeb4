//! The simulated clouds of a rehearsal, one an account, and their calls as they come in.

use std::io;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use super::show::{self, Dress};
use super::watch::News;
use crate::model::names::Name;
use crate::model::time::Time;
use crate::sim::{Call, Settings, Sim};

/// How often new calls are shown: often enough to look live, seldom enough to cost nothing.
const SHOWN_EVERY: Duration = Duration::from_millis(25);

/// Every simulated cloud, by the account that it stands in for.
pub(super) struct Clouds(Vec<(Name, Sim)>);

impl Clouds {
    /// Starts one on this runtime for each account.
    pub(super) async fn start(accounts: Vec<(Name, Settings)>) -> io::Result<Self> {
        let mut all = Vec::with_capacity(accounts.len());
        for (account, settings) in accounts {
            all.push((account, Sim::start(settings).await?));
        }
        Ok(Self(all))
    }

    /// The cloud that stands in for this account.
    pub(super) fn of(&self, account: &Name) -> Option<&Sim> {
        self.0.iter().find(|(name, _)| name == account).map(|(_, sim)| sim)
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Sim> {
        self.0.iter().map(|(_, sim)| sim)
    }
}

/// The calls from now on, shown as they come. Reads that went well are counted, and named together
/// before the next line.
pub(super) struct Calls {
    receivers: Vec<Receiver<Call>>,
    began: Time,
    dress: Dress,
    /// The services of the reads since the last line.
    reads: Vec<&'static str>,
}

impl Calls {
    /// Begins to listen; times are counted from now.
    pub(super) fn listen(clouds: &Clouds, dress: Dress) -> Self {
        let receivers = clouds.all().map(Sim::subscribe).collect();
        Self { receivers, began: crate::daemon::now(), dress, reads: Vec::new() }
    }

    /// Shows what handshakes return now.
    pub(super) fn news(&mut self, all: &[News]) {
        for news in all {
            self.rest();
            show::news(self.dress, self.began, news);
        }
    }

    /// Names the reads that were not yet.
    pub(super) fn rest(&mut self) {
        show::reads(self.dress, &std::mem::take(&mut self.reads));
    }

    /// Does the work, and shows the calls that come in meanwhile.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut tick = tokio::time::interval(SHOWN_EVERY);
        loop {
            tokio::select! {
                done = &mut work => {
                    self.show();
                    return done;
                }
                _ = tick.tick() => self.show(),
            }
        }
    }

    /// Shows what has come since the last time, in the order of the answers.
    fn show(&mut self) {
        let mut new = Vec::new();
        for calls in &mut self.receivers {
            loop {
                match calls.try_recv() {
                    Ok(call) => new.push(call),
                    Err(TryRecvError::Lagged(missed)) => show::missed(self.dress, missed),
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
            }
        }
        new.sort_by_key(|call| call.at);
        for call in &new {
            if show::is_plain_read(call) {
                self.reads.push(call.service);
                continue;
            }
            self.rest();
            show::call(self.dress, self.began, call);
        }
    }
}
