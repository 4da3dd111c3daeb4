//! `certrotd pause`: puts an entry to rest for a while, so that nothing of it leaves.

use std::time::Duration;

use nix::unistd::{Uid, User};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::args::{Format, PauseArgs};
use super::table::{self, Row};
use super::{Exit, chain, names, print};
use crate::config::Config;
use crate::cycle::Request;
use crate::daemon::{self, DaemonError, requests};
use crate::files::lock::LockError;
use crate::model::names::Name;
use crate::model::time::{Time, span};
use crate::plan::memory::{Memory, PAUSE_MAX, Pause};
use crate::record::{self, Journal, JournalError};
use crate::telemetry::page::Cell;

/// How long a daemon may take to write down what it is asked, which it does between two steps.
const TAKEN_WITHIN: Duration = Duration::from_secs(15);
/// How often its journal is read until then.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long a name of whoever asks may be: it stands in every sentence.
const WHO_CHARS_MAX: usize = 40;

/// One entry that is paused. The keys are public interface.
#[derive(Serialize)]
struct Line {
    name: Name,
    until: String,
    by: String,
    since: String,
}

/// Pauses an entry, ends that, or shows what is paused.
pub(super) async fn pause(config: &Config, args: &PauseArgs, format: Format) -> Exit {
    let Some(name) = &args.name else { return show(config, format) };
    let now = daemon::now();
    let request = match args.until {
        Some(until) => match checked(until.after(now), now) {
            Ok(until) => Request::Pause { name: name.clone(), until, by: who() },
            Err(words) => {
                print::problem(&words);
                return Exit::Configuration;
            }
        },
        None => Request::Resume { name: name.clone(), by: who() },
    };
    // An entry that is gone from the file may still be paused.
    if args.until.is_some() && !names::are_known(config, [name]) {
        return Exit::Configuration;
    }
    match ask(config, &request).await {
        Ok(true) => {
            print::text(&said(&request));
            Exit::Fine
        }
        Ok(false) => Exit::Fault,
        Err(exit) => exit,
    }
}

/// The end of a pause, where it may be one.
fn checked(until: Time, now: Time) -> Result<Time, String> {
    if until <= now {
        return Err(format!("--until {until} is past: a pause ends later than now"));
    }
    if until > now + PAUSE_MAX {
        let longest = span(PAUSE_MAX);
        return Err(format!(
            "--until {until} is too far ahead: a pause lasts for {longest} at most; take the entry out of the \
             configuration to leave it alone for longer"
        ));
    }
    Ok(until)
}

/// Writes it into the journal, or has the daemon do so and waits until it has. Gives whether it is written.
async fn ask(config: &Config, request: &Request) -> Result<bool, Exit> {
    let held = match daemon::lock(config) {
        Ok(_lock) => return append(config, request).map_err(|error| print::state(&error)),
        Err(DaemonError::Lock(held @ LockError::Held { .. })) => held,
        Err(error) => return Err(print::lock(&error)),
    };
    requests::leave(&config.state, request).map_err(|error| print::failed(&error))?;
    let asked = Instant::now();
    loop {
        let memory = record::remembered(&config.state);
        if stands(&memory.map_err(|error| print::state(&error))?, request) {
            return Ok(true);
        }
        if asked.elapsed() > TAKEN_WITHIN {
            let words = chain(&held);
            print::problem(&format!(
                "{words}, which was asked and has not written it down within {}: it does once it can, and what was \
                 begun before that goes on",
                span(TAKEN_WITHIN)
            ));
            return Ok(false);
        }
        sleep(LOOK_EVERY).await;
    }
}

fn append(config: &Config, request: &Request) -> Result<bool, JournalError> {
    let mut journal = Journal::open(&config.state)?;
    let records: Vec<_> = request.record().into_iter().collect();
    journal.append(daemon::now(), &records, &mut Memory::default())?;
    Ok(true)
}

/// Whether the journal has it.
fn stands(memory: &Memory, request: &Request) -> bool {
    let paused = |name| memory.paused(name, daemon::now()).map(|pause| pause.until);
    match request {
        Request::Pause { name, until, .. } => paused(name) == Some(*until),
        Request::Resume { name, .. } => paused(name).is_none(),
        _ => true,
    }
}

fn said(request: &Request) -> String {
    match request {
        Request::Pause { name, until, .. } => format!(
            "{name} is paused until {until}: nothing is begun for it; what is under way ends, and looks and alarms go on\n"
        ),
        Request::Resume { name, .. } => format!("{name} is not paused\n"),
        _ => String::new(),
    }
}

fn show(config: &Config, format: Format) -> Exit {
    let memory = match record::remembered(&config.state) {
        Ok(memory) => memory,
        Err(error) => return print::state(&error),
    };
    let line = |(name, pause): (&Name, &Pause)| Line {
        name: name.clone(),
        until: pause.until.to_string(),
        by: pause.by.clone(),
        since: pause.since.to_string(),
    };
    let lines: Vec<_> = memory.all_paused(daemon::now()).map(line).collect();
    match format {
        Format::Json => print::json(&lines),
        Format::Text if lines.is_empty() => print::text("nothing is paused\n"),
        Format::Text => print::text(&table::text(&lines.iter().map(row).collect::<Vec<_>>())),
    }
    Exit::Fine
}

fn row(line: &Line) -> Row {
    let Line { name, until, by, since } = line;
    let words = format!("paused until {until} by {by}, since {since}");
    Row { cells: [name.to_string(), words].map(Cell::from).into(), notes: Vec::new() }
}

/// Who runs this, as the system calls them; behind `sudo` whoever typed it. For those who read it later: it
/// decides nothing.
fn who() -> String {
    let user = Uid::current();
    let name = User::from_uid(user).ok().flatten().map(|it| it.name);
    let name = name.unwrap_or_else(|| format!("user {user}"));
    let typed = std::env::var("SUDO_USER").ok().filter(|_| user.is_root());
    named(&typed.filter(|it| !it.is_empty()).unwrap_or(name))
}

/// Fit to stand in a sentence, whatever the environment says.
fn named(text: &str) -> String {
    let fit = text.chars().filter(|c| c.is_alphanumeric() || "._-@\\+ ".contains(*c));
    fit.take(WHO_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_has_an_end_that_is_ahead_and_not_far() {
        let now = Time::from_secs(1_000_000);
        assert!(checked(now, now).is_err());
        assert!(checked(now - Duration::from_secs(1), now).is_err());
        assert_eq!(checked(now + PAUSE_MAX, now), Ok(now + PAUSE_MAX));
        assert!(checked(now + PAUSE_MAX + Duration::from_secs(1), now).is_err());
    }

    #[test]
    fn a_name_from_the_environment_cannot_break_a_line() {
        assert_eq!(named("alice\n2026 x\u{1b}[31m"), "alice2026 x31m");
        assert_eq!(named(&"a".repeat(99)).len(), WHO_CHARS_MAX);
    }
}
