//! Whom a new file belongs to. An operator runs `sudo certrotd apply` beside a daemon that is a user of
//! its own; what root makes in that user's directories has to be that user's, or it locks the daemon out.

use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, fchown};
use std::path::Path;

/// The user id of root.
const ROOT: u32 = 0;

/// Gives a file that this process has just made to the owner of the directory that it lies in, when this
/// process is root and that owner is not. Never for a file that was there before: it may be a link to
/// one that its maker wants to have.
pub(super) fn settle(made: &File, parent: &Path) -> io::Result<()> {
    match heir(made.metadata()?.uid(), &fs::metadata(directory(parent))?) {
        None => Ok(()),
        Some((user, group)) => fchown(made, Some(user), Some(group)).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot be given to user {user}: {error}"))
        }),
    }
}

/// Makes one directory with this mode, before the umask, and settles whom it belongs to. One that is there
/// is left as it is.
pub(super) fn make_dir(path: &Path, mode: u32) -> io::Result<()> {
    match DirBuilder::new().mode(mode).create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if fs::metadata(path)?.is_dir() {
                return Ok(());
            }
            Err(io::Error::new(ErrorKind::NotADirectory, "is not a directory"))
        }
        Err(error) => Err(error),
        Ok(()) => {
            let parent = path.parent().unwrap_or(Path::new(""));
            if heir(fs::symlink_metadata(path)?.uid(), &fs::metadata(directory(parent))?).is_none()
            {
                return Ok(());
            }
            settle(&same_dir(path)?, parent)
        }
    }
}

/// Who gets what this user made in this directory: its user and group, where they are not root's and the
/// maker is root. No system call of the standard library tells who we are; what we made does.
fn heir(maker: u32, directory: &Metadata) -> Option<(u32, u32)> {
    (maker == ROOT && directory.uid() != ROOT).then(|| (directory.uid(), directory.gid()))
}

/// Opens a directory that is no symlink: the owner of its parent could have put one there meanwhile.
fn same_dir(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    let (opened, named) = (file.metadata()?, fs::symlink_metadata(path)?);
    if named.is_dir() && (opened.dev(), opened.ino()) == (named.dev(), named.ino()) {
        return Ok(file);
    }
    Err(io::Error::new(ErrorKind::NotADirectory, "was replaced while it was made"))
}

/// The directory as a path that can be opened.
fn directory(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}
