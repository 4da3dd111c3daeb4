//! The journal: a table of lines in one SQLite file, which is proven against torn writes and full
//! disks. A line is on the disk when [`Journal::append`] returns.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, params};

use crate::files;
use crate::model::time::Time;
use crate::plan::memory::{Memory, Record};

use super::place::{self, Place};

/// The journal's file in the state directory.
const FILE: &str = "journal.sqlite";
/// What `user_version` says of a journal that this code writes.
const VERSION: i64 = 1;
/// How long a reader waits for a writer, and the writer for a reader.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// One line, with its place and moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its place: lines are counted from one.
    pub seq: i64,
    /// When it was written.
    pub at: Time,
    /// What it says.
    pub record: Record,
}

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
        "journal {path} has version {found}, this certrotd reads {VERSION}: use the certrotd that wrote it, or a newer one"
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
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
            Self::Gone { .. } | Self::Version { .. } | Self::Line { .. } => false,
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

/// The journal, open for its one writer, who holds the state directory's lock.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    connection: Connection,
    place: Place,
}

impl Journal {
    /// Opens the journal in `state`, making both where they are missing, and proves that it can be
    /// written: whoever goes on may have to remember that a credential was refused.
    pub fn open(state: &Path) -> Result<Self, JournalError> {
        // SQLite gives its companion files to the owner of this one, which it would make its own user's.
        files::state_dir(state)
            .and_then(|()| files::private_file(&state.join(FILE)))
            .map_err(|source| JournalError::Directory { path: state.to_owned(), source })?;
        place::has_room(state)
            .map_err(|source| JournalError::NoRoom { path: state.to_owned(), source })?;
        let path = state.join(FILE);
        let connection = prepare(&path).map_err(|source| sqlite(&path, source))?;
        let found = version(&connection).map_err(|source| sqlite(&path, source))?;
        if found != VERSION {
            return Err(JournalError::Version { path, found });
        }
        prove(&connection).map_err(|source| unwritable(&path, source))?;
        let place = Place::of(&path).map_err(|source| directory(&path, source))?;
        Ok(Self { path, connection, place })
    }

    /// Everything remembered.
    pub fn fold(&self) -> Result<Memory, JournalError> {
        let mut memory = Memory::default();
        for entry in lines(&self.connection, &self.path)? {
            memory.fold(entry.at, &entry.record);
        }
        Ok(memory)
    }

    /// Writes the lines and folds them into `memory`: all of them, or none. They are on the disk
    /// when this returns. Also without lines it refuses once the journal is not in its place any more.
    pub fn append(
        &mut self,
        at: Time,
        records: &[Record],
        memory: &mut Memory,
    ) -> Result<(), JournalError> {
        if !self.place.holds().map_err(|source| directory(&self.path, source))? {
            return Err(JournalError::Gone { path: self.path.clone() });
        }
        if records.is_empty() {
            return Ok(());
        }
        self.write(at, records).map_err(|source| unwritable(&self.path, source))?;
        for record in records {
            memory.fold(at, record);
        }
        Ok(())
    }

    fn write(&mut self, at: Time, records: &[Record]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        for record in records {
            let text = serde_json::to_string(record)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
            transaction.execute(
                "insert into journal (at, record) values (?1, ?2)",
                params![at.millis(), text],
            )?;
        }
        transaction.commit()
    }
}

/// Reads the journal in `state` beside a writer, taking no lock and leaving nothing behind.
/// `None`: there is no journal yet.
pub fn read(state: &Path) -> Result<Option<Vec<Entry>>, JournalError> {
    let path = state.join(FILE);
    match path.try_exists() {
        Ok(true) => {}
        Ok(false) => return Ok(None),
        Err(source) => return Err(JournalError::Directory { path: state.to_owned(), source }),
    }
    // A journal that its writer closed has no companion files, and SQLite would make them even for
    // a reader; what nobody writes may be read as if it could not change.
    let idle = !state.join(format!("{FILE}-wal")).exists();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let uri = format!("file:{}{}", uri_path(&path), if idle { "?immutable=1" } else { "" });
    let connection =
        Connection::open_with_flags(uri, flags).map_err(|source| sqlite(&path, source))?;
    connection.busy_timeout(BUSY_WAIT).map_err(|source| sqlite(&path, source))?;
    let found = version(&connection).map_err(|source| sqlite(&path, source))?;
    match found {
        // Made a moment ago, and its first transaction is not through.
        0 => Ok(Some(Vec::new())),
        VERSION => lines(&connection, &path).map(Some),
        _ => Err(JournalError::Version { path, found }),
    }
}

fn prepare(path: &Path) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_WAIT)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    if version(&connection)? == 0 {
        let transaction = connection.transaction()?;
        transaction.execute_batch(
            "create table journal (seq integer primary key, at integer not null, record text not null) strict",
        )?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
    }
    Ok(connection)
}

/// Writes what stands there already, which changes nothing and needs all that a line needs.
fn prove(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "user_version", VERSION)
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn lines(connection: &Connection, path: &Path) -> Result<Vec<Entry>, JournalError> {
    let rows = rows(connection).map_err(|source| sqlite(path, source))?;
    let parse = |(seq, at, text): (i64, i64, String)| {
        let record = serde_json::from_str(&text).map_err(|source| JournalError::Line {
            path: path.to_owned(),
            seq,
            source,
        })?;
        Ok(Entry { seq, at: Time::from_millis(at), record })
    };
    rows.into_iter().map(parse).collect()
}

fn rows(connection: &Connection) -> rusqlite::Result<Vec<(i64, i64, String)>> {
    let mut statement = connection.prepare("select seq, at, record from journal order by seq")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.collect()
}

fn sqlite(path: &Path, source: rusqlite::Error) -> JournalError {
    JournalError::Sqlite { path: path.to_owned(), source: SqliteError(source) }
}

/// What keeps the journal at this path from being found.
fn directory(journal: &Path, source: std::io::Error) -> JournalError {
    let state = journal.parent().unwrap_or(journal);
    JournalError::Directory { path: state.to_owned(), source }
}

fn unwritable(path: &Path, source: rusqlite::Error) -> JournalError {
    JournalError::Unwritable { path: path.to_owned(), source: SqliteError(source) }
}

/// A path as SQLite's URI wants it.
fn uri_path(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

#[cfg(test)]
mod tests;
