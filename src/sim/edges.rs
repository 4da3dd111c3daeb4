//! The edges of listeners, hosts and domains: each presents what is bound there, late by as much as
//! the settings say, or goes wrong when told to.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::Notify;

use super::edge::{Edge, Misbehaviour, Presented, certified};
use super::server::Shared;
use super::sites::Binding;
use super::world::World;
use crate::model::digest::Sha256;
use crate::model::time::Time;

/// Every edge, by its site's own id or name.
#[derive(Default)]
pub(super) struct Edges {
    open: BTreeMap<String, Open>,
    /// Wakes whoever turns edges over when their time has come.
    woken: Arc<Notify>,
}

struct Open {
    edge: Edge,
    /// What was bound when it was last looked at.
    bound: Vec<Binding>,
    /// What it will present, and when, in order.
    coming: VecDeque<Turn>,
    /// The next certificate that it will garble: this leaf, or any.
    garble: Option<Option<Sha256>>,
    /// The leaf that it garbles as long as that one stays bound.
    garbling: Option<Sha256>,
    /// Whether what it presents now is garbled.
    garbled: bool,
    /// How it misbehaves whatever is bound.
    forced: Option<Misbehaviour>,
}

struct Turn {
    at: Time,
    presented: Presented,
    garbled: bool,
}

impl Edges {
    /// Where the edge of this site listens.
    pub fn address(&self, key: &str) -> Option<SocketAddr> {
        self.open.get(key).map(|open| open.edge.address())
    }

    /// From the next binding of this leaf (absent: of any) on, the edge serves garbage, for as long as
    /// that one stays bound. It strikes once.
    pub fn garble(&mut self, key: &str, leaf: Option<Sha256>) -> bool {
        self.open.get_mut(key).map(|open| open.garble = Some(leaf)).is_some()
    }

    /// Goes wrong at once, whatever is bound; absent: no longer.
    pub fn misbehave(&mut self, key: &str, how: Option<Misbehaviour>) -> bool {
        let Some(open) = self.open.get_mut(key) else { return false };
        open.forced = how;
        open.behave();
        true
    }

    /// Wakes whoever turns edges over: a job has begun, whose end may turn one.
    pub fn wake(&self) {
        self.woken.notify_one();
    }

    fn next(&self) -> Option<Time> {
        self.open.values().filter_map(|open| open.coming.front()).map(|turn| turn.at).min()
    }

    fn turn(&mut self, now: Time) {
        self.open.values_mut().for_each(|open| open.turn(now));
    }
}

impl Open {
    /// Schedules what is bound now, when it has changed.
    fn look(&mut self, bound: Vec<Binding>, at: Time) -> bool {
        if bound == self.bound {
            return false;
        }
        let has = |bindings: &[Binding], leaf: Sha256| {
            bindings.iter().any(|binding| binding.content.sha256 == leaf)
        };
        let leaves = bound.iter().map(|binding| binding.content.sha256);
        let fresh = leaves.filter(|leaf| !has(&self.bound, *leaf));
        let struck = self.garble.and_then(|wish| {
            fresh.into_iter().find(|leaf| wish.is_none_or(|wished| wished == *leaf))
        });
        if struck.is_some() {
            self.garble = None;
        }
        self.garbling = struck.or(self.garbling).filter(|leaf| has(&bound, *leaf));
        let presented = presented(&bound);
        self.bound = bound;
        self.coming.push_back(Turn { at, presented, garbled: self.garbling.is_some() });
        true
    }

    fn turn(&mut self, now: Time) {
        while self.coming.front().is_some_and(|turn| turn.at <= now) {
            if let Some(turn) = self.coming.pop_front() {
                self.edge.present(turn.presented);
                self.garbled = turn.garbled;
            }
        }
        self.behave();
    }

    fn behave(&self) {
        let garbage = self.garbled.then_some(Misbehaviour::Garbage);
        self.edge.misbehave(self.forced.or(garbage));
    }
}

/// What an edge presents for these bindings. The default one is also found by its own names, after the
/// others: so a client that cannot check the key found by name gets the other of a pair.
fn presented(bindings: &[Binding]) -> Presented {
    let mut presented = Presented::default();
    let (defaults, named): (Vec<_>, Vec<_>) = bindings.iter().partition(|it| it.default);
    for binding in named.into_iter().chain(defaults) {
        // A pair that does not go together was never let in, so there is one to present.
        let Ok(pair) = certified(&binding.content.fullchain, &binding.content.key) else {
            continue;
        };
        if binding.default {
            presented.default = Some(Arc::clone(&pair));
        }
        presented.named.push((binding.domains.clone(), pair));
    }
    presented
}

impl World {
    /// Opens an edge for every site that has none, and presents there what is bound, at once. Needs a
    /// runtime, whose tasks the edges become.
    pub fn open_edges(&mut self, now: Time) -> io::Result<()> {
        for (key, site) in self.sites() {
            if self.edges.open.contains_key(&key) {
                continue;
            }
            let mut open = Open {
                edge: Edge::start()?,
                bound: Vec::new(),
                coming: VecDeque::new(),
                garble: None,
                garbling: None,
                garbled: false,
                forced: None,
            };
            open.look(self.bindings(site), now);
            open.turn(now);
            self.edges.open.insert(key, open);
        }
        Ok(())
    }

    /// Lets every edge know what is bound now, and every instance whether it has SSL. To be called after whatever may have changed a binding.
    pub fn settle(&mut self, now: Time) {
        self.turn_instances(now);
        if self.edges.open.is_empty() {
            return;
        }
        let at = now + self.settings.edge_delay;
        let mut changed = false;
        for (key, site) in self.sites() {
            let bound = self.bindings(site);
            if let Some(open) = self.edges.open.get_mut(&key) {
                changed |= open.look(bound, at);
            }
        }
        if changed {
            self.edges.turn(now);
            self.edges.wake();
        }
    }
}

/// Turns edges and instances over when their time has come, until it is dropped.
pub(super) async fn keep(shared: &Shared) -> Infallible {
    loop {
        let now = shared.now();
        let (next, woken) = {
            let mut world = shared.world();
            world.edges.turn(now);
            world.turn_instances(now);
            let next = world.edges.next().into_iter().chain(world.next_job_end(now)).min();
            (next, Arc::clone(&world.edges.woken))
        };
        match next {
            None => woken.notified().await,
            Some(at) => {
                tokio::select! {
                    () = tokio::time::sleep(at.since(now)) => {}
                    () = woken.notified() => {}
                }
            }
        }
    }
}
