//! The memory is the fold of the journal, and the journal's lines on the disk stay readable.

use super::coverage;
use super::fixture::*;
use super::places::*;
use crate::model::account::Refusal;
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::names::Subject;
use crate::model::target::{Api, Target};
use crate::plan::action::{Action, Fact, Import};
use crate::plan::memory::{Asked, Memory, Record, State};
use crate::plan::needs;
use crate::plan::sight::Verdict;

/// Folds these lines, one a second from zero.
fn fold(records: &[Record]) -> Memory {
    let mut memory = Memory::default();
    for (secs, record) in (0..).zip(records) {
        memory.fold(at(secs), record);
    }
    memory
}

/// An import's state, tries and doubts after these lines.
fn import_after(records: &[Record]) -> (State, u32, u32) {
    let memory = fold(records);
    let effect = memory.effect(&import(1)).unwrap();
    (effect.state.clone(), effect.tries, effect.doubts)
}

fn fails(kind: Kind) -> Record {
    failed(&www(), &import(1), failure(kind))
}

fn ssl(on: bool) -> Action {
    Action::SwitchSsl { cloud: name("main"), instance_id: "db1".into(), on }
}

#[test]
fn states_follow_the_lines() {
    let begun = began(&www(), &import(1));
    let after =
        |records: &[Record]| import_after(&[std::slice::from_ref(&begun), records].concat());
    let again = [fails(Kind::Busy), begun.clone()];
    assert_eq!(after(&[]), (State::Open, 1, 1));
    assert_eq!(after(&[fails(Kind::Lost)]), (State::Doubt(failure(Kind::Lost).into()), 1, 1));
    assert_eq!(after(&[fails(Kind::Busy)]), (State::Failed(failure(Kind::Busy).into()), 1, 0));
    assert_eq!(after(&again), (State::Open, 2, 1));
    assert_eq!(after(&[fails(Kind::Lost), begun.clone()]), (State::Open, 2, 2));
    let withheld = (State::Failed(failure(Kind::Withheld).into()), 0, 0);
    assert_eq!(after(&[fails(Kind::Withheld)]), withheld, "nothing was sent, nothing was tried");
    assert_eq!(after(&[done(&www(), &import(1), Some("scm-1"))]), (State::Done, 0, 0));
    assert_eq!(after(&[fails(Kind::Lost), saw(&www(), &import(1), "scm-1")]), (State::Seen, 0, 0));
    let gone = [saw(&www(), &import(1), "scm-1"), learned(&www(), &import(1), Fact::Gone)];
    assert_eq!(after(&gone).0, State::Gone);
    assert_eq!(
        after(&[gone.as_slice(), std::slice::from_ref(&begun)].concat()),
        (State::Open, 1, 1)
    );
}

#[test]
fn what_was_read_back_while_its_answer_was_out_stands() {
    let seen = saw(&api(), &import(1), "scm-1");
    for kind in [Kind::Lost, Kind::Busy] {
        let lines = [began(&www(), &import(1)), seen.clone(), fails(kind)];
        assert_eq!(import_after(&lines), (State::Seen, 0, 0), "{kind:?}");
        // Once api's leaf is renewed, nobody looks for this one again.
        let left = needs::superseded(&name("api"), &key(2), 0, &fold(&lines));
        assert_eq!(left, [(key(1), "scm-1".to_owned())], "its clean-up knows of it");
    }
    let again = [seen, began(&www(), &import(1)), fails(Kind::Lost)];
    assert_eq!(
        import_after(&again).0,
        State::Doubt(failure(Kind::Lost).into()),
        "seen before is no proof"
    );
}

#[test]
fn moments_and_ids_are_kept() {
    let records = [
        began(&api(), &import(1)),
        fails(Kind::Lost),
        saw(&www(), &import(1), "scm-1"),
        learned(&www(), &import(1), Fact::Gone),
    ];
    let memory = fold(&records);
    let effect = memory.effect(&import(1)).unwrap();
    assert_eq!((effect.begun, effect.at), (at(0), at(3)));
    assert_eq!(effect.subject, api(), "whoever began it");
    assert_eq!(effect.id.as_deref(), Some("scm-1"));
    assert_eq!(memory.effects().count(), 1);
}

#[test]
fn the_newest_leaf_is_an_entrys_own() {
    let memory = fold(&[
        done(&www(), &import(2), Some("scm-2")),
        done(&www(), &import(1), Some("scm-1")),
        began(&www(), &import(3)),
        saw(&api(), &import(1), "scm-1"),
    ]);
    assert_eq!(memory.newest(&name("www")), Some(&key(2)), "begun is not imported");
    assert_eq!(memory.newest(&name("api")), Some(&key(1)));
    assert_eq!(memory.newest(&name("other")), None);
}

#[test]
fn a_step_back_is_asked_for_once() {
    let asked = Record::AskedOlder { name: name("www") };
    let imported = done(&www(), &import(2), Some("scm-2"));
    let used = learned(&www(), &import(1), Fact::AllowedOlder);
    assert!(fold(&[imported.clone(), asked.clone()]).asked_older(&name("www")));
    assert!(!fold(std::slice::from_ref(&asked)).asked_older(&name("api")));
    let memory = fold(&[imported, asked, used]);
    assert!(!memory.asked_older(&name("www")));
    assert_eq!(memory.newest(&name("www")), Some(&key(1)));
    assert!(memory.effect(&import(1)).is_none(), "allowed is not imported");
}

#[test]
fn every_job_of_an_instance_is_remembered_in_both_directions() {
    let ledger = Subject::Ssl(name("ledger"));
    let memory = fold(&[
        done(&ledger, &ssl(true), Some("j1")),
        learned(&ledger, &ssl(false), Fact::Done { id: Some("j2".into()) }),
        done(&ledger, &ssl(true), Some("j3")),
        learned(&ledger, &ssl(true), Fact::JobFailed { reason: "no disk".into() }),
    ]);
    assert_eq!(
        memory.jobs(&name("main"), "db1").into_iter().collect::<Vec<_>>(),
        ["j1", "j2", "j3"]
    );
    assert!(memory.jobs(&name("other"), "db1").is_empty());
    assert!(memory.jobs(&name("main"), "db2").is_empty());
    let failed = Failure::local(Kind::Permanent, "follow job", "no disk");
    assert_eq!(memory.effect(&ssl(true)).unwrap().state, State::Failed(failed.into()));
}

#[test]
fn requests_and_refusals_are_the_latest_of_their_name() {
    let refusal = |count| Refusal {
        cloud: name("main"),
        identity: "AK1".into(),
        changed_at: at(0),
        at: at(count),
        count: 1,
    };
    let refused = |count| Record::Refused { refusal: refusal(count) };
    let memory = fold(&[retry("www"), refused(1), retry("www"), refused(2)]);
    assert_eq!(memory.asked_retry(&name("www")), Some(Asked { seq: 3, at: Some(at(2)) }));
    assert_eq!(memory.asked_retry(&name("api")), None);
    assert_eq!(memory.refusals().collect::<Vec<_>>(), [&refusal(2)]);
}

/// One line of each kind, and its text. A journal outlives the version that wrote it: a change here
/// needs a new version of the journal and a way to read the old one.
fn pinned() -> Vec<(Record, String)> {
    let leaf = digest(1);
    let key = format!(r#"{{"cloud":"main","leaf":"{leaf}","issued":1764720000000}}"#);
    let import_text = format!(r#"{{"do":"import","key":{key}}}"#);
    let www_text = r#"{"certificate":"www"}"#;
    let place = r#"{"target":"elb","project":"north","site":"l1"}"#;
    let seen = format!(r#"{{"sha256":"{leaf}","issued":1764720000000,"ends":1772496000000}}"#);
    let sight = format!(r#"{{"verdict":"served","leaf":{seen},"id":"c1"}}"#);
    let ledger = Subject::Ssl(name("ledger"));
    let redis = Subject::Ca(name("redis"));
    let lost = Failure {
        service: Some(Api::GeminiDb),
        status: Some(502),
        code: Some("DBS.1".into()),
        request_id: Some("r1".into()),
        ..waiting(Kind::Lost, 3)
    };
    let asked = Record::AskedOlder { name: name("www") };
    let refusal = Refusal {
        cloud: name("main"),
        identity: "AK1".into(),
        changed_at: at(0),
        at: at(1),
        count: 2,
    };
    let hook = Action::RunHook { name: name("redis"), sha256: leaf };
    let install =
        Action::InstallCa { name: name("redis"), sha256: leaf, authorities: [leaf].into() };
    vec![
        (began(&www(), &import(1)), format!(r#"{{"began":{{"subject":{www_text},"action":{import_text}}}}}"#)),
        (
            done(&www(), &push(1, Target::Elb), Some("c1")),
            format!(r#"{{"done":{{"subject":{www_text},"action":{{"do":"push","key":{key},"scm_id":"scm-1","target":"elb","project":"north"}},"id":"c1"}}}}"#),
        ),
        (
            done(&redis, &install, None),
            format!(r#"{{"done":{{"subject":{{"ca":"redis"}},"action":{{"do":"install_ca","name":"redis","sha256":"{leaf}","authorities":["{leaf}"]}}}}}}"#),
        ),
        (
            authorities(&[1], &[2]),
            format!(r#"{{"authorities":{{"subject":{{"ca":"redis"}},"published":["{leaf}"],"former":["{}"]}}}}"#, digest(2)),
        ),
        (
            began(&redis, &hook),
            format!(r#"{{"began":{{"subject":{{"ca":"redis"}},"action":{{"do":"run_hook","name":"redis","sha256":"{leaf}"}}}}}}"#),
        ),
        (
            failed(&ledger, &ssl(true), lost),
            r#"{"failed":{"subject":{"ssl":"ledger"},"action":{"do":"switch_ssl","cloud":"main","instance_id":"db1","on":true},"failure":{"kind":"lost","service":"geminidb","operation":"test","status":502,"code":"DBS.1","message":"no luck","request_id":"r1","wait":{"secs":3,"nanos":0}}}}"#.to_owned(),
        ),
        (saw(&www(), &import(1), "scm-1"), learned_text(&import_text, r#"{"seen":{"id":"scm-1"}}"#)),
        (learned(&www(), &import(1), Fact::Done { id: None }), learned_text(&import_text, r#"{"done":{}}"#)),
        (learned(&www(), &import(1), Fact::Gone), learned_text(&import_text, r#""gone""#)),
        (
            learned(&www(), &import(1), Fact::JobFailed { reason: "x".into() }),
            learned_text(&import_text, r#"{"job_failed":{"reason":"x"}}"#),
        ),
        (learned(&www(), &import(1), Fact::AllowedOlder), learned_text(&import_text, r#""allowed_older""#)),
        (
            began(&www(), &bind(1, "l1", "c1", &["c0"])),
            format!(r#"{{"began":{{"subject":{www_text},"action":{{"do":"bind","key":{key},"place":{place},"id":"c1","instead_of":["c0"]}}}}}}"#),
        ),
        (
            began(&www(), &retire_import(1)),
            format!(r#"{{"began":{{"subject":{www_text},"action":{{"do":"retire","key":{key},"what":{{"import":{{"scm_id":"scm-1"}}}}}}}}}}"#),
        ),
        (
            began(&www(), &retire_copy(1, Target::Elb, "c1")),
            format!(r#"{{"began":{{"subject":{www_text},"action":{{"do":"retire","key":{key},"what":{{"copy":{{"target":"elb","project":"north","id":"c1"}}}}}}}}}}"#),
        ),
        (
            saw_at(Target::Elb, "l1", Verdict::Served, &super::fixture::leaf(1), "c1"),
            format!(r#"{{"saw":{{"subject":{www_text},"spot":{{"site":{place}}},"sight":{sight}}}}}"#),
        ),
        (
            probed(Verdict::Wrong, None, true),
            format!(r#"{{"saw":{{"subject":{www_text},"spot":{{"probe":{{"target":"elb","project":"north","probe":"www.example.com:443"}}}},"sight":{{"verdict":"wrong","neither":true}}}}}}"#),
        ),
        (
            learned(&www(), &import(1), Fact::RolledBack { former: site_sight(Verdict::Served, &super::fixture::leaf(1), "c1") }),
            learned_text(&import_text, &format!(r#"{{"rolled_back":{{"former":{sight}}}}}"#)),
        ),
        (retry("www"), r#"{"asked_retry":{"name":"www"}}"#.to_owned()),
        (asked, r#"{"asked_older":{"name":"www"}}"#.to_owned()),
        (
            Record::AskedPause { name: name("www"), until: at(60), by: "alice".to_owned() },
            r#"{"asked_pause":{"name":"www","until":1767225660000,"by":"alice"}}"#.to_owned(),
        ),
        (
            Record::AskedResume { name: name("www"), by: "alice".to_owned() },
            r#"{"asked_resume":{"name":"www","by":"alice"}}"#.to_owned(),
        ),
        (
            Record::Refused { refusal },
            r#"{"refused":{"refusal":{"cloud":"main","identity":"AK1","changed_at":1767225600000,"at":1767225601000,"count":2}}}"#.to_owned(),
        ),
    ]
}

fn learned_text(import: &str, fact: &str) -> String {
    format!(
        r#"{{"learned":{{"subject":{{"certificate":"www"}},"action":{import},"fact":{fact}}}}}"#
    )
}

#[test]
fn the_journals_text_does_not_drift() {
    for (record, text) in pinned() {
        assert_eq!(serde_json::to_string(&record).unwrap(), text);
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
    }
    for kind in coverage::RECORDS {
        assert!(pinned().iter().any(|(record, _)| coverage::record(record) == *kind), "{kind}");
    }
}

#[test]
fn every_kind_of_failure_and_an_enterprise_project_go_both_ways() {
    let kinds = "permanent operator not_found exists throttled busy transient lost refused withheld unusable";
    for word in kinds.split(' ') {
        let kind: Kind = serde_json::from_value(word.into()).unwrap();
        let record = failed(&www(), &import(1), failure(kind));
        let text = serde_json::to_string(&record).unwrap();
        assert!(text.contains(&format!(r#""kind":"{word}""#)), "{text}");
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
    }
    let (enterprise_project, leaf) = (Some("finance".into()), Sha256::of(b"leaf"));
    let key = Import { enterprise_project, leaf, ..Import::clone(&key(1)) }.into();
    let record = began(&www(), &Action::Import { key });
    let text = serde_json::to_string(&record).unwrap();
    assert!(text.contains(r#""cloud":"main","enterprise_project":"finance","leaf":"#), "{text}");
    assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
}

#[test]
fn what_was_retired_is_gone_and_what_was_made_again_stands() {
    let kept = |given: &Given, action: &Action| given.memory.effect(action).unwrap().state.clone();
    let retired = retire_import(1);
    let given = now(9).after(1, saw(&www(), &import(1), "scm-1"));
    let given = given.after(2, saw(&www(), &push(1, Target::Elb), "c1"));
    let gone = given.clone().after(3, done(&www(), &retired, None));
    assert_eq!(kept(&gone, &import(1)), State::Gone);
    assert_eq!(kept(&gone, &push(1, Target::Elb)), State::Seen, "its copy is another thing");
    let gone = given.clone().after(3, learned(&www(), &retired, Fact::Done { id: None }));
    assert_eq!(kept(&gone, &import(1)), State::Gone, "read back, too");
    let again = given.clone().after(3, saw(&www(), &import(1), "scm-9"));
    let again = again.after(4, done(&www(), &retired, None));
    assert_eq!(kept(&again, &import(1)), State::Seen);
    let copy = given.after(3, done(&www(), &retire_copy(1, Target::Elb, "c1"), None));
    assert_eq!(kept(&copy, &push(1, Target::Elb)), State::Gone);
    assert_eq!(kept(&copy, &import(1)), State::Seen);
}
