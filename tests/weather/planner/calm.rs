//! What must be true once a storm is over and everything has settled.

use super::daemon::Daemon;
use super::entries::{ENTRIES, KEEP, Wanted, import_key, leaf, targets};
use super::fixture::name;
use super::world::World;
use certrotd::model::names::{Name, Subject};
use certrotd::model::place::Place;
use certrotd::model::target::Target;
use certrotd::plan::Held;
use certrotd::plan::action::Action;
use certrotd::plan::hold::Hold;

impl World {
    /// Whether it may wait for ever: for people, or because its leaf is served by no edge.
    pub fn may_rest(&self, held: &Held) -> bool {
        match &held.why {
            Hold::StillUsed { .. } => true,
            Hold::RolledBack { rejected, .. } => self.garbage.contains(rejected),
            Hold::Wrong { .. } => {
                let number = self.disk[held.subject.name()].unwrap();
                let wanted = import_key(held.subject.name(), number).leaf;
                held.until.is_none() && self.garbage.contains(&wanted)
            }
            Hold::Unseen { .. } => {
                self.blind.is_some() && matches!(held.subject, Subject::Certificate(_))
            }
            _ => false,
        }
    }

    /// Everything is as the disk and the configuration want it, once.
    pub fn judge_calm(&self, daemon: &Daemon) {
        for entry in ENTRIES.map(name) {
            let key = import_key(&entry, self.disk[&entry].unwrap());
            let imports = self.imports.iter().filter(|import| import.key == key).count();
            assert_eq!(imports, 1, "{entry} has its import");
            for wanted in targets(entry.as_str()) {
                self.judge_target(&entry, wanted, daemon);
            }
            if self.is_all_well() {
                self.judge_imports(&entry, daemon);
            }
        }
        let file: Vec<_> = self.file.iter().map(|(n, _)| *n).collect();
        assert_eq!(file, [self.published.0], "the CA file is the published one");
        assert!(!self.hook_due, "the command has run for it");
        let is_wanted =
            self.state() == Some(self.wanted) || self.probed && self.actual() == self.wanted;
        assert!(is_wanted, "SSL is as wanted");
    }

    fn judge_target(&self, entry: &Name, (target, project, site): &Wanted, daemon: &Daemon) {
        let wanted = leaf(entry, self.disk[entry].unwrap()).sha256;
        let copies = self.copies.iter().filter(|copy| {
            copy.target == *target && copy.project == *project && copy.gone.is_none()
        });
        let copies: Vec<_> = copies.collect();
        let there = copies.iter().any(|copy| copy.leaf.sha256 == wanted);
        assert!(there || *target == Target::Cdn, "{entry} is in {target} in {project}");
        if let Some(site) = site.filter(|_| self.blind != Some(*target)) {
            let place = Place { target: *target, project: (*project).into(), site: site.into() };
            let bound = self.site(&place).of(entry).map(|bound| bound.leaf.sha256);
            let served = self.site(&place).at(self.now - self.delay);
            let served = served.iter().any(|bound| bound.leaf.sha256 == wanted);
            let is_well = bound == Some(wanted) && served;
            assert!(is_well || self.garbage.contains(&wanted), "{entry} is served at {place}");
        }
        let is_left = |copy: &&&super::world::Copy| {
            copy.leaf.sha256 != wanted
                && daemon.memory().leaves(entry).any(|key| {
                    let push = daemon.memory().push(key, *target, project);
                    key.leaf == copy.leaf.sha256 && push.is_some()
                })
                && self.users(&copy.id, self.now).is_empty()
                && !self.is_wanted(&copy.leaf.sha256)
        };
        let left = copies.iter().filter(is_left).count();
        assert!(
            left <= KEEP || !self.is_all_well(),
            "{left} copies of {entry} are left in {target}"
        );
    }

    fn judge_imports(&self, entry: &Name, daemon: &Daemon) {
        let left = self.imports.iter().filter(|import| {
            // One whose answer was lost, and which was renewed before a look, nobody knows of.
            let effect = daemon.memory().effect(&Action::Import { key: import.key.clone() });
            let known = effect.is_some_and(|effect| effect.id.as_ref() == Some(&import.id));
            let own = daemon.memory().is_of(entry, &import.key.leaf);
            // Who uses a copy may be nobody that the certificate manager knows of.
            let of_leaf = self.copies.iter().filter(|copy| copy.leaf.sha256 == import.key.leaf);
            let ids = of_leaf.map(|copy| &copy.id).chain([&import.id]);
            own && known
                && !self.is_wanted(&import.key.leaf)
                && ids.into_iter().all(|id| self.users(id, self.now).is_empty())
        });
        let left = left.count();
        assert!(left <= KEEP, "{left} imports of {entry} are left");
    }

    fn is_wanted(&self, leaf: &certrotd::model::digest::Sha256) -> bool {
        let mut disk = self.disk.iter();
        disk.any(|(entry, number)| {
            number.is_some_and(|number| import_key(entry, number).leaf == *leaf)
        })
    }

    /// Whether everything can be seen and every wanted leaf is served: then nothing hinders cleaning up.
    fn is_all_well(&self) -> bool {
        let wanted =
            self.disk.iter().filter_map(|(entry, number)| Some(import_key(entry, (*number)?)));
        self.blind.is_none() && !wanted.into_iter().any(|key| self.garbage.contains(&key.leaf))
    }
}

impl super::world::Copy {
    /// Whether a list shows it: one shows what is new and what is gone a little late.
    pub fn is_listed(&self, world: &World) -> bool {
        self.made + world.lag <= world.now
            && self.gone.is_none_or(|gone| gone + world.lag > world.now)
    }
}
