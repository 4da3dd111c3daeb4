//! Looks: which subjects are looked at, each by itself. A certificate takes two strides: first the
//! files on this disk, and then, knowing the leaf, the cloud.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::looking::Looking;
use super::{Cycle, World};
use tokio::time::Instant;

use crate::apply::Payload;
use crate::cloud::Cloud;
use crate::config::{Certificate, InstanceCa};
use crate::model::digest::Sha256;
use crate::model::names::Subject;
use crate::model::time::Time;
use crate::observe::lists::Lists;
use crate::observe::local::{self, Local};
use crate::observe::{published, switches};
use crate::plan::memory::Memory;
use crate::plan::needs;
use crate::plan::observed::{CaSeen, CertificateSeen, FileSeen, Observed, SwitchSeen};
use crate::plan::{self, Plan};
use pair::Ask;

mod pair;

pub(super) use pair::unseen;

/// A part of a look that has ended.
pub(super) enum Stride {
    /// The files are read; the cloud comes next.
    Read(Box<Read>),
    /// All is seen.
    Done(Box<Look>),
}

/// A pair as it lies on the disk, on its way to the cloud.
pub(super) struct Read {
    entry: Arc<Certificate>,
    local: Local,
    context: Context,
}

/// What one look saw, and the bytes that a step would need.
pub(super) struct Look {
    pub subject: Subject,
    /// The configuration that it was made for.
    pub world: Arc<World>,
    pub seen: Seen,
    pub payload: Payload,
}

pub(super) enum Seen {
    Certificate {
        seen: CertificateSeen,
        /// Imports of the leaf beside the one that was found: told, and nothing is decided by them.
        others: Vec<String>,
    },
    Ca(CaSeen),
    Switch(SwitchSeen),
}

impl Cycle {
    /// Begins to look at everything that needs it and has nothing under way.
    pub(super) fn start_looks(&mut self) {
        let (later, now): (BTreeSet<_>, BTreeSet<_>) =
            std::mem::take(&mut self.dirty).into_iter().partition(|it| self.looking.contains(it));
        self.dirty = later;
        // What has a step under way is looked at when the step ends.
        let now: BTreeSet<_> =
            now.into_iter().filter(|subject| !self.in_flight.contains_key(subject)).collect();
        if now.is_empty() {
            return;
        }
        self.report.begin();
        self.due.retain(|subject, _| !now.contains(subject));
        let context = Context {
            world: Arc::clone(&self.world),
            lists: Arc::clone(&self.lists),
            now: (self.clock)(),
            began: Instant::now(),
            woken: self.woken,
        };
        start(&now, &context, &self.memory, &mut self.looking);
    }

    pub(super) fn take_stride(&mut self, stride: Result<Stride, Subject>) {
        self.moved();
        match stride {
            Ok(Stride::Read(read)) => go_on(*read, &self.memory, &mut self.looking),
            Ok(Stride::Done(look)) if self.world.asks_as(&look.world, &look.subject) => {
                self.looked.insert(look.subject.clone(), *look);
            }
            // Its configuration changed meanwhile: what was seen is not what is asked for now.
            Ok(Stride::Done(look)) => self.look_at([look.subject]),
            Err(subject) => {
                self.broken = true;
                let again = (self.clock)() + AFTER_PANIC;
                self.due.insert(subject, again);
            }
        }
    }
}

/// When to look again after a look that panicked. The panic has logged itself.
const AFTER_PANIC: Duration = Duration::from_secs(60);

/// What every look of one round shares.
#[derive(Clone)]
pub(super) struct Context {
    world: Arc<World>,
    lists: Arc<Lists>,
    now: Time,
    began: Instant,
    woken: Instant,
}

/// Looks at everything once and plans, without a step and without a journal: what `plan` shows.
/// The memory is left with what looking has settled.
pub async fn preview(world: Arc<World>, memory: &mut Memory, now: Time) -> Plan {
    survey(world, memory, now).await.1
}

/// As [`preview`], with everything that was seen: also what the plan does not speak of, such as a
/// target that may be pushed to and not read.
pub async fn survey(world: Arc<World>, memory: &mut Memory, now: Time) -> (Observed, Plan) {
    let (lists, began) = (Arc::default(), Instant::now());
    let context = Context { world: Arc::clone(&world), lists, now, began, woken: began };
    let mut looking = Looking::default();
    start(&world.subjects().into_iter().collect(), &context, memory, &mut looking);
    let mut looks = BTreeMap::new();
    while let Some(stride) = looking.next().await {
        match stride {
            Ok(Stride::Read(read)) => go_on(*read, memory, &mut looking),
            Ok(Stride::Done(look)) => drop(looks.insert(look.subject.clone(), *look)),
            Err(_) => {}
        }
    }
    let observed = observed(&looks, &world, now, std::iter::empty());
    let plan = forecast(&observed, memory);
    (observed, plan)
}

/// Plans as a cycle would, with lessons that go into this memory and into no journal.
pub(super) fn forecast(observed: &Observed, memory: &mut Memory) -> Plan {
    let plan = plan::settle(observed, memory, |lessons, memory| {
        for lesson in lessons {
            memory.fold(observed.now, &lesson.into());
        }
        Ok::<_, std::convert::Infallible>(())
    });
    plan.unwrap_or_else(|never| match never {})
}

/// Everything looked at, as the planner takes it.
pub(super) fn observed<'a>(
    looks: &BTreeMap<Subject, Look>,
    world: &World,
    now: Time,
    in_flight: impl Iterator<Item = &'a Subject>,
) -> Observed {
    let schedule = &world.config.schedule;
    let mut observed = Observed {
        now,
        doubt: schedule.doubt,
        retry: schedule.retry,
        in_flight: in_flight.cloned().collect(),
        certificates: Vec::new(),
        cas: Vec::new(),
        switches: Vec::new(),
    };
    for look in looks.values() {
        match &look.seen {
            Seen::Certificate { seen, .. } => observed.certificates.push(seen.clone()),
            Seen::Ca(seen) => observed.cas.push(seen.clone()),
            Seen::Switch(seen) => observed.switches.push(seen.clone()),
        }
    }
    observed
}

fn start(subjects: &BTreeSet<Subject>, context: &Context, memory: &Memory, looking: &mut Looking) {
    let config = &context.world.config;
    for entry in &config.certificates {
        let subject = Subject::Certificate(entry.name.clone());
        if subjects.contains(&subject) {
            let (entry, context) = (entry.clone(), context.clone());
            looking.spawn(subject, async move {
                let local = local::read(&entry).await;
                Stride::Read(Box::new(Read { entry, local, context }))
            });
        }
    }
    for entry in &config.instance_cas {
        let subject = Subject::Ca(entry.name.clone());
        let Some(cloud) = context.world.cloud(&entry.cloud).cloned() else { continue };
        if subjects.contains(&subject) {
            let proven = entry
                .probe
                .as_ref()
                .and_then(|probe| needs::proven(&entry.name, probe, memory, context.now));
            let (entry, context) = (entry.clone(), context.clone());
            looking.spawn(subject, async move { ca(&cloud, &entry, proven, &context).await });
        }
    }
    for entry in &config.instance_ssls {
        let subject = Subject::Ssl(entry.name.clone());
        let Some(cloud) = context.world.cloud(&entry.cloud).cloned() else { continue };
        if subjects.contains(&subject) {
            let unseen = switches::unseen(entry, context.now);
            let need = needs::switch(&unseen, memory, context.now);
            let (entry, context) = (entry.clone(), context.clone());
            looking.spawn(subject.clone(), async move {
                let seen = switches::look(&cloud, &entry, &need, context.now).await;
                context.done(subject, Seen::Switch(seen), Payload::None)
            });
        }
    }
}

/// The second stride of a certificate: the cloud, as far as it must be asked.
fn go_on(read: Read, memory: &Memory, looking: &mut Looking) {
    let Read { entry, local, context } = read;
    let subject = Subject::Certificate(entry.name.clone());
    let Some(cloud) = context.world.cloud(&entry.cloud).cloned() else { return };
    let ask = local.leaf.as_ref().ok().map(|leaf| Ask::about(&entry, leaf, memory, &context));
    looking.spawn(subject.clone(), async move {
        let (seen, others) = match (local.leaf, ask) {
            (Ok(leaf), Some(ask)) => pair::look(&cloud, &entry, leaf, ask, &context).await,
            (leaf, _) => (unseen(&entry, leaf, context.now), Vec::new()),
        };
        let payload =
            local.material.map_or(Payload::None, |material| Payload::Pair(Arc::new(material)));
        context.done(subject, Seen::Certificate { seen, others }, payload)
    });
}

impl Context {
    fn done(self, subject: Subject, seen: Seen, payload: Payload) -> Stride {
        Stride::Done(Box::new(Look { subject, world: self.world, seen, payload }))
    }
}

async fn ca(
    cloud: &Cloud,
    entry: &InstanceCa,
    proven: Option<Vec<Sha256>>,
    context: &Context,
) -> Stride {
    let seen = published::look(cloud, entry, proven.as_deref(), context.now).await;
    let mut known = Vec::new();
    if let Ok(published) = &seen.published {
        known.extend_from_slice(&published.certificates);
    }
    if let FileSeen::Holds { authorities, .. } = &seen.file {
        known.extend_from_slice(authorities);
    }
    let payload = Payload::Authorities(Arc::new(known));
    context.clone().done(Subject::Ca(entry.name.clone()), Seen::Ca(seen), payload)
}
