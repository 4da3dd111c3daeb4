//! Memory on disk: the journal and its fold, of which everything above sees only append and fold; and beside it what is
//! no memory: what is quicker found there than found out again, and what those are told who only read.

pub mod aside;
mod base;
mod error;
mod journal;
mod place;
mod reading;
pub mod wants;

pub use base::Unsound;
pub use error::{JournalError, SqliteError};
pub use journal::Journal;
pub use reading::{Entry, read, remembered};
