//! Alarms: a certificate that ends soon where clients get it, one that is still the former one, and
//! a renewal that is late. Each at most once a day.

use std::collections::BTreeMap;
use std::time::Duration;

use tracing::{error, warn};

use super::instances::{authority, presented};
use super::scene::Scene;
use crate::cert::LeafFacts;
use crate::cycle::matter::Matter;
use crate::model::digest::Sha256;
use crate::model::names::Name;
use crate::model::place::Place;
use crate::model::time::{Time, span};
use crate::plan::memory::Memory;
use crate::plan::observed::{CaSeen, CertificateSeen, Handshake, ProbeSeen, TargetSeen};
use crate::plan::sight::{Seen, Spot};

/// How often an alarm that nobody has acted on is repeated.
pub(super) const ALARM_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// An ACME client renews at two thirds of a certificate's life. This fraction of the life is left to
/// it, for it looks but twice a day and an alarm at every renewal would be none.
const GRACE_FRACTION: u32 = 100;

/// When each alarm was last told.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    told: BTreeMap<Name, BTreeMap<String, Time>>,
}

/// An end that is to be feared: of what is served, or where that cannot be told of the file.
struct End<'a> {
    until: Time,
    leaf: Sha256,
    at: Option<Shown<'a>>,
}

/// Where a leaf is served.
enum Shown<'a> {
    Probe(&'a str),
    Place(Place),
}

impl Alarms {
    /// Tells of a certificate what its end and its age ask for. Only one of the lines at a time: a
    /// late renewal is not said beside an end that is near. Gives what stands, told or not.
    pub fn look(
        &mut self,
        seen: &CertificateSeen,
        warn_before: Duration,
        memory: &Memory,
        now: Time,
    ) -> Option<Matter> {
        let (name, file) = (&seen.name, seen.local.as_deref().ok());
        let of_file = || Some(End { until: file?.not_after, leaf: file?.sha256, at: None });
        let end = served_end(seen, memory).or_else(of_file);
        let near = end.filter(|end| end.until <= now + warn_before);
        let late = file.filter(|leaf| near.is_none() && is_late(leaf, name, memory, now));
        for (kind, stands) in
            [("expired", near.is_some()), ("expiring", near.is_some()), ("overdue", late.is_some())]
        {
            if !stands && let Some(told) = self.told.get_mut(name) {
                told.remove(kind);
            }
        }
        if let Some(end) = near {
            let kind = if end.until <= now { "expired" } else { "expiring" };
            let words = words(name, &end, file, now);
            if self.is_due(name, kind, now) {
                say_end(name, &end, &words, now);
            }
            return Some(Matter::end(kind, None, words, end.until));
        }
        let leaf = late?;
        let (until, days_left) = (leaf.not_after, leaf.not_after.days_after(now));
        let words = format!(
            "the file of {name} is past two thirds of its life and there is no newer one: it ends on {until}, in {days_left} days; look at the ACME client"
        );
        if self.is_due(name, "overdue", now) {
            let fingerprint = leaf.sha256.to_string();
            warn!(event = "certificate.overdue", certificate = %name, fingerprint, days_left, "{words}");
        }
        Some(Matter::end("overdue", None, words, until))
    }

    /// Tells of an instance what the end of its own certificate asks for, and that of the CAs by which
    /// its clients verify it.
    pub fn look_at_instance(
        &mut self,
        seen: &CaSeen,
        warn_before: Duration,
        memory: &Memory,
        now: Time,
    ) -> Vec<Matter> {
        let (name, mut standing) = (&seen.name, Vec::new());
        for (what, end) in
            [("presented", presented(seen, memory)), ("authority", authority(seen, memory))]
        {
            let near = end.filter(|end| end.until <= now + warn_before);
            let Some(end) = near else { continue };
            let reason = if end.until <= now { "expired" } else { "expiring" };
            if self.is_due(name, &format!("{what} {reason}"), now) {
                end.say(name, now);
            }
            let words = end.sentence(name, now);
            standing.push(Matter::end(reason, Some(what.to_owned()), words, end.until));
        }
        standing
    }

    /// A probe still returns a former leaf, although the new one has been in place for too long.
    pub fn stale(&mut self, name: &Name, probe: &str, served: &Sha256, since: Time, scene: &Scene) {
        let new = scene.leaf(name);
        let kind = format!("stale {probe} {}", new.map(Sha256::short).unwrap_or_default());
        if !self.is_due(name, &kind, scene.now) {
            return;
        }
        let (old, age) = (served.short(), span(scene.now.since(since)));
        let (fingerprint, served) = (new.map(Sha256::to_string), served.to_string());
        let fingerprint = fingerprint.as_deref();
        error!(event = "certificate.stale", certificate = %name, probe, fingerprint, served, age, "{probe} still returns the former leaf {old} of {name}: the new one is in place since {since}, for {age}");
    }

    /// Whether this was not told within a day. It then counts as told.
    fn is_due(&mut self, name: &Name, kind: &str, now: Time) -> bool {
        let told = self.told.entry(name.clone()).or_default();
        told.retain(|_, at| now.since(*at) < ALARM_EVERY);
        let due = !told.contains_key(kind);
        told.entry(kind.to_owned()).or_insert(now);
        due
    }
}

/// What is to be said of an end, and why it has come so near.
fn words(name: &Name, end: &End<'_>, file: Option<&LeafFacts>, now: Time) -> String {
    let (until, days_left, short) = (end.until, end.until.days_after(now), end.leaf.short());
    let what = match &end.at {
        None => format!("the file of {name}"),
        Some(Shown::Probe(probe)) => format!("{name}: {probe} returns {short}, which"),
        Some(Shown::Place(place)) => format!("{name}: {place} is bound to {short}, which"),
    };
    let why = match file {
        Some(leaf) if leaf.sha256 == end.leaf => "it has not been renewed",
        Some(_) => "the file has another one, which is not served there",
        None => "and the files are not fit to be sent",
    };
    match until <= now {
        true => format!("{what} expired on {until}: {why}"),
        false => format!("{what} ends on {until}, in {days_left} days: {why}"),
    }
}

fn say_end(name: &Name, end: &End<'_>, words: &str, now: Time) {
    let days_left = end.until.days_after(now);
    let fingerprint = end.leaf.to_string();
    let (place, probe) = match &end.at {
        None => (None, None),
        Some(Shown::Probe(probe)) => (None, Some(*probe)),
        Some(Shown::Place(place)) => (Some(place.site.as_str()), None),
    };
    if end.until <= now {
        error!(event = "certificate.expired", certificate = %name, place, probe, fingerprint, days_left, "{words}");
    } else {
        warn!(event = "certificate.expiring", certificate = %name, place, probe, fingerprint, days_left, "{words}");
    }
}

/// When the first of what is seen to be served ends, by handshakes where there are any.
pub(in crate::cycle) fn served_until(seen: &CertificateSeen, memory: &Memory) -> Option<Time> {
    served_end(seen, memory).map(|end| end.until)
}

/// The earliest end among what is seen to be served, by handshakes where there are any.
fn served_end<'a>(seen: &'a CertificateSeen, memory: &Memory) -> Option<End<'a>> {
    let ends = seen.targets.iter().flat_map(|target| {
        let probed = by_probes(&seen.name, target, memory);
        if probed.is_empty() { by_places(&seen.name, target, memory) } else { probed }
    });
    ends.min_by_key(|end| end.until)
}

fn by_probes<'a>(name: &Name, target: &'a TargetSeen, memory: &Memory) -> Vec<End<'a>> {
    let end = |probe: &'a ProbeSeen| {
        let text = &probe.probe.text;
        let (until, leaf) = match &probe.handshake {
            Handshake::Served { sha256, leaf, .. } => (leaf.as_ref()?.not_after, *sha256),
            Handshake::NotAsked => {
                let (target, project) = (target.target, target.project.clone());
                let spot = Spot::Probe { target, project, probe: text.clone() };
                last_seen(name, &spot, memory)?
            }
            Handshake::Broken(_) | Handshake::Unreachable(_) => return None,
        };
        Some(End { until, leaf, at: Some(Shown::Probe(text)) })
    };
    target.probes.iter().filter_map(end).collect()
}

fn by_places<'a>(name: &Name, target: &TargetSeen, memory: &Memory) -> Vec<End<'a>> {
    let places = target.sites.iter().map(|site| target.place(&site.site));
    let end = |place: Place| {
        let (until, leaf) = last_seen(name, &Spot::Site(place.clone()), memory)?;
        Some(End { until, leaf, at: Some(Shown::Place(place)) })
    };
    places.filter_map(end).collect()
}

pub(super) fn last_seen(name: &Name, spot: &Spot, memory: &Memory) -> Option<(Time, Sha256)> {
    let Seen { sha256, ends, .. } = memory.sighting(name, spot)?.sight.leaf?;
    Some((ends?, sha256))
}

/// Whether a leaf should have been renewed by now and none was issued later.
fn is_late(leaf: &LeafFacts, name: &Name, memory: &Memory, now: Time) -> bool {
    let newer = memory.newest(name).is_some_and(|newest| newest.issued > leaf.not_before);
    let life = leaf.not_after.since(leaf.not_before);
    !newer && now > leaf.not_before + life * 2 / 3 + life / GRACE_FRACTION
}
