//! The line of a CA file: what it holds, when it was installed, its command, what the instance
//! presents, next.

use serde::Serialize;

use super::instance::Instance;
use super::{Known, Next};
use crate::cert::CaFacts;
use crate::cli::table::Row;
use crate::config::{Config, InstanceCa};
use crate::model::digest::Sha256;
use crate::model::names::{Name, Subject};
use crate::model::time::{Time, remaining};
use crate::plan::action::Action;
use crate::plan::memory::{Effect, State};
use crate::plan::observed::{CaSeen, FileSeen};
use crate::telemetry::page::{Cell, Life, Tone};

const SECS_A_DAY: u64 = 24 * 60 * 60;
/// How a command ended that did not end well.
const FAILED: &str = "failed";
/// What comes next where the planner says nothing.
const IDLE: &str = "looks at the next cycle";

/// One CA file. The keys are public interface.
#[derive(Serialize)]
pub(super) struct Line {
    name: Name,
    cloud: Name,
    instance_id: String,
    path: String,
    /// Of the file in place.
    sha256: Option<Sha256>,
    /// Until the first of the CAs in it ends.
    days_left: Option<i64>,
    #[serde(skip)]
    file: String,
    /// Of the first that ends among the CAs that stay.
    #[serde(skip)]
    life: Option<Life>,
    installed: String,
    on_change: String,
    authorities: Vec<Authority>,
    instance: Option<Instance>,
    #[serde(flatten)]
    pub next: Next,
}

/// One CA in the file.
#[derive(Serialize)]
struct Authority {
    subject: String,
    sha256: Sha256,
    days_left: i64,
    /// Whether the instance published it when it was last asked; absent: it never was.
    published: Option<bool>,
}

pub(super) fn lines(config: &Config, known: &Known<'_>) -> Vec<Line> {
    let entries = config.instance_cas.iter().zip(&known.observed.cas);
    entries.map(|(entry, seen)| line(entry, seen, known)).collect()
}

fn line(entry: &InstanceCa, seen: &CaSeen, known: &Known<'_>) -> Line {
    let name = entry.name.clone();
    let sha256 = match &seen.file {
        FileSeen::Holds { sha256, .. } => Some(*sha256),
        FileSeen::Absent | FileSeen::Unknown(_) => None,
    };
    let authorities = authorities(&name, &seen.file, known);
    let days_left = authorities.iter().map(|it| it.days_left).min();
    let instance = entry.probe.as_ref().map(|it| Instance::last(&name, &it.probe.text, known));
    let mut next = known.next(&Subject::Ca(name.clone()), IDLE);
    let of_instance =
        instance.iter().flat_map(|it| it.faults(keeps(&authorities), warn_days(entry)));
    let of_file = authorities.iter().filter_map(|it| it.fault(warn_days(entry)));
    next.person(of_instance.chain(of_file));
    Line {
        cloud: entry.cloud.clone(),
        instance_id: entry.instance_id.clone(),
        path: entry.path.display().to_string(),
        file: words(&seen.file, days_left),
        life: life(entry, &seen.file, &authorities),
        days_left,
        installed: installed(&name, sha256, known),
        on_change: on_change(&name, sha256, seen, known),
        authorities,
        instance,
        next,
        name,
        sha256,
    }
}

fn authorities(name: &Name, file: &FileSeen, known: &Known<'_>) -> Vec<Authority> {
    let FileSeen::Holds { authorities, .. } = file else { return Vec::new() };
    let published = known.memory.authorities(name).map(|known| &known.published);
    let of = |found: &CaFacts| Authority {
        subject: found.subject.clone(),
        sha256: found.sha256,
        days_left: found.not_after.days_after(known.observed.now),
        published: published.map(|published| published.contains(&found.sha256)),
    };
    authorities.iter().map(of).collect()
}

/// What ends first among the CAs that stay in the file.
fn life(entry: &InstanceCa, file: &FileSeen, known: &[Authority]) -> Option<Life> {
    let FileSeen::Holds { authorities, .. } = file else { return None };
    let stays = known.iter().map(|it| it.published != Some(false));
    let staying = authorities.iter().zip(stays).filter(|(_, stays)| *stays);
    let first = staying.map(|(facts, _)| facts).min_by_key(|facts| facts.not_after)?;
    let (from, until) = (Some(first.not_before), first.not_after);
    Some(Life { from, until, warn_before: entry.warn_before })
}

/// Whether the file has a former CA beside the published one.
fn keeps(authorities: &[Authority]) -> bool {
    authorities.iter().any(|it| it.published == Some(false))
}

/// How many days before its end something is warned of.
fn warn_days(entry: &InstanceCa) -> i64 {
    i64::try_from(entry.warn_before.as_secs() / SECS_A_DAY).unwrap_or(i64::MAX)
}

impl Authority {
    /// What is wrong with it. A former one leaves by itself.
    fn fault(&self, warn_days: i64) -> Option<String> {
        let near = self.days_left < warn_days && self.published != Some(false);
        let left = || format!("the CA {} in the file: {}", self.subject, remaining(self.days_left));
        near.then(|| format!("{}, and the service has to publish another one", left()))
    }
}

impl Next {
    /// Adds what no plan without a look speaks of, and what somebody has to see to.
    fn person(&mut self, faults: impl Iterator<Item = String>) {
        for fault in faults {
            self.next = if self.next == IDLE { fault } else { format!("{}; {fault}", self.next) };
            self.needs_person = true;
        }
    }
}

fn words(file: &FileSeen, days_left: Option<i64>) -> String {
    match (file, days_left) {
        (FileSeen::Holds { sha256, .. }, Some(left)) => {
            format!("{}, {}", sha256.short(), remaining(left))
        }
        (FileSeen::Holds { sha256, .. }, None) => {
            format!("{}, no CA that can be read", sha256.short())
        }
        (FileSeen::Absent, _) => "none".to_owned(),
        (FileSeen::Unknown(_), _) => "cannot be read".to_owned(),
    }
}

fn installed(name: &Name, sha256: Option<Sha256>, known: &Known<'_>) -> String {
    let Some(sha256) = sha256 else { return "nothing in place".to_owned() };
    match known.memory.installed(name, &sha256) {
        Some(Effect { state: State::Done, at, .. }) => at.to_string(),
        Some(Effect { state: State::Seen, at, .. }) => format!("found in place {at}"),
        _ => "not by certrotd".to_owned(),
    }
}

fn on_change(name: &Name, sha256: Option<Sha256>, seen: &CaSeen, known: &Known<'_>) -> String {
    if !seen.has_hook {
        return "none".to_owned();
    }
    let ran = sha256
        .and_then(|sha256| known.memory.effect(&Action::RunHook { name: name.clone(), sha256 }));
    match ran.map(|effect| (&effect.state, effect.at)) {
        Some((State::Done | State::Seen, at)) => format!("ran {at}"),
        Some((State::Failed(_), at)) => format!("{FAILED} {at}"),
        Some((State::Open | State::Doubt(_), at)) => format!("begun {at}"),
        Some((State::Gone, _)) | None => "not run".to_owned(),
    }
}

impl Line {
    pub(super) fn row(&self, now: Time) -> Row {
        let tone = if self.sha256.is_some() { Tone::Plain } else { self.next.stopped() };
        let mut file = Cell::new(&*self.file, tone);
        if let Some(life) = self.life {
            (file.tone, file.left) = (life.tone(now), life.left(now));
        }
        let failed = self.on_change.starts_with(FAILED);
        let on_change = Cell::new(&*self.on_change, if failed { Tone::Bad } else { Tone::Plain });
        let (name, installed) = (self.name.to_string().into(), self.installed.clone().into());
        let cells = vec![name, file, installed, on_change, self.next.cell()];
        Row { cells, notes: self.instance.iter().map(Instance::words).collect() }
    }
}
