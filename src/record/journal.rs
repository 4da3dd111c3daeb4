//! The journal: a table of lines in one SQLite file, which is proven against torn writes and full
//! disks. A line is on the disk when [`Journal::append`] returns.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, params};

use crate::files;
use crate::model::time::Time;
use crate::plan::memory::{Memory, Record};

use super::base::{self, COMPLETE, PRUNED};
use super::error::{JournalError, directory, sqlite, unwritable};
use super::place::{self, Place};
use super::reading;

/// The journal's file in the state directory.
pub(super) const FILE: &str = "journal.sqlite";
/// How long a reader waits for a writer, and the writer for a reader.
pub(super) const BUSY_WAIT: Duration = Duration::from_secs(5);
/// How many lines may follow the base before there is a new one: some tens of milliseconds at the next start.
const BASE_EVERY: u64 = 10_000;
/// How long a line is kept that only `history` reads.
const KEEP: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// How many lines are kept, however young: about a gigabyte.
const LINES_MAX: i64 = 2_000_000;
/// How long a leaf is remembered that is neither wanted nor anywhere any more: far longer than any list or edge
/// lags, and longer than most leave a renewed certificate in use elsewhere.
const FORGET_AFTER: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How large the log of SQLite may stay once what is in it has gone into the file, in bytes. SQLite goes that far
/// between two such moves by itself.
const WAL_BYTES_MAX: i64 = 4 * 1024 * 1024;

/// The journal, open for its one writer, who holds the state directory's lock.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    connection: Connection,
    place: Place,
    noted: Vec<(Time, Record)>,
    rest_from: u64,
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
        if ![COMPLETE, PRUNED].contains(&found) {
            return Err(JournalError::Version { path, found });
        }
        prove(&connection, found).map_err(|source| unwritable(&path, source))?;
        let place = Place::of(&path).map_err(|source| directory(&path, source))?;
        Ok(Self { path, connection, place, noted: Vec::new(), rest_from: 0 })
    }

    /// Everything remembered.
    pub fn fold(&self) -> Result<Memory, JournalError> {
        reading::fold(&self.connection, &self.path)
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
        if !self.in_place()? {
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

    /// What can be put off until there is nothing else to do: lets go of what is over, puts `memory` down as the
    /// base once enough lines were written since the last one, and prunes some lines that are only history.
    /// Refuses where the disk does not take it; the lines are as durable as before, and it is not tried
    /// again before as many more were written.
    pub fn rest(&mut self, now: Time, memory: &mut Memory) -> Result<(), JournalError> {
        if !self.noted.is_empty() || memory.lines() < self.rest_from {
            return Ok(());
        }
        if !self.in_place()? {
            // Whoever commits next says so.
            return Ok(());
        }
        let rested = self.settle(now, memory);
        if rested.is_err() {
            self.rest_from = memory.lines() + BASE_EVERY;
        }
        rested.map_err(|source| unwritable(&self.path, source))
    }

    fn in_place(&self) -> Result<bool, JournalError> {
        self.place.holds().map_err(|source| directory(&self.path, source))
    }

    fn settle(&mut self, now: Time, memory: &mut Memory) -> rusqlite::Result<()> {
        let end = u64::try_from(base::end(&self.connection)?).unwrap_or(0);
        if memory.lines() >= end + BASE_EVERY {
            memory.forget(now - FORGET_AFTER);
            base::write(&mut self.connection, memory)?;
        }
        base::prune(&mut self.connection, now - KEEP, LINES_MAX).map(drop)
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

fn prepare(path: &Path) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_WAIT)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_MAX)?;
    if version(&connection)? == 0 {
        let transaction = connection.transaction()?;
        transaction.execute_batch(
            "create table journal (seq integer primary key, at integer not null, record text not null) strict",
        )?;
        transaction.pragma_update(None, "user_version", COMPLETE)?;
        transaction.commit()?;
    }
    Ok(connection)
}

/// Writes what stands there already, which changes nothing and needs all that a line needs.
fn prove(connection: &Connection, version: i64) -> rusqlite::Result<()> {
    connection.pragma_update(None, "user_version", version)?;
    base::prepare(connection)
}

pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

#[cfg(test)]
mod tests;
