//! The disk and the cloud of a storm, and what may never happen to them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::authorities::CAS_MAX;
use super::daemon::Daemon;
use super::edge::{self, Site};
use super::entries::{ENTRIES, NAMES, import_key, leaf_of};
use super::fixture::{at, name};
use crate::rng::Rng;
use certrotd::cert::LeafFacts;
use certrotd::model::digest::Sha256;
use certrotd::model::failure::{Failure, Kind};
use certrotd::model::names::Name;
use certrotd::model::target::Target;
use certrotd::model::time::Time;
use certrotd::plan::Step;
use certrotd::plan::action::{Action, ImportKey};
use certrotd::plan::hold::Hold;
use certrotd::plan::memory::Record;

/// The furthest that the daemon's clock is set back at once, in seconds.
const SET_BACK_SECS_MAX: u64 = 7_200;
/// The furthest that the cloud's clock is ahead or behind, in seconds: more, and it takes no signature.
const SKEW_SECS_MAX: u64 = 14 * 60;
/// The longest pause, in seconds: over by itself long before the calm.
const PAUSE_SECS_MAX: u64 = 600;

pub struct Import {
    pub id: String,
    pub key: ImportKey,
    pub made: Time,
}

pub struct Copy {
    pub id: String,
    pub target: Target,
    pub project: String,
    pub leaf: LeafFacts,
    pub made: Time,
    /// When it was deleted; lists show it a while longer.
    pub gone: Option<Time>,
    /// Since when somebody uses it at a place that nobody configured.
    pub hand: Option<Time>,
    /// Not made by the daemon.
    pub foreign: bool,
}

pub struct Job {
    pub id: String,
    pub on: bool,
    pub made: Time,
    pub ends: Time,
    pub fails: bool,
}

pub struct World {
    pub rng: Rng,
    /// What time it is; the daemon's clock need not say so.
    pub now: Time,
    /// How far the daemon's clock was set back.
    behind: Duration,
    /// Whether the journal may be lost: then lists do not lag and nothing arrives late.
    pub lossy: bool,
    pub calm: bool,
    pub lag: Duration,
    /// How far the cloud's clock is ahead, in seconds.
    skew_secs: i64,
    /// The target that we have no right to read.
    pub blind: Option<Target>,
    /// The leaf's number on the disk of each entry; none: the pair is torn.
    pub disk: BTreeMap<Name, Option<u32>>,
    newest: u32,
    pub imports: Vec<Import>,
    pub copies: Vec<Copy>,
    pub sites: Vec<Site>,
    /// How long a place goes on serving what was bound there before.
    pub delay: Duration,
    /// Leaves that no edge serves properly.
    pub garbage: BTreeSet<Sha256>,
    pub jobs: Vec<Job>,
    /// So many of the first jobs are known to nobody any more.
    pub forgotten: usize,
    /// Whether the instance tells its state in its greeting, and how that was at first.
    pub probed: bool,
    first: bool,
    pub wanted: bool,
    pub assume: Option<bool>,
    /// The CA that the instance publishes, when it began to, and the one that what it presents verifies
    /// with.
    pub published: (u8, Time),
    pub presented: u8,
    /// The CAs in the file, each with the moment from which it was not published any more.
    pub file: Vec<(u8, Option<Time>)>,
    pub hook_due: bool,
    /// A command was cut short, so it may run again.
    pub hook_excused: bool,
    pub retries: usize,
    pub losses: usize,
    /// Until when an operator has put each entry to rest.
    pub paused: BTreeMap<Name, Time>,
    /// Writes that are still on their way after their caller is gone.
    pub late: Vec<(Time, Step)>,
    ids: u32,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng(seed);
        let lossy = rng.percent(20);
        let lag = if lossy { 0 } else { rng.below(50) };
        let skew_secs =
            i64::try_from(rng.below(2 * SKEW_SECS_MAX)).unwrap() - SKEW_SECS_MAX.cast_signed();
        let blind =
            [None, None, Some(Target::Elb), Some(Target::Waf)][usize::from(rng.below(4) as u8)];
        let delay = Duration::from_secs(rng.below(70));
        let (sites, copies) = edge::first_sites();
        Self {
            now: at(0),
            behind: Duration::ZERO,
            lossy,
            calm: false,
            lag: Duration::from_secs(lag),
            skew_secs: if lossy { 0 } else { skew_secs },
            blind,
            disk: ENTRIES
                .iter()
                .zip([Some(1), Some(1), Some(2)])
                .map(|(e, n)| (name(e), n))
                .collect(),
            newest: 2,
            imports: Vec::new(),
            copies,
            sites,
            delay,
            garbage: BTreeSet::new(),
            jobs: Vec::new(),
            forgotten: 0,
            probed: rng.percent(50),
            first: rng.percent(50),
            wanted: rng.percent(50),
            assume: None,
            published: (1, at(0)),
            presented: 1,
            file: Vec::new(),
            hook_due: false,
            hook_excused: false,
            retries: 0,
            losses: 0,
            paused: BTreeMap::new(),
            late: Vec::new(),
            ids: 0,
            rng,
        }
    }

    /// What happens by itself between two rounds.
    pub fn weather(&mut self, daemon: &mut Daemon) {
        self.now = self.now + Duration::from_millis(1 + self.rng.below(15_000));
        self.arrive_late();
        if daemon.is_idle() && self.late.is_empty() && self.rng.percent(1) {
            self.now = self.now + Duration::from_secs(25 * 3_600);
        }
        match self.rng.below(100) {
            0..=5 => self.renew(),
            6..=7 => self.tear(),
            8..=9 if !self.lossy => self.restore(),
            10 => self.remove_import(),
            11..=12 if self.published.0 < CAS_MAX => self.publish(),
            13 if self.forgotten == 0 => self.wanted = !self.wanted,
            14 => self.forget_jobs(),
            15..=17 => daemon.crash(self),
            18 if self.lossy => {
                daemon.crash(self);
                daemon.lose_journal();
                self.losses += 1;
                // What it ran for is forgotten, and so is that it ran.
                self.hook_due = false;
                self.paused.clear();
            }
            19 => self.ask_retries(daemon),
            20..=21 => self.set_back(),
            22..=24 => self.rebind_by_hand(),
            25..=26 => self.hold_by_hand(),
            27..=28 => self.presented = self.published.0,
            29..=32 => self.pause(daemon),
            _ => {}
        }
    }

    /// The end of it: newest leaves everywhere, nothing fails, and an operator who says what is known.
    pub fn calm_down(&mut self, daemon: &mut Daemon) {
        daemon.crash(self);
        self.now = self.now + Duration::from_secs(30);
        self.arrive_late();
        self.now = self.now + Duration::from_secs(26 * 3_600);
        self.calm = true;
        self.presented = self.published.0;
        self.renew();
        let newest = self.newest;
        self.disk.insert(name("www"), Some(newest));
        self.disk.insert(name("fin"), Some(newest + 1));
        let shared = if self.rng.percent(50) { newest } else { newest + 2 };
        self.disk.insert(name("api"), Some(shared));
        self.assume = self.state().filter(|state| *state == self.wanted || self.lossy);
    }

    /// What the daemon's clock says.
    pub fn clock(&self) -> Time {
        self.now - self.behind
    }

    /// Somebody corrects the daemon's clock: by a little, or by more than any wait.
    fn set_back(&mut self) {
        let most = [5, 100, SET_BACK_SECS_MAX][usize::try_from(self.rng.below(3)).unwrap()];
        self.behind += Duration::from_secs(1 + self.rng.below(most));
    }

    pub fn ask_retries(&mut self, daemon: &mut Daemon) {
        self.retries += 1;
        for entry in ENTRIES.into_iter().chain(["redis"]) {
            daemon.write(self.clock(), Record::AskedRetry { name: name(entry) });
        }
        // With a lost journal nobody but the task list knows of a switch: only whoever knows better asks.
        let asks =
            |why: &Hold| matches!(why, Hold::DoubtStays { .. } | Hold::SwitchNotShown { .. });
        let stuck = daemon.held.iter().any(|held| asks(&held.why));
        let knows = !self.lossy || self.calm && (stuck || self.state() != Some(self.wanted));
        if knows {
            daemon.write(self.clock(), Record::AskedRetry { name: name("ledger") });
        }
    }

    /// An operator puts an entry to rest for a while, or ends that.
    fn pause(&mut self, daemon: &mut Daemon) {
        let index = usize::try_from(self.rng.below(NAMES.len() as u64)).unwrap();
        let (name, by) = (name(NAMES[index]), "somebody".to_owned());
        let record = match self.paused.remove(&name) {
            Some(_) if self.rng.percent(50) => Record::AskedResume { name, by },
            _ => {
                let secs = 1 + self.rng.below(PAUSE_SECS_MAX);
                let until = self.clock() + Duration::from_secs(secs);
                self.paused.insert(name.clone(), until);
                Record::AskedPause { name, until, by }
            }
        };
        daemon.write(self.clock(), record);
    }

    pub fn arrive_late(&mut self) {
        let now = self.now;
        let (due, later) =
            std::mem::take(&mut self.late).into_iter().partition(|(at, _)| *at <= now);
        self.late = later;
        for (_, step) in due {
            self.land(&step).ok();
        }
    }

    fn some_entry(&mut self) -> Name {
        let index = usize::try_from(self.rng.below(3)).unwrap();
        name(ENTRIES[index])
    }

    fn renew(&mut self) {
        self.newest += 1;
        if self.rng.percent(15) {
            self.garbage.extend(ENTRIES.map(|entry| import_key(&name(entry), self.newest).leaf));
        }
        let entry = self.some_entry();
        self.disk.insert(entry, Some(self.newest));
        if self.rng.percent(40) {
            self.disk.insert(name("www"), Some(self.newest));
            self.disk.insert(name("api"), Some(self.newest));
        }
    }

    fn tear(&mut self) {
        let entry = self.some_entry();
        self.disk.insert(entry, None);
    }

    /// A backup: an older leaf.
    fn restore(&mut self) {
        let (entry, older) = (self.some_entry(), self.rng.below(u64::from(self.newest)));
        self.disk.insert(entry, u32::try_from(older).ok());
    }

    /// Nobody deletes what a domain has ever used.
    fn remove_import(&mut self) {
        if !self.imports.is_empty() {
            let index = usize::try_from(self.rng.below(self.imports.len() as u64)).unwrap();
            let id = &self.imports[index].id;
            if !self.sites.iter().any(|site| site.has_ever_used(id)) {
                self.imports.remove(index);
            }
        }
    }

    /// Only of a switch that went as wanted: else no operator could say that it did.
    fn forget_jobs(&mut self) {
        let as_wanted = self.jobs.last().is_some_and(|job| job.on == self.wanted && !job.fails);
        if as_wanted && !self.lossy && self.rng.percent(30) {
            self.forgotten = self.jobs.len();
        }
    }

    /// What the switch's last good job has made of the instance.
    pub fn state(&self) -> Option<bool> {
        self.jobs.iter().rev().find(|job| !job.fails).map(|job| job.on)
    }

    /// What the instance's greeting says.
    pub fn actual(&self) -> bool {
        let ended = |job: &&Job| !job.fails && job.ends <= self.now;
        self.jobs.iter().rev().find(ended).map_or(self.first, |job| job.on)
    }

    pub fn id(&mut self, prefix: &str) -> String {
        self.ids += 1;
        format!("{prefix}{}", self.ids)
    }

    /// The effect itself, with what must be true of it.
    pub fn land(&mut self, step: &Step) -> Result<Option<String>, Failure> {
        match &step.action {
            Action::Import { key } => {
                let there = self.imports.iter().any(|import| import.key == *key);
                assert!(!there, "{} is imported twice", step.subject);
                let (id, key, made) = (self.id("scm-"), key.clone(), self.now);
                self.imports.push(Import { id: id.clone(), key, made });
                Ok(Some(id))
            }
            Action::Push { .. } => self.land_push(step),
            Action::Bind { .. } => self.land_bind(step),
            Action::Retire { .. } => self.land_retire(step),
            Action::InstallCa { authorities, .. } => {
                self.land_authorities(authorities);
                Ok(None)
            }
            Action::RunHook { .. } => {
                assert!(self.hook_due || self.hook_excused, "a command runs twice");
                (self.hook_due, self.hook_excused) = (false, false);
                Ok(None)
            }
            Action::SwitchSsl { on, .. } => {
                assert!(self.jobs.iter().all(|job| job.ends <= self.now), "restarted in a restart");
                assert!(self.state() != Some(*on), "restarted twice for one state");
                assert!(!self.probed || self.actual() != *on, "restarted for what was so");
                let (id, made) = (self.id("job-"), self.now);
                let ends = made + Duration::from_secs(5 + self.rng.below(60));
                let fails = !self.calm && self.rng.percent(10);
                self.jobs.push(Job { id: id.clone(), on: *on, made, ends, fails });
                Ok(Some(id))
            }
        }
    }

    fn land_push(&mut self, step: &Step) -> Result<Option<String>, Failure> {
        let Action::Push { key, scm_id, target, project } = &step.action else { unreachable!() };
        if !self.imports.iter().any(|import| import.id == *scm_id) {
            return Err(Failure::local(Kind::NotFound, "push", "no such certificate"));
        }
        let same = |copy: &&Copy| {
            let there = copy.target == *target && copy.project == *project && copy.gone.is_none();
            there && copy.leaf.sha256 == key.leaf
        };
        let copies = self.copies.iter().filter(same).count();
        if *target != Target::Cdn && Some(*target) != self.blind {
            assert_eq!(copies, 0, "{} is pushed twice to {target}", step.subject);
        }
        let excuses = 1 + self.retries + self.losses;
        assert!(
            copies < 2 * excuses + self.imports.len(),
            "{} is pushed to {target} again and again",
            step.subject
        );
        if copies > 0 && self.rng.percent(50) {
            return Err(Failure::local(Kind::Exists, "push", "exists"));
        }
        let leaf = leaf_of(step.subject.name(), key);
        let (target, project, made) = (*target, project.clone(), self.now);
        let (id, gone, hand, foreign) = (self.id("copy-"), None, None, false);
        self.copies.push(Copy { id, target, project, leaf, made, gone, hand, foreign });
        Ok(None)
    }

    /// The cloud's word for a moment of ours, to the second.
    pub fn cloud_time(&self, moment: Time) -> Time {
        Time::from_secs(moment.secs() + self.skew_secs)
    }
}
