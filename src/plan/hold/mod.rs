//! Why something waits: each reason is the sentence that an operator reads.

use std::path::PathBuf;

use crate::cert::Finding;
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::names::Name;
use crate::model::place::Place;
use crate::model::target::Target;
use crate::model::time::Time;

mod key;
mod words;

/// Why something waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hold {
    /// A step of this subject is under way.
    InFlight,
    /// An operator has paused the entry.
    Paused {
        /// When that is over by itself.
        until: Time,
        /// Who asked for it, in words.
        by: String,
        /// The effect that waits for it, in words; absent: none does.
        due: Option<String>,
    },
    /// An equal leaf is being imported for another entry.
    SameLeaf {
        /// The entry that imports it.
        with: Name,
    },
    /// A file holds nothing that may be sent.
    BadInput {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        finding: Finding,
    },
    /// The leaf was issued before the one already imported.
    Older {
        /// When the leaf on this disk was issued.
        issued: Time,
        /// When the imported one was issued.
        imported: Time,
    },
    /// The answer to a write was lost; a look has not found it done yet.
    InDoubt {
        /// The effect, in words.
        what: String,
        /// When it was sent.
        since: Time,
        /// When it is sent again, unless a look finds it done before.
        until: Time,
    },
    /// The answer to a write was lost twice or cannot be looked for: a person must look.
    DoubtStays {
        /// The effect, in words.
        what: String,
        /// When it was last sent.
        since: Time,
        /// Why looking does not help, where there is more to say.
        because: String,
    },
    /// It failed, and is tried again.
    BackOff {
        /// The effect, in words.
        what: String,
        /// How often it was tried.
        attempt: u32,
        /// How it failed.
        failure: Failure,
        /// When it is tried again.
        until: Time,
    },
    /// The service refused it and would refuse it again.
    Refused {
        /// The effect, in words.
        what: String,
        /// How it was refused.
        failure: Failure,
    },
    /// Reality could not be seen.
    Unseen {
        /// How looking failed.
        failure: Failure,
    },
    /// What an instance publishes is not fit to be installed.
    CaRejected {
        /// What is wrong with it.
        failure: Failure,
    },
    /// The target took the push, or listed the copy, and does not list it now: lists lag and look back.
    NotListedYet {
        /// The target.
        target: Target,
        /// The project.
        project: String,
        /// Whether it has listed it.
        listed: bool,
        /// When it took or listed it.
        since: Time,
    },
    /// The target took the push long ago and still lists no copy.
    NeverListed {
        /// The target.
        target: Target,
        /// The project.
        project: String,
        /// When it took it.
        since: Time,
    },
    /// The target says that it has the certificate already, and lists no copy of it.
    ExistsUnlisted {
        /// The target.
        target: Target,
        /// The project.
        project: String,
    },
    /// The service holds as many certificates as it takes, and none of ours can go.
    Full {
        /// The service.
        target: Target,
        /// The project.
        project: String,
        /// How many it takes.
        quota: usize,
    },
    /// Another entry is changing the same listener, host or domain.
    SamePlace {
        /// Where.
        place: Place,
        /// The entry that changes it.
        with: Name,
    },
    /// It was bound, and somebody else has bound something else since.
    Foreign {
        /// Where.
        place: Place,
        /// What it has now: a verb and what it is.
        found: String,
    },
    /// What is bound there was issued later than this leaf, by somebody else.
    NewerBound {
        /// Where.
        place: Place,
        /// When this leaf was issued.
        issued: Time,
        /// When the one there was issued.
        bound: Time,
    },
    /// The service would refuse it there.
    Unbindable {
        /// Where.
        place: Place,
        /// The service's rule, and what breaks it.
        rule: String,
    },
    /// The service took the binding and does not show it yet.
    NotBoundYet {
        /// Where.
        place: Place,
        /// When it took it.
        since: Time,
    },
    /// It was bound there and not served, so the former one stands there again.
    RolledBack {
        /// Where.
        place: Place,
        /// The leaf that was not served.
        rejected: Sha256,
        /// The one that stands there again.
        former: Sha256,
    },
    /// A handshake returns another leaf, and it is too soon to worry.
    NotServedYet {
        /// Which probe.
        probe: String,
        /// What it returned.
        found: String,
        /// When it is time to worry.
        until: Time,
    },
    /// A handshake still returns a former leaf.
    Stale {
        /// Which probe.
        probe: String,
        /// What it returned.
        served: Sha256,
        /// Since when the new one should be served.
        since: Time,
    },
    /// A handshake returns neither the new leaf nor a former one.
    Wrong {
        /// Which probe.
        probe: String,
        /// What it returned.
        found: String,
        /// Why the former one is not bound again, or not yet.
        because: String,
    },
    /// A handshake came to no end.
    Unreachable {
        /// Which probe.
        probe: String,
        /// Whether it was asked about SSL, and not what it serves.
        switch: bool,
        /// How it failed.
        failure: Failure,
    },
    /// A CA that is not published any more stays beside the published one.
    Overlapping {
        /// Its subject.
        authority: String,
        /// Until when.
        until: Time,
    },
    /// What an instance presents does not verify with the published CA alone.
    Unproven {
        /// Which probe.
        probe: String,
        /// Why not.
        failure: Failure,
        /// Whether a former CA stays in the file for that.
        keeps: bool,
    },
    /// The file was written, and is not as it was left.
    NotKept {
        /// When it was written.
        written: Time,
        /// When it is written again.
        until: Time,
    },
    /// A superseded certificate stays because it is used, or because that could not be told.
    StillUsed {
        /// What, in words.
        what: String,
        /// By whom, in words.
        by: String,
    },
    /// The switch restarts the instance and the configuration does not allow that.
    RestartNotAllowed {
        /// The wanted state.
        on: bool,
    },
    /// A switch may start later only.
    OutsideWindow {
        /// The window, as configured.
        window: String,
        /// When it opens.
        opens: Time,
    },
    /// The instance was in the wanted state, and somebody has switched it since.
    SwitchedBack {
        /// The wanted state.
        on: bool,
        /// Which probe shows it.
        probe: String,
    },
    /// The job of a switch ended well, and the instance's greeting does not show it.
    SwitchNotShown {
        /// The wanted state.
        on: bool,
        /// Which probe.
        probe: String,
        /// When the switch was sent.
        since: Time,
    },
    /// Somebody switched, and the journal does not know who.
    SwitchedByOthers {
        /// The job.
        job_id: String,
        /// When it was begun.
        created: Time,
        /// The configured state that the job may have made untrue.
        assumed: Option<bool>,
    },
    /// The job of a switch is not at its end.
    JobRunning {
        /// The job.
        job_id: String,
        /// When the switch was sent.
        since: Time,
    },
    /// Nobody knows the job of a switch any more.
    JobUnknown {
        /// The job.
        job_id: String,
        /// When the switch was sent.
        since: Time,
    },
}

impl Hold {
    /// Whether this is the ordinary course of things and ends by itself.
    pub fn passes(&self) -> bool {
        matches!(
            self,
            Self::InFlight
                | Self::Paused { .. }
                | Self::SameLeaf { .. }
                | Self::NotListedYet { .. }
                | Self::SamePlace { .. }
                | Self::NotBoundYet { .. }
                | Self::NotServedYet { .. }
                | Self::Overlapping { .. }
                | Self::OutsideWindow { .. }
                | Self::JobRunning { .. }
        )
    }

    /// Whether waiting is the result of something wrong, so that `apply` ends with 1.
    pub fn is_fault(&self) -> bool {
        let chosen = matches!(self, Self::StillUsed { .. } | Self::RestartNotAllowed { .. });
        !self.passes() && !chosen
    }

    /// Whether it stays until somebody does something.
    pub fn needs_person(&self) -> bool {
        match self {
            why if why.passes() => false,
            Self::StillUsed { .. } | Self::InDoubt { .. } => false,
            Self::BackOff { failure, attempt, .. } => {
                *attempt >= ATTEMPTS_BEFORE_ALARM || acts_alone(failure.kind)
            }
            _ => true,
        }
    }
}

/// How often an effect may fail before status asks for a person: a hiccup is none.
const ATTEMPTS_BEFORE_ALARM: u32 = 3;

/// Failures that no repetition mends.
fn acts_alone(kind: Kind) -> bool {
    matches!(kind, Kind::Operator | Kind::Refused | Kind::Withheld | Kind::NotFound)
}
