//! Reading the journal: its lines as they are, or what they come to.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::base::{self, COMPLETE, PRUNED};
use super::error::{JournalError, sqlite};
use super::journal::{BUSY_WAIT, FILE, version};
use crate::model::time::Time;
use crate::plan::memory::{Memory, Record};

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

/// Reads the lines of the journal in `state` beside a writer, taking no lock and leaving nothing behind.
/// `None`: there is no journal yet. Where the first is not line one, what was before it has been pruned.
pub fn read(state: &Path) -> Result<Option<Vec<Entry>>, JournalError> {
    let Some(connection) = beside(state)? else { return Ok(None) };
    let mut entries = Vec::new();
    let path = state.join(FILE);
    if version(&connection).map_err(|source| sqlite(&path, source))? > 0 {
        each(&connection, &path, 0, |entry| entries.push(entry))?;
    }
    Ok(Some(entries))
}

/// Everything remembered in `state`, read beside a daemon; nothing, when there is no journal yet.
pub fn remembered(state: &Path) -> Result<Memory, JournalError> {
    let Some(connection) = beside(state)? else { return Ok(Memory::default()) };
    let path = state.join(FILE);
    let failed = |source| sqlite(&path, source);
    // The base and the lines after it are those of one moment.
    let moment = connection.unchecked_transaction().map_err(failed)?;
    match version(&moment).map_err(failed)? {
        0 => Ok(Memory::default()),
        _ => fold(&moment, &path),
    }
}

/// The base, and the lines after it.
pub(super) fn fold(connection: &Connection, path: &Path) -> Result<Memory, JournalError> {
    let failed = |source| sqlite(path, source);
    let mut memory = match base::read(connection).map_err(failed)? {
        Ok(memory) => memory,
        Err(why) if version(connection).map_err(failed)? == PRUNED => {
            return Err(JournalError::Base { path: path.to_owned(), why });
        }
        Err(_) => Memory::default(),
    };
    let after = i64::try_from(memory.lines()).unwrap_or(i64::MAX);
    each(connection, path, after, |entry| memory.fold(entry.at, &entry.record))?;
    Ok(memory)
}

/// Hands out the lines after this one, one at a time: a year of them would be more than the memory they fold into.
fn each(
    connection: &Connection,
    path: &Path,
    after: i64,
    mut take: impl FnMut(Entry),
) -> Result<(), JournalError> {
    let failed = |source| sqlite(path, source);
    let lines = "select seq, at, record from journal where seq > ?1 order by seq";
    let mut statement = connection.prepare(lines).map_err(failed)?;
    let mut rows = statement.query([after]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let seq = row.get(0).map_err(failed)?;
        let at = row.get(1).map(Time::from_millis).map_err(failed)?;
        let text = row.get_ref(2).and_then(|text| Ok(text.as_str()?)).map_err(failed)?;
        let record = serde_json::from_str(text).map_err(|source| JournalError::Line {
            path: path.to_owned(),
            seq,
            source,
        })?;
        take(Entry { seq, at, record });
    }
    Ok(())
}

/// Opens the journal as a reader, where there is one of a version that can be read.
fn beside(state: &Path) -> Result<Option<Connection>, JournalError> {
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
    match version(&connection).map_err(|source| sqlite(&path, source))? {
        // Zero: made a moment ago, and its first transaction is not through.
        0 | COMPLETE | PRUNED => Ok(Some(connection)),
        found => Err(JournalError::Version { path, found }),
    }
}

/// A path as SQLite's URI wants it.
fn uri_path(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}
