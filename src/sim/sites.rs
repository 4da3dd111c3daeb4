//! Where certificates are bound: listeners of ELB, hosts of WAF, domains of CDN. Each is a whole JSON
//! object, as its API shows it, so that every neighbour of a certificate's field is really there.

use serde_json::{Value, json};

use super::stored::Content;
use super::world::World;
use crate::model::target::Target;
use crate::model::time::Time;

/// A listener of ELB.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    pub id: String,
    /// The project's name.
    pub project: String,
    /// As the API shows it.
    pub object: Value,
}

/// A host of WAF, in cloud or in dedicated mode.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub id: String,
    pub hostname: String,
    /// The project's name.
    pub project: String,
    pub premium: bool,
    /// As the API shows it.
    pub object: Value,
}

/// A domain of CDN.
#[derive(Clone, Debug)]
pub(super) struct Domain {
    pub id: String,
    pub name: String,
    /// `configs` as the API shows it, but for what [`Domain::bound`] says.
    pub configs: Value,
    pub bound: Option<DomainCertificate>,
    pub modified: Time,
}

/// The copy of a certificate that a CDN domain keeps for itself.
#[derive(Clone, Debug)]
pub(super) struct DomainCertificate {
    pub name: String,
    /// The import that it came from; absent: it is an own certificate.
    pub scm_certificate_id: Option<String>,
    pub content: Content,
}

/// A certificate that a site presents.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Binding {
    /// To everybody; otherwise by name.
    pub default: bool,
    /// The names that it is chosen by.
    pub domains: Vec<String>,
    pub content: Content,
}

/// A place that a certificate is bound at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Site {
    Listener(usize),
    Host(usize),
    Domain(usize),
}

impl Listener {
    /// The default certificate's id; empty: none.
    pub fn default_ref(&self) -> &str {
        self.object["default_tls_container_ref"].as_str().unwrap_or_default()
    }

    /// The ids of the certificates by name.
    pub fn sni_refs(&self) -> Vec<&str> {
        self.object["sni_container_refs"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    /// Whether it holds this certificate, in either way.
    pub fn holds(&self, id: &str) -> bool {
        self.default_ref() == id || self.sni_refs().contains(&id)
    }
}

impl Host {
    /// The certificate's id; empty: none.
    pub fn certificate_id(&self) -> &str {
        self.object["certificateid"].as_str().unwrap_or_default()
    }

    /// Binds this certificate, as the API or the console does.
    pub fn bind(&mut self, id: &str, name: &str) {
        self.object["certificateid"] = json!(id);
        self.object["certificatename"] = json!(name);
    }
}

impl World {
    /// The site of this id or name.
    pub fn site(&self, key: &str) -> Option<Site> {
        let listener =
            self.listeners.iter().position(|it| it.id == key || it.object["name"] == key);
        let host = || self.hosts.iter().position(|it| it.id == key || it.hostname == key);
        let domain = || self.domains.iter().position(|it| it.name == key);
        listener
            .map(Site::Listener)
            .or_else(|| host().map(Site::Host))
            .or_else(|| domain().map(Site::Domain))
    }

    /// Every site, with the id or name that is its own.
    pub fn sites(&self) -> Vec<(String, Site)> {
        let listeners = self.listeners.iter().enumerate();
        let listeners = listeners.map(|(at, it)| (it.id.clone(), Site::Listener(at)));
        let hosts = self.hosts.iter().enumerate().map(|(at, it)| (it.id.clone(), Site::Host(at)));
        let domains = self.domains.iter().enumerate();
        let domains = domains.map(|(at, it)| (it.name.clone(), Site::Domain(at)));
        listeners.chain(hosts).chain(domains).collect()
    }

    /// The id or name that is this site's own.
    pub fn key(&self, site: Site) -> &str {
        match site {
            Site::Listener(at) => &self.listeners[at].id,
            Site::Host(at) => &self.hosts[at].id,
            Site::Domain(at) => &self.domains[at].name,
        }
    }

    /// What is bound there now.
    pub fn bindings(&self, site: Site) -> Vec<Binding> {
        match site {
            Site::Listener(at) => self.of_listener(&self.listeners[at]),
            Site::Host(at) => {
                let host = &self.hosts[at];
                self.binding(Target::Waf, &host.project, host.certificate_id(), true)
                    .into_iter()
                    .collect()
            }
            Site::Domain(at) => {
                let bound = self.domains[at].bound.iter();
                let binding = |content: &Content| Binding {
                    default: true,
                    domains: content.names.clone(),
                    content: content.clone(),
                };
                bound.map(|bound| binding(&bound.content)).collect()
            }
        }
    }

    fn of_listener(&self, listener: &Listener) -> Vec<Binding> {
        let refs = listener.sni_refs().into_iter().map(|id| (id, false));
        std::iter::once((listener.default_ref(), true))
            .chain(refs)
            .filter_map(|(id, default)| self.binding(Target::Elb, &listener.project, id, default))
            .collect()
    }

    fn binding(&self, target: Target, project: &str, id: &str, default: bool) -> Option<Binding> {
        let found = self.stored(target, project, id)?;
        Some(Binding { default, domains: found.domains(), content: Content::from(found) })
    }

    /// Changes the neighbours that somebody scribbled on, as a part of a write to this site.
    pub fn scribble(&mut self, site: Site) {
        let key = self.key(site).to_owned();
        let (mine, others) =
            std::mem::take(&mut self.scribbles).into_iter().partition(|(found, ..)| *found == key);
        self.scribbles = others;
        let mine: Vec<(String, String, Value)> = mine;
        let object = match site {
            Site::Listener(at) => &mut self.listeners[at].object,
            Site::Host(at) => &mut self.hosts[at].object,
            Site::Domain(at) => &mut self.domains[at].configs,
        };
        for (_, field, value) in mine {
            let mut place = &mut *object;
            for part in field.split('.') {
                place = &mut place[part];
            }
            *place = value;
        }
    }
}
