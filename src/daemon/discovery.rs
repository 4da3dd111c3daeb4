//! The patterns, looked through again with every tick and every changed file: one look at a time, beside
//! everything else, and nothing is forgotten because a disk does not answer.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::Event;
use crate::config::{Certificate, Config, Fault, FaultKind, rediscover};
use crate::model::names::Name;
use crate::model::time::Time;

/// How long a look may take before the log says that the disk does not answer. It goes on all the same, and no
/// other one begins meanwhile.
const LATE: Duration = Duration::from_secs(10);
/// After which a file that seems to be gone is looked for once more: an ACME client takes the old one away before
/// it puts the new one there.
const GONE_AGAIN: Duration = Duration::from_secs(1);
/// How often a fault that nobody has put right is told again.
const FAULT_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// The look under way, and what was told.
#[derive(Default)]
pub(super) struct Discovery {
    looking: Option<AbortOnDropHandle<()>>,
    again: bool,
    late: bool,
    told: BTreeMap<String, Time>,
}

/// What a look has found, and the configuration that it began with.
pub(super) struct Found {
    pub former: Arc<Config>,
    pub config: Config,
}

impl Discovery {
    /// Begins a look, or has another one follow upon the one under way; its end is an event. Tells whether that
    /// is worth waiting for: not without a pattern, and not while the disk does not answer.
    pub fn look(&mut self, config: &Arc<Config>, tell: &mpsc::Sender<Event>) -> bool {
        if config.discover.is_empty() {
            return false;
        }
        if self.looking.is_some() {
            self.again = true;
            return !self.late;
        }
        let (former, tell) = (Arc::clone(config), tell.clone());
        let task = tokio::spawn(async move {
            let found = look(&former, &tell).await;
            let config = found.unwrap_or_else(|| Config::clone(&former));
            let _ = tell.send(Event::Found(Box::new(Found { former, config }))).await;
        });
        self.looking = Some(AbortOnDropHandle::new(task));
        true
    }

    /// A look has ended; tells whether another one is asked for.
    pub fn ended(&mut self) -> bool {
        self.looking = None;
        self.late = false;
        std::mem::take(&mut self.again)
    }

    /// The look under way has taken too long.
    pub fn is_late(&mut self) {
        self.late = self.looking.is_some();
    }

    /// Forgets the look under way: there is another configuration.
    pub fn forget(&mut self) {
        self.ended();
    }

    /// Tells of what is wrong, each at once and then once a day.
    pub fn alarm(&mut self, config: &Config, now: Time) {
        let standing: HashSet<_> = config.faults().map(|fault| &fault.sentence).collect();
        let told = |sentence: &String, at: &mut Time| {
            standing.contains(sentence) && now.since(*at) < FAULT_EVERY
        };
        self.told.retain(told);
        for fault in config.faults().filter(|it| !self.told.contains_key(&it.sentence)) {
            say(fault);
        }
        for sentence in standing {
            self.told.entry(sentence.clone()).or_insert(now);
        }
    }
}

/// One line of the log for something that is wrong with what a pattern finds.
pub fn say(fault: &Fault) {
    let Fault { pattern, sentence, .. } = fault;
    match fault.kind {
        FaultKind::Empty => tracing::error!(event = "discover.empty", pattern, "{sentence}"),
        FaultKind::Unread | FaultKind::Unfit => {
            tracing::error!(event = "discover.failed", pattern, "{sentence}");
        }
    }
}

/// One line for each certificate that is there now and was not before, and for each the other way round.
pub(super) fn tell_apart(former: &Config, config: &Config) {
    type Key<'c> = (&'c Name, &'c Path);
    fn key(entry: &Arc<Certificate>) -> Key<'_> {
        (&entry.cloud, &entry.cert)
    }
    let before: HashSet<_> = former.certificates.iter().map(key).collect();
    let after: HashSet<_> = config.certificates.iter().map(key).collect();
    for entry in config.discovered().iter().filter(|it| !before.contains(&key(it))) {
        let (name, path) = (&entry.name, entry.cert.display());
        tracing::info!(event = "discover.found", certificate = %name, path = %path, "{path} is certificate {name} from now on");
    }
    for entry in former.discovered().iter().filter(|it| !after.contains(&key(it))) {
        let (name, path) = (&entry.name, entry.cert.display());
        tracing::warn!(event = "discover.vanished", certificate = %name, path = %path, "{path} is gone: certificate {name} is looked after no more, and what the cloud has of it stays there");
    }
}

/// Whether the patterns depend on other directories now.
pub(super) fn looks_elsewhere(former: &Config, config: &Config) -> bool {
    let places = |config: &Config| -> Vec<_> {
        let outcomes = config.discover.iter().map(|it| &it.outcome);
        outcomes.map(|it| (it.listed.clone(), it.awaited.clone())).collect()
    };
    places(former) != places(config)
}

/// Looks until the disk has answered. `None` where that failed inside certrotd, which has logged itself.
async fn look(former: &Arc<Config>, tell: &mpsc::Sender<Event>) -> Option<Config> {
    let config = once(former, tell).await?;
    if !misses_any(former, &config) {
        return Some(config);
    }
    sleep(GONE_AGAIN).await;
    once(former, tell).await
}

async fn once(former: &Arc<Config>, tell: &mpsc::Sender<Event>) -> Option<Config> {
    let former = Arc::clone(former);
    let mut looking = tokio::task::spawn_blocking(move || rediscover(&former));
    if let Ok(ended) = timeout(LATE, &mut looking).await {
        return ended.ok();
    }
    let late = LATE.as_secs();
    tracing::error!(
        event = "discover.failed",
        "the files that patterns match are looked for since {late} s, and the disk does not answer; what was found before stays"
    );
    let _ = tell.send(Event::Late).await;
    looking.await.ok()
}

fn misses_any(former: &Config, config: &Config) -> bool {
    let there: HashSet<_> = config.discovered().iter().map(|it| (&it.cloud, &it.cert)).collect();
    former.discovered().iter().any(|it| !there.contains(&(&it.cloud, &it.cert)))
}
