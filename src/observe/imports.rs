//! The import of a leaf in the certificate manager: looked for by its name, confirmed by its
//! fingerprint. The list has no fingerprint, show has.

use crate::cert::LeafFacts;
use crate::cloud::scm::{self, Fingerprint, Listed};
use crate::cloud::{Cloud, Result};
use crate::model::failure::{Failure, Kind};
use crate::plan::needs::ImportNeed;
use crate::plan::observed::ImportSeen;

/// Looks as far as `need` asks. `name` is the name under which this entry imports the leaf.
pub async fn look(
    cloud: &Cloud,
    leaf: &LeafFacts,
    name: &str,
    enterprise_project: Option<&str>,
    need: &ImportNeed,
) -> ImportSeen {
    let found = match need {
        ImportNeed::Nothing => return ImportSeen::Trusted,
        ImportNeed::Confirm(id) => match confirm(cloud, leaf, id).await {
            Ok(None) => find(cloud, leaf, name, enterprise_project).await,
            seen => seen,
        },
        ImportNeed::Find => find(cloud, leaf, name, enterprise_project).await,
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

/// By the entry's own name for it, and then by the digest alone: another entry, or another host,
/// may have imported the same leaf under its name.
async fn find(
    cloud: &Cloud,
    leaf: &LeafFacts,
    name: &str,
    enterprise_project: Option<&str>,
) -> Result<Option<String>> {
    let named = scm::find_by_name(cloud, name, enterprise_project).await?;
    if let Some(id) = first_of(cloud, leaf, named).await? {
        return Ok(Some(id));
    }
    let alike = scm::find_by_digest(cloud, &leaf.sha256, enterprise_project).await?;
    first_of(cloud, leaf, alike).await
}

/// The oldest of several is the one that every host settles on.
async fn first_of(
    cloud: &Cloud,
    leaf: &LeafFacts,
    mut listed: Vec<Listed>,
) -> Result<Option<String>> {
    listed.sort_by(|a, b| a.id.cmp(&b.id));
    for candidate in listed {
        if let Some(id) = confirm(cloud, leaf, &candidate.id).await? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}
