//! The instances that can be shaken hands with: each listens on a loopback port of its own, presents
//! what it is given, and has SSL as long as its switch says so. The third half of the handle.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::Sim;
use super::edge::{Edge, Misbehaviour, Presented, certified};
use super::greeter::Speech;
use super::instance_setup::{CaFile, CaInstance, Listening};
use super::pki::Authority;
use super::settings::Pair;
use super::world::World;
use super::x509::Leaf;
use crate::model::time::Time;

/// How long before now a renewed certificate was issued: clocks differ.
const ISSUED_BEFORE: Duration = Duration::from_secs(3600);
/// A certificate is valid through its last second.
const LAST_SECOND: Duration = Duration::from_secs(1);
/// How long the certificates live that TaurusDB instances make for themselves.
const OWN_LIFE: Duration = Duration::from_secs(365 * 86_400);

/// Every port, by the instance's id.
#[derive(Default)]
pub(super) struct Instances {
    open: BTreeMap<String, Open>,
}

struct Open {
    edge: Edge,
    /// When what it presents ends.
    ends: Time,
}

/// A switch of SSL that no job made.
pub(super) struct Switched {
    pub instance: String,
    pub at: Time,
    pub on: bool,
}

impl Sim {
    /// Where this instance listens. Absent: it is not in [`Settings::listening`](super::Settings), nor a
    /// TaurusDB.
    pub fn instance(&self, id: &str) -> Option<SocketAddr> {
        self.shared.world().running.address(id)
    }

    /// The instance of this id publishes this PEM from now on, in each category and in the form that each
    /// had; one that published nothing gets a bare PEM. It still presents what it presented. False: no
    /// such instance.
    pub fn set_ca(&self, id: &str, pem: &str) -> bool {
        set_ca(&mut self.shared.world(), id, pem)
    }

    /// The instance of this id publishes this in this category from now on, sound or not; where its
    /// service has none, the category is ignored. False: no such instance.
    pub fn publish(&self, id: &str, category: &str, file: CaFile) -> bool {
        publish(&mut self.shared.world(), id, category, file)
    }

    /// From the next handshake on, this instance presents a certificate that this authority issued just
    /// now, and that ends when this time has passed; none: it has ended. False: no such port.
    pub fn renew_instance(&self, id: &str, authority: &Authority, life: Duration) -> bool {
        let now = self.shared.now();
        let pair = authority.instance(now - ISSUED_BEFORE, now + life - LAST_SECOND);
        self.present(id, &pair).is_ok()
    }

    /// From the next handshake on, this instance presents this pair, sound or not. Refuses a key that does
    /// not belong to the leaf, and an instance that has no port.
    pub fn present(&self, id: &str, pair: &Pair) -> Result<(), String> {
        self.shared.world().running.present(id, pair)
    }

    /// Somebody else switches this instance's SSL, at once and without a job. False: no such instance.
    pub fn set_ssl(&self, id: &str, on: bool) -> bool {
        let now = self.shared.now();
        set_ssl(&mut self.shared.world(), id, on, now)
    }

    /// Whether this instance's SSL is on. Absent: no such instance.
    pub fn ssl(&self, id: &str) -> Option<bool> {
        let now = self.shared.now();
        self.shared.world().ssl(id, now)
    }
}

/// [`Sim::set_ca`].
pub(super) fn set_ca(world: &mut World, id: &str, pem: &str) -> bool {
    let mut instances = world.settings.instances.iter_mut();
    let Some(instance) = instances.find(|instance| instance.id == id) else { return false };
    for (_, file) in &mut instance.published {
        *file = file.reissued(pem);
    }
    if instance.published.is_empty() {
        let bare = CaInstance::new(instance.source, id, CaFile::Pem(pem.to_owned()));
        instance.published = bare.published;
    }
    true
}

/// [`Sim::publish`].
pub(super) fn publish(world: &mut World, id: &str, category: &str, file: CaFile) -> bool {
    let mut instances = world.settings.instances.iter_mut();
    let Some(instance) = instances.find(|instance| instance.id == id) else { return false };
    let category = if instance.source.has_categories() { category } else { "" };
    *instance = instance.clone().publishing(category, file);
    true
}

/// [`Sim::set_ssl`].
pub(super) fn set_ssl(world: &mut World, id: &str, on: bool, now: Time) -> bool {
    let mut instances = world.settings.instances.iter_mut();
    if let Some(instance) = instances.find(|instance| instance.id == id) {
        instance.ssl = on;
    } else if world.settings.taurusdb.iter().any(|found| found == id) {
        world.switched.push(Switched { instance: id.to_owned(), at: now, on });
    } else {
        return false;
    }
    world.turn_instances(now);
    true
}

impl Instances {
    /// Where this instance listens.
    pub fn address(&self, id: &str) -> Option<SocketAddr> {
        self.open.get(id).map(|open| open.edge.address())
    }

    /// When the certificate ends that it presents.
    pub fn ends(&self, id: &str) -> Option<Time> {
        self.open.get(id).map(|open| open.ends)
    }

    /// [`Sim::present`].
    pub fn present(&mut self, id: &str, pair: &Pair) -> Result<(), String> {
        let open = self.open.get_mut(id).ok_or_else(|| format!("no port for {id:?}"))?;
        open.ends = present(&open.edge, pair)?;
        Ok(())
    }

    /// Goes wrong from the next connection on; absent: no longer. False: no such port.
    pub fn misbehave(&self, id: &str, how: Option<Misbehaviour>) -> bool {
        self.open.get(id).map(|open| open.edge.misbehave(how)).is_some()
    }
}

/// Gives the end of the leaf.
fn present(edge: &Edge, pair: &Pair) -> Result<Time, String> {
    let of_pair = |why: &str| format!("{}: {why}", pair.name);
    let key = certified(&pair.fullchain, &pair.key).map_err(|why| of_pair(&why))?;
    let der = CertificateDer::from_pem_slice(pair.fullchain.as_bytes());
    let leaf = der.ok().and_then(|der| Leaf::read(&der));
    let leaf = leaf.ok_or_else(|| of_pair("the certificate cannot be parsed"))?;
    edge.present(Presented { default: Some(key), named: Vec::new() });
    Ok(leaf.not_after)
}

impl World {
    /// Opens the port of every instance that shall have one. Needs a runtime, whose tasks they become.
    /// Refuses a key that does not belong to its leaf.
    pub fn open_instances(&mut self, now: Time) -> io::Result<()> {
        for Listening { id, speech, pair } in self.settings.listening.clone() {
            self.open_instance(&id, speech, &pair)?;
        }
        for id in self.settings.taurusdb.clone() {
            if self.running.address(&id).is_none() {
                let pair = Authority::new("TaurusDB").instance(now - ISSUED_BEFORE, now + OWN_LIFE);
                self.open_instance(&id, Speech::MySql, &pair)?;
            }
        }
        self.turn_instances(now);
        Ok(())
    }

    /// Opens one port, in place of the one that it had.
    pub fn open_instance(&mut self, id: &str, speech: Speech, pair: &Pair) -> io::Result<()> {
        let edge = Edge::start_speaking(speech)?;
        let ends = present(&edge, pair).map_err(io::Error::other)?;
        self.running.open.insert(id.to_owned(), Open { edge, ends });
        Ok(())
    }

    /// Whether this instance's SSL is on: of those that publish a CA, as they are set; of a TaurusDB, as
    /// the last switch left it that ended well, by a job or by hand.
    pub fn ssl(&self, id: &str, now: Time) -> Option<bool> {
        if let Some(instance) = self.settings.instances.iter().find(|it| it.id == id) {
            return Some(instance.ssl);
        }
        if !self.settings.taurusdb.iter().any(|found| found == id) {
            return None;
        }
        let done = |job: &&super::SslJob| job.failure.is_none() && job.ends <= now;
        let jobs = self.jobs.iter().filter(|job| job.instance == id).filter(done);
        let jobs = jobs.map(|job| (job.ends, job.on));
        let hands = self.switched.iter().filter(|it| it.instance == id).map(|it| (it.at, it.on));
        let last = jobs.chain(hands).max_by_key(|(at, _)| *at);
        Some(last.map_or(self.settings.taurusdb_ssl, |(_, on)| on))
    }

    /// Lets every port know whether it has SSL. One that belongs to no instance always has.
    pub fn turn_instances(&self, now: Time) {
        for (id, open) in &self.running.open {
            open.edge.offer_ssl(self.ssl(id, now).unwrap_or(true));
        }
    }

    /// When the next job ends, and with it perhaps a switch.
    pub fn next_job_end(&self, now: Time) -> Option<Time> {
        self.jobs.iter().map(|job| job.ends).filter(|ends| *ends > now).min()
    }
}
