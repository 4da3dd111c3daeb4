//! The rehearsal of an operator's own file: the same certificates and the same wishes, but every
//! endpoint leads to a simulated cloud, whatever is written goes to the scratch directory, commands
//! are shown and not run, and no credential is read.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::clouds::{Calls, Clouds};
use super::picture::{self, Picture};
use super::scratch::Scratch;
use super::show::{self, Dress};
use super::verdict::{self, Check, many};
use super::{Log, settle, stage};
use crate::cli::{Exit, print};
use crate::config::{self, Config};
use crate::daemon::DaemonError;
use crate::files;
use crate::model::account::{Account, CredentialSource, SecretFile};
use crate::model::names::Name;
use crate::model::target::{Api, CaSource, SslSwitch};
use crate::plan::Held;
use crate::sim::pki::Authority;
use crate::sim::{CaFile, DcsInstance, GeminiDbInstance, Settings, Sim};

/// Longest configuration file, in bytes: ten thousand certificates with a push each stay below it.
const FILE_BYTES_MAX: u64 = 8 << 20;
/// How long what ends by itself is waited for: a first back-off, not a long one.
const WAIT: Duration = Duration::from_secs(10);
/// How long jobs are followed; the simulated ones take a few seconds.
const JOBS_WITHIN: Duration = Duration::from_secs(30);
/// Permissions of the files with the simulated access key.
const SECRET_MODE: u32 = 0o600;
/// Where the simulated access key lies, below the scratch directory.
const ACCESS_KEY: &str = "access-key";
const SECRET_KEY: &str = "secret-key";

/// A command that would follow a changed CA file.
struct Hook {
    ca: Name,
    argv: Vec<String>,
}

/// Why there was nothing to judge.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the stage of the rehearsal cannot be set up")]
    Io(#[from] io::Error),
    #[error("the rehearsal cannot go on")]
    Daemon(#[from] DaemonError),
}

/// Does twice what `apply` would do with this file. Ends well when the simulated clouds and the
/// scratch directory are as the file wants them, and the second time changed nothing. Refuses a
/// wrong file as every command does.
pub(super) async fn rehearse(path: &Path, scratch: &Scratch, dress: Dress) -> Exit {
    let config = match read(path) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    // All that the log could say is shown: calls as they come, and what waits in the end.
    if let Err(error) = Log::begin("off") {
        print::problem(&error.to_string());
        return Exit::Configuration;
    }
    match play(config, scratch, dress).await {
        Ok(exit) => exit,
        Err(broken) => print::failed(&broken),
    }
}

fn read(path: &Path) -> Result<Config, Exit> {
    let unreadable = |error: &dyn std::fmt::Display| {
        print::problem(&format!("{}: {error}", path.display()));
        Exit::Configuration
    };
    let path = std::path::absolute(path).map_err(|error| unreadable(&error))?;
    let bytes = files::read::bounded(&path, FILE_BYTES_MAX);
    let bytes = bytes.map_err(|error| unreadable(&format!("cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable(&"is not UTF-8"))?;
    config::parse(&path, &text).map_err(|error| print::configuration(&error))
}

async fn play(mut config: Config, scratch: &Scratch, dress: Dress) -> Result<Exit, Broken> {
    let ca = Authority::new("Rehearsal");
    let accounts = config.accounts.iter();
    let accounts = accounts.map(|it| (it.name.clone(), furniture(&config, it, ca.ca_pem())));
    let clouds = Clouds::start(accounts.collect()).await?;
    let hooks = divert(&mut config, &clouds, scratch)?;
    opening(&config, &clouds, scratch, hooks.len(), dress);
    let mut calls = Calls::listen(&clouds, dress);

    show::heading(dress, "1 · Apply: everything that the file wants");
    settle(config.clone(), &mut calls, WAIT, JOBS_WITHIN).await?;
    let first = picture::look(&config, &clouds).await;
    would_run(&hooks, &first, dress);

    show::heading(dress, "2 · Apply again: nothing may be sent twice");
    let held = settle(config.clone(), &mut calls, WAIT, JOBS_WITHIN).await?;
    let picture = picture::look(&config, &clouds).await;

    show::status(dress, &picture);
    if !held.is_empty() {
        show::heading(dress, "What waits");
        show::held(dress, &held);
    }
    let mut checks = verdict::checks(&picture, &[]);
    checks.push(verdict::unchanged("Second apply", &first, &picture, "changed nothing"));
    checks.push(settled(&held));
    Ok(show::verdict(dress, &checks))
}

/// Nothing waits for a reason that is a fault.
fn settled(held: &[Held]) -> Check {
    let faults = held.iter().filter(|held| held.why.is_fault());
    let faults = faults.map(|held| format!("{} is held by a fault", held.subject));
    let good = match held.len() {
        0 => "nothing waits".to_owned(),
        1 => "1 step waits, as the file wants it".to_owned(),
        more => format!("{more} steps wait, as the file wants it"),
    };
    Check::new("Settled", &faults.collect::<Vec<_>>(), good)
}

/// A cloud for this account: its region and projects, and every instance that the file names there.
fn furniture(config: &Config, account: &Account, ca_pem: &str) -> Settings {
    let usual = Settings::default();
    let mut settings = Settings {
        region: account.region.clone(),
        project_id: account.project_id.clone().unwrap_or(usual.project_id),
        domain_id: account.domain_id.clone().unwrap_or(usual.domain_id),
        import_quota: usual.import_quota.max(config.certificates.len()),
        ..Settings::default()
    };
    let here = |cloud: &Name| *cloud == account.name;
    let pushes = config.certificates.iter().filter(|it| here(&it.cloud)).flat_map(|it| &it.pushes);
    for project in pushes.map(|push| &push.project) {
        if *project != account.region && !settings.sub_projects.contains(project) {
            settings.sub_projects.push(project.clone());
        }
    }
    for entry in config.instance_cas.iter().filter(|it| here(&it.cloud)) {
        let id = entry.instance_id.clone();
        match entry.source {
            CaSource::Dcs => furnish_dcs(&mut settings.dcs, id, ca_pem),
            CaSource::GeminiDb => {
                furnish_gemini(&mut settings.geminidb, id, &entry.category, ca_pem);
            }
        }
    }
    for entry in config.instance_ssls.iter().filter(|it| here(&it.cloud)) {
        match entry.switch {
            SslSwitch::TaurusDb => settings.taurusdb.push(entry.instance_id.clone()),
        }
    }
    settings
}

/// Every other instance gives its CA as a bare PEM, the rest as an archive: both occur.
fn furnish_dcs(instances: &mut Vec<DcsInstance>, id: String, ca_pem: &str) {
    if instances.iter().any(|instance| instance.id == id) {
        return;
    }
    let pem = ca_pem.to_owned();
    let ca = if instances.len().is_multiple_of(2) { CaFile::Zip(pem) } else { CaFile::Pem(pem) };
    instances.push(DcsInstance { id, ca: Some(ca) });
}

fn furnish_gemini(instances: &mut Vec<GeminiDbInstance>, id: String, category: &str, pem: &str) {
    let cert = (category.to_owned(), pem.to_owned());
    match instances.iter_mut().find(|instance| instance.id == id) {
        Some(instance) if instance.certs.contains(&cert) => {}
        Some(instance) => instance.certs.push(cert),
        None => instances.push(GeminiDbInstance { id, certs: vec![cert] }),
    }
}

/// Leads everything that the configuration would reach or change elsewhere. Gives the commands that
/// it would run.
fn divert(config: &mut Config, clouds: &Clouds, scratch: &Scratch) -> io::Result<Vec<Hook>> {
    let key = Settings::default();
    stage::write(&scratch.join(ACCESS_KEY), &key.access_key, SECRET_MODE)?;
    stage::write(&scratch.join(SECRET_KEY), key.secret_key.expose(), SECRET_MODE)?;
    config.state = scratch.join("state");
    config.metrics = None;
    for account in &mut config.accounts {
        let url = clouds.of(&account.name).map(Sim::url).unwrap_or_default();
        account.endpoints = Api::ALL.into_iter().map(|api| (api, url.clone())).collect();
        account.credentials = CredentialSource::AccessKey {
            access_key: SecretFile::Path(scratch.join(ACCESS_KEY)),
            secret_key: SecretFile::Path(scratch.join(SECRET_KEY)),
            security_token: None,
        };
    }
    let mut hooks = Vec::new();
    for entry in &mut config.instance_cas {
        entry.path = scratch.join("ca").join(format!("{}.pem", entry.name));
        let argv = std::mem::take(&mut entry.on_change);
        if !argv.is_empty() {
            hooks.push(Hook { ca: entry.name.clone(), argv });
        }
    }
    Ok(hooks)
}

fn opening(config: &Config, clouds: &Clouds, scratch: &Scratch, hooks: usize, dress: Dress) {
    show::title(dress, "certrotd rehearse: your file, your certificates, a simulated cloud");
    show::fact(dress, "file", &config.path.display().to_string());
    for account in &config.accounts {
        let url = clouds.of(&account.name).map(Sim::url).unwrap_or_default();
        let words = format!("{} ({}): every endpoint is {url}", account.name, account.region);
        show::fact(dress, "cloud", &words);
    }
    let words =
        format!("{} takes state and CA files, removed in the end", scratch.path().display());
    show::fact(dress, "scratch", &words);
    show::fact(dress, "keys", "no credential of yours is read; the simulated cloud has its own");
    if hooks > 0 {
        show::fact(dress, "hooks", &format!("{} shown, not run", many(hooks, "command")));
    }
    for warning in &config.warnings {
        show::fact(dress, "warning", warning);
    }
}

fn would_run(hooks: &[Hook], picture: &Picture, dress: Dress) {
    for Hook { ca, argv } in hooks {
        let installed = picture.cas.iter().any(|it| it.name == *ca && it.file.is_some());
        if installed {
            show::fact(dress, "not run", &format!("{} (after {ca} changed)", argv.join(" ")));
        }
    }
}
