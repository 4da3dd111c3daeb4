//! Binding at a listener of ELB: the exchange, and the proof that nothing else of it changed.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::client::{self, Call};
use super::super::{Cloud, Result, neighbours};
use super::exchange::{Change, Exchange, change};
use super::listeners::{parsed, show_call, whole};
use crate::model::failure::Kind;
use crate::model::target::Api;

const DEFAULT_REF: &str = "default_tls_container_ref";
const SNI_REFS: &str = "sni_container_refs";
/// What a bind may change in a listener: the references to server certificates, and the time of the change.
const MAY_CHANGE: [&str; 3] = [DEFAULT_REF, SNI_REFS, "updated_at"];
/// What the update call takes, by the official SDK's model of it, and so what can be put back.
const SETTABLE: [&str; 26] = [
    "admin_state_up",
    "client_ca_tls_container_ref",
    "client_timeout",
    "connection",
    "cps",
    "default_pool_id",
    "description",
    "enable_member_retry",
    "enhance_l7policy_enable",
    "gzip_enable",
    "http2_enable",
    "insert_headers",
    "ipgroup",
    "keepalive_timeout",
    "member_timeout",
    "name",
    "nat64_enable",
    "protection_reason",
    "protection_status",
    "proxy_protocol_enable",
    "quic_config",
    "security_policy_id",
    "sni_match_algo",
    "ssl_early_data_enable",
    "tls_ciphers_policy",
    "transparent_client_ip_enable",
];

#[derive(Serialize)]
struct UpdateBody<'a> {
    listener: &'a Map<String, Value>,
}

/// Exchanges certificates of a listener, as it stands at this moment:
/// `PUT /v3/{project_id}/elb/listeners/{id}` with the references that change and nothing else, the list of
/// those chosen by name whole. Nothing is sent where the listener has the certificate already;
/// [`Kind::Busy`], with nothing sent, where somebody has changed it since it was looked at. The listener is
/// read before and after: should anything but the certificates have changed, it is put back, which is
/// [`Kind::Operator`]. A reading that still shows the former certificate is no failure. [`Kind::Lost`]
/// where the listener could not be read back.
pub async fn bind(
    cloud: &Cloud,
    project: &str,
    listener_id: &str,
    exchange: &Exchange,
) -> Result<()> {
    let project_id = cloud.project_id(project).await?;
    let show = show_call(project, &project_id, listener_id);
    let put = Call::put(Api::Elb, "bind", super::one(&project_id, "listeners", listener_id))
        .project(project, &project_id)
        .write();
    let before = whole(cloud, &show).await?;
    let fields = match change(&parsed(&show, &before)?, exchange) {
        Change::Nothing => return Ok(()),
        Change::Gone => {
            let words =
                "somebody has changed the certificates of this listener since it was looked at";
            return Err(put.failure(Kind::Busy, words));
        }
        Change::Fields { default_ref, sni_refs } => {
            let default_ref = default_ref.map(|id| (DEFAULT_REF.to_owned(), json!(id)));
            let sni_refs = sni_refs.map(|ids| (SNI_REFS.to_owned(), json!(ids)));
            default_ref.into_iter().chain(sni_refs).collect()
        }
    };
    update(cloud, &put, &fields).await?;
    let (show, put) = (show.follows(), put.follows());
    let after = whole(cloud, &show).await.map_err(|failure| neighbours::unread(&put, failure))?;
    let names = neighbours::changed(&before, &after, &MAY_CHANGE);
    if names.is_empty() {
        return Ok(());
    }
    let back = put_back(cloud, &show, &put, &before, &names).await;
    Err(neighbours::disturbed(&put, &names, back))
}

async fn update(cloud: &Cloud, put: &Call, fields: &Map<String, Value>) -> Result<()> {
    client::done(cloud, &put.clone().body(&UpdateBody { listener: fields })?).await
}

/// Sets what changed, and the certificates, to what they were; gives the names that differ all the same.
async fn put_back(
    cloud: &Cloud,
    show: &Call,
    put: &Call,
    before: &Value,
    names: &[String],
) -> Result<Vec<String>> {
    let settable = neighbours::roots(names).into_iter().filter(|name| SETTABLE.contains(name));
    let former = |name: &str| (name.to_owned(), before[name].clone());
    let mut fields: Map<String, Value> =
        settable.chain([DEFAULT_REF, SNI_REFS]).map(former).collect();
    if fields[SNI_REFS].is_null() {
        // No list says nothing about what stands there now; an empty one does.
        fields.insert(SNI_REFS.to_owned(), json!([]));
    }
    update(cloud, put, &fields).await?;
    Ok(neighbours::changed(before, &whole(cloud, show).await?, &MAY_CHANGE))
}
