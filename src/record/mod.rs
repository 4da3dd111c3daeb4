//! Memory on disk: the journal and its fold. Everything above sees only append and fold.

mod error;
mod journal;
mod place;

pub use error::{JournalError, SqliteError};
pub use journal::{Entry, Journal, read};

use std::path::Path;

use crate::plan::memory::Memory;

/// Everything remembered in `state`, read beside a daemon; nothing, when there is no journal yet.
pub fn remembered(state: &Path) -> Result<Memory, JournalError> {
    let mut memory = Memory::default();
    for entry in read(state)?.unwrap_or_default() {
        memory.fold(entry.at, &entry.record);
    }
    Ok(memory)
}
