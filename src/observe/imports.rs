//! The import of a leaf in the certificate manager: looked for by its exact name, confirmed by its
//! fingerprint. The list has no fingerprint, show has.

use crate::cert::LeafFacts;
use crate::cloud::scm::{self, Fingerprint};
use crate::cloud::{Cloud, Result};
use crate::model::failure::{Failure, Kind};
use crate::plan::needs::ImportNeed;
use crate::plan::observed::ImportSeen;

/// Looks as far as `need` asks. `names` are all names under which this leaf may have been imported.
pub async fn look(
    cloud: &Cloud,
    leaf: &LeafFacts,
    names: &[String],
    enterprise_project: Option<&str>,
    need: &ImportNeed,
) -> ImportSeen {
    let found = match need {
        ImportNeed::Nothing => return ImportSeen::Trusted,
        ImportNeed::Confirm(id) => match confirm(cloud, leaf, id).await {
            Ok(None) => find(cloud, leaf, names, enterprise_project).await,
            seen => seen,
        },
        ImportNeed::Find => find(cloud, leaf, names, enterprise_project).await,
    };
    match found {
        Ok(Some(id)) => ImportSeen::Found(id),
        Ok(None) => ImportSeen::Absent,
        Err(failure) => ImportSeen::Unknown(failure),
    }
}

/// The id, when this certificate is our leaf.
async fn confirm(cloud: &Cloud, leaf: &LeafFacts, id: &str) -> Result<Option<String>> {
    let Some(shown) = scm::show(cloud, id).await? else { return Ok(None) };
    let same = match shown.fingerprint {
        Fingerprint::Sha1(digest) => digest == leaf.sha1,
        Fingerprint::Sha256(digest) => digest == leaf.sha256,
        // Its name carries the digest, so it may well be ours: neither adopted nor imported again.
        Fingerprint::Missing => {
            let words = format!(
                "{} ({id}) gives no fingerprint, so nothing confirms that it is ours",
                shown.name
            );
            return Err(Failure::local(Kind::Unusable, "show certificate", words));
        }
    };
    Ok(same.then(|| id.to_owned()))
}

async fn find(
    cloud: &Cloud,
    leaf: &LeafFacts,
    names: &[String],
    enterprise_project: Option<&str>,
) -> Result<Option<String>> {
    for name in names {
        let mut listed = scm::find_by_name(cloud, name, enterprise_project).await?;
        // The oldest of several is the one that every host settles on.
        listed.sort_by(|a, b| a.id.cmp(&b.id));
        for candidate in listed {
            if let Some(id) = confirm(cloud, leaf, &candidate.id).await? {
                return Ok(Some(id));
            }
        }
    }
    Ok(None)
}
