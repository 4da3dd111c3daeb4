//! What was shown of each certificate, by account and project, which are held once for all that they have.

use std::collections::BTreeMap;

use crate::model::names::Name;
use crate::model::time::Time;
use crate::observe::copies::Inside;

/// What one look showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The row as it was then.
    pub stamp: Box<str>,
    pub at: Time,
    pub inside: Inside,
}

/// Accounts, in each the names of projects, and in each of these the service's ids of certificates.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Looks(BTreeMap<Name, BTreeMap<Box<str>, Project>>);

type Project = BTreeMap<Box<str>, Look>;

impl Looks {
    pub fn len(&self) -> usize {
        self.0.values().flat_map(BTreeMap::values).map(BTreeMap::len).sum()
    }

    pub fn get(&self, account: &Name, project: &str, id: &str) -> Option<&Look> {
        self.0.get(account)?.get(project)?.get(id)
    }

    pub fn insert(&mut self, account: &Name, project: &str, id: Box<str>, look: Look) {
        let projects = self.0.entry(account.clone()).or_default();
        projects.entry(project.into()).or_default().insert(id, look);
    }

    /// Lets go of those in this project that are not there any more.
    pub fn retain(&mut self, account: &Name, project: &str, is_there: impl Fn(&str) -> bool) {
        if let Some(ids) = self.0.get_mut(account).and_then(|it| it.get_mut(project)) {
            ids.retain(|id, _| is_there(id));
        }
    }

    /// Account, project, id, and what was shown, in their order.
    pub fn iter(&self) -> impl Iterator<Item = ((&Name, &str, &str), &Look)> {
        self.0.iter().flat_map(|(account, projects)| {
            projects.iter().flat_map(move |(project, ids)| {
                ids.iter().map(move |(id, look)| ((account, &**project, &**id), look))
            })
        })
    }
}

impl<'a> FromIterator<((Name, &'a str, &'a str), Look)> for Looks {
    fn from_iter<I: IntoIterator<Item = ((Name, &'a str, &'a str), Look)>>(all: I) -> Self {
        let mut projects = BTreeMap::<_, Vec<_>>::new();
        for ((account, project, id), look) in all {
            projects.entry((account, project)).or_default().push((id.into(), look));
        }
        let mut looks = Self::default();
        for ((account, project), ids) in projects {
            // In one go the tree has no room to spare.
            let ids = ids.into_iter().collect();
            looks.0.entry(account).or_default().insert(project.into(), ids);
        }
        looks
    }
}
