//! CA files: whether they can be given to the user and the group that shall own them, by whoever runs
//! this check.

use serde::Serialize;

use super::{Row, row};
use crate::config::InstanceCa;
use crate::model::names::Name;

/// One CA file. The keys are public interface.
#[derive(Serialize)]
pub(super) struct Verdict {
    name: Name,
    path: String,
    /// Why it could not be given away.
    pub error: Option<String>,
}

/// All entries, in the configuration's order. Names may be asked of a directory service, off this thread.
pub(super) async fn verdicts(entries: &[InstanceCa]) -> Vec<Verdict> {
    let entries = entries.to_vec();
    let judged = tokio::task::spawn_blocking(move || entries.iter().map(verdict).collect());
    // Cancelled only when the process ends.
    judged.await.unwrap_or_default()
}

fn verdict(entry: &InstanceCa) -> Verdict {
    let refusals = entry.attributes().refusals();
    Verdict {
        name: entry.name.clone(),
        path: entry.path.display().to_string(),
        error: (!refusals.is_empty()).then(|| refusals.join("; ")),
    }
}

impl Verdict {
    /// As a row of text.
    pub(super) fn row(&self) -> Row {
        let name = format!("instance_ca {}", self.name);
        match &self.error {
            Some(error) => row(["BAD".into(), name]).with(error),
            None => row(["ok".into(), name, self.path.clone()]),
        }
    }
}
