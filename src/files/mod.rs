//! Files that are whole or absent: bounded reading, atomic replacement, the lock, the watch.
//! Knows nothing of certificates.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

pub mod atomic;
mod attributes;
pub mod find;
mod identity;
pub mod lock;
mod owner;
pub mod read;
mod rights;
pub mod watch;
mod ways;

pub use attributes::Attributes;
pub use identity::Identity;

/// Makes sure that this directory exists with mode 0700. Missing parents are created 0755. One
/// that is there keeps its owner and loses the rights of others.
pub fn state_dir(path: &Path) -> io::Result<()> {
    const MODE: u32 = 0o700;
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_parents(parent)?;
    }
    owner::make_dir(path, MODE)?;
    let found = fs::metadata(path)?;
    if found.permissions().mode() & 0o777 != MODE {
        fs::set_permissions(path, Permissions::from_mode(MODE))?;
    }
    Ok(())
}

/// Makes an empty file that its owner alone may read, unless something is there. What root makes belongs
/// to the owner of the directory.
pub fn private_file(path: &Path) -> io::Result<()> {
    const MODE: u32 = 0o600;
    match OpenOptions::new().write(true).create_new(true).mode(MODE).open(path) {
        Err(fault) if fault.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(fault) => Err(fault),
        Ok(file) => settled(path, &file),
    }
}

/// Settles whom a new file belongs to. One that cannot be given away is removed: it would be in the way.
fn settled(path: &Path, file: &fs::File) -> io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new(""));
    owner::give(file, parent, &attributes::Ids::default()).inspect_err(|_| {
        // The failure that is reported is the first one.
        let _ = fs::remove_file(path);
    })
}

/// Creates a directory and its parents, 0755 before the umask: others must be able to read below.
fn create_parents(path: &Path) -> io::Result<()> {
    let missing = path.ancestors().take_while(|it| !it.as_os_str().is_empty() && !it.exists());
    let missing: Vec<_> = missing.collect();
    missing.into_iter().rev().try_for_each(|directory| owner::make_dir(directory, 0o755))
}

#[cfg(test)]
mod tests;
