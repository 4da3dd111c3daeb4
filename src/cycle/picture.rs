//! What a running cycle shows of itself: one picture, filled after each pass, that whoever watches reads.
//! It decides nothing, and nothing is decided by it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Cycle;
use super::matter::{Alarms, Changes, Matter};
use super::pulse::{Moment, Pulse, Task, Waits};
use super::report::{presented_until, served_until};
use super::wants::Wants;
use super::world::World;
use crate::cloud::Calls;
pub use crate::cloud::{CallEnd, Durations, Service, Services};
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::names::{Name, Subject};
use crate::model::news::News;
use crate::model::time::Time;
use crate::plan::action::{Action, Import, ImportKey};
use crate::plan::hold::Hold;
use crate::plan::memory::{Memory, State};
use crate::plan::observed::{CaSeen, CertificateSeen, FileSeen, Observed};
use crate::plan::{Plan, Step};

pub use watched::Watched;

mod watched;

/// The place where a cycle puts its picture. Copies show the same one.
#[derive(Clone, Debug, Default)]
pub struct Board(Arc<Mutex<Picture>>);

impl Board {
    /// The picture as it is now. The cycle waits while this is held.
    pub fn picture(&self) -> MutexGuard<'_, Picture> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a cycle is doing. Holds names and moments, and no secret.
#[derive(Debug, Default)]
pub struct Picture {
    /// Whether it is alive.
    pub pulse: Pulse,
    /// Of its calls to the cloud, how many have ended.
    pub(crate) calls: Calls,
    /// Every configured entry, from the start on.
    pub entries: BTreeMap<Subject, Entry>,
    /// Steps that have ended, by the action's word and `done`, `failed` or `lost`.
    pub steps: BTreeMap<(&'static str, &'static str), u64>,
    /// How often everything there was to do had been done.
    pub cycles: u64,
    /// When that last was so.
    pub finished: Option<Time>,
    /// Whether that is so now, and nothing is under way.
    pub at_rest: bool,
    /// The steps that were done last.
    pub changes: Changes,
    /// How many messages each `[[notify]]` was sent, and how many tries failed.
    pub messages: BTreeMap<Name, Sent>,
    /// Every configured entry of files that somebody else renews, from the start on.
    pub watched: BTreeMap<Name, Watched>,
    /// What of all that is left for those who only read.
    pub(super) wants: Wants,
}

/// What has become of the messages to somebody.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Those that were taken.
    pub taken: u64,
    /// Tries that were not.
    pub failed: u64,
}

/// One entry of the configuration.
#[derive(Debug, Default)]
pub struct Entry {
    /// Whether the last look found everything as it is wanted, down to what is served.
    pub in_order: bool,
    /// Whether it has been looked at by this process.
    pub looked: bool,
    /// What wants a person: whatever waits for one, and the alarms that stand.
    pub matters: Box<[Matter]>,
    /// How many days the leaf in the file is valid for in all; 0 where that is not known.
    pub life_days: u16,
    /// How long before an end it is warned of, in seconds.
    pub warn_secs: u32,
    /// The last look that did, in this process.
    pub last_success: Option<Time>,
    /// When what stands there ends, where that is known.
    pub ends: Ends,
    /// How often each kind of reason holds something of it.
    pub held: BTreeMap<&'static str, u64>,
}

impl Entry {
    /// Whether something of it waits for a person. An alarm alone does not.
    pub fn needs_person(&self) -> bool {
        self.matters.iter().any(|it| it.kind != News::Expiring)
    }
}

/// Where a certificate stands; for a CA entry the CAs in the file, and what the instance presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// On this disk.
    File,
    /// Imported last.
    Cloud,
    /// Where clients get it.
    Served,
}

/// When what stands in each layer ends, where that is known. A place for each and no map: there are thousands of
/// entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ends([Option<Time>; Layer::ALL.len()]);

impl Ends {
    /// Those that are known, in the order of the layers.
    pub fn iter(&self) -> impl Iterator<Item = (Layer, Time)> {
        Layer::ALL.into_iter().zip(self.0).filter_map(|(layer, until)| Some((layer, until?)))
    }

    /// That of one layer, where it is known.
    pub fn of(&self, layer: Layer) -> Option<Time> {
        self.0[layer as usize]
    }

    fn set(&mut self, layer: Layer, until: Option<Time>) {
        self.0[layer as usize] = until;
    }
}

impl Layer {
    /// Every one, in the order in which a certificate comes to them.
    pub const ALL: [Self; 3] = [Self::File, Self::Cloud, Self::Served];

    /// The word in metrics.
    pub const fn key(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Cloud => "cloud",
            Self::Served => "served",
        }
    }
}

/// Every action's word in metrics.
pub const ACTIONS: [&str; 7] =
    ["import", "push", "bind", "retire", "install_ca", "run_hook", "switch_ssl"];
/// Every way in which a step ends: well, surely not done, and without an answer.
pub const OUTCOMES: [&str; 3] = ["done", "failed", "lost"];

impl Picture {
    /// The configured entries are these, and what they ask of the cloud is counted here.
    pub(super) fn begin(&mut self, subjects: Vec<Subject>, calls: Calls) {
        self.calls = calls;
        self.keep(subjects);
    }

    /// What has become of the calls to each service since the start.
    pub fn services(&self) -> Services {
        self.calls.services()
    }

    /// Lets the calls that have ended since the last time move the pulse. Whoever judges it by checks that
    /// come far more often than [`STALL`](super::pulse::STALL) asks for this at each.
    pub fn feel(&mut self, now: Moment) {
        self.pulse.called(now, self.calls.ended());
    }

    /// The configured entries are these.
    pub(super) fn keep(&mut self, subjects: impl IntoIterator<Item = Subject>) {
        let subjects: BTreeSet<_> = subjects.into_iter().collect();
        self.entries.retain(|subject, _| subjects.contains(subject));
        self.wants.retain(&subjects);
        for subject in subjects {
            self.entries.entry(subject).or_default();
        }
    }

    /// Takes a pass in: what was seen, and what it led to, of which the journal knows since this moment.
    pub(super) fn take(
        &mut self,
        observed: &Observed,
        plan: &Plan,
        alarms: Alarms,
        memory: &Memory,
        world: &World,
        at: Time,
    ) {
        self.at_rest = false;
        let mut said = Said::of(plan, alarms, at);
        for seen in &observed.certificates {
            let subject = Subject::Certificate(seen.name.clone());
            if let Some(entry) = self.look(&subject, observed.now, &mut said) {
                certificate(entry, seen, memory);
                let wanted = world.certificate(&seen.name);
                entry.warn_secs = wanted.map_or(0, |it| secs(it.warn_before));
            }
        }
        for seen in &observed.cas {
            if let Some(entry) = self.look(&Subject::Ca(seen.name.clone()), observed.now, &mut said)
            {
                ca(entry, seen, memory);
                let wanted = world.instance_ca(&seen.name);
                entry.warn_secs = wanted.map_or(0, |it| secs(it.warn_before));
            }
        }
        for seen in &observed.switches {
            self.look(&Subject::Ssl(seen.name.clone()), observed.now, &mut said);
        }
    }

    /// An entry was looked at, and this is what the plan says of it.
    fn look(&mut self, subject: &Subject, now: Time, said: &mut Said<'_>) -> Option<&mut Entry> {
        let entry = self.entries.get_mut(subject)?;
        let held = said.held.get(subject).map(Vec::as_slice).unwrap_or_default();
        entry.in_order = !said.to_do.contains(subject) && held.iter().all(|why| is_tidying(why));
        if entry.in_order {
            entry.last_success = Some(now);
        }
        entry.looked = true;
        let alarms = said.alarms.remove(subject).unwrap_or_default();
        let matter = |why: &&Hold| Matter::of_hold(why, said.at);
        let matters = held.iter().filter_map(matter).chain(alarms).collect();
        let former = std::mem::replace(&mut entry.matters, matters);
        self.wants.take(subject, &former, &mut entry.matters);
        entry.held.clear();
        for why in held {
            *entry.held.entry(why.key()).or_default() += 1;
        }
        Some(entry)
    }

    /// A step has ended.
    pub(super) fn ended(&mut self, step: &Step, failure: Option<&Failure>, now: Time) {
        let action = word(&step.action);
        if let Some(entry) = self.entries.get(&step.subject) {
            self.wants.overtake(&step.subject, &entry.matters);
        }
        if failure.is_none() {
            self.changes.add(step, action, now);
        }
        let outcome = match failure.map(|failure| failure.kind) {
            None => "done",
            Some(Kind::Lost) => "lost",
            Some(_) => "failed",
        };
        *self.steps.entry((action, outcome)).or_default() += 1;
    }

    /// A message was taken by whoever is to be told, or was not.
    pub fn sent(&mut self, to: &Name, taken: bool) {
        let sent = self.messages.entry(to.clone()).or_default();
        *(if taken { &mut sent.taken } else { &mut sent.failed }) += 1;
    }

    /// A cycle has come to rest.
    pub(super) fn finished(&mut self, now: Time) {
        self.cycles += 1;
        self.finished = Some(now);
        self.at_rest = true;
    }
}

/// A plan by its entries: a pass may look at thousands.
struct Said<'a> {
    to_do: BTreeSet<&'a Subject>,
    held: BTreeMap<&'a Subject, Vec<&'a Hold>>,
    alarms: Alarms,
    at: Time,
}

impl<'a> Said<'a> {
    fn of(plan: &'a Plan, alarms: Alarms, at: Time) -> Self {
        let wanted = |step: &&Step| !matches!(step.action, Action::Retire { .. });
        let to_do = plan.now.iter().filter(wanted).map(|step| &step.subject);
        // Of those whose look left out what counts, nobody knows yet.
        let to_do = to_do.chain(&plan.again).collect();
        let mut held = BTreeMap::<_, Vec<_>>::new();
        for one in &plan.held {
            held.entry(&one.subject).or_default().push(&one.why);
        }
        Self { to_do, held, alarms, at }
    }
}

impl Cycle {
    /// Shows what is under way just now.
    pub(super) fn beat(&mut self) {
        let (idle, now) = (self.is_idle(), self.moment());
        let mut picture = self.board.picture();
        if idle {
            return picture.pulse.rests(now.wall);
        }
        let waits = Waits::of(self.started.subjects(), self.looking.subjects());
        let step = self.started.oldest().map(|(at, it)| (at, Task::Step(it.clone())));
        let look = self.looking.oldest().map(|(at, it)| (at, Task::Look(it.clone())));
        let oldest = [step, look].into_iter().flatten().min_by_key(|(at, _)| *at);
        picture.pulse.works(now, waits, oldest);
    }

    /// Shows that something has ended.
    pub(super) fn moved(&self) {
        self.board.picture().pulse.moved(self.moment());
    }

    fn moment(&self) -> Moment {
        Moment { at: Instant::now(), wall: (self.clock)() }
    }
}

/// Whether everything is as it is wanted beside this: what is superseded has not left yet, or an entry is paused for
/// which nothing is due.
fn is_tidying(why: &Hold) -> bool {
    matches!(
        why,
        Hold::StillUsed { .. } | Hold::Overlapping { .. } | Hold::Paused { due: None, .. }
    )
}

fn certificate(entry: &mut Entry, seen: &CertificateSeen, memory: &Memory) {
    let leaf = seen.local.as_ref().ok();
    entry.ends.set(Layer::File, leaf.map(|leaf| leaf.not_after));
    entry.life_days = leaf.map_or(0, |leaf| days(leaf.not_after.since(leaf.not_before)));
    entry.ends.set(Layer::Served, served_until(seen, memory));
    let imported = leaf.filter(|leaf| {
        let key = ImportKey::from(Import {
            cloud: seen.cloud.clone(),
            enterprise_project: seen.enterprise_project.clone(),
            leaf: leaf.sha256,
            issued: leaf.not_before,
        });
        let effect = memory.effect(&Action::Import { key });
        effect.is_some_and(|effect| matches!(effect.state, State::Done | State::Seen))
    });
    // Until this leaf is imported, the former one stands there, whose end only an earlier look knows.
    if let Some(leaf) = imported {
        entry.ends.set(Layer::Cloud, Some(leaf.not_after));
    }
}

fn ca(entry: &mut Entry, seen: &CaSeen, memory: &Memory) {
    let known = memory.authorities(&seen.name);
    let leaves = |it: &Sha256| known.is_some_and(|known| known.former().any(|of| of == it));
    let inside = match &seen.file {
        FileSeen::Holds { authorities, .. } => authorities.as_slice(),
        FileSeen::Absent | FileSeen::Unknown(_) => &[],
    };
    let staying = inside.iter().filter(|it| !leaves(&it.sha256));
    entry.ends.set(Layer::File, staying.map(|it| it.not_after).min());
    entry.ends.set(Layer::Served, presented_until(seen, memory));
}

fn secs(span: Duration) -> u32 {
    u32::try_from(span.as_secs()).unwrap_or(u32::MAX)
}

fn days(span: Duration) -> u16 {
    u16::try_from(span.as_secs() / (24 * 60 * 60)).unwrap_or(u16::MAX)
}

fn word(action: &Action) -> &'static str {
    match action {
        Action::Import { .. } => ACTIONS[0],
        Action::Push { .. } => ACTIONS[1],
        Action::Bind { .. } => ACTIONS[2],
        Action::Retire { .. } => ACTIONS[3],
        Action::InstallCa { .. } => ACTIONS[4],
        Action::RunHook { .. } => ACTIONS[5],
        Action::SwitchSsl { .. } => ACTIONS[6],
    }
}

#[cfg(test)]
mod tests;
