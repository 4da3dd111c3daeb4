//! What an operator may ask of a cycle, and the line that remembers it.

use serde::{Deserialize, Serialize};
use tracing::info;

use crate::model::names::Name;
use crate::model::time::Time;
use crate::plan::memory::Record;

/// What an operator may ask of the daemon, by an entry's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// End its back-offs and refusals.
    Retry(Name),
    /// Let the leaf now on disk go although it is older than the imported one.
    AllowOlder(Name),
    /// Look at it now.
    Look(Name),
    /// Begin nothing for it until then.
    Pause {
        /// The entry.
        name: Name,
        /// When it is over by itself.
        until: Time,
        /// Who asks, in words.
        by: String,
    },
    /// End its pause.
    Resume {
        /// The entry.
        name: Name,
        /// Who asks, in words.
        by: String,
    },
}

impl Request {
    /// What the journal has to remember of it; absent: nothing.
    pub fn record(&self) -> Option<Record> {
        match self.clone() {
            Self::Retry(name) => Some(Record::AskedRetry { name }),
            Self::AllowOlder(name) => Some(Record::AskedOlder { name }),
            Self::Look(_) => None,
            Self::Pause { name, until, by } => Some(Record::AskedPause { name, until, by }),
            Self::Resume { name, by } => Some(Record::AskedResume { name, by }),
        }
    }

    /// Says in the log what would otherwise show only by what does not happen.
    pub(super) fn say(&self) {
        match self {
            Self::Pause { name, until, by } => {
                info!(event = "entry.paused", %name, by, "{name}: nothing is begun until {until}, as {by} asked");
            }
            Self::Resume { name, by } => {
                info!(event = "entry.resumed", %name, by, "{name}: the pause is over, as {by} asked");
            }
            Self::Retry(_) | Self::AllowOlder(_) | Self::Look(_) => {}
        }
    }
}
