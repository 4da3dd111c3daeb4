//! The command that follows a changed CA file: argv without a shell, a clean environment, a time
//! limit, its output in the log.

mod output;
mod stream;

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, Command};

use self::output::Output;
use crate::config::InstanceCa;
use crate::files;
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::time::span;

/// How long a command may take. Reloading a service takes seconds; one that hangs must not hold
/// its entry for ever.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long output is read after the command has ended: what it wrote is there already, and a process
/// that it left behind may keep the stream open for years.
const OUTPUT_WITHIN: Duration = Duration::from_secs(1);
/// `ENOEXEC`, which the standard library has no kind for.
const NO_PROGRAM: i32 = Errno::ENOEXEC as i32;
/// Where a command's own commands are found.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

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
    let [program, arguments @ ..] = entry.on_change.as_slice() else { return Ok(()) };
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(environment(entry, sha256))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(format!("{program} {}", unstarted(program, &error))))?;
    // Declared after the child, so that it goes first: until the child is reaped, its id is no other's.
    let mut group = Group(child.id());
    let (ended, output) = finish(&mut child, &mut group, limit).await;
    let mut lines = output.lines();
    let said = if ended.is_err() { lines.pop() } else { None };
    lines.log(entry.name.as_str(), ended.is_err());
    ended.map_err(|words| match said {
        Some(said) => failed(format!("{program} {words} and said: {said}")),
        None => failed(format!("{program} {words} and said nothing")),
    })
}

/// Everything that the command finds in its environment: which entry and instance it is, the file that
/// changed and the SHA-256 of its bytes, and, where there is one, the file with what it held before.
fn environment(entry: &InstanceCa, sha256: &Sha256) -> Vec<(&'static str, OsString)> {
    let mut all: Vec<(&str, OsString)> = vec![
        ("PATH", PATH.into()),
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

/// Why a program did not start, as far as the system's own word leaves it open.
fn unstarted(program: &str, error: &io::Error) -> String {
    let why = match error.kind() {
        ErrorKind::NotFound if Path::new(program).exists() => {
            "the interpreter that its first line names does not exist"
        }
        ErrorKind::NotFound => "there is no such file, or the service's sandbox hides it",
        ErrorKind::PermissionDenied => {
            "the daemon's user may not execute it: see its mode, its directories' and noexec mounts"
        }
        ErrorKind::ExecutableFileBusy => "somebody is writing to it at this moment",
        _ if error.raw_os_error() == Some(NO_PROGRAM) => {
            "it is no program: a script needs a first line such as #!/bin/sh"
        }
        _ => return format!("could not be started: {error}"),
    };
    format!("could not be started: {why} ({error})")
}

/// Waits for the end within the limit; gives how it ended, and what was printed until then.
async fn finish(
    child: &mut Child,
    group: &mut Group,
    limit: Duration,
) -> (Result<(), String>, Output) {
    let mut output = Output::default();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let ended = {
        let reading = async {
            tokio::join!(
                output::read(stdout, &mut output.out),
                output::read(stderr, &mut output.err)
            )
        };
        tokio::pin!(reading);
        let mut read = false;
        let ended = async {
            loop {
                tokio::select! {
                    status = child.wait() => break status,
                    _ = &mut reading, if !read => read = true,
                }
            }
        };
        let ended = tokio::time::timeout(limit, ended).await;
        if ended.is_ok() {
            group.0 = None;
            if !read {
                tokio::time::timeout(OUTPUT_WITHIN, reading).await.ok();
            }
        }
        ended
    };
    let ended = match ended {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(format!("ended with {status}")),
        Ok(Err(error)) => Err(format!("could not be waited for: {error}")),
        Err(_) => Err(format!("took longer than {}, was killed", span(limit))),
    };
    (ended, output)
}

/// The process group of a command that is still running; none once it has ended. Kills all of it when
/// dropped: the command's own end alone would leave what it started.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let Some(id) = self.0.and_then(|id| i32::try_from(id).ok()) else { return };
        match killpg(Pid::from_raw(id), Signal::SIGKILL) {
            // All of them have ended by themselves.
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => tracing::warn!(
                event = "hook.left",
                "what on_change started could not all be killed ({error}): look for process group {id}"
            ),
        }
    }
}

fn failed(words: String) -> Failure {
    Failure::local(Kind::Transient, "on_change", words)
}

#[cfg(test)]
mod tests;
