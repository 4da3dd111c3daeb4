//! What the process's environment says: keys, ids, where files lie, and the proxy.

use std::path::PathBuf;

use super::super::Result;
use super::{Credential, Key, Proof, access_key, missing};
use crate::model::secret::Secret;
use crate::model::time::Time;

/// The environment, read once at start: nothing changes it later, and tests give their own.
#[derive(Debug, Default)]
pub(in super::super) struct Surroundings {
    pub(super) access_key: Option<String>,
    pub(super) secret_key: Option<Secret>,
    pub(super) security_token: Option<Secret>,
    pub(super) project_id: Option<String>,
    pub(super) domain_id: Option<String>,
    /// The profile file, if the environment says where one could be.
    pub(super) profile: Option<PathBuf>,
    /// Where systemd put the service's credentials.
    pub(super) credentials_directory: Option<PathBuf>,
    /// May hold a password.
    pub(in super::super) https_proxy: Option<Secret>,
    pub(in super::super) no_proxy: Option<String>,
}

impl Surroundings {
    /// Those of this process.
    pub(in super::super) fn of_process() -> Self {
        Self::from(|name| std::env::var(name).ok())
    }

    /// Those that this function tells; an empty value counts as none.
    pub(in super::super) fn from(value: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| value(name).filter(|text| !text.trim().is_empty());
        let own_profile = || {
            value("HOME").map(|home| PathBuf::from(home).join(".huaweicloud").join("credentials"))
        };
        Self {
            access_key: value("HUAWEICLOUD_SDK_AK"),
            secret_key: value("HUAWEICLOUD_SDK_SK").map(Secret::new),
            security_token: value("HUAWEICLOUD_SDK_SECURITY_TOKEN").map(Secret::new),
            project_id: value("HUAWEICLOUD_SDK_PROJECT_ID"),
            domain_id: value("HUAWEICLOUD_SDK_DOMAIN_ID"),
            profile: value("HUAWEICLOUD_SDK_CREDENTIALS_FILE")
                .map(PathBuf::from)
                .or_else(own_profile),
            credentials_directory: value("CREDENTIALS_DIRECTORY").map(PathBuf::from),
            https_proxy: value("HTTPS_PROXY").or_else(|| value("https_proxy")).map(Secret::new),
            no_proxy: value("NO_PROXY").or_else(|| value("no_proxy")),
        }
    }
}

/// The keys of the official SDK's variables. One without the other is none.
pub(super) fn read(surroundings: &Surroundings) -> Result<Credential> {
    let (access_key, secret_key) = match (&surroundings.access_key, &surroundings.secret_key) {
        (Some(access_key), Some(secret_key)) => (access_key.trim(), secret_key),
        (None, None) => {
            return Err(missing("HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK are not set"));
        }
        (None, Some(_)) => return Err(missing("HUAWEICLOUD_SDK_AK is not set")),
        (Some(_), None) => return Err(missing("HUAWEICLOUD_SDK_SK is not set")),
    };
    let secret_key = Secret::new(secret_key.expose().trim().to_owned());
    let identity = access_key::identity(access_key, &secret_key);
    Ok(Credential {
        key: Key { identity, changed_at: Time::default() },
        proof: Proof::Keys {
            access_key: access_key.to_owned(),
            secret_key,
            security_token: surroundings.security_token.clone(),
        },
        project_id: surroundings.project_id.clone(),
        domain_id: surroundings.domain_id.clone(),
    })
}
