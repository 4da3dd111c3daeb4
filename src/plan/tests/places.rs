//! What the tables of binding, serving and cleaning up are written in: places, slots, handshakes.

use std::net::SocketAddr;

use super::fixture::*;
use crate::cert::LeafFacts;
use crate::model::failure::Kind;
use crate::model::place::{Dial, Place, Probe};
use crate::model::target::Target;
use crate::plan::action::{Action, ImportKey, Retired};
use crate::plan::bind::seen;
use crate::plan::memory::Record;
use crate::plan::observed::{
    BoundSeen, CertificateSeen, CopyHeld, CopySeen, Handshake, Holders, ImportHeld, ImportSeen,
    ProbeSeen, Role, SiteSeen, Slot,
};
use crate::plan::sight::{Sight, Spot, Verdict};

/// What every probe of a table is called.
pub const PROBE: &str = "www.example.com:443";

pub fn place(target: Target, site: &str) -> Place {
    Place { target, project: "north".to_owned(), site: site.to_owned() }
}

/// The leaf bound to a listener in project `north`.
pub fn bind(n: u8, site: &str, id: &str, instead_of: &[&str]) -> Action {
    bind_at(Target::Elb, n, site, id, instead_of)
}

pub fn bind_at(target: Target, n: u8, site: &str, id: &str, instead_of: &[&str]) -> Action {
    let instead_of = instead_of.iter().map(|id| (*id).to_owned()).collect();
    Action::Bind { key: key(n), place: place(target, site).into(), id: id.to_owned(), instead_of }
}

pub fn retire_import(n: u8) -> Action {
    Action::Retire { key: key(n), what: Retired::Import { scm_id: format!("scm-{n}") } }
}

pub fn retire_copy(n: u8, target: Target, id: &str) -> Action {
    let what = Retired::Copy { target, project: "north".to_owned(), id: id.to_owned() };
    Action::Retire { key: key(n), what }
}

/// A leaf for these names instead.
pub fn named(n: u8, names: &[&str]) -> LeafFacts {
    LeafFacts { names: names.iter().map(|name| (*name).to_owned()).collect(), ..leaf(n) }
}

/// A leaf with an RSA key instead.
pub fn rsa(n: u8) -> LeafFacts {
    LeafFacts { key: "RSA 2048".to_owned(), ..leaf(n) }
}

pub fn default(id: &str, leaf: LeafFacts) -> Slot {
    Slot { role: Role::Default, id: id.to_owned(), leaf: Some(leaf) }
}

pub fn sni(id: &str, leaf: LeafFacts) -> Slot {
    Slot { role: Role::Sni, ..default(id, leaf) }
}

/// A place that serves with these.
pub fn site(site: &str, slots: Vec<Slot>) -> SiteSeen {
    SiteSeen { site: site.to_owned(), bound: BoundSeen::Slots { slots, quic: false } }
}

/// A place that could not be read.
pub fn unread(site: &str) -> SiteSeen {
    SiteSeen { site: site.to_owned(), bound: BoundSeen::Unknown(failure(Kind::Transient)) }
}

/// The memory in which leaf `n` and all before it were imported for `www`, pushed to the service and
/// read back there as `c1`, `c2`, …; ten minutes in.
pub fn known(n: u8, target: Target) -> Given {
    (1..=n).fold(now(600), |given, n| {
        let secs = i64::from(n);
        given
            .after(secs, saw(&www(), &import(n), &format!("scm-{n}")))
            .after(secs, saw(&www(), &push(n, target), &format!("c{n}")))
    })
}

/// The entry `www` with that leaf imported and pushed, and these places.
pub fn bound(n: u8, target: Target, sites: Vec<SiteSeen>) -> CertificateSeen {
    let mut seen = pushed("www", n, target, CopySeen::Found(format!("c{n}")));
    seen.targets[0].sites = sites;
    CertificateSeen { import: ImportSeen::Trusted, ..seen }
}

/// What is read back at a place.
pub fn site_sight(verdict: Verdict, leaf: &LeafFacts, id: &str) -> Sight {
    Sight { verdict, leaf: Some(seen(leaf)), id: Some(id.to_owned()), neither: false }
}

/// That was read back at a place for `www`.
pub fn saw_at(target: Target, site: &str, verdict: Verdict, leaf: &LeafFacts, id: &str) -> Record {
    let spot = Spot::Site(place(target, site));
    Record::Saw { subject: www(), spot, sight: site_sight(verdict, leaf, id) }
}

/// The probe of `www` at ELB returned that.
pub fn probed(verdict: Verdict, leaf: Option<&LeafFacts>, neither: bool) -> Record {
    probed_at(Target::Elb, verdict, leaf, neither)
}

pub fn probed_at(
    target: Target,
    verdict: Verdict,
    leaf: Option<&LeafFacts>,
    neither: bool,
) -> Record {
    let spot = Spot::Probe { target, project: "north".to_owned(), probe: PROBE.to_owned() };
    let sight = Sight { verdict, leaf: leaf.map(seen), id: None, neither };
    Record::Saw { subject: www(), spot, sight }
}

/// The probe [`PROBE`], and what came of it.
pub fn probe(handshake: Handshake) -> ProbeSeen {
    let address: SocketAddr = ([127, 0, 0, 1], 443).into();
    let name = Some("www.example.com".to_owned());
    ProbeSeen {
        probe: Probe { text: PROBE.to_owned(), name, at: Dial::Address(address) },
        handshake,
    }
}

/// A handshake returned this leaf.
pub fn served(leaf: LeafFacts) -> Handshake {
    Handshake::Served { sha256: leaf.sha256, leaf: Some(leaf), chain: Vec::new() }
}

pub fn unreachable() -> Handshake {
    Handshake::Unreachable(failure(Kind::Transient))
}

pub fn broken() -> Handshake {
    Handshake::Broken(failure(Kind::Unusable))
}

pub fn copy_held(id: &str, n: u8, holders: Holders) -> CopyHeld {
    CopyHeld { id: id.to_owned(), leaf: Some(leaf(n)), holders }
}

pub fn import_held(n: u8, holders: Holders) -> ImportHeld {
    let key: ImportKey = key(n);
    ImportHeld { key, id: format!("scm-{n}"), holders }
}
