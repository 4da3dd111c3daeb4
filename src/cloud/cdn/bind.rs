//! Binding at a domain of CDN: its certificate comes from the certificate manager, and the proof that
//! nothing else of its configuration changed.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::super::client::{self, Call};
use super::super::limit::Pass;
use super::super::{Cloud, Result, neighbours};
use super::CONFIG_CALLS_MAX;
use crate::model::failure::{Failure, Kind};
use crate::model::target::Api;

/// What one bind may need of the account's limit: a look, the write, a look, putting back, a look.
const BIND_CALLS: usize = 5;
/// The service's number for a certificate that comes from the certificate manager.
const SOURCE_SCM: u64 = 2;
/// What a bind may change in a domain's configuration: its certificate.
const MAY_CHANGE: [&str; 8] = [
    "https.certificate_name",
    "https.certificate_source",
    "https.certificate_type",
    "https.certificate_value",
    "https.certificates",
    "https.enc_certificate_value",
    "https.expire_time",
    "https.scm_certificate_id",
];
/// What comes to life besides where HTTPS was off: its settings mean nothing until then.
const MAY_APPEAR: [&str; 2] = ["https", "https_tls_version"];
/// What stands beside the certificate in `https`, and can be set.
const HTTPS_SETTABLE: [&str; 4] =
    ["http2_status", "https_status", "ocsp_stapling_status", "tls_version"];
/// What is not read in the shape that it is written in, by the official SDK's models, so that it cannot be
/// put back as it was read.
const READ_OTHERWISE: [&str; 3] = ["cache_url_parameter_filter", "sources", "url_auth"];

#[derive(Serialize)]
struct UpdateBody<'a> {
    configs: &'a Map<String, Value>,
}

#[derive(Deserialize)]
struct Shown {
    configs: Map<String, Value>,
}

/// Lets a domain serve an import of the certificate manager, with no push:
/// `PUT /v1.1/cdn/configuration/domains/{domain}/configs` with its certificate alone, and the switch of
/// HTTPS only where that is off. Nothing is sent where the domain takes that import already. `name` is what CDN calls the certificate, 3 to 64 characters. The service
/// needs `enterprise_project_id` from an IAM user where enterprise projects are on.
///
/// Where the account's limit has no room for all that this may need, nothing is sent: [`Kind::Throttled`] with
/// the wait. The configuration is read before and after: should anything but the certificate have changed, it is put
/// back, which is [`Kind::Operator`]; the former certificate comes back too if it was one of the
/// certificate manager, whereas the key of any other is not to be had. A reading that still shows the
/// former certificate is no failure. [`Kind::Lost`] where the configuration could not be read back.
/// Refuses a domain with several certificates side by side: this would replace them all.
pub async fn bind(
    cloud: &Cloud,
    domain: &str,
    scm_id: &str,
    name: &str,
    enterprise_project_id: Option<&str>,
) -> Result<()> {
    let (show, put) = calls(domain, enterprise_project_id);
    let mut pass =
        cloud.inner.domain_configs.enter(BIND_CALLS).await.map_err(|wait| no_room(&put, wait))?;
    let before = whole(cloud, &mut pass, &show).await?;
    if before["https"]["certificates"].as_array().is_some_and(|several| several.len() > 1) {
        let words = "this domain has several certificates side by side, of which none can be replaced \
                     alone: remove all but one in CDN's console";
        return Err(put.failure(Kind::Operator, words));
    }
    if has(&before["https"], scm_id) {
        return Ok(());
    }
    let https = wanted(&before["https"], scm_id, name);
    update(cloud, &mut pass, &put, [("https".to_owned(), Value::Object(https.clone()))]).await?;
    let (show, put) = (show.follows(), put.follows());
    let after = whole(cloud, &mut pass, &show)
        .await
        .map_err(|failure| neighbours::unread(&put, failure))?;
    let may_change = may_change(&before);
    let names = neighbours::changed(&before, &after, &may_change);
    if names.is_empty() {
        return Ok(());
    }
    let former = former(&before, https, &names);
    let back = put_back(cloud, &mut pass, (&show, &put), former, (&before, &may_change)).await;
    Err(neighbours::disturbed(&put, &names, back))
}

/// Not sent: as many domains as the service allows in a minute have been changed already.
fn no_room(put: &Call, wait: Duration) -> Failure {
    let words = format!(
        "not sent: the service takes {CONFIG_CALLS_MAX} calls a minute, and others of this account came first"
    );
    Failure { wait: Some(wait), ..put.failure(Kind::Throttled, &words) }
}

fn calls(domain: &str, enterprise_project_id: Option<&str>) -> (Call, Call) {
    let path = format!("/v1.1/cdn/configuration/domains/{}/configs", client::segment(domain));
    let within = |call: Call| match enterprise_project_id {
        Some(id) => call.query("enterprise_project_id", id),
        None => call,
    };
    let show = Call::get(Api::Cdn, "show domain", path.as_str());
    (within(show), within(Call::put(Api::Cdn, "bind", path).write()))
}

async fn whole(cloud: &Cloud, pass: &mut Pass<'_>, show: &Call) -> Result<Value> {
    pass.call();
    client::json::<Shown>(cloud, show).await.map(|shown| Value::Object(shown.configs))
}

async fn update(
    cloud: &Cloud,
    pass: &mut Pass<'_>,
    put: &Call,
    configs: impl IntoIterator<Item = (String, Value)>,
) -> Result<()> {
    pass.call();
    let configs = configs.into_iter().collect();
    client::done(cloud, &put.clone().body(&UpdateBody { configs: &configs })?).await
}

fn is_on(https: &Value) -> bool {
    https["https_status"] == "on"
}

/// Whether the domain takes this import already. Saying so again would only make it configure itself anew,
/// for minutes, and once more each time that the service's list of certificates is slow to follow.
fn has(https: &Value, scm_id: &str) -> bool {
    is_on(https)
        && https["certificate_source"] == SOURCE_SCM
        && https["scm_certificate_id"] == scm_id
}

/// The fields of `https` that a bind sends.
fn wanted(https: &Value, scm_id: &str, name: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("certificate_source".to_owned(), json!(SOURCE_SCM));
    fields.insert("scm_certificate_id".to_owned(), json!(scm_id));
    fields.insert("certificate_name".to_owned(), json!(name));
    // Of the two types, the one of SM2 is never ours.
    if https["certificate_type"].as_str().is_some_and(|kind| kind != "server") {
        fields.insert("certificate_type".to_owned(), json!("server"));
    }
    if !is_on(https) {
        fields.insert("https_status".to_owned(), json!("on"));
    }
    fields
}

fn may_change(before: &Value) -> Vec<&'static str> {
    let appears: &[&str] = if is_on(&before["https"]) { &[] } else { &MAY_APPEAR };
    MAY_CHANGE.iter().chain(appears).copied().collect()
}

/// What sets these fields, and the certificate, to what they were. `https` is what was sent: it stays
/// where the former certificate cannot be said.
fn former(before: &Value, mut https: Map<String, Value>, names: &[String]) -> Vec<(String, Value)> {
    let known = &before["https"];
    let inside = names.iter().filter_map(|name| name.strip_prefix("https."));
    let settable = inside.filter(|key| HTTPS_SETTABLE.contains(key) && !known[*key].is_null());
    https.extend(settable.map(|key| (key.to_owned(), known[key].clone())));
    if !is_on(known) {
        https = Map::from_iter([("https_status".to_owned(), json!("off"))]);
    } else if known["certificate_source"] == SOURCE_SCM {
        for key in ["scm_certificate_id", "certificate_name", "certificate_type"] {
            if !known[key].is_null() {
                https.insert(key.to_owned(), known[key].clone());
            }
        }
    }
    let others = neighbours::roots(names).into_iter();
    others
        .filter(|root| !READ_OTHERWISE.contains(root) && *root != "https")
        .filter(|root| !before[*root].is_null())
        .map(|root| (root.to_owned(), before[root].clone()))
        .chain([("https".to_owned(), Value::Object(https))])
        .collect()
}

/// Sends what was; gives the names that differ all the same.
async fn put_back(
    cloud: &Cloud,
    pass: &mut Pass<'_>,
    (show, put): (&Call, &Call),
    former: Vec<(String, Value)>,
    (before, may_change): (&Value, &[&str]),
) -> Result<Vec<String>> {
    update(cloud, pass, put, former).await?;
    let now = whole(cloud, pass, show).await?;
    Ok(neighbours::changed(before, &now, may_change))
}
