//! How many calls have ended, for whoever watches whether the work gets on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the calls that have ended, well or not. Copies count together.
#[derive(Clone, Debug, Default)]
pub struct Calls(Arc<AtomicU64>);

impl Calls {
    /// How many have ended since the start.
    pub fn ended(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// One more has.
    pub(crate) fn end(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
