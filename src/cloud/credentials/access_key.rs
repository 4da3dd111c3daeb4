//! Access key and secret key in files.

use super::super::{Result, sign};
use super::files::{self, Found};
use super::{Credential, Key, Proof, Surroundings};
use crate::model::account::SecretFile;
use crate::model::secret::Secret;

/// How much of a secret's keyed fingerprint stands in an identity, in hex characters: four bytes tell
/// another key, and say nothing useful about this one.
const FINGERPRINT_CHARS: usize = 8;

/// Reads the files as they lie there now.
pub(super) fn read(
    surroundings: &Surroundings,
    access_key: &SecretFile,
    secret_key: &SecretFile,
    security_token: Option<&SecretFile>,
) -> Result<Credential> {
    let access_key = files::secret(surroundings, access_key)?;
    let secret_key = files::secret(surroundings, secret_key)?;
    let security_token =
        security_token.map(|file| files::secret(surroundings, file)).transpose()?;
    let newest = [Some(&access_key), Some(&secret_key), security_token.as_ref()];
    let changed_at = newest.into_iter().flatten().map(|found| found.changed_at).max();
    let id = access_key.text.expose();
    // systemd copies its credentials at each start, so that their time would forgive a refusal.
    let identity =
        if secret_key.handed_over { identity(id, &secret_key.text) } else { id.to_owned() };
    Ok(Credential {
        key: Key { identity, changed_at: changed_at.unwrap_or_default() },
        proof: proof(access_key.text.expose().to_owned(), secret_key, security_token),
        project_id: None,
        domain_id: None,
    })
}

/// An access key's id with a few digits that change with the secret key, for sources without a file time.
pub(super) fn identity(access_key: &str, secret_key: &Secret) -> String {
    let fingerprint = sign::hmac_hex(secret_key.expose().as_bytes(), "certrotd refusal");
    format!("{access_key}#{}", &fingerprint[..FINGERPRINT_CHARS])
}

fn proof(access_key: String, secret_key: Found, security_token: Option<Found>) -> Proof {
    Proof::Keys {
        access_key,
        secret_key: secret_key.text,
        security_token: security_token.map(|found| found.text),
    }
}
