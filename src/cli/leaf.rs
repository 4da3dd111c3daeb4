//! A leaf as `status` and `check` show it.

use serde::Serialize;

use crate::cert::LeafFacts;
use crate::model::digest::Sha256;
use crate::model::time::{Time, remaining};

/// What is told of a leaf. The keys are public interface; all are null where the files are not fit
/// to be sent.
#[derive(Debug, Default, Serialize)]
pub(super) struct Leaf {
    /// SHA-256 of its DER.
    pub leaf: Option<Sha256>,
    key: Option<String>,
    not_after: Option<String>,
    days_left: Option<i64>,
}

impl Leaf {
    /// Of these facts, at this moment.
    pub(super) fn new(facts: &LeafFacts, now: Time) -> Self {
        Self {
            leaf: Some(facts.sha256),
            key: Some(facts.key.clone()),
            not_after: Some(facts.not_after.to_string()),
            days_left: Some(facts.not_after.days_after(now)),
        }
    }

    /// As text, where there is no room for the kind of key: `1a2b3c4d5e6f, 83 days left`.
    pub(super) fn short_words(&self) -> String {
        match (&self.leaf, self.days_left) {
            (Some(leaf), Some(left)) => format!("{}, {}", leaf.short(), remaining(left)),
            _ => "not fit to send".to_owned(),
        }
    }

    /// As text: `1a2b3c4d5e6f RSA 2048, 83 days left`.
    pub(super) fn words(&self) -> String {
        match (&self.leaf, &self.key, self.days_left) {
            (Some(leaf), Some(key), Some(left)) => {
                format!("{} {key}, {}", leaf.short(), remaining(left))
            }
            _ => "not fit to send".to_owned(),
        }
    }
}
