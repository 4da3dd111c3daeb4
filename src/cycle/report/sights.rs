//! What the log says of where a certificate is seen: that it has come to be served, and how that is
//! known.

use tracing::info;

use super::scene::Scene;
use crate::model::names::Subject;
use crate::plan::sight::{Seen, Sight, Sighting, Spot, Verdict};

/// Says that the wanted leaf has come to be served. A binding that was read back is a proof only
/// where no handshake is asked for one. What is not served is told by the hold that it leads to.
pub(super) fn seen(
    subject: &Subject,
    spot: &Spot,
    sight: &Sight,
    before: Option<&Sighting>,
    scene: &Scene,
) {
    let (Verdict::Served, Some(leaf)) = (sight.verdict, sight.leaf) else { return };
    if before.is_some_and(|before| is_the_same(&before.sight, leaf)) {
        return;
    }
    let (name, fingerprint) = (subject.name(), leaf.sha256.to_string());
    let (short, days_left) =
        (leaf.sha256.short(), leaf.ends.map(|ends| ends.days_after(scene.now)));
    match spot {
        Spot::Probe { target, project, probe } => {
            info!(event = "certificate.served", certificate = %name, service = target.api().key(), project, probe, proof = "handshake", fingerprint, days_left, "a handshake with {probe} returned {short} of {name}");
        }
        Spot::Instance { probe } => {
            info!(event = "ca.proven", instance = %name, probe, fingerprint, days_left, "{probe} presents {short}, which verifies with the published CA of {name} alone");
        }
        // It has no leaf, and what it leads to is told by that.
        Spot::Greeting { .. } => {}
        Spot::Site(place) => {
            // Where it went back, what stands there is the former leaf.
            let back = scene.rejected_for(name, place, &leaf.sha256).is_some();
            if !back && !scene.is_probed(name, place) {
                let (service, project) = (place.target.api().key(), &place.project);
                info!(event = "certificate.served", certificate = %name, service, project, place = place.site, proof = "binding", fingerprint, days_left, "{place} is read back as bound to {short} of {name}");
            }
        }
    }
}

fn is_the_same(before: &Sight, leaf: Seen) -> bool {
    let was = before.leaf.map(|leaf| leaf.sha256);
    before.verdict == Verdict::Served && was == Some(leaf.sha256)
}
