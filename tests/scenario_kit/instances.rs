//! Instances of the simulated cloud: what each publishes as its CA, sound or not, what it presents in a
//! handshake, and what lies in the file that clients read.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use certrotd::cert::read_ca;
use certrotd::sim::pki::{self, Authority};
use certrotd::sim::{CaFile, CcmCertificate, ids};

use super::publications;
use super::stable::Names;
use super::stage::{Printed, span};
use crate::common::{House, now};

/// How long what an instance presents is good for, where the story does not say.
const LIFE: Duration = Duration::from_secs(365 * 86_400);
/// When something was issued just now: clocks differ.
const ISSUED_AGO: Duration = Duration::from_secs(3600);
/// The id of the certificate manager's certificate that an instance is told to serve.
const CCM_ID: &str = "scs1600313391267";
/// The category of the CA that every service publishes.
const CATEGORY: &str = "international";
/// The one whose CA is another and never renewed.
const OTHER_CATEGORY: &str = "national";
/// What the CAs are called that take the place of the first.
const ORDINALS: [&str; 5] = ["Second", "Third", "Fourth", "Fifth", "Sixth"];

/// The instances that a transcript knows by name.
pub struct Instances {
    ids: BTreeMap<String, &'static str>,
    /// The newest one of each, where it is not the first.
    authorities: BTreeMap<String, Authority>,
    renewals: usize,
}

impl Instances {
    /// Those that every house has entries for.
    pub fn new(house: &House, names: &mut Names) -> Self {
        let mut all = Self { ids: BTreeMap::new(), authorities: BTreeMap::new(), renewals: 0 };
        names.constant(ids::REDIS_PLAIN, "{plain-redis}");
        for (name, id) in [
            ("orders-redis", ids::REDIS_ZIP),
            ("carts-redis", ids::REDIS_PEM),
            ("ledger-gemini", ids::GEMINIDB),
            ("ledger", ids::TAURUSDB),
        ] {
            all.learn(house, names, name, id);
        }
        all
    }

    /// The text of a new entry for the instance of a service that has none yet.
    pub fn entry(
        &mut self,
        house: &House,
        names: &mut Names,
        name: &str,
        service: &str,
    ) -> Result<String, String> {
        let id = match service {
            "rds" => ids::RDS,
            "dds" => ids::DDS,
            "gaussdb" => ids::GAUSSDB,
            _ => return Err("rds, dds or gaussdb; the others have entries".to_owned()),
        };
        self.learn(house, names, name, id);
        Ok(format!(
            "\n[[instance_ca]]\nname = \"{name}\"\nservice = \"{service}\"\n\
             instance_id = \"{id}\"\npath = \"ca/{name}.pem\"\n"
        ))
    }

    /// Its id is shown as `{name}`, and where it listens as `{name:port}`.
    fn learn(&mut self, house: &House, names: &mut Names, name: &str, id: &'static str) {
        self.ids.insert(name.to_owned(), id);
        names.constant(id, &format!("{{{name}}}"));
        let address = house.sim.instance(id).unwrap();
        names.constant(&address.to_string(), &format!("{{{name}:{}}}", port(id)));
    }

    /// The commands of this file; nothing where it is none.
    pub fn command(&mut self, house: &House, words: &[&str]) -> Option<Printed> {
        let done = match words {
            ["ca", name, "renew"] => self.renew(house, name),
            ["ca", name, "beside", "expired"] => beside_expired(house, name),
            ["publishes", name, kind] => self.publish(house, name, kind),
            ["presents", name, which] => self.present(house, name, which, LIFE),
            ["presents", name, which, "for", life] => {
                span(life).and_then(|life| self.present(house, name, which, life))
            }
            ["ssl", name, to] => {
                self.id(name).and_then(|id| done(house.sim.set_ssl(id, *to == "on")))
            }
            ["chmod", mode, file] => chmod(house, mode, file),
            ["holds", file] => return Some(Ok(holds(house, file))),
            _ => return None,
        };
        Some(done.map(|()| Vec::new()))
    }

    fn id(&self, name: &str) -> Result<&'static str, String> {
        self.ids.get(name).copied().ok_or_else(|| format!("no instance {name}"))
    }

    fn renew(&mut self, house: &House, name: &str) -> Result<(), String> {
        let id = self.id(name)?;
        let ordinal = ORDINALS.get(self.renewals).ok_or("no more renewals")?;
        self.renewals += 1;
        let authority = Authority::new(ordinal);
        house.sim.change(|settings| {
            for instance in settings.instances.iter_mut().filter(|it| it.id == id) {
                for (category, file) in &mut instance.published {
                    if category != OTHER_CATEGORY {
                        *file = file.reissued(authority.ca_pem());
                    }
                }
            }
        });
        self.authorities.insert(name.to_owned(), authority);
        Ok(())
    }

    /// The PEM of the newest CA of this instance.
    fn ca_pem<'a>(&'a self, house: &'a House, name: &str) -> &'a str {
        self.authorities.get(name).unwrap_or(&house.authority).ca_pem()
    }

    fn publish(&self, house: &House, name: &str, kind: &str) -> Result<(), String> {
        let id = self.id(name)?;
        if kind == "self-signed" {
            let pair = pki::self_signed(now() - ISSUED_AGO, now() + LIFE);
            let file = CaFile::Pem(pair.fullchain.clone());
            done(house.sim.publish(id, CATEGORY, file))?;
            return house.sim.present(id, &pair);
        }
        let ccm = (kind == "ccm")
            .then(|| CcmCertificate { id: CCM_ID.to_owned(), kind: "SSL".to_owned() });
        house.sim.change(|settings| {
            for instance in settings.instances.iter_mut().filter(|it| it.id == id) {
                instance.ccm.clone_from(&ccm);
            }
        });
        if ccm.is_some() {
            return Ok(());
        }
        let file = publications::file(kind, self.ca_pem(house, name), &house.authority)?;
        done(house.sim.publish(id, CATEGORY, file))
    }

    fn present(
        &self,
        house: &House,
        name: &str,
        which: &str,
        life: Duration,
    ) -> Result<(), String> {
        let id = self.id(name)?;
        let authority = match which {
            "first" => &house.authority,
            "newest" => self.authorities.get(name).unwrap_or(&house.authority),
            _ => return Err("first or newest".to_owned()),
        };
        done(house.sim.renew_instance(id, authority, life))
    }
}

/// The port that such a service has in the real cloud; here it is one of loopback.
fn port(id: &str) -> u16 {
    match id {
        ids::REDIS_ZIP | ids::REDIS_PEM => 6379,
        ids::RDS => 5432,
        ids::GAUSSDB => 8000,
        ids::TAURUSDB => 3306,
        _ => 8635,
    }
}

fn done(done: bool) -> Result<(), String> {
    if done { Ok(()) } else { Err("no such instance, or nobody can reach it".to_owned()) }
}

/// One of the CAs in the file has come to its end: the clock is the host's, so one that has is added.
fn beside_expired(house: &House, name: &str) -> Result<(), String> {
    let path = house.ca(name);
    let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
    fs::write(path, text + &publications::expired()).map_err(|error| error.to_string())
}

fn chmod(house: &House, mode: &str, file: &str) -> Result<(), String> {
    let mode = u32::from_str_radix(mode, 8).map_err(|error| error.to_string())?;
    let path = house.scratch.path(file);
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(|error| error.to_string())
}

/// The CAs in a file, and its mode where that is not the usual one.
fn holds(house: &House, file: &str) -> Vec<String> {
    let path = house.scratch.path(file);
    let Ok(bytes) = fs::read(&path) else { return vec!["no such file".to_owned()] };
    let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    let mode = format!("mode {mode:04o}");
    match read_ca(&bytes) {
        Ok(bundle) => {
            let subjects = bundle.certificates.into_iter().map(|found| found.subject);
            subjects.chain([mode]).collect()
        }
        Err(finding) => vec![format!("no CA: it {finding}"), mode],
    }
}
