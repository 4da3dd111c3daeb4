//! `certrotd run`: the daemon.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::{Exit, begin_log, chain};
use crate::config::Config;
use crate::daemon::{self, DaemonError};

pub(super) async fn run(path: &Path, config: Config) -> Exit {
    let log = begin_log(&config);
    match daemon::run(path, config, log.as_ref(), CancellationToken::new()).await {
        Ok(()) => Exit::Fine,
        Err(error) => {
            tracing::error!(event = "daemon.failed", error = chain(&error), "{}", chain(&error));
            match error {
                DaemonError::Config(_) => Exit::Configuration,
                _ => Exit::Fault,
            }
        }
    }
}
