//! Another configuration: all of it after a reload, other certificates when patterns find them.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Cycle, World};
use crate::config::Config;

impl Cycle {
    /// Looks at everything with another configuration, unless no client can be built for it.
    pub(super) fn reload(&mut self, config: Config) {
        match self.world.reconnect(config) {
            Ok(world) => {
                world.warn_of_exposed_files();
                self.enter(world);
                tracing::info!(event = "config.reloaded", "the new configuration is in force");
            }
            Err(failure) => {
                tracing::error!(event = "config.rejected", error = %failure, "the old configuration stays: {failure}");
            }
        }
    }

    /// Looks at what is new; whatever is under way for the others goes on.
    pub(super) fn take_found(&mut self, config: Config) {
        let former = Arc::clone(&self.world);
        self.enter(former.with_entries(config));
        self.woken = Instant::now();
        let new = self.world.subjects().into_iter();
        let new: Vec<_> = new.filter(|it| !self.world.asks_as(&former, it)).collect();
        self.look_at(new);
    }

    /// Works on another world from now on, and forgets what waited for entries that it does not have.
    fn enter(&mut self, world: World) {
        self.held.retain(|subject, _| world.knows(subject));
        self.waiting.retain(|subject| world.knows(subject));
        self.due.retain(|subject| world.knows(subject));
        self.wanted.retain(|subject| world.knows(subject));
        self.looked.retain(|subject, _| world.knows(subject));
        self.known.retain(|name| world.certificate(name).is_some());
        self.board.picture().keep(world.subjects());
        self.board.picture().watch(&world.config.watch_files);
        self.world = Arc::new(world);
    }
}
