//! Entries that an operator has put to rest: whatever is due for them waits, and looking goes on.

use std::collections::BTreeSet;

use super::action::Action;
use super::hold::Hold;
use super::memory::Memory;
use super::{Draft, Held};
use crate::model::names::{Name, Subject};
use crate::model::time::Time;

/// Whether nothing may be begun for this name now.
pub(super) fn is_paused(name: &Name, memory: &Memory, now: Time) -> bool {
    memory.paused(name, now).is_some()
}

/// Holds what is due for an entry that is paused. Tells whether it did.
pub(super) fn hold(subject: &Subject, action: &Action, draft: &mut Draft<'_>) -> bool {
    let due = || Some(action.describe(subject));
    let Some(held) = held(subject, due, draft) else { return false };
    draft.plan.held.push(held);
    true
}

/// Says of the entries that are paused while nothing is due that they are: somebody may have forgotten.
pub(super) fn tell(draft: &mut Draft<'_>) {
    let observed = draft.observed;
    if draft.memory.all_paused(observed.now).next().is_none() {
        return;
    }
    let certificates = observed.certificates.iter().map(|it| Subject::Certificate(it.name.clone()));
    let cas = observed.cas.iter().map(|it| Subject::Ca(it.name.clone()));
    let switches = observed.switches.iter().map(|it| Subject::Ssl(it.name.clone()));
    let is_paused = |held: &&Held| matches!(held.why, Hold::Paused { .. });
    let told: BTreeSet<_> =
        draft.plan.held.iter().filter(is_paused).map(|it| &it.subject).collect();
    let others = certificates.chain(cas).chain(switches).filter(|it| !told.contains(it));
    let held: Vec<_> = others.filter_map(|it| held(&it, || None, draft)).collect();
    draft.plan.held.extend(held);
}

fn held(
    subject: &Subject,
    due: impl FnOnce() -> Option<String>,
    draft: &Draft<'_>,
) -> Option<Held> {
    let pause = draft.memory.paused(subject.name(), draft.observed.now)?;
    let (until, by) = (pause.until, pause.by.clone());
    let why = Hold::Paused { until, by, due: due() };
    Some(Held { subject: subject.clone(), why, until: Some(until) })
}
