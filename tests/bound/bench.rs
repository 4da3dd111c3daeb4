//! The bench: one entry bound to a listener, a host and a domain, each with an edge to shake hands with.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use certrotd::cert::Family;
use certrotd::model::digest::Sha256;
use certrotd::model::place::{Dial, Probe};
use certrotd::model::target::Target;
use certrotd::observe::served;
use certrotd::plan::observed::Handshake;
use certrotd::sim::Settings;
use certrotd::sim::pki::{Authority, Issued, KeyKind};
use certrotd::sim::settings::{DomainSetup, HostSetup, ListenerSetup, Pair};
use serde_json::Value;

use crate::common::{House, now};

pub const ENTRY: &str = "shop-example-com";
pub const LISTENER: &str = "0aa1f2b3-1111-4222-8333-944445555666";
/// The names of every leaf here: those of the listener, the host and the domain.
pub const NAMES: [&str; 3] = ["www.example.com", "waf.example.com", "cdn.example.com"];
/// What is bound, and the name that a handshake with it asks for.
pub const SITES: [(&str, &str); 3] =
    [(LISTENER, NAMES[0]), (NAMES[1], NAMES[1]), (NAMES[2], NAMES[2])];

pub struct Bench {
    pub house: House,
    /// What stands everywhere at the start, put there by somebody else.
    pub former: Issued,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(|_, _| ())
    }

    /// A bench whose cloud is set up otherwise; the pair is what stands everywhere.
    pub fn with(change: impl FnOnce(&mut Settings, &Pair)) -> Self {
        let former = issue(&Authority::new("Former"), 5000);
        let pair = pair("former", &former);
        let house = House::with(|settings| {
            let default = || Some(pair.clone());
            settings.listeners.push(ListenerSetup {
                id: LISTENER.to_owned(),
                name: "public".to_owned(),
                default: default(),
                ..ListenerSetup::default()
            });
            let hostname = NAMES[1].to_owned();
            settings.waf_hosts.push(HostSetup {
                hostname,
                default: default(),
                ..HostSetup::default()
            });
            let name = NAMES[2].to_owned();
            settings.cdn_domains.push(DomainSetup { name, default: default() });
            change(settings, &pair);
        });
        let bench = Self { house, former };
        bench.renew(40);
        bench.configure("", "window = \"3s\"\n");
        bench
    }

    /// Puts a leaf on the disk that was issued so many minutes ago.
    pub fn renew(&self, minutes_ago: u64) -> Issued {
        let issued = issue(&self.house.authority, minutes_ago);
        self.house.put(ENTRY, &issued);
        issued
    }

    /// Writes the configuration, with more lines for the entry and for each of its pushes.
    pub fn configure(&self, entry: &str, each: &str) {
        self.configure_first(3, entry, each);
    }

    /// The same with the first few of listener, host and domain alone: CDN takes six bindings a minute.
    pub fn configure_first(&self, places: usize, entry: &str, each: &str) {
        let mut text = self.house.base();
        text += &format!("\n[[certificate]]\nname = \"{ENTRY}\"\n{entry}");
        text +=
            &format!("cert = \"live/{ENTRY}/fullchain.pem\"\nkey = \"live/{ENTRY}/privkey.pem\"\n");
        let services = [("elb", "listeners"), ("waf", "hosts"), ("cdn", "domains")];
        for ((service, places), (site, name)) in services.into_iter().zip(SITES).take(places) {
            let at = self.house.sim.edge(site).unwrap();
            text += &format!(
                "[[certificate.push]]\nservice = \"{service}\"\n{places} = [\"{site}\"]\n"
            );
            text += &format!("probe = [\"{name}@{at}\"]\n{each}");
        }
        std::fs::write(self.house.config_path(), text).unwrap();
    }

    /// What a handshake with each site returns.
    pub fn served(&self) -> [Option<Sha256>; 3] {
        SITES.map(|(site, name)| served_at(self.house.sim.edge(site).unwrap(), name))
    }

    /// The whole objects of the three sites.
    pub fn objects(&self) -> [Value; 3] {
        let sim = &self.house.sim;
        [sim.listener(LISTENER), sim.host(NAMES[1]), sim.domain(NAMES[2])].map(Option::unwrap)
    }

    /// The id of a certificate in a service.
    pub fn id(&self, target: Target, leaf: Sha256) -> String {
        let all = self.house.sim.certificates(target);
        all.iter().find(|stored| stored.sha256 == leaf).unwrap().id.clone()
    }
}

/// A leaf for all the names, issued so many minutes ago.
pub fn issue(authority: &Authority, minutes_ago: u64) -> Issued {
    issue_for(authority, &NAMES, KeyKind::EcdsaP256, minutes_ago)
}

pub fn issue_for(authority: &Authority, names: &[&str], key: KeyKind, minutes_ago: u64) -> Issued {
    let from = now() - Duration::from_secs(minutes_ago * 60);
    authority.issue(names, key, from, from + Duration::from_secs(90 * 86_400))
}

pub fn pair(name: &str, issued: &Issued) -> Pair {
    Pair { name: name.to_owned(), fullchain: issued.fullchain_pem(), key: issued.key_pem.clone() }
}

/// The leaf that a handshake returns.
pub fn served_at(at: SocketAddr, name: &str) -> Option<Sha256> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let text = format!("{name}@{at}");
    let probe = Probe { text, name: Some(name.to_owned()), at: Dial::Address(at) };
    match runtime.block_on(served::look(&probe, Family::Ecdsa)) {
        Handshake::Served { sha256, .. } => Some(sha256),
        _ => None,
    }
}

/// The dotted names of the fields in which two objects differ, the moment of the last change aside.
pub fn differing(before: &Value, after: &Value) -> Vec<String> {
    let (Value::Object(a), Value::Object(b)) = (before, after) else {
        return if before == after { Vec::new() } else { vec![String::new()] };
    };
    let keys: BTreeSet<_> = a.keys().chain(b.keys()).filter(|key| *key != "updated_at").collect();
    let mut names = Vec::new();
    for key in keys {
        let of =
            |object: &serde_json::Map<String, Value>| object.get(key).cloned().unwrap_or_default();
        for below in differing(&of(a), &of(b)) {
            names.push(format!("{key}.{below}").trim_end_matches('.').to_owned());
        }
    }
    names
}
