//! A journal: its lines, each `MILLISECONDS RECORD`, or a whole file of SQLite.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use certrotd::model::time::Time;
use certrotd::plan::memory::{Memory, Record};
use certrotd::record::{self, JournalError};

/// How a database file begins.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// Folds the lines that are records. Each survives being written and read; the fold is the same each time,
/// has no more effects than lines, and counts none from the future.
pub fn open(bytes: &[u8]) {
    if bytes.starts_with(SQLITE) {
        return whole_file(bytes);
    }
    let Ok(text) = str::from_utf8(bytes) else { return };
    let mut records = Vec::new();
    for line in text.lines() {
        let (at, record) = line.split_once(' ').unwrap_or(("0", line));
        let at = Time::from_millis(at.parse().unwrap_or_default());
        let Ok(record) = serde_json::from_str::<Record>(record) else { continue };
        let written = serde_json::to_string(&record).expect("a record is JSON");
        let again: Record = serde_json::from_str(&written).expect("what was written is a record");
        assert_eq!(again, record, "written as {written}");
        records.push((at, record, again));
    }
    let (mut first, mut second) = (Memory::default(), Memory::default());
    for (at, record, again) in &records {
        first.fold(*at, record);
        second.fold(*at, again);
    }
    assert_eq!(first, second, "two folds differ");
    judge(&first, &records.iter().map(|(at, ..)| *at).collect::<Vec<_>>());
}

fn judge(memory: &Memory, moments: &[Time]) {
    let last = moments.last().copied().unwrap_or_default();
    assert!(memory.effects().count() <= moments.len(), "more effects than lines");
    for (action, effect) in memory.effects() {
        assert_eq!(memory.effect(action), Some(effect));
        assert!(effect.seq <= moments.len() as u64 && effect.begun_seq <= effect.seq);
        assert!(memory.since(effect, last) <= last, "a wait that begins in the future");
        assert!(moments.contains(&effect.at), "a moment that no line has");
    }
    assert!(memory.open().all(|(action, effect)| memory.effect(action) == Some(effect)));
    assert!(memory.all_newest().all(|(name, key)| memory.newest(name) == Some(key)));
}

/// Reads it as `status` does, which leaves the folder as it was.
fn whole_file(bytes: &[u8]) {
    let state = Scratch::new();
    let path = state.0.join("journal.sqlite");
    fs::write(&path, bytes).expect("scratch can be written");
    if let Ok(Some(entries)) = record::read(&state.0) {
        let mut memory = Memory::default();
        entries.iter().for_each(|entry| memory.fold(entry.at, &entry.record));
        match record::remembered(&state.0) {
            // Its lines can be shown, and are not all that there was to remember.
            Err(JournalError::Base { .. }) => {}
            remembered => assert_eq!(remembered.ok(), Some(memory), "two reads differ"),
        }
    }
    assert_eq!(fs::read(&path).expect("the journal is there"), bytes, "a reader wrote");
}

/// A directory that is removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("certrotd-fuzz-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("scratch can be made");
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left in a directory for temporary files is somebody else's to clean.
        let _ = fs::remove_dir_all(&self.0);
    }
}
