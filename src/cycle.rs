//! One cycle: look, plan, check, act, remember, and again until nothing is left to do now.
//!
//! A pass waits for no step. Each subject is looked at by itself; whenever a look or a step ends,
//! whatever is known by then is planned, and what may start starts. One slow call delays nobody
//! but its own subject. Events only say "look again"; what to do follows from what is seen.

mod asked;
mod clocks;
mod dues;
mod ends;
mod keep;
mod looking;
mod looks;
pub mod matter;
mod offline;
pub mod picture;
pub mod pulse;
mod queue;
mod reload;
mod report;
mod roll;
mod steps;
mod wakes;
mod wanted;
mod wants;
mod watched;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::config::Config;
use crate::model::failure::Failure;
use crate::model::names::Subject;
use crate::model::time::{Clock, Time};
use crate::observe::lists::Lists;
use crate::observe::local;
use crate::observe::seen::Pairs;
use crate::plan::memory::{Memory, Record};
use crate::plan::observed::Observed;
use crate::plan::{self, Held};
use crate::record::{Journal, JournalError};
use clocks::Clocks;
use dues::Dues;
use looking::Looking;
use looks::Look;
use matter::Alarms;
use picture::Board;
use report::Report;
use roll::Roll;
use steps::{Begun, Landed};
use wanted::Wanted;
use wants::Left;
use watched::Watching;

pub use asked::Request;
pub use looks::{preview, survey};
pub use offline::offline;
pub use report::Progress;
pub use world::World;

/// How long steps under way may take to end once the daemon is told to stop.
pub const STOP_WITHIN: Duration = Duration::from_secs(9);

/// What may happen to a running cycle from outside.
#[derive(Debug)]
pub enum Wake {
    /// Something may have changed: look at everything again.
    Look,
    /// Files may have changed, whichever: look at all of them again, and at nothing else of those that are as they
    /// were.
    Files,
    /// An operator asks for something: remember it, and look again.
    Asked(Vec<Request>),
    /// The configuration changed. Steps under way finish as they began.
    Reload(Box<Config>),
    /// The same configuration with other certificates, as its patterns find them now.
    Found(Box<Config>),
    /// End: finish the steps under way, start nothing.
    Stop,
}

/// Why a cycle cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum CycleError {
    /// The journal cannot be read or written, and nothing is done that cannot be remembered.
    #[error("the journal cannot be used")]
    Journal(#[from] JournalError),
    /// A client for an account could not be built.
    #[error("no client for an account")]
    Connect(#[source] Failure),
}

/// When a cycle is over.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// When told to stop.
    Stopped,
    /// When there is nothing left to do; holds that end within the first span are waited out, and
    /// jobs that this cycle follows within the second. Both count anew from each step that is done.
    Settled {
        /// How long holds are waited out.
        wait: Duration,
        /// How long jobs are followed.
        jobs: Duration,
    },
}

/// How a run of passes ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Nothing is left to do now; what waits is [`Cycle::held`].
    Settled,
    /// Told to stop.
    Stopped,
    /// Nothing is left to do, but a bug kept something from being done; the log says what.
    Broken,
}

/// The daemon at work: everything that lives from one pass to the next.
pub struct Cycle {
    world: Arc<World>,
    journal: Journal,
    memory: Memory,
    clock: Clock,
    clocks: Clocks,
    lists: Arc<Lists>,
    only: Option<BTreeSet<Subject>>,
    woken: Instant,
    wanted: Wanted,
    looking: Looking,
    watching: Watching,
    known: Pairs,
    /// When that was last put down for the next process.
    kept: Option<Instant>,
    left: Left,
    looked: BTreeMap<Subject, Look>,
    running: JoinSet<Landed>,
    started: Roll,
    in_flight: BTreeMap<Subject, usize>,
    /// When the last step was done.
    achieved: Instant,
    held: BTreeMap<Subject, Vec<Held>>,
    /// Of those held, who waits for another entry's step.
    waiting: BTreeSet<Subject>,
    due: Dues,
    blind: BTreeMap<Subject, u32>,
    broken: bool,
    report: Report,
    progress: watch::Sender<Option<Progress>>,
    board: Board,
}

impl Cycle {
    /// Opens the journal of this configuration, whose state directory the caller has locked, and
    /// builds a client for each account. `clock` is asked for every moment that a decision rests on.
    pub fn open(config: Config, clock: Clock) -> Result<Self, CycleError> {
        let journal = Journal::open(&config.state)?;
        let memory = journal.fold()?;
        let world = World::connect(config, &memory, clock).map_err(CycleError::Connect)?;
        world.warn_of_exposed_files();
        let (mut known, lists) = keep::taken(&world.config.state);
        known.retain(|name| world.certificate(name).is_some());
        let board = Board::default();
        board.picture().wants = wants::taken(&world.config.state);
        board.picture().begin(world.subjects(), world.calls());
        board.picture().watch(&world.config.watch_files);
        Ok(Self {
            world: Arc::new(world),
            journal,
            memory,
            clock,
            clocks: Clocks::read(clock()),
            lists,
            only: None,
            woken: Instant::now(),
            wanted: Wanted::default(),
            looking: Looking::default(),
            watching: Watching::default(),
            known,
            kept: None,
            left: Left::default(),
            looked: BTreeMap::new(),
            running: JoinSet::new(),
            started: Roll::default(),
            in_flight: BTreeMap::new(),
            achieved: Instant::now(),
            held: BTreeMap::new(),
            waiting: BTreeSet::new(),
            due: Dues::default(),
            blind: BTreeMap::new(),
            broken: false,
            report: Report::default(),
            progress: watch::Sender::default(),
            board,
        })
    }

    /// Looks after these subjects alone.
    pub fn only(&mut self, subjects: BTreeSet<Subject>) {
        self.only = Some(subjects);
    }

    /// Remembers what an operator asked for.
    pub fn ask(&mut self, requests: &[Request]) -> Result<(), JournalError> {
        let records: Vec<_> = requests.iter().filter_map(Request::record).collect();
        requests.iter().for_each(Request::say);
        self.journal.append((self.clock)(), &records, &mut self.memory)
    }

    /// Where this cycle shows how it is doing, for whoever watches it.
    pub fn board(&self) -> Board {
        self.board.clone()
    }

    /// What waits, as of the last pass that saw it.
    pub fn held(&self) -> impl Iterator<Item = &Held> {
        self.held.values().flatten()
    }

    /// Runs passes until there is nothing left to do, or until told to stop.
    pub async fn run(
        &mut self,
        wakes: &mut mpsc::Receiver<Wake>,
        until: Until,
        mut idle: impl FnMut(&str),
    ) -> Result<Ended, JournalError> {
        self.achieved = Instant::now();
        self.look_at_all();
        loop {
            self.start_looks();
            let next = self.due.first();
            if self.is_idle() {
                self.rest();
                self.progress.send_replace(None);
                self.lists.let_go();
                if let Some(words) = self.report.finish(&self.held) {
                    self.board.picture().finished((self.clock)());
                    idle(&words);
                }
                if self.watching.is_idle() && !self.may_wait(until, next) {
                    self.keep();
                    self.leave();
                    return Ok(if self.broken { Ended::Broken } else { Ended::Settled });
                }
            }
            self.beat();
            let (show_at, leave_at) = (self.show_at(), self.leave_at());
            tokio::select! {
                Some(ended) = self.looking.next() => self.take_stride(ended),
                seen = self.watching.next() => self.take_watched(seen),
                Some(ended) = self.running.join_next_with_id() => self.take_end(ended),
                Some(wake) = wakes.recv() => {
                    if self.take_wake(wake)? {
                        self.stop().await?;
                        return Ok(Ended::Stopped);
                    }
                }
                () = sleep_until((self.clock)(), next), if next.is_some() => self.take_due(),
                () = tokio::time::sleep_until(show_at.unwrap_or_else(Instant::now)), if show_at.is_some() => {
                    self.show_progress();
                }
                () = tokio::time::sleep_until(leave_at.unwrap_or_else(Instant::now)), if leave_at.is_some() => self.leave(),
            }
            // Whatever else has ended by now shares this pass, and its way to the disk.
            while let Some(ended) = self.running.try_join_next_with_id() {
                self.take_end(ended);
            }
            while let Some(ended) = self.looking.try_next() {
                self.take_stride(ended);
            }
            self.note_refusals();
            let begun = self.pass();
            // All that this pass has to say is on the disk before anything leaves: its only wait for one.
            self.journal.commit()?;
            self.launch(begun);
            self.leave_seldom();
        }
    }

    /// Plans with every look not planned with yet, and notes what begins. Nothing of it may leave
    /// before that is committed.
    fn pass(&mut self) -> Vec<Begun> {
        let looks = std::mem::take(&mut self.looked);
        if looks.is_empty() {
            return Vec::new();
        }
        let now = (self.clock)();
        if self.clocks.have_parted(now) {
            self.memory.jump(now);
        }
        looks.values().for_each(|look| self.report.duplicates(look));
        let (observed, bytes) = looks::observed(looks, &self.world, now, self.in_flight.keys());
        self.report.observe(&observed, &self.memory);
        let Self { journal, memory, clock, report, .. } = self;
        let Ok(plan) = plan::settle(&observed, memory, |lessons, memory| {
            report.learned(&lessons, memory);
            journal.note((*clock)(), lessons.into_iter().map(Record::from), memory);
            Ok::<_, Infallible>(())
        });
        let alarms = self.alarm(&observed);
        let broken = plan::check::check(&plan, &observed, &self.memory);
        self.broken |= !broken.is_empty();
        self.report.violations(&plan, &broken);
        let at = (self.clock)();
        self.board.picture().take(&observed, &plan, alarms, &self.memory, &self.world, at);
        self.hold(&bytes, plan.held);
        self.look_at(plan.again);
        let broken: BTreeSet<_> = broken.iter().map(|violation| violation.step).collect();
        let sound = plan.now.into_iter().enumerate().filter(|(index, _)| !broken.contains(index));
        let mut steps: Vec<_> = sound.map(|(_, step)| step).collect();
        steps.sort_by_cached_key(|step| self.ends(&step.subject));
        self.begin(steps, &bytes)
    }

    /// What the steps of one pass are ordered by: what ends first goes first, behind what is no certificate.
    fn ends(&self, subject: &Subject) -> Option<Time> {
        let Subject::Certificate(name) = subject else { return None };
        let known = self.known.get(name).and_then(local::Known::leaf);
        ends::ends(self.world.certificate(name)?, known.map(|leaf| &**leaf), &self.memory)
    }

    /// Once what was seen has been taken in: what is served counts before what lies on the disk. Gives the
    /// alarms that stand.
    fn alarm(&mut self, observed: &Observed) -> Alarms {
        let mut alarms = Alarms::new();
        for seen in &observed.certificates {
            if let Some(entry) = self.world.certificate(&seen.name) {
                let (warn_before, now) = (entry.warn_before, observed.now);
                let alarm = self.report.alarm(seen, warn_before, &self.memory, now);
                if let Some(alarm) = alarm {
                    alarms.insert(Subject::Certificate(seen.name.clone()), vec![alarm]);
                }
            }
        }
        for seen in &observed.cas {
            if let Some(entry) = self.world.instance_ca(&seen.name) {
                let (warn_before, now) = (entry.warn_before, observed.now);
                let standing = self.report.alarm_of_instance(seen, warn_before, &self.memory, now);
                if !standing.is_empty() {
                    alarms.insert(Subject::Ca(seen.name.clone()), standing);
                }
            }
        }
        alarms
    }

    fn is_idle(&self) -> bool {
        self.looking.is_empty() && self.running.is_empty() && self.wanted.is_empty()
    }

    /// Whether an idle cycle goes on: for a daemon always, else while a hold ends soon enough after the last step
    /// that was done. Thousands of steps may take longer than anybody waits for one.
    fn may_wait(&self, until: Until, next: Option<Time>) -> bool {
        let Until::Settled { wait, jobs } = until else { return true };
        let Some(next) = next else { return false };
        let follows =
            self.held().any(|held| matches!(held.why, plan::hold::Hold::JobRunning { .. }));
        let patience = if follows { wait.max(jobs) } else { wait };
        self.achieved.elapsed() + next.since((self.clock)()) <= patience
    }

    /// Lets the steps under way end, for a while. One that does not is in doubt, and the next start
    /// looks for it.
    async fn stop(&mut self) -> Result<(), JournalError> {
        self.looking.abort();
        let deadline = Instant::now() + STOP_WITHIN;
        while let Ok(Some(ended)) =
            tokio::time::timeout_at(deadline, self.running.join_next_with_id()).await
        {
            self.take_end(ended);
            self.journal.commit()?;
        }
        self.note_refusals();
        self.journal.commit()?;
        self.rest();
        self.keep();
        self.leave();
        Ok(())
    }
}

/// Sleeps until a moment; for ever when there is none.
async fn sleep_until(now: Time, moment: Option<Time>) {
    match moment {
        Some(moment) => tokio::time::sleep(moment.since(now)).await,
        None => std::future::pending().await,
    }
}
