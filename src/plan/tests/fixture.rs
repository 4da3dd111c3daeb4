//! What the rule tables are written in: a given world and memory, and a plan as lines of text.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::cert::{CaBundle, CaFacts, LeafFacts};
use crate::model::digest::{Sha1, Sha256};
use crate::model::failure::{Failure, Kind};
use crate::model::names::{Name, Subject};
use crate::model::place::Drift;
use crate::model::target::Target;
use crate::model::time::Time;
use crate::plan::action::{Action, Fact, Import, ImportKey};
use crate::plan::hold::Hold;
use crate::plan::memory::{Memory, Record};
use crate::plan::observed::{
    CaSeen, CertificateSeen, CopySeen, FileSeen, ImportSeen, JobState, Observed, SwitchJob,
    SwitchSeen, TargetSeen,
};
use crate::plan::sight::Sight;
use crate::plan::{Lesson, Plan, plan};
use crate::schedule::Backoff;

/// A sentence, what is given, and the lines of the plan that must come of it.
pub type Case = (&'static str, Given, &'static [&'static str]);

/// Every case of a table comes out as it says; all that do not are shown together.
pub fn check_all(cases: Vec<Case>) {
    let wrong: Vec<_> = cases
        .into_iter()
        .filter_map(|(sentence, given, expect)| check(sentence, &given, expect))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Plans what is given and compares; gives what to read when it comes out otherwise.
fn check(sentence: &str, given: &Given, expect: &[&str]) -> Option<String> {
    let got = lines(&plan(&given.observed, &given.memory), given.observed.now);
    (got != expect).then(|| format!("{sentence}:\n  got    {got:#?}\n  expect {expect:#?}"))
}

/// What was seen, and what is remembered. Moments are seconds after [`at`]'s zero.
#[derive(Clone)]
pub struct Given {
    pub observed: Observed,
    pub memory: Memory,
}

/// It is now this many seconds after zero, and nothing is known.
pub fn now(secs: i64) -> Given {
    let observed = Observed {
        now: at(secs),
        doubt: Duration::from_secs(120),
        retry: Backoff { first: Duration::from_secs(10), longest: Duration::from_secs(900) },
        in_flight: BTreeSet::new(),
        certificates: Vec::new(),
        cas: Vec::new(),
        switches: Vec::new(),
    };
    Given { observed, memory: Memory::default() }
}

impl Given {
    /// The journal has this line.
    pub fn after(mut self, secs: i64, record: Record) -> Self {
        self.memory.fold(at(secs), &record);
        self
    }

    /// This entry was looked at just now.
    pub fn cert(self, seen: CertificateSeen) -> Self {
        let secs = self.observed.now.secs() - at(0).secs();
        self.cert_looked(secs, seen)
    }

    /// This entry's look began at that moment.
    pub fn cert_looked(mut self, secs: i64, seen: CertificateSeen) -> Self {
        self.observed.certificates.push(CertificateSeen { looked_at: at(secs), ..seen });
        self
    }

    pub fn ca(mut self, seen: CaSeen) -> Self {
        self.observed.cas.push(seen);
        self
    }

    /// This switch was looked at just now.
    pub fn switch(mut self, seen: SwitchSeen) -> Self {
        let looked_at = self.observed.now;
        self.observed.switches.push(SwitchSeen { looked_at, ..seen });
        self
    }

    pub fn in_flight(mut self, subject: Subject) -> Self {
        self.observed.in_flight.insert(subject);
        self
    }
}

pub fn at(secs: i64) -> Time {
    Time::from_secs(1_767_225_600 + secs)
}

pub fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub fn www() -> Subject {
    Subject::Certificate(name("www"))
}

pub fn api() -> Subject {
    Subject::Certificate(name("api"))
}

/// A digest of one hex digit repeated, so that expectations can be read.
pub fn digest(n: u8) -> Sha256 {
    format!("{n:x}").repeat(64).parse().unwrap()
}

/// The leaf of this number: a higher one was issued later, by a day a number.
pub fn leaf(n: u8) -> LeafFacts {
    LeafFacts {
        sha256: digest(n),
        sha1: Sha1::of(&[n]),
        serial: format!("{n}"),
        subject: "CN=www.example.com".to_owned(),
        issuer: "CN=Small CA".to_owned(),
        not_before: at((i64::from(n) - 30) * 86_400),
        not_after: at((i64::from(n) + 60) * 86_400),
        names: vec!["www.example.com".to_owned()],
        key: "ECDSA P-256".to_owned(),
    }
}

pub fn key(n: u8) -> ImportKey {
    let leaf = leaf(n);
    let (leaf, issued) = (leaf.sha256, leaf.not_before);
    ImportKey::from(Import { cloud: name("main"), enterprise_project: None, leaf, issued })
}

pub fn import(n: u8) -> Action {
    Action::Import { key: key(n) }
}

/// The push of the leaf's import `scm-N` to a service in project `north`.
pub fn push(n: u8, target: Target) -> Action {
    Action::Push { key: key(n), scm_id: format!("scm-{n}"), target, project: "north".to_owned() }
}

/// An entry with that leaf on its disk, no import of it in the cloud, and no targets.
pub fn cert(entry: &str, n: u8) -> CertificateSeen {
    CertificateSeen {
        name: name(entry),
        cloud: name("main"),
        enterprise_project: None,
        cert_path: PathBuf::from("/pki/fullchain.pem"),
        looked_at: at(0),
        local: Ok(leaf(n).into()),
        keep: 2,
        import: ImportSeen::Absent,
        newest_named: None,
        superseded: Vec::new(),
        targets: Vec::new(),
        import_alone: false,
    }
}

/// An entry whose import `scm-N` the journal may trust, with one target.
pub fn pushed(entry: &str, n: u8, target: Target, copy: CopySeen) -> CertificateSeen {
    let targets = vec![target_seen(target, copy)];
    CertificateSeen { import: ImportSeen::Found(format!("scm-{n}")), targets, ..cert(entry, n) }
}

/// A service in project `north` with that copy, where nothing is bound or probed. The former leaf
/// may be served for ninety seconds.
pub fn target_seen(target: Target, copy: CopySeen) -> TargetSeen {
    TargetSeen {
        target,
        project: "north".to_owned(),
        copy,
        room: None,
        copies: Vec::new(),
        sites: Vec::new(),
        probes: Vec::new(),
        window: Duration::from_secs(90),
        drift: Drift::Report,
    }
}

/// CA number `n`, good for a thousand days around zero.
pub fn authority(n: u8) -> CaFacts {
    let days = |days: i64| at(days * 86_400);
    CaFacts {
        subject: format!("CN=CA {n}"),
        sha256: digest(n),
        not_before: days(-1000),
        not_after: days(1000),
        pem: format!("{n}\n"),
        weakness: None,
    }
}

pub fn bundle(numbers: &[u8]) -> CaBundle {
    CaBundle::of(numbers.iter().map(|n| authority(*n)).collect())
}

/// A file with these CAs, as it shall be.
pub fn file(numbers: &[u8]) -> FileSeen {
    let CaBundle { sha256, certificates: authorities, .. } = bundle(numbers);
    FileSeen::Holds { sha256, authorities, fits: true }
}

/// The CA entry `redis`, with a command, no probe, and a thousand seconds of overlap.
pub fn ca(published: Result<&[u8], Failure>, file: FileSeen) -> CaSeen {
    CaSeen {
        name: name("redis"),
        published: published.map(|numbers| Arc::new(bundle(numbers))),
        file,
        overlap: Duration::from_secs(1000),
        has_hook: true,
        instance: None,
    }
}

/// Puts these CAs into the file of `redis`.
pub fn install(numbers: &[u8]) -> Action {
    let authorities = numbers.iter().map(|n| digest(*n)).collect();
    Action::InstallCa { name: name("redis"), sha256: bundle(numbers).sha256, authorities }
}

/// The line that says what is published and what stands beside it.
pub fn authorities(published: &[u8], former: &[u8]) -> Record {
    let digests = |numbers: &[u8]| numbers.iter().map(|n| digest(*n)).collect();
    let subject = Subject::Ca(name("redis"));
    Record::Authorities { subject, published: digests(published), former: digests(former) }
}

/// The switch entry `ledger`, which may restart its instance; the task list was read and is empty.
pub fn switch(on: bool) -> SwitchSeen {
    SwitchSeen {
        name: name("ledger"),
        cloud: name("main"),
        instance_id: "db1".to_owned(),
        on,
        allow_restart: true,
        assume: None,
        looked_at: at(0),
        job: None,
        jobs: Some(Ok(Vec::new())),
        probe: None,
        greeting: None,
        window: None,
    }
}

/// The switch entry with the task list showing these jobs: id, and when it was begun.
pub fn jobs(on: bool, jobs: &[(&str, i64)]) -> SwitchSeen {
    let row = |(id, secs): &(&str, i64)| SwitchJob {
        job_id: (*id).into(),
        created: at(*secs),
        ended: true,
    };
    SwitchSeen { jobs: Some(Ok(jobs.iter().map(row).collect())), ..switch(on) }
}

/// The switch entry with the job that the journal waits for in this state; no task list.
pub fn job(on: bool, state: Result<JobState, Failure>) -> SwitchSeen {
    SwitchSeen { job: Some(state), jobs: None, ..switch(on) }
}

pub fn failure(kind: Kind) -> Failure {
    Failure::local(kind, "test", "no luck")
}

pub fn waiting(kind: Kind, secs: u64) -> Failure {
    Failure { wait: Some(Duration::from_secs(secs)), ..failure(kind) }
}

pub fn began(subject: &Subject, action: &Action) -> Record {
    Record::Began { subject: subject.clone(), action: action.clone() }
}

pub fn done(subject: &Subject, action: &Action, id: Option<&str>) -> Record {
    let id = id.map(str::to_owned);
    Record::Done { subject: subject.clone(), action: action.clone(), id }
}

pub fn failed(subject: &Subject, action: &Action, failure: Failure) -> Record {
    Record::Failed { subject: subject.clone(), action: action.clone(), failure }
}

pub fn learned(subject: &Subject, action: &Action, fact: Fact) -> Record {
    Record::Learned { subject: subject.clone(), action: action.clone(), fact }
}

pub fn saw(subject: &Subject, action: &Action, id: &str) -> Record {
    learned(subject, action, Fact::Seen { id: Some(id.to_owned()) })
}

pub fn retry(entry: &str) -> Record {
    Record::AskedRetry { name: name(entry) }
}

/// A plan as lines: `do`, then `hold`, then `learn`, then `look again`.
pub fn lines(plan: &Plan, now: Time) -> Vec<String> {
    let steps = plan.now.iter().map(|step| {
        let what = what(&step.subject, &step.action);
        format!("do {}: {what}, {:?}", step.subject.name(), step.because)
    });
    let held = plan.held.iter().map(|held| {
        let wait = held.until.map(|until| until.secs() - now.secs());
        // Waits after more than one try are spread by a few hundredths.
        let spread = matches!(held.why, Hold::BackOff { attempt: 2.., .. });
        let until = wait.map(|secs| if spread { (secs + 5) / 10 * 10 } else { secs });
        let until = until.map(|secs| format!(" {secs:+}s"));
        let why = super::coverage::hold(&held.why);
        format!("hold {}: {why}{}", held.subject.name(), until.unwrap_or_default())
    });
    let again = plan.again.iter().map(|subject| format!("look again at {}", subject.name()));
    steps.chain(held).chain(plan.learned.iter().map(lesson)).chain(again).collect()
}

/// An action in words; of CA files, which CAs they are about.
fn what(subject: &Subject, action: &Action) -> String {
    match action {
        Action::InstallCa { authorities, .. } => format!("install{}", digits(authorities)),
        Action::RunHook { .. } => "run on_change".to_owned(),
        action => action.describe(subject),
    }
}

/// The first digits of each.
fn digits(all: &[Sha256]) -> String {
    all.iter().map(|it| format!(" {}", &it.short()[..4])).collect()
}

fn lesson(lesson: &Lesson) -> String {
    match lesson {
        Lesson::Effect { subject, action, fact: it } => {
            format!("learn {}: {}, {}", subject.name(), what(subject, action), fact(it))
        }
        Lesson::Authorities { subject, published, former } => {
            let (published, former) = (digits(published), digits(former));
            format!("saw {}: published{published}, beside{former}", subject.name())
        }
        Lesson::Sight { subject, spot, sight } => {
            format!("saw {}: {spot} {}", subject.name(), sight_words(sight))
        }
    }
}

/// `pending 1111 (c1)!`: a verdict, the leaf's first digits, the service's id of it, and a mark
/// where it is neither the wanted leaf nor a former one.
fn sight_words(Sight { verdict, leaf, id, neither }: &Sight) -> String {
    let leaf = leaf.map(|leaf| format!(" {}", &leaf.sha256.short()[..4]));
    let id = id.as_ref().map(|id| format!(" ({id})"));
    let mark = if *neither { "!" } else { "" };
    format!("{verdict}{}{}{mark}", leaf.unwrap_or_default(), id.unwrap_or_default())
}

fn fact(fact: &Fact) -> String {
    match fact {
        Fact::Seen { id: Some(id) } => format!("Seen {id}"),
        Fact::Done { id: Some(id) } => format!("Done {id}"),
        Fact::JobFailed { reason } => format!("JobFailed {reason}"),
        Fact::RolledBack { former } => format!("RolledBack to {}", sight_words(former)),
        fact => super::coverage::fact(fact).to_owned(),
    }
}
