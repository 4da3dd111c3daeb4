//! A year of a journal, and how long opening it takes: `journal_scale [CERTIFICATES [RENEWALS]]`.
//!
//! Each certificate has an import, three pushes, three places and three probes, and is renewed so often; what is
//! superseded goes, but for two. Prints the size of the file and the medians of five: folding every line, and beginning
//! with the base.

#![forbid(unsafe_code)]

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use certrotd::model::digest::Sha256;
use certrotd::model::names::{Name, Subject};
use certrotd::model::place::Place;
use certrotd::model::target::Target;
use certrotd::model::time::Time;
use certrotd::plan::action::{Action, Fact, Import, ImportKey, Retired};
use certrotd::plan::memory::{FORMAT, Memory, Record};
use certrotd::plan::sight::{Seen, Sight, Spot, Verdict};
use certrotd::record::Journal;

const DAY: i64 = 24 * 60 * 60;
const TARGETS: [Target; 3] = [Target::Elb, Target::Waf, Target::Cdn];
const KEPT: u32 = 2;
const AT_ONCE: u32 = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse::<u32>());
    let certificates = numbers.next().unwrap_or(Ok(10_000))?;
    let renewals = numbers.next().unwrap_or(Ok(6))?;
    let state = std::env::temp_dir().join(format!("certrotd-scale-{}", std::process::id()));
    let measured = measure(&state, certificates, renewals);
    std::fs::remove_dir_all(&state)?;
    measured
}

fn measure(state: &Path, certificates: u32, renewals: u32) -> Result<(), Box<dyn Error>> {
    let mut journal = Journal::open(state)?;
    let mut memory = Memory::default();
    for turn in 1..=renewals {
        for from in (0..certificates).step_by(AT_ONCE as usize) {
            let upto = certificates.min(from + AT_ONCE);
            let records: Vec<_> = (from..upto).flat_map(|number| renewal(number, turn)).collect();
            journal.append(moment(turn, renewals), &records, &mut memory)?;
        }
    }
    drop(journal);
    let lines = memory.lines();
    say(&format!("{certificates} certificates, {renewals} renewals each: {lines} lines"));
    say(&format!(
        "file {}, {} bytes a renewal",
        size(state)?,
        bytes(state)? / u64::from(certificates * renewals)
    ));
    say(&format!("effects remembered: {}", memory.effects().count()));
    say(&format!("every line folded: {:?}", opened(state)?));
    let now = moment(renewals, renewals) + Duration::from_secs(31 * DAY.unsigned_abs());
    let mut journal = Journal::open(state)?;
    let mut memory = journal.fold()?;
    let began = Instant::now();
    journal.rest(now, &mut memory)?;
    say(&format!("base written in {:?}: {} bytes", began.elapsed(), memory.pack().len()));
    drop(journal);
    say(&format!("file {}, effects remembered: {}", size(state)?, memory.effects().count()));
    say(&format!("base alone: {:?}", opened(state)?));
    let mut journal = Journal::open(state)?;
    let tail: Vec<_> =
        (0..certificates.min(280)).flat_map(|it| renewal(it, renewals + 1)).collect();
    journal.append(now, &tail, &mut memory)?;
    drop(journal);
    say(&format!("base and {} lines after it: {:?}", tail.len(), opened(state)?));
    let body = memory.pack();
    if let Some(to) = std::env::var_os("KEEP_BODY") {
        std::fs::write(to, &body)?;
    }
    say(&format!(
        "the base's bytes alone: {:?}",
        median(|| Memory::unpack(FORMAT, &body).ok_or_else(|| "unreadable".into()))?
    ));
    say(&format!("their digest alone: {:?}", median(|| Ok(Sha256::of(&body)))?));
    as_json(&memory)
}

/// What the tried and obvious format costs: JSON, of the keys alone.
fn as_json(memory: &Memory) -> Result<(), Box<dyn Error>> {
    let actions: Vec<_> = memory.effects().map(|(action, _)| action.clone()).collect();
    let text = serde_json::to_vec(&actions)?;
    let took = median(|| Ok(serde_json::from_slice::<Vec<Action>>(&text)?))?;
    say(&format!("the keys of the effects alone as JSON: {took:?}, {} bytes", text.len()));
    Ok(())
}

fn opened(state: &Path) -> Result<Took, Box<dyn Error>> {
    median(|| Ok(Journal::open(state)?.fold()?))
}

/// By the clock, and what the processor worked for it, both without letting go of what came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Took {
    wall: Duration,
    cpu: Duration,
}

fn median<T>(mut run: impl FnMut() -> Result<T, Box<dyn Error>>) -> Result<Took, Box<dyn Error>> {
    let mut took = Vec::new();
    for _ in 0..5 {
        let (began, busy) = (Instant::now(), busy()?);
        let _out = run()?;
        took.push(Took { wall: began.elapsed(), cpu: self::busy()? - busy });
    }
    took.sort();
    Ok(took[2])
}

fn busy() -> Result<Duration, Box<dyn Error>> {
    let used = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF)?;
    let spent = |time: nix::sys::time::TimeVal| {
        Duration::from_micros((time.tv_sec() * 1_000_000 + time.tv_usec()).unsigned_abs())
    };
    Ok(spent(used.user_time()) + spent(used.system_time()))
}

/// When a turn comes; the last one at the end of a year.
fn moment(turn: u32, of: u32) -> Time {
    Time::from_secs(1_767_225_600 + i64::from(turn) * 365 * DAY / i64::from(of))
}

fn key(number: u32, turn: u32) -> ImportKey {
    let leaf = Sha256::of(format!("{number} {turn}").as_bytes());
    let cloud = Name::new("beijing").expect("a name");
    ImportKey::from(Import { cloud, enterprise_project: None, leaf, issued: moment(turn, 6) })
}

/// An id as the services give them.
fn id(what: &str, number: u32, turn: u32) -> String {
    Sha256::of(format!("{what} {number} {turn}").as_bytes()).to_string()[..32].to_owned()
}

/// What one renewal writes.
fn renewal(number: u32, turn: u32) -> Vec<Record> {
    let subject =
        Subject::Certificate(Name::new(&format!("site-{number}.example.com")).expect("a name"));
    let (key, scm_id, project) =
        (key(number, turn), id("scm", number, turn), "cn-north-4".to_owned());
    let mut lines = did(&subject, Action::Import { key: key.clone() }, Some(scm_id.clone()), true);
    for target in TARGETS {
        let copy = id(&target.to_string(), number, turn);
        let push = Action::Push {
            key: key.clone(),
            scm_id: scm_id.clone(),
            target,
            project: project.clone(),
        };
        lines.extend(did(&subject, push, Some(copy.clone()), true));
        let place = Place { target, project: project.clone(), site: id("site", number, 0) };
        let former = id(&target.to_string(), number, turn - 1);
        let bind = Action::Bind {
            key: key.clone(),
            place: place.clone().into(),
            id: copy.clone(),
            instead_of: vec![former],
        };
        lines.extend(did(&subject, bind, None, false));
        let probe = format!("site-{number}.example.com:443");
        let probe = Spot::Probe { target, project: project.clone(), probe };
        let leaf =
            Some(Seen { sha256: key.leaf, issued: Some(key.issued), ends: Some(key.issued) });
        for (spot, verdict) in [
            (Spot::Site(place), Verdict::Served),
            (probe.clone(), Verdict::Pending),
            (probe, Verdict::Served),
        ] {
            let sight = Sight { verdict, leaf, id: Some(copy.clone()), neither: false };
            lines.push(Record::Saw { subject: subject.clone(), spot, sight });
        }
    }
    if turn > KEPT + 1 {
        lines.extend(retired(&subject, number, turn - KEPT - 1));
    }
    lines
}

fn retired(subject: &Subject, number: u32, turn: u32) -> Vec<Record> {
    let copy = |target: Target| {
        let (id, project) = (id(&target.to_string(), number, turn), "cn-north-4".to_owned());
        Retired::Copy { target, project, id }
    };
    let import = Retired::Import { scm_id: id("scm", number, turn) };
    let all = TARGETS.map(copy).into_iter().chain([import]);
    all.flat_map(|what| did(subject, Action::Retire { key: key(number, turn), what }, None, false))
        .collect()
}

fn did(subject: &Subject, action: Action, id: Option<String>, seen: bool) -> Vec<Record> {
    let began = Record::Began { subject: subject.clone(), action: action.clone() };
    let done = Record::Done { subject: subject.clone(), action: action.clone(), id: id.clone() };
    let learned = Record::Learned { subject: subject.clone(), action, fact: Fact::Seen { id } };
    [Some(began), Some(done), seen.then_some(learned)].into_iter().flatten().collect()
}

fn bytes(state: &Path) -> std::io::Result<u64> {
    Ok(std::fs::metadata(state.join("journal.sqlite"))?.len())
}

fn size(state: &Path) -> std::io::Result<String> {
    Ok(format!("{} MB", bytes(state)? / 1_000_000))
}

#[expect(clippy::print_stdout, reason = "this is what it is for")]
fn say(line: &str) {
    println!("{line}");
}
