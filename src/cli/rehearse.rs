//! `certrotd rehearse`: the whole job against a simulated cloud in this process. The daemon, the
//! sockets and the files are real; the verdict reads what they left behind, never what they said.

mod acts;
mod clients;
mod clouds;
mod own;
mod picture;
mod scratch;
mod show;
mod sites;
mod small;
mod stage;
mod verdict;
mod watch;

use std::path::Path;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::args::Format;
use super::{Exit, print};
use crate::config::Config;
use crate::cycle::{Cycle, CycleError, Until};
use crate::daemon::{self, DaemonError};
use crate::plan::Held;
use crate::telemetry::log;
use clouds::Calls;
use scratch::Scratch;
use show::Dress;

/// The variable that turns the daemon's own log on beside the show.
const LOG_VARIABLE: &str = "CERTROTD_LOG";

/// Rehearses the file that somebody named, or else a small world of its own making. Whatever
/// happens, nothing is left behind; only a rehearsal in which everything came out right ends well.
pub(super) async fn rehearse(named: Option<&Path>, format: Format) -> Exit {
    let scratch = match Scratch::new() {
        Ok(scratch) => scratch,
        Err(error) => {
            print::problem(&format!("no scratch directory can be made: {error}"));
            return Exit::Fault;
        }
    };
    let dress = Dress::of_stdout(format);
    let act = async {
        match named {
            Some(path) => own::rehearse(path, &scratch, dress).await,
            None => small::rehearse(&scratch, dress).await,
        }
    };
    tokio::select! {
        exit = act => exit,
        () = interrupted() => {
            print::problem("the rehearsal was interrupted; nothing of it is left behind");
            Exit::Fault
        }
    }
}

/// Waits for a signal that asks the process to end. A closed terminal is one: whoever watched is gone.
async fn interrupted() {
    let on = |kind| signal(kind).ok();
    let signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(on);
    let [Some(mut interrupt), Some(mut terminate), Some(mut hangup)] = signals else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}

/// Begins to log on standard error, where somebody asked for it: all that the log could say is shown.
/// Refuses a level that cannot be understood.
fn begin_log() -> Result<(), log::BadLevel> {
    let asked = std::env::var(LOG_VARIABLE).ok().filter(|level| !level.is_empty());
    log::init(log::Format::Text, asked.as_deref().unwrap_or("off")).map(drop)
}

/// What `apply` does with this configuration, shown call by call: cycles until nothing is left to
/// do, waiting out what ends within the first span and following jobs for the second. Gives what
/// still waits.
async fn settle(
    config: Config,
    calls: &mut Calls,
    wait: Duration,
    jobs: Duration,
) -> Result<Vec<Held>, DaemonError> {
    let _lock = daemon::lock(&config)?;
    let mut cycle = Cycle::open(config, daemon::now)?;
    // Nobody wakes it: the channel stays open and silent.
    let (_wake, mut wakes) = tokio::sync::mpsc::channel(1);
    let work = cycle.run(&mut wakes, Until::Settled { wait, jobs }, |_| ());
    let ended = calls.during(work).await;
    calls.rest();
    ended.map_err(CycleError::Journal)?;
    Ok(cycle.held().cloned().collect())
}
