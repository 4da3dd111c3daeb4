//! One account in one region, as the configuration means it: what a cloud client is built from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::names::Name;
use super::target::Api;
use super::time::Time;

/// One `[cloud.NAME]`, with nothing left to default but the endpoints' table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// The table's name.
    pub name: Name,
    /// The region id, such as `cn-north-4`.
    pub region: String,
    /// The region's project id; absent: looked up in IAM by the region's name.
    pub project_id: Option<String>,
    /// Sent as `X-Domain-Id` to global services when set; never looked up.
    pub domain_id: Option<String>,
    /// How many calls may be under way at once.
    pub max_in_flight: usize,
    /// Where the credentials come from.
    pub credentials: CredentialSource,
    /// Endpoints that stand in for the built-in table: `https://host[:port]`, no trailing slash.
    pub endpoints: BTreeMap<Api, String>,
}

/// Where credentials come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CredentialSource {
    /// The official SDK's order: environment, profile file, ECS metadata. The first that has any wins.
    Default,
    /// Access key and secret key in files.
    AccessKey {
        /// File with the access key id.
        access_key: SecretFile,
        /// File with the secret key.
        secret_key: SecretFile,
        /// File with the security token of a temporary key.
        security_token: Option<SecretFile>,
    },
    /// An IAM user's password, traded for a token.
    Password {
        /// The account's name.
        domain: String,
        /// The IAM user's name.
        user: String,
        /// File with the password.
        password: SecretFile,
    },
    /// `HUAWEICLOUD_SDK_AK`, `HUAWEICLOUD_SDK_SK` and their companions.
    Environment,
    /// `~/.huaweicloud/credentials` or the file that `HUAWEICLOUD_SDK_CREDENTIALS_FILE` names.
    Profile,
    /// The agency of the ECS host, through its metadata service.
    Metadata,
}

/// Where a secret lies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SecretFile {
    /// A path.
    Path(PathBuf),
    /// A systemd credential: `$CREDENTIALS_DIRECTORY/NAME`, then `/run/credentials/certrotd.service/NAME`.
    Credential(String),
}

impl SecretFile {
    /// Reads `credential:NAME` or a path.
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix("credential:") {
            Some(name) => Self::Credential(name.to_owned()),
            None => Self::Path(text.into()),
        }
    }
}

/// A refused credential, without its secret: enough to hold it back after a restart, and to tell
/// that it has changed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// The account's table in the configuration.
    pub cloud: Name,
    /// The access key id, or the user; never a secret.
    pub identity: String,
    /// The newest change of the files that it was read from; the epoch when it came from no file.
    pub changed_at: Time,
    /// When it was last refused.
    pub at: Time,
    /// How often it was refused since it last worked or changed.
    pub count: u32,
}
