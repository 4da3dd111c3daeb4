//! The cloud's API: one account in one region, its credentials, and the calls that certrotd knows.
//!
//! Reading order: [`Cloud`] here, `client` (one signed call), `error` (what an answer means), `credentials`
//! (who we are, and when not to try again), then one file a service. Nothing here retries a write:
//! a write that may have happened is [`Kind::Lost`], and the planner decides.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::model::account::Account;
pub use crate::model::account::Refusal;
use crate::model::failure::{Failure, Kind};
use crate::model::target::Api;
use crate::model::time::{Clock, Time};

mod calls;
pub mod cdn;
mod client;
mod code;
mod credentials;
pub mod dcs;
pub mod dds;
pub mod download;
pub mod elb;
mod error;
pub mod gaussdb;
pub mod geminidb;
mod http;
mod iam;
mod in_flight;
mod leaf;
mod limit;
pub mod links;
mod neighbours;
mod outward;
mod permission;
pub mod post;
mod proxy;
mod rate;
pub mod rds;
mod region;
pub mod scm;
mod sign;
pub mod taurusdb;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod waf;

pub use calls::{CallEnd, Calls, Durations, Service, Services};
pub use code::Code;
pub use permission::{Basis, PERMISSIONS, Permission, Scope, permissions};
pub use region::{REGIONS, of_project as region_of};

/// Every error code of the services that certrotd knows by name, in order. What is not among them goes by
/// its HTTP status.
pub fn codes() -> &'static [Code] {
    error::TABLE
}

/// What every call gives: a value, or the one failure that the daemon branches on.
pub type Result<T> = std::result::Result<T, Failure>;

/// One account in one region. Cheap to clone; clones share connections, tokens and the lock-out gate.
#[derive(Clone)]
pub struct Cloud {
    inner: Arc<Inner>,
}

struct Inner {
    account: Account,
    clients: http::Clients,
    credentials: credentials::Source,
    gate: Arc<credentials::Gate>,
    rates: Arc<rate::Rates>,
    calls: Calls,
    in_flight: in_flight::InFlight,
    projects: Mutex<BTreeMap<String, String>>,
    /// Of the calls to the configuration of CDN's domains.
    domain_configs: limit::Limit,
}

/// A certificate standing in a target service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copy {
    /// The target's own id of it.
    pub id: String,
    /// The leaf, of the chain that the service gives; absent where it gives none. Not looked into here.
    pub pem: Option<String>,
    /// The service's fingerprint, of an algorithm that its document does not name.
    pub fingerprint_text: Option<String>,
    /// The hosts or domains that use it, where the list says so.
    pub bound_to: Vec<String>,
    /// What the list says of when it was made and ends, as it says it: it is another where somebody has put
    /// another certificate under this id. Empty where the list always has the PEM.
    pub stamp: String,
}

/// What keeps a refused credential from being tried into a lock-out, and a service from being called
/// too often. All accounts of a process share one, before and after a reload: a key that is wrong in one
/// region is wrong in every other.
#[derive(Clone)]
pub struct Lockout {
    gate: Arc<credentials::Gate>,
    rates: Arc<rate::Rates>,
    calls: Calls,
}

impl Lockout {
    /// Remembers what the journal does. `clock` is asked for every moment that the accounts rest something
    /// on: the signatures' dates, the lives of tokens, the quiet time of a refused credential.
    pub fn new(refusals: &[Refusal], clock: Clock) -> Self {
        let gate = Arc::new(credentials::Gate::new(refusals, clock));
        Self { gate, rates: Arc::default(), calls: Calls::default() }
    }

    /// Refusals that happened since the last call, of all accounts that share this; the caller
    /// journals them at once.
    pub fn take_refusals(&self) -> Vec<Refusal> {
        self.gate.take()
    }

    /// Counts the calls of all accounts that share this.
    pub fn calls(&self) -> Calls {
        self.calls.clone()
    }
}

impl fmt::Debug for Lockout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lockout")
    }
}

impl Cloud {
    /// Builds clients and the credential source. Reads no credential yet and sends nothing.
    /// Refuses a proxy address that is none, and a host without a single trusted root certificate.
    pub fn new(account: &Account, lockout: &Lockout) -> std::result::Result<Self, Failure> {
        Self::within(account, lockout, credentials::Surroundings::of_process())
    }

    /// As [`Cloud::new`], with the process's environment given: the seam that tests use.
    fn within(
        account: &Account,
        lockout: &Lockout,
        surroundings: credentials::Surroundings,
    ) -> Result<Self> {
        let clients = http::Clients::new(account, &surroundings)?;
        let inner = Inner {
            account: account.clone(),
            clients,
            credentials: credentials::Source::new(surroundings),
            gate: Arc::clone(&lockout.gate),
            rates: Arc::clone(&lockout.rates),
            calls: lockout.calls(),
            in_flight: in_flight::InFlight::new(account.max_in_flight),
            projects: Mutex::default(),
            domain_configs: limit::Limit::new(cdn::CONFIG_CALLS_MAX, cdn::CONFIG_WINDOW),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    #[cfg(test)]
    fn take_refusals(&self) -> Vec<Refusal> {
        self.inner.gate.take()
    }

    /// Leave to call a service of this account now. Where it was called too often a short while ago, nothing
    /// is sent: [`Kind::Throttled`], with the time left.
    async fn leave<'a>(
        &self,
        rates: &'a rate::Both,
        api: Api,
        operation: &str,
    ) -> Result<rate::Leave<'a>> {
        rates.enter().await.map_err(|left| {
            let message = format!(
                "not sent: the service was called too often a short while ago, and is called again at {}",
                self.now() + left
            );
            Failure {
                service: Some(api),
                wait: Some(left),
                ..Failure::local(Kind::Throttled, operation, message)
            }
        })
    }

    /// The present moment.
    fn now(&self) -> Time {
        self.inner.gate.now()
    }

    /// What this client was built from.
    pub fn account(&self) -> &Account {
        &self.inner.account
    }

    /// The id of the account's own region, or of any project by name (`cn-north-4_foo`). Looked up
    /// in IAM once where neither the configuration nor the credential source says it.
    pub async fn project_id(&self, project_name: &str) -> Result<String> {
        let account = &self.inner.account;
        if project_name == account.region {
            if let Some(id) = &account.project_id {
                return Ok(id.clone());
            }
            if let Some(id) = credentials::current(self, project_name).await?.project_id {
                return Ok(id);
            }
        }
        // Held during the look-up, so that many calls at start ask once.
        let mut projects = self.inner.projects.lock().await;
        if let Some(id) = projects.get(project_name) {
            return Ok(id.clone());
        }
        let id = iam::project_id(self, project_name).await?;
        projects.insert(project_name.to_owned(), id.clone());
        Ok(id)
    }

    /// Name and id of the account's own project.
    async fn own_project(&self) -> Result<(String, String)> {
        let region = self.inner.account.region.clone();
        let id = self.project_id(&region).await?;
        Ok((region, id))
    }

    /// Tells that the credentials work, by one harmless call: `GET /v3/projects?name={region}` in IAM.
    pub async fn verify(&self) -> Result<()> {
        iam::project_id(self, &self.inner.account.region).await.map(drop)
    }

    /// Files with secrets in them that group or others may read, with their permission bits.
    /// Files that systemd hands over are not among them: it guards their directory.
    pub fn exposed_files(&self) -> Vec<(PathBuf, u32)> {
        credentials::exposed_files(self)
    }
}

impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cloud").field("name", &self.inner.account.name).finish_non_exhaustive()
    }
}
