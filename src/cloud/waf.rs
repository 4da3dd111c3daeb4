//! WAF: the certificates of a project.

use serde::Deserialize;

use super::client::{self, Call};
use super::{Cloud, Copy, Result};
use crate::model::failure::Kind;
use crate::model::target::Api;

/// Certificates a page: the most that the list gives.
const PAGE_ITEMS: usize = 100;
/// Certificates that are read before we say that this is not a list to look through:
/// each costs a call of its own, because the list has no content.
const ITEMS_MAX: usize = 1000;

#[derive(Deserialize)]
struct Page {
    items: Vec<Row>,
    total: Option<usize>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    name: Option<String>,
    content: Option<String>,
    bind_host: Option<Vec<Host>>,
}

#[derive(Deserialize)]
struct Host {
    id: Option<String>,
    hostname: Option<String>,
}

/// Every certificate of this project (by name) in the default enterprise project, which is where a push lands:
/// `GET /v1/{project_id}/waf/certificate`, then one show call for each row without content. All or nothing.
pub async fn certificates(cloud: &Cloud, project: &str) -> Result<Vec<Copy>> {
    let project_id = cloud.project_id(project).await?;
    let mut copies = Vec::new();
    for row in list(cloud, project, &project_id).await? {
        // A row that is gone by the time it is shown is no copy any more.
        if let Some(row) = with_content(cloud, project, &project_id, row).await? {
            copies.push(copy(row));
        }
    }
    Ok(copies)
}

async fn list(cloud: &Cloud, project: &str, project_id: &str) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for number in 1.. {
        let path = format!("/v1/{}/waf/certificate", client::segment(project_id));
        let call = Call::get(Api::Waf, "list certificates", path)
            .project(project, project_id)
            .query("page", number)
            .query("pagesize", PAGE_ITEMS)
            .list();
        let page: Page = client::json(cloud, &call).await?;
        let count = page.items.len();
        rows.extend(page.items);
        let more = page.total.map_or(count >= PAGE_ITEMS, |total| rows.len() < total);
        if count == 0 || !more {
            break;
        }
        if rows.len() > ITEMS_MAX {
            return Err(call.failure(Kind::Unusable, "too many certificates to look through"));
        }
    }
    Ok(rows)
}

async fn with_content(
    cloud: &Cloud,
    project: &str,
    project_id: &str,
    row: Row,
) -> Result<Option<Row>> {
    if row.content.is_some() {
        return Ok(Some(row));
    }
    let path =
        format!("/v1/{}/waf/certificate/{}", client::segment(project_id), client::segment(&row.id));
    let call = Call::get(Api::Waf, "show certificate", path).project(project, project_id);
    match client::json::<Row>(cloud, &call).await {
        Ok(shown) => Ok(Some(Row { content: shown.content, ..row })),
        Err(failure) if failure.kind == Kind::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn copy(row: Row) -> Copy {
    let bound = |host: Host| host.hostname.or(host.id);
    Copy {
        id: row.id,
        name: row.name.unwrap_or_default(),
        leaf: row.content.as_deref().and_then(super::leaf),
        fingerprint_text: None,
        bound_to: row.bind_host.unwrap_or_default().into_iter().filter_map(bound).collect(),
    }
}
