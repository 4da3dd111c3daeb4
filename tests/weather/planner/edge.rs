//! The places of a storm: what is bound there, what their edges serve, what people do to them, and
//! what may never happen to them.

use std::time::Duration;

use super::entries::{ENTRIES, foreign, host, targets};
use super::fixture::{at, name};
use super::world::{Copy, World};
use certrotd::cert::LeafFacts;
use certrotd::model::digest::Sha256;
use certrotd::model::failure::{Failure, Kind};
use certrotd::model::names::Name;
use certrotd::model::place::Place;
use certrotd::model::target::Target;
use certrotd::model::time::Time;
use certrotd::plan::Step;
use certrotd::plan::action::{Action, Retired};
use certrotd::plan::observed::{Handshake, Holders, Role, Slot};

/// The name of the listener's foreign default.
const SHOP: &str = "shop.example.com";

/// A certificate bound to a place.
#[derive(Clone, PartialEq, Debug)]
pub struct Bound {
    pub role: Role,
    pub id: String,
    pub leaf: LeafFacts,
    since: Time,
}

/// One place, with all that was ever bound there.
pub struct Site {
    pub place: Place,
    history: Vec<(Time, Vec<Bound>)>,
}

impl Site {
    /// What was bound there at a moment.
    pub fn at(&self, moment: Time) -> &[Bound] {
        let before = self.history.iter().rev().find(|(since, _)| *since <= moment);
        before.or(self.history.first()).map_or(&[], |(_, bound)| bound)
    }

    pub fn bound(&self) -> &[Bound] {
        self.history.last().map_or(&[], |(_, bound)| bound)
    }

    /// What an entry serves with here; a host or domain has one alone.
    pub fn of(&self, entry: &Name) -> Option<&Bound> {
        let is_own = |bound: &&Bound| bound.leaf.names == [host(entry)];
        self.bound().iter().find(is_own).or(self.bound().first().filter(|_| self.is_alone()))
    }

    pub fn is_alone(&self) -> bool {
        self.place.target != Target::Elb
    }

    pub fn has_ever_used(&self, id: &str) -> bool {
        self.history.iter().any(|(_, bound)| bound.iter().any(|bound| bound.id == id))
    }

    pub fn has_ever_had(&self, leaf: &Sha256) -> bool {
        self.history.iter().any(|(_, bound)| bound.iter().any(|bound| bound.leaf.sha256 == *leaf))
    }
}

/// The places as they are before the daemon comes: a listener with a foreign default, a host with a
/// certificate of somebody, a domain with none; and the copies that stand there.
pub fn first_sites() -> (Vec<Site>, Vec<Copy>) {
    let mut sites = Vec::new();
    for entry in ENTRIES {
        for (target, project, site) in targets(entry) {
            let Some(site) = *site else { continue };
            let place = Place { target: *target, project: (*project).into(), site: site.into() };
            if !sites.iter().any(|known: &Site| known.place == place) {
                sites.push(Site { place, history: vec![(at(-1), Vec::new())] });
            }
        }
    }
    let mut copies = Vec::new();
    for (target, host) in
        [(Target::Elb, SHOP), (Target::Elb, "www.example.com"), (Target::Waf, "www.example.com")]
    {
        let id = format!("foreign-{target}-{host}");
        let (project, leaf, made) = ("north".to_owned(), foreign(host), at(-1));
        copies.push(Copy {
            id,
            target,
            project,
            leaf,
            made,
            gone: None,
            hand: None,
            foreign: true,
        });
    }
    for (target, copy) in [(Target::Elb, &copies[0]), (Target::Waf, &copies[2])] {
        let site = sites.iter_mut().find(|site| site.place.target == target).unwrap();
        let (id, leaf, since) = (copy.id.clone(), copy.leaf.clone(), at(-1));
        site.history[0].1.push(Bound { role: Role::Default, id, leaf, since });
    }
    (sites, copies)
}

impl World {
    pub fn site(&self, place: &Place) -> &Site {
        self.sites.iter().find(|site| site.place == *place).unwrap()
    }

    fn set(&mut self, place: &Place, bound: Vec<Bound>) {
        let now = self.now;
        let site = self.sites.iter_mut().find(|site| site.place == *place).unwrap();
        site.history.push((now, bound));
    }

    /// The slots of a place as its service shows them, a little late.
    pub fn slots(&self, place: &Place) -> Vec<Slot> {
        let bound = self.site(place).at(self.now - self.lag);
        let slot = |bound: &Bound| Slot {
            role: bound.role,
            id: bound.id.clone(),
            leaf: Some(bound.leaf.clone()),
        };
        bound.iter().map(slot).collect()
    }

    /// What a fresh handshake with an entry's name returns.
    pub fn handshake(&mut self, entry: &Name, place: &Place) -> Handshake {
        if !self.calm && self.rng.percent(10) {
            return Handshake::Unreachable(Failure::local(Kind::Transient, "probe", "no answer"));
        }
        let served = self.site(place).at(self.now - self.delay);
        let named = served
            .iter()
            .find(|bound| bound.role == Role::Sni && bound.leaf.names == [host(entry)]);
        let Some(bound) = named.or(served.first()) else {
            return Handshake::Broken(Failure::local(Kind::Unusable, "probe", "no certificate"));
        };
        let (leaf, sha256) = (bound.leaf.clone(), bound.leaf.sha256);
        if !self.garbage.contains(&sha256) {
            return Handshake::Served { sha256, leaf: Some(leaf), chain: Vec::new() };
        }
        match sha256.to_string().starts_with(['0', '1', '2', '3', '4', '5', '6', '7']) {
            true => Handshake::Broken(Failure::local(Kind::Unusable, "probe", "no handshake")),
            false => {
                let sha256 = Sha256::of(sha256.to_string().as_bytes());
                Handshake::Served { sha256, leaf: None, chain: Vec::new() }
            }
        }
    }

    /// Who uses this certificate since that moment or longer.
    pub fn users(&self, id: &str, by: Time) -> Vec<String> {
        let sites = self.sites.iter().filter(|site| {
            let edge = site.at(self.now - self.delay).iter();
            let mut users = edge.chain(site.bound()).filter(|bound| bound.since <= by);
            users.any(|bound| bound.id == id)
        });
        let hand =
            self.copies.iter().filter(|copy| copy.id == id && copy.hand.is_some_and(|at| at <= by));
        sites
            .map(|site| site.place.to_string())
            .chain(hand.map(|_| "somebody".to_owned()))
            .collect()
    }

    /// The same as a look at everything that could use it shows it.
    pub fn holders(&mut self, id: &str) -> Holders {
        if !self.calm && self.rng.percent(10) {
            return Holders::Unknown("no answer".to_owned());
        }
        let users = self.users(id, self.now);
        if users.is_empty() { Holders::Nobody } else { Holders::Some(users) }
    }

    /// Somebody takes a copy into use, or out of it.
    pub fn hold_by_hand(&mut self) {
        let now = self.now;
        let index = usize::try_from(self.rng.below(self.copies.len() as u64)).unwrap();
        let copy = &mut self.copies[index];
        copy.hand = match copy.hand {
            None if copy.gone.is_none() => Some(now),
            _ => None,
        };
    }

    /// Somebody binds another certificate for the same name in place of an entry's, or takes it out.
    pub fn rebind_by_hand(&mut self) {
        let entry = name(ENTRIES[usize::try_from(self.rng.below(3)).unwrap()]);
        let index = usize::try_from(self.rng.below(self.sites.len() as u64)).unwrap();
        let site = &self.sites[index];
        let Some(own) = site.of(&entry).cloned() else { return };
        let place = site.place.clone();
        let fits = |copy: &&Copy| {
            let there = copy.target == place.target && copy.project == place.project;
            there && copy.gone.is_none() && copy.leaf.names == own.leaf.names && copy.id != own.id
        };
        let others: Vec<_> =
            self.copies.iter().filter(fits).map(|it| (it.id.clone(), it.leaf.clone())).collect();
        let mut bound = site.bound().to_vec();
        if place.target == Target::Cdn {
            bound.clear();
        } else if others.is_empty() {
            return;
        } else {
            let (id, leaf) =
                others[usize::try_from(self.rng.below(others.len() as u64)).unwrap()].clone();
            let slot = bound.iter_mut().find(|bound| **bound == own).unwrap();
            *slot = Bound { id, leaf, since: self.now, ..own };
        }
        self.set(&place, bound);
    }

    pub fn land_bind(&mut self, step: &Step) -> Result<Option<String>, Failure> {
        let Action::Bind { key, place, id, instead_of } = &step.action else { unreachable!() };
        let copies =
            self.copies.iter().filter(|copy| copy.target == place.target && copy.gone.is_none());
        let mut leaves: Vec<_> =
            copies.filter(|copy| copy.id == *id).map(|copy| copy.leaf.clone()).collect();
        if place.target == Target::Cdn {
            let imports = self.imports.iter().filter(|import| import.id == *id);
            leaves =
                imports.map(|it| super::entries::leaf_of(step.subject.name(), &it.key)).collect();
        }
        let Some(leaf) = leaves.pop() else {
            return Err(Failure::local(Kind::NotFound, "bind", "no such certificate"));
        };
        assert_eq!(leaf.sha256, key.leaf, "{} binds another leaf than it says", step.subject);
        let (role, now) = (Role::Default, self.now);
        let new = Bound { role, id: id.clone(), leaf, since: now };
        let mut bound = self.site(place).bound().to_vec();
        if self.site(place).is_alone() {
            self.set(place, vec![new]);
            return Ok(None);
        }
        let others = bound.iter().filter(|bound| instead_of.contains(&bound.id));
        let own = host(step.subject.name());
        others.for_each(|bound| {
            assert_eq!(bound.leaf.names, [own], "{} takes the place of others", step.subject)
        });
        bound.retain(|bound| !instead_of.contains(&bound.id));
        if bound.iter().any(|bound| bound.leaf.names == [own]) {
            return Err(Failure::local(Kind::Busy, "bind", "a name stands twice"));
        }
        bound.push(Bound { role: Role::Sni, ..new });
        assert_eq!(bound[0].leaf.names, [SHOP], "the foreign default stays");
        assert_eq!(bound[0].role, Role::Default, "and is the default");
        self.set(place, bound);
        Ok(None)
    }

    pub fn land_retire(&mut self, step: &Step) -> Result<Option<String>, Failure> {
        let Action::Retire { key, what } = &step.action else { unreachable!() };
        let (Retired::Import { scm_id: id } | Retired::Copy { id, .. }) = what;
        if !self.users(id, self.now).is_empty() {
            return Err(Failure::local(Kind::Busy, "retire", "it is in use"));
        }
        let (now, none) =
            (self.now, || Failure::local(Kind::NotFound, "retire", "no such certificate"));
        if let Retired::Import { .. } = what {
            let index = self.imports.iter().position(|import| import.id == *id).ok_or_else(none)?;
            let import = self.imports.remove(index);
            assert_eq!(import.key, *key, "what is deleted is what was meant");
            return Ok(None);
        }
        let there = self.copies.iter_mut().find(|copy| copy.id == *id && copy.gone.is_none());
        let copy = there.ok_or_else(none)?;
        assert_eq!(copy.leaf.sha256, key.leaf, "what is deleted is what was meant");
        assert!(!copy.foreign, "{} deletes what is not ours", step.subject);
        copy.gone = Some(now);
        Ok(None)
    }
}

/// The longest that an edge goes on with what was bound before is within the window of every place.
pub const WINDOW: Duration = Duration::from_secs(90);
