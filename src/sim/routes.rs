//! Which handler a method and a path lead to: the list of all that the simulated cloud can do.

use super::answer::Answer;
use super::ask::Ask;
use super::world::World;
use super::{cdn, dcs, elb, geminidb, iam, metadata, obs, scm, taurusdb, waf};

/// A handler: an error is an answer too, and `?` makes it the answer.
pub(super) type Handler = fn(&mut World, &Ask) -> Result<Answer, Answer>;

/// Where a request goes.
#[derive(Clone, Copy)]
pub(super) struct Route {
    /// The word in the ledger.
    pub service: &'static str,
    /// Whether the gateway lets it pass without credentials.
    pub open: bool,
    pub handler: Handler,
}

/// The route of this request, unless no such API is published.
pub(super) fn find(ask: &Ask) -> Option<Route> {
    let segments = ask.segments();
    let method = ask.method.as_str();
    let closed = |service, handler| Some(Route { service, open: false, handler });
    let open = |service, handler| Some(Route { service, open: true, handler });
    match (method, segments.as_slice()) {
        ("POST", ["v3", "auth", "tokens"]) => open("iam", iam::create_token),
        ("GET", ["v3", "projects"]) => closed("iam", iam::projects),
        ("GET", ["v3", "auth", "domains"]) => closed("iam", iam::domains),
        ("POST", ["v3", "scm", "certificates", "import"]) => closed("scm", scm::import),
        ("POST", ["v3", "scm", "certificates", _, "push"]) => closed("scm", scm::push),
        ("POST", ["v3", "scm", "certificates", _, "batch-push"]) => closed("scm", scm::batch_push),
        ("GET", ["v3", "scm", "certificates"]) => closed("scm", scm::list),
        ("GET", ["v3", "scm", "certificates", _]) => closed("scm", scm::show),
        ("DELETE", ["v3", "scm", "certificates", _]) => closed("scm", scm::delete),
        ("GET", ["v3", _, "elb", "certificates"]) => closed("elb", elb::list),
        ("GET", ["v3", _, "elb", "certificates", _]) => closed("elb", elb::show),
        ("GET", ["v1", _, "waf", "certificate"]) => closed("waf", waf::list),
        ("GET", ["v1", _, "waf", "certificate", _]) => closed("waf", waf::show),
        ("GET", ["v1.0", "cdn", "domains", "https-certificate-info"]) => {
            closed("cdn", cdn::https_info)
        }
        ("POST", ["v2", _, "instances", _, "ssl-certs", "download"]) => {
            closed("dcs", dcs::download)
        }
        ("GET", ["v3", _, "instances", _, "ssl-cert", "download-link"]) => {
            closed("geminidb", geminidb::download_link)
        }
        ("PUT", ["v3", _, "instances", _, "ssl-option"]) => closed("taurusdb", taurusdb::switch),
        ("GET", ["v3", _, "jobs"]) => closed("taurusdb", taurusdb::job),
        ("GET", ["v3", _, "immediate-jobs"]) => closed("taurusdb", taurusdb::immediate_jobs),
        ("PUT", ["meta-data", "latest", "api", "token"]) => open("metadata", metadata::token),
        ("GET", ["openstack", "latest", "securitykey"]) => open("metadata", metadata::security_key),
        ("GET", ["obs", ..]) => open("obs", obs::fetch),
        _ => None,
    }
}
