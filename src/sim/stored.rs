//! A certificate as ELB, WAF or CDN holds it: pushed there, made through the service's own API, or
//! there from the start.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::world::{ScmCertificate, World, fresh_id};
use super::x509::{Family, Fit, Leaf, fit};
use crate::model::digest::Sha256;
use crate::model::secret::Secret;
use crate::model::target::Target;
use crate::model::time::Time;

/// A certificate in a target service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredCertificate {
    /// 32 hex digits.
    pub id: String,
    /// Its name there; a push makes one up.
    pub name: String,
    /// Where it lies.
    pub target: Target,
    /// The project's name; empty for CDN, which has none.
    pub project: String,
    /// The import that a push copied; empty: it did not come by a push.
    pub certificate_id: String,
    /// What the service says about it beside the certificate itself.
    pub labels: Labels,
    /// The leaf's SHA-256.
    pub sha256: Sha256,
    /// Leaf and chain as PEM.
    pub fullchain: String,
    /// The leaf's key, which edges serve with.
    pub key: Secret,
    /// The leaf's names.
    pub names: Vec<String>,
    /// The family of the leaf's key.
    pub family: Family,
    /// When the leaf ends.
    pub not_after: Time,
    /// When it came here.
    pub created: Time,
    /// When its content or a label changed last.
    pub updated: Time,
}

/// What ELB keeps beside the content; each as the caller sent it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Labels {
    /// Free text.
    pub description: String,
    /// The names that SNI goes by, separated by commas.
    pub domain: String,
    /// `server`, `client` or `server_sm`.
    pub kind: String,
    /// A label only: nothing checks it.
    pub scm_certificate_id: Option<String>,
    /// `scm`, or empty.
    pub source: String,
    /// The enterprise project, `0` for the default one.
    pub enterprise_project_id: String,
    /// `nonProtection`, or `consoleProtection`: changes are refused.
    pub protection_status: String,
    /// Why it is protected.
    pub protection_reason: String,
}

/// What a certificate's PEM and key say, read and checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Content {
    pub sha256: Sha256,
    pub fullchain: String,
    pub key: Secret,
    pub names: Vec<String>,
    pub family: Family,
    pub not_after: Time,
}

impl Content {
    /// Reads leaf, chain and key; an error is a sentence without any of the bytes.
    pub fn read(fullchain: &str, key: &Secret) -> Result<Self, &'static str> {
        let (der, content) = Self::parsed(fullchain, key)?;
        match fit(&der, key.expose()) {
            Fit::Fits => Ok(content),
            Fit::Another => Err("the private key does not match the certificate"),
            Fit::Unreadable => Err("the private key cannot be parsed"),
        }
    }

    /// Reads a certificate that has no key, such as the CA of a listener's clients.
    pub fn keyless(certificate: &str) -> Result<Self, &'static str> {
        Self::parsed(certificate, &Secret::new(String::new())).map(|(_, content)| content)
    }

    fn parsed(
        fullchain: &str,
        key: &Secret,
    ) -> Result<(CertificateDer<'static>, Self), &'static str> {
        let der = CertificateDer::pem_slice_iter(fullchain.as_bytes())
            .next()
            .and_then(Result::ok)
            .ok_or("the certificate is not PEM")?
            .into_owned();
        let leaf = Leaf::read(&der).ok_or("the certificate cannot be parsed")?;
        let content = Self {
            sha256: Sha256::of(&der),
            fullchain: fullchain.trim_end().to_owned(),
            key: key.clone(),
            names: leaf.names,
            family: leaf.family,
            not_after: leaf.not_after,
        };
        Ok((der, content))
    }
}

impl StoredCertificate {
    /// A new one, with an id of its own and the labels that a plain create leaves.
    pub(super) fn new(
        target: Target,
        project: &str,
        name: &str,
        content: Content,
        now: Time,
    ) -> Self {
        let Content { sha256, fullchain, key, names, family, not_after } = content;
        Self {
            id: fresh_id(),
            name: name.to_owned(),
            target,
            project: project.to_owned(),
            certificate_id: String::new(),
            labels: Labels {
                domain: names.join(","),
                kind: "server".to_owned(),
                enterprise_project_id: "0".to_owned(),
                protection_status: "nonProtection".to_owned(),
                ..Labels::default()
            },
            sha256,
            fullchain,
            key,
            names,
            family,
            not_after,
            created: now,
            updated: now,
        }
    }

    /// Puts another content in its place, under the same id.
    pub(super) fn replace(&mut self, content: Content, now: Time) {
        let Content { sha256, fullchain, key, names, family, not_after } = content;
        (self.sha256, self.fullchain, self.key) = (sha256, fullchain, key);
        (self.names, self.family, self.not_after) = (names, family, not_after);
        self.updated = now;
    }

    /// The names that SNI goes by: those of its label, or those of the leaf.
    pub(super) fn domains(&self) -> Vec<String> {
        let labelled = self.labels.domain.split(',').map(str::trim).filter(|name| !name.is_empty());
        let labelled: Vec<String> = labelled.map(str::to_owned).collect();
        if labelled.is_empty() { self.names.clone() } else { labelled }
    }
}

impl World {
    /// The certificate of this id in this service and project.
    pub fn stored(&self, target: Target, project: &str, id: &str) -> Option<&StoredCertificate> {
        self.certificates.iter().find(|found| found.is(target, project, id))
    }

    /// The same, to be changed.
    pub fn stored_mut(
        &mut self,
        target: Target,
        project: &str,
        id: &str,
    ) -> Option<&mut StoredCertificate> {
        self.certificates.iter_mut().find(|found| found.is(target, project, id))
    }

    /// Every certificate of this service and project, oldest first.
    pub fn stored_in(
        &self,
        target: Target,
        project: &str,
    ) -> impl Iterator<Item = &StoredCertificate> {
        self.certificates
            .iter()
            .filter(move |found| found.target == target && found.project == project)
    }

    /// Whether ELB takes in no more certificates in this project.
    pub fn elb_is_full(&self, project: &str) -> bool {
        self.stored_in(Target::Elb, project).count() >= self.settings.elb_quota
    }
}

impl StoredCertificate {
    fn is(&self, target: Target, project: &str, id: &str) -> bool {
        // Ids differ in their first letters; among thousands that is what counts.
        self.id == id && self.target == target && self.project == project
    }
}

impl From<&ScmCertificate> for Content {
    fn from(import: &ScmCertificate) -> Self {
        Self {
            sha256: import.sha256,
            fullchain: import.fullchain.clone(),
            key: import.key.clone(),
            names: std::iter::once(&import.domain).chain(&import.sans).cloned().collect(),
            family: import.family,
            not_after: import.not_after,
        }
    }
}

impl From<&StoredCertificate> for Content {
    fn from(stored: &StoredCertificate) -> Self {
        Self {
            sha256: stored.sha256,
            fullchain: stored.fullchain.clone(),
            key: stored.key.clone(),
            names: stored.names.clone(),
            family: stored.family,
            not_after: stored.not_after,
        }
    }
}
