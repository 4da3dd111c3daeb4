//! The command that follows a changed CA file: argv without a shell, a clean environment, a time
//! limit, its output in the log.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

use crate::config::InstanceCa;
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};

/// How long a command may take. Reloading a service takes seconds; one that hangs must not hold
/// its entry for ever.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How much of a command's output is kept: enough to see what went wrong.
const OUTPUT_BYTES_MAX: u64 = 4096;
/// Where a command's own commands are found.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs the entry's command for these bytes. It sees `PATH`, `CERTROTD_NAME`, `CERTROTD_PATH` and
/// `CERTROTD_SHA256`, and nothing of the daemon's own environment.
pub async fn run(entry: &InstanceCa, sha256: &Sha256) -> Result<(), Failure> {
    let [program, arguments @ ..] = entry.on_change.as_slice() else { return Ok(()) };
    let child = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .env("CERTROTD_NAME", entry.name.as_str())
        .env("CERTROTD_PATH", &entry.path)
        .env("CERTROTD_SHA256", sha256.to_string())
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(format!("{program} could not be started: {error}")))?;
    match tokio::time::timeout(TIMEOUT, finish(child)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(words)) => Err(failed(format!("{program} {words}"))),
        Err(_) => Err(failed(format!("{program} took longer than {} s", TIMEOUT.as_secs()))),
    }
}

async fn finish(mut child: Child) -> Result<(), String> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (out, err, status) = tokio::join!(head(stdout), head(stderr), child.wait());
    let output = [out, err].concat();
    let output = output.trim();
    match status {
        Ok(status) if status.success() => {
            if !output.is_empty() {
                tracing::info!(event = "hook.output", "{output}");
            }
            Ok(())
        }
        Ok(status) if output.is_empty() => Err(format!("ended with {status} and said nothing")),
        Ok(status) => Err(format!("ended with {status} and said: {output}")),
        Err(error) => Err(format!("could not be waited for: {error}")),
    }
}

/// The start of a stream; the rest is read and thrown away, so that the command is not blocked.
async fn head(stream: Option<impl tokio::io::AsyncRead + Unpin>) -> String {
    let Some(mut stream) = stream else { return String::new() };
    let mut start = Vec::new();
    if (&mut stream).take(OUTPUT_BYTES_MAX).read_to_end(&mut start).await.is_ok() {
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.ok();
    }
    String::from_utf8_lossy(&start).into_owned()
}

fn failed(words: String) -> Failure {
    Failure::local(Kind::Transient, "on_change", words)
}
