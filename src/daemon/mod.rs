//! What wakes a cycle: the schedule, a changed file, a signal, an operator's request. Events carry
//! nothing; each only says "look again", and a changed file that the other files will do.

mod discovery;
mod files;
pub mod requests;
pub mod textfile;
mod ticker;
mod vitals;

use std::convert::Infallible;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::config::{self, Config, ConfigError};
use crate::cycle::{Cycle, CycleError, Until, Wake, World};
use crate::files::lock::{Lock, LockError};
use crate::model::time::Time;
use crate::telemetry::log::Handle;
use crate::telemetry::notify::Notifier;
use crate::tell::Teller;
pub use discovery::say;
use discovery::{Discovery, Found};
use files::{Changed, Files};
use ticker::{Ticker, TickerError};
use vitals::Vitals;

/// Wakes that may queue up; each is a look at everything, so a few say as much as many.
const WAKES_MAX: usize = 16;
/// How often, and how long apart, a daemon that starts asks for a lock that somebody holds.
const LOCK_TRIES: u32 = 5;
const LOCK_WAIT: Duration = Duration::from_millis(200);

/// How long a new configuration may take to be read, with everything that its patterns match.
const LOAD_WITHIN: Duration = Duration::from_secs(20);

/// Why the daemon could not start, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The state directory cannot be made.
    #[error("state directory {path}")]
    State {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another daemon works on this state directory.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The cycle cannot go on.
    #[error(transparent)]
    Cycle(#[from] CycleError),
    /// The schedule could not be set up.
    #[error("schedule")]
    Ticker(#[from] TickerError),
    /// The system gives no signals.
    #[error("signals")]
    Signals(#[source] std::io::Error),
}

/// The present moment, by the system's clock.
pub fn now() -> Time {
    chrono::Utc::now().into()
}

/// Locks the state directory of a configuration, making it where it is missing.
pub fn lock(config: &Config) -> Result<Lock, DaemonError> {
    crate::files::state_dir(&config.state)
        .map_err(|source| DaemonError::State { path: config.state.clone(), source })?;
    Ok(Lock::acquire(&config.state)?)
}

/// Runs until SIGTERM or SIGINT, or until `stop`. The first cycle begins at once.
pub async fn run(
    path: &Path,
    config: Config,
    log: Option<&Handle>,
    stop: CancellationToken,
) -> Result<(), DaemonError> {
    let _lock = lock_patiently(&config).await?;
    for warning in &config.warnings {
        tracing::warn!(event = "config.warning", "{warning}");
    }
    let (tell, events) = mpsc::channel(WAKES_MAX);
    let notifier = Notifier::from_env();
    let mut cycle = Cycle::open(config.clone(), now)?;
    let config = Arc::new(config);
    let signals = Signals::new()?;
    let ticks = Arc::<Notify>::default();
    let ticker = Ticker::start(&config.schedule, teller(&ticks))?;
    let vitals = Vitals::start(cycle.board(), &config.metrics, &notifier).await;
    let (wake, mut wakes) = mpsc::channel(WAKES_MAX);
    // Whatever may refuse a start has not. The watch may take a while where there are thousands of directories, and
    // whoever waits for this service need not wait for that: the first look begins once it stands.
    notifier.ready();
    tracing::info!(
        event = "daemon.ready",
        version = env!("CARGO_PKG_VERSION"),
        certificates = config.certificates.len(),
        instance_cas = config.instance_cas.len(),
        instance_ssls = config.instance_ssls.len(),
        "certrotd {} looks after {}",
        env!("CARGO_PKG_VERSION"),
        path.display(),
    );
    let news = Teller::start(&config, cycle.board(), now);
    let bell = news.bell();
    let rested = |words: &str| {
        notifier.status(words);
        bell.ring();
    };
    let mut attendant = Attendant {
        signals,
        files: Files::watch(&config, tell.clone()),
        ticker,
        ticks,
        events,
        tell,
        stop,
        vitals,
        news,
        discovery: Discovery::default(),
        wanted: None,
        refused: false,
        config,
    };
    let ended = tokio::select! {
        ended = cycle.run(&mut wakes, Until::Stopped, rested) => ended,
        never = attendant.attend(path, log, &notifier, &wake) => match never {},
    };
    attendant.news.end().await;
    attendant.vitals.end().await;
    ended.map_err(CycleError::Journal)?;
    Ok(())
}

/// The lock, waited for a moment: a command that only reads may have it to remember a refusal.
async fn lock_patiently(config: &Config) -> Result<Lock, DaemonError> {
    for _ in 0..LOCK_TRIES {
        match lock(config) {
            Err(DaemonError::Lock(LockError::Held { .. })) => tokio::time::sleep(LOCK_WAIT).await,
            other => return other,
        }
    }
    lock(config)
}

struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self, DaemonError> {
        let of = |kind| signal(kind).map_err(DaemonError::Signals);
        Ok(Self {
            hangup: of(SignalKind::hangup())?,
            terminate: of(SignalKind::terminate())?,
            interrupt: of(SignalKind::interrupt())?,
        })
    }
}

/// What has happened.
enum Event {
    /// The patterns were looked through.
    Found(Box<Found>),
    /// They take too long, so that nobody shall wait for them.
    Late,
    Reload,
    Stop,
    /// Something that is read may be another one now.
    Files(Changed),
    Tick,
    Check,
    /// The cycle has taken a wake out of a queue that was full.
    Room,
}

/// Tells of the schedule's moments, beside the queue: one that is full of changed files asks for less.
fn teller(ticks: &Arc<Notify>) -> impl Fn() + Send + 'static {
    let ticks = Arc::clone(ticks);
    move || ticks.notify_one()
}

/// Everything that wakes, and the configuration that is in force.
struct Attendant {
    signals: Signals,
    files: Files,
    ticker: Ticker,
    ticks: Arc<Notify>,
    events: mpsc::Receiver<Event>,
    tell: mpsc::Sender<Event>,
    stop: CancellationToken,
    vitals: Vitals,
    news: Teller,
    discovery: Discovery,
    /// Something has asked for a look that has not begun yet.
    wanted: Option<Changed>,
    /// The queue of wakes was full when that was to be said.
    refused: bool,
    config: Arc<Config>,
}

impl Attendant {
    /// Turns events into wakes, for ever.
    async fn attend(
        &mut self,
        path: &Path,
        log: Option<&Handle>,
        notifier: &Notifier,
        wake: &mpsc::Sender<Wake>,
    ) -> Infallible {
        let mut stopping = false;
        // Requests left while no daemon ran.
        self.ask(wake).await;
        self.discover_anew();
        loop {
            match self.next(stopping, wake).await {
                Event::Check => self.vitals.check(&self.config.schedule, now(), notifier).await,
                Event::Tick => self.want(Changed::Any, wake).await,
                Event::Files(changed) => self.want(changed, wake).await,
                Event::Found(found) => self.take_found(*found, wake).await,
                Event::Late => {
                    self.discovery.is_late();
                    self.wake(wake);
                }
                Event::Room => self.wake(wake),
                Event::Stop => {
                    stopping = true;
                    notifier.stopping();
                    self.news.stop();
                    tracing::info!(event = "daemon.stopping", "finishing the steps under way");
                    let _ = wake.send(Wake::Stop).await;
                }
                Event::Reload => {
                    notifier.reloading();
                    self.reload(path, log, wake).await;
                    notifier.ready();
                }
            }
        }
    }

    /// Each branch may be dropped for another without losing anything.
    async fn next(&mut self, stopping: bool, wake: &mpsc::Sender<Wake>) -> Event {
        tokio::select! {
            _ = self.signals.hangup.recv() => Event::Reload,
            _ = self.signals.terminate.recv() => Event::Stop,
            _ = self.signals.interrupt.recv() => Event::Stop,
            () = self.stop.cancelled(), if !stopping => Event::Stop,
            () = self.ticks.notified() => Event::Tick,
            Some(event) = self.events.recv() => event,
            () = self.vitals.round() => Event::Check,
            Ok(_) = wake.reserve(), if self.refused => Event::Room,
        }
    }

    async fn ask(&self, wake: &mpsc::Sender<Wake>) {
        let requests = requests::take(&self.config.state);
        if !requests.is_empty() {
            let _ = wake.send(Wake::Asked(requests)).await;
        }
    }

    /// Puts a new configuration in force: all of it, or nothing.
    async fn reload(&mut self, path: &Path, log: Option<&Handle>, wake: &mpsc::Sender<Wake>) {
        let rejected = |words: &dyn Display| {
            tracing::error!(event = "config.rejected", error = %words, "the old configuration stays: {words}");
        };
        let new = match self.load(path).await {
            Some(Ok(new)) => new,
            Some(Err(error)) => return error.problems.iter().for_each(|problem| rejected(problem)),
            None => return rejected(&"the disk does not answer"),
        };
        if new.state != self.config.state {
            return rejected(&"state.path has changed: restart needed");
        }
        if new.log.format != self.config.log.format {
            return rejected(&"log.format has changed: restart needed");
        }
        if let Err(failure) = World::builds(&new) {
            return rejected(&failure);
        }
        let ticker = Ticker::start(&new.schedule, teller(&self.ticks));
        let ticker = match ticker {
            Ok(ticker) => ticker,
            Err(error) => return rejected(&error),
        };
        if let Some(Err(error)) = log.map(|log| log.reload(&new.log.level)) {
            return rejected(&error);
        }
        for warning in &new.warnings {
            tracing::warn!(event = "config.warning", "{warning}");
        }
        self.files = Files::watch(&new, self.tell.clone());
        self.ticker = ticker;
        self.vitals.aim(&new.metrics).await;
        self.news.aim(&new);
        discovery::tell_apart(&self.config, &new);
        self.config = Arc::new(new.clone());
        let _ = wake.send(Wake::Reload(Box::new(new))).await;
        self.discover_anew();
    }

    /// Reads the file, and looks for what its patterns match. `None` where the disk does not answer.
    async fn load(&self, path: &Path) -> Option<Result<Config, ConfigError>> {
        let (path, former) = (path.to_owned(), Arc::clone(&self.config));
        let load = tokio::task::spawn_blocking(move || config::load_after(&path, &former));
        tokio::time::timeout(LOAD_WITHIN, load).await.ok()?.ok()
    }

    /// Begins with the patterns of a configuration: once the watch stands, since files may have come before it.
    fn discover_anew(&mut self) {
        self.discovery.forget();
        self.discovery.alarm(&self.config, now());
        self.discovery.look(&self.config, &self.tell);
    }

    /// Something asks for a look.
    async fn want(&mut self, changed: Changed, wake: &mpsc::Sender<Wake>) {
        self.ask(wake).await;
        // First what there is, so that nothing is missed that is not wanted any more.
        self.wanted = self.wanted.max(Some(changed));
        if !self.discovery.look(&self.config, &self.tell) {
            self.wake(wake);
        }
    }

    /// Has as much looked at as something asked for.
    fn wake(&mut self, wake: &mpsc::Sender<Wake>) {
        let told = match self.wanted {
            None => return,
            Some(Changed::Pairs) => wake.try_send(Wake::Files),
            Some(Changed::Any) => wake.try_send(Wake::Look),
        };
        // A full queue may hold less than is asked for: then it is asked for again once there is room.
        self.refused = told.is_err();
        if !self.refused {
            self.wanted = None;
        }
    }

    /// Puts what the patterns have found in force, where it is not what is known already.
    async fn take_found(&mut self, Found { former, config }: Found, wake: &mpsc::Sender<Wake>) {
        if !Arc::ptr_eq(&former, &self.config) {
            return; // A reload came in between, and has looked for itself.
        }
        let again = self.discovery.ended();
        let entries = config.certificates != former.certificates;
        if entries {
            discovery::tell_apart(&former, &config);
            for warning in &config.warnings {
                tracing::warn!(event = "config.warning", "{warning}");
            }
            let _ = wake.send(Wake::Found(Box::new(config.clone()))).await;
        }
        if entries || discovery::looks_elsewhere(&former, &config) {
            self.files.aim(&config);
        }
        self.discovery.alarm(&config, now());
        self.news.take_faults(&config);
        self.config = Arc::new(config);
        // Also where files go on changing: else who keeps on writing them would put off all else.
        self.wake(wake);
        if again && self.discovery.look(&self.config, &self.tell) {
            self.wanted = self.wanted.max(Some(Changed::Pairs));
        }
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
