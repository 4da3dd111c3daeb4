//! The certificates of a project in WAF.

use serde::Deserialize;
use serde_json::Value;

use super::super::client::{self, Call};
use super::super::{Cloud, Copy, Result, leaf};
use crate::model::target::Api;

/// Rows that are read before we say that this is not a list to look through.
const ITEMS_MAX: usize = 100_000;

#[derive(Deserialize)]
struct Row {
    id: String,
    #[serde(default, deserialize_with = "leaf::first")]
    content: Option<String>,
    bind_host: Option<Vec<Bound>>,
    timestamp: Option<Value>,
    expire_time: Option<Value>,
}

#[derive(Deserialize)]
struct Bound {
    id: Option<String>,
    hostname: Option<String>,
}

/// Every certificate of this project (by name) in the default enterprise project, which is where a push lands:
/// `GET /v1/{project_id}/waf/certificate`. The list has no PEM by its document; [`shown`] has. All or nothing.
pub async fn certificates(cloud: &Cloud, project: &str) -> Result<Vec<Copy>> {
    let project_id = cloud.project_id(project).await?;
    let list = super::get(project, &project_id, "list certificates", "waf/certificate");
    let rows = super::rows(cloud, &list, ITEMS_MAX).await?;
    Ok(rows.into_iter().map(copy).collect())
}

/// The same with its PEM, `GET /v1/{project_id}/waf/certificate/{id}`, where the service gives one; none when it
/// is no copy any more.
pub async fn shown(cloud: &Cloud, project: &str, listed: &Copy) -> Result<Option<Copy>> {
    let project_id = cloud.project_id(project).await?;
    let rest = format!("waf/certificate/{}", client::segment(&listed.id));
    let call = super::get(project, &project_id, "show certificate", &rest).follows();
    match client::json::<Row>(cloud, &call).await {
        Ok(row) => Ok(Some(Copy { pem: row.content, ..listed.clone() })),
        Err(failure) if client::is_gone(&failure) => Ok(None),
        Err(failure) => Err(failure),
    }
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

fn copy(row: Row) -> Copy {
    let bound = |host: Bound| host.hostname.or(host.id);
    let stamp = [row.timestamp, row.expire_time].map(|it| it.unwrap_or_default().to_string());
    Copy {
        stamp: stamp.join(" "),
        id: row.id,
        pem: row.content,
        fingerprint_text: None,
        bound_to: row.bind_host.unwrap_or_default().into_iter().filter_map(bound).collect(),
    }
}
