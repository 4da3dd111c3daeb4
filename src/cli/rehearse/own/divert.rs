//! Where an operator's configuration leads in a rehearsal: every endpoint to a simulated cloud, every
//! probe to one of its edges or databases, every file to the scratch directory, and no command anywhere.

use std::io;
use std::sync::Arc;

use super::super::clouds::Clouds;
use super::super::scratch::Scratch;
use super::super::{sites, stage};
use crate::config::{Config, Metrics, Push};
use crate::model::account::{CredentialSource, SecretFile};
use crate::model::names::Name;
use crate::model::place::{Dial, Probe};
use crate::model::target::Api;
use crate::sim::{Settings, Sim};

/// Permissions of the files with the simulated access key.
const SECRET_MODE: u32 = 0o600;
/// Where the simulated access key lies, below the scratch directory.
const ACCESS_KEY: &str = "access-key";
const SECRET_KEY: &str = "secret-key";

/// A command that would follow a changed CA file.
pub(super) struct Hook {
    pub(super) ca: Name,
    pub(super) argv: Vec<String>,
}

/// What was led elsewhere.
pub(super) struct Diverted {
    /// The commands that it would run.
    pub(super) hooks: Vec<Hook>,
    /// How many probes lead to an edge.
    pub(super) probes: usize,
    /// How many were left out for want of one.
    pub(super) unproven: usize,
    /// How many probes of databases lead to a simulated one.
    pub(super) instances: usize,
    /// How many were left out for want of room.
    pub(super) crowded: usize,
    /// How many switches wait for no window here.
    pub(super) windows: usize,
}

/// Leads everything that the configuration would reach or change elsewhere: nothing of it is sent off
/// this host, and nothing of it is written outside of the scratch directory.
pub(super) fn divert(
    config: &mut Config,
    clouds: &Clouds,
    scratch: &Scratch,
) -> io::Result<Diverted> {
    let key = Settings::default();
    stage::write(&scratch.join(ACCESS_KEY), &key.access_key, SECRET_MODE)?;
    stage::write(&scratch.join(SECRET_KEY), key.secret_key.expose(), SECRET_MODE)?;
    config.state = scratch.join("state");
    config.metrics = Metrics::default();
    config.notify.clear();
    for account in &mut config.accounts {
        let url = clouds.of(&account.name).map(Sim::url).unwrap_or_default();
        account.endpoints = Api::ALL.into_iter().map(|api| (api, url.clone())).collect();
        account.credentials = CredentialSource::AccessKey {
            access_key: SecretFile::Path(scratch.join(ACCESS_KEY)),
            secret_key: SecretFile::Path(scratch.join(SECRET_KEY)),
            security_token: None,
        };
    }
    let (mut probes, mut unproven) = (0, 0);
    for entry in config.certificates.iter_mut().map(Arc::make_mut) {
        let sim = clouds.of(&entry.cloud);
        for push in Arc::make_mut(&mut entry.pushes) {
            let written = push.probes.len();
            push.probes = to_edges(push, sim);
            probes += push.probes.len();
            unproven += written - push.probes.len();
        }
    }
    let windows = config.instance_ssls.iter().filter(|entry| entry.window.is_some()).count();
    let written = count_instances(config);
    to_instances(config, clouds);
    let instances = count_instances(config);
    let crowded = written - instances;
    let hooks = take_hooks(config, scratch);
    Ok(Diverted { hooks, probes, unproven, instances, crowded, windows })
}

/// The probes with the address of the edge that each speaks for; those that speak for none are left out.
fn to_edges(push: &Push, sim: Option<&Sim>) -> Box<[Probe]> {
    let probes = push.probes.iter().enumerate().filter_map(|(number, probe)| {
        let edge = sim?.edge(&sites::of_probe(push, number)?.site)?;
        Some(Probe { at: Dial::Address(edge), ..probe.clone() })
    });
    probes.collect()
}

/// How many databases have a probe.
fn count_instances(config: &Config) -> usize {
    config.instance_cas.iter().filter(|entry| entry.probe.is_some()).count()
        + config.instance_ssls.iter().filter(|entry| entry.probe.is_some()).count()
}

/// The probes of databases with the address of the simulated one. A switch does not wait for the night
/// of its window, and no file is given to a user that only root could give it to.
fn to_instances(config: &mut Config, clouds: &Clouds) {
    for entry in &mut config.instance_cas {
        let port = clouds.of(&entry.cloud).and_then(|sim| sim.instance(entry.name.as_str()));
        entry.probe = entry.probe.take().zip(port).map(|(mut probe, at)| {
            probe.probe.at = Dial::Address(at);
            probe
        });
        (entry.owner, entry.group) = (None, None);
    }
    for entry in &mut config.instance_ssls {
        let sim = clouds.of(&entry.cloud);
        let port = sim.and_then(|sim| sim.instance(&entry.instance_id));
        entry.probe = entry.probe.take().zip(port).map(|(mut probe, at)| {
            probe.at = Dial::Address(at);
            probe
        });
        entry.window = None;
    }
}

fn take_hooks(config: &mut Config, scratch: &Scratch) -> Vec<Hook> {
    let mut hooks = Vec::new();
    for entry in &mut config.instance_cas {
        entry.path = scratch.join("ca").join(format!("{}.pem", entry.name));
        let argv = std::mem::take(&mut entry.on_change);
        if !argv.is_empty() {
            hooks.push(Hook { ca: entry.name.clone(), argv });
        }
    }
    hooks
}
