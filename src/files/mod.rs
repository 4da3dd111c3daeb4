//! Files that are whole or absent: bounded reading, atomic replacement, the lock, the watch.
//! Knows nothing of certificates.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

pub mod atomic;
pub mod lock;
pub mod read;
pub mod watch;

/// Makes sure that this directory exists with mode 0700. Missing parents are created 0755. One
/// that is there keeps its owner and loses the rights of others.
pub fn state_dir(path: &Path) -> io::Result<()> {
    const MODE: u32 = 0o700;
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_parents(parent)?;
    }
    match DirBuilder::new().mode(MODE).create(path) {
        Err(fault) if fault.kind() != io::ErrorKind::AlreadyExists => return Err(fault),
        _ => {}
    }
    let found = fs::metadata(path)?;
    if !found.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotADirectory, "is not a directory"));
    }
    if found.permissions().mode() & 0o777 != MODE {
        fs::set_permissions(path, Permissions::from_mode(MODE))?;
    }
    Ok(())
}

/// Creates a directory and its parents, 0755 before the umask: others must be able to read below.
fn create_parents(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(path)
}

#[cfg(test)]
mod tests;
