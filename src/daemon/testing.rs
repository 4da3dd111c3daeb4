//! What the tests of this module share: a log to look into.

use std::io;
use std::sync::{Arc, Mutex};

use tracing::subscriber::DefaultGuard;

/// What was logged in this thread. Copies hold the same lines.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Takes the lines in, until the guard is dropped.
    pub(super) fn listen(&self) -> DefaultGuard {
        let log = self.clone();
        let lines = tracing_subscriber::fmt().json().with_writer(move || log.clone()).finish();
        tracing::subscriber::set_default(lines)
    }

    /// How often this event was logged.
    pub(super) fn count(&self, event: &str) -> usize {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.matches(&format!("\"event\":\"{event}\"")).count()
    }
}
