//! What a simulated cloud holds when it starts, and how it behaves in calm weather.

use std::time::Duration;

use super::instance_setup::{CaInstance, Listening};
use crate::model::secret::Secret;

/// How a [`Sim`](super::Sim) is furnished. The default has one account in one region and no instances,
/// listeners, hosts or domains.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The region, which is also the name of its main project.
    pub region: String,
    /// The main project's id: 32 hex digits.
    pub project_id: String,
    /// Names of further projects of the region, such as `cn-north-4_shop`; their ids are made from the names.
    pub sub_projects: Vec<String>,
    /// The account's id: 32 hex digits.
    pub domain_id: String,
    /// The permanent access key id.
    pub access_key: String,
    /// Its secret key.
    pub secret_key: Secret,
    /// The IAM user that may ask for tokens.
    pub user: String,
    /// The account's name, which IAM calls a domain.
    pub domain: String,
    /// The IAM user's password.
    pub password: Secret,
    /// How long an IAM token lives; the real one lives for 24 hours.
    pub token_life: Duration,
    /// Waited before each answer.
    pub latency: Duration,
    /// How many calls each service takes in any second; absent: all.
    pub calls_a_second: Option<usize>,
    /// Whether a call too many is told so with the policy; otherwise whoever calls has to find out.
    pub tells_policy: bool,
    /// How long imports and pushed copies stay invisible to lists; show calls see them at once.
    pub list_lag: Duration,
    /// How long new jobs stay invisible to the instant-task list.
    pub job_lag: Duration,
    /// How long an SSL switch of TaurusDB takes from request to end.
    pub job_time: Duration,
    /// No page of any list is longer than this, whatever the caller asks for.
    pub page_max: usize,
    /// How many certificates the certificate manager takes in.
    pub import_quota: usize,
    /// How many certificates ELB takes in a project; the real one's default.
    pub elb_quota: usize,
    /// How long after a binding changes its edge still presents the former one.
    pub edge_delay: Duration,
    /// Whether CDN may read the certificate manager; it is switched on in CDN's console.
    pub cdn_delegation: bool,
    /// Regions whose count of deployed resources cannot be relied on.
    pub deployed_errors: Vec<String>,
    /// The listeners of ELB.
    pub listeners: Vec<ListenerSetup>,
    /// The hosts of WAF.
    pub waf_hosts: Vec<HostSetup>,
    /// The domains of CDN.
    pub cdn_domains: Vec<DomainSetup>,
    /// The instances that publish a CA.
    pub instances: Vec<CaInstance>,
    /// Those that can be shaken hands with, besides the TaurusDB instances, of which each can: one that is
    /// not named here presents a certificate of its own making.
    pub listening: Vec<Listening>,
    /// Ids of the TaurusDB instances: 36 characters that end in `in07`.
    pub taurusdb: Vec<String>,
    /// Whether their SSL is on when the story begins.
    pub taurusdb_ssl: bool,
    /// Whether the metadata service offers its token flow; otherwise only the plain flow works.
    pub metadata_tokens: bool,
    /// How long the temporary keys of the metadata service live.
    pub temporary_key_life: Duration,
    /// Whether the host has an agency; without one the metadata service gives no keys.
    pub agency: bool,
}

/// A certificate that somebody else put into a service before the story begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pair {
    /// Its name in the service.
    pub name: String,
    /// Leaf and chain as PEM; nothing is checked but that the key belongs to the leaf.
    pub fullchain: String,
    /// The leaf's key.
    pub key: Secret,
}

/// An HTTPS listener of ELB. Equal pairs of one project become one certificate, which they share.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ListenerSetup {
    /// The listener's id, a UUID; empty: one is made up.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The project's name; empty: the region's main project.
    pub project: String,
    /// Served to whoever asks for no other name.
    pub default: Option<Pair>,
    /// Served by name.
    pub sni: Vec<Pair>,
}

/// A host of WAF. Equal pairs of one project become one certificate, which they share.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HostSetup {
    /// The host's id, 32 hex digits; empty: one is made up.
    pub id: String,
    /// The name that it protects.
    pub hostname: String,
    /// The project's name; empty: the region's main project.
    pub project: String,
    /// In dedicated mode; otherwise in cloud mode.
    pub premium: bool,
    /// What it serves.
    pub default: Option<Pair>,
}

/// A domain of CDN, with HTTP/2, forced redirect and HSTS on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DomainSetup {
    /// The domain's name.
    pub name: String,
    /// What it serves, as an own certificate; absent: HTTPS is off.
    pub default: Option<Pair>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            region: "cn-north-4".to_owned(),
            project_id: "0123456789abcdef0123456789abcdef".to_owned(),
            sub_projects: Vec::new(),
            domain_id: "fedcba9876543210fedcba9876543210".to_owned(),
            access_key: "SIMAK000000000000001".to_owned(),
            secret_key: Secret::new("simulated-secret-key-of-forty-characters".to_owned()),
            user: "rotator".to_owned(),
            domain: "simulated-account".to_owned(),
            password: Secret::new("simulated-password".to_owned()),
            token_life: Duration::from_secs(24 * 3600),
            latency: Duration::ZERO,
            calls_a_second: None,
            tells_policy: true,
            list_lag: Duration::ZERO,
            job_lag: Duration::ZERO,
            job_time: Duration::from_secs(2),
            page_max: usize::MAX,
            import_quota: 1000,
            elb_quota: 120,
            edge_delay: Duration::ZERO,
            cdn_delegation: true,
            deployed_errors: Vec::new(),
            listeners: Vec::new(),
            waf_hosts: Vec::new(),
            cdn_domains: Vec::new(),
            instances: Vec::new(),
            listening: Vec::new(),
            taurusdb: Vec::new(),
            taurusdb_ssl: false,
            metadata_tokens: true,
            temporary_key_life: Duration::from_secs(6 * 3600),
            agency: true,
        }
    }
}
