//! All that the daemon can do to the world, why it would, and what can be learned of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::sight::Sight;
use crate::model::digest::Sha256;
use crate::model::names::{Name, Subject};
use crate::model::place::Place;
use crate::model::target::Target;

mod import;

pub use import::{Import, ImportKey};

/// One effect. It is its own key in the memory: the same action is the same effect. There are hundreds of thousands of
/// these, nearly all of them imports and pushes: what is large in the others stands apart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Import a leaf with its chain and key into the certificate manager.
    Import {
        /// Which leaf, where.
        key: ImportKey,
    },
    /// Push an imported certificate to a service in a project.
    Push {
        /// Which leaf, where.
        key: ImportKey,
        /// The certificate manager's id of the import.
        scm_id: String,
        /// To whom.
        target: Target,
        /// Into which project, by name.
        project: String,
    },
    /// Make a certificate the one that a listener, host or domain serves.
    Bind {
        /// Which leaf.
        key: ImportKey,
        /// Where.
        place: Box<Place>,
        /// The target's id of the certificate; the certificate manager's for CDN.
        id: String,
        /// The ids that it takes the place of; empty: it is added.
        instead_of: Vec<String>,
    },
    /// Delete a superseded certificate that nothing uses.
    Retire {
        /// Which leaf.
        key: ImportKey,
        /// What of it.
        what: Retired,
    },
    /// Put an instance's CA bundle in place.
    InstallCa {
        /// The entry.
        name: Name,
        /// The digest of its bytes.
        sha256: Sha256,
        /// Fingerprints of the CAs in it, in their order.
        #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
        authorities: Box<[Sha256]>,
    },
    /// Run the command that follows a changed CA file.
    RunHook {
        /// The entry.
        name: Name,
        /// The bundle it runs for.
        sha256: Sha256,
    },
    /// Switch an instance's SSL on or off, which restarts the instance.
    SwitchSsl {
        /// The account.
        cloud: Name,
        /// The instance.
        instance_id: String,
        /// The wanted state.
        on: bool,
    },
}

impl Action {
    /// The import that it makes or needs, or takes something away of.
    pub fn key(&self) -> Option<&ImportKey> {
        match self {
            Self::Import { key }
            | Self::Push { key, .. }
            | Self::Bind { key, .. }
            | Self::Retire { key, .. } => Some(key),
            Self::InstallCa { .. } | Self::RunHook { .. } | Self::SwitchSsl { .. } => None,
        }
    }

    /// The same, to be given another.
    pub(super) fn key_mut(&mut self) -> Option<&mut ImportKey> {
        match self {
            Self::Import { key }
            | Self::Push { key, .. }
            | Self::Bind { key, .. }
            | Self::Retire { key, .. } => Some(key),
            Self::InstallCa { .. } | Self::RunHook { .. } | Self::SwitchSsl { .. } => None,
        }
    }

    /// Whether the effect happens in the cloud, where a lost answer leaves doubt.
    pub fn is_remote(&self) -> bool {
        match self {
            Self::Import { .. }
            | Self::Push { .. }
            | Self::Bind { .. }
            | Self::Retire { .. }
            | Self::SwitchSsl { .. } => true,
            Self::InstallCa { .. } | Self::RunHook { .. } => false,
        }
    }

    /// What it costs beside a call, where it is not free. Pushing and binding are; the certificate
    /// manager's own `deploy`, which is charged by the domain, is not used.
    pub fn cost(&self) -> Option<&'static str> {
        match self {
            Self::SwitchSsl { .. } => Some("restarts the instance"),
            Self::Retire { .. } => Some("deletes for good"),
            _ => None,
        }
    }

    /// What an operator reads: `import as www-1a2b3c4d5e6f`.
    pub fn describe(&self, subject: &Subject) -> String {
        match self {
            Self::Import { key } => format!("import as {}", subject.name().of_import(&key.leaf)),
            Self::Push { scm_id, target, project, .. } => {
                format!("push {scm_id} to {target} in {project}")
            }
            Self::Bind { key, place, .. } => format!("bind {} to {place}", key.leaf.short()),
            Self::Retire { key, what: Retired::Import { scm_id } } => {
                format!("retire import {scm_id} of {}", key.leaf.short())
            }
            Self::Retire { key, what: Retired::Copy { target, project, id } } => {
                format!("retire copy {id} of {} from {target} in {project}", key.leaf.short())
            }
            Self::InstallCa { sha256, .. } => format!("install CA bundle {}", sha256.short()),
            Self::RunHook { sha256, .. } => format!("run on_change for {}", sha256.short()),
            Self::SwitchSsl { instance_id, on, .. } => {
                format!("switch SSL {} on {instance_id}", if *on { "on" } else { "off" })
            }
        }
    }
}

/// What is left of a superseded leaf and can be deleted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retired {
    /// The import in the certificate manager.
    Import {
        /// Its id.
        scm_id: String,
    },
    /// A copy in a service.
    Copy {
        /// The service.
        target: Target,
        /// The project, by name.
        project: String,
        /// The service's id of it.
        id: String,
    },
}

/// Why a step is taken: the sentence that plan, log and status share.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The certificate manager does not have this leaf.
    NotImported,
    /// The certificate manager had it and has it no more.
    ImportGone,
    /// The target does not have it.
    NotPushed,
    /// The target had it and has it no more.
    CopyGone,
    /// The place serves with another certificate.
    NotBound,
    /// It was bound there, and an older leaf of this rotation has taken its place.
    BoundBack,
    /// It was bound there, and the configuration says to repair what others change.
    ForeignBound,
    /// The new leaf was bound, and handshakes returned neither it nor the former one.
    RolledBack,
    /// A newer one is served everywhere.
    Superseded,
    /// The service is full, and this makes room for the new one.
    MakesRoom,
    /// A write's answer was lost, the wait is over, and a look did not find it done.
    NotFoundAfterDoubt,
    /// A push's answer was lost and the target cannot be read: it is repeated once.
    UnseenAfterDoubt,
    /// There is no CA file, or no CA in it.
    CaMissing,
    /// The instance publishes another CA than the file holds.
    CaChanged,
    /// A former CA has stood beside the published one for long enough.
    OverlapOver,
    /// A CA in the file has expired.
    CaExpired,
    /// Owner, group or mode of the file are not as configured.
    FileExposed,
    /// The CA file changed and its command has not run for these bytes.
    HookDue,
    /// The configuration asks for this state, and nothing says that it holds.
    SwitchWanted,
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotImported => "the certificate manager does not have this leaf",
            Self::ImportGone => "the certificate manager has lost this leaf",
            Self::NotPushed => "it has not been pushed there",
            Self::CopyGone => "its copy there is gone",
            Self::NotBound => "another certificate is bound there",
            Self::BoundBack => "an older one of this rotation was bound there again",
            Self::ForeignBound => "somebody bound another one, and `drift` says to repair that",
            Self::RolledBack => "handshakes returned neither the new leaf nor the former one",
            Self::Superseded => "a newer one is served everywhere, and nothing uses this one",
            Self::MakesRoom => "the service is full, and nothing uses this one",
            Self::NotFoundAfterDoubt => {
                "the last answer was lost, and a later look did not find it done"
            }
            Self::UnseenAfterDoubt => {
                "the last answer was lost and the target cannot be read, so it is repeated once"
            }
            Self::CaMissing => "there is no file with a CA in it",
            Self::CaChanged => "the instance publishes another CA",
            Self::OverlapOver => "the former CA has stood beside the published one for long enough",
            Self::CaExpired => "a CA in the file has expired",
            Self::FileExposed => "owner, group or mode of the file are not as configured, or something else than CAs is in it",
            Self::HookDue => "the CA file changed",
            Self::SwitchWanted => "the configuration asks for it",
        })
    }
}

/// What looking has shown of an effect.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// It stands: read back from the world, with the id it has there.
    Seen {
        /// The id of what was found.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    /// It was done by us although no answer said so; a job may still have to end.
    Done {
        /// The id of what was found.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    /// It stood once and does not any more.
    Gone,
    /// It was bound, and proved to serve neither itself nor the former leaf, which is bound again.
    RolledBack {
        /// What stood there before.
        former: Sight,
    },
    /// Its job ended badly.
    JobFailed {
        /// The service's reason.
        reason: String,
    },
    /// An operator allowed this leaf although it is older than the one imported.
    AllowedOlder,
    /// These jobs were there before a switch was sent: somebody else's, or of a journal that was lost.
    NotOurs {
        /// Their ids.
        jobs: Vec<String>,
    },
}
