//! Files that the configuration names: what of them only the running service would miss.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Row, row};
use crate::config::{Certificate, Config, Receiver, located};
use crate::model::account::{Account, CredentialSource, SecretFile};
use crate::model::names::Name;

/// So much white space is looked through for a secret, in bytes.
const BLANK_BYTES_MAX: u64 = 4 * 1024;

/// An account with a secret that is none. The keys are public interface.
#[derive(Serialize)]
pub(super) struct Empty {
    /// The account's table.
    name: Name,
    /// What is wrong with which file.
    error: String,
}

impl Empty {
    /// As a row of text.
    pub(super) fn row(&self) -> Row {
        row(["BAD".into(), format!("cloud {}", self.name)]).with(&self.error)
    }
}

/// The files of credentials that can be opened, and have nothing in them.
pub(super) fn empty_secrets(config: &Config) -> Vec<Empty> {
    let of = |account: &Account| {
        let files = secrets(account).into_iter().filter_map(located);
        let empty = files.filter(|path| is_blank(path).unwrap_or(false));
        let said = |path: PathBuf| Empty {
            name: account.name.clone(),
            error: format!("{} is empty", path.display()),
        };
        empty.map(said).collect::<Vec<_>>()
    };
    config.accounts.iter().flat_map(of).collect()
}

/// Whether white space is all that is in there. Reads no further than to the first character of a secret.
#[expect(clippy::unbuffered_bytes, reason = "a buffer would hold a secret for no use")]
fn is_blank(path: &Path) -> io::Result<bool> {
    for byte in File::open(path)?.take(BLANK_BYTES_MAX).bytes() {
        if !byte?.is_ascii_whitespace() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A sentence for each program that is to be started and is not there.
pub(super) fn absent_programs(config: &Config) -> Vec<String> {
    let hooks = config.instance_cas.iter().filter_map(|entry| {
        Some((format!("instance_ca {}: on_change", entry.name), entry.on_change.first()?))
    });
    let told = config.notify.iter().filter_map(|entry| match &entry.to {
        Receiver::Command(command) => {
            Some((format!("notify {}: command", entry.name), command.first()?))
        }
        Receiver::Webhook { .. } => None,
    });
    let absent = |program: &str| matches!(Path::new(program).try_exists(), Ok(false));
    let named = hooks.chain(told).filter(|(_, program)| absent(program));
    named.map(|(key, program)| format!("{key}: {program} is not there")).collect()
}

/// The files of every pair.
pub(super) fn pairs(config: &Config) -> impl Iterator<Item = &Path> {
    config.certificates.iter().flat_map(|entry| pair(entry)).flatten()
}

/// Every credential that is named by its path.
pub(super) fn credentials(config: &Config) -> impl Iterator<Item = &Path> {
    config.accounts.iter().flat_map(secrets).filter_map(|file| match file {
        SecretFile::Path(path) => Some(path.as_path()),
        SecretFile::Credential(_) => None,
    })
}

fn pair(entry: &Certificate) -> [Option<&Path>; 3] {
    [Some(&entry.cert), Some(&entry.key), entry.chain.as_deref()]
}

/// The files with the secrets of this account.
fn secrets(account: &Account) -> Vec<&SecretFile> {
    match &account.credentials {
        CredentialSource::AccessKey { access_key, secret_key, security_token } => {
            [access_key, secret_key].into_iter().chain(security_token).collect()
        }
        CredentialSource::Password { password, .. } => vec![password],
        CredentialSource::Default
        | CredentialSource::Environment
        | CredentialSource::Profile
        | CredentialSource::Metadata => Vec::new(),
    }
}
