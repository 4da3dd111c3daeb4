//! One rotation: may this leaf go out, is it imported, and then its pushes.

use super::action::{Action, Because, Fact, ImportKey};
use super::hold::Hold;
use super::memory::{Effect, State};
use super::observed::{BadInput, CertificateSeen, ImportSeen};
use super::{Draft, gate, push};
use crate::cert::{LeafFacts, validity};
use crate::model::names::{Name, Subject};

/// The key under which this leaf is imported.
pub(super) fn import_key(seen: &CertificateSeen, leaf: &LeafFacts) -> ImportKey {
    ImportKey {
        cloud: seen.cloud.clone(),
        enterprise_project: seen.enterprise_project.clone(),
        leaf: leaf.sha256,
        issued: leaf.not_before,
    }
}

pub(super) fn plan(seen: &CertificateSeen, draft: &mut Draft<'_>) {
    let subject = Subject::Certificate(seen.name.clone());
    if draft.observed.in_flight.contains(&subject) {
        return draft.hold(&subject, Hold::InFlight, None);
    }
    let leaf = match &seen.local {
        Ok(leaf) => leaf,
        Err(BadInput { path, finding }) => {
            let why = Hold::BadInput { path: path.clone(), finding: finding.clone() };
            return draft.hold(&subject, why, None);
        }
    };
    if let Some(finding) = validity(leaf, draft.observed.now) {
        let why = Hold::BadInput { path: seen.cert_path.clone(), finding };
        let until = (leaf.not_before > draft.observed.now).then_some(leaf.not_before);
        return draft.hold(&subject, why, until);
    }
    let key = import_key(seen, leaf);
    if let Some(why) = older(&seen.name, &key, &subject, draft) {
        return draft.hold(&subject, why, None);
    }
    let Some(scm_id) = import(seen, leaf, &key, &subject, draft) else { return };
    for target in &seen.targets {
        push::plan(seen, leaf, &key, &scm_id, target, draft);
    }
}

/// Holds a leaf that was issued before the one already imported, unless an operator allowed it.
fn older(name: &Name, key: &ImportKey, subject: &Subject, draft: &mut Draft<'_>) -> Option<Hold> {
    if draft.memory.asked_older(name) {
        // It is for the leaf of this look alone: one that lay unused would let any leaf through later.
        draft.learn(subject, Action::Import { key: key.clone() }, Fact::AllowedOlder);
        return None;
    }
    let newest = draft.memory.newest(name)?;
    if !newest.same_place(key) || newest.leaf == key.leaf || newest.issued <= key.issued {
        return None;
    }
    Some(Hold::Older { issued: key.issued, imported: newest.issued })
}

/// Settles the import; gives its id once it stands.
fn import(
    seen: &CertificateSeen,
    leaf: &LeafFacts,
    key: &ImportKey,
    subject: &Subject,
    draft: &mut Draft<'_>,
) -> Option<String> {
    let action = Action::Import { key: key.clone() };
    let effect = draft.memory.effect(&action);
    let known = effect.filter(|effect| matches!(effect.state, State::Done | State::Seen));
    match (&seen.import, known) {
        (ImportSeen::Found(id), known) => {
            // Each look that confirms it is remembered, which is also when it was last confirmed.
            let newest = draft.memory.newest(&seen.name) == Some(key);
            let now = draft.observed.now;
            let fresh = known.filter(|_| newest).is_some_and(|effect| {
                effect.state == State::Seen
                    && effect.id.as_ref() == Some(id)
                    && draft.memory.since(effect, now) >= seen.looked_at.min(now)
            });
            if !fresh {
                draft.learn(subject, action, Fact::Seen { id: Some(id.clone()) });
            }
            return Some(id.clone());
        }
        // A re-check that fails takes nothing away from what the journal knows.
        (ImportSeen::Trusted | ImportSeen::Unknown(_), Some(effect)) => {
            return trust(seen, key, subject, effect, draft);
        }
        (ImportSeen::Unknown(failure), None) => {
            let until = failure.wait.map(|wait| draft.observed.now + wait);
            draft.hold(subject, Hold::Unseen { failure: failure.clone() }, until);
        }
        // It may have been imported for another entry while this look was under way.
        (ImportSeen::Absent, Some(effect)) if !gate::proves(seen.looked_at, effect, draft) => {
            return trust(seen, key, subject, effect, draft);
        }
        (ImportSeen::Absent, Some(_)) => draft.learn(subject, action, Fact::Gone),
        (ImportSeen::Absent | ImportSeen::Trusted, _) => {
            absent(seen, leaf, key, subject, effect, draft);
        }
    }
    None
}

/// The journal knows the import. Where another entry made it, this one remembers it as its own
/// newest too: it must not fall back behind it later.
fn trust(
    seen: &CertificateSeen,
    key: &ImportKey,
    subject: &Subject,
    effect: &Effect,
    draft: &mut Draft<'_>,
) -> Option<String> {
    if draft.memory.newest(&seen.name) != Some(key) {
        let action = Action::Import { key: key.clone() };
        draft.learn(subject, action, Fact::Seen { id: effect.id.clone() });
    }
    effect.id.clone()
}

/// The leaf is not in the certificate manager as far as a look can tell.
fn absent(
    seen: &CertificateSeen,
    leaf: &LeafFacts,
    key: &ImportKey,
    subject: &Subject,
    effect: Option<&Effect>,
    draft: &mut Draft<'_>,
) {
    let action = Action::Import { key: key.clone() };
    if let Some(with) = draft.under_way(subject, &action) {
        return draft.hold(subject, Hold::SameLeaf { with }, None);
    }
    let because = match effect {
        Some(effect @ Effect { state: State::Open | State::Doubt(_), .. }) => {
            if let Some((why, until)) = in_doubt(subject, &action, effect, seen, draft) {
                return draft.hold(subject, why, Some(until));
            }
            Because::NotFoundAfterDoubt
        }
        Some(Effect { state: State::Gone, .. }) => Because::ImportGone,
        _ => {
            let left = leaf.not_after.since(draft.observed.now);
            let gate = gate::failed(subject, &action, draft.memory, draft.observed, Some(left));
            if let Some((why, until)) = gate {
                return draft.hold(subject, why, until);
            }
            Because::NotImported
        }
    };
    draft.step(subject, action, because);
}

/// Holds a write in doubt until a look that began after the wait has not found it.
pub(super) fn in_doubt(
    subject: &Subject,
    action: &Action,
    effect: &Effect,
    seen: &CertificateSeen,
    draft: &Draft<'_>,
) -> Option<(Hold, crate::model::time::Time)> {
    let (until, next) = gate::in_doubt(seen.looked_at, effect, draft)?;
    let why = Hold::InDoubt { what: action.describe(subject), since: effect.begun, until };
    Some((why, next))
}
