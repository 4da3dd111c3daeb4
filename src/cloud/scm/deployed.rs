//! Where a certificate is used, as far as the certificate manager knows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::client::{self, Call, bounded};
use super::super::{Cloud, Result};
use crate::model::target::Api;

/// Certificates in one call, by its document.
const IDS_MAX: usize = 50;

/// Whether a certificate is used, as far as the certificate manager knows. It may look at no more than
/// the classic load balancers, so this alone does not prove that nobody uses it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Deployed {
    /// Every service and region answered, and none uses it.
    Free,
    /// Who uses it, each as `ELB cn-north-4: NAME`, with the id where there is no name.
    Used(Vec<String>),
    /// Not known, and so to be taken for used; says which service or region did not answer, or what is
    /// odd about the answer.
    Unknown(String),
}

#[derive(Serialize)]
struct Body<'a> {
    certificate_ids: &'a [String],
    service_names: [&'static str; 1],
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    results: Option<Vec<Row>>,
}

#[derive(Deserialize)]
struct Row {
    certificate_id: String,
    total_num: Option<u64>,
    deployed_resources: Option<Vec<Service>>,
}

#[derive(Deserialize)]
struct Service {
    service: Option<String>,
    resource_num: Option<u64>,
    region_resources: Option<Vec<Region>>,
}

#[derive(Deserialize)]
struct Region {
    region_id: Option<String>,
    is_error: Option<bool>,
    resources: Option<Vec<Resource>>,
}

#[derive(Deserialize)]
struct Resource {
    resource_id: Option<String>,
    resource_name: Option<String>,
}

/// Where these certificates are used, in every service: `POST /v3/scm/deployed-resources`, as many calls
/// as its limit asks for. Every id that was asked for has an entry: what the answer does not speak of, or speaks
/// of with an error anywhere, is [`Deployed::Unknown`].
pub async fn deployed(cloud: &Cloud, ids: &[String]) -> Result<BTreeMap<String, Deployed>> {
    let unsaid = |id: &String| {
        (id.clone(), Deployed::Unknown("the answer does not speak of this certificate".to_owned()))
    };
    let mut found: BTreeMap<String, Deployed> = ids.iter().map(unsaid).collect();
    for certificate_ids in ids.chunks(IDS_MAX) {
        let body = Body { certificate_ids, service_names: ["ALL"] };
        let call =
            Call::post(Api::Scm, "look where certificates are used", "/v3/scm/deployed-resources")
                .list()
                .body(&body)?;
        let answer: Answer = client::json(cloud, &call).await?;
        for row in answer.results.unwrap_or_default() {
            if let Some(entry) = found.get_mut(&row.certificate_id) {
                *entry = judge(row);
            }
        }
    }
    Ok(found)
}

fn judge(row: Row) -> Deployed {
    let Some(services) = row.deployed_resources else {
        return match row.total_num {
            Some(0) => Deployed::Free,
            _ => Deployed::Unknown("the answer does not say who uses it".to_owned()),
        };
    };
    let mut users = Vec::new();
    for service in services {
        match users_in(service) {
            Ok(more) => users.extend(more),
            Err(why) => return Deployed::Unknown(why),
        }
    }
    match row.total_num {
        _ if !users.is_empty() => Deployed::Used(users),
        Some(0) => Deployed::Free,
        Some(count) => {
            Deployed::Unknown(format!("{count} use it, and the answer does not say who"))
        }
        None => Deployed::Unknown("the answer does not say how many use it".to_owned()),
    }
}

/// Who uses it in this service, or why that is not known.
fn users_in(service: Service) -> std::result::Result<Vec<String>, String> {
    let name = bounded(service.service.as_deref().unwrap_or("a service without a name"));
    let mut users = Vec::new();
    for region in service.region_resources.unwrap_or_default() {
        let place = bounded(region.region_id.as_deref().unwrap_or("a region without a name"));
        // Left out is not denied.
        if region.is_error != Some(false) {
            return Err(format!("{name} in {place} does not answer"));
        }
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        for resource in region.resources.unwrap_or_default() {
            let who = said(resource.resource_name).or_else(|| said(resource.resource_id));
            users
                .push(bounded(&format!("{name} {place}: {}", who.as_deref().unwrap_or("no name"))));
        }
    }
    match service.resource_num {
        Some(count) if count > 0 && users.is_empty() => {
            Err(format!("{count} in {name} use it, and the answer does not say which"))
        }
        _ => Ok(users),
    }
}
