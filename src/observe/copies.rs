//! The certificates that a service lists in a project, found by the leaf inside: thousands of entries each ask
//! for their own among thousands.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::cert::{LeafFacts, facts, same_names};
use crate::cloud::Copy;
use crate::model::digest::{Sha1, Sha256};
use crate::plan::observed::Room;

/// One of them.
#[derive(Debug)]
pub struct Standing {
    /// As listed.
    pub copy: Copy,
    /// What is in it, where the service shows its PEM.
    pub inside: Option<Inside>,
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
        Self { copy: Copy { pem: None, ..copy }, inside }
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
        self.copy.fingerprint_text.as_deref().is_some_and(|text| {
            text.parse::<Sha256>().is_ok_and(|digest| digest == leaf.sha256)
                || text.parse::<Sha1>().is_ok_and(|digest| digest == leaf.sha1)
        })
    }
}

impl From<Copy> for Standing {
    fn from(copy: Copy) -> Self {
        let first = |pem: &String| CertificateDer::from_pem_slice(pem.as_bytes()).ok();
        let der = copy.pem.as_ref().and_then(first);
        let inside =
            der.map(|der| Inside { sha256: Sha256::of(&der), leaf: facts(&der).map(Arc::new) });
        Self::new(copy, inside)
    }
}

/// All of them, in the order listed.
#[derive(Debug)]
pub struct Copies {
    /// How many there may be, where the service tells.
    pub room: Option<Room>,
    all: Vec<Standing>,
    by_id: HashMap<String, usize>,
    by_leaf: HashMap<Sha256, Vec<usize>>,
    /// Those of which the list shows no PEM.
    closed: Vec<usize>,
    by_names: HashMap<u64, Vec<usize>>,
    by_user: HashMap<String, Vec<usize>>,
}

impl Copies {
    /// As listed.
    pub fn new(all: Vec<Standing>, room: Option<Room>) -> Self {
        let mut copies = Self {
            room,
            all,
            by_id: HashMap::new(),
            by_leaf: HashMap::new(),
            closed: Vec::new(),
            by_names: HashMap::new(),
            by_user: HashMap::new(),
        };
        for (at, standing) in copies.all.iter().enumerate() {
            copies.by_id.entry(standing.copy.id.clone()).or_insert(at);
            match &standing.inside {
                Some(inside) => copies.by_leaf.entry(inside.sha256).or_default().push(at),
                None => copies.closed.push(at),
            }
            if let Some(leaf) = standing.leaf() {
                copies.by_names.entry(names(leaf)).or_default().push(at);
            }
            for user in &standing.copy.bound_to {
                copies.by_user.entry(user.to_ascii_lowercase()).or_default().push(at);
            }
        }
        copies
    }

    /// The one of this id.
    pub fn of(&self, id: &str) -> Option<&Standing> {
        self.by_id.get(id).map(|at| &self.all[*at])
    }

    /// Those with this very leaf.
    pub fn holding(&self, leaf: &LeafFacts) -> Vec<&Standing> {
        let closed = self.closed.iter().filter(|at| self.all[**at].holds(leaf));
        self.pick(self.by_leaf.get(&leaf.sha256).into_iter().flatten().chain(closed))
    }

    /// Those with one of these leaves.
    pub fn of_leaves<'a>(&'a self, leaves: &'a BTreeSet<Sha256>) -> Vec<&'a Standing> {
        self.pick(leaves.iter().filter_map(|leaf| self.by_leaf.get(leaf)).flatten())
    }

    /// Those for the same names as this leaf.
    pub fn for_names_of(&self, leaf: &LeafFacts) -> Vec<&Standing> {
        let alike = self.by_names.get(&names(leaf)).into_iter().flatten();
        let alike =
            alike.filter(|at| self.all[**at].leaf().is_some_and(|found| same_names(found, leaf)));
        self.pick(alike)
    }

    /// Those that the list says this host or domain uses.
    pub fn used_by(&self, user: &str) -> Vec<&Standing> {
        self.pick(self.by_user.get(&user.to_ascii_lowercase()).into_iter().flatten())
    }

    /// These, each once and in the order listed.
    pub fn once<'a>(&self, standing: impl IntoIterator<Item = &'a Standing>) -> Vec<&'a Standing> {
        let place = |it: &&Standing| self.by_id.get(&it.copy.id).copied();
        let mut once: Vec<_> = standing.into_iter().collect();
        once.sort_by_key(place);
        once.dedup_by_key(|it| it.copy.id.clone());
        once
    }

    fn pick<'a>(&'a self, places: impl Iterator<Item = &'a usize>) -> Vec<&'a Standing> {
        let places: BTreeSet<_> = places.collect();
        places.into_iter().map(|at| &self.all[*at]).collect()
    }
}

fn names(leaf: &LeafFacts) -> u64 {
    let mut hasher = DefaultHasher::new();
    leaf.name_set().hash(&mut hasher);
    hasher.finish()
}
