//! SCM, the certificate manager: import, push, find by name, show.

use serde::{Deserialize, Serialize};

use super::client::{self, Call};
use super::{Cloud, Result};
use crate::model::digest::{Sha1, Sha256};
use crate::model::failure::{Failure, Kind};
use crate::model::secret::Secret;
use crate::model::target::{Api, Target};

/// Length of a certificate id, in characters, by the import call's document.
const ID_CHARS: usize = 16;
/// Certificates a page: the list takes 10, 20 or 50.
const PAGE_ITEMS: usize = 50;
/// The furthest record that the list lets us start at, by its document.
const OFFSET_MAX: usize = 100;

/// What an import sends: the leaf alone, the rest of the chain, and the key, each a PEM.
/// The limits of the call are the caller's to check; blank lines around a PEM are cut off here.
#[derive(Debug)]
pub struct Import<'a> {
    /// 3 to 63 of `[A-Za-z0-9_.-]`; not checked for uniqueness by the service.
    pub name: &'a str,
    /// The leaf.
    pub certificate: &'a str,
    /// The issuers, leaf's issuer first.
    pub chain: &'a str,
    /// The leaf's key, without a passphrase.
    pub private_key: &'a Secret,
    /// `0`, or the project's UUID; absent: the service's default.
    pub enterprise_project_id: Option<&'a str>,
}

#[derive(Serialize)]
struct ImportBody<'a> {
    name: &'a str,
    certificate: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    certificate_chain: &'a str,
    private_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    enterprise_project_id: Option<&'a str>,
}

#[derive(Deserialize)]
struct Imported {
    certificate_id: Option<String>,
}

/// Imports a certificate and returns its id of 16 characters. Each call makes another certificate,
/// so an answer without such an id is [`Kind::Lost`]: it may stand there now.
pub async fn import(cloud: &Cloud, import: &Import<'_>) -> Result<String> {
    let body = ImportBody {
        name: import.name,
        certificate: import.certificate.trim(),
        certificate_chain: import.chain.trim(),
        private_key: import.private_key.expose().trim(),
        enterprise_project_id: import.enterprise_project_id,
    };
    let call = Call::post(Api::Scm, "import", "/v3/scm/certificates/import").body(&body)?.write();
    let imported: Imported = client::json(cloud, &call).await?;
    imported.certificate_id.filter(|id| id.chars().count() == ID_CHARS).ok_or_else(|| {
        call.failure(Kind::Lost, "the answer has no certificate id of 16 characters")
    })
}

#[derive(Serialize)]
struct PushBody<'a> {
    target_project: &'a str,
    target_service: String,
}

/// Copies a certificate into a target service, unbound. The service answers 204 and no id:
/// what stands there now is found by reading the target.
pub async fn push(cloud: &Cloud, scm_id: &str, target: Target, project: &str) -> Result<()> {
    let body = PushBody { target_project: project, target_service: target.to_string() };
    let path = format!("/v3/scm/certificates/{}/push", client::segment(scm_id));
    let call = Call::post(Api::Scm, "push", path).body(&body)?.write();
    let answer = client::send(cloud, &call).await?;
    // A proxy's page of success is no answer; an empty body or a JSON one is.
    if answer.is_empty() || answer.is_json() {
        return Ok(());
    }
    Err(call.failure(Kind::Lost, "the answer is neither empty nor JSON"))
}

/// A row of the list, which has no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The certificate's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Such as `UPLOAD` (imported), `ISSUED` or `EXPIRED`.
    pub status: String,
}

#[derive(Deserialize)]
struct ListPage {
    #[serde(default)]
    certificates: Vec<Row>,
    total_count: Option<usize>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
}

/// Every certificate of exactly this name. The service searches by keyword, we compare the whole name.
/// Refuses ([`Kind::Unusable`]) to say "none" when more certificates match than the list can reach.
pub async fn find_by_name(
    cloud: &Cloud,
    name: &str,
    enterprise_project_id: Option<&str>,
) -> Result<Vec<Listed>> {
    find(cloud, name, enterprise_project_id, |row| row == name).await
}

/// Every certificate whose name ends in this digest, whatever entry or host it was imported for.
/// Refuses as [`find_by_name`] does.
pub async fn find_by_digest(
    cloud: &Cloud,
    leaf: &Sha256,
    enterprise_project_id: Option<&str>,
) -> Result<Vec<Listed>> {
    let digest = leaf.short();
    find(cloud, &digest, enterprise_project_id, |row| row.ends_with(&digest)).await
}

async fn find(
    cloud: &Cloud,
    content: &str,
    enterprise_project_id: Option<&str>,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Listed>> {
    let mut found = Vec::new();
    let mut offset = 0;
    loop {
        let call = list_call(content, offset, enterprise_project_id);
        let page: ListPage = client::json(cloud, &call).await?;
        let rows = page.certificates.len();
        found.extend(page.certificates.into_iter().filter(|row| wanted(&row.name)));
        offset += rows;
        let more = page.total_count.map_or(rows >= PAGE_ITEMS, |total| offset < total);
        if rows == 0 || !more {
            break;
        }
        if offset > OFFSET_MAX {
            if found.is_empty() {
                return Err(out_of_reach(&call));
            }
            break;
        }
    }
    let listed = |row: Row| Listed { id: row.id, name: row.name, status: row.status };
    Ok(found.into_iter().map(listed).collect())
}

fn list_call(content: &str, offset: usize, enterprise_project_id: Option<&str>) -> Call {
    let mut call = Call::get(Api::Scm, "list certificates", "/v3/scm/certificates")
        .query("content", content)
        .query("limit", PAGE_ITEMS)
        .query("offset", offset)
        .list();
    if let Some(id) = enterprise_project_id {
        call = call.query("enterprise_project_id", id);
    }
    call
}

fn out_of_reach(call: &Call) -> Failure {
    call.failure(
        Kind::Unusable,
        "more certificates match this name than the list can reach; remove old ones in the console",
    )
}

/// The fingerprint that the show call gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fingerprint {
    /// What the document promises.
    Sha1(Sha1),
    /// Should the service change its mind.
    Sha256(Sha256),
    /// None, or a text that is neither.
    Missing,
}

/// One certificate of the certificate manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The certificate's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Such as `UPLOAD` (imported), `ISSUED` or `EXPIRED`.
    pub status: String,
    /// Of the leaf.
    pub fingerprint: Fingerprint,
}

#[derive(Deserialize)]
struct ShowBody {
    id: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
    fingerprint: Option<String>,
}

/// Shows a certificate. `None` only when the certificate manager itself says that it has no such
/// certificate; a 404 of the gateway (wrong endpoint) or of a proxy stays a failure, because
/// unknown is not absent.
pub async fn show(cloud: &Cloud, scm_id: &str) -> Result<Option<Shown>> {
    let path = format!("/v3/scm/certificates/{}", client::segment(scm_id));
    let call = Call::get(Api::Scm, "show certificate", path);
    let body: ShowBody = match client::json(cloud, &call).await {
        Ok(body) => body,
        Err(failure) if is_gone(&failure) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    Ok(Some(Shown {
        id: body.id.unwrap_or_else(|| scm_id.to_owned()),
        name: body.name,
        status: body.status,
        fingerprint: fingerprint(body.fingerprint.as_deref().unwrap_or_default()),
    }))
}

fn is_gone(failure: &Failure) -> bool {
    failure.kind == Kind::NotFound
        && failure.code.as_deref().is_some_and(|code| !code.starts_with("APIG"))
}

fn fingerprint(text: &str) -> Fingerprint {
    if let Ok(sha1) = text.parse() {
        return Fingerprint::Sha1(sha1);
    }
    text.parse().map_or(Fingerprint::Missing, Fingerprint::Sha256)
}
