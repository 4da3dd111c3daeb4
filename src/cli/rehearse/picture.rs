//! What is: the files on the disk and what lies in the simulated clouds, read afresh and set side by
//! side. No word of the daemon goes into it.

mod databases;

use super::clouds::Clouds;
use super::sites::{self, Site};
use crate::cert::LeafFacts;
use crate::config::{Certificate, Config};
use crate::model::digest::Sha256;
use crate::model::names::Name;
use crate::model::target::Target;
use crate::observe::local;
use crate::sim::{Call, Sim};
use std::sync::Arc;

pub(super) use databases::{Ca, HOOKS_END, Switch};

/// Every target that there is.
pub(super) const TARGETS: [Target; 3] = [Target::Elb, Target::Waf, Target::Cdn];

/// All of it at one moment.
pub(super) struct Picture {
    pub(super) rotations: Vec<Rotation>,
    /// Every listener, host and domain that a certificate is bound at.
    pub(super) sites: Vec<Site>,
    pub(super) cas: Vec<Ca>,
    pub(super) switches: Vec<Switch>,
    /// The leaf of every import, whosoever it is.
    pub(super) imports: Vec<Sha256>,
    /// What was asked of the clouds and is not allowed by the API's documents.
    pub(super) violations: Vec<String>,
    /// How many calls there were.
    pub(super) calls: usize,
    /// Every copy that a push left in a target.
    pub(super) pushed: Vec<(Target, Sha256)>,
    /// Every certificate in a target that somebody else put there.
    pub(super) foreign: Vec<(Target, Sha256)>,
    /// How many writes there were that bind a certificate.
    pub(super) bindings: usize,
    /// What was charged, in yuan.
    pub(super) fees: u64,
    /// How many switches were accepted, each a restart.
    pub(super) restarts: usize,
}

impl Picture {
    /// How many imports, pushed copies, bindings and switches there are.
    pub(super) fn effects(&self) -> [usize; 4] {
        [self.imports.len(), self.pushed.len(), self.bindings, self.restarts]
    }
}

/// One `[[certificate]]`.
pub(super) struct Rotation {
    pub(super) name: Name,
    /// The leaf on the disk, or what is wrong with the files.
    pub(super) leaf: Result<LeafFacts, String>,
    /// The ids of its imports; one is right.
    pub(super) ids: Vec<String>,
    pub(super) copies: Vec<Copy>,
}

/// One `[[certificate.push]]`.
pub(super) struct Copy {
    pub(super) target: Target,
    pub(super) project: String,
    /// Whether that project is another than the account's region.
    pub(super) elsewhere: bool,
    /// Whether the target has the leaf that is on the disk.
    pub(super) there: bool,
}

/// Looks at everything that the configuration names.
pub(super) async fn look(config: &Config, clouds: &Clouds) -> Picture {
    let mut rotations = Vec::with_capacity(config.certificates.len());
    let mut places = Vec::new();
    for entry in &config.certificates {
        let leaf = local::read(entry, None).await.leaf;
        if let Some(sim) = clouds.of(&entry.cloud) {
            places.extend(sites::look(entry, leaf.as_deref().ok(), sim).await);
        }
        let leaf = leaf.map_err(|bad| format!("{}: {}", bad.path.display(), bad.finding));
        let region = config.account(&entry.cloud).map_or("", |account| &account.region);
        rotations.push(rotation(entry, leaf, region, clouds.of(&entry.cloud)));
    }
    let mut cas = Vec::with_capacity(config.instance_cas.len());
    for entry in &config.instance_cas {
        cas.push(databases::ca(entry, clouds.of(&entry.cloud)).await);
    }
    let mut switches = Vec::with_capacity(config.instance_ssls.len());
    for entry in &config.instance_ssls {
        switches.push(databases::switch(entry, clouds.of(&entry.cloud)).await);
    }
    Picture {
        rotations,
        sites: places,
        cas,
        switches,
        imports: clouds.all().flat_map(Sim::imports).map(|import| import.sha256).collect(),
        violations: clouds.all().flat_map(Sim::violations).collect(),
        calls: clouds.all().map(|sim| sim.calls().len()).sum(),
        pushed: clouds.all().flat_map(|sim| stored(sim, true)).collect(),
        foreign: clouds.all().flat_map(|sim| stored(sim, false)).collect(),
        bindings: clouds.all().flat_map(Sim::calls).filter(binds).count(),
        fees: clouds.all().map(Sim::fees).sum(),
        restarts: clouds.all().map(|sim| sim.ssl_jobs().len()).sum(),
    }
}

/// What lies in the targets: the copies that pushes left, or all the others.
fn stored(sim: &Sim, pushed: bool) -> Vec<(Target, Sha256)> {
    let all = TARGETS.into_iter().flat_map(|target| sim.certificates(target));
    let all = all.filter(|found| found.certificate_id.is_empty() != pushed);
    all.map(|found| (found.target, found.sha256)).collect()
}

/// Whether this call binds a certificate, whatever came of it.
fn binds(call: &Call) -> bool {
    let to = |part| call.path.contains(part);
    call.method != "GET"
        && (to("/elb/listeners/") || to("/waf/instance/") || to("/premium-waf/host/"))
        || call.method == "POST" && to("/apply-to-hosts")
        || call.method == "PUT" && to("/cdn/")
}

fn rotation(
    entry: &Certificate,
    leaf: Result<Arc<LeafFacts>, String>,
    region: &str,
    sim: Option<&Sim>,
) -> Rotation {
    let digest = leaf.as_ref().ok().map(|leaf| leaf.sha256);
    let project = entry.enterprise_project_id.as_deref();
    let imports = sim.map(Sim::imports).unwrap_or_default().into_iter().filter(|import| {
        Some(import.sha256) == digest
            && project.is_none_or(|project| project == import.enterprise_project_id)
    });
    // A domain of CDN takes its certificate from the certificate manager itself.
    let pushes = entry.pushes.iter().filter(|push| push.is_pushed_to());
    let copies = pushes.map(|push| {
        let copies = sim.map(|sim| sim.copies(push.target)).unwrap_or_default();
        let there = copies.iter().any(|copy| {
            // CDN has no projects, so its copies name none.
            let here = push.target == Target::Cdn || copy.project == push.project;
            here && Some(copy.sha256) == digest
        });
        let elsewhere = push.project != region;
        Copy { target: push.target, project: push.project.clone(), elsewhere, there }
    });
    Rotation {
        name: entry.name.clone(),
        ids: imports.map(|import| import.id).collect(),
        copies: copies.collect(),
        leaf: leaf.map(Arc::unwrap_or_clone),
    }
}
