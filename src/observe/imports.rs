//! The import of a leaf in the certificate manager: looked for by its name, confirmed by its
//! fingerprint. The list has no fingerprint, show has.

use crate::cert::LeafFacts;
use crate::cloud::scm::{self, Deployed, Fingerprint, Listed};
use crate::cloud::{Cloud, Result};
use crate::model::failure::{Failure, Kind};
use crate::model::names::Name;
use crate::model::time::Time;
use crate::plan::action::ImportKey;
use crate::plan::needs::ImportNeed;
use crate::plan::observed::{Holders, ImportHeld, ImportSeen};

/// What a look showed of a leaf's import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imports {
    /// Whether it stands there, and under which id: what is decided by.
    pub seen: ImportSeen,
    /// Ids of the other imports that the list names for the leaf, where a list was asked and one was
    /// found in it. The name alone speaks for these: no call is spent on a fingerprint that decides
    /// nothing.
    pub others: Vec<String>,
}

/// Looks as far as `need` asks. `name` is the name under which this entry imports the leaf.
pub async fn look(
    cloud: &Cloud,
    leaf: &LeafFacts,
    name: &str,
    enterprise_project: Option<&str>,
    need: &ImportNeed,
) -> Imports {
    let alone = |seen| Imports { seen, others: Vec::new() };
    let found = match need {
        ImportNeed::Nothing => return alone(ImportSeen::Trusted),
        ImportNeed::Confirm(id) => match confirm(cloud, leaf, id).await {
            Ok(Some(id)) => return alone(ImportSeen::Found(id)),
            Ok(None) => find(cloud, leaf, name, enterprise_project).await,
            Err(failure) => Err(failure),
        },
        ImportNeed::Count(id) => match confirm(cloud, leaf, id).await {
            Ok(Some(id)) => beside(cloud, leaf, id, enterprise_project).await.map(Some),
            Ok(None) => find(cloud, leaf, name, enterprise_project).await,
            Err(failure) => Err(failure),
        },
        ImportNeed::Find => find(cloud, leaf, name, enterprise_project).await,
    };
    match found {
        Ok(Some((id, others))) => Imports { seen: ImportSeen::Found(id), others },
        Ok(None) => alone(ImportSeen::Absent),
        Err(failure) => alone(ImportSeen::Unknown(failure)),
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

/// What the list has of the leaf beside the import that was confirmed, under whatever name.
async fn beside(
    cloud: &Cloud,
    leaf: &LeafFacts,
    id: String,
    enterprise_project: Option<&str>,
) -> Result<Found> {
    let mut others = ids(scm::find_by_digest(cloud, &leaf.sha256, enterprise_project).await?);
    others.retain(|other| *other != id);
    Ok((id, others))
}

/// In the order in which they were made. Pages that shift while they are read may show a row twice.
fn ids(listed: Vec<Listed>) -> Vec<String> {
    let mut ids: Vec<_> = listed.into_iter().map(|row| row.id).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// The import that is used, and the ids of those beside it.
type Found = (String, Vec<String>);

/// By the entry's own name for it, and then by the digest alone: another entry, or another host,
/// may have imported the same leaf under its name.
async fn find(
    cloud: &Cloud,
    leaf: &LeafFacts,
    name: &str,
    enterprise_project: Option<&str>,
) -> Result<Option<Found>> {
    let named = scm::find_by_name(cloud, name, enterprise_project).await?;
    if let Some(found) = first_of(cloud, leaf, named).await? {
        return Ok(Some(found));
    }
    let alike = scm::find_by_digest(cloud, &leaf.sha256, enterprise_project).await?;
    first_of(cloud, leaf, alike).await
}

/// The oldest of several is the one that every host settles on. What stands before it in the list was
/// shown not to be this leaf, so only those behind it count beside it.
async fn first_of(cloud: &Cloud, leaf: &LeafFacts, listed: Vec<Listed>) -> Result<Option<Found>> {
    let mut ids = ids(listed);
    for (index, id) in ids.iter().enumerate() {
        if let Some(id) = confirm(cloud, leaf, id).await? {
            return Ok(Some((id, ids.split_off(index + 1))));
        }
    }
    Ok(None)
}

/// When the newest import under an entry's name was issued, this leaf's own left out: how an older
/// leaf is known as such although no journal remembers a newer one.
pub async fn newest_named(
    cloud: &Cloud,
    leaf: &LeafFacts,
    entry: &Name,
    enterprise_project: Option<&str>,
) -> Result<Option<Time>> {
    let own = entry.of_import(&leaf.sha256);
    let mut listed = scm::siblings(cloud, entry.as_str(), enterprise_project).await?;
    listed.retain(|row| row.name != own);
    listed.sort_by(|a, b| b.id.cmp(&a.id));
    let mut newest = None;
    for row in listed.iter().take(SIBLINGS_MAX) {
        let shown = scm::show(cloud, &row.id).await?;
        newest = newest.max(shown.and_then(|shown| shown.not_before));
    }
    Ok(newest)
}

/// So many imports under an entry's name are looked into, the latest made first: one a renewal.
const SIBLINGS_MAX: usize = 5;

/// Who uses these superseded imports. One that is not there any more is said to be gone.
pub async fn held(cloud: &Cloud, asked: &[(ImportKey, String)]) -> Vec<ImportHeld> {
    if asked.is_empty() {
        return Vec::new();
    }
    let ids: Vec<_> = asked.iter().map(|(_, id)| id.clone()).collect();
    let deployed = scm::deployed(cloud, &ids).await;
    let mut held = Vec::new();
    for (key, id) in asked {
        let holders = match &deployed {
            Err(failure) => Holders::Unknown(failure.to_string()),
            Ok(deployed) => match deployed.get(id) {
                Some(Deployed::Free) => Holders::Nobody,
                Some(Deployed::Used(by)) => Holders::Some(by.clone()),
                Some(Deployed::Unknown(why)) => unknown(cloud, id, why).await,
                None => unknown(cloud, id, "the answer does not speak of it").await,
            },
        };
        held.push(ImportHeld { key: key.clone(), id: id.clone(), holders });
    }
    held
}

async fn unknown(cloud: &Cloud, id: &str, why: &str) -> Holders {
    match scm::show(cloud, id).await {
        Ok(None) => Holders::Gone,
        _ => Holders::Unknown(why.to_owned()),
    }
}
