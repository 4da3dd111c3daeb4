//! GeminiDB: the links to an instance's CA, and the instances whose CA is not GeminiDB's to give.

use serde::Deserialize;
use serde_json::Value;

use super::client::{self, Call};
use super::links::{self, Listed, Offered};
use super::{Cloud, Result};
use crate::model::failure::{Failure, Kind};
use crate::model::target::Api;

/// Every CA that the instance offers, as `{certs: […]}`. An instance that serves a certificate of the
/// certificate manager is refused with [`Kind::Unusable`]: the document says that these links do not
/// lead to its CA. Where that cannot be read for want of a right, the links are believed.
pub async fn certificate_links(cloud: &Cloud, instance_id: &str) -> Result<Vec<Offered>> {
    if let Some(own) = managed(cloud, instance_id).await? {
        return Err(own);
    }
    let call = links::call(cloud, Api::GeminiDb, instance_id).await?;
    Ok(client::json::<Listed>(cloud, &call).await?.offered())
}

#[derive(Deserialize)]
struct Page {
    instances: Option<Vec<Instance>>,
}

#[derive(Deserialize)]
struct Instance {
    id: Option<String>,
    /// `{cert_id, cert_type}` where the instance serves a certificate of the certificate manager, the
    /// type being `PCA` or `SSL`. In whatever form an instance without one has it.
    #[serde(default)]
    ccm_cert_info: Value,
}

/// What an operator is told if the instance serves a certificate of the certificate manager:
/// `GET /v3/{project_id}/instances?id=`, whose rows say so in `ccm_cert_info`.
async fn managed(cloud: &Cloud, instance_id: &str) -> Result<Option<Failure>> {
    let (project, project_id) = cloud.own_project().await?;
    let path = format!("/v3/{}/instances", client::segment(&project_id));
    let call = Call::get(Api::GeminiDb, "list instances", path)
        .project(&project, &project_id)
        .query("id", instance_id)
        .list();
    let page: Page = match client::json(cloud, &call).await {
        Ok(page) => page,
        // Nobody may have given us this right, and the links are no worse for it.
        Err(failure) if is_for_good(failure.kind) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let mut rows = page.instances.unwrap_or_default().into_iter();
    let own = rows.find(|row| row.id.as_deref() == Some(instance_id));
    let words = own.and_then(|own| sentence(&own.ccm_cert_info));
    Ok(words.map(|words| call.failure(Kind::Unusable, &words)))
}

/// Whether asking again would end the same way.
fn is_for_good(kind: Kind) -> bool {
    matches!(kind, Kind::Operator | Kind::NotFound | Kind::Permanent | Kind::Unusable)
}

/// None where the certificate has no id: then there is none.
fn sentence(own: &Value) -> Option<String> {
    let id = client::bounded(own["cert_id"].as_str().filter(|id| !id.is_empty())?);
    let (what, place) = match own["cert_type"].as_str() {
        Some("PCA") => {
            ("a private certificate", "the private CA under Private Certificate Management")
        }
        Some("SSL") => ("an SSL certificate", "the certificate under SSL Certificate Manager"),
        _ => ("a certificate", "the certificate or its private CA"),
    };
    Some(format!(
        "the instance serves {what} of the certificate manager ({id}), whose CA GeminiDB does not \
         give out: export {place}, give its CA to the clients, and take this entry out of the configuration"
    ))
}
