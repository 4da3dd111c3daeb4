//! RDS: the links to an instance's CA.

use super::links::{self, Listed, Offered};
use super::{Cloud, Result, client};
use crate::model::target::Api;

/// Every CA that the instance offers, as `{cert_info_list: […]}`. RDS asks for the right to change SSL
/// (`rds:instance:modifySSL`) even to read the links.
pub async fn certificate_links(cloud: &Cloud, instance_id: &str) -> Result<Vec<Offered>> {
    let call = links::call(cloud, Api::Rds, instance_id).await?;
    Ok(client::json::<Listed>(cloud, &call).await?.offered())
}
