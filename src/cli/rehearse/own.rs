//! The rehearsal of an operator's own file: the same certificates and the same wishes, but every
//! endpoint leads to a simulated cloud, whatever is written goes to the scratch directory, commands
//! are shown and not run, and no credential is read.

mod divert;
mod furniture;

use std::io;
use std::path::Path;
use std::time::Duration;

use self::divert::{Diverted, Hook};
use super::clouds::{Calls, Clouds};
use super::picture::{self, Picture};
use super::scratch::Scratch;
use super::show::{self, Dress};
use super::verdict::{self, Check, Past, many};
use super::{begin_log, settle};
use crate::cli::{Exit, check, print};
use crate::config::{self, Config};
use crate::daemon::DaemonError;
use crate::files;
use crate::model::account::Account;
use crate::plan::Held;
use crate::sim::Sim;
use crate::sim::pki::Authority;

/// Longest configuration file, in bytes: ten thousand certificates with a push each stay below it.
const FILE_BYTES_MAX: u64 = 8 << 20;
/// How long what ends by itself is waited for: a first back-off, not a long one.
const WAIT: Duration = Duration::from_secs(10);
/// How long jobs are followed; the simulated ones take a few seconds.
const JOBS_WITHIN: Duration = Duration::from_secs(30);

/// How it ends where nothing came out wrong. What the file names was made up, so no more is said than that.
const GOOD: &str = "Everything came out right, in the simulation.";
/// So many certificates that end soon are named.
const LATE_MAX: usize = 8;

/// Why there was nothing to judge.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the stage of the rehearsal cannot be set up")]
    Io(#[from] io::Error),
    #[error("the rehearsal cannot go on")]
    Daemon(#[from] DaemonError),
}

/// Does twice what `apply` would do with this file. Ends well when the simulated clouds and the
/// scratch directory are as the file wants them, and the second time changed nothing. Refuses a
/// wrong file as every command does.
pub(super) async fn rehearse(path: &Path, scratch: &Scratch, dress: Dress) -> Exit {
    let config = match read(path) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    if let Err(error) = begin_log() {
        print::problem(&error.to_string());
        return Exit::Configuration;
    }
    match play(config, scratch, dress).await {
        Ok(exit) => exit,
        Err(broken) => print::failed(&broken),
    }
}

fn read(path: &Path) -> Result<Config, Exit> {
    let unreadable = |error: &dyn std::fmt::Display| {
        print::problem(&format!("{}: {error}", path.display()));
        Exit::Configuration
    };
    let path = std::path::absolute(path).map_err(|error| unreadable(&error))?;
    let bytes = files::read::bounded(&path, FILE_BYTES_MAX);
    let bytes = bytes.map_err(|error| unreadable(&format!("cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable(&"is not UTF-8"))?;
    config::draft(&path, &text).map_err(|error| print::configuration(&error))
}

async fn play(mut config: Config, scratch: &Scratch, dress: Dress) -> Result<Exit, Broken> {
    let ca = Authority::new("Rehearsal");
    without_replaced(&mut config);
    let late = check::late(&config).await;
    let left_out = furniture::bound_places(&mut config);
    let stand = furniture::by_hand(&config).await;
    let accounts = config.accounts.iter();
    let accounts =
        accounts.map(|it| (it.name.clone(), furniture::of_account(&config, it, &ca, &stand)));
    let clouds = Clouds::start(accounts.collect()).await?;
    furniture::turn_switches(&config, &clouds);
    let diverted = divert::divert(&mut config, &clouds, scratch)?;
    opening(&config, &clouds, scratch, dress);
    told(&diverted, left_out, dress);
    ends(&late, dress);
    let before = picture::look(&config, &clouds).await;
    let mut calls = Calls::listen(&clouds, dress);

    show::heading(dress, "1 · Apply: everything that the file wants");
    settle(config.clone(), &mut calls, WAIT, JOBS_WITHIN).await?;
    let first = picture::look(&config, &clouds).await;
    would_run(&diverted.hooks, &first, dress);
    if !first.sites.is_empty() {
        show::places(dress, &before.sites, &first.sites);
    }

    show::heading(dress, "2 · Apply again: nothing may be sent twice");
    let held = settle(config.clone(), &mut calls, WAIT, JOBS_WITHIN).await?;
    let picture = picture::look(&config, &clouds).await;

    show::status(dress, &picture);
    if !held.is_empty() {
        show::heading(dress, "What waits");
        show::held(dress, &held);
    }
    let mut checks = verdict::checks(&picture, &Past::begin(&before, 0));
    checks.push(verdict::unchanged("Second apply", &first, &picture, "changed nothing"));
    checks.push(settled(&held));
    Ok(show::verdict(dress, &checks, GOOD))
}

/// Nothing waits for a reason that is a fault.
fn settled(held: &[Held]) -> Check {
    let faults = held.iter().filter(|held| held.why.is_fault());
    let faults = faults.map(|held| format!("{} is held by a fault", held.subject));
    let good = match held.len() {
        0 => "nothing waits".to_owned(),
        1 => "1 step waits, as the file wants it".to_owned(),
        more => format!("{more} steps wait, as the file wants it"),
    };
    Check::new("Settled", &faults.collect::<Vec<_>>(), good)
}

fn opening(config: &Config, clouds: &Clouds, scratch: &Scratch, dress: Dress) {
    show::title(dress, "certrotd rehearse: your file, your certificates, a simulated cloud");
    show::fact(dress, "file", &config.path.display().to_string());
    for account in &config.accounts {
        let url = clouds.of(&account.name).map(Sim::url).unwrap_or_default();
        let words = format!("{} ({}): every endpoint is {url}", account.name, account.region);
        show::fact(dress, "cloud", &words);
    }
    let words =
        format!("{} takes state and CA files, removed in the end", scratch.path().display());
    show::fact(dress, "scratch", &words);
    show::fact(dress, "keys", "no credential of yours is read; the simulated cloud has its own");
    let words = "each listener, host, domain and instance exists here because the file names it; whether it does in \
                 your account, `certrotd check --online` says";
    show::fact(dress, "made up", words);
    for warning in &config.warnings {
        show::fact(dress, "warning", warning);
    }
}

/// Takes out what is warned of the file's own endpoints, since none of them is used here.
fn without_replaced(config: &mut Config) {
    let of = |account: &Account| config::plain_http(account.name.as_str(), &account.endpoints);
    let replaced: Vec<_> = config.accounts.iter().filter_map(of).collect();
    config.warnings.retain(|warning| !replaced.contains(warning));
}

/// What ends soon goes through all of it like any other, and is worth no less a word.
fn ends(late: &[String], dress: Dress) {
    late.iter().take(LATE_MAX).for_each(|words| show::fact(dress, "warning", words));
    if let Some(more @ 1..) = late.len().checked_sub(LATE_MAX) {
        show::fact(dress, "warning", &format!("{} more end soon", many(more, "certificate")));
    }
}

/// What of the file is not done as it stands there.
fn told(diverted: &Diverted, left_out: usize, dress: Dress) {
    let Diverted { hooks, probes, unproven, instances, crowded, windows } = diverted;
    if !hooks.is_empty() {
        show::fact(dress, "hooks", &format!("{} shown, not run", many(hooks.len(), "command")));
    }
    if *probes > 0 {
        let words = "to the simulated edges, with the names of the file and none of its addresses";
        show::fact(dress, "probes", &format!("{} {words}", many(*probes, "handshake")));
    }
    if *unproven > 0 {
        let words = "left out: nothing is bound there, so there is no edge to ask";
        show::fact(dress, "probes", &format!("{} {words}", many(*unproven, "handshake")));
    }
    if *instances > 0 {
        let words = "to simulated databases, with CAs and certificates of the rehearsal's own";
        show::fact(dress, "probes", &format!("{} {words}", many(*instances, "handshake")));
    }
    if *crowded > 0 {
        let words = "left out: a rehearsal has ports for the first of many databases";
        show::fact(dress, "probes", &format!("{} {words}", many(*crowded, "handshake")));
    }
    if *windows > 0 {
        let words = "taken as open: the switch waits for its window in your account";
        show::fact(dress, "windows", &format!("{} {words}", many(*windows, "window")));
    }
    if left_out > 0 {
        let words = "left out: a rehearsal binds the first of many";
        show::fact(dress, "places", &format!("{} {words}", many(left_out, "place")));
    }
}

fn would_run(hooks: &[Hook], picture: &Picture, dress: Dress) {
    for Hook { ca, argv } in hooks {
        let installed = picture.cas.iter().any(|it| it.name == *ca && it.file.is_some());
        if installed {
            show::fact(dress, "not run", &format!("{} (after {ca} changed)", argv.join(" ")));
        }
    }
}
