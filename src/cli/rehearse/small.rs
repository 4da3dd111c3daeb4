//! The rehearsal without a file: the real daemon in the small world of [`super::stage`], the acts of
//! [`super::acts`], a start without memory, then the verdict.

use std::fs;
use std::io;
use std::pin::pin;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::acts::{self, Scene, Story, summary};
use super::clouds::{Calls, Clouds};
use super::picture::{self, Picture};
use super::scratch::Scratch;
use super::show::{self, Dress};
use super::stage::instances::DDS;
use super::stage::{API, Stage, StageError, WWW};
use super::verdict::{self, Check, Past};
use super::watch::Watch;
use super::{begin_log, settle};
use crate::cli::{Exit, print};
use crate::config::{self, Config, ConfigError};
use crate::daemon::{self, DaemonError};
use crate::plan::Held;
use crate::plan::action::Action;
use crate::plan::hold::Hold;
use crate::plan::memory::State;
use crate::record::{self, JournalError};
use crate::sim::Sim;

/// How long the start without memory waits for what ends by itself, and for jobs: there is none of either.
const LAST_WAIT: Duration = Duration::from_secs(2);
/// How long the daemon may take to end; it is idle by then.
const STOP_WITHIN: Duration = Duration::from_secs(2);
/// What the check of the start without memory is called.
const MEMORY: &str = "Memory";

/// Why there was nothing to judge.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
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

/// Plays all acts. Ends well when the disk, the cloud and its edges are as they should be afterwards.
pub(super) async fn rehearse(scratch: &Scratch, dress: Dress) -> Exit {
    if let Err(error) = begin_log() {
        print::problem(&error.to_string());
        return Exit::Configuration;
    }
    match play(scratch, dress).await {
        Ok(exit) => exit,
        Err(broken) => print::failed(&broken),
    }
}

async fn play(scratch: &Scratch, dress: Dress) -> Result<Exit, Broken> {
    let stage = Stage::set_up(scratch).await?;
    let mut config = config::load(&stage.config)?;
    // They say that every endpoint is plain http on this host, which is what a rehearsal is.
    config.warnings.clear();
    let before = picture::look(&config, &stage.clouds).await;
    opening(&stage, scratch, &before, dress);
    let mut calls = Calls::listen(&stage.clouds, dress);
    let mut watch = Watch::begin(&before);

    let keep = config.certificates.first().map_or(0, |entry| entry.keep);
    let past = Past::begin(&before, keep);
    let (mut story, ended) = under_the_daemon(Scene {
        stage: &stage,
        config: &config,
        calls: &mut calls,
        watch: &mut watch,
        dress,
        past,
    })
    .await?;
    let (memory, told) = without_memory(&config, &stage.clouds, &mut calls, dress).await?;
    story.page.bad.told = told;
    if let Some(former) = story.page.former.take() {
        stage.publish_again(DDS, former);
    }

    let picture = picture::look(&config, &stage.clouds).await;
    show::status(dress, &picture);
    let mut checks = verdict::checks(&picture, &story.past);
    checks.extend([
        verdict::moved(&story.moves),
        verdict::repaired(&story.drift),
        verdict::rolled_back(&story.back),
        verdict::cleaned(&before, &picture, &story.past),
        verdict::renewed(&story.renewed),
        verdict::clients(&picture, &story.clients),
        verdict::hooks(&picture, &story.clients),
        verdict::kept(&story.page.bad),
        memory,
        ended,
    ]);
    Ok(show::verdict(dress, &checks, "Everything came out right."))
}

fn opening(stage: &Stage, scratch: &Scratch, picture: &Picture, dress: Dress) {
    show::title(dress, "certrotd rehearse: the real daemon against a simulated cloud");
    let url = stage.clouds.all().next().map(Sim::url).unwrap_or_default();
    let words = format!("{url} checks every signature and refuses what it does not know");
    show::fact(dress, "cloud", &words);
    show::fact(dress, "scratch", &format!("{}, removed in the end", scratch.path().display()));
    let ends = ["bound to a listener, a host and a domain", "pushed to ELB, WAF and CDN"];
    for ((lineage, rotation), end) in [WWW, API].iter().zip(&picture.rotations).zip(ends) {
        let Ok(leaf) = &rotation.leaf else { continue };
        let (domain, key, leaf) = (lineage.domain, &leaf.key, leaf.sha256.short());
        show::fact(dress, lineage.name, &format!("live/{domain}/: {key}, leaf {leaf}, {end}"));
    }
    let words = "of two RDS, a DCS, a GeminiDB, a DDS and a GaussDB; zip, PEM and DER";
    show::fact(dress, "CA files", words);
    show::fact(dress, "switches", "SSL of two TaurusDB on: one has it already");
}

/// The acts under the daemon. Gives what is to be judged of them, and whether the daemon ended as it
/// should.
async fn under_the_daemon(scene: Scene<'_>) -> Result<(Story, Check), Broken> {
    let stop = CancellationToken::new();
    let (path, config) = (&scene.stage.config, scene.config.clone());
    let mut daemon = pin!(daemon::run(path, config, None, stop.clone()));
    let story = tokio::select! {
        story = acts::play(scene) => story?,
        ended = &mut daemon => return Err(too_early(ended)),
    };
    stop.cancel();
    let wrong = match tokio::time::timeout(STOP_WITHIN, daemon).await {
        Ok(Ok(())) => Vec::new(),
        Ok(Err(error)) => vec![crate::cli::chain(&error)],
        Err(_) => vec![format!("it did not end within {} s", STOP_WITHIN.as_secs())],
    };
    Ok((story, Check::new("Daemon", &wrong, "ended when it was told to".to_owned())))
}

fn too_early(ended: Result<(), DaemonError>) -> Broken {
    let early = || io::Error::other("the daemon ended before it was told to");
    ended.map_or_else(Broken::Daemon, |()| Broken::Io(early()))
}

/// The last act: a start with an empty memory. Gives whether it found everything again, and whether it
/// says that a CA was refused.
async fn without_memory(
    config: &Config,
    clouds: &Clouds,
    calls: &mut Calls,
    dress: Dress,
) -> Result<(Check, bool), Broken> {
    show::heading(dress, "8 · The state directory is lost: a new start finds its own work again");
    fs::remove_dir_all(&config.state)?;
    let before = picture::look(config, clouds).await;
    let held = settle(config.clone(), calls, LAST_WAIT, LAST_WAIT).await?;
    show::held(dress, &held);
    let after = picture::look(config, clouds).await;
    summary(&after, dress);

    let of_dds = |held: &Held| held.subject.name().as_str() == DDS.name;
    let told = held.iter().any(|held| of_dds(held) && matches!(held.why, Hold::CaRejected { .. }));
    let forgotten = forgotten(config, &before, &after)?;
    if !forgotten.is_empty() {
        return Ok((Check::new(MEMORY, &forgotten, String::new()), told));
    }
    let good = "lost, and all was found again: no second import, copy, binding, CA file or restart";
    Ok((verdict::unchanged(MEMORY, &before, &after, good), told))
}

/// What the new journal does not know: it must have found it, not merely done nothing. And the CA files
/// that were written again.
fn forgotten(config: &Config, before: &Picture, after: &Picture) -> Result<Vec<String>, Broken> {
    let memory = record::remembered(&config.state)?;
    let unknown = after.rotations.iter().filter(|rotation| {
        let known = memory.newest(&rotation.name).map(|key| key.leaf);
        known.is_none() || known != rotation.leaf.as_ref().ok().map(|leaf| leaf.sha256)
    });
    let unknown = unknown.map(|rotation| format!("the import of {} was not found", rotation.name));
    let switch = config.instance_ssls.iter().filter(|entry| {
        let (cloud, instance_id) = (entry.cloud.clone(), entry.instance_id.clone());
        let action = Action::SwitchSsl { cloud, instance_id, on: entry.enabled };
        !memory.effect(&action).is_some_and(|effect| effect.state == State::Seen)
    });
    let switch = switch.map(|entry| format!("the state of {} was not seen", entry.name));
    let files = before.cas.iter().zip(&after.cas).filter(|(was, is)| was.stamp != is.stamp);
    let files = files.map(|(was, _)| format!("the CA file of {} was written again", was.name));
    Ok(unknown.chain(switch).chain(files).collect())
}
