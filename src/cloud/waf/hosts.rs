//! The hosts that WAF protects in a project, of both its modes.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::client::{self, Call};
use super::super::{Cloud, Result};
use crate::model::failure::Failure;

/// Which of WAF's two modes a host belongs to; each has calls of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum HostKind {
    /// Cloud mode: traffic is led to WAF by a CNAME.
    Cloud,
    /// Dedicated mode: WAF instances of one's own.
    Premium,
}

impl HostKind {
    /// Where the hosts of this mode stand, below the project.
    pub(super) fn below(self) -> &'static str {
        match self {
            Self::Cloud => "waf/instance",
            Self::Premium => "premium-waf/host",
        }
    }
}

/// A host that WAF protects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Host {
    /// Its id.
    pub id: String,
    /// Its name, with the port where it is not the scheme's own.
    pub hostname: String,
    /// The mode that it belongs to.
    pub kind: HostKind,
    /// The certificate bound there; absent for one that speaks no HTTPS.
    pub certificate_id: Option<String>,
    /// That certificate's name.
    pub certificate_name: Option<String>,
}

impl Host {
    /// Whether this is what an operator calls so: its id, or its name.
    pub fn is(&self, site: &str) -> bool {
        self.id == site || self.hostname.eq_ignore_ascii_case(site)
    }
}

/// Rows that are read before we say that this is not a list to look through: each costs a call of its
/// own, because the list has no certificate.
const ITEMS_MAX: usize = 1000;

#[derive(Deserialize)]
struct Row {
    id: String,
    #[serde(default)]
    hostname: Option<String>,
    #[serde(rename = "certificateid")]
    certificate_id: Option<String>,
    #[serde(rename = "certificatename")]
    certificate_name: Option<String>,
}

/// Every host of this project (by name) in the default enterprise project: those of cloud mode,
/// `GET /v1/{project_id}/waf/instance`, then those of dedicated mode, `GET …/premium-waf/host`; and one show
/// call for each row that names no certificate, which by the documents is every row. All or nothing,
/// except that a mode whose list answers 403 or 404 has no hosts when the other one answers: few
/// projects have both.
pub async fn hosts(cloud: &Cloud, project: &str) -> Result<Vec<Host>> {
    let project_id = cloud.project_id(project).await?;
    let mut hosts = Vec::new();
    for (kind, row) in listed(cloud, project, &project_id).await? {
        // A row that is gone by the time it is shown is no host any more.
        if let Some(row) = with_certificate(cloud, project, &project_id, kind, row).await? {
            hosts.push(host(row, kind));
        }
    }
    Ok(hosts)
}

/// The rows of both lists. Only a list may say that its mode is not there: a host that may not be
/// shown is a host all the same.
async fn listed(cloud: &Cloud, project: &str, project_id: &str) -> Result<Vec<(HostKind, Row)>> {
    let mut rows = Vec::new();
    let mut missing = None;
    for kind in [HostKind::Cloud, HostKind::Premium] {
        let list = super::get(project, project_id, "list hosts", kind.below());
        match super::rows::<Row>(cloud, &list, ITEMS_MAX).await {
            Ok(found) => rows.extend(found.into_iter().map(|row| (kind, row))),
            Err(failure) if missing.is_none() && is_missing(&failure) => missing = Some(failure),
            Err(failure) => {
                return Err(missing.filter(|_| is_missing(&failure)).unwrap_or(failure));
            }
        }
    }
    Ok(rows)
}

fn is_missing(failure: &Failure) -> bool {
    matches!(failure.status, Some(403 | 404))
}

async fn with_certificate(
    cloud: &Cloud,
    project: &str,
    project_id: &str,
    kind: HostKind,
    row: Row,
) -> Result<Option<Row>> {
    if row.certificate_id.is_some() {
        return Ok(Some(row));
    }
    let call = show_call(project, project_id, kind, &row.id).follows();
    match client::json::<Row>(cloud, &call).await {
        Ok(shown) => Ok(Some(Row { hostname: shown.hostname.or(row.hostname), ..shown })),
        Err(failure) if client::is_gone(&failure) => Ok(None),
        Err(failure) => Err(failure),
    }
}

pub(super) fn show_call(project: &str, project_id: &str, kind: HostKind, id: &str) -> Call {
    let rest = format!("{}/{}", kind.below(), client::segment(id));
    super::get(project, project_id, "show host", &rest)
}

/// The whole object, with the fields that we know nothing of.
pub(super) async fn whole(cloud: &Cloud, show: &Call) -> Result<Value> {
    client::json::<Map<String, Value>>(cloud, show).await.map(Value::Object)
}

fn host(row: Row, kind: HostKind) -> Host {
    let said = |text: Option<String>| text.filter(|text| !text.is_empty());
    Host {
        id: row.id,
        hostname: row.hostname.unwrap_or_default(),
        kind,
        certificate_id: said(row.certificate_id),
        certificate_name: said(row.certificate_name),
    }
}
