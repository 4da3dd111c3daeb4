//! Who we are: one credential at a time, from five sources, behind the lock-out gate.
//!
//! Files are read anew for each call (they are small, and a rotated key must be seen at once); tokens and the
//! metadata service's keys are kept until shortly before their end.

use std::path::PathBuf;
use std::time::Duration;

use super::{Cloud, Result};
use crate::model::account::{CredentialSource, SecretFile};
use crate::model::failure::{Failure, Kind};
use crate::model::secret::Secret;
use crate::model::time::Time;

mod access_key;
mod environment;
mod files;
mod gate;
mod metadata;
mod password;
mod profile;
#[cfg(test)]
mod tests;

pub(super) use environment::Surroundings;
pub(super) use gate::{Gate, Key, Standing};

/// What a failure to find a credential is called.
const OPERATION: &str = "find a credential";
/// The longest time before its end that a token or a temporary key is renewed, in seconds.
const RENEW_SECS_BEFORE_END: u64 = 600;
/// Time between two looks for a newer one when the first did not bring any, in seconds.
const LOOK_AGAIN_SECS: u64 = 30;

/// What one call is made with.
#[derive(Clone, Debug)]
pub(super) struct Credential {
    /// Which credential this is, to the lock-out gate and the journal.
    pub(super) key: Key,
    /// What proves it.
    pub(super) proof: Proof,
    /// The region's project, where the source says it.
    pub(super) project_id: Option<String>,
    /// The account, where the source says it.
    pub(super) domain_id: Option<String>,
}

/// How a call proves who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// By signing.
    Keys { access_key: String, secret_key: Secret, security_token: Option<Secret> },
    /// By IAM's token.
    Token(Secret),
}

impl Credential {
    /// What must never come back in a message.
    pub(super) fn secrets(&self) -> Vec<&str> {
        match &self.proof {
            Proof::Token(token) => vec![token.expose()],
            Proof::Keys { access_key, secret_key, security_token } => {
                let token = security_token.iter().map(Secret::expose);
                [access_key.as_str(), secret_key.expose()].into_iter().chain(token).collect()
            }
        }
    }
}

/// Where credentials come from, and what of them is kept.
pub(super) struct Source {
    surroundings: Surroundings,
    tokens: password::Tokens,
    metadata: metadata::Keys,
}

impl Source {
    /// Reads nothing yet.
    pub(super) fn new(surroundings: Surroundings) -> Self {
        Self { surroundings, tokens: Default::default(), metadata: Default::default() }
    }
}

/// The credential to use now for this project (by name): tokens are good for one project, keys for all.
/// [`Kind::Withheld`] with the path or the variable when there is none.
pub(super) async fn current(cloud: &Cloud, project: &str) -> Result<Credential> {
    let surroundings = &cloud.inner.credentials.surroundings;
    match &cloud.account().credentials {
        CredentialSource::Default => first_that_yields(cloud).await,
        CredentialSource::AccessKey { access_key, secret_key, security_token } => {
            access_key::read(surroundings, access_key, secret_key, security_token.as_ref())
        }
        CredentialSource::Password { domain, user, password } => {
            let user = password::User { domain, name: user, password };
            password::current(cloud, &user, project, &cloud.inner.credentials.tokens).await
        }
        CredentialSource::Environment => environment::read(surroundings),
        CredentialSource::Profile => profile::read(surroundings),
        CredentialSource::Metadata => {
            metadata::current(cloud, &cloud.inner.credentials.metadata).await
        }
    }
}

/// A credential other than the one that was sent, if there is one: a file that changed since, a token or a
/// temporary key that is newer. A 401 counts against what the call carried, so what another call has renewed
/// meanwhile will do.
pub(super) async fn other_than(
    cloud: &Cloud,
    project: &str,
    sent: &Credential,
) -> Result<Option<Credential>> {
    match &cloud.account().credentials {
        CredentialSource::Password { .. } => {
            password::forget(&cloud.inner.credentials.tokens, &sent.proof).await;
        }
        CredentialSource::Metadata | CredentialSource::Default => {
            metadata::forget(&cloud.inner.credentials.metadata, &sent.proof).await;
        }
        _ => {}
    }
    let found = current(cloud, project).await?;
    Ok((found.proof != sent.proof).then_some(found))
}

/// What lies in this file, without the white space around it.
pub(super) fn read_secret(surroundings: &Surroundings, file: &SecretFile) -> Result<Secret> {
    files::secret(surroundings, file).map(|found| found.text)
}

/// Files with secrets in them that group or others may read.
pub(super) fn exposed_files(cloud: &Cloud) -> Vec<(PathBuf, u32)> {
    let surroundings = &cloud.inner.credentials.surroundings;
    let files = match &cloud.account().credentials {
        CredentialSource::AccessKey { secret_key, security_token, .. } => {
            let secrets = [Some(secret_key), security_token.as_ref()].into_iter().flatten();
            secrets.filter_map(files::own_path).collect()
        }
        CredentialSource::Password { password, .. } => {
            files::own_path(password).into_iter().collect()
        }
        CredentialSource::Profile | CredentialSource::Default => {
            surroundings.profile.iter().cloned().collect()
        }
        CredentialSource::Environment | CredentialSource::Metadata => Vec::new(),
    };
    files::exposed(files)
}

/// The official SDK's order. What each source lacked stands in the failure.
async fn first_that_yields(cloud: &Cloud) -> Result<Credential> {
    let surroundings = &cloud.inner.credentials.surroundings;
    let environment = match environment::read(surroundings) {
        Ok(found) => return Ok(found),
        Err(failure) => failure,
    };
    let profile = match profile::read(surroundings) {
        Ok(found) => return Ok(found),
        Err(failure) => failure,
    };
    let metadata = match metadata::current(cloud, &cloud.inner.credentials.metadata).await {
        Ok(found) => return Ok(found),
        Err(failure) => failure,
    };
    let message = format!(
        "none of the default sources has one. Environment: {}. Profile: {}. Metadata: {}",
        environment.message, profile.message, metadata.message
    );
    Err(Failure { kind: metadata.kind, ..missing(message) })
}

/// There is no usable credential, and so nothing was sent.
fn missing(message: impl std::fmt::Display) -> Failure {
    Failure::local(Kind::Withheld, OPERATION, message)
}

/// When to look for a newer token or key: at the smaller of ten minutes and a quarter of its life before its end.
fn renew_at(begun: Time, end: Time) -> Time {
    let early = (end.since(begun) / 4).min(Duration::from_secs(RENEW_SECS_BEFORE_END));
    end - early
}
