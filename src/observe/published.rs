//! The CA that an instance publishes, and the file that should hold it.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::instance;
use crate::cert::{CA_INSIDE_BYTES_MAX, CaBundle, ca_inside, fit, read_ca};
use crate::cloud::{Cloud, Result, dcs, dds, download, gaussdb, geminidb, links, rds};
use crate::config::InstanceCa;
use crate::files::{self, Attributes};
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::place::InstanceProbe;
use crate::model::secret::Secret;
use crate::model::target::CaSource;
use crate::model::time::Time;
use crate::plan::observed::{CaSeen, FileSeen, InstanceSeen, Proof};

/// All of a file in place that its reader takes, and no more.
const FILE_BYTES_MAX: u64 = CA_INSIDE_BYTES_MAX as u64;
/// A disk that does not answer for this long counts as unreadable, so that an operator gets a reply.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Looks at the file, at what the instance publishes, and at what it presents, unless that was proven
/// for these very CAs.
pub async fn look(
    cloud: &Cloud,
    entry: &InstanceCa,
    proven: Option<&[Sha256]>,
    now: Time,
) -> CaSeen {
    let file = on_disk(entry).await;
    let published = fetch(cloud, entry, now).await.map(Arc::new);
    let instance = match &entry.probe {
        None => None,
        Some(probe) => {
            let proof = match &published {
                Ok(bundle) if proven.is_none_or(|proven| !bundle.is(proven)) => {
                    instance::prove(probe, bundle, now).await
                }
                _ => Proof::NotAsked,
            };
            Some(InstanceSeen { probe: probe.probe.text.clone(), proof })
        }
    };
    CaSeen { instance, ..unseen(entry, published, file) }
}

/// The entry with the instance's own handshake not looked at.
pub fn unseen(entry: &InstanceCa, published: Result<Arc<CaBundle>>, file: FileSeen) -> CaSeen {
    let unasked = |probe: &InstanceProbe| InstanceSeen {
        probe: probe.probe.text.clone(),
        proof: Proof::NotAsked,
    };
    CaSeen {
        name: entry.name.clone(),
        published,
        file,
        overlap: entry.overlap,
        has_hook: !entry.on_change.is_empty(),
        instance: entry.probe.as_ref().map(unasked),
    }
}

/// Fetches and judges what the instance publishes.
async fn fetch(cloud: &Cloud, entry: &InstanceCa, now: Time) -> Result<CaBundle> {
    let link = link(cloud, entry).await?;
    let bytes = download::fetch(cloud, &link).await?;
    let unusable = |words: String| Failure {
        service: Some(entry.source.api()),
        ..Failure::local(Kind::Unusable, "published CA", words)
    };
    // Hundreds of certificates may be in it, and everything else shares one thread.
    let judging =
        tokio::task::spawn_blocking(move || read_ca(&bytes).and_then(|bundle| fit(bundle, now)));
    match judging.await {
        Ok(judged) => judged.map_err(|finding| unusable(finding.to_string())),
        Err(_) => Err(unusable("reading it failed inside certrotd".to_owned())),
    }
}

/// What the file in place holds. A disk that does not answer for ten seconds counts as unreadable.
pub async fn on_disk(entry: &InstanceCa) -> FileSeen {
    let (path, named) = (entry.path.clone(), entry.path.display().to_string());
    let wanted = entry.attributes();
    let reading = tokio::task::spawn_blocking(move || file(&path, &wanted));
    let unknown = |why: &str| {
        FileSeen::Unknown(Failure::local(Kind::Operator, "read CA file", format!("{named}: {why}")))
    };
    match tokio::time::timeout(READ_TIMEOUT, reading).await {
        Ok(Ok(Ok(seen))) => seen,
        Ok(Ok(Err(error))) => unknown(&error.to_string()),
        Ok(Err(_)) => unknown("reading it failed inside certrotd"),
        Err(_) => unknown("the disk does not answer"),
    }
}

fn file(path: &Path, wanted: &Attributes) -> io::Result<FileSeen> {
    let bytes = match files::read::bounded(path, FILE_BYTES_MAX) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(FileSeen::Absent),
        read => read?,
    };
    let inside = ca_inside(&bytes);
    let fits = wanted.are_those_of(path)? && inside.clean;
    Ok(FileSeen::Holds { sha256: Sha256::of(&bytes), authorities: inside.authorities, fits })
}

async fn link(cloud: &Cloud, entry: &InstanceCa) -> Result<Secret> {
    let (api, id) = (entry.source.api(), entry.instance_id.as_str());
    let offered = match entry.source {
        CaSource::Dcs => return dcs::certificate_link(cloud, id).await,
        CaSource::GaussDb => return gaussdb::certificate_link(cloud, id).await,
        CaSource::GeminiDb => geminidb::certificate_links(cloud, id).await?,
        CaSource::Rds => rds::certificate_links(cloud, id).await?,
        CaSource::Dds => dds::certificate_links(cloud, id).await?,
    };
    links::choose(api, offered, &entry.category)
}
