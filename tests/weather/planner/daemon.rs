//! The daemon of a storm: the real planner and memory, with looks and steps that take their time.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::time::Duration;

use super::entries::{NAMES, subjects};
use super::fixture::{self, name};
use super::looks::{self, Look, Seen, see};
use super::world::World;
use certrotd::model::digest::Sha256;
use certrotd::model::failure::{Failure, Kind};
use certrotd::model::names::{Name, Subject};
use certrotd::model::place::Place;
use certrotd::model::target::Target;
use certrotd::model::time::Time;
use certrotd::plan::action::{Action, Because, Fact, ImportKey, Retired};
use certrotd::plan::check::check;
use certrotd::plan::memory::{Memory, Record};
use certrotd::plan::observed::Observed;
use certrotd::plan::{Held, Step, plan, settle};

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
    /// Whose last look left out what counts.
    again: Vec<Subject>,
    /// When the last look at each subject was taken, by the world's time.
    seen_at: BTreeMap<Subject, Time>,
    /// The newest leaf that each entry has begun to bind to each place.
    bound: BTreeMap<(Name, Place), Time>,
    /// How often each leaf was taken back from each place.
    rolled_back: BTreeMap<(Place, ImportKey), usize>,
    /// The newest leaf that each entry has begun to push to each target.
    pushed: BTreeMap<(Name, Target, String), Time>,
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
                let look = looks::begin(&subject, &self.memory, world);
                self.looks.insert(subject, look);
            }
        }
        for (subject, look) in &mut self.looks {
            if look.seen.is_none() && world.rng.percent(70) {
                look.seen = Some((world.now, see(subject, look, world)));
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
            let mut look = looks::begin(&subject, &self.memory, world);
            look.seen = Some((world.now, see(&subject, &look, world)));
            self.looks.insert(subject, look);
        }
        self.pass(subjects().collect(), world);
        let rests = self.again.is_empty() && self.held.iter().all(|held| world.may_rest(held));
        let settled = self.flights.is_empty() && rests;
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

    fn pass(&mut self, subjects: Vec<Subject>, world: &World) {
        let mut observed = Observed {
            in_flight: self.flights.iter().map(|flight| flight.step.subject.clone()).collect(),
            ..fixture::observed(world.clock())
        };
        for subject in subjects {
            let Some((seen_at, seen)) = self.looks.remove(&subject).and_then(|look| look.seen)
            else {
                continue;
            };
            self.seen_at.insert(subject, seen_at);
            match seen {
                Seen::Certificate(seen) => observed.certificates.push(seen),
                Seen::Ca(seen) => observed.cas.push(seen),
                Seen::Switch(seen) => observed.switches.push(seen),
            }
        }
        let excuses = 1 + world.retries + world.losses;
        let Self { memory, journal, rolled_back, .. } = self;
        let decided = settle(&observed, memory, |lessons, memory| {
            for record in lessons.into_iter().map(Record::from) {
                count_back(&record, rolled_back, excuses);
                memory.fold(world.clock(), &record);
                journal.push((world.clock(), record));
            }
            Ok::<_, Infallible>(())
        });
        let decided = decided.unwrap();
        assert_eq!(plan(&observed, &self.memory), decided, "a plan is a plan");
        assert_eq!(decided.learned, [], "nothing is left to learn");
        assert_eq!(check(&decided, &observed, &self.memory), [], "no plan breaks an invariant");
        self.held = decided.held;
        self.again = decided.again;
        for step in decided.now {
            self.start(step, &observed, world);
        }
    }

    fn start(&mut self, step: Step, observed: &Observed, world: &World) {
        let paused = world.paused.get(step.subject.name());
        let is_over = paused.is_none_or(|until| *until <= world.clock());
        assert!(is_over, "{} begins something while it is paused", step.subject);
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
        self.judge_bind(&step, local, world);
        if let Action::Retire {
            what: Retired::Import { scm_id: id } | Retired::Copy { id, .. },
            ..
        } = &step.action
        {
            let users = world.users(id, self.seen_at[&step.subject]);
            assert!(users.is_empty(), "{} retires {id}, which is used by {users:?}", step.subject);
        }
        let (subject, action) = (step.subject.clone(), step.action.clone());
        self.write(world.clock(), Record::Began { subject, action });
        self.flights.push(Flight { step, since: world.now, result: None });
    }
    /// The leaf on the disk is bound, never an older one than before; or what stood there once.
    fn judge_bind(&mut self, step: &Step, local: Option<Sha256>, world: &World) {
        let Action::Bind { key, place, .. } = &step.action else { return };
        if step.because == Because::RolledBack {
            let stood = world.site(place).has_ever_had(&key.leaf);
            assert!(stood, "{} goes back to what never stood at {place}", step.subject);
            return;
        }
        let former = self.memory.fallback(step.subject.name(), place).map(|it| it.former.leaf);
        if former.flatten().is_some_and(|former| former.sha256 == key.leaf) {
            return;
        }
        assert_eq!(local, Some(key.leaf), "what is bound is what was read, and good");
        let newest = self.bound.entry((step.subject.name().clone(), Place::clone(place)));
        let newest = newest.or_insert(key.issued);
        assert!(*newest <= key.issued, "{} binds an older leaf to {place}", step.subject);
        *newest = key.issued;
    }

    /// What is remembered.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }
}

/// A leaf is taken back from a place once, unless an operator or a lost journal is to blame.
fn count_back(
    record: &Record,
    rolled_back: &mut BTreeMap<(Place, ImportKey), usize>,
    excuses: usize,
) {
    let Record::Learned { action: Action::Bind { key, place, .. }, fact, .. } = record else {
        return;
    };
    if matches!(fact, Fact::RolledBack { .. }) {
        let times = rolled_back.entry((Place::clone(place), key.clone())).or_default();
        *times += 1;
        assert!(*times <= excuses, "{} is taken back from {place} again", key.leaf.short());
    }
}

/// All that is remembered but the clock's readings, of which not every one has a line.
fn gist(memory: &Memory) -> impl PartialEq + std::fmt::Debug {
    let effects = memory.effects().map(|(action, effect)| (action.clone(), effect.clone()));
    let entries = NAMES.into_iter().map(name).map(|entry| {
        let asked = memory.asked_retry(&entry).map(|asked| asked.seq);
        let paused = memory.paused(&entry, fixture::at(0)).cloned();
        (memory.newest(&entry).cloned(), asked, memory.asked_older(&entry), paused)
    });
    let jobs: BTreeSet<_> = memory.jobs(&name("main"), "db1");
    let jobs: Vec<_> = jobs.into_iter().map(str::to_owned).collect();
    (effects.collect::<Vec<_>>(), entries.collect::<Vec<_>>(), jobs)
}
