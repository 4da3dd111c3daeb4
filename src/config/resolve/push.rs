//! `[[certificate.push]]`: targets of one certificate.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use super::World;
use super::lists::once;
use super::probe::probe;
use super::sites::{Owner, Sites, domain, listener, refuse_of_others, refuse_shared, waf_host};
use super::values::{parsed, parsed_or, required, span_within, word};
use crate::config::Push;
use crate::config::error::{Findings, shown};
use crate::config::raw;
use crate::config::read::Read;
use crate::config::words::one_of;
use crate::model::names::Name;
use crate::model::place::{Drift, Probe};
use crate::model::target::Target;

/// Longest project name that the push call takes, in characters.
const PROJECT_CHARS_MAX: usize = 255;
/// Less than a second no edge follows in; a day after the binding is no delay any more, but a fault.
const WINDOW: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(86_400);

/// Lists of targets, each once: of thousands of certificates most go to the same places.
pub(super) type Shared = HashSet<Arc<[Push]>>;

/// This list, or the same one that another certificate has.
pub(super) fn shared(pushes: Vec<Push>, known: &mut Shared) -> Arc<[Push]> {
    if let Some(same) = known.get(pushes.as_slice()) {
        return Arc::clone(same);
    }
    let pushes = Arc::from(pushes);
    known.insert(Arc::clone(&pushes));
    pushes
}

/// The targets of one certificate, none of them twice.
pub(super) fn all(
    reads: &[Read<raw::Push>],
    owner: &Owner<'_>,
    sites: &mut Sites,
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Vec<Push> {
    let mut seen = HashSet::new();
    let mut pushes = Vec::new();
    for read in reads {
        let Some(push) = push(read, owner.cloud, world, findings) else {
            continue;
        };
        // CDN is one service for all regions, so a second project there is the same target.
        let project = if push.target == Target::Cdn { "" } else { &push.project };
        if !seen.insert((push.target, project.to_owned())) {
            findings.add(&read.span, again(&push));
        }
        refuse_shared(read, &push, owner, sites, findings);
        pushes.push(push);
    }
    pushes
}

fn again(push: &Push) -> String {
    let service = push.target.api().key();
    let project = match push.target {
        Target::Cdn => String::new(),
        Target::Elb | Target::Waf => format!(" with project {}", shown(&push.project)),
    };
    format!(
        "`service` {service:?}{project} stands a second time in this certificate, expected once"
    )
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
    // Ids and names that differ in case alone are the same.
    let lower = |text: &String| text.to_ascii_lowercase();
    let listeners = once("listeners", raw.listeners.as_ref(), findings, listener, lower);
    let hosts = once("hosts", raw.hosts.as_ref(), findings, waf_host, lower);
    let domains = once("domains", raw.domains.as_ref(), findings, domain, lower);
    let same = |probe: &Probe| (probe.name.clone(), probe.at.clone());
    let probes = once("probe", raw.probe.as_ref(), findings, probe, same);
    let drift = parsed_or("drift", raw.drift.as_ref(), raw::DRIFT, findings, drift);
    let default = if target == Some(Target::Cdn) { raw::WINDOW_CDN } else { raw::WINDOW };
    let window = parsed_or("window", raw.window.as_ref(), default, findings, |text| {
        span_within(text, WINDOW)
    });
    let target = target?;
    refuse_of_others(raw, target, findings);
    let sites = match target {
        Target::Elb => listeners,
        Target::Waf => hosts,
        Target::Cdn => domains,
    };
    let (sites, probes) = (sites.into(), probes.into());
    Some(Push { target, project: project?, sites, probes, window: window?, drift: drift? })
}

fn drift(text: &str) -> Result<Drift, String> {
    one_of(text, "is no way to treat drift")
}

fn target(text: &str) -> Result<Target, String> {
    one_of(text, "is no service to push to")
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
