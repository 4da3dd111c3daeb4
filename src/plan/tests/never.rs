//! The invariants of binding and of cleaning up: what is never bound, and what is never deleted.

use super::fixture::*;
use super::places::*;
use crate::cert::Finding;
use crate::model::failure::Kind;
use crate::model::names::Subject;
use crate::model::target::Target::Elb;
use crate::plan::action::{Action, Because, Fact};
use crate::plan::check::check;
use crate::plan::observed::{BadInput, CertificateSeen, Holders};
use crate::plan::sight::Verdict::Pending;
use crate::plan::{Plan, Step};

const IN_USE: &str = "nothing that is in use is retired";
const UNSEEN: &str = "only what was seen to be unused is retired";

fn rules(given: &Given, action: Action) -> Vec<&'static str> {
    broken(given, &www(), action)
}

fn broken(given: &Given, subject: &Subject, action: Action) -> Vec<&'static str> {
    let step = Step { subject: subject.clone(), action, because: Because::Superseded };
    let plan = Plan { now: vec![step], ..Plan::default() };
    let violations = check(&plan, &given.observed, &given.memory);
    violations.iter().map(|violation| violation.rule).collect()
}

#[test]
fn nothing_is_bound_with_bad_files_blindly_or_to_a_stranger() {
    let here = |n| bound(n, Elb, vec![site("l1", vec![default("c1", leaf(1))])]);
    let given = known(2, Elb).cert(here(2));
    assert!(rules(&given, bind(2, "l1", "c2", &["c1"])).is_empty());
    let empty = rules(&given, bind(2, "l1", "", &["c1"]));
    assert_eq!(empty, ["only what a look has found is bound"]);
    let stranger = ["only the leaf on disk is bound, or the one that it did not replace well"];
    assert_eq!(rules(&given, bind(3, "l1", "c3", &["c1"])), stranger);
    assert_eq!(
        rules(&given, bind(1, "l1", "c1", &["c2"])),
        stranger,
        "a former one, for no reason"
    );
    let back = Fact::RolledBack { former: site_sight(Pending, &leaf(1), "c1") };
    let bad = learned(&www(), &bind(2, "l1", "c2", &["c1"]), back);
    let given = known(2, Elb).after(9, bad).cert(here(2));
    assert!(rules(&given, bind(1, "l1", "c1", &["c2"])).is_empty(), "a former one to go back to");
    assert_eq!(rules(&given, bind(1, "l2", "c1", &["c2"])), stranger, "and at that place alone");
    let finding = BadInput { path: "/pki/privkey.pem".into(), finding: Finding::Mismatch };
    let torn = known(2, Elb).cert(CertificateSeen { local: Err(finding), ..here(2) });
    let files = ["nothing is bound while its files are bad or out of date"];
    assert_eq!(rules(&torn, bind(2, "l1", "c2", &["c1"])), files);
}

#[test]
fn nothing_is_bound_or_deleted_in_doubt() {
    let doubt = ["a write in doubt is not repeated before its wait is over"];
    for action in [bind(2, "l1", "c2", &["c1"]), retire_import(1), retire_copy(1, Elb, "c1")] {
        for (begun, rule) in [(590, &doubt[..]), (480, &[])] {
            let lost = failed(&www(), &action, failure(Kind::Lost));
            let given = known(2, Elb).after(begun, lost).cert(superseded());
            assert_eq!(rules(&given, action.clone()), rule, "{action:?} begun at {begun}");
        }
    }
}

/// Leaf 2 on the disk; import and copy of leaf 1 are used by nobody.
fn superseded() -> CertificateSeen {
    let mut seen = bound(2, Elb, vec![site("l1", vec![default("c2", leaf(2))])]);
    seen.targets[0].copies = vec![copy_held("c1", 1, Holders::Nobody)];
    CertificateSeen { superseded: vec![import_held(1, Holders::Nobody)], ..seen }
}

#[test]
fn nothing_in_use_is_retired() {
    let both = [retire_import(1), retire_copy(1, Elb, "c1")];
    let all = |seen: CertificateSeen| known(2, Elb).cert(seen);
    for action in &both {
        assert!(rules(&all(superseded()), action.clone()).is_empty());
        let mut at_a_place = superseded();
        at_a_place.targets[0].sites = vec![site("l1", vec![default("c9", leaf(1))])];
        assert_eq!(rules(&all(at_a_place), action.clone()), [IN_USE]);
        let mut in_a_handshake = superseded();
        in_a_handshake.targets[0].probes = vec![probe(served(leaf(1)))];
        assert_eq!(rules(&all(in_a_handshake), action.clone()), [IN_USE]);
        let on_a_disk = all(superseded()).cert(cert("api", 1));
        assert_eq!(rules(&on_a_disk, action.clone()), [IN_USE]);
        let anothers = all(superseded()).after(9, saw(&api(), &import(1), "scm-1"));
        assert_eq!(rules(&anothers, action.clone()), [IN_USE], "the newest of another entry");
    }
    // Of a copy that cannot be read the id alone tells.
    let mut unreadable = superseded();
    let mut slot = default("c1", leaf(1));
    slot.leaf = None;
    unreadable.targets[0].sites = vec![site("l1", vec![slot])];
    assert_eq!(rules(&all(unreadable), both[1].clone()), [IN_USE]);
}

#[test]
fn nothing_of_others_and_nothing_unseen_is_retired() {
    for action in [retire_import(1), retire_copy(1, Elb, "c1")] {
        let stranger = now(600).after(1, saw(&www(), &import(2), "scm-2")).cert(superseded());
        let rule = ["only our own certificates are retired"];
        assert_eq!(rules(&stranger, action.clone()), rule);
        assert_eq!(broken(&known(2, Elb).cert(superseded()), &api(), action), rule);
    }
    for holders in [Holders::Some(vec!["l9".to_owned()]), Holders::Unknown("SCM: 500".to_owned())] {
        let mut seen = superseded();
        seen.superseded = vec![import_held(1, holders.clone())];
        seen.targets[0].copies = vec![copy_held("c1", 1, holders)];
        let given = known(2, Elb).cert(seen);
        assert_eq!(rules(&given, retire_import(1)), [UNSEEN]);
        assert_eq!(rules(&given, retire_copy(1, Elb, "c1")), [UNSEEN]);
    }
    let given = known(2, Elb).cert(superseded());
    assert_eq!(rules(&given, retire_copy(1, Elb, "c7")), [UNSEEN], "an id that no list showed");
}
