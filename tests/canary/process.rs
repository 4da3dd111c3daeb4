//! A daemon at work, and what its files under `/proc` say to others.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::common::House;

/// Longest region of memory that is read, in bytes: what lies beyond is address space, not memory.
const REGION_BYTES_MAX: u64 = 256 << 20;

/// A daemon that is killed when the test ends.
pub struct Daemon {
    pub child: Child,
    pub out: PathBuf,
    pub err: PathBuf,
}

/// The binary with this house's configuration and without the test's own environment.
pub fn command(house: &House, program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", house.scratch.path("home")).stdin(Stdio::null());
    command.envs(house.environment.iter().cloned());
    command
}

impl Daemon {
    pub fn start(house: &House) -> Self {
        let mut command = command(house, env!("CARGO_BIN_EXE_certrotd"));
        command.arg("--config").arg(house.config_path()).arg("run");
        Self::of(house, command)
    }

    /// Starts a command that is a daemon, whatever is in front of it.
    pub fn of(house: &House, mut command: Command) -> Self {
        let (out, err) = (house.scratch.path("daemon.out"), house.scratch.path("daemon.err"));
        let open = |path| File::create(path).unwrap();
        let child = command.stdout(open(&out)).stderr(open(&err)).spawn().unwrap();
        Self { child, out, err }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.err).unwrap_or_default()
    }

    pub fn proc(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.child.id()))
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        Command::new("kill").args([format!("-{name}"), pid]).status().unwrap();
    }

    /// All that it can write to, or why it may not be read.
    pub fn memory(&self) -> Result<Vec<u8>, std::io::Error> {
        let maps = fs::read_to_string(self.proc("maps"))?;
        let mut memory = File::open(self.proc("mem"))?;
        let mut all = Vec::new();
        for line in maps.lines() {
            let mut words = line.split_whitespace();
            let (Some(range), Some(rights)) = (words.next(), words.next()) else { continue };
            let bounds = range.split_once('-').unwrap();
            let [from, to] = [bounds.0, bounds.1].map(|it| u64::from_str_radix(it, 16).unwrap());
            if !rights.starts_with("rw") || line.ends_with("[vvar]") || to - from > REGION_BYTES_MAX
            {
                continue;
            }
            memory.seek(SeekFrom::Start(from))?;
            // Guard pages and what was given back meanwhile cannot be read.
            let mut region = Vec::new();
            let _ = (&mut memory).take(to - from).read_to_end(&mut region);
            all.extend(region);
        }
        Ok(all)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Who the tests run as, seen by a file that they make.
pub fn is_root(house: &House) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(house.config_path()).unwrap().uid() == 0
}

/// As [`command`], as nobody: the house and the binary are handed over. Only root can.
pub fn command_as_nobody(house: &House, program: &str) -> Command {
    const NOBODY: u32 = 65_534;
    let copy = house.scratch.path("certrotd");
    fs::copy(env!("CARGO_BIN_EXE_certrotd"), &copy).unwrap();
    let root = house.config_path().parent().unwrap().to_owned();
    let given = Command::new("chown").arg("-R").arg(NOBODY.to_string()).arg(root).status();
    assert!(given.unwrap().success());
    let mut command = command(house, program);
    command.uid(NOBODY).gid(NOBODY);
    command
}
