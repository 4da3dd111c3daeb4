//! The simulated cloud as a process of its own, for scripts: prints one line of JSON that says where
//! it is and what it holds, and runs until its standard input ends.
//!
//! `cargo run --example simulated_cloud -- --list-lag-ms 3000`; switches for scripts are under
//! `/_sim/` (GET calls, violations, imports, copies, certificates, jobs, edges, fees, listener/ID,
//! host/ID, domain/NAME; POST weather, clear-weather, pace, clear-violations, expire-tokens, bind-cdn, issue,
//! furnish, rebind, scribble, garble, misbehave; and for instances GET instances, POST publish, present,
//! ssl, fail-job). Listeners, hosts and domains are there once `furnish` has made them.

#![forbid(unsafe_code)]

use std::fs::DirEntry;
use std::io::{Error, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use certrotd::model::digest::Sha256;
use certrotd::model::names::Name;
use certrotd::model::secret::Secret;
use certrotd::model::target::Target;
use certrotd::model::time::Time;
use certrotd::sim::pki::Authority;
use certrotd::sim::{Pair, Settings, Sim, ids};
use chrono::Utc;
use clap::Parser;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::json;

/// A simulated cloud with two Redis (zip, bare PEM), one Redis without SSL, a GeminiDB, an RDS, a DDS, a
/// GaussDB and a TaurusDB, which can be shaken hands with.
#[derive(Parser)]
struct Options {
    /// Region, and name of its main project
    #[arg(long, env = "SIM_REGION")]
    region: Option<String>,
    /// Access key id that is good
    #[arg(long, env = "SIM_ACCESS_KEY")]
    access_key: Option<String>,
    /// Its secret key
    #[arg(long, env = "SIM_SECRET_KEY")]
    secret_key: Option<String>,
    /// The IAM user's password
    #[arg(long, env = "SIM_PASSWORD")]
    password: Option<String>,
    /// How long imports and copies stay invisible to lists, in milliseconds
    #[arg(long, default_value_t = 0)]
    list_lag_ms: u64,
    /// Waited before each answer, in milliseconds
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// How many calls each service takes in any second
    #[arg(long)]
    calls_a_second: Option<usize>,
    /// A call too many is refused without naming that number
    #[arg(long)]
    silent_policy: bool,
    /// How long an SSL switch takes, in milliseconds
    #[arg(long, default_value_t = 2000)]
    job_time_ms: u64,
    /// SSL of the TaurusDB is on at the start
    #[arg(long)]
    taurusdb_ssl: bool,
    /// Longest page of any list
    #[arg(long)]
    page_max: Option<usize>,
    /// Life of an IAM token, in seconds
    #[arg(long, default_value_t = 86_400)]
    token_life_secs: u64,
    /// How long an edge still presents what was bound before, in milliseconds
    #[arg(long, default_value_t = 0)]
    edge_delay_ms: u64,
    /// How many certificates ELB takes in a project
    #[arg(long)]
    elb_quota: Option<usize>,
    /// How many certificates the certificate manager takes in
    #[arg(long)]
    import_quota: Option<usize>,
    /// CDN has no delegation to read the certificate manager
    #[arg(long)]
    no_cdn_delegation: bool,
    /// A region (or `global`, for CDN) whose deployed resources cannot be counted; may be repeated
    #[arg(long)]
    deployed_error: Vec<String>,
    /// A directory with a directory for each entry, whose `fullchain.pem` and `privkey.pem` are imported already
    #[arg(long)]
    holds: Option<PathBuf>,
    /// They are in ELB and WAF too
    #[arg(long)]
    holds_copies: bool,
    /// The metadata service knows the plain flow only
    #[arg(long)]
    no_metadata_tokens: bool,
}

fn main() -> std::io::Result<()> {
    let authority = Authority::new("Instances");
    let options = Options::parse();
    let (holds, copies) = (options.holds.clone(), options.holds_copies);
    let settings = settings(options);
    let settings = settings.with_reachable_instances(&authority, Time::from(Utc::now()));
    let line = json!({
        "region": settings.region,
        "project_id": settings.project_id,
        "domain_id": settings.domain_id,
        "access_key": settings.access_key,
        "secret_key": settings.secret_key.expose(),
        "user": settings.user,
        "domain": settings.domain,
        "password": settings.password.expose(),
        "ca_pem": authority.ca_pem(),
        "dcs_zip": ids::REDIS_ZIP,
        "dcs_pem": ids::REDIS_PEM,
        "dcs_without_ssl": ids::REDIS_PLAIN,
        "geminidb": ids::GEMINIDB,
        "rds": ids::RDS,
        "dds": ids::DDS,
        "gaussdb": ids::GAUSSDB,
        "taurusdb": ids::TAURUSDB,
    });
    let sim = Sim::start_thread(settings)?;
    if let Some(directory) = holds {
        hold(&sim, &directory, copies)?;
    }
    let mut line = line;
    line["url"] = json!(sim.url());
    let mut out = std::io::stdout();
    writeln!(out, "{line}")?;
    out.flush()?;
    // Whoever started us ends us by closing the pipe, so that no script leaves one running.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Takes in every pair below this directory, under the name that an entry named as its directory gives it.
fn hold(sim: &Sim, directory: &Path, copies: bool) -> std::io::Result<()> {
    let mut found: Vec<_> = std::fs::read_dir(directory)?.collect::<Result<_, _>>()?;
    found.sort_by_key(DirEntry::file_name);
    for entry in found {
        let fullchain = std::fs::read_to_string(entry.path().join("fullchain.pem"))?;
        let key = Secret::new(std::fs::read_to_string(entry.path().join("privkey.pem"))?);
        let leaf = CertificateDer::from_pem_slice(fullchain.as_bytes()).map_err(Error::other)?;
        let name = Name::new(&entry.file_name().to_string_lossy()).map_err(Error::other)?;
        let name = name.of_import(&Sha256::of(&leaf));
        let pair = Pair { name, fullchain, key };
        sim.keep_import(&pair).map_err(Error::other)?;
        for target in [Target::Elb, Target::Waf].into_iter().filter(|_| copies) {
            sim.keep(target, "", &pair).map_err(Error::other)?;
        }
    }
    Ok(())
}

fn settings(options: Options) -> Settings {
    let default = Settings::default();
    Settings {
        region: options.region.unwrap_or(default.region),
        access_key: options.access_key.unwrap_or(default.access_key),
        secret_key: options.secret_key.map_or(default.secret_key, Secret::new),
        password: options.password.map_or(default.password, Secret::new),
        list_lag: Duration::from_millis(options.list_lag_ms),
        latency: Duration::from_millis(options.latency_ms),
        calls_a_second: options.calls_a_second,
        tells_policy: !options.silent_policy,
        job_time: Duration::from_millis(options.job_time_ms),
        taurusdb_ssl: options.taurusdb_ssl,
        page_max: options.page_max.unwrap_or(default.page_max),
        token_life: Duration::from_secs(options.token_life_secs),
        edge_delay: Duration::from_millis(options.edge_delay_ms),
        elb_quota: options.elb_quota.unwrap_or(default.elb_quota),
        import_quota: options.import_quota.unwrap_or(default.import_quota),
        cdn_delegation: !options.no_cdn_delegation,
        deployed_errors: options.deployed_error,
        metadata_tokens: !options.no_metadata_tokens,
        ..Settings::default()
    }
}
