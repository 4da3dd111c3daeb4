//! Every leaf that was ever imported for one entry.

use super::packed::{Packed, Packer, Unpacker};
use crate::model::digest::Sha256;
use crate::plan::action::ImportKey;

/// Imports, one a leaf, in the order of the digests. A list with no room to spare: there are thousands of entries
/// with one or two leaves each, and a tree keeps room for a dozen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Leaves(Vec<ImportKey>);

impl Leaves {
    /// Takes an import in; one of the same leaf gives way.
    pub fn insert(&mut self, key: ImportKey) {
        match self.place(&key.leaf) {
            Ok(at) => self.0[at] = key,
            Err(at) => {
                self.0.reserve_exact(1);
                self.0.insert(at, key);
            }
        }
    }

    pub fn contains(&self, leaf: &Sha256) -> bool {
        self.place(leaf).is_ok()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, ImportKey> {
        self.0.iter()
    }

    /// Whether any is left of those that may stay.
    pub fn retain(&mut self, stays: impl FnMut(&ImportKey) -> bool) -> bool {
        self.0.retain(stays);
        !self.0.is_empty()
    }

    fn place(&self, leaf: &Sha256) -> Result<usize, usize> {
        self.0.binary_search_by(|key| key.leaf.cmp(leaf))
    }
}

/// A map from each leaf to its import.
impl Packed for Leaves {
    fn put<'m>(&'m self, to: &mut Packer<'m>) {
        to.count(self.0.len());
        for key in &self.0 {
            key.leaf.put(to);
            key.put(to);
        }
    }

    fn take(from: &mut Unpacker<'_>) -> Option<Self> {
        let mut leaves = Self::default();
        for (leaf, key) in Vec::<(Sha256, ImportKey)>::take(from)? {
            // Another leaf than the one it stands under was never written.
            (leaf == key.leaf).then(|| leaves.insert(key))?;
        }
        Some(leaves)
    }
}
