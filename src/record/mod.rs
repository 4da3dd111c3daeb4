//! Memory on disk: the journal and its fold. Everything above sees only append and fold.

mod journal;

pub use journal::{Entry, Journal, JournalError, read};
