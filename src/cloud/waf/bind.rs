//! Binding at a host of WAF, and the proof that nothing else of it changed.

use serde::Serialize;
use serde_json::{Map, Value};

use super::super::client::{self, Call};
use super::super::{Cloud, Result, neighbours};
use super::hosts::{Host, HostKind, show_call, whole};
use crate::model::target::Api;

const CERTIFICATE: [&str; 2] = ["certificateid", "certificatename"];
/// What a bind may change in a host: its certificate, the time of the change, and what the console
/// remembers of setting the host up.
const MAY_CHANGE: [&str; 4] = [CERTIFICATE[0], CERTIFICATE[1], "timestamp", "access_progress"];
/// What the update call of cloud mode takes, by the official SDK's model of it.
const SETTABLE: [&str; 14] = [
    "block_page",
    "cipher",
    "circuit_breaker",
    "exclusive_ip",
    "extend",
    "flag",
    "forward_header_map",
    "http2_enable",
    "proxy",
    "server",
    "timeout_config",
    "tls",
    "traffic_mark",
    "web_tag",
];
/// As [`SETTABLE`], of dedicated mode.
const SETTABLE_PREMIUM: [&str; 14] = [
    "access_status",
    "block_page",
    "cipher",
    "circuit_breaker",
    "flag",
    "forward_header_map",
    "locked",
    "mode",
    "protect_status",
    "proxy",
    "server",
    "timeout_config",
    "tls",
    "traffic_mark",
];

#[derive(Serialize)]
struct ApplyBody<'a> {
    cloud_host_ids: &'a [&'a str],
    premium_host_ids: &'a [&'a str],
}

/// Binds a certificate at a host: `POST /v1/{project_id}/waf/certificate/{id}/apply-to-hosts` with this one host. The
/// host is read before and after: should anything but its certificate have changed, it is put back,
/// which is [`Kind::Operator`]. A reading that still shows the former certificate is no failure.
/// [`Kind::Lost`] where the host could not be read back.
///
/// [`Kind::Operator`]: crate::model::failure::Kind::Operator
/// [`Kind::Lost`]: crate::model::failure::Kind::Lost
pub async fn bind(cloud: &Cloud, project: &str, certificate_id: &str, host: &Host) -> Result<()> {
    let project_id = cloud.project_id(project).await?;
    let show = show_call(project, &project_id, host.kind, &host.id);
    let apply = apply_call(project, &project_id, certificate_id, host)?;
    let before = whole(cloud, &show).await?;
    client::done(cloud, &apply).await?;
    let show = show.follows();
    let after = whole(cloud, &show).await.map_err(|failure| neighbours::unread(&apply, failure))?;
    let names = neighbours::changed(&before, &after, &MAY_CHANGE);
    if names.is_empty() {
        return Ok(());
    }
    let update = update_call(project, &project_id, host).follows();
    let back = put_back(cloud, &show, update, host.kind, &before, &names).await;
    Err(neighbours::disturbed(&apply, &names, back))
}

fn apply_call(project: &str, project_id: &str, certificate_id: &str, host: &Host) -> Result<Call> {
    let this = [host.id.as_str()];
    let body = match host.kind {
        HostKind::Cloud => ApplyBody { cloud_host_ids: &this, premium_host_ids: &[] },
        HostKind::Premium => ApplyBody { cloud_host_ids: &[], premium_host_ids: &this },
    };
    let path = format!(
        "/v1/{}/waf/certificate/{}/apply-to-hosts",
        client::segment(project_id),
        client::segment(certificate_id)
    );
    Ok(Call::post(Api::Waf, "bind", path).project(project, project_id).body(&body)?.write())
}

/// The one mode has a PATCH, the other a PUT; both leave alone what they are not told.
fn update_call(project: &str, project_id: &str, host: &Host) -> Call {
    let path = format!(
        "/v1/{}/{}/{}",
        client::segment(project_id),
        host.kind.below(),
        client::segment(&host.id)
    );
    let call = match host.kind {
        HostKind::Cloud => Call::patch(Api::Waf, "update host", path),
        HostKind::Premium => Call::put(Api::Waf, "update host", path),
    };
    call.project(project, project_id).write()
}

/// Sets what changed, and the certificate, to what they were, as far as the call takes them; gives the
/// names that differ all the same.
async fn put_back(
    cloud: &Cloud,
    show: &Call,
    update: Call,
    kind: HostKind,
    before: &Value,
    names: &[String],
) -> Result<Vec<String>> {
    let settable: &[&str] = match kind {
        HostKind::Cloud => &SETTABLE,
        HostKind::Premium => &SETTABLE_PREMIUM,
    };
    let changed = neighbours::roots(names).into_iter().filter(|name| settable.contains(name));
    let former = |name: &str| (name.to_owned(), before[name].clone());
    // A host that had no certificate cannot be told to have none.
    let certificate = CERTIFICATE.into_iter().filter(|name| before[name].is_string());
    let fields: Map<String, Value> = changed.chain(certificate).map(former).collect();
    if !fields.is_empty() {
        client::done(cloud, &update.body(&fields)?).await?;
    }
    Ok(neighbours::changed(before, &whole(cloud, show).await?, &MAY_CHANGE))
}
