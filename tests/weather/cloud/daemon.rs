//! A daemon of a storm: the real cycle on a real journal, which may be cut off at any await.

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use certrotd::config::Config;
use certrotd::cycle::{Cycle, Ended, Request, Until, Wake};
use certrotd::model::failure::{Failure, Kind};
use certrotd::model::names::Name;
use certrotd::plan::Held;
use certrotd::plan::action::{Action, Fact};
use certrotd::plan::memory::Record;
use certrotd::record::{self, JournalError};
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::clock;
use super::house::{ENTRIES, House};
use super::tally;

/// Wakes that wait at most; a storm sends few at once.
const WAKES_MAX: usize = 64;
/// How long a cycle waits by itself in calm, before somebody looks at what is held.
const CALM_WAIT: Duration = Duration::from_secs(1800);

type Life = Pin<Box<dyn Future<Output = Result<Ended, JournalError>>>>;

/// A daemon at work. Dropping it is a crash.
pub struct Daemon {
    life: Life,
    wakes: mpsc::Sender<Wake>,
    /// Whether the disk of its journal is full, so that it may end.
    pub is_full: bool,
    /// Whether it has ended for that.
    pub has_ended: bool,
}

impl Daemon {
    /// Opens the journal and begins, as after a start of the host.
    pub fn start(config: Config) -> Self {
        let mut cycle = Cycle::open(config, clock::now).unwrap();
        let (wakes, mut woken) = mpsc::channel(WAKES_MAX);
        let life = async move { cycle.run(&mut woken, Until::Stopped, |_| ()).await };
        Self { life: Box::pin(life), wakes, is_full: false, has_ended: false }
    }

    pub fn wake(&self, wake: Wake) {
        // A daemon with that many wakes waiting looks anyway.
        self.wakes.try_send(wake).ok();
    }

    fn poll(&mut self, context: &mut Context<'_>) {
        if self.has_ended {
            return;
        }
        match self.life.as_mut().poll(context) {
            Poll::Pending => {}
            Poll::Ready(Err(JournalError::Unwritable { .. })) if self.is_full => {
                tally::count("ended by a full disk");
                // The process ends, and with it all that is under way.
                self.life = Box::pin(std::future::pending());
                self.has_ended = true;
            }
            Poll::Ready(ended) => panic!("nobody told it to stop: {ended:?}"),
        }
    }
}

/// They live on for a while.
pub async fn live(daemons: &mut [Option<Daemon>], span: Duration) {
    let mut over = pin!(sleep(span));
    poll_fn(|context| {
        daemons.iter_mut().flatten().for_each(|daemon| daemon.poll(context));
        over.as_mut().poll(context)
    })
    .await;
}

/// They live on until one of them has been polled so often, or for a while.
pub async fn live_polls(daemons: &mut [Option<Daemon>], mut polls: u64, at_most: Duration) {
    let mut over = pin!(sleep(at_most));
    poll_fn(|context| {
        if polls == 0 {
            return Poll::Ready(());
        }
        polls -= 1;
        daemons.iter_mut().flatten().for_each(|daemon| daemon.poll(context));
        over.as_mut().poll(context)
    })
    .await;
}

/// `apply` on that journal: passes until nothing is left to do, and what is held then.
pub async fn settle(config: Config, asked: &[Request]) -> Vec<Held> {
    let mut cycle = Cycle::open(config, clock::now).unwrap();
    cycle.ask(asked).unwrap();
    let (_wakes, mut woken) = mpsc::channel(1);
    let until = Until::Settled { wait: CALM_WAIT, jobs: CALM_WAIT };
    let ended = cycle.run(&mut woken, until, |_| ()).await.unwrap();
    assert_eq!(ended, Ended::Settled, "a bug keeps something from being done");
    cycle.held().cloned().collect()
}

/// An operator asks for everything again.
pub fn retries() -> Vec<Request> {
    let names = ENTRIES.iter().map(|(entry, _)| *entry).chain(["redis", "gemini", "ledger"]);
    names.map(|name| Request::Retry(Name::new(name).unwrap())).collect()
}

/// Counts what stands in the journal of a dead daemon, and what was under way when it died.
pub fn count_open(house: &House, died: &str) {
    let mut open = std::collections::BTreeMap::new();
    for entry in record::read(&house.state()).unwrap().unwrap_or_default() {
        match entry.record {
            Record::Began { action, .. } => drop(open.insert(action, ())),
            Record::Done { action, .. } | Record::Failed { action, .. } => {
                open.remove(&action);
            }
            _ => {}
        }
    }
    tally::count(&format!(
        "{died} with {}",
        if open.is_empty() { "nothing open" } else { "a step open" }
    ));
    for action in open.keys() {
        tally::count(&format!("cut off in {}", tally::word(action)));
    }
}

/// What may have happened or not, by a host's journal: begun without an end, or with its answer lost.
pub fn in_doubt(house: &House) -> BTreeSet<Action> {
    let mut open = BTreeSet::new();
    for entry in record::read(&house.state()).unwrap().unwrap_or_default() {
        match entry.record {
            Record::Began { action, .. } => drop(open.insert(action)),
            Record::Failed { failure: Failure { kind: Kind::Lost, .. }, .. } => {}
            Record::Failed { action, .. }
            | Record::Done { action, .. }
            | Record::Learned { action, .. } => drop(open.remove(&action)),
            _ => {}
        }
    }
    open
}

/// Whether the journal tells that a leaf was taken back from this site, which stands there before the
/// binding is sent.
pub fn has_gone_back(house: &House, site: &str) -> bool {
    let entries = record::read(&house.state()).unwrap().unwrap_or_default();
    entries.iter().any(|entry| match &entry.record {
        Record::Learned { action: Action::Bind { place, .. }, fact, .. } => {
            place.site == site && matches!(fact, Fact::RolledBack { .. })
        }
        _ => false,
    })
}

/// Counts the effects in a journal.
pub fn count_effects(house: &House) {
    for entry in record::read(&house.state()).unwrap().unwrap_or_default() {
        match entry.record {
            Record::Done { action, .. } => tally::count(&format!("done: {}", tally::word(&action))),
            Record::Failed { action, failure, .. } => {
                tally::count(&format!("failed: {}", tally::word(&action)));
                tally::count(&format!("failed as {:?}", failure.kind));
            }
            Record::Refused { .. } => tally::count("credential refused"),
            _ => {}
        }
    }
}
