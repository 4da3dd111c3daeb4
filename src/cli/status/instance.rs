//! What an instance presented when somebody last shook hands with it: a note below its CA file.

use serde::Serialize;

use super::Known;
use crate::model::digest::Sha256;
use crate::model::names::Name;
use crate::model::time::remaining;
use crate::plan::sight::{Spot, Verdict};

/// The last handshake with one instance. The keys are public interface.
#[derive(Serialize)]
pub(super) struct Instance {
    probe: String,
    verdict: Proof,
    /// Of the certificate that it presented, now or when it last could be reached.
    sha256: Option<Sha256>,
    days_left: Option<i64>,
    /// When the look was that last found something new.
    seen_at: Option<String>,
}

/// Whether the published CA alone verifies it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Proof {
    Verified,
    Refused,
    Unreachable,
    NotSeen,
}

impl Instance {
    /// As the journal has it.
    pub(super) fn last(name: &Name, probe: &str, known: &Known<'_>) -> Self {
        let probe = probe.to_owned();
        let sighting = known.memory.sighting(name, &Spot::Instance { probe: probe.clone() });
        let Some(sighting) = sighting else {
            let verdict = Proof::NotSeen;
            return Self { probe, verdict, sha256: None, days_left: None, seen_at: None };
        };
        let (leaf, now) = (sighting.sight.leaf, known.observed.now);
        let verdict = match sighting.sight.verdict {
            Verdict::Served => Proof::Verified,
            Verdict::Unreachable => Proof::Unreachable,
            Verdict::Wrong | Verdict::Stale | Verdict::Pending => Proof::Refused,
        };
        Self {
            probe,
            verdict,
            sha256: leaf.map(|leaf| leaf.sha256),
            days_left: leaf.and_then(|leaf| leaf.ends).map(|ends| ends.days_after(now)),
            seen_at: Some(known.memory.seen_at(sighting, now).to_string()),
        }
    }

    /// What somebody has to see to. `keeps`: the file has a former CA beside the published one.
    pub(super) fn faults(&self, keeps: bool, warn_days: i64) -> Vec<String> {
        let (probe, at) = (&self.probe, self.seen_at.as_deref().unwrap_or_default());
        let so = match keeps {
            true => "so the former one stays",
            false => "so clients that trust it alone cannot connect",
        };
        let proof = match self.verdict {
            Proof::Refused => Some(format!(
                "{probe} did not verify with the published CA alone {at}, {so}: `certrotd plan` says why"
            )),
            Proof::Unreachable => Some(format!("{probe} could not be reached {at}")),
            Proof::Verified | Proof::NotSeen => None,
        };
        let near = self.days_left.filter(|left| *left < warn_days);
        let end = near.map(|left| {
            format!(
                "the certificate of {probe}: {}, and the service has to renew it",
                remaining(left)
            )
        });
        proof.into_iter().chain(end).collect()
    }

    /// `redis.internal:6379 presents 1a2b3c4d5e6f, 83 days left, verified by the published CA alone`.
    pub(super) fn words(&self) -> String {
        let probe = &self.probe;
        let left = self.days_left.map(|left| format!(", {}", remaining(left))).unwrap_or_default();
        let leaf = self.sha256.map(|sha256| format!("{}{left}", sha256.short()));
        match (self.verdict, leaf) {
            (Proof::NotSeen, _) => format!("{probe} not seen yet"),
            (Proof::Verified, Some(leaf)) => {
                format!("{probe} presents {leaf}, verified by the published CA alone")
            }
            (Proof::Verified, None) => format!("{probe} verified by the published CA alone"),
            (Proof::Refused, Some(leaf)) => {
                format!("{probe} presents {leaf}, not verified by the published CA alone")
            }
            (Proof::Refused, None) => format!("{probe} presents no certificate"),
            (Proof::Unreachable, Some(leaf)) => {
                format!("{probe} unreachable, presented {leaf} before")
            }
            (Proof::Unreachable, None) => format!("{probe} unreachable"),
        }
    }
}
