//! DCS for Redis: the link to an instance's CA.

use serde::Deserialize;

use super::client::{self, Call};
use super::{Cloud, Result, links};
use crate::model::failure::Kind;
use crate::model::secret::Secret;
use crate::model::target::Api;

/// The file's name and its bucket come along, and say nothing certain about what is in it.
#[derive(Deserialize)]
struct Body {
    link: Option<Secret>,
}

/// Asks for a link: `POST /v2/{project_id}/instances/{instance_id}/ssl-certs/download`, which
/// changes nothing. `DCS.4201` (no SSL on this instance) is permanent, `DCS.5010` worth another try.
pub async fn certificate_link(cloud: &Cloud, instance_id: &str) -> Result<Secret> {
    let (project, project_id) = cloud.own_project().await?;
    let path = format!(
        "/v2/{}/instances/{}/ssl-certs/download",
        client::segment(&project_id),
        client::segment(instance_id)
    );
    let call = Call::post(Api::Dcs, "request the CA's link", path).project(&project, &project_id);
    let body: Body = client::json(cloud, &call).await?;
    links::link(body.link).ok_or_else(|| call.failure(Kind::Unusable, "the answer has no link"))
}
