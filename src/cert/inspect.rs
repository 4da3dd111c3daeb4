//! What is in a PEM file and what is wrong with it, for a person or a script.

use std::fmt::{self, Write as _};
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::bundle::{Role, judge_leaf, pem_of, too_long, validity};
use super::findings::Finding;
use super::pem::{Document, Key};
use super::x509::Certificate;
use super::{archive, ca, chain, key, pem};
use crate::model::digest::Sha256;
use crate::model::time::{Time, remaining};

/// What is said of a leaf that ends soon.
pub const NOT_RENEWED: &str = "not renewed: look at the ACME client";

/// What one file holds. Its JSON is public interface: `file`, `certificates`, `key`, `findings` and
/// `warnings` (sentences), and `error` (why nothing could be read).
#[derive(Serialize)]
pub struct Inspection {
    /// The file, as named by the caller.
    pub file: String,
    /// Its certificates, in the file's order.
    pub certificates: Vec<CertificateView>,
    /// Its private key, the first of several.
    pub key: Option<KeyView>,
    /// What is wrong with it.
    #[serde(serialize_with = "sentences")]
    pub findings: Vec<Finding>,
    /// What is not wrong yet and wants a person all the same.
    pub warnings: Vec<String>,
    /// Why nothing in it could be read.
    pub error: Option<String>,
    #[serde(skip)]
    parsed: Vec<Certificate>,
    #[serde(skip)]
    secret: Option<Key>,
    #[serde(skip)]
    compared: bool,
    #[serde(skip)]
    now: Time,
}

/// One certificate, as shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CertificateView {
    /// Subject, as `CN=…, O=…`.
    pub subject: String,
    /// Issuer, in the same form.
    pub issuer: String,
    /// Lower-case hex without leading zeros or colons.
    pub serial: String,
    /// Valid from, RFC 3339 in UTC.
    #[serde(serialize_with = "rfc3339")]
    pub not_before: Time,
    /// Valid until, RFC 3339 in UTC.
    #[serde(serialize_with = "rfc3339")]
    pub not_after: Time,
    /// SHA-256 of the DER, lower-case hex.
    pub sha256: Sha256,
    /// DNS names and IP addresses of its SAN.
    pub sans: Vec<String>,
    /// `RSA 2048`, `ECDSA P-256`, `Ed25519` or the name of another kind.
    pub key: String,
}

/// A private key, as shown: its kind and whether it fits, nothing else.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct KeyView {
    /// `RSA 2048`, `ECDSA P-256`, `Ed25519` or the name of another kind.
    pub algorithm: String,
    /// Whether it belongs to one of the certificates it was compared with.
    pub matches: bool,
}

impl Inspection {
    /// A file that could not be read at all, and why.
    pub fn unreadable(file: &str, why: impl fmt::Display) -> Self {
        Self {
            file: file.to_owned(),
            certificates: Vec::new(),
            key: None,
            findings: Vec::new(),
            warnings: Vec::new(),
            error: Some(why.to_string()),
            parsed: Vec::new(),
            secret: None,
            compared: false,
            now: Time::default(),
        }
    }

    /// Whether nothing is wrong with it.
    pub fn is_clean(&self) -> bool {
        self.error.is_none() && self.findings.is_empty()
    }

    /// Warns of leaves that end within this span. What has ended is a finding.
    pub fn warn_before_ends(&mut self, span: Duration) {
        let now = self.now;
        let soon = |found: &&Certificate| {
            let end = found.facts.not_after;
            !found.ca && now <= end && end < now + span
        };
        let warned = self.parsed.iter().filter(soon).map(|found| {
            let left = remaining(found.facts.not_after.days_after(now));
            format!("{}: {left} and {NOT_RENEWED}", found.facts.subject)
        });
        self.warnings = warned.collect();
    }
}

/// Reads one file, which may hold certificates, a key, or both; an archive, or DER of a certificate that
/// others can be trusted by, is read as an instance's CA. Never fails: what is wrong stands in the
/// result. A key alone is compared with other files by [`match_keys`].
pub fn inspect(file: &str, bytes: &[u8], now: Time) -> Inspection {
    let mut result = Inspection { error: None, now, ..Inspection::unreadable(file, "") };
    // An archive that packs nothing shows its PEM to whoever looks.
    let read = if archive::is_zip(bytes) { Err(Finding::NoPem) } else { pem::read(bytes) };
    match read {
        Ok(document) => result.take(document),
        Err(fault @ (Finding::Der | Finding::NoPem)) => result.take_other(fault, bytes),
        Err(fault) => result.error = Some(fault.to_string()),
    }
    match_keys(std::slice::from_mut(&mut result));
    result
}

/// Compares each key with the certificates of all these files, and says in the key's file when it
/// belongs to none of their leaves.
pub fn match_keys(files: &mut [Inspection]) {
    let all: Vec<Certificate> = files.iter().flat_map(|file| file.parsed.clone()).collect();
    for file in files {
        let (Some(secret), Some(view)) = (&file.secret, &mut file.key) else { continue };
        let fits = all.iter().find(|found| key::looks_related(secret, found));
        view.matches = fits.is_some();
        let unknown = all.iter().any(|found| key::may_be_related(secret, found));
        file.compared = !all.is_empty() && !unknown;
        file.findings.retain(|old| *old != Finding::Mismatch);
        match fits {
            None if file.compared && all.iter().any(|found| !found.ca) => {
                file.findings.push(Finding::Mismatch)
            }
            // A key makes a leaf of what looked like an authority.
            Some(leaf) if leaf.ca => {
                let fault = judge_leaf(leaf).err().filter(|new| !file.findings.contains(new));
                file.findings.extend(fault);
            }
            _ => {}
        }
    }
}

/// The inspection for a person, several lines, ending with a line end.
pub fn text(inspection: &Inspection) -> String {
    inspection.to_string()
}

impl Inspection {
    fn take(&mut self, document: Document) {
        self.findings.extend(document.certificate_faults);
        self.findings.extend(document.key_faults);
        // Parameters go before a key by habit and matter to nobody.
        let odd = document.skipped.into_iter().filter(|label| !label.ends_with(" PARAMETERS"));
        self.findings.extend(odd.map(|label| Finding::Skipped { label }));
        for (der, index) in document.certificates.iter().zip(1..) {
            match Certificate::parse(der, index) {
                Ok(found) => self.parsed.push(found),
                Err(fault) => self.findings.push(fault),
            }
        }
        self.certificates = self.parsed.iter().map(view).collect();
        self.secret = document.keys.into_iter().next();
        self.judge_key();
        self.judge_certificates();
    }

    /// What is no PEM: an archive or a CA in DER, or else the sentence that says best what it is.
    fn take_other(&mut self, fault: Finding, bytes: &[u8]) {
        match (fault, ca::read_all(bytes)) {
            (Finding::NoPem, Ok(found)) => self.take_published(found),
            (_, Ok(found)) if found.iter().any(ca::is_authority) => self.take_published(found),
            // A leaf in DER: show it, and say that it cannot be used so.
            (fault, Ok(found)) => {
                let certificates = found.into_iter().map(|one| one.der).collect();
                self.take(Document { certificates, ..Document::default() });
                self.findings.insert(0, fault);
            }
            // Of a key or a key store, the way to convert it is worth more than its kind.
            (fault, Err(Finding::ForeignDer)) => self.error = Some(fault.to_string()),
            (_, Err(fault)) => self.error = Some(fault.to_string()),
        }
    }

    /// What an instance publishes, each certificate once.
    fn take_published(&mut self, found: Vec<Certificate>) {
        for certificate in found {
            if !self.parsed.iter().any(|old| old.der == certificate.der) {
                self.parsed.push(certificate);
            }
        }
        self.certificates = self.parsed.iter().map(view).collect();
        let authorities: Vec<_> = self.parsed.iter().filter(|it| ca::is_authority(it)).collect();
        let mut faults = ca::faults(&authorities);
        for authority in &authorities {
            faults.extend(ca::weakness(authority));
            let facts = &authority.facts;
            let subject = facts.subject.clone();
            if facts.not_after < self.now {
                faults.push(Finding::IssuerExpired { subject, on: facts.not_after });
            } else if self.now < facts.not_before {
                faults.push(Finding::CaTooEarly { subject, from: facts.not_before });
            }
        }
        self.findings.extend(faults);
    }

    fn judge_key(&mut self) {
        let Some(secret) = &self.secret else { return };
        let algorithm = key::algorithm(secret);
        self.key = Some(KeyView {
            algorithm: algorithm.map_or("unknown".to_owned(), |kind| kind.to_string()),
            matches: false,
        });
        self.findings.extend(key::load(secret).err());
        self.findings.extend(too_long(Role::Key, secret.pem_chars()));
    }

    fn judge_certificates(&mut self) {
        let leaf = self.leaf();
        let mut faults = Vec::new();
        for issuer in self.parsed.iter().filter(|found| found.ca) {
            faults.extend(issuer.weakness());
            if issuer.facts.not_after < self.now {
                let subject = issuer.facts.subject.clone();
                faults.push(Finding::IssuerExpired { subject, on: issuer.facts.not_after });
            }
        }
        if let Some(leaf) = leaf {
            faults.extend(judge_leaf(leaf).err());
            faults.extend(validity(&leaf.facts, self.now));
            faults.extend(too_long(Role::Certificate, pem_of(leaf).len()));
            if !leaf.is_self_issued() {
                match chain::order(leaf, &self.parsed) {
                    Ok(chain) => {
                        let chars: usize = chain.into_iter().map(|one| pem_of(one).len() + 1).sum();
                        faults.extend(too_long(Role::Chain, chars.saturating_sub(1)));
                    }
                    Err(fault) => faults.push(fault),
                }
            }
        }
        self.findings.extend(faults);
    }

    /// The leaf that the file's own key proves; without one, the first that is no CA.
    fn leaf(&self) -> Option<&Certificate> {
        let mut leaves = self.parsed.iter().filter(|found| !found.ca);
        let proved = |found: &&Certificate| {
            self.secret.as_ref().is_some_and(|secret| key::looks_related(secret, found))
        };
        leaves.clone().find(proved).or_else(|| leaves.next())
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.file)?;
        for (view, parsed) in self.certificates.iter().zip(&self.parsed) {
            let role = match (parsed.ca, parsed.is_self_issued()) {
                (false, _) => "leaf",
                (true, false) => "intermediate",
                (true, true) => "root",
            };
            writeln!(f, "  {role:<13}{}", view.subject)?;
            f.write_str(&lines(view, self.now))?;
        }
        if let Some(key) = &self.key {
            let fits = match (key.matches, self.compared) {
                (true, _) => "belongs to the certificate",
                (false, true) => "belongs to no certificate given here",
                (false, false) => "not compared with any certificate",
            };
            writeln!(f, "  {:<13}{}, {fits}", "private key", key.algorithm)?;
        }
        self.findings.iter().try_for_each(|finding| writeln!(f, "  ✗ {finding}"))?;
        self.warnings.iter().try_for_each(|warning| writeln!(f, "  ! {warning}"))?;
        match &self.error {
            Some(error) => writeln!(f, "  ✗ {error}"),
            None if self.findings.is_empty() && self.warnings.is_empty() => {
                writeln!(f, "  ✓ nothing wrong with it")
            }
            None => Ok(()),
        }
    }
}

fn lines(view: &CertificateView, now: Time) -> String {
    let days = view.not_after.days_after(now);
    let left = match days {
        0.. => format!("{days} days left"),
        _ => format!("expired {} days ago", -days - 1),
    };
    let mut out = String::new();
    let valid = format!("{} to {} ({left})", view.not_before, view.not_after);
    let names = view.sans.join(", ");
    let rows = [
        ("issuer", view.issuer.as_str()),
        ("names", &names),
        ("valid", &valid),
        ("key", &view.key),
        ("serial", &view.serial),
        ("sha256", &view.sha256.to_string()),
    ];
    for (what, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "    {what:<11}{value}");
    }
    out
}

fn view(certificate: &Certificate) -> CertificateView {
    let facts = &certificate.facts;
    CertificateView {
        subject: facts.subject.clone(),
        issuer: facts.issuer.clone(),
        serial: facts.serial.clone(),
        not_before: facts.not_before,
        not_after: facts.not_after,
        sha256: facts.sha256,
        sans: certificate.sans.clone(),
        key: facts.key.clone(),
    }
}

fn rfc3339<S: Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

fn sentences<S: Serializer>(findings: &[Finding], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(findings.iter().map(ToString::to_string))
}
