//! One daemon a state directory: a lock that the kernel gives back when its holder dies.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The file that is locked: it is the lock on it that counts, not its presence.
const FILE: &str = "lock";
/// Where the system names the locks that are held.
const LOCKS: &str = "/proc/locks";

/// The lock on a state directory, held until it is dropped or the process ends in any way.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why the lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{} is held by {}", path.display(), holder(*pid))]
    Held {
        /// The lock file.
        path: PathBuf,
        /// The holder's process id, where it could be read.
        pid: Option<u32>,
    },
    /// The lock file could not be opened or written.
    #[error("cannot lock {}", path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Lock {
    /// Takes the lock of this directory, or says who holds it; never waits. Its file stays
    /// afterwards. Where root makes it, it belongs to the directory's owner, who can then take the lock too.
    pub fn acquire(dir: &Path) -> Result<Self, LockError> {
        let path = dir.join(FILE);
        let fault = |source| LockError::Io { path: path.clone(), source };
        super::private_file(&path).map_err(fault)?;
        let mut file = OpenOptions::new().read(true).write(true).open(&path).map_err(fault)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { pid: read_pid(&mut file), path });
            }
            Err(TryLockError::Error(source)) => return Err(fault(source)),
        }
        write_pid(&mut file).map_err(fault)?;
        Ok(Self { _file: file })
    }

    /// Whether somebody is known to hold the lock of this directory: asked of the system, since trying to take it would be
    /// in the way of one who wants it.
    pub fn is_held(dir: &Path) -> bool {
        let Ok(found) = fs::metadata(dir.join(FILE)) else { return false };
        fs::read_to_string(LOCKS).is_ok_and(|locks| holds(&locks, found.ino()))
    }
}

/// Whether one of these lines, `1: FLOCK ADVISORY WRITE 812 08:01:131 0 EOF`, is a lock on this inode. The device is
/// left out: some file systems show another one to those who look at the file.
fn holds(locks: &str, inode: u64) -> bool {
    let is_it = |place: &str| place.rsplit(':').next().is_some_and(|it| it.parse() == Ok(inode));
    locks.lines().any(|line| match *line.split_whitespace().collect::<Vec<_>>() {
        [_, "FLOCK", _, "WRITE", _, place, ..] => is_it(place),
        _ => false,
    })
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn read_pid(file: &mut File) -> Option<u32> {
    const PID_BYTES_MAX: u64 = 32;
    let mut text = String::new();
    file.take(PID_BYTES_MAX).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}
