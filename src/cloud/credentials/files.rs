//! Secrets in files: bounded, trimmed, with the time of their last change.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use zeroize::Zeroizing;

use super::super::Result;
use super::{Surroundings, missing};
use crate::model::account::SecretFile;
use crate::model::secret::Secret;
use crate::model::time::Time;

/// The longest file that can hold a key, a token or a profile, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;
/// Where systemd puts the credentials of our service, for a subcommand that is not started by it.
const SERVICE_CREDENTIALS: &str = "/run/credentials/certrotd.service";
/// The permission bits of group and others.
const OTHERS: u32 = 0o077;

/// A secret as it lies in a file.
pub(super) struct Found {
    pub(super) text: Secret,
    /// When the file was changed; zero for a systemd credential, whose time is that of the service's start.
    pub(super) changed_at: Time,
    /// Whether systemd handed it over, so that its time says nothing.
    pub(super) handed_over: bool,
}

/// Reads a secret without the white space around it. A missing, empty, over-long or unreadable file is a failure
/// that names the path, and never what is in it.
pub(super) fn secret(surroundings: &Surroundings, file: &SecretFile) -> Result<Found> {
    let path = path(surroundings, file);
    let handed_over = matches!(file, SecretFile::Credential(_));
    let (whole, changed_at) = text(&path)?;
    let trimmed = whole.trim();
    if trimmed.is_empty() {
        return Err(missing(format_args!("{} is empty", path.display())));
    }
    let changed_at = if handed_over { Time::default() } else { changed_at };
    Ok(Found { text: Secret::new(trimmed.to_owned()), changed_at, handed_over })
}

/// Reads a small text file, and when it was changed.
pub(super) fn text(path: &Path) -> Result<(Zeroizing<String>, Time)> {
    let failed = |error: std::io::Error| missing(format_args!("{}: {error}", path.display()));
    let file = File::open(path).map_err(failed)?;
    let changed_at = file.metadata().and_then(|meta| meta.modified()).map_err(failed)?;
    // Room for all of it, so that growing leaves no copy behind.
    let room = usize::try_from(file.metadata().map_err(failed)?.len().min(FILE_BYTES_MAX));
    let mut text = Zeroizing::new(String::with_capacity(room.unwrap_or(0) + 1));
    file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(missing(format_args!(
            "{} is longer than {FILE_BYTES_MAX} bytes",
            path.display()
        )));
    }
    let millis = changed_at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    Ok((text, Time::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))))
}

/// The path of a file that is the operator's own, not one that systemd hands over.
pub(super) fn own_path(file: &SecretFile) -> Option<PathBuf> {
    match file {
        SecretFile::Path(path) => Some(path.clone()),
        SecretFile::Credential(_) => None,
    }
}

/// Those of these files that group or others may read, with their permission bits.
pub(super) fn exposed(files: Vec<PathBuf>) -> Vec<(PathBuf, u32)> {
    let mode = |path: &PathBuf| Some(path.metadata().ok()?.permissions().mode() & 0o7777);
    files
        .into_iter()
        .filter_map(|path| mode(&path).map(|mode| (path, mode)))
        .filter(|(_, mode)| mode & OTHERS != 0)
        .collect()
}

fn path(surroundings: &Surroundings, file: &SecretFile) -> PathBuf {
    let name = match file {
        SecretFile::Path(path) => return path.clone(),
        SecretFile::Credential(name) => name,
    };
    let service = Path::new(SERVICE_CREDENTIALS).join(name);
    match &surroundings.credentials_directory {
        Some(own) if own.join(name).exists() || !service.exists() => own.join(name),
        _ => service,
    }
}
