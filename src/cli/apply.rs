//! `certrotd apply`: cycles until nothing is left to do now.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::args::{ApplyArgs, Format};
use super::{Exit, begin_log, names, patterns, print, progress};
use crate::config::Config;
use crate::cycle::{Cycle, CycleError, Ended, Request, Until, Wake};
use crate::daemon::textfile::Textfile;
use crate::daemon::{self, DaemonError, requests};
use crate::files::lock::LockError;
use crate::model::names::Name;
use crate::plan::Held;
use crate::plan::hold::Hold;
use crate::record;
use crate::tell;

/// How long jobs that were begun are followed.
const JOBS_WITHIN: Duration = Duration::from_secs(10 * 60);

pub(super) async fn apply(config: Config, args: &ApplyArgs, format: Format) -> Exit {
    begin_log(&config);
    for warning in &config.warnings {
        tracing::warn!(event = "config.warning", "{warning}");
    }
    if !names::are_known(&config, args.only.iter().chain(&args.retry).chain(&args.allow_older)) {
        return Exit::Configuration;
    }
    // Of no concern to whoever names an entry.
    let found = if args.only.is_empty() { patterns::lines(&config) } else { Vec::new() };
    config.faults().for_each(daemon::say);
    let _lock = match daemon::lock(&config) {
        Ok(lock) => lock,
        Err(DaemonError::Lock(held @ LockError::Held { .. })) if !requests(args).is_empty() => {
            return hand_over(&config, args, &held);
        }
        Err(DaemonError::Lock(held @ LockError::Held { .. })) => {
            print::problem(&format!(
                "{held}: the daemon does what there is to do; `certrotd apply --retry NAME` asks it now"
            ));
            return Exit::Fault;
        }
        Err(error) => return print::lock(&error),
    };
    match settle(config, args, format).await {
        Ok((ended, held)) => report(ended, &held, found, format),
        Err(error) => print::failed(&error),
    }
}

fn requests(args: &ApplyArgs) -> Vec<Request> {
    let retry = args.retry.iter().cloned().map(Request::Retry);
    let older = args.allow_older.iter().cloned().map(Request::AllowOlder);
    let only = args.only.iter().cloned().map(Request::Look);
    retry.chain(older).chain(only).collect()
}

/// The daemon runs: it does what was asked.
fn hand_over(config: &Config, args: &ApplyArgs, held: &LockError) -> Exit {
    for request in requests(args) {
        if let Err(error) = requests::leave(&config.state, &request) {
            return print::failed(&error);
        }
    }
    print::text(&format!(
        "{held}: it was asked, and looks now; in a few seconds `certrotd status` tells what came of it\n"
    ));
    // The request waits as long as the pause does.
    let memory = record::remembered(&config.state).unwrap_or_default();
    let named: BTreeSet<_> = args.only.iter().chain(&args.retry).chain(&args.allow_older).collect();
    for name in named {
        if let Some(pause) = memory.paused(name, daemon::now()) {
            let until = pause.until;
            print::text(&format!(
                "{name} is paused until {until}, and waits till then: `certrotd pause {name} --off`\n"
            ));
        }
    }
    Exit::Fine
}

async fn settle(
    config: Config,
    args: &ApplyArgs,
    format: Format,
) -> Result<(Ended, Vec<Held>), CycleError> {
    let named: BTreeSet<_> = args.only.iter().collect();
    let only: BTreeSet<_> =
        names::subjects(&config).filter(|it| named.contains(it.name())).collect();
    // Of entries that nobody looks at the page would say that they are not in order.
    let textfile = config.metrics.textfile.clone().filter(|_| only.is_empty());
    let mut cycle = Cycle::open(config.clone(), daemon::now)?;
    cycle.ask(&requests(args))?;
    if !only.is_empty() {
        cycle.only(only);
    }
    let (wake, mut wakes) = mpsc::channel(1);
    let until = Until::Settled { wait: args.wait, jobs: JOBS_WITHIN };
    let drawn = progress::draw(cycle.progress(), format);
    let ended = tokio::select! {
        ended = cycle.run(&mut wakes, until, |_| ()) => ended?,
        never = interrupted(&wake) => match never {},
        never = drawn => match never {},
    };
    if ended != Ended::Stopped {
        Textfile::new(cycle.board(), textfile).write().await;
        tokio::select! {
            () = tell::once(&config, cycle.board(), daemon::now) => {}
            // Who was not told by then is told by the next one.
            () = signalled() => {}
        }
    }
    Ok((ended, cycle.held().cloned().collect()))
}

/// Passes the first SIGINT or SIGTERM on, and then never returns: the cycle ends by itself.
async fn interrupted(wake: &mpsc::Sender<Wake>) -> Infallible {
    signalled().await;
    let _ = wake.send(Wake::Stop).await;
    std::future::pending().await
}

/// Returns with the first SIGINT or SIGTERM, and never where the system gives none.
async fn signalled() {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[derive(Serialize)]
struct Outcome {
    settled: bool,
    held: Vec<Line>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    discover: Vec<patterns::Line>,
}

#[derive(Serialize)]
struct Line {
    name: Name,
    table: &'static str,
    why: String,
    until: Option<String>,
    fault: bool,
}

fn report(ended: Ended, held: &[Held], discover: Vec<patterns::Line>, format: Format) -> Exit {
    // A job that is still running after all that time is no fault of anybody, and is not settled.
    let bad = |held: &Held| held.why.is_fault() || matches!(held.why, Hold::JobRunning { .. });
    let sound = discover.iter().all(patterns::Line::is_good);
    let settled = ended == Ended::Settled && sound && !held.iter().any(bad);
    let lines = held.iter().map(|held| Line {
        name: held.subject.name().clone(),
        table: held.subject.table(),
        why: held.why.to_string(),
        until: held.until.map(|until| until.to_string()),
        fault: held.why.is_fault(),
    });
    let outcome = Outcome { settled, held: lines.collect(), discover };
    match format {
        Format::Json => print::json(&outcome),
        Format::Text => print::text(&words(&outcome)),
    }
    if settled { Exit::Fine } else { Exit::Fault }
}

fn words(outcome: &Outcome) -> String {
    let held = outcome.held.iter();
    let lines = held.map(|line| format!("held     {} {}: {}\n", line.table, line.name, line.why));
    let last = if outcome.settled { "settled\n" } else { "not settled\n" };
    lines.chain([patterns::faults(&outcome.discover), last.to_owned()]).collect()
}
