//! The instances that publish a CA or have an SSL switch, as they are when the story begins.

use std::time::Duration;

use super::greeter::Speech;
use super::obs;
use super::pki::Authority;
use super::settings::{Pair, Settings};
use crate::model::target::CaSource;
use crate::model::time::Time;

/// The category that every service with categories has.
const INTERNATIONAL: &str = "international";
/// The other one that RDS and DDS have.
const NATIONAL: &str = "national";
/// How long the certificates live that reachable instances begin with.
const LEAF_LIFE: Duration = Duration::from_secs(365 * 86_400);

/// The ids of the instances that [`Settings::with_instances`] adds.
pub mod ids {
    /// A Redis of DCS that publishes an archive.
    pub const REDIS_ZIP: &str = "5560df16-cebf-4473-95c4-d1b573c16e79";
    /// A Redis of DCS that publishes a bare PEM.
    pub const REDIS_PEM: &str = "7d6e2b41-cebf-4473-95c4-d1b573c16e79";
    /// A Redis of DCS that does not support SSL.
    pub const REDIS_PLAIN: &str = "90ab3c5d-cebf-4473-95c4-d1b573c16e79";
    /// A GeminiDB that publishes a bare PEM, as `international` alone.
    pub const GEMINIDB: &str = "e73893ef73754465a8bd2e0857bbf13ein02";
    /// A PostgreSQL of RDS that publishes an archive.
    pub const RDS: &str = "dc1f4a5e8b7a4d0a9c3e2f6071b8d925in03";
    /// A DDS that publishes a bare PEM.
    pub const DDS: &str = "9f136948f6904d1fad2f4c8e2d5b7a16in02";
    /// A GaussDB that publishes DER.
    pub const GAUSSDB: &str = "2b7c90e1d4f84a53b6c8e9f01a2d3c47in14";
    /// A TaurusDB, which publishes nothing.
    pub const TAURUSDB: &str = "096c0fc43e804757b59946b80dc27f8bin07";
}

/// An instance that publishes its CA.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaInstance {
    /// Its id: a UUID for DCS, else 32 hex digits and `in02` or the like. Two never share one.
    pub id: String,
    /// Its service.
    pub source: CaSource,
    /// What its links lead to, by category, in the order in which they are listed. A service without
    /// categories publishes the first alone. Empty: DCS does not support SSL there, and the others'
    /// lists are empty.
    pub published: Vec<(String, CaFile)>,
    /// Whether SSL is on, which DCS and GeminiDB report; a reachable instance offers TLS only then.
    pub ssl: bool,
    /// GeminiDB: the certificate of the certificate manager that it serves instead of its own. While it
    /// does, its list of links is empty.
    pub ccm: Option<CcmCertificate>,
}

/// A certificate of the certificate manager that an instance serves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CcmCertificate {
    /// Its id.
    pub id: String,
    /// `SSL`, or `PCA` when the private authority issued it.
    pub kind: String,
}

impl CaInstance {
    /// With SSL on, and this as its only file, as `international` where there are categories.
    pub fn new(source: CaSource, id: &str, file: CaFile) -> Self {
        let category = if source.has_categories() { INTERNATIONAL } else { "" };
        Self::bare(source, id).publishing(category, file)
    }

    /// The same with nothing to publish.
    pub fn bare(source: CaSource, id: &str) -> Self {
        Self { id: id.to_owned(), source, published: Vec::new(), ssl: true, ccm: None }
    }

    /// With this file besides, last in the order; a category that is there gets it instead of its own.
    #[must_use]
    pub fn publishing(mut self, category: &str, file: CaFile) -> Self {
        match self.published.iter_mut().find(|(found, _)| found == category) {
            Some((_, old)) => *old = file,
            None => self.published.push((category.to_owned(), file)),
        }
        self
    }

    /// What it publishes in this category; where its service has none, what it publishes.
    pub fn file(&self, category: &str) -> Option<&CaFile> {
        let wanted =
            |found: &&(String, CaFile)| !self.source.has_categories() || found.0 == category;
        self.published.iter().find(wanted).map(|(_, file)| file)
    }
}

/// What lies behind a certificate link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CaFile {
    /// A zip archive that holds `ca.crt` with this PEM, and a text beside it.
    Zip(String),
    /// The PEM itself.
    Pem(String),
    /// One certificate's DER.
    Der(Vec<u8>),
    /// A zip archive that holds `ca.der` with one certificate's DER.
    ZipOfDer(Vec<u8>),
    /// These bytes, whatever they are.
    Bytes(Vec<u8>),
}

impl CaFile {
    /// An archive with these files.
    pub fn archive(files: &[(&str, &[u8])]) -> Self {
        Self::Bytes(obs::archive(files))
    }

    /// The first certificate of this PEM as DER; the text as it is when there is none.
    pub fn der(pem: &str) -> Self {
        Self::Der(obs::der(pem))
    }

    /// The first certificate of this PEM as DER in an archive; the text when there is none.
    pub fn zip_of_der(pem: &str) -> Self {
        Self::ZipOfDer(obs::der(pem))
    }

    /// This PEM in the form that `self` has; in place of other bytes, the PEM itself.
    #[must_use]
    pub fn reissued(&self, pem: &str) -> Self {
        match self {
            Self::Zip(_) => Self::Zip(pem.to_owned()),
            Self::Der(_) => Self::der(pem),
            Self::ZipOfDer(_) => Self::zip_of_der(pem),
            Self::Pem(_) | Self::Bytes(_) => Self::Pem(pem.to_owned()),
        }
    }
}

/// An instance that can be shaken hands with, on a loopback port of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listening {
    /// The id of the instance, or any other name.
    pub id: String,
    /// What is said before TLS.
    pub speech: Speech,
    /// What it presents, sound or not; only the key must belong to the leaf.
    pub pair: Pair,
}

impl Settings {
    /// Adds one instance of each kind, whose ids are in [`ids`], with this PEM as the CA of those that
    /// publish one: three Redis (an archive, a bare PEM, and without SSL), a GeminiDB, an RDS, a DDS, a
    /// GaussDB and a TaurusDB. RDS and DDS publish another CA as `national`, and list it first.
    #[must_use]
    pub fn with_instances(mut self, ca_pem: &str) -> Self {
        let pem = || ca_pem.to_owned();
        let national = Authority::new("National").ca_pem().to_owned();
        let both = |source, id, international, national| {
            let bare = CaInstance::bare(source, id);
            bare.publishing(NATIONAL, national).publishing(INTERNATIONAL, international)
        };
        let (zip, plain) = (CaFile::Zip(pem()), CaFile::Pem(pem()));
        self.instances.extend([
            CaInstance::new(CaSource::Dcs, ids::REDIS_ZIP, zip.clone()),
            CaInstance::new(CaSource::Dcs, ids::REDIS_PEM, plain.clone()),
            CaInstance { ssl: false, ..CaInstance::bare(CaSource::Dcs, ids::REDIS_PLAIN) },
            CaInstance::new(CaSource::GeminiDb, ids::GEMINIDB, plain.clone()),
            both(CaSource::Rds, ids::RDS, zip, CaFile::Zip(national.clone())),
            both(CaSource::Dds, ids::DDS, plain, CaFile::Pem(national)),
            CaInstance::new(CaSource::GaussDb, ids::GAUSSDB, CaFile::der(ca_pem)),
        ]);
        self.taurusdb.push(ids::TAURUSDB.to_owned());
        self
    }

    /// The same, with this authority's CA and certificates, which live for a year from this moment on;
    /// and every instance that has SSL can be shaken hands with: RDS and GaussDB in PostgreSQL's way,
    /// TaurusDB in MySQL's, the others with TLS at once.
    #[must_use]
    pub fn with_reachable_instances(self, authority: &Authority, now: Time) -> Self {
        let mut settings = self.with_instances(authority.ca_pem());
        let listening = [
            (ids::REDIS_ZIP, Speech::Tls),
            (ids::REDIS_PEM, Speech::Tls),
            (ids::GEMINIDB, Speech::Tls),
            (ids::RDS, Speech::Postgres),
            (ids::DDS, Speech::Tls),
            (ids::GAUSSDB, Speech::Postgres),
            (ids::TAURUSDB, Speech::MySql),
        ];
        settings.listening.extend(listening.map(|(id, speech)| Listening {
            id: id.to_owned(),
            speech,
            pair: authority.instance(now, now + LEAF_LIFE),
        }));
        settings
    }
}
