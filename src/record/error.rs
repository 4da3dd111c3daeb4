//! Why the journal cannot be used, in words that say what to do.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::base::{PRUNED, Unsound};

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The state directory cannot be made, entered or read.
    #[error("state directory {path}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// SQLite refused.
    #[error("journal {path}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: SqliteError,
    },
    /// The state directory takes no more bytes: the disk is full, or read-only.
    #[error(
        "state directory {path} cannot be written, and nothing is done that cannot be remembered"
    )]
    NoRoom {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// SQLite could not write: the disk is full, read-only, or broken.
    #[error("journal {path} cannot be written, and nothing is done that cannot be remembered")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: SqliteError,
    },
    /// What lies at its path is not what was opened.
    #[error(
        "journal {path} was deleted, moved or replaced while certrotd ran, and nothing is done that cannot be remembered: \
         start certrotd again, and it finds what it has done by looking"
    )]
    Gone {
        /// The path.
        path: PathBuf,
    },
    /// Another version of certrotd wrote it.
    #[error(
        "journal {path} has version {found}, this certrotd reads up to {PRUNED}: use the certrotd that wrote it, or a newer one"
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// Lines were pruned, and what they said cannot be read.
    #[error(
        "journal {path} has pruned its first lines, and the base that tells what they said {why}: use the certrotd that \
         wrote it or put back a copy of the file; without either, move the file away, and certrotd finds by \
         looking what the cloud can tell"
    )]
    Base {
        /// The file.
        path: PathBuf,
        /// What is wrong with its base.
        why: Unsound,
    },
    /// A line that this version does not understand.
    #[error("journal {path}, line {seq}, is not one that this certrotd understands")]
    Line {
        /// The file.
        path: PathBuf,
        /// The line.
        seq: i64,
        /// What the parser said.
        source: serde_json::Error,
    },
}

impl JournalError {
    /// Whether it is a matter of rights.
    pub fn is_denied(&self) -> bool {
        match self {
            Self::Directory { source, .. } | Self::NoRoom { source, .. } => {
                source.kind() == std::io::ErrorKind::PermissionDenied
            }
            Self::Sqlite { source, .. } | Self::Unwritable { source, .. } => {
                let code = source.0.sqlite_error_code();
                matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied))
            }
            Self::Gone { .. } | Self::Version { .. } | Self::Base { .. } | Self::Line { .. } => {
                false
            }
        }
    }
}

/// An error of SQLite: its sentence, and the extended result code of <https://www.sqlite.org/rescode.html>,
/// which tells a disk that could not be written from one that could not be synced. It has no source: the
/// library's sentence already says what the library has below it.
#[derive(Debug)]
pub struct SqliteError(rusqlite::Error);

impl fmt::Display for SqliteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            rusqlite::Error::SqliteFailure(fault, Some(words)) => {
                write!(f, "{words} (SQLite code {})", fault.extended_code)
            }
            // Without words of its own it has the code's, and the code.
            other => other.fmt(f),
        }
    }
}

impl std::error::Error for SqliteError {}

pub(super) fn sqlite(path: &Path, source: rusqlite::Error) -> JournalError {
    JournalError::Sqlite { path: path.to_owned(), source: SqliteError(source) }
}

/// What keeps the journal at this path from being found.
pub(super) fn directory(journal: &Path, source: std::io::Error) -> JournalError {
    let state = journal.parent().unwrap_or(journal);
    JournalError::Directory { path: state.to_owned(), source }
}

pub(super) fn unwritable(path: &Path, source: rusqlite::Error) -> JournalError {
    JournalError::Unwritable { path: path.to_owned(), source: SqliteError(source) }
}
