//! Targets in words: a cell for where a certificate is bound, one for what is served, and a line
//! for each target.

use super::{Bound, Judged, NO_COPY, NOT_SEEN, Probed, Reached, Standing};
use crate::model::target::Target;
use crate::model::time::remaining;

/// All places in a few words.
pub(in super::super) fn bound(targets: &[Reached]) -> String {
    let places: Vec<_> = targets.iter().flat_map(|target| &target.places).collect();
    let Some(first) = places.first() else { return "not bound here".to_owned() };
    let alike = places.iter().all(|it| it.verdict == first.verdict && it.leaf == first.leaf);
    let good = places.iter().filter(|it| it.verdict == Standing::Bound).count();
    match (first.verdict, first.leaf) {
        _ if !alike => format!("{good} of {}", places.len()),
        (Standing::Bound, _) => "bound".to_owned(),
        (Standing::NotSeen, _) => NOT_SEEN.to_owned(),
        (_, Some(leaf)) => leaf.short(),
        (_, None) => "none of ours".to_owned(),
    }
}

/// The worst of all handshakes in a few words; where there are none, what stands in their place.
pub(in super::super) fn served(targets: &[Reached]) -> String {
    let probes = targets.iter().flat_map(|target| &target.probes);
    let worst = probes.max_by_key(|probe| probe.verdict);
    let is_bound = targets.iter().any(|target| !target.places.is_empty());
    match worst {
        Some(probe) => probe.words(),
        None if is_bound => "as bound".to_owned(),
        None => "not probed".to_owned(),
    }
}

impl Reached {
    /// `ELB cn-north-4 pushed and listed: listener 0a1b bound · www.example.com:443 served …`.
    pub(in super::super) fn words(&self) -> String {
        let places = self.places.iter().map(|it| it.words(self.service));
        let probes = self.probes.iter().map(|it| format!("{} {}", it.probe, it.words()));
        let details: Vec<_> = places.chain(probes).collect();
        let copy = match self.state {
            NO_COPY => String::new(),
            state => format!(" {state}"),
        };
        let more = if details.is_empty() { "" } else { ": " };
        format!("{} {}{copy}{more}{}", self.service, self.project, details.join(" · "))
    }
}

impl Bound {
    /// `listener 0a1b bound`, or what stands there in its place.
    fn words(&self, service: Target) -> String {
        let noun = match service {
            Target::Elb => "listener",
            Target::Waf => "host",
            Target::Cdn => "domain",
        };
        let leaf = self.leaf.map(|leaf| leaf.short());
        let leaf = leaf.unwrap_or_else(|| "none of ours".to_owned());
        let words = match self.verdict {
            Standing::Bound => "bound".to_owned(),
            Standing::Other => format!("bound to {leaf} so far"),
            Standing::Foreign => format!("bound to {leaf} by others"),
            Standing::RolledBack => format!("rolled back to {leaf}"),
            Standing::NotSeen => NOT_SEEN.to_owned(),
        };
        format!("{noun} {} {words}", self.place)
    }
}

impl Probed {
    /// `stale 1a2b3c4d5e6f, 12 days`.
    fn words(&self) -> String {
        let leaf = self.leaf.map(|leaf| format!(" {}", leaf.short())).unwrap_or_default();
        // How long garbage would be valid is no news.
        let left = self.days_left.filter(|_| self.verdict != Judged::Wrong);
        let left = left.map(|left| match left {
            0.. => format!(", {left} days"),
            _ => format!(", {}", remaining(left)),
        });
        let verdict = match self.verdict {
            Judged::Served => "served",
            Judged::Pending => "pending",
            Judged::NotSeen => return NOT_SEEN.to_owned(),
            Judged::RolledBack => "rolled back to",
            Judged::Foreign => "not ours:",
            Judged::Unreachable => "unreachable",
            Judged::Stale => "stale",
            Judged::Wrong => "wrong",
        };
        format!("{verdict}{leaf}{}", left.unwrap_or_default())
    }
}
