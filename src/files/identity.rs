//! What tells that a file is as it was, without reading it.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Two changes closer together than this may carry the same time: clocks of file systems have a grain, of two
/// seconds at worst.
const GRAIN: Duration = Duration::from_secs(2);

/// Where a file's bytes lie and when they last changed, as the system has it. Times are nanoseconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Identity {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: i64,
    changed: i64,
}

impl Identity {
    /// Of what this path leads to, through symlinks.
    pub fn of(path: &Path) -> io::Result<Self> {
        let found = std::fs::metadata(path)?;
        Ok(Self {
            device: found.dev(),
            inode: found.ino(),
            bytes: found.size(),
            modified: nanos(found.mtime(), found.mtime_nsec()),
            changed: nanos(found.ctime(), found.ctime_nsec()),
        })
    }

    /// As numbers, for whoever keeps it.
    pub const fn numbers(&self) -> [u64; 5] {
        let Self { device, inode, bytes, modified, changed } = *self;
        [device, inode, bytes, modified.cast_unsigned(), changed.cast_unsigned()]
    }

    /// What gave these [`Self::numbers`].
    pub const fn from_numbers([device, inode, bytes, modified, changed]: [u64; 5]) -> Self {
        let (modified, changed) = (modified.cast_signed(), changed.cast_signed());
        Self { device, inode, bytes, modified, changed }
    }

    /// Whether the next change is sure to show, at a moment of the system's clock: the last one is not so
    /// recent that another may carry the same time.
    pub fn is_telling(&self, now: SystemTime) -> bool {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let grown = now.saturating_sub(GRAIN).as_nanos();
        u128::try_from(self.changed).is_ok_and(|changed| changed <= grown)
    }
}

/// Until the year 2262.
fn nanos(secs: i64, rest: i64) -> i64 {
    secs.saturating_mul(1_000_000_000).saturating_add(rest)
}
