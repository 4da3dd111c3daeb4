//! Changed files: certificates, keys, chains, and the directory where operators leave requests.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Notify;

use super::{QUIET, requests};
use crate::config::Config;
use crate::files::watch::Watcher;

/// A watch on everything that the configuration reads.
pub(super) struct Files {
    watcher: Option<Watcher>,
    changed: Arc<Notify>,
}

impl Files {
    /// Begins to watch. Without a watch the schedule alone notices, and the log says so.
    pub fn watch(config: &Config) -> Self {
        let changed = Arc::new(Notify::new());
        let wake = Arc::clone(&changed);
        let watcher = Watcher::new(&paths(config), move || wake.notify_one());
        let watcher = watcher.map_err(|error| {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            let cause = source.unwrap_or_default();
            tracing::warn!(event = "watch.failed", error = cause, "{error}: {cause}");
        });
        Self { watcher: watcher.ok(), changed }
    }

    /// Waits until something changed and has been quiet for a moment.
    pub async fn changed(&mut self) {
        self.changed.notified().await;
        // Events go on while files are being written; what counts is that it ends.
        while tokio::time::timeout(QUIET, self.changed.notified()).await.is_ok() {}
        if let Some(Err(error)) = self.watcher.as_mut().map(Watcher::rearm) {
            tracing::warn!(event = "watch.failed", "{error}");
        }
    }
}

fn paths(config: &Config) -> Vec<PathBuf> {
    let requests = requests::directory(&config.state).join("any");
    if !config.schedule.watch {
        return vec![requests];
    }
    let pairs = config.certificates.iter();
    let files = pairs.flat_map(|entry| {
        [Some(&entry.cert), Some(&entry.key), entry.chain.as_ref()].into_iter().flatten().cloned()
    });
    files.chain([requests]).collect()
}
