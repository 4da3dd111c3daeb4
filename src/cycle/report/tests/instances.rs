//! Lines about CA files, about what instances present, and about switches.

use std::slice::from_ref;

use super::*;
use crate::cert::{CaBundle, CaFacts};
use crate::model::failure::{Failure, Kind};
use crate::plan::observed::{CaSeen, FileSeen, InstanceSeen, Proof};

const REDIS: &str = "redis.internal:6379";

fn orders() -> Name {
    Name::new("orders").unwrap()
}

fn redis() -> Subject {
    Subject::Ca(orders())
}

/// A CA of this name that ends on this day.
fn authority(text: &str, ends: i64) -> CaFacts {
    CaFacts {
        subject: format!("CN={text}"),
        sha256: Sha256::of(text.as_bytes()),
        not_before: day(0),
        not_after: day(ends),
        pem: format!("{text}\n"),
        weakness: None,
    }
}

/// An entry with an overlap of thirty days.
fn entry(published: &[CaFacts], inside: &[CaFacts], probe: Option<Proof>) -> CaSeen {
    let sha256 = CaBundle::of(inside.to_vec()).sha256;
    CaSeen {
        name: orders(),
        published: Ok(Arc::new(CaBundle::of(published.to_vec()))),
        file: FileSeen::Holds { sha256, authorities: inside.to_vec(), fits: true },
        overlap: 30 * DAY,
        has_hook: false,
        instance: probe.map(|proof| InstanceSeen { probe: REDIS.to_owned(), proof }),
    }
}

fn look(seen: &CaSeen, now: Time) -> Observed {
    let mut observed = observed(&leaf("none", 0), now, None);
    observed.certificates.clear();
    observed.cas.push(seen.clone());
    observed
}

fn fingerprints(authorities: &[CaFacts]) -> Vec<Sha256> {
    authorities.iter().map(|it| it.sha256).collect()
}

/// On this day it was written down what is published and what stands beside it.
fn stood(memory: &mut Memory, on: i64, published: &[CaFacts], former: &[CaFacts]) {
    let (published, former) = (fingerprints(published), fingerprints(former));
    memory.fold(day(on), &Record::Authorities { subject: redis(), published, former });
}

fn install(authorities: &[CaFacts]) -> Action {
    let sha256 = CaBundle::of(authorities.to_vec()).sha256;
    Action::InstallCa { name: orders(), sha256, authorities: fingerprints(authorities).into() }
}

/// What is said of an installation that is planned with this look.
fn installed(
    seen: &CaSeen,
    now: Time,
    memory: &Memory,
    authorities: &[CaFacts],
    because: Because,
) -> Vec<Map<String, Value>> {
    let mut report = Report::default();
    logged(|| {
        report.observe(&look(seen, now), memory);
        let step = Step { subject: redis(), action: install(authorities), because };
        report.started(&step);
        // A look meanwhile finds the new file already.
        let new = CaSeen { file: file(authorities), ..seen.clone() };
        report.observe(&look(&new, now), memory);
        report.ended(&step, &Ok(None), Duration::from_millis(7), 1);
    })
}

fn file(authorities: &[CaFacts]) -> FileSeen {
    entry(authorities, authorities, None).file
}

fn message(line: &Map<String, Value>) -> &str {
    line["message"].as_str().unwrap()
}

#[test]
fn an_installation_names_what_is_new_and_why() {
    let (old, new) = (authority("Old", 900), authority("New", 900));
    let seen = entry(from_ref(&new), from_ref(&old), None);
    let both = [new.clone(), old];
    let lines = installed(&seen, day(1), &Memory::default(), &both, Because::CaChanged);
    assert_eq!(events(&lines), ["ca.installed"], "the former one stays");
    let line = &lines[0];
    assert_eq!((&line["level"], &line["instance"]), (&"INFO".into(), &"orders".into()));
    assert_eq!(line["digest"], CaBundle::of(both.to_vec()).sha256.to_string());
    assert_eq!(line["elapsed_ms"], 7);
    let expected = format!(
        "installed CN=New ({}) in the CA file of orders: the instance publishes another CA",
        new.sha256.short()
    );
    assert_eq!(message(line), expected);

    let again = entry(from_ref(&new), from_ref(&new), None);
    let lines = installed(&again, day(1), &Memory::default(), &[new], Because::FileExposed);
    let expected = format!("wrote the CA file of orders anew: {}", Because::FileExposed);
    assert_eq!(message(&lines[0]), expected);
}

#[test]
fn a_ca_that_leaves_is_named_with_its_reason() {
    let (old, gone, new) = (authority("Old", 900), authority("Gone", 40), authority("New", 900));
    let proof = || Some(Proof::NotAsked);
    let mut memory = Memory::default();
    stood(&mut memory, 20, from_ref(&new), &[old.clone(), gone.clone()]);
    let seen = entry(from_ref(&new), &[new.clone(), old.clone(), gone.clone()], proof());
    let lines = installed(&seen, day(50), &memory, from_ref(&new), Because::OverlapOver);
    assert_eq!(events(&lines), ["ca.installed", "ca.retired", "ca.retired"]);
    assert_eq!(
        (&lines[1]["instance"], &lines[1]["fingerprint"]),
        (&"orders".into(), &old.sha256.to_string().into())
    );
    let expected = format!(
        "the CA CN=Old ({}) left the file of orders: it is not published since {} and stood beside the new one \
         for 30d; {REDIS} verifies with the published one alone",
        old.sha256.short(),
        day(20)
    );
    assert_eq!(message(&lines[1]), expected);
    let expected = format!("it expired on {}", day(40));
    assert!(message(&lines[2]).ends_with(&expected), "{lines:?}");

    let none = CaSeen { overlap: Duration::ZERO, ..entry(from_ref(&new), &[old], None) };
    let lines = installed(&none, day(50), &Memory::default(), &[new], Because::CaChanged);
    assert_eq!(events(&lines), ["ca.installed", "ca.retired"]);
    assert!(
        message(&lines[1]).ends_with("it is not published any more, and `overlap` is 0"),
        "{lines:?}"
    );
}

#[test]
fn an_installation_that_was_killed_before_its_line_is_told_by_the_next_start() {
    let (old, new) = (authority("Old", 900), authority("New", 900));
    let mut memory = Memory::default();
    stood(&mut memory, 0, from_ref(&new), from_ref(&old));
    let action = install(from_ref(&new));
    memory.fold(day(30), &Record::Began { subject: redis(), action: action.clone() });
    let seen = entry(from_ref(&new), from_ref(&new), None);
    let lines = logged(|| {
        let mut report = Report::default();
        report.observe(&look(&seen, day(31)), &memory);
        let (published, former) = (fingerprints(&[new]), Vec::new());
        let stands = Lesson::Authorities { subject: redis(), published, former };
        let fact = Fact::Done { id: None };
        let found = Lesson::Effect { subject: redis(), action, fact };
        report.learned(&[stands, found], &memory);
    });
    assert_eq!(events(&lines), ["ca.installed", "ca.retired"]);
    assert!(lines[0].get("elapsed_ms").is_none(), "{lines:?}");
    assert_eq!(lines[1]["fingerprint"], old.sha256.to_string());
}

#[test]
fn a_ca_that_is_published_no_more_is_told_once_with_what_becomes_of_it() {
    let (old, new) = (authority("Old", 900), authority("New", 900));
    let said = |overlap, probe: Option<Proof>| {
        let inside = [old.clone()];
        let seen = CaSeen { overlap, ..entry(from_ref(&new), &inside, probe) };
        let mut memory = Memory::default();
        let (published, former) = (fingerprints(from_ref(&new)), fingerprints(&inside));
        let lesson = Lesson::Authorities { subject: redis(), published, former };
        let lines = logged(|| {
            let mut report = Report::default();
            report.observe(&look(&seen, day(1)), &memory);
            report.learned(from_ref(&lesson), &memory);
            memory.fold(day(1), &lesson.clone().into());
            report.learned(&[lesson], &memory);
        });
        assert_eq!(events(&lines), ["ca.superseded"]);
        assert_eq!(lines[0]["fingerprint"], old.sha256.to_string());
        let message = message(&lines[0]).to_owned();
        assert!(message.starts_with("the CA CN=Old ("), "{message}");
        message.split_once(": ").unwrap().1.to_owned()
    };
    let (month, proof) = (30 * DAY, || Some(Proof::NotAsked));
    let proven = format!("until {REDIS} has been seen to verify with the published one alone");
    assert_eq!(said(month, None), "it stays for 30d beside it");
    assert_eq!(said(month, proof()), format!("it stays for 30d beside it, and {proven}"));
    assert_eq!(said(Duration::ZERO, proof()), format!("it stays {proven}"));
    assert_eq!(said(Duration::ZERO, None), "it leaves at once, since `overlap` is 0");
}

fn presents(verdict: Verdict, leaf: &LeafFacts) -> (Spot, Sight) {
    (Spot::Instance { probe: REDIS.to_owned() }, Sight { id: None, ..sight(verdict, leaf) })
}

#[test]
fn a_proof_is_told_when_it_is_new() {
    let own = leaf("own", 0);
    let (spot, sight) = presents(Verdict::Served, &own);
    let lesson = Lesson::Sight { subject: redis(), spot, sight };
    let lines = logged(|| {
        let (mut report, mut memory) = (Report::default(), Memory::default());
        let ca = [authority("New", 900)];
        report.observe(&look(&entry(&ca, &ca, Some(Proof::NotAsked)), day(1)), &memory);
        report.learned(from_ref(&lesson), &memory);
        memory.fold(day(1), &lesson.clone().into());
        report.learned(&[lesson], &memory);
    });
    assert_eq!(events(&lines), ["ca.proven"]);
    assert_eq!((&lines[0]["instance"], &lines[0]["probe"]), (&"orders".into(), &REDIS.into()));
    assert_eq!(lines[0]["fingerprint"], own.sha256.to_string());
    assert_eq!(lines[0]["days_left"], 89);
}

/// The alarms on these days, with two cycles each day; warned of are the last twenty-one.
fn alarms(seen: &CaSeen, memory: &Memory, days: &[i64]) -> Vec<Map<String, Value>> {
    let mut report = Report::default();
    logged(|| {
        for at in days {
            report.alarm_of_instance(seen, 21 * DAY, memory, day(*at));
            report.alarm_of_instance(seen, 21 * DAY, memory, day(*at));
        }
    })
}

#[test]
fn the_end_of_what_an_instance_presents_is_an_alarm_once_a_day() {
    let ca = [authority("New", 900)];
    let (own, mut memory) = (leaf("own", 0), Memory::default());
    let (spot, sight) = presents(Verdict::Served, &own);
    memory.fold(day(0), &Record::Saw { subject: redis(), spot, sight });
    let seen = entry(&ca, &ca, Some(Proof::NotAsked));
    let lines = alarms(&seen, &memory, &[60, 69, 70, 90, 91]);
    let expected = [
        "certificate.expiring",
        "certificate.expiring",
        "certificate.expired",
        "certificate.expired",
    ];
    assert_eq!(events(&lines), expected);
    assert_eq!((&lines[0]["level"], &lines[2]["level"]), (&"WARN".into(), &"ERROR".into()));
    let line = &lines[0];
    assert_eq!((&line["instance"], &line["probe"]), (&"orders".into(), &REDIS.into()));
    assert_eq!(line["days_left"], 21);
    assert_eq!(line["fingerprint"], own.sha256.to_string());
    assert!(line.get("certificate").is_none(), "{line:?}");
    assert!(message(line).ends_with("the service has to renew it"), "{line:?}");
}

#[test]
fn the_end_of_a_ca_is_an_alarm_but_not_that_of_a_former_one() {
    let (old, new) = (authority("Old", 30), authority("New", 90));
    let both = [new.clone(), old.clone()];
    let mut memory = Memory::default();
    stood(&mut memory, 0, from_ref(&new), from_ref(&old));
    let seen = entry(from_ref(&new), &both, None);
    assert!(alarms(&seen, &memory, &[25]).is_empty(), "it leaves by itself");
    let lines = alarms(&seen, &memory, &[80, 81]);
    assert_eq!(events(&lines), ["ca.expiring"; 2]);
    assert_eq!(lines[0]["fingerprint"], new.sha256.to_string());
    assert_eq!((&lines[0]["level"], &lines[0]["days_left"]), (&"WARN".into(), &10.into()));
    assert!(message(&lines[0]).starts_with("orders: the published CA CN=New ends on "));

    let failure = Failure::local(Kind::Transient, "show instance", "no answer");
    let blind = CaSeen { published: Err(failure), ..seen };
    assert!(alarms(&blind, &memory, &[25]).is_empty());
    let lines = alarms(&blind, &memory, &[80, 90]);
    assert_eq!(events(&lines), ["ca.expiring", "ca.expired"]);
    assert_eq!(lines[1]["level"], "ERROR");
    assert!(message(&lines[1]).contains("the CA CN=New in the file expired on "), "{lines:?}");
}

/// The only line of a hold, however often it is met, with its level.
fn held(subject: Subject, why: Hold) -> Option<Map<String, Value>> {
    let held = Held { subject, why, until: None };
    let mut lines = logged(|| {
        let mut report = Report::default();
        report.held(&held);
        report.held(&held);
    });
    assert!(lines.len() < 2, "{lines:?}");
    lines.pop()
}

#[test]
fn holds_of_cas_are_as_loud_as_clients_suffer() {
    let failure = || Failure::local(Kind::Unusable, "handshake", "CN=x was issued by CN=Other");
    let unproven = |keeps| Hold::Unproven { probe: REDIS.to_owned(), failure: failure(), keeps };
    for (keeps, level) in [(true, "WARN"), (false, "ERROR")] {
        let line = held(redis(), unproven(keeps)).unwrap();
        assert_eq!((&line["event"], &line["level"]), (&"step.held".into(), &level.into()));
        assert_eq!((&line["instance"], &line["probe"]), (&"orders".into(), &REDIS.into()));
        assert_eq!(line["table"], "instance_ca");
        assert!(line["error"].as_str().unwrap().ends_with("CN=x was issued by CN=Other"));
    }
    let unreachable =
        Hold::Unreachable { probe: REDIS.to_owned(), switch: false, failure: failure() };
    let line = held(redis(), unreachable).unwrap();
    assert_eq!((&line["level"], &line["probe"]), (&"WARN".into(), &REDIS.into()));
    let rejected = held(redis(), Hold::CaRejected { failure: failure() }).unwrap();
    assert_eq!((&rejected["event"], &rejected["level"]), (&"ca.rejected".into(), &"ERROR".into()));
    assert_eq!(rejected["instance"], "orders");
    let overlapping = Hold::Overlapping { authority: "CN=Old".to_owned(), until: day(9) };
    assert_eq!(held(redis(), overlapping), None, "it was told when it began");
}

#[test]
fn holds_of_switches_say_where_the_state_shows() {
    let ledger = || Subject::Ssl(Name::new("ledger").unwrap());
    let probe = || "ledger.internal:3306".to_owned();
    let back = Hold::SwitchedBack { on: true, probe: probe() };
    let not_shown = Hold::SwitchNotShown { on: true, probe: probe(), since: day(1) };
    for why in [back, not_shown] {
        let line = held(ledger(), why).unwrap();
        assert_eq!((&line["event"], &line["level"]), (&"step.held".into(), &"WARN".into()));
        assert_eq!((&line["instance"], &line["probe"]), (&"ledger".into(), &probe().into()));
        assert_eq!(line["table"], "instance_ssl");
    }
    let window = Hold::OutsideWindow { window: "Sun 02:00-04:00".to_owned(), opens: day(3) };
    let line = held(ledger(), window).unwrap();
    assert_eq!(line["level"], "INFO");
    assert!(line.get("error").is_none(), "nothing is wrong: {line:?}");
}
