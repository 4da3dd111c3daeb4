//! `[[instance_ssl]]`: SSL switches.

use std::collections::HashMap;

use toml::Spanned;

use super::super::probe::probe;
use super::super::values::{parsed, required};
use super::super::{Names, World, called, cloud_of};
use super::instance_id;
use crate::config::error::{Findings, Place, shown};
use crate::config::read::Read;
use crate::config::words::one_of;
use crate::config::{InstanceSsl, raw};
use crate::model::target::SslSwitch;
use crate::schedule::Window;

/// What every TaurusDB instance id has: its length in characters, and its end.
const TAURUSDB_ID: (usize, &str) = (36, "in07");

/// Every sound switch, in the file's order. Two entries for one instance are refused, whatever their
/// clouds: two that disagree would restart a database for ever, and two accounts may be one.
pub(in super::super) fn all(
    reads: &[Read<raw::InstanceSsl>],
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Vec<InstanceSsl> {
    let mut names = Names::default();
    let mut instances = Instances::new();
    reads.iter().filter_map(|read| ssl(read, &mut names, &mut instances, world, findings)).collect()
}

/// Instances whose switch an entry has, in lower case, with that entry and the place of its id.
type Instances = HashMap<String, (String, Place)>;

fn ssl(
    read: &Read<raw::InstanceSsl>,
    names: &mut Names,
    instances: &mut Instances,
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Option<InstanceSsl> {
    let raw = &read.raw;
    let name = names.take(read, raw.name.as_ref(), findings);
    let cloud = cloud_of(read, raw.cloud.as_ref(), world, findings);
    let service = required(read, "service", raw.service.as_ref(), findings);
    let switch = service.and_then(|text| parsed("service", text, findings, ssl_switch));
    let id = required(read, "instance_id", raw.instance_id.as_ref(), findings);
    let instance_id = id.and_then(|text| parsed("instance_id", text, findings, taurusdb_id));
    if let (Some(instance), Some(written)) = (&instance_id, id) {
        let said = called("instance_ssl", name.as_ref());
        refuse_second(instance, said, written, instances, findings);
    }
    let enabled = required(read, "enabled", raw.enabled.as_ref(), findings);
    let allow_restart = raw.allow_restart.as_ref();
    let probe = raw.probe.as_ref().and_then(|text| parsed("probe", text, findings, probe));
    let window = raw
        .window
        .as_ref()
        .and_then(|text| parsed("window", text, findings, |text| Window::parse(text, world.zone)));
    Some(InstanceSsl {
        name: name?,
        cloud: cloud?,
        switch: switch?,
        instance_id: instance_id?,
        enabled: *enabled?.get_ref(),
        allow_restart: allow_restart.map_or(raw::ALLOW_RESTART, |allow| *allow.get_ref()),
        assume: raw.assume.as_ref().map(|assume| *assume.get_ref()),
        probe,
        window,
    })
}

fn refuse_second(
    instance: &str,
    said: String,
    written: &Spanned<String>,
    instances: &mut Instances,
    findings: &mut Findings<'_>,
) {
    let place = findings.place(written.span().start);
    match instances.get(&instance.to_ascii_lowercase()) {
        None => {
            instances.insert(instance.to_ascii_lowercase(), (said, place));
        }
        Some((other, first)) => {
            let (text, Place { line, column }) = (shown(instance), first);
            let sentence = format!(
                "`instance_id` {text} is that of {other} at {line}:{column} too, expected one entry an instance"
            );
            findings.add(&written.span(), sentence);
        }
    }
}

fn ssl_switch(text: &str) -> Result<SslSwitch, String> {
    one_of(text, "is no service whose SSL can be switched")
}

fn taurusdb_id(text: &str) -> Result<String, String> {
    let (chars, end) = TAURUSDB_ID;
    match instance_id(text) {
        Ok(id) if id.len() == chars && id.ends_with(end) => Ok(id),
        _ => Err(format!(
            "is no TaurusDB instance id, expected {chars} letters and digits that end in {end}"
        )),
    }
}
