//! The small world of a rehearsal without a file: an authority, two pairs as certbot lays them out, a
//! cloud with instances and with places that serve somebody else's certificate, and a configuration
//! that names all systems.

pub(super) mod instances;
mod text;

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::clouds::Clouds;
use super::scratch::Scratch;
use crate::daemon;
use crate::model::digest::Sha256;
use crate::model::names::{BadName, Name};
use crate::model::place::Place;
use crate::model::target::Target;
use crate::sim::pki::{Authority, KeyKind};
use crate::sim::{DomainSetup, HostSetup, ListenerSetup, Pair, Settings, Sim};

/// The one account.
const ACCOUNT: &str = "rehearsal";
/// Files that hold secrets.
const SECRET_MODE: u32 = 0o600;
const DAY: Duration = Duration::from_secs(86_400);
/// How long a leaf is good for: what public authorities gave for years.
const LEAF_DAYS: u32 = 90;
/// How long an SSL switch takes. The daemon asks for its job after a second, and then ever more seldom.
const JOB_TIME: Duration = Duration::from_millis(900);

/// The listener that `www` is bound at, its host and its domain.
const LISTENER: &str = "0aa1f2b3-1111-4222-8333-944445555666";
const HOST: &str = "shop.example.com";
const DOMAIN: &str = "static.example.com";
/// The age of what stands there at the start, in days.
const BY_HAND_AGE: u32 = 85;

/// A certificate of the small world.
pub(super) struct Lineage {
    /// What its configuration entry is called.
    pub(super) name: &'static str,
    /// Its domain, which also names its directories.
    pub(super) domain: &'static str,
    /// The names that it has beside that one.
    more: &'static [&'static str],
    key: KeyKind,
    /// Its age at the start, in days.
    age: u32,
}

/// The one that is bound, and renewed.
pub(super) const WWW: Lineage = Lineage {
    name: "www",
    domain: "www.example.com",
    more: &[HOST, DOMAIN],
    key: KeyKind::Rsa2048,
    age: 60,
};
/// The one that is pushed and no more.
pub(super) const API: Lineage =
    Lineage { name: "api", domain: "api.example.com", more: &[], key: KeyKind::EcdsaP256, age: 5 };

impl Lineage {
    fn names(&self) -> Vec<&'static str> {
        std::iter::once(self.domain).chain(self.more.iter().copied()).collect()
    }
}

/// The small world.
pub(super) struct Stage {
    pub(super) clouds: Clouds,
    /// The configuration file.
    pub(super) config: PathBuf,
    authority: Authority,
    root: PathBuf,
}

/// Why it could not be set up.
#[derive(Debug, thiserror::Error)]
pub(super) enum StageError {
    /// A file or a socket.
    #[error("the stage of the rehearsal cannot be set up")]
    Io(#[from] io::Error),
    /// The account's name.
    #[error("the account of the rehearsal")]
    Name(#[from] BadName),
}

impl Stage {
    /// Sets everything up below the scratch directory.
    pub(super) async fn set_up(scratch: &Scratch) -> Result<Self, StageError> {
        let settings = furniture();
        for (name, text) in [
            ("access-key", settings.access_key.as_str()),
            ("secret-key", settings.secret_key.expose()),
        ] {
            write(&scratch.join(name), text, SECRET_MODE)?;
        }
        let clouds = Clouds::start(vec![(Name::new(ACCOUNT)?, settings.clone())]).await?;
        clouds.all().for_each(instances::turn);
        let url = clouds.all().next().map(Sim::url).unwrap_or_default();
        let config = scratch.join("certrotd.toml");
        let edges = clouds.all().next().map(edges).unwrap_or_default();
        let port = |id: &str| clouds.all().next().and_then(|sim| sim.instance(id));
        let text = text::config(&settings.region, &url, &edges, port);
        write(&config, &text, SECRET_MODE)?;
        let authority = Authority::new("Rehearsal");
        let stage = Self { clouds, config, authority, root: scratch.path().to_owned() };
        for lineage in [&WWW, &API] {
            stage.put(lineage, lineage.age)?;
        }
        Ok(stage)
    }

    /// Renews a lineage as certbot does: new files in `archive/`, then the links in `live/` flip.
    /// Gives the new leaf.
    pub(super) fn renew(&self, lineage: &Lineage) -> io::Result<Sha256> {
        self.put(lineage, 0)
    }

    /// The place of the listener.
    pub(super) fn listener(&self) -> Place {
        let project = Settings::default().region;
        Place { target: Target::Elb, project, site: LISTENER.to_owned() }
    }

    /// Binds this leaf's copy to the listener, as a person does in the console. False: there is none.
    pub(super) fn bind_by_hand(&self, leaf: Sha256) -> bool {
        let Some(sim) = self.clouds.all().next() else { return false };
        let copies = sim.certificates(Target::Elb);
        let copy = copies.iter().find(|copy| copy.sha256 == leaf);
        copy.is_some_and(|copy| sim.rebind(LISTENER, &copy.id))
    }

    /// The listener serves garbage with the next leaf that is bound there, as long as it stays.
    pub(super) fn garble_the_next(&self) -> bool {
        self.clouds.all().next().is_some_and(|sim| sim.garble(LISTENER, None))
    }

    fn put(&self, lineage: &Lineage, age: u32) -> io::Result<Sha256> {
        // An hour back, as authorities date them against clocks that are slow.
        let from = daemon::now() - DAY * age - DAY / 24;
        let to = from + DAY * LEAF_DAYS;
        let issued = self.authority.issue(&lineage.names(), lineage.key, from, to);
        let archive = self.root.join("archive").join(lineage.domain);
        let live = self.root.join("live").join(lineage.domain);
        fs::create_dir_all(&archive)?;
        fs::create_dir_all(&live)?;
        let fullchain = issued.fullchain_pem();
        let files = [("privkey", issued.key_pem.expose()), ("fullchain", fullchain.as_str())];
        let version = fs::read_dir(&archive)?.count() / files.len() + 1;
        for (stem, pem) in files {
            write(&archive.join(format!("{stem}{version}.pem")), pem, SECRET_MODE)?;
        }
        for (stem, _) in files {
            let target = format!("../../archive/{}/{stem}{version}.pem", lineage.domain);
            let new = live.join(format!(".{stem}.new"));
            symlink(target, &new)?;
            fs::rename(&new, live.join(format!("{stem}.pem")))?;
        }
        Ok(issued.sha256)
    }
}

/// Writes a file that is new, with these permissions from its first moment.
pub(super) fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())
}

/// The databases, and places that serve what a person once bound there.
fn furniture() -> Settings {
    let (id, default) = (LISTENER.to_owned(), Some(by_hand()));
    let name = "public".to_owned();
    let listener = ListenerSetup { id, name, default: default.clone(), ..ListenerSetup::default() };
    let hostname = HOST.to_owned();
    let host = HostSetup { hostname, default: default.clone(), ..HostSetup::default() };
    let mut settings = Settings {
        job_time: JOB_TIME,
        listeners: vec![listener],
        waf_hosts: vec![host],
        cdn_domains: vec![DomainSetup { name: DOMAIN.to_owned(), default }],
        ..Settings::default()
    };
    instances::furnish(&mut settings);
    settings
}

/// What somebody bound before certrotd came: other certificates for the same names.
fn by_hand() -> Pair {
    let from = daemon::now() - DAY * BY_HAND_AGE;
    let authority = Authority::new("By Hand");
    let issued = authority.issue(&WWW.names(), WWW.key, from, from + DAY * LEAF_DAYS);
    Pair { name: "by-hand".to_owned(), fullchain: issued.fullchain_pem(), key: issued.key_pem }
}

/// What `www` is bound at: the service, its list of places, the place, and the probe there.
fn edges(sim: &Sim) -> Vec<text::Bound> {
    let places = [
        ("elb", "listeners", LISTENER, WWW.domain),
        ("waf", "hosts", HOST, HOST),
        ("cdn", "domains", DOMAIN, DOMAIN),
    ];
    let bound = places.into_iter().filter_map(|(service, list, site, name)| {
        let probe = format!("{name}@{}", sim.edge(site)?);
        Some(text::Bound { service, list, site, probe })
    });
    bound.collect()
}
