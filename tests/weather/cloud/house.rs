//! A host: a scratch directory with pairs, credentials, a configuration and a journal; and what lay in
//! its files when.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use certrotd::config::{self, Config};
use certrotd::model::digest::Sha256;
use certrotd::model::time::Time;
use certrotd::sim::{Sim, ids};

use super::clock;
use super::pairs::{Kind, leaf};

/// The listener, which two entries share.
pub const LISTENER: &str = "0aa1f2b3-1111-4222-8333-944445555666";
/// The entries, and what their leaves are for. The first two have the same leaf at times.
pub const ENTRIES: [(&str, Kind); 3] = [("www", Kind::Www), ("api", Kind::Www), ("fin", Kind::Fin)];
/// The places: site, whose leaf stands there, and the name to ask for.
pub const PLACES: [(&str, &str, &str); 4] = [
    (LISTENER, "www", "www.example.com"),
    ("waf.example.com", "www", "waf.example.com"),
    ("cdn.example.com", "www", "cdn.example.com"),
    (LISTENER, "fin", "fin.example.com"),
];
/// How long what was read may still be on its way: a look and a call take their time.
const READ_WITHIN: Duration = Duration::from_secs(600);

/// How the account is signed in to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// A permanent key, which signs.
    AccessKey,
    /// A user's password, for tokens that end.
    Password,
}

pub struct House {
    path: PathBuf,
    pub source: Source,
    /// Whether SSL is wanted; none: there is no such entry.
    pub ssl: Option<bool>,
    /// Whether the greeting of the database is asked.
    pub probed: bool,
    /// Whether the disk of the journal is full.
    pub full: bool,
    /// The leaf on the disk of each entry; none: the pair is bad.
    pub disk: BTreeMap<&'static str, Option<u32>>,
    /// The newest leaf that each entry has ever had.
    newest: BTreeMap<&'static str, u32>,
    history: Vec<(Time, &'static str, Option<Sha256>)>,
}

impl Drop for House {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.path).ok();
    }
}

impl House {
    pub fn new(source: Source, ssl: Option<bool>, probed: bool) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("certrotd-weather-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        let (disk, newest, history) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        Self { path, source, ssl, probed, full: false, disk, newest, history }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub fn state(&self) -> PathBuf {
        self.path("state")
    }

    /// A file for the daemon alone.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), PermissionsExt::from_mode(0o600)).unwrap();
    }

    /// Puts a whole pair on the disk.
    pub fn put(&mut self, entry: &'static str, number: u32) {
        let issued = leaf(kind(entry), number);
        self.write(&format!("{entry}.pem"), &issued.fullchain_pem());
        self.write(&format!("{entry}.key"), issued.key_pem.expose());
        self.note(entry, Some(number));
    }

    /// Half of a renewal: the certificate is new, the key is not.
    pub fn half(&mut self, entry: &'static str, number: u32) {
        self.write(&format!("{entry}.pem"), &leaf(kind(entry), number).fullchain_pem());
        let other = if number == 1 { 2 } else { 1 };
        self.write(&format!("{entry}.key"), leaf(kind(entry), other).key_pem.expose());
        self.note(entry, None);
    }

    /// The certificate breaks off in the middle.
    pub fn tear(&mut self, entry: &'static str) {
        let text = fs::read_to_string(self.path(&format!("{entry}.pem"))).unwrap_or_default();
        self.write(&format!("{entry}.pem"), &text[..text.len() / 3]);
        self.note(entry, None);
    }

    /// The key is gone.
    pub fn lose(&mut self, entry: &'static str) {
        fs::remove_file(self.path(&format!("{entry}.key"))).ok();
        self.note(entry, None);
    }

    fn note(&mut self, entry: &'static str, number: Option<u32>) {
        self.disk.insert(entry, number);
        if let Some(number) = number {
            let newest = self.newest.entry(entry).or_default();
            *newest = number.max(*newest);
        }
        let sha256 = number.map(|number| leaf(kind(entry), number).sha256);
        self.history.push((clock::right(), entry, sha256));
    }

    /// The digest of the leaf that an entry wants everywhere.
    pub fn wanted(&self, entry: &str) -> Option<Sha256> {
        let number = self.disk.get(entry).copied().flatten()?;
        Some(leaf(kind(entry), number).sha256)
    }

    /// Whether this leaf lay whole on the disk of one of these entries shortly before this moment. A
    /// leaf is known by the beginning of its digest.
    pub fn had(&self, entries: &[&str], digits: &str, at: Time) -> bool {
        self.had_between(entries, digits, at, at)
    }

    /// As [`House::had`], at any moment of a span.
    pub fn had_between(&self, entries: &[&str], digits: &str, from: Time, to: Time) -> bool {
        self.history.iter().enumerate().any(|(index, (since, entry, leaf))| {
            let mut later = self.history[index + 1..].iter();
            let until = later.find(|(_, other, _)| other == entry).map(|(until, ..)| *until);
            let is_it = leaf.is_some_and(|leaf| leaf.short() == digits);
            let ended_long_ago = until.is_some_and(|until| from.since(until) > READ_WITHIN);
            entries.contains(entry) && is_it && *since <= to && !ended_long_ago
        })
    }

    /// Whether an entry wants this leaf, and has had it for longer than a look takes. An older one from a
    /// backup is wanted by nobody.
    pub fn has_long_wanted(&self, digits: &str, at: Time) -> bool {
        let newest = self.disk.keys().filter(|of| self.disk[*of] == self.newest.get(*of).copied());
        newest.into_iter().any(|entry| {
            let last = self.history.iter().rev().find(|(_, of, _)| of == entry);
            last.is_some_and(|(since, _, leaf)| {
                leaf.is_some_and(|leaf| leaf.short() == digits) && at.since(*since) > READ_WITHIN
            })
        })
    }

    /// Writes the configuration and reads it, as the daemon does.
    pub fn configure(&self, sim: &Sim, longest: &str) -> Config {
        let path = self.path("certrotd.toml");
        fs::write(&path, self.text(sim, longest)).unwrap();
        config::load(&path).unwrap_or_else(|error| panic!("{error}"))
    }

    fn text(&self, sim: &Sim, longest: &str) -> String {
        let url = sim.url();
        let mut text =
            format!("[schedule]\nretry = \"10s..{longest}\"\n[state]\npath = \"state\"\n");
        text += "[cloud.sim]\nregion = \"cn-north-4\"\n[cloud.sim.credentials]\n";
        text += match self.source {
            Source::AccessKey => {
                "source = \"access-key\"\naccess_key_file = \"ak\"\nsecret_key_file = \"sk\"\n"
            }
            Source::Password => {
                "source = \"password\"\ndomain = \"simulated-account\"\nuser = \"rotator\"\n\
                 password_file = \"password\"\n"
            }
        };
        text += "[cloud.sim.endpoints]\n";
        for api in ["iam", "scm", "elb", "waf", "cdn", "dcs", "geminidb", "taurusdb"] {
            text += &format!("{api} = \"{url}\"\n");
        }
        let places = PLACES.map(|(site, _, name)| push(sim, site, name));
        for (entry, _) in ENTRIES {
            text += &format!("[[certificate]]\nname = {entry:?}\nkeep = 1\n");
            text += &format!("cert = \"{entry}.pem\"\nkey = \"{entry}.key\"\n");
            text += match entry {
                "fin" => "enterprise_project_id = \"11111111-2222-4333-8444-555555555555\"\n",
                _ => "",
            };
            let [elb, waf, cdn, fin] = &places;
            text += &match entry {
                "www" => format!("{elb}{waf}{cdn}"),
                "fin" => fin.clone(),
                _ => "[[certificate.push]]\nservice = \"elb\"\n[[certificate.push]]\nservice = \"waf\"\n"
                    .to_owned(),
            };
        }
        text + &self.instances(sim)
    }

    fn instances(&self, sim: &Sim) -> String {
        let redis = sim.instance(ids::REDIS_ZIP).unwrap();
        let mut text = format!(
            "[[instance_ca]]\nname = \"redis\"\nservice = \"dcs\"\ninstance_id = {:?}\n\
             path = \"ca/redis.pem\"\noverlap = \"5m\"\nprobe = \"{redis}\"\n\
             [[instance_ca]]\nname = \"gemini\"\nservice = \"geminidb\"\ninstance_id = {:?}\n\
             path = \"ca/gemini.pem\"\noverlap = \"0\"\n",
            ids::REDIS_ZIP,
            ids::GEMINIDB,
        );
        if let Some(on) = self.ssl {
            text += &format!(
                "[[instance_ssl]]\nname = \"ledger\"\nservice = \"taurusdb\"\ninstance_id = {:?}\n\
                 enabled = {on}\nallow_restart = true\n",
                ids::TAURUSDB
            );
            if self.probed {
                text += &format!("probe = \"{}\"\n", sim.instance(ids::TAURUSDB).unwrap());
            }
        }
        text
    }
}

fn push(sim: &Sim, site: &str, name: &str) -> String {
    let (service, key) = match site {
        LISTENER => ("elb", "listeners"),
        "waf.example.com" => ("waf", "hosts"),
        _ => ("cdn", "domains"),
    };
    let edge = sim.edge(site).unwrap();
    format!(
        "[[certificate.push]]\nservice = \"{service}\"\n{key} = [\"{site}\"]\n\
         probe = [\"{name}@{edge}\"]\nwindow = \"90s\"\n"
    )
}

/// What the leaves of an entry are for.
pub fn kind(entry: &str) -> Kind {
    ENTRIES.iter().find(|(name, _)| *name == entry).unwrap().1
}
