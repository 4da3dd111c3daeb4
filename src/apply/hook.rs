//! The command that follows a changed CA file: argv without a shell, a clean environment, a time
//! limit, its output in the log.

mod output;
mod program;
mod stream;

use std::ffi::OsString;
use std::time::Duration;

pub use self::program::Program;
use crate::config::InstanceCa;
use crate::files;
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};

/// How long a command may take. Reloading a service takes seconds; one that hangs must not hold
/// its entry for ever.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// Runs the entry's command for these bytes, with the daemon's own user and rights: a capability that
/// the service manager gave the daemon is the command's too. It sees what the manual lists, and
/// nothing of the daemon's own environment. Its exit status alone decides; processes that it leaves behind
/// live on. One that takes too long is killed, with every process of its group. What it printed goes into
/// the log, however it ended, line by line and within bounds; of one that failed, the last line on its
/// standard error stands in the failure, or the last at all. A daemon that dies between the command's end and the journal's line runs it again: a client
/// that loads its CAs twice is better than one that never does.
pub async fn run(entry: &InstanceCa, sha256: &Sha256) -> Result<(), Failure> {
    run_within(entry, sha256, TIMEOUT).await
}

async fn run_within(entry: &InstanceCa, sha256: &Sha256, limit: Duration) -> Result<(), Failure> {
    let (argv, environment) = (entry.on_change.as_slice(), environment(entry, sha256));
    let ended = Program { argv, environment, input: Vec::new(), limit }.ended().await;
    ended.lines.log(entry.name.as_str(), ended.result.is_err());
    ended.result.map_err(failed)
}

/// Everything that the command finds in its environment: which entry and instance it is, the file that
/// changed and the SHA-256 of its bytes, and, where there is one, the file with what it held before.
fn environment(entry: &InstanceCa, sha256: &Sha256) -> Vec<(&'static str, OsString)> {
    let mut all: Vec<(&str, OsString)> = vec![
        ("CERTROTD_NAME", entry.name.as_str().into()),
        ("CERTROTD_SERVICE", entry.source.api().key().into()),
        ("CERTROTD_INSTANCE", entry.instance_id.clone().into()),
        ("CERTROTD_PATH", entry.path.clone().into()),
        ("CERTROTD_SHA256", sha256.to_string().into()),
    ];
    if let Some(previous) = files::atomic::previous(&entry.path) {
        all.push(("CERTROTD_PREVIOUS", previous.into()));
    }
    all
}

fn failed(words: String) -> Failure {
    Failure::local(Kind::Transient, "on_change", words)
}

#[cfg(test)]
mod tests;
