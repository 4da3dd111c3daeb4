//! Links to an instance's CA, as the databases give them: one of several by category, or one alone.

use serde::Deserialize;

use super::client::{self, Call};
use super::{Cloud, Result};
use crate::model::failure::{Failure, Kind};
use crate::model::secret::Secret;
use crate::model::target::Api;

/// What a failure to choose is called.
const OPERATION: &str = "certificate links";
/// Most categories that a sentence lists; the documents name two.
const LISTED_MAX: usize = 8;

/// One CA that an instance offers.
#[derive(Debug, Clone)]
pub struct Offered {
    /// Such as `international` or `national`; absent where the service names none.
    pub category: Option<String>,
    /// A link that may be pre-signed: whoever has it may read the file.
    pub link: Secret,
}

/// The answer of the services with categories: `certs` for GeminiDB and DDS, `cert_info_list` for RDS.
#[derive(Deserialize)]
pub(super) struct Listed {
    #[serde(alias = "cert_info_list")]
    certs: Option<Vec<Row>>,
}

#[derive(Deserialize)]
struct Row {
    category: Option<String>,
    download_link: Option<Secret>,
}

impl Listed {
    /// Its rows; one without a link offers nothing.
    pub(super) fn offered(self) -> Vec<Offered> {
        let rows = self.certs.unwrap_or_default().into_iter();
        rows.filter_map(|row| {
            Some(Offered { category: row.category, link: link(row.download_link)? })
        })
        .collect()
    }
}

/// A link that is one.
pub(super) fn link(text: Option<Secret>) -> Option<Secret> {
    text.filter(|link| !link.is_empty())
}

/// The databases' call for links: `GET /v3/{project_id}/instances/{instance_id}/ssl-cert/download-link`.
pub(super) async fn call(cloud: &Cloud, api: Api, instance_id: &str) -> Result<Call> {
    let (project, project_id) = cloud.own_project().await?;
    let path = format!(
        "/v3/{}/instances/{}/ssl-cert/download-link",
        client::segment(&project_id),
        client::segment(instance_id)
    );
    Ok(Call::get(api, "request the CA's link", path).project(&project, &project_id))
}

/// The link of this category. Where none is of it, the failure names those that are offered.
pub fn choose(api: Api, mut offered: Vec<Offered>, category: &str) -> Result<Secret> {
    let wanted = offered.iter().position(|offer| offer.category.as_deref() == Some(category));
    match wanted {
        Some(index) => Ok(offered.swap_remove(index).link),
        None => Err(Failure {
            service: Some(api),
            ..Failure::local(Kind::Unusable, OPERATION, not_offered(&offered, category))
        }),
    }
}

fn not_offered(offered: &[Offered], category: &str) -> String {
    if offered.is_empty() {
        return "the instance offers no certificate: SSL may be off on it, or its kind may have none"
            .to_owned();
    }
    let names = offered.iter().take(LISTED_MAX);
    let names: Vec<_> = names
        .map(|offer| client::bounded(offer.category.as_deref().unwrap_or("(without a name)")))
        .collect();
    let names = names.join(", ");
    format!("no certificate of category {category:?} is offered; categories offered: {names}")
}

#[cfg(test)]
mod tests;
