//! Lines of the log, as a collector would see them: their events, levels and fields.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

use super::Report;
use crate::cert::LeafFacts;
use crate::config;
use crate::model::digest::{Sha1, Sha256};
use crate::model::failure::{Failure, Kind};
use crate::model::names::{Name, Subject};
use crate::model::place::{Dial, Drift, Place, Probe};
use crate::model::target::Target;
use crate::model::time::Time;
use crate::plan::action::{Action, Because, Fact, Import, ImportKey, Retired};
use crate::plan::hold::Hold;
use crate::plan::memory::{Memory, Record};
use crate::plan::observed::{
    BoundSeen, CertificateSeen, CopySeen, Handshake, ImportSeen, Observed, ProbeSeen, SiteSeen,
    TargetSeen,
};
use crate::plan::sight::{Seen, Sight, Spot, Verdict};
use crate::plan::{Held, Lesson, Step};

mod instances;

pub(super) const DAY: Duration = Duration::from_secs(86_400);
const PROBE: &str = "www.example.com:443";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Map<String, Value>>>>);

impl<S: tracing::Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut line = Line(Map::new());
        event.record(&mut line);
        line.0.insert("level".to_owned(), event.metadata().level().to_string().into());
        self.0.lock().unwrap().push(line.0);
    }
}

struct Line(Map<String, Value>);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

/// What is logged meanwhile, debug lines left out.
pub(super) fn logged(body: impl FnOnce()) -> Vec<Map<String, Value>> {
    let log = Log::default();
    let subscriber = tracing_subscriber::registry().with(log.clone());
    tracing::subscriber::with_default(subscriber, body);
    let mut lines = std::mem::take(&mut *log.0.lock().unwrap());
    lines.retain(|line| line["level"] != "DEBUG");
    lines
}

pub(super) fn events(lines: &[Map<String, Value>]) -> Vec<&str> {
    lines.iter().map(|line| line["event"].as_str().unwrap()).collect()
}

fn name() -> Name {
    Name::new("www").unwrap()
}

fn subject() -> Subject {
    Subject::Certificate(name())
}

fn day(days: i64) -> Time {
    Time::from_secs(days * 86_400)
}

/// A leaf of ninety days.
pub(super) fn leaf(text: &str, from: i64) -> LeafFacts {
    LeafFacts {
        sha256: Sha256::of(text.as_bytes()),
        sha1: Sha1::of(text.as_bytes()),
        serial: "1".to_owned(),
        subject: "CN=www.example.com".to_owned(),
        issuer: "CN=Test".to_owned(),
        not_before: day(from),
        not_after: day(from + 90),
        names: vec!["www.example.com".to_owned()],
        key: "RSA 2048".to_owned(),
    }
}

fn key(leaf: &LeafFacts) -> ImportKey {
    let (cloud, issued) = (Name::new("main").unwrap(), leaf.not_before);
    Import { cloud, enterprise_project: None, leaf: leaf.sha256, issued }.into()
}

fn place() -> Place {
    let project = "cn-north-4".to_owned();
    Place { target: Target::Elb, project, site: "0a1b".to_owned() }
}

fn probe() -> Spot {
    let project = "cn-north-4".to_owned();
    Spot::Probe { target: Target::Elb, project, probe: PROBE.to_owned() }
}

/// A look at one certificate that is bound at one listener, with or without a handshake.
pub(super) fn observed(local: &LeafFacts, now: Time, handshake: Option<Handshake>) -> Observed {
    let host = || "www.example.com".to_owned();
    let probe = Probe { text: PROBE.to_owned(), name: Some(host()), at: Dial::Name(host(), 443) };
    let target = TargetSeen {
        target: Target::Elb,
        project: "cn-north-4".to_owned(),
        copy: CopySeen::NotAsked,
        room: None,
        copies: Vec::new(),
        sites: vec![SiteSeen { site: "0a1b".to_owned(), bound: BoundSeen::NotAsked }],
        probes: handshake
            .into_iter()
            .map(|it| ProbeSeen { probe: probe.clone(), handshake: it })
            .collect(),
        window: Duration::from_secs(60),
        drift: Drift::Report,
    };
    let seen = CertificateSeen {
        name: name(),
        cloud: Name::new("main").unwrap(),
        enterprise_project: None,
        cert_path: PathBuf::from("/www.pem"),
        looked_at: now,
        local: Ok(local.clone().into()),
        keep: 2,
        import: ImportSeen::Trusted,
        newest_named: None,
        superseded: Vec::new(),
        targets: vec![target],
        import_alone: false,
    };
    let schedule =
        config::parse(Path::new("c"), "[cloud.main]\nregion = 'cn-north-4'").unwrap().schedule;
    Observed {
        now,
        doubt: schedule.doubt,
        retry: schedule.retry,
        in_flight: BTreeSet::new(),
        certificates: vec![seen],
        cas: Vec::new(),
        switches: Vec::new(),
    }
}

fn sight(verdict: Verdict, leaf: &LeafFacts) -> Sight {
    let (issued, ends) = (Some(leaf.not_before), Some(leaf.not_after));
    let leaf = Some(Seen { sha256: leaf.sha256, issued, ends });
    Sight { verdict, leaf, id: Some("elb-1".to_owned()), neither: false }
}

fn bind(leaf: &LeafFacts) -> Action {
    Action::Bind { key: key(leaf), place: place().into(), id: "elb-1".into(), instead_of: vec![] }
}

fn ended(report: &mut Report, action: Action, because: Because) {
    let step = Step { subject: subject(), action, because };
    report.ended(&step, &Ok(None), Duration::from_millis(7), 1);
}

#[test]
fn a_binding_says_where_and_which_leaf() {
    let new = leaf("new", 0);
    let lines = logged(|| ended(&mut Report::default(), bind(&new), Because::NotBound));
    assert_eq!(events(&lines), ["certificate.bound"]);
    let line = &lines[0];
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["certificate"], "www");
    assert_eq!(line["service"], "elb");
    assert_eq!(line["project"], "cn-north-4");
    assert_eq!(line["place"], "0a1b");
    assert_eq!(line["fingerprint"], new.sha256.to_string());
    assert_eq!(line["elapsed_ms"], 7);
}

#[test]
fn going_back_is_an_error_with_both_leaves_whether_answered_or_found() {
    let (old, new) = (leaf("old", -60), leaf("new", 0));
    let back = |memory: &mut Memory| {
        let fact = Fact::RolledBack { former: sight(Verdict::Served, &old) };
        memory.fold(day(1), &Record::Learned { subject: subject(), action: bind(&new), fact });
    };
    let answered = logged(|| {
        let (mut report, mut memory) = (Report::default(), Memory::default());
        back(&mut memory);
        report.observe(&observed(&new, day(1), None), &memory);
        ended(&mut report, bind(&old), Because::NotFoundAfterDoubt);
        let done = Record::Done { subject: subject(), action: bind(&old), id: None };
        memory.fold(day(1), &done);
        let fact = Fact::Seen { id: None };
        let lesson = Lesson::Effect { subject: subject(), action: bind(&old), fact };
        report.learned(&[lesson], &memory);
    });
    let found = logged(|| {
        let (mut report, mut memory) = (Report::default(), Memory::default());
        report.observe(&observed(&new, day(1), None), &memory);
        let fact = Fact::RolledBack { former: sight(Verdict::Served, &old) };
        report.learned(&[Lesson::Effect { subject: subject(), action: bind(&new), fact }], &memory);
        back(&mut memory);
        memory.fold(day(1), &Record::Began { subject: subject(), action: bind(&old) });
        let fact = Fact::Seen { id: None };
        let lesson = Lesson::Effect { subject: subject(), action: bind(&old), fact };
        report.learned(&[lesson], &memory);
    });
    for lines in [answered, found] {
        assert_eq!(events(&lines), ["certificate.rolled_back"], "once: {lines:?}");
        assert_eq!(lines[0]["level"], "ERROR");
        assert_eq!(lines[0]["fingerprint"], old.sha256.to_string());
        assert_eq!(lines[0]["rejected"], new.sha256.to_string());
        assert_eq!(lines[0]["place"], "0a1b");
    }
}

#[test]
fn what_is_retired_is_named() {
    let old = leaf("old", -60);
    let retire = |what| Action::Retire { key: key(&old), what };
    let (target, project, id) = (Target::Waf, "cn-north-4".to_owned(), "waf-7".to_owned());
    let lines = logged(|| {
        let mut report = Report::default();
        let import = Retired::Import { scm_id: "scs1".to_owned() };
        ended(&mut report, retire(import), Because::Superseded);
        // Deleted, and the answer was lost.
        let action = retire(Retired::Copy { target, project, id });
        let mut memory = Memory::default();
        memory.fold(day(1), &Record::Began { subject: subject(), action: action.clone() });
        let fact = Fact::Done { id: None };
        report.learned(&[Lesson::Effect { subject: subject(), action, fact }], &memory);
    });
    assert_eq!(events(&lines), ["certificate.retired"; 2]);
    let (import, copy) = (&lines[0], &lines[1]);
    assert_eq!((&import["service"], &import["scm_id"]), (&"scm".into(), &"scs1".into()));
    assert_eq!((&copy["service"], &copy["id"]), (&"waf".into(), &"waf-7".into()));
    assert_eq!(copy["project"], "cn-north-4");
    assert_eq!(copy["fingerprint"], old.sha256.to_string());
    assert!(copy.get("elapsed_ms").is_none());
}

#[test]
fn the_proof_is_a_handshake_where_there_is_one_and_else_the_binding() {
    let new = leaf("new", 0);
    let shown = |handshake: Option<Handshake>| {
        logged(|| {
            let (mut report, mut memory) = (Report::default(), Memory::default());
            report.observe(&observed(&new, day(1), handshake), &memory);
            for spot in [Spot::Site(place()), probe()] {
                let sight = sight(Verdict::Served, &new);
                let lesson = Lesson::Sight { subject: subject(), spot, sight };
                report.learned(std::slice::from_ref(&lesson), &memory);
                memory.fold(day(1), &lesson.clone().into());
                // The same again is no news.
                report.learned(&[lesson], &memory);
            }
        })
    };
    let probed = shown(Some(Handshake::NotAsked));
    assert_eq!(events(&probed), ["certificate.served"]);
    assert_eq!(probed[0]["proof"], "handshake");
    assert_eq!(probed[0]["probe"], PROBE);
    assert_eq!(probed[0]["days_left"], 89);
    let bound = shown(None);
    assert_eq!(bound[0]["proof"], "binding");
    assert_eq!(bound[0]["place"], "0a1b");
    assert_eq!(bound[0]["fingerprint"], new.sha256.to_string());
}

#[test]
fn a_stale_probe_is_an_alarm_once_a_day() {
    let (old, new) = (leaf("old", -60), leaf("new", 0));
    let why = Hold::Stale { probe: PROBE.to_owned(), served: old.sha256, since: day(1) };
    let held = Held { subject: subject(), why, until: None };
    let mut report = Report::default();
    let lines = logged(|| {
        for hours in [2, 3, 25, 26, 27] {
            let now = day(1) + Duration::from_secs(hours * 3600);
            report.observe(&observed(&new, now, None), &Memory::default());
            report.held(&held);
        }
    });
    assert_eq!(events(&lines), ["certificate.stale"; 2]);
    assert_eq!(lines[0]["level"], "ERROR");
    assert_eq!(lines[0]["fingerprint"], new.sha256.to_string());
    assert_eq!(lines[0]["served"], old.sha256.to_string());
    assert_eq!(lines[0]["age"], "2h");
}

#[test]
fn holds_are_as_loud_as_they_are_bad() {
    let probe = || PROBE.to_owned();
    let found = || "1a2b".to_owned();
    let level = |why| {
        let lines = logged(|| {
            let mut report = Report::default();
            let held = Held { subject: subject(), why, until: None };
            report.held(&held);
            report.held(&held);
        });
        assert!(lines.len() < 2, "{lines:?}");
        lines.first().map(|line| line["level"].as_str().unwrap().to_owned())
    };
    let because = String::new();
    let wrong = Hold::Wrong { probe: probe(), found: found(), because };
    assert_eq!(level(wrong).as_deref(), Some("ERROR"));
    let foreign = Hold::Foreign { place: place(), found: found() };
    assert_eq!(level(foreign).as_deref(), Some("WARN"));
    let used = Hold::StillUsed { what: found(), by: "listener 7".to_owned() };
    assert_eq!(level(used).as_deref(), Some("INFO"));
    let pending = Hold::NotServedYet { probe: probe(), found: found(), until: day(1) };
    assert_eq!(level(pending), None);
}

/// The lines of one alarm after another, at these days.
#[test]
fn the_same_failure_of_another_request_is_no_news() {
    let mut report = Report::default();
    let unseen = |request: &str, message: &str| {
        let mut failure = Failure::local(Kind::Transient, "look", message);
        failure.request_id = Some(request.to_owned());
        Held { subject: subject(), why: Hold::Unseen { failure }, until: None }
    };
    let lines = logged(|| {
        report.held(&unseen("ab12-cd", "503 gone"));
        report.held(&unseen("ef99-0a", "503 gone"));
        report.held(&unseen("ef99-0a", "reset"));
    });
    assert_eq!(events(&lines), ["step.held", "step.held"]);
}

fn alarms(local: &LeafFacts, days: &[i64], handshake: &Handshake) -> Vec<Map<String, Value>> {
    let mut report = Report::default();
    logged(|| {
        for at in days {
            let observed = observed(local, day(*at), Some(handshake.clone()));
            for seen in &observed.certificates {
                report.alarm(seen, 21 * DAY, &Memory::default(), observed.now);
                report.alarm(seen, 21 * DAY, &Memory::default(), observed.now);
            }
        }
    })
}

#[test]
fn a_late_renewal_is_said_daily_until_the_end_is_near() {
    let file = leaf("file", 0);
    let none = Handshake::NotAsked;
    assert_eq!(events(&alarms(&file, &[59, 60], &none)), [""; 0]);
    let lines = alarms(&file, &[61, 62, 69, 89, 90], &none);
    let expected = [
        "certificate.overdue",
        "certificate.overdue",
        "certificate.expiring",
        "certificate.expiring",
        "certificate.expired",
    ];
    assert_eq!(events(&lines), expected);
    assert_eq!(lines[0]["days_left"], 29);
    assert_eq!(lines[0]["level"], "WARN");
    assert_eq!(lines[4]["level"], "ERROR");
}

#[test]
fn what_is_served_ends_before_what_lies_on_the_disk() {
    let (old, new) = (leaf("old", -60), leaf("new", 0));
    let served = |leaf: &LeafFacts| {
        let (sha256, leaf) = (leaf.sha256, Some(leaf.clone()));
        Handshake::Served { sha256, leaf, chain: Vec::new() }
    };
    let lines = alarms(&new, &[10], &served(&old));
    assert_eq!(events(&lines), ["certificate.expiring"]);
    assert_eq!(lines[0]["probe"], PROBE);
    assert_eq!(lines[0]["fingerprint"], old.sha256.to_string());
    let message = lines[0]["message"].as_str().unwrap();
    assert!(message.ends_with("the file has another one, which is not served there"), "{message}");
    assert_eq!(alarms(&new, &[10], &served(&new)).len(), 0);
}
