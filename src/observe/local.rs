//! The pair on this disk, through whatever symlinks lead to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::cert::Finding;
use crate::cert::{LeafFacts, Material, Pair, Role, covers, read_pair};
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

/// Reads and judges the files of an entry. A pair that is sound in itself and lacks a name that the
/// entry's targets need is bad input too: sent, it would break what works.
pub async fn read(entry: &Certificate) -> Local {
    let (cert, key, chain) = (entry.cert.clone(), entry.key.clone(), entry.chain.clone());
    let reading = tokio::task::spawn_blocking(move || pair(&cert, &key, chain.as_deref()));
    match tokio::time::timeout(READ_TIMEOUT, reading).await {
        Ok(Ok(local)) => fit(entry, local),
        Ok(Err(_)) => bad(&entry.cert, unreadable("reading it failed inside certrotd")),
        Err(_) => bad(&entry.cert, unreadable("the disk does not answer")),
    }
}

fn pair(cert: &Path, key: &Path, chain: Option<&Path>) -> Local {
    match judged(cert, key, chain) {
        Ok(pair) => Local { leaf: Ok(pair.leaf), material: Some(pair.material) },
        Err(bad) => Local { leaf: Err(*bad), material: None },
    }
}

/// What was read, unless a name is missing in it.
fn fit(entry: &Certificate, local: Local) -> Local {
    let missing =
        local.leaf.as_ref().ok().and_then(|leaf| {
            entry.needed_names().into_iter().find(|(name, _)| !covers(leaf, name))
        });
    match missing {
        Some((name, needed_by)) => bad(&entry.cert, Finding::MissingName { name, needed_by }),
        None => local,
    }
}

fn judged(cert: &Path, key: &Path, chain: Option<&Path>) -> Result<Pair, Box<BadInput>> {
    let (cert_bytes, key_bytes) = (bytes(cert)?, bytes(key)?);
    let chain_bytes = chain.map(bytes).transpose()?;
    read_pair(&cert_bytes, &key_bytes, chain_bytes.as_ref().map(|it| it.as_slice())).map_err(|it| {
        let path = match it.role {
            Role::Certificate => cert,
            Role::Key => key,
            Role::Chain => chain.unwrap_or(cert),
        };
        Box::new(BadInput { path: path.to_owned(), finding: it.finding })
    })
}

fn bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, Box<BadInput>> {
    files::read::bounded(path, FILE_BYTES_MAX).map(Zeroizing::new).map_err(|error| {
        Box::new(BadInput { path: path.to_owned(), finding: unreadable(&error.to_string()) })
    })
}

fn bad(path: &Path, finding: Finding) -> Local {
    Local { leaf: Err(BadInput { path: PathBuf::from(path), finding }), material: None }
}

fn unreadable(why: &str) -> Finding {
    Finding::Unreadable { why: why.to_owned() }
}
