//! One listener, host or domain as it is: what the simulated cloud says is bound there, and what a
//! handshake of the rehearsal's own returns. No word of the daemon goes into it.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::cert::{self, Family, LeafFacts};
use crate::config::{Certificate, Push};
use crate::model::digest::Sha256;
use crate::model::names::Name;
use crate::model::place::{Dial, Place, Probe};
use crate::model::target::Target;
use crate::observe::served;
use crate::plan::observed::Handshake;
use crate::sim::Sim;

/// What stands for the label of a wildcard when a handshake asks for one name.
const UNDER_A_WILDCARD: &str = "www";

/// A place that the configuration binds a certificate at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Site {
    /// The entry that is bound there.
    pub(super) entry: Name,
    pub(super) place: Place,
    /// The name that the handshake asks for; absent: none.
    pub(super) asked: Option<String>,
    /// The leaf of every certificate that is bound there.
    pub(super) bound: Vec<Sha256>,
    /// What the handshake returned.
    pub(super) served: Served,
}

/// What a handshake returned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Served {
    /// This leaf.
    Leaf(Sha256),
    /// None, for this reason.
    Nothing(String),
}

impl Served {
    /// The leaf, where there was one.
    pub(super) fn leaf(&self) -> Option<Sha256> {
        match self {
            Self::Leaf(leaf) => Some(*leaf),
            Self::Nothing(_) => None,
        }
    }

    /// The short fingerprint, or why there is none.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Leaf(leaf) => leaf.short(),
            Self::Nothing(why) => why.clone(),
        }
    }
}

/// Looks at every place of an entry, in the file's order.
pub(super) async fn look(entry: &Certificate, leaf: Option<&LeafFacts>, sim: &Sim) -> Vec<Site> {
    let mut all = Vec::new();
    for push in entry.pushes.iter() {
        for place in push.places() {
            let asked = asked(push, &place.site, leaf);
            let family = leaf.and_then(cert::family).unwrap_or(Family::Ecdsa);
            let served = served(sim, &place, asked.as_deref(), family).await;
            let bound = bound(sim, &place);
            all.push(Site { entry: entry.name.clone(), place, asked, bound, served });
        }
    }
    all
}

/// The place that a probe speaks for, by its position: the one of its own name, else as they stand.
pub(super) fn of_probe(push: &Push, number: usize) -> Option<Place> {
    let places: Vec<_> = push.places().collect();
    let name = push.probes.get(number).and_then(|probe| probe.name.as_deref());
    let own = places
        .iter()
        .find(|place| name.is_some_and(|name| host_of(&place.site).eq_ignore_ascii_case(name)));
    own.or_else(|| places.get(number % places.len().max(1))).cloned()
}

/// The name to ask for: a probe's, or the site's own, or the first of the leaf.
fn asked(push: &Push, site: &str, leaf: Option<&LeafFacts>) -> Option<String> {
    let mut probes = push.probes.iter().enumerate();
    let probe =
        probes.find(|(number, _)| of_probe(push, *number).is_some_and(|place| place.site == site));
    if let Some((_, probe)) = probe {
        return probe.name.clone();
    }
    let own = Some(host_of(site)).filter(|name| push.target != Target::Elb && name.contains('.'));
    let name = own.or_else(|| leaf?.names.first().map(String::as_str))?;
    let (star, rest) = name.split_once('.')?;
    let real = if star.is_empty() || star == "*" {
        format!("{UNDER_A_WILDCARD}.{rest}")
    } else {
        name.to_owned()
    };
    Some(real)
}

/// A host's name without its port.
fn host_of(site: &str) -> &str {
    site.rsplit_once(':').map_or(site, |(name, _)| name)
}

async fn served(sim: &Sim, place: &Place, name: Option<&str>, family: Family) -> Served {
    let Some(edge) = sim.edge(&place.site) else {
        return Served::Nothing("no edge".to_owned());
    };
    let (text, at) = (edge.to_string(), Dial::Address(edge));
    let probe = Probe { text, name: name.map(str::to_owned), at };
    match served::look(&probe, family).await {
        Handshake::Served { sha256, .. } => Served::Leaf(sha256),
        Handshake::Broken(failure) | Handshake::Unreachable(failure) => {
            Served::Nothing(failure.message)
        }
        Handshake::NotAsked => Served::Nothing("not asked".to_owned()),
    }
}

fn bound(sim: &Sim, place: &Place) -> Vec<Sha256> {
    let ids: Vec<String> = match place.target {
        Target::Elb => {
            let listener = sim.listener(&place.site).unwrap_or_default();
            let named = listener["sni_container_refs"].as_array().cloned().unwrap_or_default();
            let all = std::iter::once(&listener["default_tls_container_ref"]).chain(&named);
            all.filter_map(|id| id.as_str().map(str::to_owned)).collect()
        }
        Target::Waf => {
            let host = sim.host(&place.site).unwrap_or_default();
            host["certificateid"].as_str().map(str::to_owned).into_iter().collect()
        }
        Target::Cdn => return of_domain(sim, &place.site).into_iter().collect(),
    };
    let all = sim.certificates(place.target);
    let leaf = |id: &String| all.iter().find(|it| it.id == *id).map(|found| found.sha256);
    ids.iter().filter_map(leaf).collect()
}

/// CDN keeps a copy of its own in the domain's configuration.
fn of_domain(sim: &Sim, name: &str) -> Option<Sha256> {
    let domain = sim.domain(name)?;
    let pem = domain["https"]["certificate_value"].as_str()?;
    Some(Sha256::of(&CertificateDer::from_pem_slice(pem.as_bytes()).ok()?))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use super::*;
    use crate::model::place::Drift;

    fn push(target: Target, sites: &[&str], probes: &[&str]) -> Push {
        let at = Dial::Address(SocketAddr::from(([127, 0, 0, 1], 1)));
        let probe = |name: &&str| Probe {
            text: (*name).to_owned(),
            name: Some((*name).to_owned()),
            at: at.clone(),
        };
        Push {
            target,
            project: "p".to_owned(),
            sites: sites.iter().map(|site| (*site).to_owned()).collect(),
            probes: probes.iter().map(probe).collect(),
            window: Duration::from_secs(1),
            drift: Drift::Report,
        }
    }

    #[test]
    fn a_probe_speaks_for_the_site_of_its_name_or_as_they_stand() {
        let hosts = push(Target::Waf, &["a.example:8443", "b.example"], &["b.example", "x.y"]);
        let of = |push: &Push, number| of_probe(push, number).map(|place| place.site);
        assert_eq!(of(&hosts, 0).as_deref(), Some("b.example"));
        assert_eq!(of(&hosts, 1).as_deref(), Some("b.example"));
        let listeners = push(Target::Elb, &["one", "two"], &["a.b", "c.d", "e.f"]);
        let all: Vec<_> = (0..3).filter_map(|number| of(&listeners, number)).collect();
        assert_eq!(all, ["one", "two", "one"]);
        assert_eq!(of(&push(Target::Cdn, &[], &["a.b"]), 0), None);
    }

    #[test]
    fn a_handshake_asks_for_a_real_name() {
        let asks = |push: &Push, site| asked(push, site, None);
        let probed = push(Target::Elb, &["one"], &["a.b"]);
        assert_eq!(asks(&probed, "one").as_deref(), Some("a.b"));
        let host = push(Target::Waf, &["a.example:8443"], &[]);
        assert_eq!(asks(&host, "a.example:8443").as_deref(), Some("a.example"));
        for wildcard in ["*.b.example", ".b.example"] {
            let domain = push(Target::Cdn, &[wildcard], &[]);
            assert_eq!(asks(&domain, wildcard).as_deref(), Some("www.b.example"));
        }
        assert_eq!(asks(&push(Target::Elb, &["one"], &[]), "one"), None);
    }
}
