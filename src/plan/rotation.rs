//! One rotation: may this leaf go out, is it imported, and then its pushes.

use super::action::{Action, Because, Fact, Import, ImportKey};
use super::hold::Hold;
use super::memory::{Effect, State};
use super::observed::{BadInput, CertificateSeen, ImportSeen, TargetSeen};
use super::{Draft, bind, gate, needs, push, retire, serve};
use crate::cert::{LeafFacts, validity};
use crate::model::names::{Name, Subject};

/// One entry with a leaf that may go out: what the rules of a rotation look at.
pub(super) struct Case<'a> {
    pub seen: &'a CertificateSeen,
    pub leaf: &'a LeafFacts,
    pub key: &'a ImportKey,
    pub subject: &'a Subject,
}

impl Case<'_> {
    pub fn name(&self) -> &Name {
        &self.seen.name
    }
}

/// The key under which this leaf is imported.
pub(super) fn import_key(seen: &CertificateSeen, leaf: &LeafFacts) -> ImportKey {
    ImportKey::from(Import {
        cloud: seen.cloud.clone(),
        enterprise_project: seen.enterprise_project.clone(),
        leaf: leaf.sha256,
        issued: leaf.not_before,
    })
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
    let case = Case { seen, leaf, key: &key, subject: &subject };
    if let Some(why) = older(&case, draft) {
        return draft.hold(&subject, why, None);
    }
    let scm_id = import(seen, leaf, &key, &subject, draft);
    if seen.import_alone {
        // Somebody may have imported it while this look was under way, and what follows counts on
        // targets that nobody has looked at.
        if !draft.has(&Action::Import { key }) {
            draft.plan.again.push(subject);
        }
        return;
    }
    let mut proven = scm_id.is_some();
    for target in &seen.targets {
        proven &= targeted(&case, target, scm_id.as_deref(), draft);
    }
    retire::plan(&case, proven, draft);
}

/// Brings one target to the leaf. Tells whether it was seen to have it and to serve it.
fn targeted(
    case: &Case<'_>,
    target: &TargetSeen,
    scm_id: Option<&str>,
    draft: &mut Draft<'_>,
) -> bool {
    let copy = match scm_id {
        Some(scm_id) if target.is_pushed_to() => push::plan(case, scm_id, target, draft),
        scm_id => scm_id.map(str::to_owned).filter(|_| !target.is_pushed_to()),
    };
    let sites = target.sites.iter();
    let bound: Vec<_> =
        sites.map(|site| bind::plan(case, target, site, copy.as_deref(), draft)).collect();
    let served = serve::plan(case, target, &bound, draft);
    retire::confirm(case, target, draft);
    // Where nothing is bound and nothing probed, the copy is all there is to see.
    copy.is_some() && bound.iter().all(|bound| *bound) && served
}

/// Holds a leaf that was issued before the one already imported, unless an operator allowed it.
/// Where the journal knows of none, what was imported under the entry's name tells.
fn older(case: &Case<'_>, draft: &mut Draft<'_>) -> Option<Hold> {
    let (name, key) = (case.name(), case.key);
    if draft.memory.asked_older(name) {
        // It is for the leaf of this look alone: one that lay unused would let any leaf through later.
        let action = Action::Import { key: key.clone() };
        draft.learn(case.subject, action, Fact::AllowedOlder);
        return None;
    }
    let imported = match draft.memory.newest(name) {
        Some(newest) if !newest.same_place(key) || newest.leaf == key.leaf => None,
        Some(newest) => Some(newest.issued),
        None => case.seen.newest_named,
    };
    let imported = imported.filter(|imported| *imported > key.issued)?;
    Some(Hold::Older { issued: key.issued, imported })
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
            match (gate, effect.filter(|effect| needs::is_full(effect))) {
                (Some((why, until)), full) => {
                    let case = Case { seen, leaf, key, subject };
                    let room = full.and_then(|_| retire::room_for_import(&case, draft));
                    return match room {
                        Some(Ok(retire)) => draft.step(subject, retire, Because::MakesRoom),
                        Some(Err(wait)) => draft.hold(subject, wait.0, wait.1),
                        None => draft.hold(subject, why, until),
                    };
                }
                (None, _) => Because::NotImported,
            }
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
