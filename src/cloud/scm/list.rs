//! The certificate manager's list, which finds certificates by their names.

use serde::Deserialize;

use super::super::client::{self, Call};
use super::super::{Cloud, Result};
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::names::DIGEST_CHARS;
use crate::model::target::Api;

/// Certificates a page: the list takes 10, 20 or 50.
const PAGE_ITEMS: usize = 50;
/// The furthest record that the list lets us start at, by its document.
const OFFSET_MAX: usize = 100;

/// A row of the list, which has no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The certificate's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Such as `UPLOAD` (imported), `ISSUED` or `EXPIRED`.
    pub status: String,
}

#[derive(Deserialize)]
struct ListPage {
    #[serde(default)]
    certificates: Vec<Row>,
    total_count: Option<usize>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
}

/// Every certificate of exactly this name. The service searches by keyword, we compare the whole name.
/// Refuses ([`Kind::Unusable`]) to say "none" when more certificates match than the list can reach.
pub async fn find_by_name(
    cloud: &Cloud,
    name: &str,
    enterprise_project_id: Option<&str>,
) -> Result<Vec<Listed>> {
    find(cloud, name, enterprise_project_id, |row| row == name).await
}

/// Every certificate whose name ends in this digest, whatever entry or host it was imported for.
/// Refuses as [`find_by_name`] does.
pub async fn find_by_digest(
    cloud: &Cloud,
    leaf: &Sha256,
    enterprise_project_id: Option<&str>,
) -> Result<Vec<Listed>> {
    let digest = leaf.short();
    find(cloud, &digest, enterprise_project_id, |row| row.ends_with(&digest)).await
}

/// Every import of the entry of this name: those called `NAME-` and the start of a digest, whoever made
/// them. Refuses as [`find_by_name`] does.
pub async fn siblings(
    cloud: &Cloud,
    name: &str,
    enterprise_project_id: Option<&str>,
) -> Result<Vec<Listed>> {
    let start = format!("{name}-");
    let is_ours = |row: &str| row.strip_prefix(&start).is_some_and(is_short_digest);
    find(cloud, &start, enterprise_project_id, is_ours).await
}

/// Whether this is how [`Sha256::short`] writes.
fn is_short_digest(text: &str) -> bool {
    text.len() == DIGEST_CHARS && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

async fn find(
    cloud: &Cloud,
    content: &str,
    enterprise_project_id: Option<&str>,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Listed>> {
    let mut found = Vec::new();
    let mut offset = 0;
    loop {
        let call = list_call(content, offset, enterprise_project_id);
        let page: ListPage = client::json(cloud, &call).await?;
        let rows = page.certificates.len();
        found.extend(page.certificates.into_iter().filter(|row| wanted(&row.name)));
        offset += rows;
        let more = page.total_count.map_or(rows >= PAGE_ITEMS, |total| offset < total);
        if rows == 0 || !more {
            break;
        }
        if offset > OFFSET_MAX {
            if found.is_empty() {
                return Err(out_of_reach(&call));
            }
            break;
        }
    }
    let listed = |row: Row| Listed { id: row.id, name: row.name, status: row.status };
    Ok(found.into_iter().map(listed).collect())
}

fn list_call(content: &str, offset: usize, enterprise_project_id: Option<&str>) -> Call {
    let mut call = Call::get(Api::Scm, "list certificates", "/v3/scm/certificates")
        .query("content", content)
        .query("limit", PAGE_ITEMS)
        .query("offset", offset)
        .list();
    if let Some(id) = enterprise_project_id {
        call = call.query("enterprise_project_id", id);
    }
    call
}

fn out_of_reach(call: &Call) -> Failure {
    call.failure(
        Kind::Unusable,
        "more certificates match this name than the list can reach; remove old ones in the console",
    )
}
