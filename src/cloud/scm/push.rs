//! Copies of a certificate of the certificate manager, made in other services.

use serde::Serialize;

use super::super::client::{self, Call};
use super::super::{Cloud, Result};
use crate::model::target::{Api, Target};

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
    client::done(cloud, &call).await
}
