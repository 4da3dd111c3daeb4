//! Refused credentials, remembered also by the commands that only read: every try counts towards
//! the service's lock.

use super::{chain, print};
use crate::cycle::World;
use crate::daemon;
use crate::files;
use crate::files::lock::{Lock, LockError};
use crate::plan::memory::{Memory, Record};
use crate::record::Journal;

/// Writes refused credentials into the journal, making the state directory where it is missing: to lock
/// a key for everybody is worse than to create something. While a daemon has the directory nothing is
/// written, and the daemon finds out by itself. That it cannot be written is said and stops nothing.
pub(super) fn remember(world: &World, memory: &mut Memory) {
    let refusals = world.take_refusals().into_iter();
    let records: Vec<_> = refusals.map(|refusal| Record::Refused { refusal }).collect();
    if records.is_empty() {
        return;
    }
    let state = &world.config.state;
    let _lock = match files::state_dir(state).map(|()| Lock::acquire(state)) {
        Ok(Ok(lock)) => lock,
        Ok(Err(LockError::Held { .. })) => return,
        Ok(Err(error)) => return forgotten(&chain(&error)),
        Err(error) => return forgotten(&format!("state directory {}: {error}", state.display())),
    };
    let written = Journal::open(state)
        .and_then(|mut journal| journal.append(daemon::now(), &records, memory));
    if let Err(error) = written {
        forgotten(&chain(&error));
    }
}

/// Says what follows from it.
fn forgotten(why: &str) {
    print::problem(&format!(
        "{why}: that a credential was refused is not remembered, and each further try counts towards \
         the service's lock"
    ));
}
