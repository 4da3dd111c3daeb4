//! A base is believed where it is what was written, and missed where it is needed.

use super::*;
use crate::model::names::Name;
use crate::plan::memory::Record;
use crate::record::{Journal, JournalError, read as entries, remembered};
use crate::scratch::Scratch;

/// A state directory with its journal.
struct State(Scratch);

impl State {
    /// With so many lines, one a second from the first.
    fn new(lines: i64) -> Self {
        let state = Self(Scratch::new());
        state.append(1..=lines);
        state
    }

    fn append(&self, moments: impl Iterator<Item = i64>) {
        let mut journal = Journal::open(&self.0).unwrap();
        let mut memory = journal.fold().unwrap();
        for secs in moments {
            let record = Record::AskedRetry { name: Name::new(&format!("name-{secs}")).unwrap() };
            journal.append(Time::from_secs(secs), &[record], &mut memory).unwrap();
        }
    }

    fn connection(&self) -> Connection {
        Connection::open(self.0.join("journal.sqlite")).unwrap()
    }

    fn run(&self, sql: &str) {
        self.connection().execute_batch(sql).unwrap();
    }

    fn memory(&self) -> Memory {
        remembered(&self.0).unwrap()
    }

    fn write(&self) {
        assert!(write(&mut self.connection(), &self.memory()).unwrap());
    }

    /// Prunes what is older than that second, and gives the lines that are left.
    fn prune(&self, secs: i64, lines_max: i64) -> Vec<i64> {
        prune(&mut self.connection(), Time::from_secs(secs), lines_max).unwrap();
        entries(&self.0).unwrap().unwrap().into_iter().map(|entry| entry.seq).collect()
    }
}

/// What may happen to a base, and what is then wrong with it.
const HARMS: [(&str, Unsound); 7] = [
    ("delete from base", Unsound::Missing),
    ("drop table base", Unsound::Missing),
    ("update base set format = 9", Unsound::Format(9)),
    ("update base set body = substr(body, 1, 20)", Unsound::Damaged),
    ("update base set digest = zeroblob(32)", Unsound::Damaged),
    ("update base set seq = seq - 1", Unsound::Damaged),
    ("delete from journal where seq > 5", Unsound::Ahead),
];

#[test]
fn with_a_base_the_memory_is_what_the_lines_say_without_it() {
    let state = State::new(6);
    state.write();
    state.append(7..=9);
    let with = state.memory();
    state.run("delete from journal where seq < 4");
    assert_eq!(state.memory(), with, "what it covers is not folded again");
    let state = State::new(9);
    assert_eq!(state.memory(), with);
}

#[test]
fn a_base_that_is_not_what_was_written_is_passed_over_while_every_line_is_there() {
    for (harm, why) in HARMS {
        let state = State::new(6);
        state.write();
        state.run(harm);
        assert_eq!(read(&state.connection()).unwrap(), Err(why), "{harm}");
        let lines = entries(&state.0).unwrap().unwrap();
        let mut folded = Memory::default();
        lines.iter().for_each(|entry| folded.fold(entry.at, &entry.record));
        assert_eq!(state.memory(), folded, "{harm}");
        assert_eq!(Journal::open(&state.0).unwrap().fold().unwrap(), folded, "{harm}");
    }
}

#[test]
fn a_base_that_is_not_what_was_written_is_an_error_once_lines_were_pruned() {
    for (harm, wrong) in HARMS {
        let state = State::new(6);
        state.write();
        assert_eq!(state.prune(4, 100), [4, 5, 6]);
        state.run(harm);
        let refused =
            |error: JournalError| matches!(error, JournalError::Base { why, .. } if why == wrong);
        assert!(refused(remembered(&state.0).unwrap_err()), "{harm}");
        assert!(refused(Journal::open(&state.0).and_then(|it| it.fold()).unwrap_err()), "{harm}");
    }
}

#[test]
fn lines_are_pruned_that_are_old_or_too_many_and_that_a_base_covers() {
    let state = State::new(6);
    assert_eq!(state.prune(100, 1), [1, 2, 3, 4, 5, 6], "there is no base");
    state.write();
    state.append(7..=9);
    let memory = state.memory();
    assert_eq!(state.prune(1, 100).len(), 9, "none is old");
    assert_eq!(
        state.connection().pragma_query_value(None, "user_version", |it| it.get(0)),
        Ok(COMPLETE)
    );
    assert_eq!(state.prune(3, 100), [3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(
        state.connection().pragma_query_value(None, "user_version", |it| it.get(0)),
        Ok(PRUNED)
    );
    assert_eq!(state.prune(3, 5), [5, 6, 7, 8, 9], "five are enough");
    assert_eq!(state.prune(100, 100), [6, 7, 8, 9], "its last line stays, and what comes after");
    assert_eq!(state.memory(), memory);
    state.append(10..=10);
    assert_eq!(entries(&state.0).unwrap().unwrap().last().unwrap().seq, 10, "counted on");
    assert_eq!(state.memory().lines(), 10);
}

/// Nothing is pruned from the middle: what `history` shows has no holes.
#[test]
fn a_line_of_a_clock_that_was_ahead_holds_up_those_after_it() {
    let state = State::new(2);
    state.append([50, 3, 4, 5].into_iter());
    state.write();
    assert_eq!(state.prune(10, 100), [3, 4, 5, 6]);
    assert_eq!(state.prune(10, 100), [3, 4, 5, 6]);
    assert_eq!(state.prune(10, 2), [6], "until there are too many");
}

#[test]
fn a_journal_that_knows_of_no_base_is_read_and_gets_one() {
    let state = State::new(3);
    let memory = state.memory();
    state.run("drop table base");
    assert_eq!(state.memory(), memory);
    drop(Journal::open(&state.0).unwrap());
    state.write();
    assert!(read(&state.connection()).unwrap().is_ok());
}

/// Killed while it writes: the former one is still there.
#[test]
fn a_base_that_is_not_written_to_the_end_leaves_the_former() {
    let state = State::new(3);
    state.write();
    state.append(4..=6);
    state
        .run("create trigger full before insert on base begin select raise(abort, 'no room'); end");
    let memory = state.memory();
    write(&mut state.connection(), &memory).unwrap_err();
    assert_eq!(end(&state.connection()).unwrap(), 3);
    assert_eq!(state.memory(), memory);
}
