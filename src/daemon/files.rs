//! Changed files: certificates, keys, chains, credentials, and the directory where operators leave
//! requests.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use super::{Event, requests};
use crate::config::Config;
use crate::files::Identity;
use crate::files::watch::Watcher;
use crate::model::account::{CredentialSource, SecretFile};

/// How long after a changed file the look begins: whoever writes a pair writes two files. Who takes longer between
/// them is no trouble (see `cycle::looks`).
const QUIET: Duration = Duration::from_millis(50);
/// How long files that keep changing may put the look off.
const QUIET_AFTER_MAX: Duration = Duration::from_millis(500);
/// How long the way to all files may take to be looked at before the log says that the disk does not answer.
const LATE: Duration = Duration::from_secs(10);

/// What has to be looked at after a change, the more the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Changed {
    /// Pairs whose files are others now, whichever those are.
    Pairs,
    /// Everything, for instance because a credential may work now that did not before.
    Any,
}

/// A watch on everything that the configuration reads, until it is dropped. It lives in a task of
/// its own: a wait that shares a `select!` with other events would be dropped by each of them.
pub(super) struct Files {
    #[expect(dead_code, reason = "stops the task when dropped")]
    task: Option<AbortOnDropHandle<()>>,
    changed: Arc<Notify>,
    aim: Arc<Mutex<Option<Aim>>>,
}

/// Files to watch, and directories in which every name counts.
struct Aim {
    files: Vec<Arc<Path>>,
    directories: Vec<Arc<Path>>,
}

impl Files {
    /// Begins to watch, and tells of changes; first of all once the watch stands, since anything may have
    /// changed before. Without a watch the schedule alone notices, and the log says so.
    pub fn watch(config: &Config, tell: mpsc::Sender<Event>) -> Self {
        let changed = Arc::new(Notify::new());
        let aim = Arc::new(Mutex::new(Some(aim_of(config))));
        let notify = Arc::clone(&changed);
        let watcher = Watcher::new(&[], move || notify.notify_one());
        let watcher = watcher.inspect_err(|error| complain(error)).ok();
        let task = watcher.map(|watcher| {
            let (changed, aim) = (Arc::clone(&changed), Arc::clone(&aim));
            // From before the first look: what is corrected after that is seen once the watch stands.
            let watch = Watch { watcher, secrets: stand(secrets_of(config)) };
            AbortOnDropHandle::new(tokio::spawn(attend(watch, changed, aim, tell)))
        });
        Self { task, changed, aim }
    }

    /// Watches what this configuration reads in place of the former one, and tells once that is so: what has
    /// changed meanwhile is seen by the look that follows.
    pub fn aim(&self, config: &Config) {
        *self.aim.lock().unwrap_or_else(PoisonError::into_inner) = Some(aim_of(config));
        self.changed.notify_one();
    }
}

async fn attend(
    mut watch: Watch,
    changed: Arc<Notify>,
    aim: Arc<Mutex<Option<Aim>>>,
    tell: mpsc::Sender<Event>,
) {
    loop {
        let aim = aim.lock().unwrap_or_else(PoisonError::into_inner).take();
        // The disk may take for ever, and nobody else shall wait for it.
        let mut arming = tokio::task::spawn_blocking(move || watch.arm(aim));
        let armed = match timeout(LATE, &mut arming).await {
            Ok(armed) => armed,
            Err(_) => {
                say_late();
                arming.await
            }
        };
        let Ok((armed, found)) = armed else { return }; // It has logged itself.
        watch = armed;
        if tell.send(Event::Files(found)).await.is_err() {
            return;
        }
        changed.notified().await;
        // Events go on while files are being written; what counts is that it ends.
        let latest = Instant::now() + QUIET_AFTER_MAX;
        let more = async { while timeout(QUIET, changed.notified()).await.is_ok() {} };
        let _ = timeout_at(latest, more).await;
    }
}

/// The watch, and how the files of credentials stood when they were last looked at.
struct Watch {
    watcher: Watcher,
    secrets: Secrets,
}

/// Files, and how each stands; absent where it cannot be told.
type Secrets = Vec<(PathBuf, Option<Identity>)>;

impl Watch {
    /// On a thread that may block: watches where the files are now, and tells what has changed.
    fn arm(mut self, aim: Option<Aim>) -> (Self, Changed) {
        if let Some(Aim { files, directories }) = aim {
            self.watcher.aim(files, directories);
        }
        if let Err(error) = self.watcher.rearm() {
            complain(&error);
        }
        // It is quiet for longer than the grain of any clock by now: the next change has another time.
        let secrets = stand(self.secrets.iter().map(|it| it.0.clone()).collect());
        let same = self.secrets == secrets;
        self.secrets = secrets;
        (self, if same { Changed::Pairs } else { Changed::Any })
    }
}

fn stand(paths: Vec<PathBuf>) -> Secrets {
    let stand = |path: PathBuf| {
        let stands = Identity::of(&path).ok();
        (path, stands)
    };
    paths.into_iter().map(stand).collect()
}

fn say_late() {
    let late = LATE.as_secs();
    tracing::warn!(
        event = "watch.failed",
        "the ways to the watched files are looked for since {late} s, and the disk does not answer; until it does, the \
         schedule alone notices changed files"
    );
}

fn complain(error: &dyn std::error::Error) {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    tracing::warn!(event = "watch.failed", error = cause, "{error}: {cause}");
}

fn aim_of(config: &Config) -> Aim {
    let requests = Arc::from(requests::watched(&config.state));
    if !config.schedule.watch {
        return Aim { files: vec![requests], directories: Vec::new() };
    }
    let pairs = config.certificates.iter();
    let files = pairs.flat_map(|entry| {
        [Some(&entry.cert), Some(&entry.key), entry.chain.as_ref()].into_iter().flatten().cloned()
    });
    let outcomes = config.discover.iter().map(|it| &it.outcome);
    let awaited = outcomes.clone().flat_map(|it| it.awaited.iter().cloned());
    // Of a pattern the schedule notices what has changed: nothing is done about it but to tell.
    let watched = config.watch_files.iter().filter_map(|it| it.glob.only());
    let others = secrets_of(config).into_iter().chain(awaited).chain(watched).map(Arc::from);
    let files = files.chain(others).chain([requests]).collect();
    let directories = outcomes.flat_map(|it| it.listed.iter().map(|it| Arc::from(&**it))).collect();
    Aim { files, directories }
}

fn secrets_of(config: &Config) -> Vec<PathBuf> {
    config.accounts.iter().flat_map(|account| secrets(&account.credentials)).collect()
}

/// The files of a credential: a corrected one is tried at once.
fn secrets(source: &CredentialSource) -> Vec<PathBuf> {
    let files = match source {
        CredentialSource::AccessKey { access_key, secret_key, security_token } => {
            vec![Some(access_key), Some(secret_key), security_token.as_ref()]
        }
        CredentialSource::Password { password, .. } => vec![Some(password)],
        _ => Vec::new(),
    };
    let paths = files.into_iter().flatten().filter_map(|file| match file {
        SecretFile::Path(path) => Some(path.clone()),
        // The service manager copies it at the start, and never again.
        SecretFile::Credential(_) => None,
    });
    paths.collect()
}
