//! Files that the configuration names: what of them only the running service would miss.

use std::path::Path;

use crate::config::{Certificate, Config};
use crate::model::account::{Account, CredentialSource, SecretFile};

/// Every pair, and every credential that is named by its path.
pub(super) fn files(config: &Config) -> impl Iterator<Item = &Path> {
    let pairs = config.certificates.iter().flat_map(|entry| pair(entry)).flatten();
    let secrets = config.accounts.iter().flat_map(secrets).filter_map(|file| match file {
        SecretFile::Path(path) => Some(path.as_path()),
        SecretFile::Credential(_) => None,
    });
    pairs.chain(secrets)
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
