//! The listeners of a project in ELB, as far as certificates go.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::client::{self, Call};
use super::super::{Cloud, Result};
use crate::model::failure::Kind;
use crate::model::target::Api;

/// A listener, as far as certificates go.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Listener {
    /// Its id, a UUID.
    pub id: String,
    /// Its name; may be empty.
    #[serde(default, deserialize_with = "or_empty")]
    pub name: String,
    /// Such as `HTTPS`, `TLS`, `QUIC`, or `TERMINATED_HTTPS` on shared load balancers.
    #[serde(default, deserialize_with = "or_empty")]
    pub protocol: String,
    /// The server certificate for clients that ask for no name, or for one that no other has.
    #[serde(rename = "default_tls_container_ref", default, deserialize_with = "unless_empty")]
    pub default_ref: Option<String>,
    /// The certificates that are chosen by name, in the service's order.
    #[serde(rename = "sni_container_refs", default, deserialize_with = "or_empty")]
    pub sni_refs: Vec<String>,
    /// The CA that clients' certificates are checked against.
    #[serde(rename = "client_ca_tls_container_ref", default, deserialize_with = "unless_empty")]
    pub client_ca_ref: Option<String>,
}

impl super::Row for Listener {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Every listener of this project (by name), whatever its protocol, `GET /v3/{project_id}/elb/listeners`, with
/// marker paging: there is no filter for the certificates chosen by name. All or nothing.
pub async fn listeners(cloud: &Cloud, project: &str) -> Result<Vec<Listener>> {
    super::rows(cloud, project, "list listeners", "listeners", |row| row).await
}

/// One listener, `GET /v3/{project_id}/elb/listeners/{id}`; one that is not there is [`Kind::NotFound`].
pub async fn listener(cloud: &Cloud, project: &str, id: &str) -> Result<Listener> {
    let project_id = cloud.project_id(project).await?;
    let call = show_call(project, &project_id, id);
    let object = whole(cloud, &call).await?;
    parsed(&call, &object)
}

pub(super) fn show_call(project: &str, project_id: &str, id: &str) -> Call {
    let path = super::one(project_id, "listeners", id);
    Call::get(Api::Elb, "show listener", path).project(project, project_id)
}

#[derive(Deserialize)]
struct Shown {
    listener: Map<String, Value>,
}

/// The whole object, with the fields that we know nothing of.
pub(super) async fn whole(cloud: &Cloud, call: &Call) -> Result<Value> {
    let shown: Shown = client::json(cloud, call).await?;
    Ok(Value::Object(shown.listener))
}

pub(super) fn parsed(call: &Call, object: &Value) -> Result<Listener> {
    Listener::deserialize(object)
        .map_err(|_| call.failure(Kind::Unusable, "the listener is not of the documented shape"))
}

fn or_empty<'de, D, T>(deserializer: D) -> std::result::Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn unless_empty<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<String>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|text| text.filter(|text| !text.is_empty()))
}
