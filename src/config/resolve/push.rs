//! `[[certificate.push]]`: targets of one certificate.

use std::collections::HashSet;
use std::fmt::Display;

use toml::Spanned;

use super::World;
use super::endpoint::{Host, host, host_and_port};
use super::values::{parsed, required, word};
use crate::config::Push;
use crate::config::error::{Findings, shown};
use crate::config::raw::{self, Texts};
use crate::config::read::Read;
use crate::model::names::Name;
use crate::model::target::Target;

/// Longest project name that the push call takes, in characters.
const PROJECT_CHARS_MAX: usize = 255;
/// Longest id of a listener or a host, in characters.
const ID_CHARS_MAX: usize = 64;
/// Most listeners, hosts, domains or probes of one target: each costs a call or a handshake.
const LIST_MAX: usize = 500;

/// The targets of one certificate, none of them twice.
pub(super) fn all(
    reads: &[Read<raw::Push>],
    cloud: Option<&Name>,
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Vec<Push> {
    let mut seen = HashSet::new();
    let mut pushes = Vec::new();
    for read in reads {
        let Some(push) = push(read, cloud, world, findings) else {
            continue;
        };
        // CDN is one service for all regions, so a second project there is the same target.
        let project = if push.target == Target::Cdn { "" } else { &push.project };
        if !seen.insert((push.target, project.to_owned())) {
            let again = match push.target {
                Target::Cdn => {
                    "`service` \"cdn\" stands a second time in this certificate, expected once"
                        .to_owned()
                }
                target => {
                    let service = target.api().key();
                    let project = shown(&push.project);
                    format!(
                        "`service` {service:?} with project {project} stands a second time in this certificate, expected once"
                    )
                }
            };
            findings.add(&read.span, again);
        }
        pushes.push(push);
    }
    pushes
}

fn push(
    read: &Read<raw::Push>,
    cloud: Option<&Name>,
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Option<Push> {
    let raw = &read.raw;
    let service = required(read, "service", raw.service.as_ref(), findings);
    let target = service.and_then(|service| parsed("service", service, findings, target));
    let project = match &raw.project {
        Some(project) => parsed("project", project, findings, project_name),
        None => cloud.and_then(|cloud| world.region(cloud.as_str())),
    };
    let listeners = list("listeners", raw.listeners.as_ref(), findings, listener);
    let hosts = list("hosts", raw.hosts.as_ref(), findings, waf_host);
    let domains = list("domains", raw.domains.as_ref(), findings, domain);
    let probes = list("probe", raw.probe.as_ref(), findings, probe);
    let target = target?;
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
    Some(Push { target, project: project?, listeners, hosts, domains, probes })
}

/// The sound items of a list; complains about the others.
pub(super) fn list<E: Display>(
    key: &str,
    written: Option<&Spanned<Texts>>,
    findings: &mut Findings<'_>,
    parse: impl Fn(&str) -> Result<String, E>,
) -> Vec<String> {
    let Some(written) = written else {
        return Vec::new();
    };
    let count = written.get_ref().len();
    if !(1..=LIST_MAX).contains(&count) {
        let sentence =
            format!("`{key}` has {count} items, expected 1 to {LIST_MAX}, or leave the key out");
        findings.add(&written.span(), sentence);
        return Vec::new();
    }
    written.get_ref().iter().filter_map(|item| parsed(key, item, findings, &parse)).collect()
}

fn target(text: &str) -> Result<Target, &'static str> {
    match text {
        "elb" => Ok(Target::Elb),
        "waf" => Ok(Target::Waf),
        "cdn" => Ok(Target::Cdn),
        _ => Err("is no service to push to, expected one of elb, waf, cdn"),
    }
}

fn project_name(text: &str) -> Result<String, String> {
    let fit = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    word(
        text,
        PROJECT_CHARS_MAX,
        fit,
        "a project name, expected such as cn-north-4 or cn-north-4_web",
    )
}

fn listener(text: &str) -> Result<String, String> {
    let fit = |c: char| c.is_ascii_alphanumeric() || c == '-';
    word(text, ID_CHARS_MAX, fit, "a listener id, expected letters, digits and dashes")
}

/// A host name, perhaps with a wildcard in front or a port behind, or an id, which looks like a name.
fn waf_host(text: &str) -> Result<String, &'static str> {
    let name = text.strip_prefix("*.").unwrap_or(text);
    if host(name).is_some() || host_and_port(name).is_some() || is_id(text) {
        return Ok(text.to_owned());
    }
    Err("is no host, expected a host name such as www.example.com or *.example.com, or an id")
}

fn is_id(text: &str) -> bool {
    word(text, ID_CHARS_MAX, |c| c.is_ascii_alphanumeric() || c == '-', "").is_ok()
}

fn domain(text: &str) -> Result<String, &'static str> {
    let name = text.strip_prefix("*.").or(text.strip_prefix('.')).unwrap_or(text);
    match host(name) {
        Some(Host::Name(name)) if name.contains('.') => Ok(text.to_owned()),
        _ => Err("is no domain, expected such as www.example.com or *.example.com"),
    }
}

fn probe(text: &str) -> Result<String, &'static str> {
    let sound = match text.split_once('@') {
        Some((name, at)) => {
            matches!(host(name), Some(Host::Name(_)))
                && matches!(host_and_port(at), Some(Host::Address(_)))
        }
        None => host_and_port(text).is_some(),
    };
    if sound {
        Ok(text.to_owned())
    } else {
        Err("is no probe, expected host:port, or name@address:port to pin an address")
    }
}
