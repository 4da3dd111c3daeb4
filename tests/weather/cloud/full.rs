//! A disk that is full for a while: the journal takes no line any more, at once or after some lines, and
//! nothing may be done that cannot be remembered.

use std::collections::BTreeMap;

use certrotd::config::Config;
use certrotd::cycle::{Cycle, CycleError, Wake};
use certrotd::plan::action::Action;
use certrotd::plan::memory::Record;
use certrotd::record::{self, JournalError};
use rusqlite::Connection;

use super::house::House;
use super::stage::Stage;
use super::{clock, tally};

/// Lines that the disk takes at most before it is full.
const LINES_MAX: u64 = 6;
/// What lies where the journal tries whether there is room: a directory, which no file replaces.
const ROOM: &str = "room";

impl Stage {
    /// The disk of a host's journal is full, once it has taken a few more lines.
    pub fn fill_disk(&mut self, host: usize) {
        tally::count("gust: full disk");
        let lines = self.rng.below(LINES_MAX);
        let Some(journal) = journal(&self.houses[host]) else { return };
        // No file of another size and no other rights: those do not stop root.
        let count = "select count(*) from journal";
        let has: i64 = journal.query_row(count, [], |row| row.get(0)).unwrap();
        let full = format!(
            "create trigger full before insert on journal when ({count}) >= {} \
             begin select raise(abort, 'the disk is full'); end",
            has + i64::try_from(lines).unwrap()
        );
        journal.execute_batch(&full).unwrap();
        std::fs::create_dir(self.houses[host].state().join(ROOM)).unwrap();
        self.houses[host].full = true;
        if let Some(daemon) = &mut self.daemons[host] {
            daemon.is_full = true;
        }
        // There is something to remember.
        self.renew(host);
        self.wake(host, Wake::Look);
    }

    /// There is room again, and a daemon that has ended is started anew by whoever looks after it.
    pub fn make_room(&mut self, host: usize) {
        let house = &mut self.houses[host];
        if !std::mem::take(&mut house.full) {
            return;
        }
        tally::count("room again");
        journal(house).unwrap().execute_batch("drop trigger full").unwrap();
        std::fs::remove_dir(house.state().join(ROOM)).unwrap();
        // What a credential came to may not have been written down.
        self.judge.tries.forget();
        match &mut self.daemons[host] {
            Some(daemon) if daemon.has_ended => self.daemons[host] = None,
            Some(daemon) => daemon.is_full = false,
            None => {}
        }
    }
}

/// A connection of our own to a host's journal, where it has one.
fn journal(house: &House) -> Option<Connection> {
    let path = house.state().join("journal.sqlite");
    path.exists().then(|| Connection::open(path).unwrap())
}

/// A daemon does not even start where there is no room.
pub fn refuses(config: Config) {
    let opened = Cycle::open(config, clock::now);
    let refused = matches!(&opened, Err(CycleError::Journal(JournalError::NoRoom { .. })));
    assert!(refused, "{:?}", opened.err());
    tally::count("not started with a full disk");
}

/// How often each leaf was begun to be imported, by the beginning of its digest: what the cloud has
/// taken more often was not remembered.
pub fn begun(house: &House) -> BTreeMap<String, u64> {
    let mut begun = BTreeMap::new();
    for entry in record::read(&house.state()).unwrap().unwrap_or_default() {
        if let Record::Began { action: Action::Import { key }, .. } = &entry.record {
            *begun.entry(key.leaf.short()).or_default() += 1;
        }
    }
    begun
}
