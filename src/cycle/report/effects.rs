//! What the log says of effects: done, failed, or found by looking.

use tracing::{debug, error, info, warn};

use super::fields::{Where, Who};
use super::scene::Scene;
use crate::model::failure::{Failure, Kind};
use crate::model::names::{Name, Subject};
use crate::model::place::Place;
use crate::model::target::Api;
use crate::plan::Step;
use crate::plan::action::{Action, Fact, ImportKey, Retired};
use crate::plan::memory::{Authorities, State};

/// A step that ended well.
pub(super) fn done(step: &Step, id: &str, elapsed_ms: u64, scene: &Scene) {
    let name = step.subject.name();
    match &step.action {
        Action::Import { key } => {
            let leaf = key.leaf.to_string();
            info!(event = "certificate.imported", certificate = %name, scm_id = id, fingerprint = leaf, elapsed_ms, "imported {name} as {id}");
        }
        Action::Push { scm_id, target, project, .. } => {
            info!(event = "certificate.pushed", certificate = %name, scm_id, service = target.api().key(), project, elapsed_ms, "pushed {name} to {target} in {project}");
        }
        Action::Bind { key, place, .. } => bound(name, key, place, Some(elapsed_ms), scene),
        Action::Retire { key, what } => retired(name, key, what, Some(elapsed_ms)),
        Action::InstallCa { sha256, authorities, .. } => {
            scene.files.installed((name, sha256, authorities), &step.because, elapsed_ms);
        }
        Action::RunHook { .. } => {
            info!(event = "hook.finished", instance = %name, elapsed_ms, "ran on_change of {name}");
        }
        Action::SwitchSsl { instance_id, on, .. } => {
            let state = if *on { "on" } else { "off" };
            info!(event = "ssl.requested", instance = %name, instance_id, job = id, elapsed_ms, "SSL of {name} is being switched {state}, job {id}");
        }
    }
}

/// A step that ended badly, or whose answer was lost.
pub(super) fn failed(step: &Step, failure: &Failure, elapsed_ms: u64, attempt: u32) {
    let subject = &step.subject;
    let what = step.action.describe(subject);
    // What there is none of is left out.
    let (error_code, request_id) = (failure.code.as_deref(), failure.request_id.as_deref());
    let (service, error) = (failure.service.map(Api::key), failure.to_string());
    let Who { certificate, instance } = Who::of(subject);
    let table = subject.table();
    // `service` is who failed, and `target` where it was to go: it is the certificate manager that pushes.
    let Where { target, project, place, .. } = Where::of_action(&step.action);
    if failure.was_never_sent() {
        // What holds it is said once; this comes back as often as it is tried.
        debug!(
            event = "step.failed",
            certificate, instance, table, target, place, "`{what}` was not sent: {failure}"
        );
        return;
    }
    let lost = failure.kind == Kind::Lost;
    let tail =
        if lost { ", and it may have happened: looking for it before it is repeated" } else { "" };
    warn!(
        event = "step.failed",
        certificate,
        instance,
        table,
        service,
        target,
        project,
        place,
        attempt,
        elapsed_ms,
        request_id,
        error_code,
        error,
        "`{what}` failed: {failure}{tail}"
    );
}

/// What looking alone has settled, where it is news. `before`: what the journal knew of the effect, and of
/// the CAs of its entry.
pub(super) fn learned(
    subject: &Subject,
    action: &Action,
    fact: &Fact,
    (before, known): (Option<&State>, Option<&Authorities>),
    scene: &Scene,
) {
    let name = subject.name();
    match (action, fact) {
        (_, Fact::Seen { .. }) if before == Some(&State::Seen) => {}
        (Action::Import { .. }, Fact::Seen { id }) if before != Some(&State::Done) => {
            let scm_id = id.as_deref().unwrap_or_default();
            info!(event = "certificate.adopted", certificate = %name, scm_id, "found the import of {name}: {scm_id}");
        }
        (Action::Push { scm_id, target, project, .. }, Fact::Seen { .. }) => {
            let service = target.api().key();
            if before == Some(&State::Done) {
                debug!(event = "push.confirmed", certificate = %name, service, project, "{target} in {project} lists {name}");
            } else {
                info!(event = "certificate.pushed", certificate = %name, scm_id, service, project, "found {name} in {target} in {project}");
            }
        }
        (Action::Bind { key, place, .. }, Fact::Seen { .. }) => {
            if before == Some(&State::Done) {
                let (service, project) = (place.target.api().key(), &place.project);
                debug!(event = "bind.confirmed", certificate = %name, service, project, place = place.site, "{place} shows {name}");
            } else {
                bound(name, key, place, None, scene);
            }
        }
        (Action::Retire { key, what }, Fact::Done { .. }) if before != Some(&State::Done) => {
            retired(name, key, what, None);
        }
        (Action::InstallCa { sha256, authorities, .. }, Fact::Done { .. }) => {
            scene.files.found((name, sha256, authorities), known);
        }
        (Action::SwitchSsl { .. }, fact) if !matches!(fact, Fact::Gone) => {
            switched(name, action, fact);
        }
        (action, Fact::Gone) => gone(subject, action),
        (_, Fact::AllowedOlder) => {
            warn!(event = "certificate.older", certificate = %name, "the leaf of {name} may go whatever its age, as allowed");
        }
        _ => {}
    }
}

/// A binding was made, or found made after its answer was lost. One that takes back a leaf which was
/// not served is an alarm.
fn bound(name: &Name, key: &ImportKey, place: &Place, elapsed_ms: Option<u64>, scene: &Scene) {
    let (fingerprint, short) = (key.leaf.to_string(), key.leaf.short());
    let (service, project) = (place.target.api().key(), &place.project);
    match scene.rejected_for(name, place, &key.leaf) {
        Some(rejected) => {
            let (new, rejected) = (rejected.short(), rejected.to_string());
            error!(event = "certificate.rolled_back", certificate = %name, service, project, place = place.site, fingerprint, rejected, elapsed_ms, "{new} of {name} was bound to {place} and not served: the former {short} is bound there again");
        }
        None => {
            info!(event = "certificate.bound", certificate = %name, service, project, place = place.site, fingerprint, elapsed_ms, "bound {short} of {name} to {place}");
        }
    }
}

/// A superseded import or copy was deleted, or found deleted after the answer was lost.
fn retired(name: &Name, key: &ImportKey, what: &Retired, elapsed_ms: Option<u64>) {
    let (fingerprint, short) = (key.leaf.to_string(), key.leaf.short());
    match what {
        Retired::Import { scm_id } => {
            let service = Api::Scm.key();
            info!(event = "certificate.retired", certificate = %name, service, scm_id, fingerprint, elapsed_ms, "deleted the superseded import {scm_id} of {short} of {name}");
        }
        Retired::Copy { target, project, id } => {
            let service = target.api().key();
            info!(event = "certificate.retired", certificate = %name, service, project, id, fingerprint, elapsed_ms, "deleted the superseded copy {id} of {short} of {name} from {target} in {project}");
        }
    }
}

/// What became of a switch.
fn switched(name: &Name, action: &Action, fact: &Fact) {
    let on = matches!(action, Action::SwitchSsl { on: true, .. });
    match fact {
        Fact::Seen { id } => {
            let (state, job) = (if on { "on" } else { "off" }, id.as_deref());
            let how = if job.is_some() { "its job ended well" } else { "nothing was sent for it" };
            info!(event = "ssl.switched", instance = %name, job, "SSL of {name} is {state}: {how}");
        }
        Fact::Done { id } => {
            let job = id.as_deref().unwrap_or_default();
            info!(event = "ssl.requested", instance = %name, job, "found the job of the switch of {name}: {job}");
        }
        Fact::JobFailed { reason } => {
            error!(event = "step.failed", instance = %name, error = reason, "the switch of {name} failed: {reason}");
        }
        Fact::Gone | Fact::RolledBack { .. } | Fact::AllowedOlder | Fact::NotOurs { .. } => {}
    }
}

/// What stood and does not any more.
fn gone(subject: &Subject, action: &Action) {
    let what = action.describe(subject);
    let Who { certificate, instance } = Who::of(subject);
    let Where { target, project, place, .. } = Where::of_action(action);
    warn!(
        event = "step.undone",
        certificate, instance, target, project, place, "what `{what}` did is gone"
    );
}
