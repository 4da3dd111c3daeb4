//! The daemon of a storm: the real planner and memory, with looks and steps that take their time.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::time::Duration;

use super::world::{ENTRIES, World, finance, import_key, leaf, subjects, targets};
use crate::cert::Finding;
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::names::{Name, Subject};
use crate::model::target::Target;
use crate::model::time::Time;
use crate::plan::action::Action;
use crate::plan::check::check;
use crate::plan::memory::{Memory, Record};
use crate::plan::needs::{self, ImportNeed, SwitchNeed};
use crate::plan::observed::{
    BadInput, CaSeen, CertificateSeen, CopySeen, FileSeen, ImportSeen, JobState, Observed,
    SwitchJob, SwitchSeen, TargetSeen,
};
use crate::plan::tests::fixture::{self, name};
use crate::plan::{Held, Step, plan, settle};

/// A call ends within this time, or its answer counts as lost.
const CALL_MAX: Duration = Duration::from_secs(20);
/// A write whose caller is gone arrives within this time, in seconds.
const LATE_SECS_MAX: u64 = 20;

/// Kinds of failure after which surely nothing was done.
const NOT_DONE: [Kind; 6] =
    [Kind::Throttled, Kind::Busy, Kind::Transient, Kind::Operator, Kind::Withheld, Kind::Permanent];

#[derive(Default)]
pub struct Daemon {
    journal: Vec<(Time, Record)>,
    memory: Memory,
    looks: BTreeMap<Subject, Look>,
    flights: Vec<Flight>,
    pub held: Vec<Held>,
    /// The newest leaf that each entry has begun to push to each target.
    pushed: BTreeMap<(Name, Target, String), Time>,
}

/// A look under way: the disk and the memory are read when it begins, the cloud later.
struct Look {
    looked_at: Time,
    import: ImportNeed,
    switch: SwitchNeed,
    local: Option<u32>,
    wanted: bool,
    seen: Option<Seen>,
}

enum Seen {
    Certificate(CertificateSeen),
    Ca(CaSeen),
    Switch(SwitchSeen),
}

struct Flight {
    step: Step,
    since: Time,
    result: Option<Result<Option<String>, Failure>>,
}

impl Daemon {
    pub fn write(&mut self, at: Time, record: Record) {
        self.memory.fold(at, &record);
        self.journal.push((at, record));
    }

    pub fn is_idle(&self) -> bool {
        self.flights.is_empty() && self.looks.is_empty()
    }

    /// Everything under way is cut off; what is remembered is what the journal folds into.
    pub fn crash(&mut self, world: &mut World) {
        for Flight { step, result, .. } in std::mem::take(&mut self.flights) {
            let arrives = result.is_none() && world.rng.percent(50);
            if matches!(step.action, Action::RunHook { .. }) {
                world.hook_excused |= result.is_some();
            } else if arrives && !step.action.is_remote() {
                world.land(&step).ok();
            } else if arrives {
                self.arrive_late(step, world);
            }
        }
        world.arrive_late();
        self.looks.clear();
        let mut memory = Memory::default();
        for (at, record) in &self.journal {
            memory.fold(*at, record);
        }
        assert_eq!(gist(&memory), gist(&self.memory), "the memory is the fold of the journal");
        self.memory = memory;
    }

    pub fn lose_journal(&mut self) {
        self.journal.clear();
        self.memory = Memory::default();
    }

    /// One round of the storm: some looks begin, some end and are planned with, some steps end.
    pub fn round(&mut self, world: &mut World) {
        self.fly(world);
        for subject in subjects() {
            let busy = self.flights.iter().any(|flight| flight.step.subject == subject);
            if !busy && !self.looks.contains_key(&subject) && world.rng.percent(60) {
                let look = self.begin_look(&subject, world);
                self.looks.insert(subject, look);
            }
        }
        for (subject, look) in &mut self.looks {
            if look.seen.is_none() && world.rng.percent(70) {
                look.seen = Some(see(subject, look, world));
            }
        }
        let ended = self.looks.iter().filter(|(_, look)| look.seen.is_some());
        let ended: Vec<_> = ended.map(|(subject, _)| subject.clone()).collect();
        let ended = ended.into_iter().filter(|_| world.rng.percent(60)).collect();
        self.pass(ended, world);
    }

    /// One round of calm: everything is seen, and every step goes well. Tells whether all is settled.
    pub fn calm_round(&mut self, world: &mut World) -> bool {
        world.now = world.now + Duration::from_secs(30);
        for subject in subjects() {
            let mut look = self.begin_look(&subject, world);
            look.seen = Some(see(&subject, &look, world));
            self.looks.insert(subject, look);
        }
        self.pass(subjects().collect(), world);
        let settled = self.flights.is_empty() && self.held.is_empty();
        self.fly(world);
        settled
    }

    /// Steps under way go on: sent, done or not, answered or not.
    fn fly(&mut self, world: &mut World) {
        for mut flight in std::mem::take(&mut self.flights) {
            let too_long = world.now.since(flight.since) >= CALL_MAX;
            if flight.result.is_none() && (world.calm || too_long || world.rng.percent(60)) {
                flight.result = Some(self.fate(&flight.step, world));
            }
            match flight.result {
                Some(result) if world.calm || too_long || world.rng.percent(60) => {
                    let (subject, action) = (flight.step.subject, flight.step.action);
                    let record = match result {
                        Ok(id) => Record::Done { subject, action, id },
                        Err(failure) => Record::Failed { subject, action, failure },
                    };
                    self.write(world.clock(), record);
                }
                result => self.flights.push(Flight { result, ..flight }),
            }
        }
    }

    fn fate(&mut self, step: &Step, world: &mut World) -> Result<Option<String>, Failure> {
        let lost = || Failure::local(Kind::Lost, "step", "no answer");
        match world.rng.below(100) {
            _ if world.calm => world.land(step),
            0..=14 => {
                let kind = NOT_DONE[usize::try_from(world.rng.below(6)).unwrap()];
                Err(Failure::local(kind, "step", "refused"))
            }
            15..=24 if step.action.is_remote() => {
                if world.rng.percent(30) {
                    self.arrive_late(step.clone(), world);
                }
                Err(lost())
            }
            25..=39 if step.action.is_remote() => world.land(step).and_then(|_| Err(lost())),
            _ => world.land(step),
        }
    }

    fn arrive_late(&mut self, step: Step, world: &mut World) {
        let secs = if world.lossy { 0 } else { world.rng.below(LATE_SECS_MAX) };
        world.late.push((world.now + Duration::from_secs(secs), step));
    }

    fn begin_look(&self, subject: &Subject, world: &World) -> Look {
        let local = world.disk.get(subject.name()).copied().flatten();
        let import = local.map_or(ImportNeed::Nothing, |number| {
            let key = import_key(subject.name(), number);
            needs::import(&key, &self.memory, world.clock())
        });
        let switch = needs::switch(&name("main"), "db1", world.wanted, world.assume, &self.memory);
        Look { looked_at: world.clock(), import, switch, local, wanted: world.wanted, seen: None }
    }

    fn pass(&mut self, subjects: Vec<Subject>, world: &World) {
        let mut observed = Observed {
            in_flight: self.flights.iter().map(|flight| flight.step.subject.clone()).collect(),
            now: world.clock(),
            ..fixture::now(0).observed
        };
        for look in subjects.iter().filter_map(|subject| self.looks.remove(subject)) {
            match look.seen {
                Some(Seen::Certificate(seen)) => observed.certificates.push(seen),
                Some(Seen::Ca(seen)) => observed.cas.push(seen),
                Some(Seen::Switch(seen)) => observed.switches.push(seen),
                None => {}
            }
        }
        let Self { memory, journal, .. } = self;
        let decided = settle(&observed, memory, |lessons, memory| {
            for record in lessons.into_iter().map(Record::from) {
                memory.fold(world.clock(), &record);
                journal.push((world.clock(), record));
            }
            Ok::<_, Infallible>(())
        });
        let decided = decided.unwrap();
        assert_eq!(plan(&observed, &self.memory), decided, "nothing is left to learn");
        assert_eq!(check(&decided, &observed, &self.memory), [], "no plan breaks an invariant");
        self.held = decided.held;
        for step in decided.now {
            self.start(step, &observed, world);
        }
    }

    fn start(&mut self, step: Step, observed: &Observed, world: &World) {
        let seen = observed.certificates.iter().find(|seen| seen.name == *step.subject.name());
        let local = seen.and_then(|seen| seen.local.as_ref().ok()).map(|leaf| leaf.sha256);
        if let Action::Import { key } | Action::Push { key, .. } = &step.action {
            assert_eq!(local, Some(key.leaf), "what is sent is what was read, and good");
        }
        if let Action::Push { key, target, project, .. } = &step.action {
            let place = (step.subject.name().clone(), *target, project.clone());
            let newest = self.pushed.entry(place).or_insert(key.issued);
            assert!(*newest <= key.issued, "{} pushes an older leaf to {target}", step.subject);
            *newest = key.issued;
        }
        let (subject, action) = (step.subject.clone(), step.action.clone());
        self.write(world.clock(), Record::Began { subject, action });
        self.flights.push(Flight { step, since: world.now, result: None });
    }
}

/// All that is remembered but the clock's readings, of which not every one has a line.
fn gist(memory: &Memory) -> impl PartialEq + std::fmt::Debug {
    let effects = memory.effects().map(|(action, effect)| (action.clone(), effect.clone()));
    let entries = ENTRIES.into_iter().chain(["redis", "ledger"]).map(name).map(|entry| {
        let asked = memory.asked_retry(&entry).map(|asked| asked.seq);
        (memory.newest(&entry).cloned(), asked, memory.asked_older(&entry))
    });
    let jobs: BTreeSet<_> = memory.jobs(&name("main"), "db1");
    let jobs: Vec<_> = jobs.into_iter().map(str::to_owned).collect();
    (effects.collect::<Vec<_>>(), entries.collect::<Vec<_>>(), jobs)
}

/// Reads the cloud, as far as it lets itself be read.
fn see(subject: &Subject, look: &Look, world: &mut World) -> Seen {
    match subject {
        Subject::Certificate(entry) => Seen::Certificate(certificate(entry, look, world)),
        Subject::Ca(entry) => {
            let published = blind(world).map_or(Ok(world.published), Err);
            let file = world.file.map_or(FileSeen::Absent, FileSeen::Holds);
            Seen::Ca(CaSeen { name: entry.clone(), published, file, has_hook: true })
        }
        Subject::Ssl(entry) => Seen::Switch(switch(entry, look, world)),
    }
}

fn blind(world: &mut World) -> Option<Failure> {
    let blind = !world.calm && world.rng.percent(15);
    blind.then(|| Failure::local(Kind::Transient, "look", "no answer"))
}

fn certificate(entry: &Name, look: &Look, world: &mut World) -> CertificateSeen {
    let targets = targets(entry.as_str()).iter().map(|(target, project)| TargetSeen {
        target: *target,
        project: (*project).to_owned(),
        copy: look.local.map_or(CopySeen::NotAsked, |number| copy(*target, project, number, world)),
    });
    let targets = targets.collect();
    let torn = || BadInput { path: "/pki/privkey.pem".into(), finding: Finding::Mismatch };
    CertificateSeen {
        name: entry.clone(),
        cloud: name("main"),
        cert_path: "/pki/fullchain.pem".into(),
        enterprise_project: finance(entry),
        looked_at: look.looked_at,
        local: look.local.map(leaf).ok_or_else(torn),
        import: look.local.map_or(ImportSeen::Trusted, |number| import(entry, number, look, world)),
        targets,
    }
}

/// Show knows an import at once; the list lags.
fn import(entry: &Name, number: u32, look: &Look, world: &mut World) -> ImportSeen {
    if look.import == ImportNeed::Nothing {
        return ImportSeen::Trusted;
    }
    if let Some(failure) = blind(world) {
        return ImportSeen::Unknown(failure);
    }
    let key = import_key(entry, number);
    let listed = world.imports.iter().find(|import| {
        let shown = matches!(&look.import, ImportNeed::Confirm(id) if *id == import.id);
        import.key == key && (shown || import.made + world.lag <= world.now)
    });
    listed.map_or(ImportSeen::Absent, |import| ImportSeen::Found(import.id.clone()))
}

fn copy(target: Target, project: &str, number: u32, world: &mut World) -> CopySeen {
    if world.blind == Some(target) {
        return CopySeen::Blind(Failure::local(Kind::Operator, "list", "no right"));
    }
    if let Some(failure) = blind(world) {
        return CopySeen::Unknown(failure);
    }
    let leaf = Sha256::of(&number.to_be_bytes());
    // No copy is bound here, and CDN lists only what a domain uses.
    let listed = world.copies.iter().filter(|_| target != Target::Cdn).find(|copy| {
        let same = copy.target == target && copy.project == project && copy.leaf == leaf;
        same && copy.made + world.lag <= world.now
    });
    listed.map_or(CopySeen::Absent, |copy| CopySeen::Found(copy.id.clone()))
}

fn switch(entry: &Name, look: &Look, world: &mut World) -> SwitchSeen {
    let state = |id: &String, world: &mut World| {
        if let Some(failure) = blind(world) {
            return Err(failure);
        }
        let job = world.jobs.iter().skip(world.forgotten).find(|job| job.id == *id);
        let unknown = Failure::local(Kind::NotFound, "job", "no such job");
        job.ok_or(unknown).map(|job| match (job.ends <= world.now, job.fails) {
            (false, _) => JobState::Running,
            (true, false) => JobState::Completed,
            (true, true) => JobState::Failed("no luck".to_owned()),
        })
    };
    let job = look.switch.job.as_ref().map(|id| state(id, world));
    let jobs = look.switch.jobs.then(|| {
        let listed = world.jobs.iter().filter(|job| job.made + world.lag <= world.now);
        let row = |job: &super::world::Job| SwitchJob {
            job_id: job.id.clone(),
            created: world.cloud_time(job.made),
        };
        let rows = listed.map(row).collect();
        blind(world).map_or(Ok(rows), Err)
    });
    let unseen = fixture::switch(look.wanted);
    let (assume, looked_at) = (world.assume, look.looked_at);
    SwitchSeen { name: entry.clone(), assume, looked_at, job, jobs, ..unseen }
}
