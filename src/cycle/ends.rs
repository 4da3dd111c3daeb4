//! When what an entry stands for ends: who comes first where not all can come at once.

use std::time::Duration;

use crate::cert::LeafFacts;
use crate::config::{Certificate, Push};
use crate::model::names::Name;
use crate::model::time::Time;
use crate::plan::memory::Memory;
use crate::plan::sight::Spot;

/// How long a leaf lives of which nothing but its beginning is known: what most authorities give. Nothing but the
/// order among such leaves rests on it.
const LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// When the first of what clients get from this entry ends, by what was last seen at its places and probes. Where
/// nothing was seen, the import that stands: it lives as long as its successor, if that is known. `leaf` is the one on
/// the disk, which counts where nothing else does: nothing of it is served, so nothing can end before.
pub(super) fn ends(entry: &Certificate, leaf: Option<&LeafFacts>, memory: &Memory) -> Option<Time> {
    let pushes = entry.pushes.iter();
    let served = pushes.flat_map(spots).filter_map(|spot| seen_at(&entry.name, &spot, memory));
    served.min().or_else(|| {
        let Some(newest) = memory.newest(&entry.name) else { return leaf.map(|it| it.not_after) };
        let known = leaf.map(|leaf| leaf.not_after.since(leaf.not_before));
        Some(newest.issued + known.unwrap_or(LIFE))
    })
}

fn seen_at(name: &Name, spot: &Spot, memory: &Memory) -> Option<Time> {
    memory.sighting(name, spot)?.sight.leaf?.ends
}

fn spots(push: &Push) -> impl Iterator<Item = Spot> {
    let probes = push.probes.iter().map(|probe| Spot::Probe {
        target: push.target,
        project: push.project.clone(),
        probe: probe.text.clone(),
    });
    push.places().map(Spot::Site).chain(probes)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, parse};
    use crate::model::digest::{Sha1, Sha256};
    use crate::model::names::Subject;
    use crate::plan::action::{Action, Fact, Import, ImportKey};
    use crate::plan::memory::Record;
    use crate::plan::sight::{Seen, Sight, Verdict};

    const DAY: Duration = Duration::from_secs(86_400);

    fn day(number: u32) -> Time {
        Time::default() + DAY * number
    }

    fn config() -> Config {
        let text = "[cloud.main]\nregion = 'cn-north-4'\n[[certificate]]\nname = 'www'\ncert = '/c'\nkey = '/k'\n\
                    [[certificate.push]]\nservice = 'elb'\nprobe = ['www.example.com:443']\n";
        parse(Path::new("/c.toml"), text).unwrap()
    }

    fn leaf(from: u32, to: u32) -> LeafFacts {
        LeafFacts {
            sha256: Sha256::of(b"leaf"),
            sha1: Sha1::of(b"leaf"),
            serial: "1".into(),
            subject: "CN=www.example.com".into(),
            issuer: "CN=Small CA".into(),
            not_before: day(from),
            not_after: day(to),
            names: Default::default(),
            key: "ECDSA P-256".into(),
        }
    }

    #[test]
    fn what_is_served_counts_before_what_lies_on_the_disk() {
        let config = config();
        let (entry, leaf) = (&config.certificates[0], leaf(70, 160));
        let subject = Subject::Certificate(entry.name.clone());
        let mut memory = Memory::default();
        assert_eq!(ends(entry, None, &memory), None);
        assert_eq!(
            ends(entry, Some(&leaf), &memory),
            Some(day(160)),
            "the file, as nothing is served"
        );

        // An import that stands: as long as the leaf on the disk, which is its successor.
        let sha256 = Sha256::of(b"former");
        let (cloud, enterprise_project) = (entry.cloud.clone(), None);
        let key =
            ImportKey::from(Import { cloud, enterprise_project, leaf: sha256, issued: day(10) });
        let (action, fact) = (Action::Import { key }, Fact::Seen { id: Some("scs1".to_owned()) });
        let learned = Record::Learned { subject: subject.clone(), action, fact };
        memory.fold(day(11), &learned);
        assert_eq!(ends(entry, Some(&leaf), &memory), Some(day(100)));
        assert_eq!(ends(entry, None, &memory), Some(day(10) + LIFE));

        // And what a handshake returned, which may be older still.
        let seen = Seen { sha256, issued: Some(day(1)), ends: Some(day(80)) };
        let sight = Sight { verdict: Verdict::Pending, leaf: Some(seen), id: None, neither: false };
        for spot in spots(&entry.pushes[0]) {
            let subject = subject.clone();
            memory.fold(day(12), &Record::Saw { subject, spot, sight: sight.clone() });
        }
        assert_eq!(ends(entry, Some(&leaf), &memory), Some(day(80)));
    }
}
