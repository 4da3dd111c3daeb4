//! ELB: the certificates of a project.

use serde::Deserialize;

use super::client::{self, Call};
use super::{Cloud, Copy, Result};
use crate::model::failure::Kind;
use crate::model::target::Api;

/// Certificates a page. The call takes 2000, but each row carries a whole chain.
const PAGE_ITEMS: usize = 100;
/// Pages that are read before we say that this is not a list to look through.
const PAGES_MAX: usize = 100;

#[derive(Deserialize)]
struct Page {
    certificates: Vec<Row>,
    page_info: Option<PageInfo>,
}

#[derive(Deserialize)]
struct PageInfo {
    next_marker: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    name: Option<String>,
    certificate: Option<String>,
    fingerprint: Option<String>,
}

/// Every certificate of this project (by name), `GET /v3/{project_id}/elb/certificates`, with marker paging.
/// Who uses a certificate is not in this list, so `bound_to` stays empty. All or nothing: a list
/// that could not be read to its end is a failure.
pub async fn certificates(cloud: &Cloud, project: &str) -> Result<Vec<Copy>> {
    let project_id = cloud.project_id(project).await?;
    let mut copies = Vec::new();
    let mut marker = None;
    for _ in 0..PAGES_MAX {
        let call = page_call(project, &project_id, marker.as_deref());
        let page: Page = client::json(cloud, &call).await?;
        marker = next_marker(&page);
        copies.extend(page.certificates.into_iter().map(copy));
        if marker.is_none() {
            return Ok(copies);
        }
    }
    Err(page_call(project, &project_id, None)
        .failure(Kind::Unusable, "the list of certificates does not end"))
}

fn page_call(project: &str, project_id: &str, marker: Option<&str>) -> Call {
    let path = format!("/v3/{}/elb/certificates", client::segment(project_id));
    let call = Call::get(Api::Elb, "list certificates", path)
        .project(project, project_id)
        .query("limit", PAGE_ITEMS)
        .list();
    match marker {
        Some(marker) => call.query("marker", marker),
        None => call,
    }
}

/// The next page's marker; the last row's id where a full page came without one.
fn next_marker(page: &Page) -> Option<String> {
    let last = page.certificates.last()?;
    let given = page.page_info.as_ref().and_then(|info| info.next_marker.clone());
    given
        .filter(|marker| !marker.is_empty())
        .or_else(|| (page.certificates.len() >= PAGE_ITEMS).then(|| last.id.clone()))
}

fn copy(row: Row) -> Copy {
    Copy {
        id: row.id,
        name: row.name.unwrap_or_default(),
        leaf: row.certificate.as_deref().and_then(super::leaf),
        fingerprint_text: row.fingerprint,
        bound_to: Vec::new(),
    }
}
