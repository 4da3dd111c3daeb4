//! Changed files: certificates, keys, chains, credentials, and the directory where operators leave
//! requests.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use super::requests;
use crate::config::Config;
use crate::files::watch::Watcher;
use crate::model::account::{CredentialSource, SecretFile};

/// How long after a changed file the look begins: whoever writes a pair writes two files.
const QUIET: Duration = Duration::from_millis(200);
/// How long files that keep changing may put the look off.
const QUIET_AFTER_MAX: Duration = Duration::from_secs(2);

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
    files: Vec<PathBuf>,
    directories: Vec<PathBuf>,
}

impl Files {
    /// Begins to watch; `wake` is called after changes. Without a watch the schedule alone notices,
    /// and the log says so.
    pub fn watch(config: &Config, wake: impl Fn() + Send + 'static) -> Self {
        let (changed, aim) = (Arc::new(Notify::new()), Arc::<Mutex<Option<Aim>>>::default());
        let notify = Arc::clone(&changed);
        let watcher = Watcher::new(&[], move || notify.notify_one()).and_then(|mut watcher| {
            take_aim(&mut watcher, aim_of(config));
            watcher.rearm()?;
            Ok(watcher)
        });
        let watcher = watcher.inspect_err(|error| complain(error)).ok();
        let task = watcher.map(|watcher| {
            let (changed, aim) = (Arc::clone(&changed), Arc::clone(&aim));
            AbortOnDropHandle::new(tokio::spawn(attend(watcher, changed, aim, wake)))
        });
        Self { task, changed, aim }
    }

    /// Watches what this configuration reads in place of the former one, and wakes once that is so: what has
    /// changed meanwhile is seen by the look that follows.
    pub fn aim(&self, config: &Config) {
        *self.aim.lock().unwrap_or_else(PoisonError::into_inner) = Some(aim_of(config));
        self.changed.notify_one();
    }
}

fn take_aim(watcher: &mut Watcher, aim: Aim) {
    watcher.aim(aim.files, aim.directories);
}

async fn attend(
    mut watcher: Watcher,
    changed: Arc<Notify>,
    aim: Arc<Mutex<Option<Aim>>>,
    wake: impl Fn(),
) {
    loop {
        changed.notified().await;
        // Events go on while files are being written; what counts is that it ends.
        let latest = Instant::now() + QUIET_AFTER_MAX;
        let more = async { while timeout(QUIET, changed.notified()).await.is_ok() {} };
        let _ = timeout_at(latest, more).await;
        if let Some(aim) = aim.lock().unwrap_or_else(PoisonError::into_inner).take() {
            take_aim(&mut watcher, aim);
        }
        if let Err(error) = watcher.rearm() {
            complain(&error);
        }
        wake();
    }
}

fn complain(error: &dyn std::error::Error) {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    tracing::warn!(event = "watch.failed", error = cause, "{error}: {cause}");
}

fn aim_of(config: &Config) -> Aim {
    let requests = requests::watched(&config.state);
    if !config.schedule.watch {
        return Aim { files: vec![requests], directories: Vec::new() };
    }
    let pairs = config.certificates.iter();
    let files = pairs.flat_map(|entry| {
        [Some(&entry.cert), Some(&entry.key), entry.chain.as_ref()].into_iter().flatten().cloned()
    });
    let secrets = config.accounts.iter().flat_map(|account| secrets(&account.credentials));
    let outcomes = config.discover.iter().map(|it| &it.outcome);
    let awaited = outcomes.clone().flat_map(|it| it.awaited.iter().cloned());
    let files = files.chain(secrets).chain(awaited).chain([requests]).collect();
    Aim { files, directories: outcomes.flat_map(|it| it.listed.iter().cloned()).collect() }
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
