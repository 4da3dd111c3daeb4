//! Listeners, hosts and domains of the simulated cloud: furnished and changed by hand, as others do
//! in the console, and looked at by handshakes of the transcript's own.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use certrotd::cert::Family;
use certrotd::model::digest::Sha256;
use certrotd::model::place::{Dial, Probe};
use certrotd::model::target::Target;
use certrotd::observe::served;
use certrotd::plan::observed::Handshake;
use certrotd::sim::Misbehaviour;
use certrotd::sim::pki::{Authority, KeyKind};
use certrotd::sim::settings::Pair;
use serde_json::{Value, json};

use super::stable::Names;
use super::stage::Printed;
use crate::common::{House, now};

/// How long a certificate of somebody else is good for: whatever the story, it does not end.
const LIFE: Duration = Duration::from_secs(90 * 86_400);

/// What a transcript has put into its cloud by hand.
pub struct Sites {
    somebody: Authority,
    /// By the name that the transcript gave.
    pairs: BTreeMap<String, (Sha256, Pair)>,
    listeners: usize,
}

impl Sites {
    pub fn new() -> Self {
        Self { somebody: Authority::new("Somebody"), pairs: BTreeMap::new(), listeners: 0 }
    }

    /// The commands of this file.
    pub fn command(&mut self, house: &House, names: &mut Names, words: &[&str]) -> Printed {
        let sim = &house.sim;
        match words {
            ["pair", label, hosts, issued_ago] => {
                self.issue(names, label, hosts, issued_ago, KeyKind::EcdsaP256)?
            }
            ["pair", label, hosts, issued_ago, "rsa"] => {
                self.issue(names, label, hosts, issued_ago, KeyKind::Rsa2048)?
            }
            ["keep", label] => drop(self.kept(house, Target::Elb, label)?),
            ["listener", name] => return shown(house, names, name),
            ["listener", name, "default", default, sni @ ..] => {
                self.listener(house, names, name, default, sni.get(1..).unwrap_or_default())?;
            }
            ["host", name, label] => self.host(house, names, name, label)?,
            ["domain", name, "default", label] => self.domain(house, names, name, label)?,
            ["domain", name, leaf] => done(sim.rebind(name, &import(house, names, leaf)?))?,
            ["served", site, name] => {
                return Ok(vec![served(house, names, site, name, Family::Ecdsa)?]);
            }
            ["served", site, name, "rsa"] => {
                return Ok(vec![served(house, names, site, name, Family::Rsa)?]);
            }
            ["field", site, path] => return field(house, site, path),
            ["scribble", site, path, value] => {
                let value = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
                done(sim.scribble(site, path, value))?;
            }
            ["garble", site] => done(sim.garble(site, None))?,
            ["misbehave", site, how] => done(sim.misbehave(site, misbehaviour(how)?))?,
            _ => return Err("no such command".to_owned()),
        }
        Ok(Vec::new())
    }

    fn issue(
        &mut self,
        names: &mut Names,
        label: &str,
        hosts: &str,
        ago: &str,
        key: KeyKind,
    ) -> Result<(), String> {
        let hosts: Vec<_> = hosts.split(',').collect();
        let from = now() - super::stage::span(ago)?;
        let issued = self.somebody.issue(&hosts, key, from, from + LIFE);
        call(names, issued.sha256, label);
        let pair = Pair {
            name: label.to_owned(),
            fullchain: issued.fullchain_pem(),
            key: issued.key_pem.clone(),
        };
        self.pairs.insert(label.to_owned(), (issued.sha256, pair));
        Ok(())
    }

    /// The id of a pair of somebody else in a service: it is put there unless it is there already.
    fn kept(&self, house: &House, target: Target, label: &str) -> Result<String, String> {
        let (_, pair) = self.pairs.get(label).ok_or_else(|| format!("no pair {label}"))?;
        house.sim.keep(target, "cn-north-4", pair)
    }

    /// The id of a pair of somebody else, or of the copy of a leaf that certrotd has pushed.
    fn id(
        &self,
        house: &House,
        names: &Names,
        target: Target,
        label: &str,
    ) -> Result<String, String> {
        let Some(leaf) = names.real("leaf", label) else { return self.kept(house, target, label) };
        let all = house.sim.certificates(target);
        let found = all.iter().find(|stored| stored.sha256.short() == leaf);
        found.map(|stored| stored.id.clone()).ok_or_else(|| format!("{target} has no {label}"))
    }

    fn listener(
        &mut self,
        house: &House,
        names: &mut Names,
        name: &str,
        default: &str,
        sni: &[&str],
    ) -> Result<(), String> {
        if house.sim.listener(name).is_none() {
            self.listeners += 1;
            let id = format!("0aa1f2b3-1111-4222-8333-94444555{:04}", self.listeners);
            furnish(house, names, &json!({ "kind": "listener", "name": name, "id": id }), name)?;
            names.constant(&id, &format!("{{{name}}}"));
        }
        done(house.sim.rebind(name, &self.id(house, names, Target::Elb, default)?))?;
        let ids = sni.iter().map(|label| self.id(house, names, Target::Elb, label));
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        let ids: Vec<_> = ids.iter().map(String::as_str).collect();
        done(house.sim.rebind_sni(name, &ids))
    }

    fn host(
        &self,
        house: &House,
        names: &mut Names,
        name: &str,
        label: &str,
    ) -> Result<(), String> {
        if house.sim.host(name).is_none() {
            let wish = json!({ "kind": "host", "name": name, "default": null });
            furnish(house, names, &wish, name)?;
        }
        done(house.sim.rebind(name, &self.id(house, names, Target::Waf, label)?))
    }

    /// A domain with a certificate that nobody imported, which is called by this label.
    fn domain(
        &self,
        house: &House,
        names: &mut Names,
        name: &str,
        label: &str,
    ) -> Result<(), String> {
        furnish(house, names, &json!({ "kind": "domain", "name": name }), name)?;
        let leaf = handshake(house, name, name, Family::Ecdsa)?;
        leaf.map(|leaf| call(names, leaf, label))
    }
}

/// From now on this leaf is shown under this label.
fn call(names: &mut Names, leaf: Sha256, label: &str) {
    names.label(&leaf.to_string(), label);
    names.label(&leaf.short(), label);
}

fn done(done: bool) -> Result<(), String> {
    if done {
        Ok(())
    } else {
        Err("no such listener, host or domain, or no such certificate".to_owned())
    }
}

/// Asks the cloud's switchboard for a new site, and gives its edge a name.
fn furnish(house: &House, names: &mut Names, wish: &Value, name: &str) -> Result<(), String> {
    let body = wish.to_string();
    let url = house.sim.url();
    let at = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(at).map_err(|error| error.to_string())?;
    let head = format!(
        "POST /_sim/furnish HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).map_err(|error| error.to_string())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(|error| error.to_string())?;
    if !answer.starts_with("HTTP/1.1 200") {
        return Err(answer);
    }
    names.constant(&edge(house, name)?.to_string(), &format!("{{{name}:443}}"));
    Ok(())
}

/// Where a site can be shaken hands with.
pub fn edge(house: &House, site: &str) -> Result<SocketAddr, String> {
    house.sim.edge(site).ok_or_else(|| format!("{site} has no edge"))
}

/// Nothing where there is no leaf; then the words say why.
fn handshake(
    house: &House,
    site: &str,
    name: &str,
    family: Family,
) -> Result<Result<Sha256, String>, String> {
    let at = edge(house, site)?;
    let probe = Probe { text: name.to_owned(), name: Some(name.to_owned()), at: Dial::Address(at) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let shown = runtime.map_err(|error| error.to_string())?.block_on(served::look(&probe, family));
    Ok(match shown {
        Handshake::Served { sha256, .. } => Ok(sha256),
        Handshake::Broken(failure) | Handshake::Unreachable(failure) => Err(failure.message),
        Handshake::NotAsked => Err("not asked".to_owned()),
    })
}

fn served(
    house: &House,
    names: &mut Names,
    site: &str,
    name: &str,
    family: Family,
) -> Result<String, String> {
    let words = match handshake(house, site, name, family)? {
        Ok(leaf) => leaf.short(),
        Err(words) => format!("no certificate: {words}"),
    };
    Ok(names.settle(&format!("{name}: {words}")))
}

/// What is bound at a listener.
fn shown(house: &House, names: &mut Names, name: &str) -> Printed {
    let listener = house.sim.listener(name).ok_or("no such listener")?;
    let all = house.sim.certificates(Target::Elb);
    let mut one = |id: &Value| {
        let found = all.iter().find(|stored| *id == json!(stored.id));
        let leaf = found.map_or_else(|| "none".to_owned(), |stored| stored.sha256.short());
        names.settle(&leaf)
    };
    let default = one(&listener["default_tls_container_ref"]);
    let sni = listener["sni_container_refs"].as_array().into_iter().flatten().map(one);
    let sni: Vec<_> = sni.collect();
    let sni = if sni.is_empty() { "none".to_owned() } else { sni.join(" ") };
    Ok(vec![format!("default {default}"), format!("sni {sni}")])
}

/// The id of the import of a leaf.
fn import(house: &House, names: &Names, label: &str) -> Result<String, String> {
    let leaf = names.real("leaf", label).ok_or("no such leaf")?;
    let all = house.sim.imports();
    let found = all.iter().find(|import| import.sha256.short() == leaf);
    found.map(|import| import.id.clone()).ok_or_else(|| format!("{label} is not imported"))
}

fn field(house: &House, site: &str, path: &str) -> Printed {
    let sim = &house.sim;
    let object = sim.listener(site).or_else(|| sim.host(site)).or_else(|| sim.domain(site));
    let pointer = format!("/{}", path.replace('.', "/"));
    let object = object.ok_or("no such site")?;
    let value = object.pointer(&pointer).ok_or("no such field")?;
    Ok(vec![format!("{path}: {value}")])
}

fn misbehaviour(how: &str) -> Result<Option<Misbehaviour>, String> {
    Ok(match how {
        "garbage" => Some(Misbehaviour::Garbage),
        "not-tls" => Some(Misbehaviour::NotTls),
        "closed" => Some(Misbehaviour::Closed),
        "no-more" => None,
        _ => return Err("garbage, not-tls, closed or no-more".to_owned()),
    })
}
