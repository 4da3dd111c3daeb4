//! Where certificates are bound: listeners, hosts and domains, and which certificate has which.

use std::collections::HashMap;

use super::endpoint::{Host, host, host_and_port};
use super::values::word;
use crate::config::Push;
use crate::config::error::{Findings, shown};
use crate::config::raw;
use crate::config::read::Read;
use crate::model::names::Name;
use crate::model::place::Place;
use crate::model::target::Target;

/// Longest id of a listener or a host, in characters.
const ID_CHARS_MAX: usize = 64;

/// WAF hosts and CDN domains by cloud, each with the certificate that is bound there.
pub(super) type Sites = HashMap<(Name, Place), String>;

/// Whose pushes they are.
pub(super) struct Owner<'o> {
    /// The certificate in a sentence.
    pub(super) said: String,
    /// Its cloud, where that is known.
    pub(super) cloud: Option<&'o Name>,
}

/// Refuses lists that mean nothing to this service.
pub(super) fn refuse_of_others(raw: &raw::Push, target: Target, findings: &mut Findings<'_>) {
    for (key, service, written) in [
        ("listeners", Target::Elb, &raw.listeners),
        ("hosts", Target::Waf, &raw.hosts),
        ("domains", Target::Cdn, &raw.domains),
    ] {
        if let Some(written) = written.as_ref().filter(|_| service != target) {
            let (service, target) = (service.api().key(), target.api().key());
            let sentence =
                format!("`{key}` belongs to service {service:?}, and this one is {target:?}");
            findings.add(&written.span(), sentence);
        }
    }
}

/// Refuses a WAF host or a CDN domain that another certificate is bound to: one holds a single certificate,
/// so that the two would take it from each other for ever. A listener holds many.
pub(super) fn refuse_shared(
    read: &Read<raw::Push>,
    push: &Push,
    owner: &Owner<'_>,
    sites: &mut Sites,
    findings: &mut Findings<'_>,
) {
    type Parse = fn(&str) -> Result<String, &'static str>;
    let (key, written, parse): (_, _, Parse) = match push.target {
        Target::Elb => return,
        Target::Waf => ("hosts", &read.raw.hosts, waf_host),
        Target::Cdn => ("domains", &read.raw.domains, domain),
    };
    let Some(cloud) = owner.cloud else {
        return;
    };
    for item in written.iter().flat_map(|list| list.get_ref()) {
        let Ok(site) = parse(item.get_ref()) else {
            continue;
        };
        let place = Place { target: push.target, project: push.project.clone(), site };
        let Some(place) = site_key(cloud, place) else { continue };
        let holder = sites.entry(place).or_insert_with(|| owner.said.clone());
        if *holder != owner.said {
            let (text, api, said) = (shown(item.get_ref()), push.target.api(), &owner.said);
            let sentence = format!(
                "`{key}` {text} is bound by {holder} and by {said}, and {api} serves one certificate there: expected it in one of them"
            );
            findings.add(&item.span(), sentence);
        }
    }
}

/// By what a place that serves a single certificate is known; `None` for one that serves many. CDN is one for
/// all projects.
pub(super) fn site_key(cloud: &Name, place: Place) -> Option<(Name, Place)> {
    let Place { target, project, site } = place;
    let project = match target {
        Target::Elb => return None,
        Target::Waf => project,
        Target::Cdn => String::new(),
    };
    Some((cloud.clone(), Place { target, project, site: site.to_ascii_lowercase() }))
}

/// A listener by its id.
pub(super) fn listener(text: &str) -> Result<String, String> {
    let fit = |c: char| c.is_ascii_alphanumeric() || c == '-';
    word(text, ID_CHARS_MAX, fit, "a listener id, expected letters, digits and dashes")
}

/// A host name, perhaps with a wildcard in front or a port behind, or an id, which looks like a name.
pub(super) fn waf_host(text: &str) -> Result<String, &'static str> {
    let name = text.strip_prefix("*.").unwrap_or(text);
    if host(name).is_some() || host_and_port(name).is_some() || is_id(text) {
        return Ok(text.to_owned());
    }
    Err("is no host, expected a host name such as www.example.com or *.example.com, or an id")
}

fn is_id(text: &str) -> bool {
    word(text, ID_CHARS_MAX, |c| c.is_ascii_alphanumeric() || c == '-', "").is_ok()
}

/// A domain with a dot in it; a wildcard is `*.example.com` or `.example.com`.
pub(super) fn domain(text: &str) -> Result<String, &'static str> {
    let name = text.strip_prefix("*.").or(text.strip_prefix('.')).unwrap_or(text);
    match host(name) {
        Some(Host::Name(name)) if name.contains('.') => Ok(text.to_owned()),
        _ => Err("is no domain, expected such as www.example.com or *.example.com"),
    }
}
