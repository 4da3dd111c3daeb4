//! Looks: which subjects are looked at, each by itself. A certificate takes two strides: first the
//! files on this disk, and then, knowing the leaf, the cloud.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::ends::ends;
use super::keep;
use super::looking::{Ended, Looking};
use super::queue::Kind;
use super::wanted::Round;
use super::{Cycle, World};
use tokio::time::Instant;

use crate::apply::Payload;
use crate::cloud::Cloud;
use crate::config::InstanceCa;
use crate::model::digest::Sha256;
use crate::model::names::Subject;
use crate::model::time::Time;
use crate::observe::lists::Lists;
use crate::observe::local::{self, Asked, Local};
use crate::observe::seen::Pairs;
use crate::observe::{published, switches};
use crate::plan::hold::Hold;
use crate::plan::memory::Memory;
use crate::plan::needs;
use crate::plan::observed::{BadInput, CaSeen, CertificateSeen, FileSeen, Observed, SwitchSeen};
use crate::plan::{self, Held, Plan};
use pair::Ask;

mod pair;

pub(super) use pair::unseen;

/// A part of a look that has ended.
pub(super) enum Stride {
    /// Files are read; the cloud comes next.
    Read(Read),
    /// All is seen.
    Done(Box<Look>),
}

/// Pairs as they lie on the disk, on their way to the cloud.
pub(super) struct Read {
    /// What was to be read, in this order.
    asked: Vec<Asked>,
    /// What came of it. The disk did not answer in time for those at the end that are missing here.
    read: Vec<Local>,
    context: Context,
}

/// What one look saw, and the bytes that a step would need where they do not lie on this disk.
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
        /// Imports of the leaf beside the one found, by which nothing is decided.
        others: Vec<String>,
    },
    Ca(CaSeen),
    Switch(SwitchSeen),
}

impl Cycle {
    /// Begins to look at everything that needs it and has nothing under way.
    pub(super) fn start_looks(&mut self) {
        let Round { mut all, mut files } = self.wanted.take();
        // What has a step under way is looked at when the step ends.
        for wanted in [&mut all, &mut files] {
            wanted.retain(|subject| !self.in_flight.contains_key(subject));
        }
        if all.is_empty() && files.is_empty() {
            return;
        }
        let context = Context {
            world: Arc::clone(&self.world),
            lists: Arc::clone(&self.lists),
            now: (self.clock)(),
            began: Instant::now(),
            woken: self.woken,
            scope: Scope::Rest,
        };
        if !all.is_empty() {
            self.report.begin(all.iter().cloned());
            all.iter().for_each(|subject| self.due.remove(subject));
            start(all, &context, &self.memory, &self.known, &mut self.looking);
        }
        let context = Context { scope: Scope::Changed, ..context };
        start(files, &context, &self.memory, &self.known, &mut self.looking);
    }

    pub(super) fn take_stride(&mut self, Ended { subjects, stride }: Ended) {
        self.moved();
        match stride {
            Some(Stride::Read(read)) => {
                let went = go_on(read, &self.memory, &mut self.known, &mut self.looking);
                if !went.began.is_empty() {
                    self.report.begin(went.began);
                }
                went.done.into_iter().for_each(|look| self.take_look(look));
                went.torn.into_iter().for_each(|(subject, bad)| self.take_torn(subject, &bad));
            }
            Some(Stride::Done(look)) => self.take_look(*look),
            None => {
                self.broken = true;
                let again = (self.clock)() + AFTER_PANIC;
                subjects.iter().for_each(|subject| self.due.by(subject, again));
            }
        }
        for subject in subjects.iter().filter(|subject| !self.looking.contains(subject)) {
            self.wanted.looked_at(subject);
        }
    }

    /// Files that have just changed and are not fit: somebody may be writing them one after the other. What is
    /// wrong for longer is told by the look that comes then, and what was wrong before is told already.
    fn take_torn(&mut self, subject: Subject, bad: &BadInput) {
        let is_told = |held: &Held| {
            matches!(&held.why, Hold::BadInput { path, finding }
                if (path, finding) == (&bad.path, &bad.finding))
        };
        if !self.held.get(&subject).is_some_and(|held| held.iter().any(is_told)) {
            self.due.by(&subject, (self.clock)() + WHOLE_WITHIN);
        }
    }

    fn take_look(&mut self, look: Look) {
        match self.world.asks_as(&look.world, &look.subject) {
            true => drop(self.looked.insert(look.subject.clone(), look)),
            // Its configuration changed meanwhile: what was seen is not what is asked for now.
            false => self.look_at([look.subject]),
        }
    }
}

/// When to look again after a panic, which has logged itself.
const AFTER_PANIC: Duration = Duration::from_secs(60);
/// How long a pair may be half written before that is an alarm. An ACME client needs milliseconds.
const WHOLE_WITHIN: Duration = Duration::from_secs(2);

/// What every look of one round shares.
#[derive(Clone)]
pub(super) struct Context {
    world: Arc<World>,
    lists: Arc<Lists>,
    now: Time,
    began: Instant,
    woken: Instant,
    scope: Scope,
}

/// How far the looks of a round go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// To all that a plan needs, since nothing follows on this one.
    All,
    /// To all that the next step needs: what comes after it is looked at then.
    Rest,
    /// The same, and no further than the files where those are as they were.
    Changed,
}

/// Looks at everything once and plans, without a step and without a journal: what `plan` shows.
/// The memory is left with what looking has settled.
pub async fn preview(world: Arc<World>, memory: &mut Memory, now: Time) -> Plan {
    survey(world, memory, now).await.1
}

/// As [`preview`], with everything that was seen: also what the plan does not speak of, such as a
/// target that may be pushed to and not read.
pub async fn survey(world: Arc<World>, memory: &mut Memory, now: Time) -> (Observed, Plan) {
    let (mut known, lists) = keep::taken(&world.config.state);
    let began = Instant::now();
    let (world_of, scope) = (Arc::clone(&world), Scope::All);
    let context = Context { world: world_of, lists, now, began, woken: began, scope };
    let mut looking = Looking::default();
    let all = world.subjects().into_iter().collect();
    start(all, &context, memory, &known, &mut looking);
    let mut looks = BTreeMap::new();
    let mut take = |look: Look| drop(looks.insert(look.subject.clone(), look));
    while let Some(ended) = looking.next().await {
        match ended.stride {
            Some(Stride::Read(read)) => {
                let went = go_on(read, memory, &mut known, &mut looking);
                went.done.into_iter().for_each(&mut take);
            }
            Some(Stride::Done(look)) => take(*look),
            None => {}
        }
    }
    let (observed, _) = observed(looks, &world, now, std::iter::empty());
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

/// What steps would need beside their plan, of everything that was looked at.
pub(super) type Payloads = BTreeMap<Subject, Payload>;

/// Everything looked at, as the planner takes it, and the bytes beside it.
pub(super) fn observed<'a>(
    looks: BTreeMap<Subject, Look>,
    world: &World,
    now: Time,
    in_flight: impl Iterator<Item = &'a Subject>,
) -> (Observed, Payloads) {
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
    let mut payloads = Payloads::new();
    for (subject, look) in looks {
        match look.seen {
            Seen::Certificate { seen, .. } => observed.certificates.push(seen),
            Seen::Ca(seen) => observed.cas.push(seen),
            Seen::Switch(seen) => observed.switches.push(seen),
        }
        payloads.insert(subject, look.payload);
    }
    (observed, payloads)
}

fn start(
    subjects: BTreeSet<Subject>,
    context: &Context,
    memory: &Memory,
    known: &Pairs,
    looking: &mut Looking,
) {
    let world = &context.world;
    let mut asked = Vec::new();
    for subject in subjects {
        match &subject {
            Subject::Certificate(name) => {
                let Some(entry) = world.certificate(name) else { continue };
                asked.push((Arc::clone(entry), known.get(name).cloned()));
            }
            Subject::Ca(name) => {
                let Some(entry) = world.instance_ca(name).cloned() else { continue };
                let Some(cloud) = world.cloud(&entry.cloud).cloned() else { continue };
                let proven = |probe| needs::proven(&entry.name, probe, memory, context.now);
                let (proven, context) = (entry.probe.as_ref().and_then(proven), context.clone());
                let look = async move { ca(&cloud, &entry, proven, &context).await };
                looking.spawn(vec![subject], look);
            }
            Subject::Ssl(name) => {
                let Some(entry) = world.instance_ssl(name).cloned() else { continue };
                let Some(cloud) = world.cloud(&entry.cloud).cloned() else { continue };
                let unseen = switches::unseen(&entry, context.now);
                let need = needs::switch(&unseen, memory, context.now);
                let (done, context) = (subject.clone(), context.clone());
                looking.spawn(vec![subject], async move {
                    let seen = switches::look(&cloud, &entry, &need, context.now).await;
                    Stride::Done(Box::new(context.done(done, Seen::Switch(seen), Payload::None)))
                });
            }
        }
    }
    // Those whose turn comes first in the cloud are read first.
    asked.sort_by_cached_key(|(entry, known)| {
        let leaf = known.as_ref().and_then(local::Known::leaf);
        ends(entry, leaf.map(|leaf| &**leaf), memory).map_or((1, Time::default()), |ends| (0, ends))
    });
    for part in local::parts(&asked) {
        let (asked, context) = (part.to_vec(), context.clone());
        looking.read(asked.iter().map(subject_of).collect(), async move {
            let read = local::sweep(asked.clone()).await;
            Stride::Read(Read { asked, read, context })
        });
    }
}

fn subject_of((entry, _): &Asked) -> Subject {
    Subject::Certificate(entry.name.clone())
}

/// What came of files that were read.
#[derive(Default)]
struct Went {
    /// Looks that need not ask the cloud.
    done: Vec<Look>,
    /// What has just changed and is not fit to be sent.
    torn: Vec<(Subject, BadInput)>,
    /// Who is looked at, be that at the files alone.
    began: Vec<Subject>,
}

/// The second stride of certificates: the cloud, as far as it must be asked. Those looks that need not ask are
/// given at once.
fn go_on(
    Read { asked, read, context }: Read,
    memory: &Memory,
    known: &mut Pairs,
    looking: &mut Looking,
) -> Went {
    let mut went = Went::default();
    let mut read = read.into_iter();
    for (entry, former) in asked {
        let subject = Subject::Certificate(entry.name.clone());
        // First of all, since those behind it count from it.
        let read = read.next();
        let Some(cloud) = context.world.cloud(&entry.cloud).cloned() else { continue };
        let Some(Local { leaf, known: read }) = read else {
            let context = context.clone();
            looking.spawn(vec![subject], async move {
                let read = vec![local::read(&entry, former.clone()).await];
                Stride::Read(Read { asked: vec![(entry, former)], read, context })
            });
            continue;
        };
        let same = read.as_ref().zip(former.as_ref()).is_some_and(|(read, of)| read.is_as(of));
        match read {
            Some(read) => known.insert(entry.name.clone(), read),
            None => known.remove(&entry.name),
        }
        if context.scope == Scope::Changed {
            match &leaf {
                _ if same => continue,
                Ok(_) => {}
                Err(bad) => {
                    went.torn.push((subject, bad.clone()));
                    continue;
                }
            }
        }
        went.began.push(subject.clone());
        let ask = leaf.as_ref().ok().map(|leaf| Ask::about(&entry, leaf, memory, &context));
        match (leaf, ask) {
            (Ok(leaf), Some(ask)) if !ask.is_idle(&entry) => {
                let first = ends(&entry, Some(&leaf), memory);
                let kind = Kind { account: entry.cloud.clone(), want: ask.want() };
                let (context, of) = (context.clone(), subject.clone());
                let look = async move || {
                    let seen = pair::look(&cloud, &entry, leaf, ask, &context).await;
                    Stride::Done(Box::new(context.done(of, seen, Payload::None)))
                };
                looking.enqueue(kind, first.unwrap_or_default(), subject, look);
            }
            (leaf, _) => {
                let seen = unseen(&entry, leaf, context.now);
                let seen = Seen::Certificate { seen, others: Vec::new() };
                went.done.push(context.clone().done(subject, seen, Payload::None));
            }
        }
    }
    went
}

impl Context {
    fn done(self, subject: Subject, seen: Seen, payload: Payload) -> Look {
        Look { subject, world: self.world, seen, payload }
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
    let subject = Subject::Ca(entry.name.clone());
    Stride::Done(Box::new(context.clone().done(subject, Seen::Ca(seen), payload)))
}

#[cfg(test)]
mod tests;
