//! What a failed call tells the rest of the daemon: a small kind to branch on, and facts to read.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::target::Api;

/// What to do about a failure. Callers branch on this, never on text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The service refuses this input, and will refuse it again.
    Permanent,
    /// A person must act: a missing right, a full quota, a frozen account.
    Operator,
    /// The object or the API does not exist there.
    NotFound,
    /// The target says that it has this already.
    Exists,
    /// Surely not done; too many calls.
    Throttled,
    /// Surely not done; the instance is busy with something else.
    Busy,
    /// Surely not done, or a read that failed; worth another try.
    Transient,
    /// A write whose answer did not arrive or could not be read: it may have happened.
    Lost,
    /// The credential was refused.
    Refused,
    /// Not sent: there is no usable credential, or it was refused a short while ago.
    Withheld,
    /// The answer was understood and is not what was asked for, such as a CA bundle that is none.
    Unusable,
}

/// A failed call, without secrets, fit for the journal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// What to do about it.
    pub kind: Kind,
    /// Who failed; absent for a failure on this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Api>,
    /// What was tried, in a few words: `import`, `list certificates`.
    pub operation: String,
    /// HTTP status, when there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The service's own error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The service's words, bounded and redacted, or ours.
    pub message: String,
    /// The service's id of the request, for a support ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// How long the service, or the lock-out guard, asks us to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Duration>,
}

impl Failure {
    /// Whether nothing was sent at all: no usable credential, or a limit that we keep ourselves had no
    /// room. Such a try is none.
    pub fn was_never_sent(&self) -> bool {
        match self.kind {
            Kind::Withheld => true,
            // A service that throttles says so with a status.
            Kind::Throttled => self.status.is_none(),
            _ => false,
        }
    }

    /// A failure on this host, where no service is to blame.
    pub fn local(kind: Kind, operation: &str, message: impl fmt::Display) -> Self {
        Self {
            kind,
            service: None,
            operation: operation.to_owned(),
            status: None,
            code: None,
            message: message.to_string(),
            request_id: None,
            wait: None,
        }
    }
}

impl fmt::Display for Failure {
    /// One sentence: who, what, status, code and words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(service) = self.service {
            write!(f, "{service} ")?;
        }
        write!(f, "{}: ", self.operation)?;
        if let Some(status) = self.status {
            write!(f, "{status} ")?;
        }
        if let Some(code) = &self.code {
            write!(f, "{code} ")?;
        }
        f.write_str(&self.message)?;
        match &self.request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}
