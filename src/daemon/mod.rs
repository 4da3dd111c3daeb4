//! What wakes a cycle: the schedule, a changed file, a signal, an operator's request. Events carry
//! nothing; each only says "look again".

mod files;
pub mod requests;
mod ticker;

use std::path::Path;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::config::{self, Config, ConfigError};
use crate::cycle::{Cycle, CycleError, Until, Wake};
use crate::files::lock::{Lock, LockError};
use crate::model::time::Time;
use crate::telemetry::log::Handle;
use crate::telemetry::notify::Notifier;
use files::Files;
use ticker::{Ticker, TickerError};

/// Wakes that may queue up; each is a look at everything, so a few say as much as many.
const WAKES_MAX: usize = 16;

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
        path: std::path::PathBuf,
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
    let _lock = lock(&config)?;
    for warning in &config.warnings {
        tracing::warn!(event = "config.warning", "{warning}");
    }
    let mut events = Events::new(&config, stop)?;
    let mut cycle = Cycle::open(config.clone(), now)?;
    let notifier = Notifier::from_env();
    let (wake, mut wakes) = mpsc::channel(WAKES_MAX);
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
    let ended = tokio::select! {
        ended = cycle.run(&mut wakes, Until::Stopped, |words| notifier.status(words)) => ended,
        broken = attend(path, config, log, &notifier, &mut events, &wake) => return broken,
    };
    ended.map_err(CycleError::Journal)?;
    Ok(())
}

/// Everything that wakes.
struct Events {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
    files: Files,
    ticker: Option<Ticker>,
    stop: CancellationToken,
    stopping: bool,
}

impl Events {
    fn new(config: &Config, stop: CancellationToken) -> Result<Self, DaemonError> {
        let of = |kind| signal(kind).map_err(DaemonError::Signals);
        Ok(Self {
            hangup: of(SignalKind::hangup())?,
            terminate: of(SignalKind::terminate())?,
            interrupt: of(SignalKind::interrupt())?,
            files: Files::watch(config),
            ticker: None,
            stop,
            stopping: false,
        })
    }
}

/// Turns events into wakes. Ends only with an error.
async fn attend(
    path: &Path,
    mut config: Config,
    log: Option<&Handle>,
    notifier: &Notifier,
    events: &mut Events,
    wake: &mpsc::Sender<Wake>,
) -> Result<(), DaemonError> {
    let mut ticker = Ticker::start(&config.schedule).await?;
    let _ = &mut events.ticker;
    let mut watchdog = notifier.watchdog_interval().map(tokio::time::interval);
    // Requests left while no daemon ran.
    ask(&config, wake).await;
    loop {
        let event = tokio::select! {
            _ = events.hangup.recv() => Event::Reload,
            _ = events.terminate.recv() => Event::Stop,
            _ = events.interrupt.recv() => Event::Stop,
            () = events.stop.cancelled(), if !events.stopping => Event::Stop,
            () = events.files.changed() => Event::Files,
            () = ticker.tick() => Event::Tick,
            () = ping(&mut watchdog) => Event::Ping,
        };
        match event {
            Event::Ping => notifier.watchdog(),
            Event::Tick => send(wake, Wake::Look),
            Event::Files => {
                ask(&config, wake).await;
                send(wake, Wake::Look);
            }
            Event::Stop => {
                events.stopping = true;
                notifier.stopping();
                tracing::info!(event = "daemon.stopping", "finishing the steps under way");
                let _ = wake.send(Wake::Stop).await;
            }
            Event::Reload => {
                notifier.reloading();
                if let Some(new) = reload(path, &config, log) {
                    events.files = Files::watch(&new);
                    ticker = Ticker::start(&new.schedule).await?;
                    config = new.clone();
                    let _ = wake.send(Wake::Reload(Box::new(new))).await;
                }
                notifier.ready();
            }
        }
    }
}

enum Event {
    Reload,
    Stop,
    Files,
    Tick,
    Ping,
}

/// A full queue already says that there is something to look at.
fn send(wake: &mpsc::Sender<Wake>, event: Wake) {
    let _ = wake.try_send(event);
}

async fn ask(config: &Config, wake: &mpsc::Sender<Wake>) {
    let requests = requests::take(&config.state);
    if !requests.is_empty() {
        let _ = wake.send(Wake::Asked(requests)).await;
    }
}

async fn ping(watchdog: &mut Option<tokio::time::Interval>) {
    match watchdog {
        Some(interval) => {
            interval.tick().await;
        }
        None => std::future::pending().await,
    }
}

/// The new configuration, when it may take the old one's place.
fn reload(path: &Path, old: &Config, log: Option<&Handle>) -> Option<Config> {
    let rejected = |words: &dyn std::fmt::Display| {
        tracing::error!(event = "config.rejected", error = %words, "the old configuration stays: {words}");
    };
    let new = match config::load(path) {
        Ok(new) => new,
        Err(error) => {
            for problem in &error.problems {
                rejected(problem);
            }
            return None;
        }
    };
    if new.state != old.state {
        rejected(&"state.path has changed: restart needed");
        return None;
    }
    if let Some(Err(error)) = log.map(|log| log.reload(&new.log.level)) {
        rejected(&error);
        return None;
    }
    for warning in &new.warnings {
        tracing::warn!(event = "config.warning", "{warning}");
    }
    Some(new)
}

/// How long after a changed file the look begins: whoever writes a pair writes two files.
const QUIET: Duration = Duration::from_millis(200);
