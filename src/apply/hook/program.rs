//! One command, run to its end: argv without a shell, a clean environment, a time limit, bounded output.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, Command};

use super::output::{self, Lines, Output};
use crate::model::time::span;

/// How long output is read after the command has ended: what it wrote is there already, and a process
/// that it left behind may keep the stream open for years.
const OUTPUT_WITHIN: Duration = Duration::from_secs(1);
/// `ENOEXEC`, which the standard library has no kind for.
const NO_PROGRAM: i32 = Errno::ENOEXEC as i32;
/// Where a command's own commands are found.
pub(super) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A command to run. It sees its own variables and `PATH`, and nothing of the daemon's environment.
pub struct Program<'a> {
    /// The program with its full path, and its arguments.
    pub argv: &'a [String],
    /// Its variables.
    pub environment: Vec<(&'static str, OsString)>,
    /// What it reads; nothing: its standard input is closed.
    pub input: Vec<u8>,
    /// When it is killed, with every process of its group.
    pub limit: Duration,
}

/// How a command ended. What it printed, without the line that the failure names.
pub(super) struct Ended {
    pub result: Result<(), String>,
    pub lines: Lines,
}

impl Program<'_> {
    /// Runs it. Its exit status alone decides; processes that it leaves behind live on. Of one that failed, the last
    /// line on its standard error stands in the failure, or the last at all.
    pub async fn run(self) -> Result<(), String> {
        self.ended().await.result
    }

    /// The same, with what it printed.
    pub(super) async fn ended(self) -> Ended {
        let [program, arguments @ ..] = self.argv else {
            return Ended { result: Ok(()), lines: Output::default().lines() };
        };
        let stdin = if self.input.is_empty() { Stdio::null() } else { Stdio::piped() };
        let started = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("PATH", PATH)
            .envs(self.environment)
            .current_dir("/")
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) => {
                let words = format!("{program} {}", unstarted(program, &error));
                return Ended { result: Err(words), lines: Output::default().lines() };
            }
        };
        // Declared after the child, so that it goes first: until the child is reaped, its id is no other's.
        let mut group = Group(child.id());
        let (ended, output) = finish(&mut child, &mut group, &self.input, self.limit).await;
        let mut lines = output.lines();
        let said = if ended.is_err() { lines.pop() } else { None };
        let result = ended.map_err(|words| match said {
            Some(said) => format!("{program} {words} and said: {said}"),
            None => format!("{program} {words} and said nothing"),
        });
        Ended { result, lines }
    }
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
    input: &[u8],
    limit: Duration,
) -> (Result<(), String>, Output) {
    let mut output = Output::default();
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let ended = {
        let reading = async {
            tokio::join!(
                feed(stdin, input),
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

/// Gives it what it shall read. One that does not want it is judged by its exit status.
async fn feed(stdin: Option<ChildStdin>, input: &[u8]) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(input).await;
    }
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
                "what a command started could not all be killed ({error}): look for process group {id}"
            ),
        }
    }
}
