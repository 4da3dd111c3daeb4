//! What somebody may want to be told of.

use serde::{Deserialize, Serialize};

/// A kind of message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// Clients get what they should not get, or cannot verify what they get.
    Wrong,
    /// Something was tried and failed, or could not be seen.
    Failed,
    /// Something waits until a person does something.
    Held,
    /// A certificate that clients need ends soon, has ended, or should have been renewed.
    Expiring,
    /// Something that was told of is over.
    Recovered,
    /// A step was done.
    Changed,
}

impl News {
    /// Every one: what wants a person first, routine last.
    pub const ALL: [Self; 6] =
        [Self::Wrong, Self::Failed, Self::Held, Self::Expiring, Self::Recovered, Self::Changed];

    /// The word in the configuration and in messages.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Failed => "failed",
            Self::Held => "held",
            Self::Expiring => "expiring",
            Self::Recovered => "recovered",
            Self::Changed => "changed",
        }
    }
}
