//! Refused credentials, remembered also by the commands that only read: every try counts towards
//! the service's lock.

use super::print;
use crate::cycle::World;
use crate::daemon;
use crate::files::lock::Lock;
use crate::plan::memory::{Memory, Record};
use crate::record::Journal;

/// Writes refused credentials into the journal, where there is a state directory that no daemon
/// has: a daemon finds out by itself. That it cannot be written is said and stops nothing.
pub(super) fn remember(world: &World, memory: &mut Memory) {
    let refusals = world.take_refusals().into_iter();
    let records: Vec<_> = refusals.map(|refusal| Record::Refused { refusal }).collect();
    let state = &world.config.state;
    if records.is_empty() || !state.is_dir() {
        return;
    }
    let Ok(_lock) = Lock::acquire(state) else { return };
    let written = Journal::open(state)
        .and_then(|mut journal| journal.append(daemon::now(), &records, memory));
    if let Err(error) = written {
        print::failed(&error);
    }
}
