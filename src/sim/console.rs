//! What a person does in the console of ELB, WAF and CDN, and what only a test can do or see: the
//! second half of the handle.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::Sim;
use super::edge::Misbehaviour;
use super::settings::Pair;
use super::sites::{Domain, DomainCertificate, Site};
use super::stored::Content;
use super::world::{World, fresh_id};
use super::{cdn, furnish, furniture};
use crate::model::digest::Sha256;
use crate::model::target::Target;
use crate::model::time::Time;

impl Sim {
    /// Where the edge of this site listens. A site is a listener's id or name, a host's id or name, or a
    /// domain's name. Absent: there is no such site, or it came after the start by another way than the
    /// switchboard's `furnish`.
    pub fn edge(&self, site: &str) -> Option<SocketAddr> {
        let world = self.shared.world();
        world.edges.address(world.key(world.site(site)?))
    }

    /// The leaves that are bound to this site now, its default one first; an edge may still present others.
    /// Empty: nothing is, or there is no such site.
    pub fn bound(&self, site: &str) -> Vec<Sha256> {
        let world = self.shared.world();
        let bindings = world.site(site).map(|site| world.bindings(site)).unwrap_or_default();
        bindings.into_iter().map(|binding| binding.content.sha256).collect()
    }

    /// From the next time on that this leaf (absent: any) is bound there, the edge serves garbage as long
    /// as that one stays bound. Binding another ends it, and it strikes once. False: no such edge.
    pub fn garble(&self, site: &str, leaf: Option<Sha256>) -> bool {
        garble(&mut self.shared.world(), site, leaf)
    }

    /// The edge of this site, or the port of the instance of this id, goes wrong at once, whatever it
    /// presents; `None`: no longer. False: no such edge and no such port.
    pub fn misbehave(&self, site: &str, how: Option<Misbehaviour>) -> bool {
        misbehave(&mut self.shared.world(), site, how)
    }

    /// What was charged so far, in yuan: a deployment costs something, nothing else does.
    pub fn fees(&self) -> u64 {
        self.shared.world().fees
    }

    /// The whole listener of this id or name, as ELB shows it.
    pub fn listener(&self, id: &str) -> Option<Value> {
        let world = self.shared.world();
        match world.site(id)? {
            Site::Listener(_) => object(&world, id),
            _ => None,
        }
    }

    /// The whole host of this id or name, as WAF shows it, with what only its list shows.
    pub fn host(&self, id: &str) -> Option<Value> {
        let world = self.shared.world();
        match world.site(id)? {
            Site::Host(_) => object(&world, id),
            _ => None,
        }
    }

    /// The whole `configs` of this domain, as CDN shows it.
    pub fn domain(&self, name: &str) -> Option<Value> {
        let world = self.shared.world();
        match world.site(name)? {
            Site::Domain(_) => object(&world, name),
            _ => None,
        }
    }

    /// Binds another certificate by hand: as the default of a listener, to a host, or (an import) to a
    /// domain. No rule of the API is asked. False: no such site, or no such certificate there.
    pub fn rebind(&self, site: &str, certificate_id: &str) -> bool {
        let now = self.now();
        let mut world = self.shared.world();
        let done = rebind(&mut world, site, certificate_id, now);
        world.settle(now);
        done
    }

    /// Binds these certificates, and no others, by name to a listener. No rule of the API is asked.
    /// False: no such listener, or one of them is not there.
    pub fn rebind_sni(&self, site: &str, certificate_ids: &[&str]) -> bool {
        let now = self.now();
        let mut world = self.shared.world();
        let done = rebind_sni(&mut world, site, certificate_ids, now);
        world.settle(now);
        done
    }

    /// The next write to this site's object also sets this field, which it was not asked to. `field` may
    /// be a path, such as `https.http2_status`. False: no such site.
    pub fn scribble(&self, site: &str, field: &str, value: Value) -> bool {
        scribble(&mut self.shared.world(), site, field, value)
    }

    /// Sets a field of this site's object by hand, at once. `field` may be a path, as for
    /// [`Sim::scribble`]. False: no such site.
    pub fn edit(&self, site: &str, field: &str, value: Value) -> bool {
        let mut world = self.shared.world();
        let Some(found) = world.site(site) else { return false };
        let done = scribble(&mut world, site, field, value);
        world.scribble(found);
        done
    }

    /// Puts a pair into a service by hand, bound nowhere, and gives its id. Refuses a key that does not
    /// belong to the leaf.
    pub fn keep(&self, target: Target, project: &str, pair: &Pair) -> Result<String, String> {
        let now = self.now();
        furnish::pair(&mut self.shared.world(), target, project, pair, now)
    }

    /// Puts a pair into the certificate manager by hand, expired or not, and gives its id: somebody
    /// else's import. Refuses a key that does not belong to the leaf.
    pub fn keep_import(&self, pair: &Pair) -> Result<String, String> {
        let now = self.now();
        furnish::import(&mut self.shared.world(), pair, now)
    }

    /// Binds an import to a CDN domain, as an operator would in the console; a domain that is not there
    /// is made, without an edge. False when there is no such import.
    pub fn bind_cdn(&self, domain: &str, certificate_id: &str) -> bool {
        let now = self.now();
        let mut world = self.shared.world();
        let done = bind_cdn(&mut world, domain, certificate_id, now);
        world.settle(now);
        done
    }
}

/// The whole object of a site.
pub(super) fn object(world: &World, site: &str) -> Option<Value> {
    Some(match world.site(site)? {
        Site::Listener(at) => world.listeners[at].object.clone(),
        Site::Host(at) => world.hosts[at].object.clone(),
        Site::Domain(at) => cdn::configs_of(&world.domains[at]),
    })
}

/// [`Sim::garble`].
pub(super) fn garble(world: &mut World, site: &str, leaf: Option<Sha256>) -> bool {
    let Some(key) = world.site(site).map(|site| world.key(site).to_owned()) else { return false };
    world.edges.garble(&key, leaf)
}

/// [`Sim::misbehave`].
pub(super) fn misbehave(world: &mut World, site: &str, how: Option<Misbehaviour>) -> bool {
    match world.site(site).map(|site| world.key(site).to_owned()) {
        Some(key) => world.edges.misbehave(&key, how),
        None => world.running.misbehave(site, how),
    }
}

/// [`Sim::scribble`].
pub(super) fn scribble(world: &mut World, site: &str, field: &str, value: Value) -> bool {
    let Some(key) = world.site(site).map(|site| world.key(site).to_owned()) else { return false };
    world.scribbles.push((key, field.to_owned(), value));
    true
}

/// [`Sim::rebind`].
pub(super) fn rebind(world: &mut World, site: &str, certificate_id: &str, now: Time) -> bool {
    match world.site(site) {
        None => false,
        Some(Site::Listener(at)) => {
            let project = world.listeners[at].project.clone();
            let known = world.stored(Target::Elb, &project, certificate_id).is_some();
            if known {
                let object = &mut world.listeners[at].object;
                object["default_tls_container_ref"] = json!(certificate_id);
                object["updated_at"] = json!(now.to_string());
            }
            known
        }
        Some(Site::Host(at)) => {
            let project = world.hosts[at].project.clone();
            let found = world.stored(Target::Waf, &project, certificate_id);
            let name = found.map(|found| found.name.clone());
            if let Some(name) = &name {
                world.hosts[at].bind(certificate_id, name);
            }
            name.is_some()
        }
        Some(Site::Domain(at)) => {
            let name = world.domains[at].name.clone();
            bind_cdn(world, &name, certificate_id, now)
        }
    }
}

/// [`Sim::rebind_sni`].
pub(super) fn rebind_sni(world: &mut World, site: &str, ids: &[&str], now: Time) -> bool {
    let Some(Site::Listener(at)) = world.site(site) else { return false };
    let project = world.listeners[at].project.clone();
    let known = ids.iter().all(|id| world.stored(Target::Elb, &project, id).is_some());
    if known {
        let object = &mut world.listeners[at].object;
        object["sni_container_refs"] = json!(ids);
        object["updated_at"] = json!(now.to_string());
    }
    known
}

/// [`Sim::bind_cdn`].
pub(super) fn bind_cdn(world: &mut World, domain: &str, certificate_id: &str, now: Time) -> bool {
    let Some(import) = world.imports.iter().find(|import| import.id == certificate_id) else {
        return false;
    };
    let bound = DomainCertificate {
        name: format!("cdn-{}", import.name),
        scm_certificate_id: Some(import.id.clone()),
        content: Content::from(import),
    };
    if !world.domains.iter().any(|found| found.name == domain) {
        world.domains.push(Domain {
            id: fresh_id(),
            name: domain.to_owned(),
            configs: furniture::configs(),
            bound: None,
            modified: now,
        });
    }
    for found in world.domains.iter_mut().filter(|found| found.name == domain) {
        found.bound = Some(bound.clone());
        found.modified = now;
    }
    true
}
