//! The certificates of a project in WAF.

use serde::Deserialize;

use super::super::client::{self, Call};
use super::super::{Cloud, Copy, Result};
use crate::model::target::Api;

#[derive(Deserialize)]
struct Row {
    id: String,
    name: Option<String>,
    content: Option<String>,
    bind_host: Option<Vec<Bound>>,
}

#[derive(Deserialize)]
struct Bound {
    id: Option<String>,
    hostname: Option<String>,
}

/// Every certificate of this project (by name) in the default enterprise project, which is where a push lands:
/// `GET /v1/{project_id}/waf/certificate`, then one show call for each row without content. All or nothing.
pub async fn certificates(cloud: &Cloud, project: &str) -> Result<Vec<Copy>> {
    let project_id = cloud.project_id(project).await?;
    let list = super::get(project, &project_id, "list certificates", "waf/certificate");
    let mut copies = Vec::new();
    for row in super::rows(cloud, &list).await? {
        // A row that is gone by the time it is shown is no copy any more.
        if let Some(row) = with_content(cloud, project, &project_id, row).await? {
            copies.push(copy(row));
        }
    }
    Ok(copies)
}

/// Deletes a certificate, `DELETE /v1/{project_id}/waf/certificate/{id}`, for good. One that the service
/// does not have is deleted already; one that a host uses is refused by the service.
pub async fn delete_certificate(cloud: &Cloud, project: &str, id: &str) -> Result<()> {
    let project_id = cloud.project_id(project).await?;
    let path =
        format!("/v1/{}/waf/certificate/{}", client::segment(&project_id), client::segment(id));
    let call =
        Call::delete(Api::Waf, "delete certificate", path).project(project, &project_id).write();
    client::gone(cloud, &call).await
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
    let rest = format!("waf/certificate/{}", client::segment(&row.id));
    let call = super::get(project, project_id, "show certificate", &rest).follows();
    match client::json::<Row>(cloud, &call).await {
        Ok(shown) => Ok(Some(Row { content: shown.content, ..row })),
        Err(failure) if client::is_gone(&failure) => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn copy(row: Row) -> Copy {
    let bound = |host: Bound| host.hostname.or(host.id);
    Copy {
        id: row.id,
        name: row.name.unwrap_or_default(),
        pem: row.content,
        fingerprint_text: None,
        bound_to: row.bind_host.unwrap_or_default().into_iter().filter_map(bound).collect(),
        names: Vec::new(),
    }
}
