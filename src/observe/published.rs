//! The CA that an instance publishes, and the file that should hold it.

use std::path::Path;

use crate::cert::{CaBundle, ca_validity, read_ca};
use crate::cloud::{Cloud, Result, dcs, download, geminidb};
use crate::config::InstanceCa;
use crate::files;
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::secret::Secret;
use crate::model::target::CaSource;
use crate::model::time::Time;
use crate::plan::observed::FileSeen;

/// More than any CA bundle that a client would load.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Fetches and judges what the instance publishes.
pub async fn look(cloud: &Cloud, entry: &InstanceCa, now: Time) -> Result<CaBundle> {
    let link = link(cloud, entry).await?;
    let bytes = download::fetch(cloud, &link).await?;
    let unusable = |finding: &dyn std::fmt::Display| {
        let words = format!("what the link gave {finding}");
        Failure {
            service: Some(entry.source.api()),
            ..Failure::local(Kind::Unusable, "published CA", words)
        }
    };
    let bundle = read_ca(&bytes).map_err(|finding| unusable(&finding))?;
    match ca_validity(&bundle, now) {
        Some(finding) => Err(unusable(&finding)),
        None => Ok(bundle),
    }
}

/// What the file in place holds.
pub fn file(path: &Path) -> FileSeen {
    match files::read::bounded(path, FILE_BYTES_MAX) {
        Ok(bytes) => FileSeen::Holds(Sha256::of(&bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => FileSeen::Absent,
        Err(error) => {
            let words = format!("{}: {error}", path.display());
            FileSeen::Unknown(Failure::local(Kind::Operator, "read CA file", words))
        }
    }
}

async fn link(cloud: &Cloud, entry: &InstanceCa) -> Result<Secret> {
    match entry.source {
        CaSource::Dcs => Ok(dcs::certificate_link(cloud, &entry.instance_id).await?.link),
        CaSource::GeminiDb => {
            let mut offered = geminidb::certificate_links(cloud, &entry.instance_id).await?;
            let wanted = offered.iter().position(|offer| offer.category == entry.category);
            wanted.map(|index| offered.swap_remove(index).link).ok_or_else(|| {
                let had: Vec<_> = offered.iter().map(|offer| offer.category.as_str()).collect();
                let had = if had.is_empty() { "none".to_owned() } else { had.join(", ") };
                let words = format!(
                    "no certificate of category {:?} is offered; categories offered: {had}",
                    entry.category
                );
                Failure {
                    service: Some(entry.source.api()),
                    ..Failure::local(Kind::Unusable, "certificate links", words)
                }
            })
        }
    }
}
