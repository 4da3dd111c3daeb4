//! What a pass saw, beside what the configuration wants: all that the planner knows of the world.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::action::ImportKey;
use super::sight::Seen;
use crate::cert::{CaBundle, CaFacts, Finding, LeafFacts};
use crate::model::digest::Sha256;
use crate::model::failure::Failure;
use crate::model::names::{Name, Subject};
use crate::model::place::{Drift, Place, Probe};
use crate::model::target::Target;
use crate::model::time::Time;
use crate::schedule::{Backoff, Window};

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
    pub local: Result<Arc<LeafFacts>, BadInput>,
    /// How many superseded imports of ours stay.
    pub keep: usize,
    /// The import of this leaf.
    pub import: ImportSeen,
    /// When the newest import under this entry's name was issued, this leaf's own left out. Asked
    /// for where the journal knows of none: it may be lost.
    pub newest_named: Option<Time>,
    /// Superseded imports of this entry, as far as they were asked for, and who holds each.
    pub superseded: Vec<ImportHeld>,
    /// One a configured push.
    pub targets: Vec<TargetSeen>,
    /// Nobody looked at the targets and at what is superseded, since the import was all there was to
    /// decide. What follows an import is not decided by this look.
    pub import_alone: bool,
}

/// A superseded import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportHeld {
    /// Which leaf, where.
    pub key: ImportKey,
    /// The certificate manager's id.
    pub id: String,
    /// Who uses it in any service and region.
    pub holders: Holders,
}

/// Who uses a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holders {
    /// Nobody: everything that could was read.
    Nobody,
    /// These.
    Some(Vec<String>),
    /// Something that could use it did not answer.
    Unknown(String),
    /// It does not stand there any more.
    Gone,
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
    /// Whether the service's list has room for another certificate, where that can be told.
    pub room: Option<Room>,
    /// Other copies that matter: of superseded leaves of this entry, and what stands at its sites.
    pub copies: Vec<CopyHeld>,
    /// Where it is bound, one a configured listener, host or domain.
    pub sites: Vec<SiteSeen>,
    /// What handshakes showed, one a configured probe.
    pub probes: Vec<ProbeSeen>,
    /// How long after binding the former leaf may still be served.
    pub window: Duration,
    /// What to do about a binding that somebody else has changed.
    pub drift: Drift,
}

impl TargetSeen {
    /// Whether a copy must be pushed first. A CDN domain takes the certificate manager's own.
    pub fn is_pushed_to(&self) -> bool {
        self.target != Target::Cdn || self.sites.is_empty()
    }

    /// The place of one of its sites.
    pub fn place(&self, site: &str) -> Place {
        Place { target: self.target, project: self.project.clone(), site: site.to_owned() }
    }
}

/// How many certificates a service has and may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// It has so many.
    pub used: usize,
    /// It takes so many.
    pub quota: usize,
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

/// A copy in a target beside the one of this leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyHeld {
    /// The target's id of it.
    pub id: String,
    /// What is in it; absent: it cannot be told.
    pub leaf: Option<LeafFacts>,
    /// Who uses it there.
    pub holders: Holders,
}

/// One listener, host or domain.
#[derive(Debug, Clone)]
pub struct SiteSeen {
    /// As configured.
    pub site: String,
    /// What is bound there.
    pub bound: BoundSeen,
}

/// What a look at a site showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoundSeen {
    /// Nobody looked.
    NotAsked,
    /// These stand there.
    Slots {
        /// Every certificate that it uses to serve.
        slots: Vec<Slot>,
        /// Whether it speaks QUIC, for which ELB takes RSA alone.
        quic: bool,
    },
    /// Could not be seen.
    Unknown(Failure),
}

/// One certificate that a site serves with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Whether a handshake's name decides that it is used.
    pub role: Role,
    /// The target's id of the certificate; empty where it gives none.
    pub id: String,
    /// What is in it; absent: it cannot be told.
    pub leaf: Option<LeafFacts>,
}

/// What a slot is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Whatever name is asked for; the only one of a host or domain.
    Default,
    /// The names in it.
    Sni,
}

/// One configured probe.
#[derive(Debug, Clone)]
pub struct ProbeSeen {
    /// As configured.
    pub probe: Probe,
    /// What came of it.
    pub handshake: Handshake,
}

/// What a fresh handshake showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handshake {
    /// Nobody looked.
    NotAsked,
    /// A leaf came, whatever its validity, and the server proved to hold its key, where that can be
    /// checked at all (not for a leaf that cannot be read, nor for RSA keys of sizes that TLS libraries
    /// refuse). What the server wants afterwards, such as a certificate of ours, does not matter.
    Served {
        /// Of the leaf's DER.
        sha256: Sha256,
        /// What is in it; none when it cannot be read.
        leaf: Option<LeafFacts>,
        /// What came after the leaf, in the order sent; a bounded number of them.
        chain: Vec<Sha256>,
    },
    /// TCP connected, and what came is no handshake with a certificate: an alert, other bytes, an end; or
    /// the server does not hold the key of the certificate that it sends.
    Broken(Failure),
    /// No TCP connection, or no end of the handshake in time, or the name does not resolve. It says
    /// nothing about what is served.
    Unreachable(Failure),
}
/// One `[[instance_ca]]`: what is published, the file, and what the instance presents.
#[derive(Debug, Clone)]
pub struct CaSeen {
    /// The entry.
    pub name: Name,
    /// What the instance publishes: never empty, and each of it fit to be installed.
    pub published: Result<Arc<CaBundle>, Failure>,
    /// The file in place.
    pub file: FileSeen,
    /// How long a former CA stays beside the published one.
    pub overlap: Duration,
    /// Whether a command follows a change.
    pub has_hook: bool,
    /// The handshake that proves the published CA, where one is configured.
    pub instance: Option<InstanceSeen>,
}

/// A file in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileSeen {
    /// It is there.
    Holds {
        /// Of its bytes.
        sha256: Sha256,
        /// The CAs in it, in their order; empty where it holds nothing that can be read as such.
        authorities: Vec<CaFacts>,
        /// Whether its owner, group and mode are as configured.
        fits: bool,
    },
    /// There is none.
    Absent,
    /// It could not be read.
    Unknown(Failure),
}

/// A handshake with an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceSeen {
    /// As configured.
    pub probe: String,
    /// What came of it.
    pub proof: Proof,
}

/// Whether what an instance presents verifies with the published CA alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// Nobody looked: it was proven for this very CA not long ago, or nothing is published.
    NotAsked,
    /// It does.
    Verified(Seen),
    /// It does not.
    Refused {
        /// The leaf, where one came.
        leaf: Option<Seen>,
        /// Why not.
        failure: Failure,
    },
    /// No connection, or no end in time. It says nothing about the CA.
    Unreachable(Failure),
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
    /// The configured probe, as written.
    pub probe: Option<String>,
    /// Whether the instance's greeting offers SSL, where that was asked.
    pub greeting: Option<Result<bool, Failure>>,
    /// When a switch may start; absent: at any time.
    pub window: Option<Window>,
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
    /// Whether it is at its end, well or not.
    pub ended: bool,
}
