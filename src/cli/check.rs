//! `certrotd check`: the configuration, which was read already, and the files that it names; with
//! `--online` the credentials and permissions too.

mod forms;
mod listed;
mod named;
mod online;
mod owner;
mod sandbox;

use std::sync::Arc;

use serde::Serialize;

use super::args::Format;
use super::leaf::Leaf;
use super::status::watched;
use super::table::{self, Row};
use super::{Exit, home, patterns, print, regions};
use crate::cert::inspect::NOT_RENEWED;
use crate::cert::validity;
use crate::config::{Certificate, Config};
use crate::daemon;
use crate::model::names::Name;
use crate::model::time::Time;
use crate::observe;
use crate::observe::local::{self, Local};
use crate::telemetry::page::Cell;

/// Everything shown. The keys are public interface.
#[derive(Serialize)]
struct Shown {
    warnings: Vec<String>,
    certificates: Vec<Verdict>,
    instance_cas: Vec<owner::Verdict>,
    instance_ssls: Vec<listed::Switch>,
    watch_files: Vec<watched::Line>,
    discover: Vec<patterns::Line>,
    notify: Vec<listed::Told>,
    credentials: Vec<named::Empty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    online: Option<online::Findings>,
    ok: bool,
}

/// What the files of one certificate are worth.
#[derive(Serialize)]
struct Verdict {
    name: Name,
    #[serde(flatten)]
    leaf: Leaf,
    /// Why it would not be sent.
    error: Option<String>,
    /// What wants a person all the same.
    warning: Option<String>,
}

/// Checks files, and the cloud when asked to; changes neither.
pub(super) async fn check(config: Config, online: bool, format: Format) -> Exit {
    let mut warnings = config.warnings.clone();
    warnings.extend(home::warning(named::pairs(&config)));
    warnings.extend(home::warning_of_credentials(named::credentials(&config)));
    warnings.extend(named::absent_programs(&config));
    warnings.extend(regions::warnings(&config));
    warnings.extend(forms::warnings(&config));
    warnings.extend(sandbox::warnings(&config));
    let certificates = certificates(&config.certificates, daemon::now()).await;
    let instance_cas = owner::verdicts(&config.instance_cas).await;
    let instance_ssls = listed::switches(&config);
    let watched = observe::watched::look(config.watch_files.clone()).await;
    let watch_files = watched::lines(&watched, daemon::now());
    let discover = patterns::lines(&config);
    let notify = listed::told(&config);
    // Online the account itself says it.
    let credentials = if online { Vec::new() } else { named::empty_secrets(&config) };
    let online = match online {
        false => None,
        true => match online::look(config).await {
            Ok(findings) => Some(findings),
            Err(exit) => return exit,
        },
    };
    let good = certificates.iter().all(|verdict| verdict.error.is_none())
        && instance_cas.iter().all(|verdict| verdict.error.is_none())
        && watch_files.iter().all(|file| file.error.is_none())
        && discover.iter().all(patterns::Line::is_good)
        && credentials.is_empty();
    let ok = good && online.as_ref().is_none_or(online::Findings::is_clean);
    let shown = Shown {
        warnings,
        certificates,
        instance_cas,
        instance_ssls,
        watch_files,
        discover,
        notify,
        credentials,
        online,
        ok,
    };
    match format {
        Format::Json => print::json(&shown),
        Format::Text => print::text(&words(&shown)),
    }
    if ok { Exit::Fine } else { Exit::Fault }
}

/// All pairs at once, given in the configuration's order.
async fn certificates(entries: &[Arc<Certificate>], now: Time) -> Vec<Verdict> {
    let read = local::read_all(entries, |_| None).await;
    entries.iter().zip(read).map(|(entry, local)| verdict(entry, local, now)).collect()
}

/// A sentence for each pair that ends within its `warn_before`.
pub(super) async fn late(config: &Config) -> Vec<String> {
    let verdicts = certificates(&config.certificates, daemon::now()).await;
    let late = verdicts.iter().filter(|it| it.error.is_none());
    late.filter_map(|it| {
        let warning = it.warning.as_ref()?;
        Some(format!("{}: {} and {warning}", named(&it.name), it.leaf.words()))
    })
    .collect()
}

/// What the pairs of this configuration are worth, a row each.
pub(super) async fn pairs(config: &Config) -> Vec<Row> {
    let verdicts = certificates(&config.certificates, daemon::now()).await;
    verdicts.iter().map(Verdict::row).collect()
}

impl Verdict {
    fn row(&self) -> Row {
        match &self.error {
            Some(error) => row(["BAD".into(), named(&self.name)]).with(error),
            None => match &self.warning {
                Some(warning) => row([
                    "warn".into(),
                    named(&self.name),
                    format!("{} and {warning}", self.leaf.words()),
                ]),
                None => row(["ok".into(), named(&self.name), self.leaf.words()]),
            },
        }
    }
}

fn verdict(entry: &Certificate, local: Local, now: Time) -> Verdict {
    let name = entry.name.clone();
    let sentence = |path: &std::path::Path, finding| format!("{}: {finding}", path.display());
    match local.leaf {
        Err(bad) => {
            let error = Some(sentence(&bad.path, bad.finding));
            Verdict { name, leaf: Leaf::default(), error, warning: None }
        }
        Ok(leaf) => Verdict {
            name,
            error: validity(&leaf, now).map(|finding| sentence(&entry.cert, finding)),
            warning: (leaf.not_after < now + entry.warn_before).then(|| NOT_RENEWED.to_owned()),
            leaf: Leaf::new(&leaf, now),
        },
    }
}

fn words(shown: &Shown) -> String {
    let warnings = shown.warnings.iter().map(|words| row(["warning".into(), words.clone()]));
    let certificates = shown.certificates.iter().map(Verdict::row);
    let files = shown.instance_cas.iter().map(owner::Verdict::row);
    let switches = shown.instance_ssls.iter().map(listed::Switch::row);
    let found = shown.discover.iter().map(patterns::Line::row);
    let watched = shown.watch_files.iter().map(watched::Line::verdict);
    let told = shown.notify.iter().map(listed::Told::row);
    let credentials = shown.credentials.iter().map(named::Empty::row);
    let files = files.chain(switches).chain(watched).chain(found).chain(told).chain(credentials);
    let online = shown.online.iter().flat_map(online::Findings::rows);
    // Apart from the verdicts, so that they do not widen each other's columns.
    let warnings = table::text(&warnings.collect::<Vec<_>>());
    let verdicts = table::text(&certificates.chain(files).chain(online).collect::<Vec<_>>());
    let last = last(shown);
    format!("{warnings}{verdicts}{last}\n")
}

/// How it ends: what is warned of is not wrong, and is counted.
fn last(shown: &Shown) -> String {
    let late = shown.certificates.iter().filter(|it| it.error.is_none() && it.warning.is_some());
    let late = late.count() + shown.watch_files.iter().filter(|it| it.is_late()).count();
    match shown.warnings.len() + late {
        _ if !shown.ok => "something is wrong".to_owned(),
        0 => "nothing wrong".to_owned(),
        1 => "1 warning".to_owned(),
        more => format!("{more} warnings"),
    }
}

fn named(name: &Name) -> String {
    format!("certificate {name}")
}

fn row<const N: usize>(cells: [String; N]) -> Row {
    Row { cells: cells.map(Cell::from).into(), notes: Vec::new() }
}
