//! What the log says of a leaf that the certificate manager holds more than once. Nothing is decided
//! by it: all hosts settle on one of them, and the others are left to a person.

use std::collections::{BTreeMap, BTreeSet};

use tracing::warn;

use crate::plan::action::{Import, ImportKey};
use crate::plan::observed::{CertificateSeen, ImportSeen};

/// Leaves that are remembered as told. Past that all are forgotten, and told once more when they are
/// seen again: a daemon that runs for years must not grow.
const TOLD_MAX: usize = 1000;
/// So many ids are named in a line; the count says how many there are.
const NAMED_MAX: usize = 20;

/// Of which leaves it was told, and with which ids.
#[derive(Debug, Default)]
pub(super) struct Duplicates {
    told: BTreeMap<ImportKey, BTreeSet<String>>,
}

impl Duplicates {
    /// Tells of other imports beside the one that was found, once a leaf and set of ids, whichever
    /// entries have the leaf.
    pub fn look(&mut self, seen: &CertificateSeen, others: &[String]) {
        let (Ok(leaf), ImportSeen::Found(used)) = (&seen.local, &seen.import) else { return };
        if others.is_empty() {
            return;
        }
        let key = ImportKey::from(Import {
            cloud: seen.cloud.clone(),
            enterprise_project: seen.enterprise_project.clone(),
            leaf: leaf.sha256,
            issued: leaf.not_before,
        });
        let mut ids: BTreeSet<_> = others.iter().chain([used]).cloned().collect();
        // By name and by digest a list finds different ones of them.
        if let Some(told) = self.told.get(&key) {
            if ids.is_subset(told) {
                return;
            }
            ids.extend(told.iter().cloned());
        }
        if self.told.len() >= TOLD_MAX {
            self.told.clear();
        }
        say(seen, &key, used, &ids);
        self.told.insert(key, ids);
    }
}

fn say(seen: &CertificateSeen, key: &ImportKey, used: &str, all: &BTreeSet<String>) {
    let (name, cloud) = (&seen.name, &seen.cloud);
    let (fingerprint, short, count) = (key.leaf.to_string(), key.leaf.short(), all.len());
    let named: Vec<_> = all.iter().take(NAMED_MAX).map(String::as_str).collect();
    let ids = named.join(" ");
    warn!(event = "certificate.duplicate", certificate = %name, %cloud, scm_id = used, fingerprint, count, ids, "the certificate manager of cloud {cloud} holds {count} imports for the leaf {short} of {name}, and {used} is used here: another host or a lost journal made the others; delete by hand what nothing uses, for certrotd deletes only what it knows to have imported");
}

#[cfg(test)]
mod tests {
    use super::super::tests::{DAY, events, leaf, logged, observed};
    use super::*;
    use crate::model::time::Time;

    fn seen(text: &str, import: ImportSeen) -> CertificateSeen {
        let now = Time::from_secs(0) + DAY;
        let seen = observed(&leaf(text, 0), now, None).certificates.remove(0);
        CertificateSeen { import, ..seen }
    }

    fn found(id: &str) -> ImportSeen {
        ImportSeen::Found(id.to_owned())
    }

    #[test]
    fn a_leaf_imported_twice_is_told_once_for_each_set_of_ids() {
        let (one, another) = (seen("one", found("scs1")), seen("another", found("scs9")));
        let others = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let lines = logged(|| {
            let mut duplicates = Duplicates::default();
            duplicates.look(&one, &[]);
            duplicates.look(&one, &others(&["scs2"]));
            duplicates.look(&one, &others(&["scs2"]));
            // Seen without a list, and not seen at all: neither ends what is known.
            duplicates.look(&seen("one", ImportSeen::Trusted), &[]);
            duplicates.look(&seen("one", found("scs1")), &[]);
            duplicates.look(&one, &others(&["scs2"]));
            duplicates.look(&one, &others(&["scs2", "scs3"]));
            duplicates.look(&another, &others(&["scs2"]));
            // A restart.
            Duplicates::default().look(&one, &others(&["scs2"]));
        });
        assert_eq!(events(&lines), ["certificate.duplicate"; 4]);
        let first = &lines[0];
        assert_eq!(first["level"], "WARN");
        assert_eq!((&first["certificate"], &first["cloud"]), (&"www".into(), &"main".into()));
        assert_eq!((&first["scm_id"], &first["ids"]), (&"scs1".into(), &"scs1 scs2".into()));
        assert_eq!(first["count"], 2);
        assert_eq!(first["fingerprint"], leaf("one", 0).sha256.to_string());
        assert_eq!((&lines[1]["count"], &lines[2]["count"]), (&3.into(), &2.into()));
    }

    #[test]
    fn two_entries_with_one_leaf_are_told_of_once() {
        let one = seen("one", found("scs1"));
        let name = crate::model::names::Name::new("api").unwrap();
        let lines = logged(|| {
            let mut duplicates = Duplicates::default();
            for seen in [&one, &CertificateSeen { name, ..one.clone() }] {
                duplicates.look(seen, &["scs2".to_owned()]);
            }
        });
        assert_eq!(events(&lines), ["certificate.duplicate"]);
    }

    #[test]
    fn what_is_remembered_and_what_is_named_is_bounded() {
        let mut duplicates = Duplicates::default();
        let many: Vec<_> = (0..NAMED_MAX * 3).map(|id| format!("scs{id:03}")).collect();
        let lines = logged(|| {
            for number in 0..=TOLD_MAX {
                duplicates.look(&seen(&number.to_string(), found("scs")), &many);
            }
        });
        assert_eq!(duplicates.told.len(), 1);
        let words = lines[0]["ids"].as_str().unwrap().split(' ').count();
        assert_eq!((words, &lines[0]["count"]), (NAMED_MAX, &(NAMED_MAX * 3 + 1).into()));
    }
}
