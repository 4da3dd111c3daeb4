//! Whom a new file belongs to. An operator runs `sudo certrotd apply` beside a daemon that is a user of
//! its own; what root makes in that user's directories has to be that user's, or it locks the daemon out.

use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, fchown};
use std::path::Path;

use super::attributes::{Id, Ids};

/// The user id of root.
const ROOT: u32 = 0;

/// Gives a file that this process has just made to this user and group. Whichever of the two nobody asked
/// for becomes that of the directory that the file lies in, when this process is root and the directory's
/// owner is not. Never for a file that was there before: it may be a link to one that its maker wants to
/// have.
pub(super) fn give(made: &File, parent: &Path, ids: &Ids) -> io::Result<()> {
    let found = made.metadata()?;
    let heir = heir(found.uid(), &fs::metadata(directory(parent))?);
    let asked = |asked: &Option<Id>| asked.as_ref().map(|it| it.id);
    let group = asked(&ids.group).or(heir.map(|(_, group)| group));
    let user = asked(&ids.user).or(heir.map(|(user, _)| user));
    // The group first: only an owner may give a file to another group of its own. What is so already is
    // not asked of the system, which may refuse even that.
    if let Some(group) = group.filter(|group| *group != found.gid()) {
        fchown(made, None, Some(group))
            .map_err(|error| refused(&GROUP, &ids.group, group, &error))?;
    }
    if let Some(user) = user.filter(|user| *user != found.uid()) {
        fchown(made, Some(user), None).map_err(|error| refused(&USER, &ids.user, user, &error))?;
    }
    Ok(())
}

/// What to say when a file cannot be given away: to whom, the key that asks for it, and who could.
type Words = (&'static str, &'static str, &'static str);
const USER: Words = ("user", "owner", "root and a service with CAP_CHOWN");
const GROUP: Words = ("group", "group", "its members, root and a service with CAP_CHOWN");

fn refused((what, key, who): &Words, asked: &Option<Id>, id: u32, error: &io::Error) -> io::Error {
    let name = asked.as_ref().map_or_else(|| id.to_string(), |asked| asked.said.clone());
    let mut words = format!("cannot be given to {what} {name}: {error}");
    if asked.is_some() && error.kind() == ErrorKind::PermissionDenied {
        let help = format!("; only {who} may do that (ca-owner.conf.example), or leave {key} out");
        words.push_str(&help);
    }
    io::Error::new(error.kind(), words)
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
            give(&same_dir(path)?, parent, &Ids::default())
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
