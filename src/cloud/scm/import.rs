//! Certificates into the certificate manager, and out of it.

use serde::{Deserialize, Serialize};

use super::super::client::{self, Call};
use super::super::{Cloud, Result};
use crate::model::failure::Kind;
use crate::model::secret::Secret;
use crate::model::target::Api;

/// Length of a certificate id, in characters, by the import call's document.
const ID_CHARS: usize = 16;

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

/// Deletes a certificate, `DELETE /v3/scm/certificates/{id}`, for good. One that the certificate manager does not
/// have (404, `SCM.0008`, `SCM.0020`) is deleted already.
pub async fn delete(cloud: &Cloud, scm_id: &str) -> Result<()> {
    let path = format!("/v3/scm/certificates/{}", client::segment(scm_id));
    client::gone(cloud, &Call::delete(Api::Scm, "delete certificate", path).write()).await
}
