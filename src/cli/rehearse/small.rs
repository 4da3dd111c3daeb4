//! The rehearsal without a file: the real daemon in the small world of [`super::stage`], in three
//! acts, then the verdict.

use std::fs;
use std::io;
use std::pin::pin;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::clouds::{Calls, Clouds};
use super::picture::{self, Picture};
use super::scratch::Scratch;
use super::show::{self, Dress};
use super::stage::{API, Stage, StageError, WWW};
use super::verdict::{self, Check, many};
use super::{Log, settle};
use crate::cli::{Exit, print};
use crate::config::{self, Config, ConfigError};
use crate::daemon::{self, DaemonError};
use crate::model::digest::Sha256;
use crate::plan::Held;
use crate::record::{self, JournalError};
use crate::sim::Sim;

/// How long the first act may take, the SSL switch included; it needs about 3 s.
const FIRST_WITHIN: Duration = Duration::from_secs(10);
/// How long a renewal may take; it needs about 1 s.
const RENEWAL_WITHIN: Duration = Duration::from_secs(6);
/// How long the third act waits for what ends by itself, and for jobs: there is none of either.
const THIRD_WAIT: Duration = Duration::from_secs(2);
/// How long the daemon may take to end; it is idle by then.
const STOP_WITHIN: Duration = Duration::from_secs(2);
/// How often it is looked whether an act is over.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// An act is over when all is as it should be and no call has come for so long.
const QUIET: Duration = Duration::from_millis(400);

/// What the check of the third act is called.
const MEMORY: &str = "Memory";

/// Why there was nothing to judge.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Stage(#[from] StageError),
    #[error("the configuration of the rehearsal is refused")]
    Config(#[from] ConfigError),
    #[error("a file of the rehearsal cannot be changed")]
    Io(#[from] io::Error),
    #[error("the daemon of the rehearsal")]
    Daemon(#[from] DaemonError),
    #[error("the journal of the rehearsal")]
    Journal(#[from] JournalError),
}

/// Plays the three acts. Ends well when the disk and the cloud are as they should be afterwards.
pub(super) async fn rehearse(scratch: &Scratch, dress: Dress) -> Exit {
    let log = match Log::begin("warn") {
        Ok(log) => log,
        Err(error) => {
            print::problem(&error.to_string());
            return Exit::Configuration;
        }
    };
    match play(scratch, &log, dress).await {
        Ok(exit) => exit,
        Err(broken) => print::failed(&broken),
    }
}

async fn play(scratch: &Scratch, log: &Log, dress: Dress) -> Result<Exit, Broken> {
    let stage = Stage::set_up(scratch).await?;
    let mut config = config::load(&stage.config)?;
    // They say that every endpoint is plain http on this host, which is what a rehearsal is.
    config.warnings.clear();
    opening(&stage, scratch, &config, dress).await;
    let mut calls = Calls::listen(&stage.clouds, dress);

    let (former, ended) = under_the_daemon(&stage, &config, &mut calls, log, dress).await?;
    let memory = without_memory(&config, &stage.clouds, &mut calls, log, dress).await?;

    let picture = picture::look(&config, &stage.clouds).await;
    show::status(dress, &picture);
    let mut checks = verdict::checks(&picture, &former);
    checks.extend([memory, ended]);
    Ok(show::verdict(dress, &checks))
}

async fn opening(stage: &Stage, scratch: &Scratch, config: &Config, dress: Dress) {
    show::title(dress, "certrotd rehearse: the real daemon against a simulated cloud");
    let url = stage.clouds.all().next().map(Sim::url).unwrap_or_default();
    let words = format!("{url} checks every signature and refuses what it does not know");
    show::fact(dress, "cloud", &words);
    show::fact(dress, "scratch", &format!("{}, removed in the end", scratch.path().display()));
    let picture = picture::look(config, &stage.clouds).await;
    for (lineage, rotation) in [WWW, API].iter().zip(&picture.rotations) {
        let Ok(leaf) = &rotation.leaf else { continue };
        let (domain, key, leaf) = (lineage.domain, &leaf.key, leaf.sha256.short());
        let words =
            format!("live/{domain}/: {key}, leaf {leaf}, to SCM and on to ELB, WAF and CDN");
        show::fact(dress, lineage.name, &words);
    }
    show::fact(
        dress,
        "CA files",
        "from two DCS Redis, one as a zip and one as bare PEM, and a GeminiDB",
    );
    show::fact(dress, "switch", "SSL of a TaurusDB on, which restarts it: once");
}

/// The first two acts: a start with nothing in the cloud, and a renewal. Gives the leaves that were
/// renewed, and whether the daemon ended as it should.
async fn under_the_daemon(
    stage: &Stage,
    config: &Config,
    calls: &mut Calls,
    log: &Log,
    dress: Dress,
) -> Result<(Vec<Sha256>, Check), Broken> {
    let stop = CancellationToken::new();
    let daemon = daemon::run(&stage.config, config.clone(), Some(&log.handle), stop.clone());
    let mut daemon = pin!(daemon);
    let mut former = Vec::new();

    show::heading(dress, "1 · First start: nothing is in the cloud yet");
    let first = until_right(config, &stage.clouds, &former, FIRST_WITHIN);
    let picture = tokio::select! {
        picture = calls.during(first) => picture,
        ended = &mut daemon => return Err(too_early(ended)),
    };
    summary(&picture, dress);

    show::heading(dress, "2 · certbot renews www.example.com");
    let old = leaf(&picture);
    let new = stage.renew(&WWW)?;
    former.extend(old);
    let old = old.map(|old| old.short()).unwrap_or_default();
    show::fact(
        dress,
        "link",
        &format!("live/{0}/fullchain.pem → archive/{0}/fullchain2.pem", WWW.domain),
    );
    show::fact(dress, "leaf", &format!("{old} → {}", new.short()));
    let second = until_right(config, &stage.clouds, &former, RENEWAL_WITHIN);
    let picture = tokio::select! {
        picture = calls.during(second) => picture,
        ended = &mut daemon => return Err(too_early(ended)),
    };
    summary(&picture, dress);

    stop.cancel();
    let ended = tokio::time::timeout(STOP_WITHIN, calls.during(daemon)).await;
    let wrong = match ended {
        Ok(Ok(())) => Vec::new(),
        Ok(Err(error)) => vec![crate::cli::chain(&error)],
        Err(_) => vec![format!("it did not end within {} s", STOP_WITHIN.as_secs())],
    };
    Ok((former, Check::new("Daemon", &wrong, "ended when it was told to".to_owned())))
}

fn too_early(ended: Result<(), DaemonError>) -> Broken {
    let early = || io::Error::other("the daemon ended before it was told to");
    ended.map_or_else(Broken::Daemon, |()| Broken::Io(early()))
}

/// The third act: a start with an empty memory. Gives whether it found everything again.
async fn without_memory(
    config: &Config,
    clouds: &Clouds,
    calls: &mut Calls,
    log: &Log,
    dress: Dress,
) -> Result<Check, Broken> {
    show::heading(dress, "3 · The state directory is lost: a new start finds its own work again");
    fs::remove_dir_all(&config.state)?;
    // What waits is shown below in the words that the log would use.
    log.quieten("error");
    let before = picture::look(config, clouds).await;
    let held = settle(config.clone(), calls, THIRD_WAIT, THIRD_WAIT).await?;
    show::held(dress, &held);
    let after = picture::look(config, clouds).await;
    summary(&after, dress);

    let forgotten = forgotten(config, &after, &held)?;
    if !forgotten.is_empty() {
        return Ok(Check::new(MEMORY, &forgotten, String::new()));
    }
    let good = "lost, and all was found again: no second import, copy or restart";
    Ok(verdict::unchanged(MEMORY, &before, &after, good))
}

/// The leaves that the new journal does not know: it must have found them, not merely done nothing.
fn forgotten(config: &Config, picture: &Picture, held: &[Held]) -> Result<Vec<String>, Broken> {
    let memory = record::remembered(&config.state)?;
    let unknown = picture.rotations.iter().filter(|rotation| {
        let known = memory.newest(&rotation.name).map(|key| key.leaf);
        known.is_none() || known != rotation.leaf.as_ref().ok().map(|leaf| leaf.sha256)
    });
    let unknown = unknown.map(|rotation| format!("the import of {} was not found", rotation.name));
    let switch = config
        .instance_ssls
        .iter()
        .filter(|entry| !held.iter().any(|held| held.subject.name() == &entry.name));
    let switch = switch.map(|entry| format!("{} does not wait for a person", entry.name));
    Ok(unknown.chain(switch).collect())
}

/// Looks until everything is as it should be and has come to rest, or until it has had its time.
async fn until_right(
    config: &Config,
    clouds: &Clouds,
    former: &[Sha256],
    within: Duration,
) -> Picture {
    let began = Instant::now();
    let mut quiet = (0, Instant::now());
    loop {
        let picture = picture::look(config, clouds).await;
        if picture.calls != quiet.0 {
            quiet = (picture.calls, Instant::now());
        }
        let right = verdict::checks(&picture, former).iter().all(|check| check.fine);
        if (right && quiet.1.elapsed() >= QUIET) || began.elapsed() >= within {
            return picture;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn leaf(picture: &Picture) -> Option<Sha256> {
    let rotation = picture.rotations.iter().find(|rotation| rotation.name.as_str() == WWW.name)?;
    rotation.leaf.as_ref().ok().map(|leaf| leaf.sha256)
}

/// What the cloud was made to hold so far.
fn summary(picture: &Picture, dress: Dress) {
    let [imports, copies, switches] = picture.effects();
    let (imports, copies) = (many(imports, "import"), many(copies, "pushed copy"));
    let switches = many(switches, "SSL switch");
    show::note(dress, &format!("the cloud now has {imports}, {copies} and {switches}"));
}
