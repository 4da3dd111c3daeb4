//! Memory on disk: the journal and its fold. Everything above sees only append and fold.

mod base;
mod error;
mod journal;
mod place;
mod reading;

pub use base::Unsound;
pub use error::{JournalError, SqliteError};
pub use journal::Journal;
pub use reading::{Entry, read, remembered};
