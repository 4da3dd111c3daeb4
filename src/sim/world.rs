//! Everything the simulated cloud knows. One lock guards it; no handler waits while holding it.

use std::collections::{BTreeMap, VecDeque};

use aws_lc_rs::rand;
use serde_json::Value;

use super::answer::Answer;
use super::ask::Ask;
use super::auth;
use super::edges::Edges;
use super::instances::{Instances, Switched};
use super::ledger::{CALLS_MAX, Call};
use super::limit::Limiter;
use super::pki::Authority;
use super::settings::Settings;
use super::sites::{Domain, Host, Listener};
use super::stored::StoredCertificate;
use super::weather::{Fault, Rule};
use super::x509::Family;
use crate::model::digest::{Sha1, Sha256};
use crate::model::secret::Secret;
use crate::model::time::Time;

/// A certificate that the certificate manager took in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScmCertificate {
    /// `scs` and 13 digits.
    pub id: String,
    /// The name given at the import.
    pub name: String,
    /// The leaf's SHA-256.
    pub sha256: Sha256,
    /// The leaf's SHA-1, which the show call reports.
    pub sha1: Sha1,
    /// When it was imported.
    pub created: Time,
    /// The leaf's first name.
    pub domain: String,
    /// The leaf's other names.
    pub sans: Vec<String>,
    /// When the leaf begins to be valid.
    pub not_before: Time,
    /// When it ends.
    pub not_after: Time,
    /// The issuer's way of signing, such as `SHA256withRSA`.
    pub signature_algorithm: &'static str,
    /// Leaf and chain as PEM.
    pub fullchain: String,
    /// The leaf's key, which edges serve with.
    pub key: Secret,
    /// The family of that key.
    pub family: Family,
    /// The enterprise project, `0` for the default one.
    pub enterprise_project_id: String,
}

/// One SSL switch of a TaurusDB instance. No API tells a job's direction; tests may look here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SslJob {
    /// A UUID.
    pub id: String,
    /// The instance.
    pub instance: String,
    /// What was asked for.
    pub on: bool,
    /// When the request came.
    pub created: Time,
    /// When it ends, or ended.
    pub ends: Time,
    /// Why it will end as failed; absent: it completes.
    pub failure: Option<String>,
}

/// All state.
pub(super) struct World {
    pub settings: Settings,
    /// `http://127.0.0.1:PORT`.
    pub base: String,
    pub imports: Vec<ScmCertificate>,
    /// What ELB, WAF and CDN hold, oldest first.
    pub certificates: Vec<StoredCertificate>,
    pub listeners: Vec<Listener>,
    pub hosts: Vec<Host>,
    pub domains: Vec<Domain>,
    pub edges: Edges,
    /// What the account owes for deployments, in yuan.
    pub fees: u64,
    /// When CDN's configuration calls of the last minute came.
    pub cdn_calls: VecDeque<Time>,
    /// Fields that the next write to an object changes too: site, path, value.
    pub scribbles: Vec<(String, String, Value)>,
    pub jobs: Vec<SslJob>,
    /// SSL switches of TaurusDB that no job made, oldest first.
    pub switched: Vec<Switched>,
    /// The instances that can be shaken hands with.
    pub running: Instances,
    pub auth: auth::State,
    /// Reasons for the next SSL jobs to fail, first come first served.
    pub job_failures: Vec<String>,
    pub weather: Vec<Rule>,
    pub limiter: Limiter,
    pub calls: Vec<Call>,
    pub violations: Vec<String>,
    /// Project ids by name.
    pub projects: BTreeMap<String, String>,
    /// Signs links; made anew for each cloud.
    pub link_key: [u8; 32],
    /// Made when a script asks for its first certificate.
    pub authority: Option<Authority>,
    last_certificate: i64,
}

impl World {
    /// A cloud as furnished, reachable at this address.
    pub fn new(settings: Settings, base: String) -> Self {
        let mut projects: BTreeMap<_, _> = settings
            .sub_projects
            .iter()
            .map(|name| (name.clone(), Sha256::of(name.as_bytes()).to_string()[..32].to_owned()))
            .collect();
        projects.insert(settings.region.clone(), settings.project_id.clone());
        Self {
            settings,
            base,
            imports: Vec::new(),
            certificates: Vec::new(),
            listeners: Vec::new(),
            hosts: Vec::new(),
            domains: Vec::new(),
            edges: Edges::default(),
            fees: 0,
            cdn_calls: VecDeque::new(),
            scribbles: Vec::new(),
            jobs: Vec::new(),
            switched: Vec::new(),
            running: Instances::default(),
            auth: auth::State::default(),
            job_failures: Vec::new(),
            weather: Vec::new(),
            limiter: Limiter::default(),
            calls: Vec::new(),
            violations: Vec::new(),
            projects,
            link_key: random(),
            authority: None,
            last_certificate: 0,
        }
    }

    /// Records that a caller did what the documents do not allow.
    pub fn violation(&mut self, what: String) {
        if self.violations.len() < CALLS_MAX {
            self.violations.push(what);
        }
    }

    /// What the gateway says to one call too many in a second.
    pub fn throttled(&mut self, service: &'static str, now: Time) -> Option<Fault> {
        let calls_max = self.settings.calls_a_second?;
        self.limiter.strike(service, calls_max, self.settings.tells_policy, now)
    }

    /// Records a call; the ledger is bounded.
    pub fn record(&mut self, call: Call) {
        if self.calls.len() >= CALLS_MAX {
            self.calls.drain(..CALLS_MAX / 2);
        }
        self.calls.push(call);
    }

    /// The name of the project whose id stands in the path, which must also be the one in
    /// `X-Project-Id` when that is sent.
    pub fn project(&mut self, ask: &Ask, id: &str) -> Result<String, Answer> {
        let known =
            self.projects.iter().find(|(_, found)| *found == id).map(|(name, _)| name.clone());
        let header = ask.header("x-project-id");
        match known {
            Some(name) if header.is_none_or(|header| header == id) => Ok(name),
            _ => {
                self.violation(format!(
                    "{} {}: a project that is not the caller's",
                    ask.method, ask.path
                ));
                let text = "The project is unavailable.";
                Err(Answer::gateway(403, "APIGW.0310", text, &ask.request_id))
            }
        }
    }

    /// Global services: `X-Domain-Id`, when sent, must be the account's.
    pub fn account(&mut self, ask: &Ask) -> Result<(), Answer> {
        if ask.header("x-domain-id").is_none_or(|id| id == self.settings.domain_id) {
            return Ok(());
        }
        self.violation(format!("{} {}: another account's X-Domain-Id", ask.method, ask.path));
        Err(Answer::error(403, "SCM.0099", "Invalid domain id."))
    }

    /// The next certificate id: milliseconds, never the same twice.
    pub fn certificate_id(&mut self, now: Time) -> String {
        self.last_certificate = now.millis().max(self.last_certificate + 1);
        format!("scs{:013}", self.last_certificate)
    }

    /// Whether a thing made then shows in lists now.
    pub fn listed(&self, created: Time, now: Time) -> bool {
        now >= created + self.settings.list_lag
    }

    /// One page: what follows `offset`, at most `limit` and at most what the settings allow.
    pub fn page<T>(&self, all: Vec<T>, offset: usize, limit: usize) -> Vec<T> {
        all.into_iter().skip(offset).take(limit.min(self.settings.page_max)).collect()
    }
}

/// Random bytes for ids, tokens and keys.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // The system's generator does not fail once the process runs; zeros would only make ids repeat.
    let _ = rand::fill(&mut bytes);
    bytes
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 32 random hex digits, as most services make their ids.
pub(super) fn fresh_id() -> String {
    hex(&random::<16>())
}

/// A random UUID's text.
pub(super) fn fresh_uuid() -> String {
    let id = fresh_id();
    format!("{}-{}-4{}-8{}-{}", &id[..8], &id[8..12], &id[13..16], &id[17..20], &id[20..])
}
