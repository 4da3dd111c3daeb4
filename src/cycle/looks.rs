//! Looks: which subjects are looked at, in two strides. First the files on this disk, all together;
//! then the cloud, each subject by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::looking::Looking;
use super::{Cycle, World};
use crate::apply::Payload;
use crate::cert::{CaBundle, LeafFacts};
use crate::cloud::Cloud;
use crate::config::{Certificate, InstanceCa, Push};
use crate::model::failure::{Failure, Kind};
use crate::model::names::Subject;
use crate::model::time::Time;
use crate::observe::local::{self, Local};
use crate::observe::targets::Lists;
use crate::observe::{imports, published, switches};
use crate::plan::action::ImportKey;
use crate::plan::memory::Memory;
use crate::plan::needs::{self, ImportNeed};
use crate::plan::observed::{
    BadInput, CaSeen, CertificateSeen, CopySeen, FileSeen, ImportSeen, Observed, SwitchSeen,
    TargetSeen,
};
use crate::plan::{self, Plan};

/// What one look saw, and the bytes that a step would need.
#[derive(Debug)]
pub(super) struct Look {
    pub subject: Subject,
    pub seen: Seen,
    pub payload: Payload,
}

#[derive(Debug)]
pub(super) enum Seen {
    Certificate(CertificateSeen),
    Ca(CaSeen),
    Switch(SwitchSeen),
}

impl Cycle {
    /// Begins to look at everything that needs it and has nothing under way.
    pub(super) async fn start_looks(&mut self) {
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
            woken: self.woken,
        };
        start(now, &context, &self.memory, &mut self.looking).await;
    }

    pub(super) fn take_look(&mut self, look: Result<Look, Subject>) {
        match look {
            Ok(look) => {
                self.looked.insert(look.subject.clone(), look);
            }
            Err(subject) => {
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
struct Context {
    world: Arc<World>,
    lists: Arc<Lists>,
    now: Time,
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
    let context =
        Context { world: Arc::clone(&world), lists: Arc::default(), now, woken: Instant::now() };
    let mut looking = Looking::default();
    start(world.subjects().into_iter().collect(), &context, memory, &mut looking).await;
    let mut looks = BTreeMap::new();
    while let Some(look) = looking.next().await {
        looks.extend(look.ok().map(|look| (look.subject.clone(), look)));
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
            Seen::Certificate(seen) => observed.certificates.push(seen.clone()),
            Seen::Ca(seen) => observed.cas.push(seen.clone()),
            Seen::Switch(seen) => observed.switches.push(seen.clone()),
        }
    }
    observed
}

async fn start(
    subjects: BTreeSet<Subject>,
    context: &Context,
    memory: &Memory,
    looking: &mut Looking,
) {
    let world = Arc::clone(&context.world);
    let config = &world.config;
    let wanted = |subject: Subject| subjects.contains(&subject);
    let pairs =
        config.certificates.iter().filter(|it| wanted(Subject::Certificate(it.name.clone())));
    certificates(pairs.cloned().collect(), context, memory, looking).await;
    for entry in config.instance_cas.iter().filter(|it| wanted(Subject::Ca(it.name.clone()))) {
        let Some(cloud) = world.cloud(&entry.cloud).cloned() else { continue };
        let (entry, now) = (entry.clone(), context.now);
        let subject = Subject::Ca(entry.name.clone());
        looking.spawn(subject, async move { ca(&cloud, &entry, now).await });
    }
    for entry in config.instance_ssls.iter().filter(|it| wanted(Subject::Ssl(it.name.clone()))) {
        let Some(cloud) = world.cloud(&entry.cloud).cloned() else { continue };
        let need =
            needs::switch(&entry.cloud, &entry.instance_id, entry.enabled, entry.assume, memory);
        let (entry, now) = (entry.clone(), context.now);
        let subject = Subject::Ssl(entry.name.clone());
        looking.spawn(subject.clone(), async move {
            let seen = Seen::Switch(switches::look(&cloud, &entry, &need, now).await);
            Look { subject, seen, payload: Payload::None }
        });
    }
}

/// Reads all files, then looks at the cloud for each pair that is fit to go there.
async fn certificates(
    entries: Vec<Certificate>,
    context: &Context,
    memory: &Memory,
    looking: &mut Looking,
) {
    let mut reading = JoinSet::new();
    for entry in entries {
        reading.spawn(async move {
            let local = local::read(&entry).await;
            (entry, local)
        });
    }
    let mut pairs = Vec::new();
    while let Some(read) = reading.join_next().await {
        pairs.extend(read);
    }
    for (entry, local) in pairs {
        let Some(cloud) = context.world.cloud(&entry.cloud).cloned() else { continue };
        let asked = local.leaf.as_ref().ok().map(|leaf| {
            let key = import_key(&entry, leaf);
            let need = needs::import(&key, memory, context.now);
            let fresh = needs::fresh_lists(&key, entry.pushes.len(), memory);
            Ask { need, since: if fresh { Instant::now() } else { context.woken } }
        });
        let (context, subject) = (context.clone(), Subject::Certificate(entry.name.clone()));
        looking.spawn(
            subject,
            async move { certificate(&cloud, entry, local, asked, &context).await },
        );
    }
}

/// How one pair's cloud side is looked at.
struct Ask {
    need: ImportNeed,
    since: Instant,
}

async fn certificate(
    cloud: &Cloud,
    entry: Certificate,
    local: Local,
    asked: Option<Ask>,
    context: &Context,
) -> Look {
    let subject = Subject::Certificate(entry.name.clone());
    let mut seen = unseen(&entry, local.leaf, context.now);
    if let (Ok(leaf), Some(ask)) = (&seen.local, asked) {
        let project = entry.enterprise_project_id.as_deref();
        let name = entry.name.of_import(&leaf.sha256);
        let import = imports::look(cloud, leaf, &name, project, &ask.need);
        let copies = copies(cloud, &entry, leaf, &context.lists, ask.since);
        let (import, copies) = tokio::join!(import, copies);
        seen.import = import;
        for (target, copy) in seen.targets.iter_mut().zip(copies) {
            target.copy = copy;
        }
    }
    let payload =
        local.material.map_or(Payload::None, |material| Payload::Pair(Arc::new(material)));
    Look { subject, seen: Seen::Certificate(seen), payload }
}

/// An entry whose files are read and whose cloud side is not looked at.
pub(super) fn unseen(
    entry: &Certificate,
    local: Result<LeafFacts, BadInput>,
    now: Time,
) -> CertificateSeen {
    let target = |push: &Push| TargetSeen {
        target: push.target,
        project: push.project.clone(),
        copy: CopySeen::NotAsked,
    };
    CertificateSeen {
        name: entry.name.clone(),
        cloud: entry.cloud.clone(),
        enterprise_project: entry.enterprise_project_id.clone(),
        cert_path: entry.cert.clone(),
        looked_at: now,
        local,
        import: ImportSeen::Trusted,
        targets: entry.pushes.iter().map(target).collect(),
    }
}

fn import_key(entry: &Certificate, leaf: &LeafFacts) -> ImportKey {
    ImportKey {
        cloud: entry.cloud.clone(),
        enterprise_project: entry.enterprise_project_id.clone(),
        leaf: leaf.sha256,
        issued: leaf.not_before,
    }
}

/// The copies of a leaf in all its targets, asked for at once and given in the order of the entry.
async fn copies(
    cloud: &Cloud,
    entry: &Certificate,
    leaf: &LeafFacts,
    lists: &Arc<Lists>,
    since: Instant,
) -> Vec<CopySeen> {
    let mut asked = JoinSet::new();
    for (index, push) in entry.pushes.iter().enumerate() {
        let (cloud, lists) = (cloud.clone(), Arc::clone(lists));
        let (push, leaf) = (push.clone(), leaf.clone());
        asked.spawn(async move {
            (index, lists.find(&cloud, push.target, &push.project, &leaf, since).await)
        });
    }
    let mut seen = asked.join_all().await;
    seen.sort_by_key(|(index, _)| *index);
    seen.into_iter().map(|(_, copy)| copy).collect()
}

async fn ca(cloud: &Cloud, entry: &InstanceCa, now: Time) -> Look {
    let published = published::look(cloud, entry, now).await;
    let (path, name) = (entry.path.clone(), entry.name.clone());
    let file = tokio::task::spawn_blocking(move || published::file(&path)).await;
    let file = file.unwrap_or_else(|stopped| {
        FileSeen::Unknown(Failure::local(Kind::Transient, "read CA file", stopped))
    });
    let seen = CaSeen {
        name: name.clone(),
        published: published.as_ref().map(|bundle: &CaBundle| bundle.sha256).map_err(Clone::clone),
        file,
        has_hook: !entry.on_change.is_empty(),
    };
    let payload = published.map_or(Payload::None, |bundle| Payload::Bundle(Arc::new(bundle)));
    Look { subject: Subject::Ca(name), seen: Seen::Ca(seen), payload }
}
