//! One certificate of the certificate manager.

use std::time::Duration;

use chrono::NaiveDateTime;
use serde::Deserialize;

use super::super::client::{self, Call};
use super::super::{Cloud, Result};
use crate::model::digest::{Sha1, Sha256};
use crate::model::target::Api;
use crate::model::time::Time;

/// How the service writes moments; the fraction may be missing.
const TIME_FORMAT: &str = "%Y-%m-%d %H:%M:%S%.f";
/// How far Beijing's clocks are ahead of UTC: a widely used tool reads the service's times as such.
const ZONE: Duration = Duration::from_secs(8 * 3600);

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
    /// When it begins to be valid; absent where the service does not know. No document names the zone
    /// of these times: they are taken for Beijing's, which may be wrong by eight hours.
    pub not_before: Option<Time>,
    /// When it ends to be valid, as [`Shown::not_before`].
    pub not_after: Option<Time>,
}

#[derive(Deserialize)]
struct ShowBody {
    id: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
    fingerprint: Option<String>,
    not_before: Option<String>,
    not_after: Option<String>,
}

/// Shows a certificate. `None` only when the certificate manager itself says that it has no such
/// certificate; a 404 of the gateway (wrong endpoint) or of a proxy stays a failure, because
/// unknown is not absent.
pub async fn show(cloud: &Cloud, scm_id: &str) -> Result<Option<Shown>> {
    let path = format!("/v3/scm/certificates/{}", client::segment(scm_id));
    let call = Call::get(Api::Scm, "show certificate", path);
    let body: ShowBody = match client::json(cloud, &call).await {
        Ok(body) => body,
        Err(failure) if client::is_gone(&failure) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    Ok(Some(Shown {
        id: body.id.unwrap_or_else(|| scm_id.to_owned()),
        name: body.name,
        status: body.status,
        fingerprint: fingerprint(body.fingerprint.as_deref().unwrap_or_default()),
        not_before: body.not_before.as_deref().and_then(moment),
        not_after: body.not_after.as_deref().and_then(moment),
    }))
}

/// `2021-05-27 16:46:25.0`.
fn moment(text: &str) -> Option<Time> {
    let naive = NaiveDateTime::parse_from_str(text, TIME_FORMAT).ok()?;
    Some(Time::from_millis(naive.and_utc().timestamp_millis()) - ZONE)
}

fn fingerprint(text: &str) -> Fingerprint {
    if let Ok(sha1) = text.parse() {
        return Fingerprint::Sha1(sha1);
    }
    text.parse().map_or(Fingerprint::Missing, Fingerprint::Sha256)
}
