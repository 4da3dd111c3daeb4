//! GaussDB, the openGauss kind: the link to an instance's CA.

use serde::Deserialize;

use super::{Cloud, Result, client, links};
use crate::model::failure::Kind;
use crate::model::secret::Secret;
use crate::model::target::Api;

#[derive(Deserialize)]
struct Body {
    download_link: Option<Secret>,
}

/// Asks for the link to the only CA of the instance, which comes as `{download_link}` and nothing else.
pub async fn certificate_link(cloud: &Cloud, instance_id: &str) -> Result<Secret> {
    let call = links::call(cloud, Api::GaussDb, instance_id).await?;
    let body: Body = client::json(cloud, &call).await?;
    links::link(body.download_link)
        .ok_or_else(|| call.failure(Kind::Unusable, "the answer has no link"))
}
