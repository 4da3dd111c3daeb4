//! What makes two imports the same one, held once however many effects follow from it.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use crate::model::digest::Sha256;
use crate::model::names::Name;
use crate::model::time::Time;

/// Equal leaves in one account and enterprise project are imported once, whichever entry they come from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Import {
    /// The account.
    pub cloud: Name,
    /// The enterprise project, where one is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enterprise_project: Option<String>,
    /// The leaf.
    pub leaf: Sha256,
    /// The leaf's notBefore: newer means issued later.
    pub issued: Time,
}

/// An [`Import`], by which effects of the same one are known. Copies share it, and two that do not are equal all the
/// same when the imports are.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Import")]
pub struct ImportKey(Arc<Import>);

impl ImportKey {
    /// Whether both are imports into one account and enterprise project.
    pub fn same_place(&self, other: &Self) -> bool {
        self.cloud == other.cloud && self.enterprise_project == other.enterprise_project
    }

    /// The import of another leaf into the same account and enterprise project.
    pub fn of_leaf(&self, leaf: Sha256, issued: Time) -> Self {
        Self::from(Import { leaf, issued, ..Import::clone(self) })
    }

    /// Whether this is the same one in the memory too, and not only equal.
    pub fn is_shared_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl From<Import> for ImportKey {
    fn from(import: Import) -> Self {
        Self(Arc::new(import))
    }
}

impl Deref for ImportKey {
    type Target = Import;

    fn deref(&self) -> &Import {
        &self.0
    }
}

impl PartialEq for ImportKey {
    fn eq(&self, other: &Self) -> bool {
        self.is_shared_with(other) || **self == **other
    }
}

impl Eq for ImportKey {}

impl PartialOrd for ImportKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ImportKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match self.is_shared_with(other) {
            true => Ordering::Equal,
            false => (**self).cmp(&**other),
        }
    }
}

impl Hash for ImportKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl Serialize for ImportKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}
