//! Why something waits: each reason is the sentence that an operator reads.

use std::fmt;
use std::path::PathBuf;

use crate::cert::Finding;
use crate::model::failure::{Failure, Kind};
use crate::model::names::Name;
use crate::model::target::Target;
use crate::model::time::Time;

/// Why something waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hold {
    /// A step of this subject is under way.
    InFlight,
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
    /// The target took the push and does not list the copy yet.
    NotListedYet {
        /// The target.
        target: Target,
        /// The project.
        project: String,
        /// When it took it.
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
    /// The switch restarts the instance and the configuration does not allow that.
    RestartNotAllowed {
        /// The wanted state.
        on: bool,
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
    /// Whether waiting is the result of something wrong, so that `apply` ends with 1.
    pub fn is_fault(&self) -> bool {
        !matches!(
            self,
            Self::InFlight
                | Self::SameLeaf { .. }
                | Self::NotListedYet { .. }
                | Self::RestartNotAllowed { .. }
                | Self::JobRunning { .. }
        )
    }

    /// Whether it stays until somebody does something.
    pub fn needs_person(&self) -> bool {
        match self {
            Self::InFlight
            | Self::SameLeaf { .. }
            | Self::NotListedYet { .. }
            | Self::JobRunning { .. }
            | Self::InDoubt { .. } => false,
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

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InFlight => f.write_str("a step is under way"),
            Self::SameLeaf { with } => write!(f, "{with} imports the same leaf"),
            Self::BadInput { path, finding } => write!(f, "{}: {finding}", path.display()),
            Self::Older { issued, imported } => write!(
                f,
                "this leaf was issued {issued}, before the imported one ({imported}): an older \
                 certificate is sent only after `certrotd apply --allow-older NAME`"
            ),
            Self::InDoubt { what, since, until } => write!(
                f,
                "the answer to `{what}` of {since} was lost: looking for it until {until}, then it is sent again"
            ),
            Self::DoubtStays { what, since, because } => write!(
                f,
                "the answer to `{what}` of {since} was lost and {because}: look in the console, \
                 then `certrotd apply --retry NAME` sends it again"
            ),
            Self::BackOff { what, attempt, failure, until } => {
                write!(f, "`{what}` failed (attempt {attempt}), next at {until}: {failure}")
            }
            Self::Refused { what, failure } => write!(
                f,
                "`{what}` was refused and waits for a changed file or `certrotd apply --retry NAME`: {failure}"
            ),
            Self::Unseen { failure } => write!(f, "could not look: {failure}"),
            Self::CaRejected { failure } => {
                write!(f, "the published CA is not fit to install, the file stays: {failure}")
            }
            Self::NotListedYet { target, project, since } => {
                write!(f, "{target} in {project} took the push at {since} and does not list it yet")
            }
            Self::NeverListed { target, project, since } => write!(
                f,
                "{target} in {project} took the push at {since} and still lists no such certificate: \
                 look there, then `certrotd apply --retry NAME` pushes again"
            ),
            Self::ExistsUnlisted { target, project } => write!(
                f,
                "{target} in {project} says that it has this certificate already, and lists no copy of it: \
                 look there for one of the same name, then `certrotd apply --retry NAME` pushes again"
            ),
            Self::RestartNotAllowed { on } => write!(
                f,
                "switching SSL {} restarts the instance: set `allow_restart = true` to allow it, \
                 or `assume = {on}` if it is so already",
                if *on { "on" } else { "off" }
            ),
            Self::SwitchedByOthers { job_id, created, assumed: None } => write!(
                f,
                "SSL was switched on {created} (job {job_id}) and the journal does not know by whom: set `assume`"
            ),
            Self::SwitchedByOthers { job_id, created, assumed: Some(value) } => write!(
                f,
                "SSL was switched on {created} (job {job_id}) and the journal does not know by whom, so \
                 `assume = {value}` may be out of date: look, then correct it or run `certrotd apply --retry NAME`"
            ),
            Self::JobRunning { job_id, since } => {
                write!(f, "job {job_id} of {since} is still running")
            }
            Self::JobUnknown { job_id, since } => write!(
                f,
                "nobody knows job {job_id} of {since} any more: look whether SSL is as wanted, switch it in the console \
                 if it is not, then set `assume`"
            ),
        }
    }
}
