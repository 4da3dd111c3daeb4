//! The databases of the small world: six that publish a CA, each in another way, and two with an SSL
//! switch. Every one listens, so that a client can be sent there.

use std::time::Duration;

use super::Stage;
use crate::daemon;
use crate::model::place::Protocol;
use crate::model::target::CaSource;
use crate::sim::pki::Authority;
use crate::sim::{CaFile, CaInstance, Listening, Settings, Sim, Speech, ids};

/// How long a former CA stays beside the published one: long enough to see both.
pub(in super::super) const OVERLAP: Duration = Duration::from_secs(2);
/// How long a certificate lives that an instance presents.
const LIFE: Duration = Duration::from_secs(365 * 86_400);
/// How long ago it was issued at the start.
const AGE: Duration = Duration::from_secs(86_400);
/// What a proxy in between says in place of a CA.
const ERROR_PAGE: &[u8] = b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>\n";
/// The category that is published where there are several.
const CATEGORY: &str = "international";

/// A database that publishes a CA.
pub(in super::super) struct Database {
    /// What its configuration entry is called.
    pub(in super::super) name: &'static str,
    pub(in super::super) source: CaSource,
    pub(in super::super) id: &'static str,
    /// How TLS begins there.
    pub(in super::super) protocol: Protocol,
    form: fn(&str) -> CaFile,
}

/// Gets another CA, and presents it early.
pub(in super::super) const REDIS: &Database = &DATABASES[0];
/// Gets another CA as well, and presents it late.
pub(in super::super) const POSTGRES: &Database = &DATABASES[2];
/// Is asked at a bad time.
pub(in super::super) const DDS: &Database = &DATABASES[4];

/// All of them, in the order of the configuration.
pub(in super::super) const DATABASES: [Database; 6] = [
    Database {
        name: "orders-redis",
        source: CaSource::Dcs,
        id: ids::REDIS_ZIP,
        protocol: Protocol::Tls,
        form: |pem| CaFile::Zip(pem.to_owned()),
    },
    Database {
        name: "carts-gemini",
        source: CaSource::GeminiDb,
        id: ids::GEMINIDB,
        protocol: Protocol::Tls,
        form: |pem| CaFile::Pem(pem.to_owned()),
    },
    Database {
        name: "billing-postgres",
        source: CaSource::Rds,
        id: ids::RDS,
        protocol: Protocol::Postgres,
        form: |pem| CaFile::Zip(pem.to_owned()),
    },
    Database {
        name: "shop-mysql",
        source: CaSource::Rds,
        id: "5d2e8a7c90b34f16a1c3e5d7f9b80246in01",
        protocol: Protocol::MySql,
        form: |pem| CaFile::Pem(pem.to_owned()),
    },
    Database {
        name: "catalog-dds",
        source: CaSource::Dds,
        id: ids::DDS,
        protocol: Protocol::Tls,
        form: |pem| CaFile::Pem(pem.to_owned()),
    },
    Database {
        name: "stock-gaussdb",
        source: CaSource::GaussDb,
        id: ids::GAUSSDB,
        protocol: Protocol::Postgres,
        form: CaFile::der,
    },
];

/// A TaurusDB with an SSL switch.
pub(in super::super) struct Switched {
    pub(in super::super) name: &'static str,
    pub(in super::super) id: &'static str,
    /// Whether SSL is on at the start.
    pub(in super::super) on: bool,
}

/// Both shall have SSL on; one has it already.
pub(in super::super) const SWITCHES: [Switched; 2] = [
    Switched { name: "ledger", id: ids::TAURUSDB, on: false },
    Switched { name: "archive", id: "4f7a1c93d2e84b06b5a8c7d6e1f20394in07", on: true },
];

/// Adds them to the cloud. Each has a CA of its own, so that no file can pass for another's.
pub(super) fn furnish(settings: &mut Settings) {
    let now = daemon::now();
    for Database { name, source, id, protocol, form } in DATABASES {
        let authority = Authority::new(name);
        settings.instances.push(CaInstance::new(source, id, form(authority.ca_pem())));
        let pair = authority.instance(now - AGE, now + LIFE);
        settings.listening.push(Listening { id: id.to_owned(), speech: speech(protocol), pair });
    }
    settings.taurusdb.extend(SWITCHES.map(|it| it.id.to_owned()));
}

/// What an instance says before TLS, where this is how it begins.
pub(in super::super) fn speech(protocol: Protocol) -> Speech {
    match protocol {
        Protocol::Tls => Speech::Tls,
        Protocol::Postgres => Speech::Postgres,
        Protocol::MySql => Speech::MySql,
    }
}

/// Brings the switches to where they begin.
pub(super) fn turn(sim: &Sim) {
    for Switched { id, on, .. } in SWITCHES {
        sim.set_ssl(id, on);
    }
}

impl Stage {
    /// From now on this database publishes the CA of a new authority, and presents what it did.
    pub(in super::super) fn publish_another(&self, database: &Database) -> Authority {
        let authority = Authority::new(&format!("{} next", database.name));
        self.sim().map(|sim| sim.set_ca(database.id, authority.ca_pem()));
        authority
    }

    /// From now on it presents a certificate of this authority.
    pub(in super::super) fn present(&self, database: &Database, authority: &Authority) {
        self.sim().map(|sim| sim.renew_instance(database.id, authority, LIFE));
    }

    /// In place of its CA comes an error page. Gives what it published before.
    pub(in super::super) fn publish_garbage(&self, database: &Database) -> Option<CaFile> {
        let sim = self.sim()?;
        let mut former = None;
        sim.change(|furniture| {
            let mut all = furniture.instances.iter();
            let found = all.find(|it| it.id == database.id);
            former = found.and_then(|found| found.file(CATEGORY)).cloned();
        });
        sim.publish(database.id, CATEGORY, CaFile::Bytes(ERROR_PAGE.to_vec()));
        former
    }

    /// It publishes this again.
    pub(in super::super) fn publish_again(&self, database: &Database, file: CaFile) {
        self.sim().map(|sim| sim.publish(database.id, CATEGORY, file));
    }

    fn sim(&self) -> Option<&Sim> {
        self.clouds.all().next()
    }
}
