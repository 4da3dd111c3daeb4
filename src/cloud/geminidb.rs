//! GeminiDB: the links to an instance's CA.

use serde::Deserialize;

use super::client::{self, Call};
use super::{Cloud, Result};
use crate::model::secret::Secret;
use crate::model::target::Api;

/// One CA that an instance offers.
#[derive(Debug, Clone)]
pub struct Offered {
    /// Such as `international`.
    pub category: String,
    /// A link that may be pre-signed: whoever has it may read the file.
    pub link: Secret,
}

#[derive(Deserialize)]
struct Body {
    certs: Vec<Cert>,
}

#[derive(Deserialize)]
struct Cert {
    category: String,
    download_link: String,
}

/// Every CA that the instance offers: `GET /v3/{project_id}/instances/{instance_id}/ssl-cert/download-link`.
/// The list may be empty, as for an instance that serves a certificate of the certificate manager.
pub async fn certificate_links(cloud: &Cloud, instance_id: &str) -> Result<Vec<Offered>> {
    let (project, project_id) = cloud.own_project().await?;
    let path = format!(
        "/v3/{}/instances/{}/ssl-cert/download-link",
        client::segment(&project_id),
        client::segment(instance_id)
    );
    let call =
        Call::get(Api::GeminiDb, "request the CA's link", path).project(&project, &project_id);
    let body: Body = client::json(cloud, &call).await?;
    let offered =
        |cert: Cert| Offered { category: cert.category, link: Secret::new(cert.download_link) };
    Ok(body.certs.into_iter().map(offered).collect())
}
