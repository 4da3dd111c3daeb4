//! The journal: a table of lines in one SQLite file, which is proven against torn writes and full
//! disks. A line is on the disk when [`Journal::append`] returns.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params};

use crate::files;
use crate::model::time::Time;
use crate::plan::memory::{Memory, Record};

use super::error::{JournalError, directory, sqlite, unwritable};
use super::place::{self, Place};

/// The journal's file in the state directory.
const FILE: &str = "journal.sqlite";
/// What `user_version` says of a journal that this code writes.
pub(super) const VERSION: i64 = 1;
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

/// The journal, open for its one writer, who holds the state directory's lock.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    connection: Connection,
    place: Place,
    noted: Vec<(Time, Record)>,
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
        Ok(Self { path, connection, place, noted: Vec::new() })
    }

    /// Everything remembered.
    pub fn fold(&self) -> Result<Memory, JournalError> {
        let mut memory = Memory::default();
        for entry in lines(&self.connection, &self.path)? {
            memory.fold(entry.at, &entry.record);
        }
        Ok(memory)
    }

    /// Takes lines in: they count at once, and [`Self::commit`] writes them. What rests on them may not
    /// leave this process before that.
    pub fn note(
        &mut self,
        at: Time,
        records: impl IntoIterator<Item = Record>,
        memory: &mut Memory,
    ) {
        for record in records {
            memory.fold(at, &record);
            self.noted.push((at, record));
        }
    }

    /// Writes what was noted since the last time: all of it, or none. It is on the disk when this returns.
    /// Also without lines it refuses once the journal is not in its place any more. Once it has refused,
    /// what was noted is lost, and so is the memory that has it.
    pub fn commit(&mut self) -> Result<(), JournalError> {
        if !self.place.holds().map_err(|source| directory(&self.path, source))? {
            return Err(JournalError::Gone { path: self.path.clone() });
        }
        let lines = std::mem::take(&mut self.noted);
        if lines.is_empty() {
            return Ok(());
        }
        self.write(&lines).map_err(|source| unwritable(&self.path, source))
    }

    /// Writes the lines, and whatever was noted before, and folds them into `memory` after that: they are
    /// on the disk when this returns, or not remembered.
    pub fn append(
        &mut self,
        at: Time,
        records: &[Record],
        memory: &mut Memory,
    ) -> Result<(), JournalError> {
        self.noted.extend(records.iter().map(|record| (at, record.clone())));
        self.commit()?;
        records.iter().for_each(|record| memory.fold(at, record));
        Ok(())
    }

    fn write(&mut self, lines: &[(Time, Record)]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        let mut insert = transaction.prepare("insert into journal (at, record) values (?1, ?2)")?;
        for (at, record) in lines {
            let text = serde_json::to_string(record)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
            insert.execute(params![at.millis(), text])?;
        }
        drop(insert);
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

/// A path as SQLite's URI wants it.
fn uri_path(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

#[cfg(test)]
mod tests;
