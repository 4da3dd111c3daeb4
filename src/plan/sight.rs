//! What was last seen where a certificate is served: the memory behind `status`, behind the word
//! "former", and behind "three looks agree".

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::place::Place;
use crate::model::target::Target;
use crate::model::time::Time;

/// Where something is seen to be served or not.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spot {
    /// What a listener, host or domain is bound to, read back from its service.
    Site(Place),
    /// What a handshake returned.
    Probe {
        /// The service of the push that it proves.
        target: Target,
        /// Its project.
        project: String,
        /// As configured.
        probe: String,
    },
    /// What an instance presented in a handshake; [`Verdict::Served`] when that verifies with the
    /// published CA alone.
    Instance {
        /// As configured.
        probe: String,
    },
    /// What an instance's greeting says of SSL: `on` or `off` in the place of an id, or why it could not be read.
    Greeting {
        /// As configured.
        probe: String,
    },
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Site(place) => place.fmt(f),
            Self::Probe { probe, .. } | Self::Instance { probe } | Self::Greeting { probe } => {
                write!(f, "probe {probe}")
            }
        }
    }
}

/// How what is seen compares with what is wanted there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The wanted leaf.
    Served,
    /// Not yet, and it is not time to worry.
    Pending,
    /// A former leaf of this rotation, for too long.
    Stale,
    /// Neither the wanted leaf nor a former one.
    Wrong,
    /// It cannot be seen.
    Unreachable,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Served => "served",
            Self::Pending => "pending",
            Self::Stale => "stale",
            Self::Wrong => "wrong",
            Self::Unreachable => "unreachable",
        })
    }
}

/// One look at one spot.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sight {
    /// How it compares.
    pub verdict: Verdict,
    /// The leaf there, where one could be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaf: Option<Seen>,
    /// The service's id of it, for sites; why, where an instance could not be asked or does not verify.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether it is neither the wanted leaf nor a former one, be it time to worry or not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub neither: bool,
}

/// A leaf as it was seen somewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// Its fingerprint.
    pub sha256: Sha256,
    /// Valid from; absent: it could not be parsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<Time>,
    /// Valid until.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Time>,
}

/// The failure of a look that was taken then, with its words where they were written down.
pub(super) fn as_of(operation: &str, why: Option<&str>, at: Time) -> Failure {
    let words = match why {
        Some(why) => format!("{why} (asked {at})"),
        None => format!("as it was {at}"),
    };
    Failure::local(Kind::Transient, operation, words)
}

/// The fold of all looks at one spot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sighting {
    /// The last one.
    pub sight: Sight,
    /// When that was written down.
    pub at: Time,
    /// The line that says so.
    pub seq: u64,
    /// Since when it has been this leaf and this verdict.
    pub since: Time,
    /// The last leaf before that was not `neither`: what one would go back to.
    pub before: Option<Sight>,
    /// How many looks in a row were written down as `neither`.
    pub neither: u32,
    /// Whether the wanted leaf has ever stood here.
    pub was_ours: bool,
}

impl Sighting {
    /// What the first look at a spot gives.
    pub(super) fn first(sight: Sight, at: Time, seq: u64) -> Self {
        let (neither, was_ours) = (u32::from(sight.neither), sight.verdict == Verdict::Served);
        Self { sight, at, seq, since: at, before: None, neither, was_ours }
    }

    /// Takes another look in.
    pub(super) fn take(&mut self, sight: Sight, at: Time, seq: u64) {
        let moved = sight.leaf.map(|leaf| leaf.sha256) != self.sight.leaf.map(|leaf| leaf.sha256);
        let was_known = !self.sight.neither && self.sight.leaf.is_some();
        if moved && was_known {
            self.before = Some(self.sight.clone());
        }
        if moved || sight.verdict != self.sight.verdict {
            self.since = at;
        }
        // One look may be judged twice; what it found is counted once.
        let judged_again = !moved && self.sight.neither && sight.verdict != self.sight.verdict;
        self.neither = match sight.neither {
            true => self.neither.saturating_add(u32::from(!judged_again)),
            false => 0,
        };
        self.was_ours |= sight.verdict == Verdict::Served;
        (self.sight, self.at, self.seq) = (sight, at, seq);
    }
}
