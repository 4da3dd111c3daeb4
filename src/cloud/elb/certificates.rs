//! The certificates of a project in ELB, and how many it may have.

use serde::Deserialize;

use super::super::client::{self, Call};
use super::super::{Cloud, Copy, Result, leaf};
use crate::model::failure::Kind;
use crate::model::target::Api;

#[derive(Deserialize)]
struct Row {
    id: String,
    #[serde(default, deserialize_with = "leaf::first")]
    certificate: Option<String>,
    fingerprint: Option<String>,
}

impl super::Row for Row {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Every certificate of this project (by name), `GET /v3/{project_id}/elb/certificates`, with marker paging.
/// Who uses a certificate is not in this list, so `bound_to` stays empty. All or nothing: a list
/// that could not be read to its end is a failure. Each goes through `take` as it comes: ten thousand chains are
/// too much to be held at once.
pub async fn certificates<T>(
    cloud: &Cloud,
    project: &str,
    mut take: impl FnMut(Copy) -> T,
) -> Result<Vec<T>> {
    let each = |row| take(copy(row));
    super::rows(cloud, project, "list certificates", "certificates", each).await
}

#[derive(Deserialize)]
struct QuotaBody {
    quota: Quota,
}

#[derive(Deserialize)]
struct Quota {
    certificate: Option<i64>,
}

/// How many certificates the project may have, `GET /v3/{project_id}/elb/quotas`; none where there is no
/// limit, which the service says as -1. An answer without this quota is [`Kind::Unusable`].
pub async fn certificate_quota(cloud: &Cloud, project: &str) -> Result<Option<usize>> {
    let project_id = cloud.project_id(project).await?;
    let path = format!("/v3/{}/elb/quotas", client::segment(&project_id));
    let call = Call::get(Api::Elb, "show quota", path).project(project, &project_id);
    let body: QuotaBody = client::json(cloud, &call).await?;
    let Some(certificates) = body.quota.certificate else {
        return Err(call.failure(Kind::Unusable, "the answer has no quota of certificates"));
    };
    Ok(usize::try_from(certificates).ok())
}

/// Deletes a certificate, `DELETE /v3/{project_id}/elb/certificates/{id}`, for good. One that the service
/// does not have is deleted already; one that a listener uses is refused by the service
/// ([`Kind::Busy`] for its 409).
pub async fn delete_certificate(cloud: &Cloud, project: &str, id: &str) -> Result<()> {
    let project_id = cloud.project_id(project).await?;
    let path = super::one(&project_id, "certificates", id);
    let call =
        Call::delete(Api::Elb, "delete certificate", path).project(project, &project_id).write();
    client::gone(cloud, &call).await
}

fn copy(row: Row) -> Copy {
    Copy {
        pem: row.certificate,
        fingerprint_text: row.fingerprint,
        bound_to: Vec::new(),
        stamp: String::new(),
        id: row.id,
    }
}
