//! Looks at files that hold secrets: credentials must open; whoever else may read them is worth a word.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::Certificate;
use super::error::Findings;
use crate::model::account::SecretFile;
use crate::model::names::Name;

/// Where systemd puts the credentials of the unit when the environment does not say.
const UNIT_CREDENTIALS: &str = "/run/credentials/certrotd.service";
/// Readers besides the owner: of a credential nobody; of a private key a group is a usual way.
const CREDENTIAL_OTHERS: u32 = 0o077;
const KEY_OTHERS: u32 = 0o007;

/// More threads than this wait for the same disk, and a unit may not have many.
const THREADS_MAX: usize = 8;
/// So few keys are not worth a thread.
const THREAD_KEYS_MIN: usize = 1_000;
/// Most keys among those found that are warned of one by one.
const EXPOSED_MAX: usize = 20;

/// A credential file with the place where it is named.
pub(super) struct SecretAt {
    pub(super) key: &'static str,
    pub(super) span: Range<usize>,
    pub(super) file: SecretFile,
    /// Whether the text is surely a path, so that it may be shown.
    pub(super) shown: bool,
}

/// Directories in which `credential:NAME` is looked for, in this order.
pub(super) struct CredentialDirs(pub(super) Vec<PathBuf>);

impl CredentialDirs {
    pub(super) fn of_this_host() -> Self {
        let told = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        Self(told.into_iter().chain([PathBuf::from(UNIT_CREDENTIALS)]).collect())
    }
}

/// Why a file does not open.
struct Shut {
    why: String,
    /// Whether it is a matter of rights.
    denied: bool,
}

/// What a command makes of credential files.
pub(super) enum Credentials<'d> {
    /// Nothing: they are not looked at.
    Untouched,
    /// It will use them, so that one that does not open is an error.
    Needed(&'d CredentialDirs),
    /// It sends nothing, so that one that does not open is worth a warning.
    Unused(&'d CredentialDirs),
}

/// Opens every credential file, and notes modes that let others read it or a private key. A private key
/// that cannot be looked at is no matter of the configuration.
pub(super) fn look<'k>(
    secrets: &[SecretAt],
    keys: impl Iterator<Item = &'k Path>,
    credentials: &Credentials<'_>,
    findings: &mut Findings<'_>,
) {
    let (dirs, needed) = match credentials {
        Credentials::Untouched => return,
        Credentials::Needed(dirs) => (dirs, true),
        Credentials::Unused(dirs) => (dirs, false),
    };
    for secret in secrets {
        match opened(&secret.file, dirs) {
            Ok((path, mode)) => warn_of_mode(&path, mode, CREDENTIAL_OTHERS, findings),
            Err(Shut { why, denied }) => {
                let why = if secret.shown { why } else { "names no readable file".to_owned() };
                let hint = if secret.shown {
                    ""
                } else {
                    " (not shown: it may be the secret itself; expected a path with a `/`, or credential:NAME)"
                };
                let sentence = format!("`{}` {why}{hint}", secret.key);
                if needed {
                    findings.denied |= denied;
                    findings.add(&secret.span, sentence);
                } else {
                    findings.warnings.push(sentence);
                }
            }
        }
    }
    for (path, mode) in modes(&keys.collect::<Vec<_>>()) {
        warn_of_mode(path, mode, KEY_OTHERS, findings);
    }
}

/// The permission bits of those that can be looked at, in the order given; of thousands on as many threads as there
/// are processors.
fn modes<'k>(keys: &[&'k Path]) -> Vec<(&'k Path, u32)> {
    let of = |part: &[&'k Path]| -> Vec<_> {
        let mode = |path: &&'k Path| Some((*path, path.metadata().ok()?.permissions().mode()));
        part.iter().filter_map(mode).collect()
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let part = keys.len().div_ceil(threads).max(THREAD_KEYS_MIN);
    let Some((first, rest)) = keys.split_at_checked(part) else { return of(keys) };
    thread::scope(|scope| {
        let others: Vec<_> = rest.chunks(part).map(|keys| scope.spawn(move || of(keys))).collect();
        let mut all = of(first);
        // One that panicked has logged itself; what it looked at is no matter of the configuration.
        all.extend(others.into_iter().flat_map(|other| other.join().unwrap_or_default()));
        all
    })
}

/// Where this secret lies now; none where it cannot be opened.
pub fn located(file: &SecretFile) -> Option<PathBuf> {
    opened(file, &CredentialDirs::of_this_host()).ok().map(|(path, _)| path)
}

fn opened(file: &SecretFile, dirs: &CredentialDirs) -> Result<(PathBuf, u32), Shut> {
    let name = match file {
        SecretFile::Path(path) => {
            let mode = open(path).map_err(|shut| shut.at(path))?;
            return Ok((path.clone(), mode));
        }
        SecretFile::Credential(name) => name,
    };
    let mut tried = Vec::new();
    for dir in &dirs.0 {
        let path = dir.join(name);
        match open(&path) {
            Ok(mode) => return Ok((path, mode)),
            Err(shut) => tried.push(shut.at(&path)),
        }
    }
    // The directory of a service's credentials opens to nobody else, so whether it is there cannot be told.
    let closed = |dir: &PathBuf| {
        let looked = dir.join(name).metadata();
        looked.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
    };
    if dirs.0.iter().any(closed) {
        let why = format!(
            "credential:{name} may be read by root and the daemon's user alone: run the command with sudo"
        );
        return Err(Shut { why, denied: true });
    }
    let denied = tried.iter().any(|shut| shut.denied);
    let tried: Vec<_> = tried.into_iter().map(|shut| shut.why).collect();
    let why = format!(
        "credential:{name} is not there ({}); systemd provides it while the service runs, by LoadCredential=: \
         start certrotd.service, or name the file by its path",
        tried.join("; ")
    );
    Err(Shut { why, denied })
}

/// Opens a plain file and tells its permission bits. The look before keeps a pipe from blocking.
fn open(path: &Path) -> Result<u32, Shut> {
    let found = path.metadata().map_err(Shut::of)?;
    if !found.is_file() {
        return Err(Shut { why: "is not a file".to_owned(), denied: false });
    }
    File::open(path).map_err(Shut::of)?;
    Ok(found.permissions().mode())
}

impl Shut {
    fn of(error: io::Error) -> Self {
        let denied = error.kind() == ErrorKind::PermissionDenied;
        Self { why: format!("cannot be read: {error}"), denied }
    }

    /// With the path, where several may be meant.
    fn at(self, path: &Path) -> Self {
        Self { why: format!("{}: {}", path.display(), self.why), ..self }
    }
}

/// Warns of private keys of these entries, as far as they are named here, that everybody can read.
pub(super) fn exposed_keys(entries: &[Arc<Certificate>], names: &HashSet<Name>) -> Vec<String> {
    let mut findings = Findings::new("");
    let named = entries.iter().filter(|entry| names.contains(&entry.name));
    for (path, mode) in modes(&named.map(|entry| &*entry.key).collect::<Vec<_>>()) {
        warn_of_mode(path, mode, KEY_OTHERS, &mut findings);
    }
    let mut said = findings.warnings;
    let more = said.len().saturating_sub(EXPOSED_MAX);
    said.truncate(EXPOSED_MAX);
    said.extend(
        (more > 0).then(|| format!("{more} more private keys that were found are as open")),
    );
    said
}

fn warn_of_mode(path: &Path, mode: u32, others: u32, findings: &mut Findings<'_>) {
    if mode & others != 0 {
        let mode = mode & 0o7777;
        let path = path.display();
        let wish = if others == KEY_OTHERS { "0640 or 0600" } else { "0600" };
        findings.warnings.push(format!(
            "{path} holds a secret and has mode {mode:04o}, so that others can read it; set it to {wish}"
        ));
    }
}
