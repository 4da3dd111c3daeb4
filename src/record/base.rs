//! The base: what all lines up to one of them say, folded, in a row beside them.
//!
//! Folding every line at each start takes seconds after some years of thousands of certificates, and lines that are
//! only history should not be kept for ever. So now and then the one writer, when it has nothing to do, puts
//! down the memory as it is. Whoever opens the journal begins with that and folds the lines after it.
//!
//! - While every line is there ([`COMPLETE`]), the base is a short cut. One that is missing, damaged, of another
//!   format or ahead of the lines is not believed, and the lines are folded.
//! - Lines that a base covers decide nothing more. Those that are old enough are pruned, and the first to be pruned makes
//!   it a journal of another version ([`PRUNED`]): an older certrotd, which knows of lines alone, refuses it, and
//!   a base that cannot be read is an error, not a memory that has silently lost something.
//! - The line that a base ends with stays, so that the lines go on being counted from there.
//! - Before a base takes the place of the former one, it is read back: it has to give the same memory.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::model::digest::Sha256;
use crate::model::time::Time;
use crate::plan::memory::{FORMAT, FORMATS, Memory};

/// What `user_version` says of a journal that has all of its lines.
pub(super) const COMPLETE: i64 = 1;
/// What it says of one that has not, whose base is needed.
pub(super) const PRUNED: i64 = 2;
/// How many lines are pruned in one go, at most: some milliseconds' work, for which everything else waits.
pub(super) const PRUNED_AT_ONCE_MAX: i64 = 5_000;

/// Makes room for a base where there is none. A certrotd that does not know of it passes it over.
pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "create table if not exists base (seq integer not null, format integer not null, \
         digest blob not null, body blob not null) strict",
    )
}

/// Why a base is not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unsound {
    /// There is none.
    #[error("is missing")]
    Missing,
    /// It is of a format that this version does not read.
    #[error("has format {0}, which this certrotd does not read")]
    Format(i64),
    /// Its bytes are not those that were written.
    #[error("is damaged")]
    Damaged,
    /// Lines that it has folded are not there.
    #[error("knows of lines that are not there")]
    Ahead,
}

/// The memory of the base, or why there is none to be believed.
pub(super) fn read(connection: &Connection) -> rusqlite::Result<Result<Memory, Unsound>> {
    let has = "select exists (select 1 from sqlite_schema where type = 'table' and name = 'base')";
    if !connection.query_row(has, [], |row| row.get::<_, bool>(0))? {
        return Ok(Err(Unsound::Missing));
    }
    let last: i64 = connection.query_row(LAST, [], |row| row.get(0))?;
    let mut statement = connection.prepare("select seq, format, digest, body from base")?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(Err(Unsound::Missing)) };
    let (seq, format): (i64, i64) = (row.get(0)?, row.get(1)?);
    let (digest, body) = (row.get_ref(2)?.as_blob()?, row.get_ref(3)?.as_blob()?);
    Ok(sound(seq, format, digest, body).and_then(|memory| match seq <= last {
        true => Ok(memory),
        false => Err(Unsound::Ahead),
    }))
}

fn sound(seq: i64, format: i64, digest: &[u8], body: &[u8]) -> Result<Memory, Unsound> {
    if !FORMATS.contains(&format) {
        return Err(Unsound::Format(format));
    }
    if Sha256::of(body).bytes() != digest {
        return Err(Unsound::Damaged);
    }
    let memory = Memory::unpack(format, body).ok_or(Unsound::Damaged)?;
    if lines(&memory) == seq { Ok(memory) } else { Err(Unsound::Damaged) }
}

/// Puts this memory down as the base, which has to be the fold of all lines. Gives whether it did: one that does not
/// read back as the same memory is not written.
pub(super) fn write(connection: &mut Connection, memory: &Memory) -> rusqlite::Result<bool> {
    let body = memory.pack();
    if Memory::unpack(FORMAT, &body).as_ref() != Some(memory) {
        return Ok(false);
    }
    let transaction = connection.transaction()?;
    transaction.execute("delete from base", [])?;
    transaction.execute(
        "insert into base (seq, format, digest, body) values (?1, ?2, ?3, ?4)",
        params![lines(memory), FORMAT, Sha256::of(&body).bytes(), body],
    )?;
    transaction.commit()?;
    Ok(true)
}

/// The line that the base ends with; zero when there is none.
pub(super) fn end(connection: &Connection) -> rusqlite::Result<i64> {
    let seq = connection.query_row("select seq from base", [], |row| row.get(0)).optional()?;
    Ok(seq.unwrap_or(0))
}

/// Prunes the first lines that the base covers and that are older than `before`, or too many: no more than
/// [`PRUNED_AT_ONCE_MAX`] in one go.
pub(super) fn prune(
    connection: &mut Connection,
    before: Time,
    lines_max: i64,
) -> rusqlite::Result<usize> {
    let transaction = connection.transaction()?;
    let end = end(&transaction)?;
    let last: i64 = transaction.query_row(LAST, [], |row| row.get(0))?;
    let goes = |seq: i64, at: i64| at < before.millis() || seq <= last - lines_max;
    let Some(first) = first(&transaction)?.filter(|(seq, at)| *seq < end && goes(*seq, *at)) else {
        return Ok(0);
    };
    let upto = (first.0 + PRUNED_AT_ONCE_MAX).min(end);
    // The first that stays: those after it stay too, also where a clock that was wrong calls one older.
    let stays: Option<i64> = transaction
        .query_row(
            "select min(seq) from journal where seq < ?1 and at >= ?2 and seq > ?3",
            params![upto, before.millis(), last - lines_max],
            |row| row.get(0),
        )
        .optional()?
        .flatten();
    let pruned =
        transaction.execute("delete from journal where seq < ?1", [stays.unwrap_or(upto)])?;
    transaction.pragma_update(None, "user_version", PRUNED)?;
    transaction.commit()?;
    Ok(pruned)
}

const LAST: &str = "select coalesce(max(seq), 0) from journal";

/// The first line that is left, and its moment in milliseconds.
fn first(transaction: &Transaction<'_>) -> rusqlite::Result<Option<(i64, i64)>> {
    transaction
        .query_row("select seq, at from journal order by seq limit 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
}

/// Lines folded, as SQLite counts them.
fn lines(memory: &Memory) -> i64 {
    i64::try_from(memory.lines()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
