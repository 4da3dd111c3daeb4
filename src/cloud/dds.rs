//! DDS: the links to an instance's CA.

use super::links::{self, Listed, Offered};
use super::{Cloud, Result, client};
use crate::model::target::Api;

/// Every CA that the instance offers, as `{certs: […]}`. The list may be empty.
pub async fn certificate_links(cloud: &Cloud, instance_id: &str) -> Result<Vec<Offered>> {
    let call = links::call(cloud, Api::Dds, instance_id).await?;
    Ok(client::json::<Listed>(cloud, &call).await?.offered())
}
