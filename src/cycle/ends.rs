//! When what an entry stands for ends: who comes first where not all can come at once.

use std::time::Duration;

use crate::cert::LeafFacts;
use crate::config::{Certificate, Push};
use crate::model::names::Name;
use crate::model::time::Time;
use crate::plan::action::ImportKey;
use crate::plan::memory::{Memory, State};
use crate::plan::sight::Spot;

/// How long a leaf lives of which nothing but its beginning is known: what most authorities give. Nothing but the
/// order among such leaves rests on it.
const LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// When the first of what clients get from this entry ends, by what was last seen at its places and probes. Where
/// nothing was seen, the import that was last brought everywhere: it lives as long as its successor, if that is known.
/// `leaf` is the one on the disk, which counts where nothing else does: nothing of it is served, so nothing can end
/// before.
pub(super) fn ends(entry: &Certificate, leaf: Option<&LeafFacts>, memory: &Memory) -> Option<Time> {
    let pushes = entry.pushes.iter();
    let served = pushes.flat_map(spots).filter_map(|spot| seen_at(&entry.name, &spot, memory));
    served.min().or_else(|| {
        let Some(newest) = memory.newest(&entry.name) else { return leaf.map(|it| it.not_after) };
        let known = leaf.map(|leaf| leaf.not_after.since(leaf.not_before));
        Some(brought(entry, newest, memory).issued + known.unwrap_or(LIFE))
    })
}

/// The newest import, or the one before it as long as that has not reached every target: what is begun is brought to
/// its end before what is less urgent begins.
fn brought<'m>(entry: &Certificate, newest: &'m ImportKey, memory: &'m Memory) -> &'m ImportKey {
    let mut pushes = entry.pushes.iter().filter(|push| push.is_pushed_to());
    let is_there = |push: &Push| {
        let push = memory.push(newest, push.target, &push.project);
        push.is_some_and(|push| matches!(push.state, State::Done | State::Seen))
    };
    if pushes.all(is_there) {
        return newest;
    }
    let before = memory.leaves(&entry.name).filter(|of| of.issued < newest.issued);
    before.max_by_key(|of| of.issued).unwrap_or(newest)
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
    use crate::model::target::Target;
    use crate::plan::action::{Action, Fact, Import};
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
        let imported = |bytes: &[u8], issued| {
            let (cloud, enterprise_project) = (entry.cloud.clone(), None);
            let leaf = Sha256::of(bytes);
            ImportKey::from(Import { cloud, enterprise_project, leaf, issued: day(issued) })
        };
        let seen = || Fact::Seen { id: Some("1".to_owned()) };
        let action = Action::Import { key: imported(b"former", 10) };
        let learned = Record::Learned { subject: subject.clone(), action, fact: seen() };
        memory.fold(day(11), &learned);
        assert_eq!(ends(entry, Some(&leaf), &memory), Some(day(100)));
        assert_eq!(ends(entry, None, &memory), Some(day(10) + LIFE));

        // Its successor takes its place once it is where it shall be, and not when it is imported.
        let mut newer = memory.clone();
        let newest = imported(b"leaf", 70);
        let import = Action::Import { key: newest.clone() };
        newer.fold(
            day(70),
            &Record::Learned { subject: subject.clone(), action: import, fact: seen() },
        );
        assert_eq!(ends(entry, Some(&leaf), &newer), Some(day(100)));
        let (target, project) = (Target::Elb, "cn-north-4".to_owned());
        let push = Action::Push { key: newest, scm_id: "scs1".into(), target, project };
        newer.fold(
            day(70),
            &Record::Learned { subject: subject.clone(), action: push, fact: seen() },
        );
        assert_eq!(ends(entry, Some(&leaf), &newer), Some(day(160)));

        // And what a handshake returned, which may be older still.
        let served =
            Seen { sha256: Sha256::of(b"former"), issued: Some(day(1)), ends: Some(day(80)) };
        let sight =
            Sight { verdict: Verdict::Pending, leaf: Some(served), id: None, neither: false };
        for spot in spots(&entry.pushes[0]) {
            let subject = subject.clone();
            memory.fold(day(12), &Record::Saw { subject, spot, sight: sight.clone() });
        }
        assert_eq!(ends(entry, Some(&leaf), &memory), Some(day(80)));
    }
}
