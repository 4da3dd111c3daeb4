//! Which handler a method and a path lead to: the list of all that the simulated cloud can do.

use super::answer::Answer;
use super::ask::Ask;
use super::world::World;
use super::{cdn, databases, dcs, elb, geminidb, iam, metadata, obs, scm, taurusdb, waf};

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
        ("POST", ["v3", "scm", "certificates", _, "deploy"]) => closed("scm", scm::deploy),
        ("POST", ["v3", "scm", "deployed-resources"]) => closed("scm", scm::deployed_resources),
        (_, ["v3", _, "elb", rest @ ..]) => {
            elb_route(method, rest).and_then(|it| closed("elb", it))
        }
        (_, ["v1", _, area @ ("waf" | "premium-waf"), rest @ ..]) => {
            waf_route(method, area, rest).and_then(|it| closed("waf", it))
        }
        (_, [version @ ("v1.0" | "v1.1"), "cdn", rest @ ..]) => {
            cdn_route(method, version, rest).and_then(|it| closed("cdn", it))
        }
        ("POST", ["v2", _, "instances", _, "ssl-certs", "download"]) => {
            closed("dcs", dcs::download)
        }
        ("GET", ["v2", _, "instances", _, "ssl"]) => closed("dcs", dcs::ssl),
        ("GET", ["v3", _, "instances", _, "ssl-cert", "download-link"]) => {
            closed("geminidb", databases::download_link)
        }
        ("GET", ["v3", _, "instances"]) => closed("geminidb", geminidb::list),
        ("PUT", ["v3", _, "instances", _, "ssl-option"]) => closed("taurusdb", taurusdb::switch),
        ("GET", ["v3", _, "jobs"]) => closed("taurusdb", taurusdb::job),
        ("GET", ["v3", _, "immediate-jobs"]) => closed("taurusdb", taurusdb::immediate_jobs),
        ("PUT", ["meta-data", "latest", "api", "token"]) => open("metadata", metadata::token),
        ("GET", ["openstack", "latest", "securitykey"]) => open("metadata", metadata::security_key),
        ("GET", ["obs", ..]) => open("obs", obs::fetch),
        _ => None,
    }
}

fn elb_route(method: &str, rest: &[&str]) -> Option<Handler> {
    Some(match (method, rest) {
        ("GET", ["certificates"]) => elb::list,
        ("POST", ["certificates"]) => elb::create,
        ("GET", ["certificates", _]) => elb::show,
        ("PUT", ["certificates", _]) => elb::update,
        ("DELETE", ["certificates", _]) => elb::delete,
        ("GET", ["listeners"]) => elb::list_listeners,
        ("GET", ["listeners", _]) => elb::show_listener,
        ("PUT", ["listeners", _]) => elb::update_listener,
        ("GET", ["quotas"]) => elb::quotas,
        _ => return None,
    })
}

fn waf_route(method: &str, area: &str, rest: &[&str]) -> Option<Handler> {
    Some(match (method, area, rest) {
        ("GET", "waf", ["certificate"]) => waf::list,
        ("POST", "waf", ["certificate"]) => waf::create,
        ("GET", "waf", ["certificate", _]) => waf::show,
        ("PUT", "waf", ["certificate", _]) => waf::update,
        ("DELETE", "waf", ["certificate", _]) => waf::delete,
        ("POST", "waf", ["certificate", _, "apply-to-hosts"]) => waf::apply,
        ("GET", "waf", ["instance"]) => waf::list_cloud,
        ("GET", "waf", ["instance", _]) => waf::show_cloud,
        ("PATCH", "waf", ["instance", _]) => waf::update_cloud,
        ("GET", "premium-waf", ["host"]) => waf::list_premium,
        ("GET", "premium-waf", ["host", _]) => waf::show_premium,
        ("PUT", "premium-waf", ["host", _]) => waf::update_premium,
        _ => return None,
    })
}

fn cdn_route(method: &str, version: &str, rest: &[&str]) -> Option<Handler> {
    Some(match (method, version, rest) {
        ("GET", "v1.0", ["domains"]) => cdn::list,
        ("GET", "v1.0", ["domains", "https-certificate-info"]) => cdn::https_info,
        ("PUT", "v1.0", ["domains", "config-https-info"]) => cdn::update_https_info,
        ("GET", "v1.1", ["configuration", "domains", _, "configs"]) => cdn::show_configs,
        ("PUT", "v1.1", ["configuration", "domains", _, "configs"]) => cdn::update_configs,
        _ => return None,
    })
}
