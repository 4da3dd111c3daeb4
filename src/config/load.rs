//! From a path to a configuration, or to everything that is wrong with the file.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{self, Path};
use std::sync::Arc;

use super::disk::{self, CredentialDirs, Credentials};
use super::error::Findings;
use super::{Certificate, Config, ConfigError, later, read, resolve, taken};

/// Longest file that is read, in bytes: ten thousand certificates with a push each stay below it.
const FILE_BYTES_MAX: u64 = 8 << 20;

/// Reads the file, and opens each credential file that it names (its content is not looked at).
/// Relative paths in it count from its own directory, made absolute here. Refuses a CA file that another
/// entry reads or writes, by whatever path or symlink. Looks for what the patterns match.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    load_with(path, &Credentials::Needed(&CredentialDirs::of_this_host()), &[])
}

/// As [`load`], after another configuration: what that one has found in a directory that cannot be looked at
/// now is not forgotten.
pub fn load_after(path: &Path, former: &Config) -> Result<Config, ConfigError> {
    load_with(path, &Credentials::Needed(&CredentialDirs::of_this_host()), former.discovered())
}

/// As [`load`], for commands that send nothing: a credential file that does not open is a warning.
/// systemd takes its credentials away when the service stops, and whoever may read this file need not
/// be the one who may read those.
pub fn load_offline(path: &Path) -> Result<Config, ConfigError> {
    load_with(path, &Credentials::Unused(&CredentialDirs::of_this_host()), &[])
}

fn load_with(
    path: &Path,
    credentials: &Credentials<'_>,
    known: &[Arc<Certificate>],
) -> Result<Config, ConfigError> {
    let path = path::absolute(path)
        .map_err(|error| ConfigError::of_file(path, format!("has no absolute path: {error}")))?;
    let text = text_of(&path)?;
    let mut config = resolved(&path, &text, credentials)?;
    resolve::expand(&mut config, known, false);
    Ok(config)
}

/// Takes the text for the content of `path` and touches no file: credential files are not looked at, two
/// paths are one file only if their text says so, and patterns find nothing.
pub fn parse(path: &Path, text: &str) -> Result<Config, ConfigError> {
    resolved(path, text, &Credentials::Untouched)
}

/// Takes the text for the content of `path`, which need not be there, and looks for what the patterns match.
/// Credential files are not looked at.
pub fn draft(path: &Path, text: &str) -> Result<Config, ConfigError> {
    let mut config = parse(path, text)?;
    resolve::expand(&mut config, &[], false);
    Ok(config)
}

pub(super) fn resolved(
    path: &Path,
    text: &str,
    credentials: &Credentials<'_>,
) -> Result<Config, ConfigError> {
    let mut findings = Findings::new(text);
    let written = read::written(text, &mut findings);
    let resolve::Resolved { config, secrets, files } = resolve::file(path, &written, &mut findings);
    match credentials {
        Credentials::Untouched => {
            taken::refuse(&files, |path| vec![taken::plain(path)], &mut findings);
        }
        _ => taken::refuse(&files, taken::on_disk, &mut findings),
    }
    let keys = config.iter().flat_map(|config| &config.certificates).map(|entry| &*entry.key);
    disk::look(&secrets, keys, credentials, &mut findings);
    let warnings = findings.finish(path)?;
    let mut config =
        config.ok_or_else(|| ConfigError::of_file(path, "cannot be resolved".to_owned()))?;
    config.warnings = warnings;
    config.warnings.extend(later::warnings(&config));
    Ok(config)
}

fn text_of(path: &Path) -> Result<String, ConfigError> {
    let failed = |error: io::Error| ConfigError {
        denied: error.kind() == ErrorKind::PermissionDenied,
        ..ConfigError::of_file(path, format!("cannot be read: {error}"))
    };
    let mut bytes = Vec::new();
    if !path.metadata().map_err(failed)?.is_file() {
        return Err(ConfigError::of_file(path, "is not a file".to_owned()));
    }
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(failed)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let sentence = format!("is longer than {FILE_BYTES_MAX} bytes");
        return Err(ConfigError::of_file(path, sentence));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        ConfigError::of_file(path, format!("is not UTF-8 from byte {at} on"))
    })
}
