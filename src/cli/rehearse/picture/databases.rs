//! The databases in a picture: what each CA file holds, what is published, whether a client of the
//! rehearsal's own connects with it, and what became of each SSL switch.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use rustls_pki_types::CertificateDer;

use super::super::clients;
use crate::cert;
use crate::config::{InstanceCa, InstanceSsl};
use crate::daemon;
use crate::files;
use crate::model::digest::Sha256;
use crate::model::names::Name;
use crate::model::target::CaSource;
use crate::sim::{CaFile, Sim, SslJob};

/// More than any CA file that is installed.
const CA_BYTES_MAX: u64 = cert::CA_INPUT_BYTES_MAX as u64;
/// Beside a CA file of the small world: a line for each time that its command ran.
pub(in super::super) const HOOKS_END: &str = "hooks";

/// One `[[instance_ca]]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in super::super) struct Ca {
    pub(in super::super) name: Name,
    pub(in super::super) source: CaSource,
    pub(in super::super) path: PathBuf,
    /// Every CA that the instance publishes, in order; empty: nothing that is one.
    pub(in super::super) published: Vec<Sha256>,
    /// Every CA in the file, in order; absent: there is no file.
    pub(in super::super) file: Option<Vec<Sha256>>,
    /// What tells this file from one that took its place: its inode, and when it was written.
    pub(in super::super) stamp: Option<(u64, i64, i64)>,
    /// The leaf that a client was shown which trusts the file alone, or why it turned away; absent:
    /// nobody can connect to the instance, or there is no file.
    pub(in super::super) client: Option<Result<Sha256, String>>,
    /// How often the command ran that follows a change.
    pub(in super::super) hooks: usize,
}

impl Ca {
    /// Whether the file holds what is published, and nothing else.
    pub(in super::super) fn is_equal(&self) -> bool {
        !self.published.is_empty() && self.file.as_ref() == Some(&self.published)
    }

    /// Whole days until the first CA in the file ends.
    pub(in super::super) fn days(&self) -> Option<i64> {
        let bundle = cert::read_ca(&bytes(&self.path)?).ok()?;
        let ends = bundle.certificates.iter().map(|facts| facts.not_after).min()?;
        Some(ends.days_after(daemon::now()))
    }
}

/// One `[[instance_ssl]]`.
pub(in super::super) struct Switch {
    pub(in super::super) name: Name,
    /// What the configuration wants it to be.
    pub(in super::super) on: bool,
    /// Whether the configuration allows the restart.
    pub(in super::super) allowed: bool,
    /// Whether the configuration says that it is so already.
    pub(in super::super) assumed: bool,
    /// What the instance's greeting says; absent: nobody can connect to it.
    pub(in super::super) greets: Option<Result<bool, String>>,
    /// Every switch of this instance, each a restart, with its state.
    pub(in super::super) jobs: Vec<(SslJob, &'static str)>,
    /// Whether the daemon asked for its job until the answer was that it is completed.
    pub(in super::super) followed: bool,
}

/// Reads the file and connects with what it holds.
pub(super) async fn ca(entry: &InstanceCa, sim: Option<&Sim>) -> Ca {
    let roots = bytes(&entry.path).map(|bytes| clients::certificates(&bytes));
    let client = match (&entry.probe, &roots) {
        (Some(probe), Some(roots)) => Some(clients::connect(probe, roots).await),
        _ => None,
    };
    let stamp = std::fs::metadata(&entry.path).ok();
    let hooks = bytes(&entry.path.with_extension(HOOKS_END)).unwrap_or_default();
    Ca {
        name: entry.name.clone(),
        source: entry.source,
        path: entry.path.clone(),
        published: sim.map(|sim| published(entry, sim)).unwrap_or_default(),
        file: roots.map(|roots| roots.iter().map(|root| Sha256::of(root)).collect()),
        stamp: stamp.map(|it| (it.ino(), it.mtime(), it.mtime_nsec())),
        client,
        hooks: hooks.iter().filter(|byte| **byte == b'\n').count(),
    }
}

fn published(entry: &InstanceCa, sim: &Sim) -> Vec<Sha256> {
    let mut found = None;
    sim.change(|furniture| {
        let mut instances = furniture.instances.iter();
        let instance = instances.find(|instance| instance.id == entry.instance_id);
        found = instance.and_then(|instance| instance.file(&entry.category)).cloned();
    });
    let certificates = match found {
        Some(CaFile::Zip(pem) | CaFile::Pem(pem)) => clients::certificates(pem.as_bytes()),
        Some(CaFile::Der(der) | CaFile::ZipOfDer(der)) => vec![CertificateDer::from(der)],
        Some(CaFile::Bytes(_)) | None => Vec::new(),
    };
    certificates.iter().map(|it| Sha256::of(it)).collect()
}

fn bytes(path: &std::path::Path) -> Option<Vec<u8>> {
    files::read::bounded(path, CA_BYTES_MAX).ok()
}

/// Reads the greeting and what the cloud knows of the switch.
pub(super) async fn switch(entry: &InstanceSsl, sim: Option<&Sim>) -> Switch {
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
    let greets = match &entry.probe {
        Some(probe) => Some(clients::offers_tls(probe).await),
        None => None,
    };
    Switch {
        name: entry.name.clone(),
        on: entry.enabled,
        allowed: entry.allow_restart,
        assumed: entry.assume == Some(entry.enabled),
        greets,
        jobs: jobs.into_iter().map(state).collect(),
        followed,
    }
}
