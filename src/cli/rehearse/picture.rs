//! What is: the files on the disk and what lies in the simulated clouds, read afresh and set side by
//! side. No word of the daemon goes into it.

use std::path::{Path, PathBuf};

use super::clouds::Clouds;
use super::sites::{self, Site};
use crate::cert::{self, LeafFacts};
use crate::config::{Certificate, Config, InstanceCa, InstanceSsl};
use crate::daemon;
use crate::files;
use crate::model::digest::Sha256;
use crate::model::names::Name;
use crate::model::target::{CaSource, Target};
use crate::observe::local;
use crate::sim::{CaFile, Call, Sim, SslJob};

/// More than any CA file that is installed.
const CA_BYTES_MAX: u64 = cert::CA_INPUT_BYTES_MAX as u64;

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

/// One `[[instance_ca]]`.
pub(super) struct Ca {
    pub(super) name: Name,
    pub(super) source: CaSource,
    pub(super) path: PathBuf,
    /// What the instance publishes.
    pub(super) published: Option<String>,
    /// What is in the file.
    pub(super) file: Option<String>,
}

impl Ca {
    /// Whether the file holds what is published, byte by byte.
    pub(super) fn is_equal(&self) -> bool {
        self.file.is_some() && self.file == self.published
    }

    /// Digest of the file, and the whole days that its CA still has.
    pub(super) fn facts(&self) -> Option<(Sha256, i64)> {
        let bundle = cert::read_ca(self.file.as_ref()?.as_bytes()).ok()?;
        let ends = bundle.certificates.iter().map(|facts| facts.not_after).min()?;
        Some((bundle.sha256, ends.days_after(daemon::now())))
    }
}

/// One `[[instance_ssl]]`.
pub(super) struct Switch {
    pub(super) name: Name,
    pub(super) on: bool,
    /// Whether the configuration wants it to be switched: it allows the restart, and does not say
    /// that it is so already.
    pub(super) wanted: bool,
    /// Every switch of this instance, each a restart, with its state.
    pub(super) jobs: Vec<(SslJob, &'static str)>,
    /// Whether the daemon asked for its job until the answer was that it is completed.
    pub(super) followed: bool,
}

/// Looks at everything that the configuration names.
pub(super) async fn look(config: &Config, clouds: &Clouds) -> Picture {
    let mut rotations = Vec::with_capacity(config.certificates.len());
    let mut places = Vec::new();
    for entry in &config.certificates {
        let leaf = local::read(entry).await.leaf;
        if let Some(sim) = clouds.of(&entry.cloud) {
            places.extend(sites::look(entry, leaf.as_ref().ok(), sim).await);
        }
        let leaf = leaf.map_err(|bad| format!("{}: {}", bad.path.display(), bad.finding));
        let region = config.account(&entry.cloud).map_or("", |account| &account.region);
        rotations.push(rotation(entry, leaf, region, clouds.of(&entry.cloud)));
    }
    let cas = config.instance_cas.iter().map(|entry| ca(entry, clouds.of(&entry.cloud)));
    let switches = config.instance_ssls.iter().map(|entry| switch(entry, clouds.of(&entry.cloud)));
    Picture {
        rotations,
        sites: places,
        cas: cas.collect(),
        switches: switches.collect(),
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
    leaf: Result<LeafFacts, String>,
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
    let pushes = entry.pushes.iter().filter(|push| push.domains.is_empty());
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
        leaf,
    }
}

fn ca(entry: &InstanceCa, sim: Option<&Sim>) -> Ca {
    Ca {
        name: entry.name.clone(),
        source: entry.source,
        path: entry.path.clone(),
        published: sim.and_then(|sim| published(entry, sim)),
        file: text(&entry.path),
    }
}

fn published(entry: &InstanceCa, sim: &Sim) -> Option<String> {
    let mut found = None;
    sim.change(|furniture| {
        let mut instances = furniture.instances.iter();
        let instance = instances.find(|instance| instance.id == entry.instance_id);
        found = match instance.and_then(|instance| instance.file(&entry.category)) {
            Some(CaFile::Zip(pem) | CaFile::Pem(pem)) => Some(pem.clone()),
            _ => None,
        };
    });
    found
}

fn text(path: &Path) -> Option<String> {
    String::from_utf8(files::read::bounded(path, CA_BYTES_MAX).ok()?).ok()
}

fn switch(entry: &InstanceSsl, sim: Option<&Sim>) -> Switch {
    let jobs = sim.map(Sim::ssl_jobs).unwrap_or_default().into_iter();
    let jobs: Vec<_> = jobs.filter(|job| job.instance == entry.instance_id).collect();
    let calls = sim.map(Sim::calls).unwrap_or_default();
    let followed = jobs.iter().any(|job| {
        // The ledger's words name a job by the start of its id, and end in the state it answered.
        let short = job.id.get(..8).unwrap_or(&job.id);
        calls.iter().any(|call| {
            call.path.ends_with("/jobs")
                && call.detail.contains(short)
                && call.detail.ends_with("Completed")
        })
    });
    let now = daemon::now();
    let state = |job: SslJob| {
        let state = job.status(now);
        (job, state)
    };
    Switch {
        name: entry.name.clone(),
        on: entry.enabled,
        wanted: entry.allow_restart && entry.assume != Some(entry.enabled),
        jobs: jobs.into_iter().map(state).collect(),
        followed,
    }
}
