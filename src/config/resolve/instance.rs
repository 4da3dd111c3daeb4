//! `[[instance_ca]]` and `[[instance_ssl]]`: what belongs to managed instances.

use std::collections::HashMap;
use std::path::Path;

use toml::Spanned;

use super::values::{parsed, parsed_or, path, required, word};
use super::{Names, TakenFiles, World, called, cloud_of, lists};
use crate::config::error::{Findings, Place, shown};
use crate::config::read::Read;
use crate::config::{InstanceCa, InstanceSsl, raw};
use crate::model::target::{CaSource, SslSwitch};

/// Longest instance id and category, in characters: the known ones have 36 and less.
const ID_CHARS_MAX: usize = 64;
/// What every TaurusDB instance id has: its length in characters, and its end.
const TAURUSDB_ID: (usize, &str) = (36, "in07");
/// Services that may come; named so that nobody looks for a misspelling.
const LATER: [&str; 3] = ["rds", "dds", "gaussdb"];

/// Every sound CA file, in the file's order; each path is added to those that are taken.
pub(super) fn cas(
    reads: &[Read<raw::InstanceCa>],
    taken: &mut TakenFiles,
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Vec<InstanceCa> {
    let mut names = Names::default();
    reads.iter().filter_map(|read| ca(read, &mut names, taken, world, findings)).collect()
}

/// Every sound switch, in the file's order. Two entries for one instance are refused, whatever their
/// clouds: two that disagree would restart a database for ever, and two accounts may be one.
pub(super) fn ssls(
    reads: &[Read<raw::InstanceSsl>],
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Vec<InstanceSsl> {
    let mut names = Names::default();
    let mut instances = Instances::new();
    reads.iter().filter_map(|read| ssl(read, &mut names, &mut instances, world, findings)).collect()
}

fn ca(
    read: &Read<raw::InstanceCa>,
    names: &mut Names,
    taken: &mut TakenFiles,
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Option<InstanceCa> {
    let raw = &read.raw;
    let name = names.take(read, raw.name.as_ref(), findings);
    let cloud = cloud_of(read, raw.cloud.as_ref(), world, findings);
    let service = required(read, "service", raw.service.as_ref(), findings);
    let source = service.and_then(|text| parsed("service", text, findings, ca_source));
    let id = required(read, "instance_id", raw.instance_id.as_ref(), findings);
    let instance_id = id.and_then(|text| parsed("instance_id", text, findings, instance_id));
    let category = raw.category.as_ref();
    let category = parsed_or("category", category, raw::CATEGORY, findings, category_name);
    let file = required(read, "path", raw.path.as_ref(), findings);
    let file = file.and_then(|text| parsed("path", text, findings, |text| path(text, world)));
    if let (Some(path), Some(written)) = (&file, &raw.path) {
        let said = format!("{} writes", called("instance_ca", name.as_ref()));
        if let Some(other) = taken.insert(path.clone(), said) {
            let text = shown(&path.to_string_lossy());
            let sentence = format!("`path` {text} is a file that {other}, expected one of its own");
            findings.add(&written.span(), sentence);
        }
    }
    let mode = parsed_or("mode", raw.mode.as_ref(), raw::MODE, findings, mode);
    let on_change = lists::list("on_change", raw.on_change.as_ref(), findings, argument);
    refuse_program(read, &on_change, findings);
    Some(InstanceCa {
        name: name?,
        cloud: cloud?,
        source: source?,
        instance_id: instance_id?,
        category: category?,
        path: file?,
        mode: mode?,
        on_change,
    })
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
    Some(InstanceSsl {
        name: name?,
        cloud: cloud?,
        switch: switch?,
        instance_id: instance_id?,
        enabled: *enabled?.get_ref(),
        allow_restart: allow_restart.map_or(raw::ALLOW_RESTART, |allow| *allow.get_ref()),
        assume: raw.assume.as_ref().map(|assume| *assume.get_ref()),
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

fn ca_source(text: &str) -> Result<CaSource, &'static str> {
    match text {
        "dcs" => Ok(CaSource::Dcs),
        "geminidb" => Ok(CaSource::GeminiDb),
        "taurusdb" => Err("publishes no CA through its API, expected one of dcs, geminidb"),
        _ if LATER.contains(&text) => Err("is not supported yet, expected one of dcs, geminidb"),
        _ => Err(
            "is no service that publishes a CA, expected one of dcs, geminidb (rds, dds, gaussdb: not supported yet)",
        ),
    }
}

fn ssl_switch(text: &str) -> Result<SslSwitch, &'static str> {
    match text {
        "taurusdb" => Ok(SslSwitch::TaurusDb),
        _ => Err("is no service whose SSL can be switched, expected taurusdb"),
    }
}

/// It becomes part of an address, so nothing but plain characters.
fn instance_id(text: &str) -> Result<String, String> {
    let fit = |c: char| c.is_ascii_alphanumeric() || c == '-';
    word(text, ID_CHARS_MAX, fit, "an instance id, expected letters, digits and dashes")
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

fn category_name(text: &str) -> Result<String, String> {
    let fit = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    word(text, ID_CHARS_MAX, fit, "a category, expected such as international or national")
}

/// Three or four octal digits. A trust anchor that others can write is none, and nobody runs it.
fn mode(text: &str) -> Result<u32, &'static str> {
    let octal =
        matches!(text.len(), 3 | 4) && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    let mode = u32::from_str_radix(text, 8).ok().filter(|_| octal);
    let mode = mode.ok_or("is no file mode, expected three or four octal digits such as 0644")?;
    if mode & 0o400 == 0 {
        return Err("keeps the owner from reading the file, expected such as 0644");
    }
    if mode & 0o7113 != 0 {
        return Err("lets others write or anyone execute the file, expected such as 0644 or 0640");
    }
    Ok(mode)
}

fn argument(text: &str) -> Result<String, &'static str> {
    if text.contains('\0') {
        Err("has a zero byte, which no argument can have")
    } else {
        Ok(text.to_owned())
    }
}

fn refuse_program(read: &Read<raw::InstanceCa>, argv: &[String], findings: &mut Findings<'_>) {
    let first = read.raw.on_change.as_ref().and_then(|written| written.get_ref().first());
    if let (Some(first), Some(program)) = (first, argv.first())
        && (!Path::new(program).is_absolute() || program.ends_with('/'))
    {
        let text = shown(program);
        let sentence =
            format!("`on_change` starts with {text}, expected a program with its full path");
        findings.add(&first.span(), sentence);
    }
}
