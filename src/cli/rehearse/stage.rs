//! The small world of a rehearsal without a file: an authority, two pairs as certbot lays them out,
//! a cloud with instances, and a configuration that names all five systems.

use std::fmt::Write as _;
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
use crate::model::target::Api;
use crate::sim::pki::{Authority, KeyKind};
use crate::sim::{CaFile, DcsInstance, GeminiDbInstance, Settings, Sim};

/// The one account.
const ACCOUNT: &str = "rehearsal";
/// Files that hold secrets.
const SECRET_MODE: u32 = 0o600;
const DAY: Duration = Duration::from_secs(86_400);
/// How long a leaf is good for: what public authorities gave for years.
const LEAF_DAYS: u32 = 90;
/// How long the SSL switch takes: long enough to see the daemon wait for it.
const JOB_TIME: Duration = Duration::from_secs(2);

const ZIP_REDIS: &str = "5560df16-cebf-4473-95c4-d1b573c16e79";
const PEM_REDIS: &str = "7d6e2b41-cebf-4473-95c4-d1b573c16e79";
const GEMINI: &str = "e73893ef73754465a8bd2e0857bbf13ein02";
const TAURUS: &str = "096c0fc43e804757b59946b80dc27f8bin07";

/// A certificate of the small world.
pub(super) struct Lineage {
    /// What its configuration entry is called.
    pub(super) name: &'static str,
    /// Its domain, which also names its directories.
    pub(super) domain: &'static str,
    key: KeyKind,
    /// Its age at the start, in days.
    age: u32,
}

/// The one that is renewed.
pub(super) const WWW: Lineage =
    Lineage { name: "www", domain: "www.example.com", key: KeyKind::Rsa2048, age: 60 };
/// The one that is not.
pub(super) const API: Lineage =
    Lineage { name: "api", domain: "api.example.com", key: KeyKind::EcdsaP256, age: 5 };

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
        let url = clouds.all().next().map(Sim::url).unwrap_or_default();
        let config = scratch.join("certrotd.toml");
        write(&config, &text(&settings.region, &url), SECRET_MODE)?;
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

    fn put(&self, lineage: &Lineage, age: u32) -> io::Result<Sha256> {
        // An hour back, as authorities date them against clocks that are slow.
        let from = daemon::now() - DAY * age - DAY / 24;
        let issued =
            self.authority.issue(&[lineage.domain], lineage.key, from, from + DAY * LEAF_DAYS);
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

/// A CA for each instance, so that no file can pass for another's.
fn furniture() -> Settings {
    let ca = |name: &str| Authority::new(name).ca_pem().to_owned();
    Settings {
        job_time: JOB_TIME,
        dcs: vec![
            DcsInstance { id: ZIP_REDIS.to_owned(), ca: Some(CaFile::Zip(ca("Orders Redis"))) },
            DcsInstance { id: PEM_REDIS.to_owned(), ca: Some(CaFile::Pem(ca("Carts Redis"))) },
        ],
        geminidb: vec![GeminiDbInstance {
            id: GEMINI.to_owned(),
            certs: vec![("international".to_owned(), ca("Ledger GeminiDB"))],
        }],
        taurusdb: vec![TAURUS.to_owned()],
        ..Settings::default()
    }
}

/// The configuration, as an operator would write it.
fn text(region: &str, url: &str) -> String {
    let mut text = format!(
        "[schedule]\njitter = \"0s\"\ndoubt = \"6s\"\nretry = \"1s..4s\"\n\n\
         [state]\npath = \"state\"\n\n\
         [cloud.{ACCOUNT}]\nregion = \"{region}\"\n\n\
         [cloud.{ACCOUNT}.credentials]\nsource = \"access-key\"\n\
         access_key_file = \"access-key\"\nsecret_key_file = \"secret-key\"\n\n\
         [cloud.{ACCOUNT}.endpoints]\n"
    );
    for api in Api::ALL {
        let _ = writeln!(text, "{} = \"{url}\"", api.key());
    }
    for Lineage { name, domain, .. } in [WWW, API] {
        let _ = write!(
            text,
            "\n[[certificate]]\nname = \"{name}\"\ncert = \"live/{domain}/fullchain.pem\"\n\
             key = \"live/{domain}/privkey.pem\"\n"
        );
        for service in ["elb", "waf", "cdn"] {
            let _ = writeln!(text, "[[certificate.push]]\nservice = \"{service}\"");
        }
    }
    for (name, service, id) in [
        ("orders-redis", "dcs", ZIP_REDIS),
        ("carts-redis", "dcs", PEM_REDIS),
        ("ledger-gemini", "geminidb", GEMINI),
    ] {
        let _ = write!(
            text,
            "\n[[instance_ca]]\nname = \"{name}\"\nservice = \"{service}\"\n\
             instance_id = \"{id}\"\npath = \"ca/{name}.pem\"\n"
        );
    }
    text + &format!(
        "\n[[instance_ssl]]\nname = \"ledger\"\nservice = \"taurusdb\"\n\
         instance_id = \"{TAURUS}\"\nenabled = true\nallow_restart = true\n"
    )
}
