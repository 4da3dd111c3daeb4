//! Whether anything older was pushed after something newer: by the journal, which has a line of each push
//! before it is sent.

use std::collections::{BTreeMap, BTreeSet};

use certrotd::plan::action::{Action, Fact};
use certrotd::plan::memory::Record;
use certrotd::record;

use super::house::House;
use super::tally;

/// Fails when an entry of this host began to push a leaf to where it had pushed a newer one, unless a
/// leaf of it was rolled back. Where an older one lay on the disk it had to wait.
pub fn judge(house: &House) {
    let (mut newest, mut back) = (BTreeMap::new(), BTreeSet::new());
    for entry in record::read(&house.state()).unwrap().unwrap_or_default() {
        match entry.record {
            Record::Done { subject, action: Action::Push { key, target, project, .. }, .. } => {
                let known = newest.entry((subject, target, project)).or_insert(key.issued);
                *known = key.issued.max(*known);
            }
            Record::Began { subject, action: Action::Push { key, target, project, .. } } => {
                let place = (subject, target, project);
                let Some(known) = newest.get(&place) else { continue };
                tally::count("judged: a push after another");
                let goes_back = back.contains(place.0.name());
                assert!(key.issued >= *known || goes_back, "{place:?}: older after newer: {key:?}");
            }
            Record::Learned { subject, fact: Fact::RolledBack { .. }, .. } => {
                back.insert(subject.name().clone());
            }
            _ => {}
        }
    }
}
