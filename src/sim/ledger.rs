//! What was asked of the simulated cloud, in order, and what came of it.

use std::fmt;

use serde::Serialize;

use crate::model::time::Time;

/// Longest ledger, in calls; older ones are forgotten. Far more than any test sends.
pub(super) const CALLS_MAX: usize = 200_000;

/// One call, recorded when its answer was decided.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Call {
    /// When it had arrived, by the simulated cloud's clock.
    pub at: Time,
    /// When its answer left, or the connection was closed; for one that is slow, when it will leave.
    pub answered_at: Time,
    /// The HTTP method.
    pub method: String,
    /// The path, without the query: a link's signature never stands here.
    pub path: String,
    /// The answer's status; absent: the connection was closed without one.
    pub status: Option<u16>,
    /// Who was asked: an endpoint's key such as `scm`, or `obs` for links, or `gateway` for unknown paths.
    pub service: &'static str,
    /// What it did, in a few words; for an error, the error code.
    pub detail: String,
    /// The misbehaviour that struck it.
    pub fault: Option<&'static str>,
}

impl fmt::Display for Call {
    /// One line: method, path, outcome, words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} → ", self.method, self.path)?;
        match self.status {
            Some(status) => write!(f, "{status}")?,
            None => f.write_str("no answer")?,
        }
        if !self.detail.is_empty() {
            write!(f, " {}", self.detail)?;
        }
        match self.fault {
            Some(fault) => write!(f, " [{fault}]"),
            None => Ok(()),
        }
    }
}
