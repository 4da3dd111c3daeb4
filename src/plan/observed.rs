//! What a pass saw, beside what the configuration wants: all that the planner knows of the world.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::cert::Finding;
use crate::cert::LeafFacts;
use crate::model::digest::Sha256;
use crate::model::failure::Failure;
use crate::model::names::{Name, Subject};
use crate::model::target::Target;
use crate::model::time::Time;
use crate::schedule::Backoff;

/// Everything seen, and the settings that decide how long to wait.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The moment of planning.
    pub now: Time,
    /// How long a write whose answer was lost is not repeated.
    pub doubt: Duration,
    /// First and longest wait between tries.
    pub retry: Backoff,
    /// Subjects with a step under way.
    pub in_flight: BTreeSet<Subject>,
    /// Rotations.
    pub certificates: Vec<CertificateSeen>,
    /// CA files.
    pub cas: Vec<CaSeen>,
    /// SSL switches.
    pub switches: Vec<SwitchSeen>,
}

/// One `[[certificate]]`: its files, its import, its targets.
#[derive(Debug, Clone)]
pub struct CertificateSeen {
    /// The entry.
    pub name: Name,
    /// Its account.
    pub cloud: Name,
    /// Its enterprise project.
    pub enterprise_project: Option<String>,
    /// Where its leaf lies.
    pub cert_path: PathBuf,
    /// When this look began.
    pub looked_at: Time,
    /// The leaf on this disk, or what is wrong with the files.
    pub local: Result<LeafFacts, BadInput>,
    /// The import of this leaf.
    pub import: ImportSeen,
    /// The copies of this leaf, one a configured push.
    pub targets: Vec<TargetSeen>,
}

/// A file that holds nothing that may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadInput {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub finding: Finding,
}

/// What a look at the certificate manager showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportSeen {
    /// Not asked: the journal knows the import, and it was confirmed not long ago.
    Trusted,
    /// It stands there under this id: the name matched and the fingerprint confirmed it.
    Found(String),
    /// It does not stand there.
    Absent,
    /// Could not be seen.
    Unknown(Failure),
}

/// One configured push.
#[derive(Debug, Clone)]
pub struct TargetSeen {
    /// The service.
    pub target: Target,
    /// The project, by name.
    pub project: String,
    /// The copy of this leaf there.
    pub copy: CopySeen,
}

/// What a look at a target showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopySeen {
    /// Nobody looked.
    NotAsked,
    /// A certificate with this very leaf stands there, under this id.
    Found(String),
    /// The target's list was read to its end and has no such leaf.
    Absent,
    /// The target cannot be read by us: no right, no such API.
    Blind(Failure),
    /// Could not be seen this time.
    Unknown(Failure),
}

/// One `[[instance_ca]]`: what is published, and the file.
#[derive(Debug, Clone)]
pub struct CaSeen {
    /// The entry.
    pub name: Name,
    /// The digest of the bundle that the instance publishes, checked.
    pub published: Result<Sha256, Failure>,
    /// The file in place.
    pub file: FileSeen,
    /// Whether a command follows a change.
    pub has_hook: bool,
}

/// A file in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileSeen {
    /// It holds bytes with this digest.
    Holds(Sha256),
    /// There is none.
    Absent,
    /// It could not be read.
    Unknown(Failure),
}

/// One `[[instance_ssl]]`: what is wanted, and what the task list says.
#[derive(Debug, Clone)]
pub struct SwitchSeen {
    /// The entry.
    pub name: Name,
    /// Its account.
    pub cloud: Name,
    /// The instance.
    pub instance_id: String,
    /// The wanted state.
    pub on: bool,
    /// Whether the instance may be restarted.
    pub allow_restart: bool,
    /// What the operator knows the present state to be.
    pub assume: Option<bool>,
    /// When this look began.
    pub looked_at: Time,
    /// The job that the journal waits for.
    pub job: Option<Result<JobState, Failure>>,
    /// SSL switch jobs of this instance, where they were needed.
    pub jobs: Option<Result<Vec<SwitchJob>, Failure>>,
}

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobState {
    /// Not at its end.
    Running,
    /// Done.
    Completed,
    /// Failed, with the service's reason.
    Failed(String),
}

/// One row of the task list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchJob {
    /// The job.
    pub job_id: String,
    /// When it was begun, by the cloud's clock, to the second.
    pub created: Time,
}
