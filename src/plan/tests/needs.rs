//! What must be looked at: nothing that the journal has settled, and all that a plan would miss.

use super::fixture::*;
use super::places::{place, saw_at};
use crate::model::failure::Kind;
use crate::model::names::Subject;
use crate::model::place::{Dial, InstanceProbe, Place, Probe, Protocol};
use crate::model::target::Target::{Elb, Waf};
use crate::plan::action::{Action, Fact, Import};
use crate::plan::memory::Record;
use crate::plan::needs::{self, ImportNeed, SwitchNeed};
use crate::plan::observed::{CopySeen, JobState, SwitchSeen};
use crate::plan::plan;
use crate::plan::sight::{Sight, Spot, Verdict};

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

fn ssl(on: bool) -> Action {
    Action::SwitchSsl { cloud: name("main"), instance_id: "db1".into(), on }
}

/// What a switch that is wanted on needs after these lines, one a second.
fn switch_after(assume: Option<bool>, lines: &[Record]) -> SwitchNeed {
    let given =
        (0..).zip(lines).fold(now(0), |given, (secs, line)| given.after(secs, line.clone()));
    needs::switch(&SwitchSeen { assume, ..switch(true) }, &given.memory, at(0))
}

#[test]
fn an_import_that_nobody_has_tried_is_all_there_is_to_decide() {
    let alone = |lines: &[Record]| {
        let given =
            (0..).zip(lines).fold(now(0), |given, (secs, line)| given.after(secs, line.clone()));
        needs::import_alone(&name("www"), &key(2), &given.memory, given.observed.now)
    };
    assert!(alone(&[]));
    assert!(alone(&[saw(&www(), &import(1), "scm-1")]), "a former one");
    assert!(!alone(&[saw(&www(), &import(3), "scm-3")]), "a newer one: this one is held");
    assert!(!alone(&[began(&api(), &import(2))]), "another entry has tried it");
    assert!(!alone(&[saw(&www(), &import(2), "scm-2"), learned(&www(), &import(2), Fact::Gone)]));
}

fn paused(entry: &str) -> Given {
    let (name, by) = (name(entry), "alice".to_owned());
    now(0).after(0, Record::AskedPause { name, until: at(20_000), by })
}

#[test]
fn a_paused_entry_is_looked_at_altogether() {
    let alone =
        |given: &Given, secs| needs::import_alone(&name("www"), &key(2), &given.memory, at(secs));
    assert!(!alone(&paused("www"), 10), "its import waits, and its probes shall not");
    assert!(alone(&paused("www"), 20_000));
    assert!(alone(&paused("api"), 10));
}

#[test]
fn a_paused_instance_is_seldom_greeted() {
    let probed = SwitchSeen { probe: Some("db:3306".into()), ..switch(true) };
    let unreachable = || Record::Saw {
        subject: Subject::Ssl(name("ledger")),
        spot: Spot::Greeting { probe: "db:3306".to_owned() },
        sight: Sight { verdict: Verdict::Unreachable, leaf: None, id: None, neither: false },
    };
    let known = |given: Given| given.after(1, unreachable());
    let due = |given: &Given, secs| needs::switch(&probed, &given.memory, at(secs)).greeting;
    assert!(due(&known(now(0)), 2), "a switch is about to be sent");
    let paused = known(paused("ledger"));
    assert!(!due(&paused, 2), "nothing is sent, and each reading counts");
    assert!(due(&paused, HOUR + 1));
    assert!(due(&paused, 20_000));
}

#[test]
fn an_import_is_looked_for_then_trusted_then_confirmed_within_a_day() {
    let known = now(0).after(0, done(&www(), &import(1), Some("scm-1")));
    let need = |secs| needs::import(&key(1), &known.memory, at(secs));
    assert_eq!(needs::import(&key(1), &now(0).memory, at(0)), ImportNeed::Find);
    assert_eq!(need(0), ImportNeed::Nothing);
    // Others may have imported it meanwhile: that is asked once.
    assert_eq!(need(HOUR - 1), ImportNeed::Nothing);
    assert_eq!(need(HOUR), ImportNeed::Count("scm-1".to_owned()));
    let counted = known.clone().after(HOUR, saw(&www(), &import(1), "scm-1"));
    let need = |secs| needs::import(&key(1), &counted.memory, at(secs));
    assert_eq!(need(DAY / 2 - 1), ImportNeed::Nothing);
    assert_eq!(need(HOUR + DAY), ImportNeed::Confirm("scm-1".to_owned()));
    for record in [
        began(&www(), &import(1)),
        failed(&www(), &import(1), failure(Kind::Lost)),
        learned(&www(), &import(1), Fact::Gone),
    ] {
        assert_eq!(
            needs::import(&key(1), &known.clone().after(1, record).memory, at(2)),
            ImportNeed::Find
        );
    }
}

#[test]
fn an_import_that_a_push_does_not_find_is_confirmed_at_once() {
    let push = push(1, Elb);
    let missed = now(0)
        .after(0, done(&www(), &import(1), Some("scm-1")))
        .after(1, began(&www(), &push))
        .after(2, failed(&www(), &push, failure(Kind::NotFound)));
    let confirm = ImportNeed::Confirm("scm-1".to_owned());
    assert_eq!(needs::import(&key(1), &missed.memory, at(2)), confirm);
    // Once it was, it is trusted again.
    let seen = missed.after(3, saw(&www(), &import(1), "scm-1"));
    assert_eq!(needs::import(&key(1), &seen.memory, at(3)), ImportNeed::Nothing);
}

#[test]
fn confirmations_are_spread_over_half_a_day() {
    let after = |n| {
        let known = now(0)
            .after(-HOUR, done(&www(), &import(n), Some("scm")))
            .after(0, saw(&www(), &import(n), "scm"));
        let due = |hours: &i64| {
            needs::import(&key(n), &known.memory, at(hours * 3_600)) != ImportNeed::Nothing
        };
        (0..=24).find(due).unwrap()
    };
    let mut hours: Vec<i64> = (1..16).map(after).collect();
    hours.sort_unstable();
    hours.dedup();
    assert!(hours.len() > 4 && hours[0] >= 12, "{hours:?}");
}

#[test]
fn old_lists_will_do_only_when_every_push_was_seen() {
    let both = [(Elb, "north"), (Waf, "north")];
    let given = now(0).after(1, saw(&www(), &push(1, Elb), "c1"));
    assert!(needs::fresh_lists(&key(1), &both, &given.memory));
    assert!(!needs::fresh_lists(&key(1), &both[..1], &given.memory));
    assert!(
        needs::fresh_lists(&key(1), &both[1..], &given.memory),
        "another's push is not this one"
    );
    assert!(needs::fresh_lists(&key(1), &[(Elb, "south")], &given.memory), "nor another project's");
    let given = given.after(2, done(&www(), &push(1, Waf), None));
    assert!(needs::fresh_lists(&key(1), &both, &given.memory), "answered is not seen");
    let given = given.after(3, saw(&www(), &push(1, Waf), "c2"));
    assert!(!needs::fresh_lists(&key(1), &both, &given.memory));
    assert!(needs::fresh_lists(&key(2), &both, &given.memory), "another leaf has its own");
}

#[test]
fn a_list_from_before_will_do_for_the_first_pushes_of_what_was_just_imported_here() {
    let both = [(Elb, "north"), (Waf, "north")];
    let alone =
        |given: &Given, secs: i64| needs::pushes_alone(&key(1), &both, &given.memory, at(1 + secs));
    assert!(!alone(&now(0), 0), "not imported");
    let found = now(0).after(1, saw(&www(), &import(1), "scs1"));
    assert!(!alone(&found, 0), "another host may have pushed it");
    let given = now(0).after(1, done(&www(), &import(1), Some("scs1")));
    assert!(alone(&given, 0) && alone(&given, 59));
    assert!(!alone(&given, 60), "others have seen it by now");
    assert!(!needs::pushes_alone(&key(2), &both, &given.memory, at(1)), "another leaf");
    let given = given.after(2, began(&www(), &push(1, Waf)));
    assert!(!alone(&given, 1), "one push is under way");
    assert!(needs::pushes_alone(&key(1), &both[..1], &given.memory, at(2)));
}

#[test]
fn the_task_list_is_read_for_every_switch_that_is_not_settled() {
    let ledger = Subject::Ssl(name("ledger"));
    let seen = |on| saw(&ledger, &ssl(on), "j1");
    let list = SwitchNeed { job: None, jobs: true, greeting: false };
    let nothing = SwitchNeed::default();
    let begun = |on| began(&ledger, &ssl(on));
    let lost = |on| failed(&ledger, &ssl(on), failure(Kind::Lost));
    assert_eq!(switch_after(None, &[]), list);
    assert_eq!(switch_after(Some(false), &[]), list);
    assert_eq!(switch_after(Some(true), &[]), nothing);
    assert_eq!(switch_after(None, &[seen(true)]), nothing);
    assert_eq!(switch_after(None, &[seen(true), seen(false)]), list);
    assert_eq!(switch_after(None, &[seen(false), seen(true)]), nothing);
    assert_eq!(switch_after(None, &[begun(true)]), list);
    assert_eq!(switch_after(None, &[seen(true), begun(false)]), list, "the way back is in doubt");
    assert_eq!(switch_after(None, &[seen(true), begun(false), lost(false)]), list);
    let gone = learned(&ledger, &ssl(false), Fact::Gone);
    assert_eq!(switch_after(None, &[seen(true), begun(false), gone]), nothing);
}

#[test]
fn a_job_is_followed_in_either_direction() {
    let ledger = Subject::Ssl(name("ledger"));
    for on in [true, false] {
        let need = switch_after(None, &[done(&ledger, &ssl(on), Some("j1"))]);
        assert_eq!(need, SwitchNeed { job: Some("j1".to_owned()), jobs: false, greeting: false });
    }
}

#[test]
fn a_greeting_is_read_when_it_may_tell_something_and_seldom_else() {
    let ledger = || Subject::Ssl(name("ledger"));
    let probed = SwitchSeen { probe: Some("ledger:3306".to_owned()), ..switch(true) };
    let hour = 3600;
    let shown = |verdict, state: Option<&str>| {
        let id = state.map(str::to_owned);
        let spot = Spot::Greeting { probe: "ledger:3306".to_owned() };
        Record::Saw {
            subject: ledger(),
            spot,
            sight: Sight { verdict, leaf: None, id, neither: false },
        }
    };
    let due = |given: &Given, secs| needs::switch(&probed, &given.memory, at(secs)).greeting;
    assert!(due(&now(0), 0), "nobody has read it yet");
    let on = now(0)
        .after(0, learned(&ledger(), &ssl(true), Fact::Seen { id: None }))
        .after(1, shown(Verdict::Served, Some("on")));
    assert!(!due(&on, 12 * hour) && due(&on, 12 * hour + 1));
    assert!(due(&on.clone().after(2, retry("ledger")), 3), "an operator asks");
    let off = on.after(9, shown(Verdict::Wrong, Some("off")));
    assert!(!due(&off, hour) && due(&off, hour + 9), "somebody has switched it back");
    let silent = now(0).after(1, shown(Verdict::Unreachable, None));
    assert!(due(&silent, 2), "a switch is about to be sent");
    let idle = |given: &Given, secs| {
        let held = SwitchSeen { allow_restart: false, ..probed.clone() };
        needs::switch(&held, &given.memory, at(secs)).greeting
    };
    assert!(!idle(&silent, hour) && idle(&silent, hour + 1));
    let sent = silent.after(2, done(&ledger(), &ssl(true), Some("j1")));
    assert!(due(&sent, 2), "a job may have ended since");
    let not_shown = sent.after(30, shown(Verdict::Wrong, Some("off")));
    assert!(!due(&not_shown, 57) && due(&not_shown, 58), "twice as long each time");
    let again = not_shown.after(58, shown(Verdict::Wrong, Some("off")));
    assert!(!due(&again, 113) && due(&again, 114), "and so on");
    let back = off.after(10, retry("ledger"));
    let need = |secs| needs::switch(&probed, &back.memory, at(secs));
    assert!(need(11).jobs && need(11).greeting, "what an operator wants switched again needs both");
}

#[test]
fn a_greeting_that_shows_no_end_of_a_switch_is_written_down_each_time() {
    let ledger = Subject::Ssl(name("ledger"));
    let spot = Spot::Greeting { probe: "ledger:3306".to_owned() };
    let sight =
        Sight { verdict: Verdict::Wrong, leaf: None, id: Some("off".to_owned()), neither: false };
    let given = now(60)
        .after(1, began(&ledger, &ssl(true)))
        .after(2, done(&ledger, &ssl(true), Some("j1")))
        .after(30, Record::Saw { subject: ledger.clone(), spot, sight })
        .switch(SwitchSeen {
            probe: Some("ledger:3306".to_owned()),
            greeting: Some(Ok(false)),
            ..job(true, Ok(JobState::Completed))
        });
    let plan = lines(&plan(&given.observed, &given.memory), at(60));
    assert_eq!(plan[1], "saw ledger: probe ledger:3306 wrong (off)");
}

#[test]
fn old_lists_will_do_only_where_every_place_has_the_leaf() {
    let (l1, l2) = (place(Elb, "l1"), place(Elb, "l2"));
    let fresh = |given: &Given, places: &[Place]| {
        needs::fresh_places(&name("www"), &key(1), places, &given.memory)
    };
    let given = now(0);
    assert!(fresh(&given, std::slice::from_ref(&l1)), "nobody has looked");
    assert!(!fresh(&given, &[]));
    let given = given.after(1, saw_at(Elb, "l1", Verdict::Served, &leaf(1), "c1"));
    assert!(!fresh(&given, std::slice::from_ref(&l1)));
    assert!(fresh(&given, &[l1.clone(), l2]));
    let moved = given.clone().after(2, saw_at(Elb, "l1", Verdict::Pending, &leaf(1), "c1"));
    assert!(fresh(&moved, std::slice::from_ref(&l1)), "it stands beside another one");
    let renewed = given.after(2, saw_at(Elb, "l1", Verdict::Served, &leaf(2), "c2"));
    assert!(fresh(&renewed, &[l1]), "another leaf stands there");
}

#[test]
fn imports_under_the_name_are_looked_for_while_the_journal_knows_of_none() {
    let given = now(0);
    assert!(needs::named(&name("www"), &given.memory));
    let given = given.after(1, saw(&www(), &import(1), "scm-1"));
    assert!(!needs::named(&name("www"), &given.memory));
    assert!(needs::named(&name("api"), &given.memory));
}

#[test]
fn a_proof_is_asked_for_again_when_it_is_old_or_for_other_cas() {
    let text = "mysql:3306".to_owned();
    let at_address = Dial::Address(([127, 0, 0, 1], 3306).into());
    let mysql = InstanceProbe {
        probe: Probe { text: text.clone(), name: None, at: at_address },
        protocol: Protocol::MySql,
    };
    let shaken = |verdict| Record::Saw {
        subject: Subject::Ca(name("redis")),
        spot: Spot::Instance { probe: text.clone() },
        sight: Sight { verdict, leaf: None, id: None, neither: false },
    };
    let proven =
        |given: &Given, secs| needs::proven(&name("redis"), &mysql, &given.memory, at(secs));
    let given = now(0).after(0, authorities(&[1], &[]));
    assert_eq!(proven(&given, 1), None);
    let good = given.clone().after(0, shaken(Verdict::Served));
    let half_a_day = 12 * 60 * 60;
    assert_eq!(proven(&good, half_a_day - 1), Some(vec![digest(1)]));
    assert_eq!(proven(&good, half_a_day), None);
    let bad = given.after(0, shaken(Verdict::Wrong));
    assert_eq!(proven(&bad, 60 * 60 - 1), Some(vec![digest(1)]));
    assert_eq!(proven(&bad, 60 * 60), None, "sooner, to see it mended");
    assert_eq!(proven(&good.after(1, authorities(&[2], &[1])), 2), None, "for another CA");
}

#[test]
fn only_older_imports_of_the_same_account_are_superseded() {
    let given =
        (1..=4).fold(now(9), |it, n| it.after(1, saw(&www(), &import(n), &format!("scm-{n}"))));
    let elsewhere =
        Action::Import { key: Import { cloud: name("other"), ..Import::clone(&key(0)) }.into() };
    let given =
        given.after(2, learned(&www(), &elsewhere, Fact::Seen { id: Some("scm-o".into()) }));
    let ids = |n: u8, keep| -> Vec<String> {
        let all = needs::superseded(&name("www"), &key(n), keep, &given.memory);
        all.into_iter().map(|(_, id)| id).collect()
    };
    assert_eq!(ids(3, 0), ["scm-2", "scm-1"]);
    assert_eq!(ids(3, 1), ["scm-1"], "the newest of them stays");
    assert!(ids(1, 0).is_empty());
}

#[test]
fn what_was_learned_decides_in_the_same_pass() {
    let mut given = now(600)
        .after(1, saw(&www(), &import(1), "scm-1"))
        .after(2, saw(&www(), &push(1, Elb), "c1"))
        .cert(pushed("www", 1, Elb, CopySeen::Absent));
    let mut lines = Vec::new();
    let settled = crate::plan::settle(&given.observed, &mut given.memory, |lessons, memory| {
        lines.extend(lessons.into_iter().map(Record::from));
        lines.iter().for_each(|line| memory.fold(at(600), line));
        Ok::<_, ()>(())
    });
    let steps: Vec<_> = settled.unwrap().now.into_iter().map(|step| step.action).collect();
    assert_eq!(steps, [push(1, Elb)], "a copy that is gone is pushed again at once");
}
