//! Replacing a file so that it is whole at every moment, and keeping the former one.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, Permissions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::attributes::{Attributes, Ids};
use super::owner;

/// What marks our temporary files: `.NAME.` goes before it, 16 hex digits after it.
const MARK: &str = "certrotd-";
/// Largest former file that is copied where it cannot be linked, in bytes; ours are far smaller.
const FORMER_BYTES_MAX: u64 = 16 << 20;
/// Tries for a temporary name that nobody has: one is enough unless someone guesses.
const NAME_TRIES: usize = 8;

/// Puts these bytes at `path` with exactly these attributes. At every moment, power cuts included, `path`
/// is the whole former file or the whole new one, attributes included. A former one with other bytes stays
/// as `NAME.previous`, with the attributes that it had. Missing parents are created 0755. What root makes
/// belongs to the owner of the directory, where the attributes name nobody. A symlink at `path` is
/// followed, so that the link survives. On failure, such as an owner that the system refuses, nothing is
/// left behind, and what a crash once left is removed.
pub fn replace(path: &Path, bytes: &[u8], attributes: &Attributes) -> io::Result<()> {
    let ids = attributes.ids()?;
    let path = &destination(path)?;
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(ErrorKind::InvalidInput, "names no file"));
    };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    super::create_parents(parent)?;
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::new(ErrorKind::InvalidInput, "is there, but is not a file"));
    }
    remove_leftovers(parent, name);
    let (temporary, file) = create(parent, name)?;
    let done = prepare(&file, parent, attributes.mode, &ids)
        .and_then(|()| write(file, bytes))
        .and_then(|()| keep_former(path, bytes, parent, name))
        .and_then(|()| fs::rename(&temporary, path));
    if done.is_err() {
        // The failure that is reported is the first one.
        let _ = fs::remove_file(&temporary);
    }
    done?;
    File::open(parent)?.sync_all()
}

/// Puts these bytes at `path`, whole or not at all, with exactly these permissions. The directory has to be there,
/// and nothing former is kept; a symlink at `path` gives way. For what may be lost: nothing waits for the disk, so
/// that after a power cut there may be anything at `path`, and whoever reads it has to tell.
pub fn put(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(ErrorKind::InvalidInput, "names no file"));
    };
    remove_leftovers(parent, name);
    // As in `replace`, but nothing is synced, which would take longer than all else.
    let (temporary, mut file) = create(parent, name)?;
    prepare(&file, parent, mode, &Ids::default())
        .and_then(|()| file.write_all(bytes))
        .and_then(|()| fs::rename(&temporary, path))
        .inspect_err(|_| drop(fs::remove_file(&temporary)))
}

/// Puts these bytes at `path`, whole or not at all, for others to look at: with the permissions of the file that is
/// there, which does not stay, and for its owner alone where there is none. The directory has to be there. A symlink
/// is followed, and what is no file is refused.
pub fn publish(path: &Path, bytes: &[u8]) -> io::Result<()> {
    const MODE: u32 = 0o600;
    let path = &destination(path)?;
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(ErrorKind::InvalidInput, "names no file"));
    };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    let mode = match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => {
            return Err(io::Error::new(ErrorKind::InvalidInput, "is there, but is not a file"));
        }
        Ok(found) => found.permissions().mode() & 0o777,
        Err(_) => MODE,
    };
    remove_leftovers(parent, name);
    let (temporary, file) = create(parent, name)?;
    prepare(&file, parent, mode, &Ids::default())
        .and_then(|()| write(file, bytes))
        .and_then(|()| fs::rename(&temporary, path))
        .inspect_err(|_| drop(fs::remove_file(&temporary)))
}

/// The file that [`replace`] keeps beside this one, where there is one.
pub fn previous(path: &Path) -> Option<PathBuf> {
    let path = destination(path).ok()?;
    let previous = path.with_file_name(former_name(path.file_name()?));
    previous.is_file().then_some(previous)
}

fn former_name(name: &OsStr) -> OsString {
    let mut out = name.to_owned();
    out.push(".previous");
    out
}

/// Where a symlink at `path` leads, which need not exist; `path` itself when it is none.
fn destination(path: &Path) -> io::Result<PathBuf> {
    const HOPS_MAX: usize = 40; // as the kernel
    let mut path = path.to_owned();
    for _ in 0..HOPS_MAX {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            // No link, nothing there, or no right to look: the calls that follow say so.
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::new(ErrorKind::InvalidInput, "is a circle of symlinks"))
}

/// Gives an empty file of ours its attributes.
fn prepare(file: &File, parent: &Path, mode: u32, ids: &Ids) -> io::Result<()> {
    // After creation, so that no umask bends it; before the owner, since only an owner may. Of the bits
    // that a change of owner takes away, those beyond 0777, a file that is only read has none.
    file.set_permissions(Permissions::from_mode(mode))?;
    owner::give(file, parent, ids)
}

fn write(mut file: File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

/// A second name for the former file, made beside and renamed: `path` is never missing, and
/// `NAME.previous` is never half of anything. Where only the attributes change, the file that was former
/// before stays: it is the one to go back to.
fn keep_former(path: &Path, bytes: &[u8], parent: &Path, name: &OsStr) -> io::Result<()> {
    if super::read::bounded(path, FORMER_BYTES_MAX).is_ok_and(|former| former == bytes) {
        return Ok(());
    }
    let previous = parent.join(former_name(name));
    let link = parent.join(temporary_name(name));
    let made = match fs::hard_link(path, &link) {
        Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(()),
        // A file system without hard links, or one that keeps us from linking another's file.
        Err(_) => copy(path, &link),
        Ok(()) => Ok(()),
    };
    let kept = made.and_then(|()| fs::rename(&link, previous));
    // Also where all went well: renaming one name of a file onto another name of it does nothing.
    let _ = fs::remove_file(&link);
    kept
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let bytes = super::read::bounded(from, FORMER_BYTES_MAX)?;
    let (found, file) = (fs::metadata(from)?, new_file(to)?);
    file.set_permissions(Permissions::from_mode(found.permissions().mode() & 0o777))?;
    // A spare that belongs to us is better than none.
    let _ = fchown(&file, None, Some(found.gid()));
    let _ = fchown(&file, Some(found.uid()), None);
    write(file, &bytes)
}

fn create(parent: &Path, name: &OsStr) -> io::Result<(PathBuf, File)> {
    let mut last = io::Error::from(ErrorKind::AlreadyExists);
    for _ in 0..NAME_TRIES {
        let path = parent.join(temporary_name(name));
        match new_file(&path) {
            Ok(file) => return Ok((path, file)),
            Err(fault) if fault.kind() == ErrorKind::AlreadyExists => last = fault,
            Err(fault) => return Err(fault),
        }
    }
    Err(last)
}

/// A file that was not there, which nobody else can read yet.
fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn temporary_name(name: &OsStr) -> OsString {
    // Each RandomState is seeded by the system: not to be guessed, and no two alike.
    let random = RandomState::new().hash_one(SystemTime::now());
    let mut out = prefix(name);
    out.push(format!("{random:016x}"));
    out
}

fn prefix(name: &OsStr) -> OsString {
    let mut out = OsString::from(".");
    out.push(name);
    out.push(".");
    out.push(MARK);
    out
}

/// Best effort: a leftover costs a few kilobytes, and the next replacement tries again. One process
/// writes a file; should two ever meet, one of them fails whole and tries again.
fn remove_leftovers(parent: &Path, name: &OsStr) {
    let prefix = prefix(name);
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let ours = entry
            .file_name()
            .as_encoded_bytes()
            .strip_prefix(prefix.as_encoded_bytes())
            .is_some_and(|rest| rest.len() == 16 && rest.iter().all(u8::is_ascii_hexdigit));
        if ours {
            let _ = fs::remove_file(entry.path());
        }
    }
}
