//! One push: the copy in the target is what counts, and what the target shows is believed before
//! what it answered.

use super::action::{Action, Because, Fact};
use super::hold::Hold;
use super::memory::{Effect, State};
use super::observed::{CertificateSeen, CopySeen, Room, TargetSeen};
use super::rotation::{Case, in_doubt};
use super::{Draft, gate, retire};
use crate::model::failure::Kind;
use crate::model::names::Subject;
use crate::model::target::Target;
use crate::model::time::Time;

/// How often a push may be sent while its answers are lost and the target cannot show it.
const BLIND_TRIES_MAX: u32 = 2;

/// Brings a copy to a target. Gives its id there once it stands: empty where the target tells none.
pub(super) fn plan(
    case: &Case<'_>,
    scm_id: &str,
    target: &TargetSeen,
    draft: &mut Draft<'_>,
) -> Option<String> {
    let Case { seen, leaf, key, subject } = case;
    let action = Action::Push {
        key: (*key).clone(),
        scm_id: scm_id.to_owned(),
        target: target.target,
        project: target.project.clone(),
    };
    if let Some(with) = draft.under_way(subject, &action) {
        draft.hold(subject, Hold::SameLeaf { with }, None);
        return None;
    }
    let effect = draft.memory.effect(&action);
    if let CopySeen::Found(id) = &target.copy {
        if !effect.is_some_and(|effect| effect.state == State::Seen) {
            draft.learn(subject, action, Fact::Seen { id: Some(id.clone()) });
        }
        return Some(id.clone());
    }
    let verdict = match effect {
        None => first(&target.copy, Because::NotPushed),
        Some(effect) => match &effect.state {
            State::Gone => first(&target.copy, Because::CopyGone),
            State::Done => taken(target, effect, seen, subject, draft),
            State::Seen => vanished(target, effect, seen, draft),
            State::Open | State::Doubt(_) => {
                doubtful(target, &action, effect, seen, subject, draft)
            }
            State::Failed(failure) if failure.kind == Kind::Exists => {
                exists(target, gate::retry_asked(subject, effect, draft.memory))
            }
            State::Failed(_) => {
                let left = leaf.not_after.since(draft.observed.now);
                let gate = gate::failed(subject, &action, draft.memory, draft.observed, Some(left));
                match gate {
                    Some((why, until)) => Verdict::Hold(why, until),
                    None => first(&target.copy, Because::NotPushed),
                }
            }
        },
    };
    match verdict {
        Verdict::Settled => return Some(effect.and_then(|it| it.id.clone()).unwrap_or_default()),
        Verdict::Learn(fact) => draft.learn(subject, action, fact),
        Verdict::Send(because) => send(case, target, action, because, draft),
        Verdict::Hold(why, until) => draft.hold(subject, why, until),
    }
    None
}

/// Pushes, or makes room first where the service is full.
fn send(
    case: &Case<'_>,
    target: &TargetSeen,
    action: Action,
    because: Because,
    draft: &mut Draft<'_>,
) {
    let full = target.room.filter(|room| room.used >= room.quota);
    let Some(Room { quota, .. }) = full else {
        return draft.step(case.subject, action, because);
    };
    match retire::room(case, target, draft) {
        Some(Ok(retire)) => draft.step(case.subject, retire, Because::MakesRoom),
        Some(Err(wait)) => draft.hold(case.subject, wait.0, wait.1),
        None => {
            let (target, project) = (target.target, target.project.clone());
            draft.hold(case.subject, Hold::Full { target, project, quota }, None);
        }
    }
}

enum Verdict {
    Settled,
    Learn(Fact),
    Send(Because),
    Hold(Hold, Option<Time>),
}

/// Whether this look can prove that the target has no copy. CDN lists only what a domain uses.
fn listed(target: &TargetSeen) -> bool {
    target.copy == CopySeen::Absent && target.target != Target::Cdn
}

/// Nothing was sent yet. A target that we may not read does not forbid pushing to it.
fn first(copy: &CopySeen, because: Because) -> Verdict {
    match copy {
        CopySeen::Unknown(failure) => {
            Verdict::Hold(Hold::Unseen { failure: failure.clone() }, None)
        }
        _ => Verdict::Send(because),
    }
}

/// The copy was read back once, and this look has no copy. It is believed as late as a look would be that
/// does not find a push in doubt: one that began before the copy was there may look later than it is, once
/// the clock was set back.
fn vanished(
    target: &TargetSeen,
    effect: &Effect,
    seen: &CertificateSeen,
    draft: &Draft<'_>,
) -> Verdict {
    if !listed(target) || !gate::is_later(seen.looked_at, effect, draft) {
        return Verdict::Settled;
    }
    match gate::in_doubt(seen.looked_at, effect, draft) {
        None => Verdict::Learn(Fact::Gone),
        Some((_, next)) => {
            let (service, project) = (target.target, target.project.clone());
            let (listed, since) = (true, effect.at);
            let why = Hold::NotListedYet { target: service, project, listed, since };
            Verdict::Hold(why, Some(next))
        }
    }
}

/// The push was answered well, and the copy was not read back yet.
fn taken(
    target: &TargetSeen,
    effect: &Effect,
    seen: &CertificateSeen,
    subject: &Subject,
    draft: &Draft<'_>,
) -> Verdict {
    if !listed(target) {
        return Verdict::Settled;
    }
    let (service, project, since) = (target.target, target.project.clone(), effect.at);
    if let Some((_, next)) = gate::in_doubt(seen.looked_at, effect, draft) {
        let why = Hold::NotListedYet { target: service, project, listed: false, since };
        return Verdict::Hold(why, Some(next));
    }
    if gate::retry_asked(subject, effect, draft.memory) {
        return Verdict::Send(Because::CopyGone);
    }
    Verdict::Hold(Hold::NeverListed { target: service, project, since }, None)
}

/// The answer to the push was lost.
fn doubtful(
    target: &TargetSeen,
    action: &Action,
    effect: &Effect,
    seen: &CertificateSeen,
    subject: &Subject,
    draft: &Draft<'_>,
) -> Verdict {
    if let CopySeen::Unknown(failure) = &target.copy {
        return Verdict::Hold(Hold::Unseen { failure: failure.clone() }, None);
    }
    if let Some((why, until)) = in_doubt(subject, action, effect, seen, draft) {
        return Verdict::Hold(why, Some(until));
    }
    if listed(target) {
        return Verdict::Send(Because::NotFoundAfterDoubt);
    }
    if effect.doubts < BLIND_TRIES_MAX || gate::retry_asked(subject, effect, draft.memory) {
        return Verdict::Send(Because::UnseenAfterDoubt);
    }
    let because = match &target.copy {
        CopySeen::Blind(failure) => format!("{} cannot be read ({failure})", target.target),
        CopySeen::NotAsked => format!("{} was not looked at", target.target),
        _ => format!("{} lists only what a domain uses", target.target),
    };
    let what = action.describe(subject);
    Verdict::Hold(Hold::DoubtStays { what, since: effect.begun, because }, None)
}

/// The target says that it has the certificate. CDN shows no unbound copy, so its word is enough.
/// Elsewhere a person looks, and may have cleared away what stood in the way.
fn exists(target: &TargetSeen, retry: bool) -> Verdict {
    if target.target == Target::Cdn {
        return Verdict::Learn(Fact::Seen { id: None });
    }
    if retry {
        return first(&target.copy, Because::NotPushed);
    }
    let project = target.project.clone();
    Verdict::Hold(Hold::ExistsUnlisted { target: target.target, project }, None)
}
