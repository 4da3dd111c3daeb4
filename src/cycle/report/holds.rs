//! What the log says of a hold, and how loudly: what passes by itself is for those who look closely,
//! what clients suffer from is an error.

use tracing::{debug, error, info, warn};

use super::fields::{Where, Who};
use crate::model::failure::{Failure, Kind};
use crate::plan::Held;
use crate::plan::hold::Hold;

/// Says a hold.
pub(super) fn say(held: &Held, words: &str) {
    let (table, name) = (held.subject.table(), held.subject.name());
    let Who { certificate, instance } = Who::of(&held.subject);
    let Where { target, project, place, probe } = Where::of_hold(&held.why);
    match &held.why {
        Hold::BadInput { .. } | Hold::Older { .. } => {
            error!(event = "certificate.rejected", certificate = %name, error = words, "{name}: {words}");
        }
        Hold::CaRejected { .. } => {
            error!(event = "ca.rejected", instance = %name, error = words, "{name}: {words}");
        }
        // It passes, but only after hours or days, and somebody may have forgotten it.
        Hold::OutsideWindow { .. } | Hold::Paused { .. } => {
            info!(event = "step.held", certificate, instance, table, "{name}: {words}");
        }
        why if why.passes() => {
            debug!(
                event = "step.held",
                certificate, instance, table, target, project, place, probe, "{name}: {words}"
            );
        }
        // A credential that does not work holds everything; it is told once, not once a subject.
        Hold::Unseen { failure: Failure { kind: Kind::Withheld | Kind::Refused, .. } } => {
            debug!(
                event = "step.held",
                certificate,
                instance,
                table,
                error = words,
                "{name}: {words}"
            );
        }
        // No fault, but the only line that names who else uses the certificate.
        Hold::StillUsed { .. } => {
            info!(event = "step.held", certificate, table, "{name}: {words}");
        }
        // Clients get a certificate that is none of this rotation's, or cannot connect at all.
        Hold::Wrong { .. } | Hold::Unproven { keeps: false, .. } => {
            error!(
                event = "step.held",
                certificate,
                instance,
                table,
                probe,
                error = words,
                "{name}: {words}"
            );
        }
        _ => {
            warn!(
                event = "step.held",
                certificate,
                instance,
                table,
                target,
                project,
                place,
                probe,
                error = words,
                "{name}: {words}"
            )
        }
    }
}
