//! The pair on this disk, through whatever symlinks lead to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cert::Finding;
use crate::cert::{LeafFacts, Material, Role, read_pair};
use crate::config::Certificate;
use crate::files;
use crate::plan::observed::BadInput;

/// More than any chain or key that the certificate manager takes, and little enough to read at once.
const FILE_BYTES_MAX: u64 = 256 * 1024;
/// A disk that does not answer for this long is a finding, so that it holds nobody else up.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// What the files of one entry hold.
#[derive(Debug)]
pub struct Local {
    /// The leaf, or what is wrong.
    pub leaf: Result<LeafFacts, BadInput>,
    /// What an import would send.
    pub material: Option<Material>,
}

/// Reads and judges the files of an entry.
pub async fn read(entry: &Certificate) -> Local {
    let (cert, key, chain) = (entry.cert.clone(), entry.key.clone(), entry.chain.clone());
    let reading = tokio::task::spawn_blocking(move || pair(&cert, &key, chain.as_deref()));
    match tokio::time::timeout(READ_TIMEOUT, reading).await {
        Ok(Ok(local)) => local,
        Ok(Err(_)) => bad(&entry.cert, unreadable("reading it failed inside certrotd")),
        Err(_) => bad(&entry.cert, unreadable("the disk does not answer")),
    }
}

fn pair(cert: &Path, key: &Path, chain: Option<&Path>) -> Local {
    let read = |path: &Path| {
        files::read::bounded(path, FILE_BYTES_MAX)
            .map(zeroize::Zeroizing::new)
            .map_err(|error| bad(path, unreadable(&error.to_string())))
    };
    let (cert_bytes, key_bytes, chain_bytes) =
        match (read(cert), read(key), chain.map(read).transpose()) {
            (Ok(cert), Ok(key), Ok(chain)) => (cert, key, chain),
            (Err(bad), _, _) | (_, Err(bad), _) | (_, _, Err(bad)) => return bad,
        };
    match read_pair(&cert_bytes, &key_bytes, chain_bytes.as_ref().map(|bytes| bytes.as_slice())) {
        Ok(pair) => Local { leaf: Ok(pair.leaf), material: Some(pair.material) },
        Err(rejected) => {
            let path = match rejected.role {
                Role::Certificate => cert,
                Role::Key => key,
                Role::Chain => chain.unwrap_or(cert),
            };
            bad(path, rejected.finding)
        }
    }
}

fn bad(path: &Path, finding: Finding) -> Local {
    Local { leaf: Err(BadInput { path: PathBuf::from(path), finding }), material: None }
}

fn unreadable(why: &str) -> Finding {
    Finding::Unreadable { why: why.to_owned() }
}
