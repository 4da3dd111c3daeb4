//! What was seen, kept for the next process. Nothing rests on it: where it cannot be kept, or is not to be
//! believed, everything is read again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Cycle;
use crate::observe::lists::Lists;
use crate::observe::seen::{self, Pairs};
use crate::record::aside;

/// How long after the last time it is kept again at the earliest, while a daemon goes on: with thousands of entries
/// it is some megabytes.
const KEPT_EVERY: Duration = Duration::from_secs(60);

/// What another process has kept in this state directory; nothing, where nothing is to be believed.
pub(super) fn taken(state: &Path) -> (Pairs, Arc<Lists>) {
    let seen = aside::take(state).and_then(|bytes| seen::unpack(&bytes));
    let (pairs, lists) = seen.unwrap_or_default();
    (pairs, Arc::new(lists))
}

impl Cycle {
    /// Keeps what was seen, where it differs from what is kept.
    pub(super) fn keep(&mut self) {
        if !seen::has_changed(&mut self.known, &self.lists) {
            return;
        }
        self.kept = Some(Instant::now());
        let bytes = seen::pack(&self.known, &self.lists);
        if let Err(error) = aside::put(&self.world.config.state, &bytes) {
            self.known.keep_again();
            tracing::debug!(
                event = "memory.untidy",
                error = &error as &(dyn std::error::Error + 'static),
                "nothing is lost, but the next start reads every file again"
            );
        }
    }

    /// The same, unless that was done a moment ago: a later rest does it, or the end.
    pub(super) fn keep_seldom(&mut self) {
        if self.kept.is_none_or(|kept| kept.elapsed() >= KEPT_EVERY) {
            self.keep();
        }
    }
}
