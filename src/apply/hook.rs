//! The command that follows a changed CA file: argv without a shell, a clean environment, a time
//! limit, its output in the log.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use crate::config::InstanceCa;
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::time::span;

/// How long a command may take. Reloading a service takes seconds; one that hangs must not hold
/// its entry for ever.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long output is read after the command has ended: what it wrote is there already, and a process
/// that it left behind may keep the stream open for years.
const OUTPUT_WITHIN: Duration = Duration::from_secs(1);
/// How much of each of a command's two streams is kept, in bytes: enough to see what went wrong.
const OUTPUT_BYTES_MAX: usize = 4096;
/// How much is read at once, in bytes.
const PIECE_BYTES: usize = 1024;
/// Where a command's own commands are found.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs the entry's command for these bytes, with the daemon's own user and rights: a capability that
/// the service manager gave the daemon is the command's too. It sees `PATH`, `CERTROTD_NAME`,
/// `CERTROTD_PATH` and `CERTROTD_SHA256`, and nothing of the daemon's own environment. Its exit status
/// alone decides; processes that it leaves behind live on. One that takes too long is killed, with every
/// process of its group.
pub async fn run(entry: &InstanceCa, sha256: &Sha256) -> Result<(), Failure> {
    run_within(entry, sha256, TIMEOUT).await
}

async fn run_within(entry: &InstanceCa, sha256: &Sha256, limit: Duration) -> Result<(), Failure> {
    let [program, arguments @ ..] = entry.on_change.as_slice() else { return Ok(()) };
    let mut child = Command::new(program)
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
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(format!("{program} could not be started: {error}")))?;
    // Declared after the child, so that it goes first: until the child is reaped, its id is no other's.
    let mut group = Group(child.id());
    let ended = finish(&mut child, &mut group, limit).await;
    ended.map_err(|words| failed(format!("{program} {words}")))
}

async fn finish(child: &mut Child, group: &mut Group, limit: Duration) -> Result<(), String> {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let status = {
        let reading = async { tokio::join!(head(stdout, &mut out), head(stderr, &mut err)) };
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
        let status = tokio::time::timeout(limit, ended)
            .await
            .map_err(|_| format!("took longer than {} and was killed", span(limit)))?;
        group.0 = None;
        if !read {
            tokio::time::timeout(OUTPUT_WITHIN, reading).await.ok();
        }
        status
    };
    let output = [out, err].concat();
    let output = String::from_utf8_lossy(&output);
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

/// Adds the start of a stream; the rest is read and thrown away, so that the command is not blocked.
async fn head(stream: Option<impl AsyncRead + Unpin>, start: &mut Vec<u8>) {
    let Some(mut stream) = stream else { return };
    let mut piece = [0; PIECE_BYTES];
    while let Ok(count @ 1..) = stream.read(&mut piece).await {
        let room = OUTPUT_BYTES_MAX - start.len();
        start.extend_from_slice(&piece[..count.min(room)]);
    }
}

/// The process group of a command that is still running; none once it has ended. Kills all of it when
/// dropped: the command's own end alone would leave what it started.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let Some(id) = self.0 else { return };
        // The standard library signals no groups, and a system call would need unsafe code. The shell has
        // `kill` built in, so that no further program is needed; dash takes `--` after `-s` alone.
        let killed = std::process::Command::new("/bin/sh")
            .args(["-c", "kill -s KILL -- \"-$1\"", "sh", &id.to_string()])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !killed.is_ok_and(|status| status.success()) {
            tracing::warn!(
                event = "hook.left",
                "what on_change started could not all be killed: look for process group {id}"
            );
        }
    }
}

fn failed(words: String) -> Failure {
    Failure::local(Kind::Transient, "on_change", words)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::time::Instant;

    use super::*;

    /// A file of one test, removed at its end.
    struct Pid(PathBuf);

    impl Pid {
        fn new(name: &str) -> Self {
            let name = format!("certrotd-hook-{name}-{}", std::process::id());
            Self(std::env::temp_dir().join(name))
        }

        /// Whether the process whose id stands in the file lives; one that nobody has reaped does not.
        fn lives(&self) -> bool {
            let pid = std::fs::read_to_string(&self.0).unwrap();
            let stat = Path::new("/proc").join(pid.trim()).join("stat");
            std::fs::read_to_string(stat).is_ok_and(|stat| !stat.contains(") Z "))
        }
    }

    impl Drop for Pid {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    async fn ran(script: &str, file: &Path, limit: Duration) -> Result<(), String> {
        let text = format!(
            "[cloud.main]\nregion = 'cn-north-4'\n[[instance_ca]]\nname = 'orders'\nservice = 'dcs'\n\
             instance_id = 'a'\npath = '/ca.pem'\non_change = ['/bin/sh', '-c', '''{script}''', 'sh', {file:?}]\n"
        );
        let config = crate::config::parse(Path::new("/c.toml"), &text).unwrap();
        let ended = run_within(&config.instance_cas[0], &Sha256::of(b"ca"), limit).await;
        ended.map_err(|failure| failure.message)
    }

    #[tokio::test]
    async fn a_child_that_keeps_the_output_open_is_not_waited_for() {
        let pid = Pid::new("child");
        let began = Instant::now();
        let script = "sleep 6 & echo $! > \"$1\"; echo said; exit $CODE";
        let ended = ran(&script.replace("$CODE", "0"), &pid.0, Duration::from_secs(10)).await;
        assert_eq!(ended, Ok(()));
        assert!(pid.lives(), "what a command leaves behind may be a service");
        let ended = ran(&script.replace("$CODE", "3"), &pid.0, Duration::from_secs(10)).await;
        let said = ended.unwrap_err();
        assert!(said.ends_with("ended with exit status: 3 and said: said"), "{said}");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn a_late_command_is_killed_with_all_that_it_started() {
        let pid = Pid::new("late");
        let script = "sleep 20 & echo $! > \"$1\"; wait";
        let said = ran(script, &pid.0, Duration::from_secs(1)).await.unwrap_err();
        assert_eq!(said, "/bin/sh took longer than 1s and was killed");
        for _ in 0..50 {
            if !pid.lives() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the child of the command lives on");
    }

    #[tokio::test]
    async fn a_flood_is_cut_and_the_status_alone_decides() {
        let pid = Pid::new("flood");
        let script = "yes | head -c 200000; exec >&- 2>&-; sleep 0.1; exit 1";
        let said = ran(script, &pid.0, Duration::from_secs(10)).await.unwrap_err();
        assert!(said.contains("exit status: 1 and said: y\ny"), "{}", said.len());
        assert!(said.len() < OUTPUT_BYTES_MAX + 100, "{}", said.len());
    }
}
