//! The journal on a disk that does not go along.

use super::super::{Entry, read};
use super::*;
use crate::model::names::Name;
use crate::scratch::Scratch;

fn asked(name: &str) -> Record {
    Record::AskedRetry { name: Name::new(name).unwrap() }
}

#[test]
fn what_was_appended_is_read_and_folded_by_the_next_to_open() {
    let state = Scratch::new();
    let mut memory = Memory::default();
    let mut journal = Journal::open(&state).unwrap();
    journal.append(Time::from_secs(5), &[asked("one"), asked("two")], &mut memory).unwrap();
    assert_eq!(read(&state).unwrap().unwrap().len(), 2, "beside the writer");
    drop(journal);
    let before: Vec<_> = std::fs::read_dir(&*state).unwrap().map(|e| e.unwrap().path()).collect();
    let entries = read(&state).unwrap().unwrap();
    let after: Vec<_> = std::fs::read_dir(&*state).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(before, after, "a reader leaves nothing behind");
    assert_eq!(entries[1], Entry { seq: 2, at: Time::from_secs(5), record: asked("two") });
    assert_eq!(Journal::open(&state).unwrap().fold().unwrap(), memory);
}

#[test]
fn there_is_no_journal_before_the_first_start() {
    let scratch = Scratch::new();
    let state = scratch.join("state");
    assert!(read(&state).unwrap().is_none());
    assert!(!state.exists());
}

/// More lines than there is room for in what the file has already.
fn many() -> Vec<Record> {
    (0..1000).map(|at| asked(&format!("name-{at}"))).collect()
}

/// Why a journal that was open takes no line.
fn refused(journal: &mut Journal) -> String {
    let mut memory = Memory::default();
    let error = journal.append(Time::from_secs(5), &many(), &mut memory).unwrap_err();
    assert_eq!(memory, Memory::default(), "what is not on the disk is not remembered");
    chain(&error)
}

/// An error with everything below it, as the log prints it.
fn chain(error: &dyn std::error::Error) -> String {
    let below = std::iter::successors(Some(error), |error| error.source());
    below.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[test]
fn opening_it_writes_to_the_disk() {
    let state = Scratch::new();
    let wal = || std::fs::metadata(state.join("journal.sqlite-wal")).map_or(0, |found| found.len());
    let first = Journal::open(&state).unwrap();
    let before = wal();
    let _second = Journal::open(&state).unwrap();
    assert!(wal() > before, "{before}");
    drop(first);
    let mut left: Vec<_> =
        std::fs::read_dir(&*state).unwrap().map(|it| it.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["journal.sqlite", "journal.sqlite-shm", "journal.sqlite-wal"]);
}

/// Lets the journal become no larger than so many pages; what is larger stays as it is.
fn most(journal: &Journal, pages: i64) {
    let mut told = journal.connection.prepare(&format!("pragma max_page_count = {pages}")).unwrap();
    told.query_row([], |row| row.get::<_, i64>(0)).unwrap();
}

#[test]
fn a_full_disk_takes_no_line_and_a_disk_with_room_again_does() {
    let state = Scratch::new();
    let mut journal = Journal::open(&state).unwrap();
    let pages: i64 =
        journal.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    most(&journal, pages);
    let mut memory = Memory::default();
    let error = journal.append(Time::from_secs(5), &many(), &mut memory).unwrap_err();
    assert!(matches!(error, JournalError::Unwritable { .. }), "{error}");
    assert_eq!(memory, Memory::default());
    most(&journal, pages * 1000);
    journal.append(Time::from_secs(5), &many(), &mut memory).unwrap();
    assert_eq!(read(&state).unwrap().unwrap().len(), many().len(), "and nothing of the first try");
}

#[test]
fn each_refusal_says_once_what_the_system_or_sqlite_said() {
    let scratch = Scratch::new();
    let state = scratch.join("state");
    let (path, shown) = (state.join(FILE), state.display());
    let mut journal = Journal::open(&state).unwrap();
    let unwritable = format!(
        "journal {} cannot be written, and nothing is done that cannot be remembered",
        path.display()
    );
    journal.connection.pragma_update(None, "query_only", true).unwrap();
    let only_read = refused(&mut journal);
    journal.connection.pragma_update(None, "query_only", false).unwrap();
    most(&journal, 1);
    let full = refused(&mut journal);
    std::fs::create_dir(state.join("room")).unwrap();
    let no_room = chain(&Journal::open(&state).unwrap_err());
    std::fs::remove_dir_all(&state).unwrap();
    let gone = refused(&mut journal);
    files::state_dir(&state).unwrap();
    std::fs::write(&path, "no journal at all, but longer than the header of one".repeat(9))
        .unwrap();
    let foreign = chain(&Journal::open(&state).unwrap_err());
    for (found, wanted) in [
        (only_read, format!("{unwritable}: attempt to write a readonly database (SQLite code 8)")),
        (full, format!("{unwritable}: database or disk is full (SQLite code 13)")),
        (
            no_room,
            format!(
                "state directory {shown} cannot be written, and nothing is done that cannot be remembered: \
                 Is a directory (os error 21)"
            ),
        ),
        (
            gone,
            format!(
                "journal {} was deleted, moved or replaced while certrotd ran, and nothing is done that cannot be \
                 remembered: start certrotd again, and it finds what it has done by looking",
                path.display()
            ),
        ),
        (foreign, format!("journal {}: file is not a database (SQLite code 26)", path.display())),
    ] {
        assert_eq!(found, wanted);
    }
}

#[test]
fn a_journal_that_was_taken_away_takes_no_line() {
    type Take = fn(&Path);
    let takes: [(&str, Take); 5] = [
        ("the directory is deleted", |state| std::fs::remove_dir_all(state).unwrap()),
        ("the directory is moved", |state| {
            std::fs::rename(state, state.with_extension("moved")).unwrap()
        }),
        ("the directory is another", |state| {
            std::fs::remove_dir_all(state).unwrap();
            Journal::open(state).unwrap();
        }),
        ("the file is another with the same lines", |state| {
            let (file, copy) = (state.join(FILE), state.join("copy"));
            std::fs::copy(&file, &copy).unwrap();
            std::fs::rename(&copy, &file).unwrap();
        }),
        ("the lines written last are deleted", |state| {
            std::fs::remove_file(state.join("journal.sqlite-wal")).unwrap();
        }),
    ];
    for (what, take) in takes {
        let scratch = Scratch::new();
        let state = scratch.join("state");
        let mut journal = Journal::open(&state).unwrap();
        take(&state);
        let mut memory = Memory::default();
        for records in [&[][..], &[asked("one")][..]] {
            let error = journal.append(Time::from_secs(5), records, &mut memory).unwrap_err();
            assert!(matches!(error, JournalError::Gone { .. }), "{what}: {error}");
        }
        assert_eq!(memory, Memory::default(), "{what}");
    }
}

#[test]
fn a_journal_that_cannot_be_looked_at_is_not_called_gone() {
    let scratch = Scratch::new();
    let state = scratch.join("state");
    let mut journal = Journal::open(&state).unwrap();
    std::fs::rename(&state, scratch.join("moved")).unwrap();
    std::os::unix::fs::symlink(&state, &state).unwrap();
    let error = journal.append(Time::from_secs(5), &[], &mut Memory::default()).unwrap_err();
    assert!(
        matches!(&error, JournalError::Directory { path, source } if *path == state
            && source.raw_os_error() == Some(nix::libc::ELOOP)),
        "{error}"
    );
}

#[test]
fn what_another_command_left_of_its_proof_is_no_obstacle() {
    let state = Scratch::new();
    files::state_dir(&state).unwrap();
    std::fs::write(state.join("room"), "").unwrap();
    Journal::open(&state).unwrap();
    assert!(!state.join("room").exists());
}

#[test]
fn a_journal_of_another_version_is_refused() {
    let state = Scratch::new();
    drop(Journal::open(&state).unwrap());
    let connection = Connection::open(state.join(FILE)).unwrap();
    connection.pragma_update(None, "user_version", PRUNED + 1).unwrap();
    drop(connection);
    let refused = |error: JournalError| matches!(error, JournalError::Version { found, .. } if found == PRUNED + 1);
    assert!(refused(Journal::open(&state).unwrap_err()));
    assert!(refused(read(&state).unwrap_err()));
}

/// The second of two lines cannot be written, as on a disk that is full by then.
#[test]
fn what_cannot_be_written_whole_is_neither_written_nor_remembered() {
    let state = Scratch::new();
    let mut journal = Journal::open(&state).unwrap();
    let refuses = "create trigger full before insert on journal when new.record like '%two%' \
                   begin select raise(abort, 'no room'); end";
    journal.connection.execute_batch(refuses).unwrap();
    let mut memory = Memory::default();
    let both = [asked("one"), asked("two")];
    journal.append(Time::from_secs(5), &both, &mut memory).unwrap_err();
    assert_eq!(memory, Memory::default());
    assert!(read(&state).unwrap().unwrap().is_empty());
    journal.append(Time::from_secs(6), &both[..1], &mut memory).unwrap();
    assert_eq!(journal.fold().unwrap(), memory);
}

#[test]
fn what_is_noted_counts_at_once_and_is_on_the_disk_once_it_is_committed() {
    let state = Scratch::new();
    let mut journal = Journal::open(&state).unwrap();
    let mut memory = Memory::default();
    let name = |text| Name::new(text).unwrap();
    journal.note(Time::from_secs(5), [asked("one"), asked("two")], &mut memory);
    journal.note(Time::from_secs(6), [asked("three")], &mut memory);
    assert!(memory.asked_retry(&name("three")).is_some());
    assert!(read(&state).unwrap().unwrap().is_empty());
    journal.append(Time::from_secs(7), &[asked("four")], &mut memory).unwrap();
    let said: Vec<_> =
        read(&state).unwrap().unwrap().into_iter().map(|it| (it.seq, it.at)).collect();
    let at = Time::from_secs;
    assert_eq!(said, [(1, at(5)), (2, at(5)), (3, at(6)), (4, at(7))], "in the order they came in");
    assert_eq!(journal.fold().unwrap(), memory);
    journal.note(Time::from_secs(8), [asked("five")], &mut memory);
    journal.commit().unwrap();
    journal.commit().unwrap();
    assert_eq!(read(&state).unwrap().unwrap().len(), 5, "once");
}

#[test]
fn a_base_is_written_after_so_many_lines_and_a_year_later_they_go() {
    let state = Scratch::new();
    let mut journal = Journal::open(&state).unwrap();
    let mut memory = Memory::default();
    let every = usize::try_from(BASE_EVERY).unwrap();
    let write = |journal: &mut Journal, memory: &mut Memory, count: usize| {
        let lines: Vec<_> = (0..count).map(|at| asked(&format!("name-{at}"))).collect();
        journal.append(Time::from_secs(5), &lines, memory).unwrap();
    };
    let end = |journal: &Journal| base::end(&journal.connection).unwrap();
    write(&mut journal, &mut memory, every - 1);
    journal.rest(Time::from_secs(6), &mut memory).unwrap();
    assert_eq!(end(&journal), 0, "not yet");
    write(&mut journal, &mut memory, 1);
    journal.note(Time::from_secs(6), [asked("noted")], &mut memory);
    journal.rest(Time::from_secs(6), &mut memory).unwrap();
    assert_eq!(end(&journal), 0, "not while it would have what is not on the disk");
    journal.commit().unwrap();
    journal.rest(Time::from_secs(6), &mut memory).unwrap();
    assert_eq!(end(&journal), 10_001);
    write(&mut journal, &mut memory, 1);
    journal.rest(Time::from_secs(5) + KEEP, &mut memory).unwrap();
    assert_eq!(read(&state).unwrap().unwrap().len(), every + 2, "a year is kept");
    let later = Time::from_secs(7) + KEEP;
    for left in [5_002, 2, 2] {
        journal.rest(later, &mut memory).unwrap();
        let entries = read(&state).unwrap().unwrap();
        assert_eq!((entries.len(), entries.last().unwrap().seq), (left, 10_002));
    }
    assert_eq!(journal.fold().unwrap(), memory);
}
