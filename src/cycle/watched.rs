//! Files that somebody else renews, looked at beside everything else: nothing waits for them, and nothing is done
//! about them but to tell.

use tokio::task::JoinSet;

use super::Cycle;
use crate::observe::watched::{self, WatchedSeen};

/// The look under way, of which there is one at a time.
#[derive(Default)]
pub(super) struct Watching {
    tasks: JoinSet<Vec<WatchedSeen>>,
    /// Something was changed or asked for since it began.
    again: bool,
}

impl Watching {
    /// Whether no look is under way.
    pub fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    /// The next look that ends; never, while there is none. One that panicked has logged itself, and saw nothing.
    pub async fn next(&mut self) -> Vec<WatchedSeen> {
        match self.tasks.join_next().await {
            Some(ended) => ended.unwrap_or_default(),
            None => std::future::pending().await,
        }
    }
}

impl Cycle {
    /// Has the files looked at, unless somebody looks after some entries alone.
    pub(super) fn look_at_watched(&mut self) {
        let entries = &self.world.config.watch_files;
        if entries.is_empty() || self.only.is_some() {
            return;
        }
        if !self.watching.is_idle() {
            self.watching.again = true;
            return;
        }
        self.watching.tasks.spawn(watched::look(entries.clone()));
    }

    /// A look has ended. What was read for another configuration counts for the entries that are still the same.
    pub(super) fn take_watched(&mut self, seen: Vec<WatchedSeen>) {
        let now = (self.clock)();
        let entries = &self.world.config.watch_files;
        let is_wanted = |it: &WatchedSeen| entries.iter().any(|entry| entry.name == it.name);
        let seen: Vec<_> = seen.into_iter().filter(is_wanted).collect();
        self.report.watched(&seen, now);
        self.board.picture().watched(seen, now);
        if std::mem::take(&mut self.watching.again) {
            self.look_at_watched();
        }
    }
}
