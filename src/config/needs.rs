//! What the targets of a certificate come to: the places that it is bound at, and the names that it needs.

use super::{Certificate, Push};
use crate::model::place::Place;
use crate::model::target::Target;

impl Push {
    /// Every listener, host or domain that this push binds to, in the file's order; none where it only
    /// pushes.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        self.sites.iter().map(|site| Place {
            target: self.target,
            project: self.project.clone(),
            site: site.clone(),
        })
    }

    /// Whether a copy must be pushed there. A CDN domain takes the certificate manager's own.
    pub fn is_pushed_to(&self) -> bool {
        self.target != Target::Cdn || self.sites.is_empty()
    }
}

impl Certificate {
    /// The names that a leaf must have for the targets to work, each with who needs it, such as
    /// `probe www.example.com:443`. Names are in lower case, a wildcard is `*.example.com`. A probe of an
    /// address and a host given by its id or address need none.
    pub fn needed_names(&self) -> Vec<(String, String)> {
        self.pushes.iter().flat_map(needed).collect()
    }
}

fn needed(push: &Push) -> impl Iterator<Item = (String, String)> {
    let probes = push.probes.iter().filter_map(|probe| {
        let name = probe.name.as_ref()?;
        Some((name.to_ascii_lowercase(), format!("probe {probe}")))
    });
    let sites = push.sites.iter().filter_map(|site| match push.target {
        Target::Elb => None,
        Target::Waf => Some((host_name(site)?, format!("WAF host {site}"))),
        Target::Cdn => Some((wildcard(site), format!("CDN domain {site}"))),
    });
    probes.chain(sites)
}

/// CDN writes a wildcard domain as `*.example.com` or as `.example.com`; a certificate has the former.
fn wildcard(domain: &str) -> String {
    let star = if domain.starts_with('.') { "*" } else { "" };
    format!("{star}{domain}").to_ascii_lowercase()
}

/// The name of a WAF host. An id has no dot, and the last label of an address is a number.
fn host_name(host: &str) -> Option<String> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let (_, last) = name.rsplit_once('.')?;
    let is_name = !last.starts_with(|c: char| c.is_ascii_digit()) && !name.ends_with(']');
    is_name.then(|| name.to_ascii_lowercase())
}
