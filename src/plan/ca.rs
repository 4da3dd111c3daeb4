//! One CA file: what the instance publishes goes into the file, and then its command runs.

use super::action::{Action, Because, Fact};
use super::hold::Hold;
use super::memory::State;
use super::observed::{CaSeen, FileSeen};
use super::{Draft, gate};
use crate::model::digest::Sha256;
use crate::model::failure::Kind;
use crate::model::names::Subject;

pub(super) fn plan(seen: &CaSeen, draft: &mut Draft<'_>) {
    let subject = Subject::Ca(seen.name.clone());
    if draft.observed.in_flight.contains(&subject) {
        return draft.hold(&subject, Hold::InFlight, None);
    }
    let file = match &seen.file {
        FileSeen::Holds(digest) => Some(*digest),
        FileSeen::Absent => None,
        FileSeen::Unknown(failure) => {
            return draft.hold(&subject, Hold::Unseen { failure: failure.clone() }, None);
        }
    };
    match &seen.published {
        Ok(published) if file != Some(*published) => {
            install(seen, &subject, *published, file, draft)
        }
        Ok(published) => settled(seen, &subject, *published, draft),
        Err(failure) => {
            let failure = failure.clone();
            let until = failure.wait.map(|wait| draft.observed.now + wait);
            let why = match failure.kind {
                Kind::Unusable => Hold::CaRejected { failure },
                _ => Hold::Unseen { failure },
            };
            draft.hold(&subject, why, until);
            // The cloud's trouble is no reason to keep clients on the CA that they have loaded.
            if let Some(file) = file {
                hook(seen, &subject, file, draft);
            }
        }
    }
}

fn install(
    seen: &CaSeen,
    subject: &Subject,
    published: Sha256,
    file: Option<Sha256>,
    draft: &mut Draft<'_>,
) {
    let action = Action::InstallCa { name: seen.name.clone(), sha256: published };
    if let Some((why, until)) = gate::failed(subject, &action, draft.memory, draft.observed, None) {
        return draft.hold(subject, why, until);
    }
    let because = if file.is_some() { Because::CaChanged } else { Because::CaMissing };
    draft.step(subject, action, because);
}

/// The file holds what is published.
fn settled(seen: &CaSeen, subject: &Subject, digest: Sha256, draft: &mut Draft<'_>) {
    let action = Action::InstallCa { name: seen.name.clone(), sha256: digest };
    match draft.memory.effect(&action).map(|effect| &effect.state) {
        Some(State::Done | State::Seen) => hook(seen, subject, digest, draft),
        // Killed between the rename and its journal line: ours, and its command is still due.
        Some(_) => draft.learn(subject, action, Fact::Done { id: None }),
        None => draft.learn(subject, action, Fact::Seen { id: None }),
    }
}

/// Runs the command once for bytes that we put there.
fn hook(seen: &CaSeen, subject: &Subject, digest: Sha256, draft: &mut Draft<'_>) {
    let name = seen.name.clone();
    let installed = Action::InstallCa { name: name.clone(), sha256: digest };
    let Some(installed) = draft.memory.effect(&installed) else { return };
    let action = Action::RunHook { name, sha256: digest };
    let ran = draft.memory.effect(&action).is_some_and(|hook| {
        matches!(hook.state, State::Done | State::Seen) && hook.begun_seq > installed.begun_seq
    });
    if !seen.has_hook || installed.state != State::Done || ran {
        return;
    }
    match gate::failed(subject, &action, draft.memory, draft.observed, None) {
        Some((why, until)) => draft.hold(subject, why, until),
        None => draft.step(subject, action, Because::HookDue),
    }
}
