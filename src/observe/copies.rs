//! The certificates that a service lists in a project, found by the leaf inside: thousands of entries each ask
//! for their own among thousands.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::index::{Index, Spot};
use crate::cert::{LeafFacts, facts, same_names};
use crate::cloud::Copy;
use crate::model::digest::{Sha1, Sha256};
use crate::plan::observed::Room;

/// One of them, with what is asked of it: a list has tens of thousands.
#[derive(Debug)]
pub struct Standing {
    /// The target's own id of it.
    pub id: String,
    /// The hosts or domains that use it, where the list says so.
    pub bound_to: Vec<String>,
    /// What is in it, where the service shows its PEM.
    pub inside: Option<Inside>,
    /// The service's fingerprint, where it shows none.
    fingerprint: Option<String>,
}

/// What is in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    /// The leaf's fingerprint.
    pub sha256: Sha256,
    /// The leaf, where it can be read.
    pub leaf: Option<Arc<LeafFacts>>,
}

impl Standing {
    /// A certificate with what is known to be in it.
    pub fn new(copy: Copy, inside: Option<Inside>) -> Self {
        let fingerprint = copy.fingerprint_text.filter(|_| inside.is_none());
        Self { id: copy.id, bound_to: copy.bound_to, inside, fingerprint }
    }

    /// The leaf in it, where it can be read.
    pub fn leaf(&self) -> Option<&LeafFacts> {
        self.inside.as_ref()?.leaf.as_deref()
    }

    /// By the leaf inside; by its fingerprint where the list shows no PEM. Never by name.
    pub fn holds(&self, leaf: &LeafFacts) -> bool {
        if let Some(found) = &self.inside {
            return found.sha256 == leaf.sha256;
        }
        self.fingerprint.as_deref().is_some_and(|text| {
            text.parse::<Sha256>().is_ok_and(|digest| digest == leaf.sha256)
                || text.parse::<Sha1>().is_ok_and(|digest| digest == leaf.sha1)
        })
    }
}

impl Standing {
    /// A certificate as it is listed. A leaf that stood in the former list too is not read again: while thousands
    /// rotate, a list is asked for many times a second, and little of it is new.
    pub fn listed(copy: Copy, former: Option<&Copies>) -> Self {
        let first = |pem: &String| CertificateDer::from_pem_slice(pem.as_bytes()).ok();
        let der = copy.pem.as_ref().and_then(first);
        let inside = der.map(|der| {
            let sha256 = Sha256::of(&der);
            let known = former.and_then(|former| former.inside(sha256)).cloned();
            known.unwrap_or_else(|| Inside { sha256, leaf: facts(&der).map(Arc::new) })
        });
        Self::new(copy, inside)
    }
}

/// All of them, in the order listed.
#[derive(Debug)]
pub struct Copies {
    /// How many there may be, where the service tells.
    pub room: Option<Room>,
    all: Box<[Standing]>,
    by_id: Index,
    by_leaf: Index,
    by_names: Index,
    by_user: Index,
    /// What `by_names` goes by: a digest of each one's names.
    names: Box<[u64]>,
    /// Those of which the list shows no PEM.
    closed: Box<[usize]>,
}

impl Copies {
    /// As listed.
    pub fn new(all: Vec<Standing>, room: Option<Room>) -> Self {
        let all = all.into_boxed_slice();
        let at = |(place, _): Spot| &all[place as usize];
        let each = || (0..).zip(&all);
        let open = each().filter(|(_, it)| it.inside.is_some()).map(|(place, _)| (place, 0));
        let named = each().filter(|(_, it)| it.leaf().is_some()).map(|(place, _)| (place, 0));
        let used = each()
            .flat_map(|(place, it)| (0..).zip(&it.bound_to).map(move |(nth, _)| (place, nth)));
        let names: Box<[_]> = all.iter().map(|it| it.leaf().map_or(0, digest)).collect();
        let closed = all.iter().enumerate().filter(|(_, it)| it.inside.is_none());
        Self {
            room,
            by_id: Index::new(each().map(|(place, _)| (place, 0)), |spot| at(spot).id.as_str()),
            by_leaf: Index::new(open, |spot| at(spot).inside.as_ref().map(|it| it.sha256)),
            by_names: Index::new(named, |(place, _)| names[place as usize]),
            by_user: Index::new(used, |spot| AnyCase(&at(spot).bound_to[spot.1 as usize])),
            closed: closed.map(|(place, _)| place).collect(),
            names,
            all,
        }
    }

    /// The one of this id; of several the first.
    pub fn of(&self, id: &str) -> Option<&Standing> {
        self.place(id).map(|place| &self.all[place])
    }

    /// Those with this very leaf.
    pub fn holding(&self, leaf: &LeafFacts) -> Vec<&Standing> {
        let closed = self.closed.iter().copied().filter(|place| self.all[*place].holds(leaf));
        self.pick(self.with(leaf.sha256).chain(closed))
    }

    /// Whether all that these say of a leaf is that its copy may come.
    pub fn awaits(&self, leaf: &LeafFacts) -> bool {
        self.room.is_none_or(|room| room.used < room.quota) && self.holding(leaf).is_empty()
    }

    /// Those with one of these leaves.
    pub fn of_leaves<'a>(&'a self, leaves: &'a BTreeSet<Sha256>) -> Vec<&'a Standing> {
        self.pick(leaves.iter().flat_map(|leaf| self.with(*leaf)))
    }

    /// Those for the same names as this leaf.
    pub fn for_names_of(&self, leaf: &LeafFacts) -> Vec<&Standing> {
        let alike = self.by_names.find(digest(leaf), |(place, _)| self.names[place as usize]);
        let same = |found| same_names(found, leaf);
        self.pick(alike.filter(|place| self.all[*place].leaf().is_some_and(same)))
    }

    /// Those that the list says this host or domain uses.
    pub fn used_by(&self, user: &str) -> Vec<&Standing> {
        let key = |spot| AnyCase(&self.at(spot).bound_to[spot.1 as usize]);
        self.pick(self.by_user.find(AnyCase(user), key))
    }

    /// These, each once and in the order listed.
    pub fn once<'a>(&self, standing: impl IntoIterator<Item = &'a Standing>) -> Vec<&'a Standing> {
        let mut once: Vec<_> = standing.into_iter().map(|it| (self.place(&it.id), it)).collect();
        once.sort_by_key(|(place, _)| *place);
        once.dedup_by_key(|(place, _)| *place);
        once.into_iter().map(|(_, it)| it).collect()
    }

    fn inside(&self, leaf: Sha256) -> Option<&Inside> {
        self.all[self.with(leaf).next()?].inside.as_ref()
    }

    fn at(&self, (place, _): Spot) -> &Standing {
        &self.all[place as usize]
    }

    fn place(&self, id: &str) -> Option<usize> {
        self.by_id.find(id, |spot| self.at(spot).id.as_str()).next()
    }

    fn with(&self, leaf: Sha256) -> impl Iterator<Item = usize> {
        self.by_leaf.find(Some(leaf), |spot| self.at(spot).inside.as_ref().map(|it| it.sha256))
    }

    fn pick(&self, places: impl Iterator<Item = usize>) -> Vec<&Standing> {
        let places: BTreeSet<_> = places.collect();
        places.into_iter().map(|place| &self.all[place]).collect()
    }
}

/// Of the names that a leaf is for, in whatever order and case.
fn digest(leaf: &LeafFacts) -> u64 {
    let mut hasher = DefaultHasher::new();
    leaf.name_set().hash(&mut hasher);
    hasher.finish()
}

/// A name of a host or domain, whatever the case of its letters.
struct AnyCase<'a>(&'a str);

impl Ord for AnyCase<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let lower = |letter: u8| letter.to_ascii_lowercase();
        self.0.bytes().map(lower).cmp(other.0.bytes().map(lower))
    }
}

impl PartialOrd for AnyCase<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for AnyCase<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for AnyCase<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(seed: &str, names: &[&str]) -> LeafFacts {
        LeafFacts {
            sha256: Sha256::of(seed.as_bytes()),
            sha1: Sha1::of(seed.as_bytes()),
            serial: "1".to_owned(),
            subject: seed.to_owned(),
            issuer: "CA".to_owned(),
            not_before: crate::model::time::Time::from_secs(0),
            not_after: crate::model::time::Time::from_secs(1),
            names: names.iter().map(ToString::to_string).collect(),
            key: "ECDSA P-256".to_owned(),
        }
    }

    fn standing(
        id: &str,
        leaf: Option<&LeafFacts>,
        users: &[&str],
        fingerprint: Option<&str>,
    ) -> Standing {
        let copy = Copy {
            id: id.to_owned(),
            pem: None,
            fingerprint_text: fingerprint.map(str::to_owned),
            bound_to: users.iter().map(ToString::to_string).collect(),
            stamp: String::new(),
        };
        let inside =
            leaf.map(|leaf| Inside { sha256: leaf.sha256, leaf: Some(Arc::new(leaf.clone())) });
        Standing::new(copy, inside)
    }

    #[test]
    fn each_is_found_by_all_that_it_is_known_by_and_in_the_order_listed() {
        let www = leaf("www", &["www.example.com", "example.com"]);
        let again = leaf("again", &["EXAMPLE.com", "www.example.com"]);
        let other = leaf("other", &["other.example.com"]);
        let copies = Copies::new(
            vec![
                standing("z", Some(&other), &["b.example.com"], None),
                standing("y", Some(&www), &["Shop.example.com", "a.example.com"], None),
                standing("x", None, &[], Some(&www.sha1.to_string())),
                standing("w", Some(&again), &[], None),
                standing("y", Some(&other), &[], None),
                standing("v", Some(&www), &["shop.EXAMPLE.com", "shop.example.com"], Some("ff")),
            ],
            None,
        );
        let ids = |found: Vec<&Standing>| found.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
        assert_eq!(copies.of("y").and_then(Standing::leaf), Some(&www), "of several the first");
        assert!(copies.of("u").is_none());
        assert_eq!(ids(copies.holding(&www)), ["y", "x", "v"]);
        assert_eq!(ids(copies.of_leaves(&[www.sha256, other.sha256].into())), ["z", "y", "y", "v"]);
        assert_eq!(ids(copies.for_names_of(&www)), ["y", "w", "v"]);
        assert_eq!(ids(copies.used_by("SHOP.example.com")), ["y", "v"]);
        let both = copies.holding(&www).into_iter().chain(copies.of("w")).chain(copies.of("y"));
        assert_eq!(ids(copies.once(both)), ["y", "x", "w", "v"]);
    }

    #[test]
    fn a_copy_is_awaited_where_there_is_none_and_there_is_room() {
        let (www, other) = (leaf("www", &["www.example.com"]), leaf("other", &["example.com"]));
        let of = |room| Copies::new(vec![standing("a", Some(&other), &[], None)], room);
        let room = |used| Some(Room { used, quota: 5 });
        assert!(of(None).awaits(&www) && of(room(4)).awaits(&www));
        assert!(!of(None).awaits(&other), "it is there");
        assert!(!of(room(5)).awaits(&www), "something may have to go first");
    }
}
