//! The story's checks miss whatever did not happen.

use super::super::super::sites::Served;
use super::super::tests::{picture, site};
use super::*;

fn leaf(text: &str) -> Sha256 {
    Sha256::of(text.as_bytes())
}

fn turn(bound: &str, served: &str) -> Turn {
    let mut site = site(Target::Elb, leaf(bound));
    site.served = Served::Leaf(leaf(served));
    Turn { place: site.place, bound: site.bound, served: site.served }
}

fn all(text: &str) -> Vec<Site> {
    TARGETS.map(|target| site(target, leaf(text))).into()
}

#[test]
fn a_leaf_that_did_not_come_everywhere_is_missed() {
    let judged = |before: Vec<Site>, after: Vec<Site>| {
        moved(&[Move { before, after, leaf: leaf("new") }]).fine
    };
    assert!(judged(all("old"), all("new")));
    assert!(!judged(all("old"), all("old")), "it never came");
    assert!(!judged(all("new"), all("new")), "it was there before");
    assert!(!judged(Vec::new(), all("new")), "nobody saw the old one");
    assert!(!judged(all("old"), Vec::new()), "nobody looked");
    for place in 0..TARGETS.len() {
        let mut after = all("new");
        after[place].served = Served::Leaf(leaf("old"));
        assert!(!judged(all("old"), after.clone()));
        after.remove(place);
        assert!(!judged(all("old"), after), "a service without a place");
        let mut before = all("old");
        before[place].served = Served::Nothing("refused".to_owned());
        assert!(!judged(before, all("new")));
    }
}

#[test]
fn a_drift_was_there_and_is_gone() {
    let judged =
        |turns: Vec<Turn>| repaired(&Drift { older: leaf("old"), wanted: leaf("new"), turns }).fine;
    assert!(judged(vec![turn("old", "old"), turn("new", "new")]));
    assert!(!judged(Vec::new()));
    assert!(!judged(vec![turn("old", "old")]), "not repaired");
    assert!(!judged(vec![turn("new", "new")]), "never there");
    assert!(!judged(vec![turn("old", "old"), turn("new", "old")]), "bound and not served");
}

fn story() -> RollBack {
    let others = all("bad").split_off(1);
    RollBack {
        rejected: leaf("bad"),
        former: leaf("old"),
        turns: vec![turn("bad", "garbage"), turn("old", "old")],
        others,
        remembered: Some((leaf("bad"), leaf("old"))),
        again: 0,
    }
}

#[test]
fn a_roll_back_that_did_not_happen_is_missed() {
    let judged = |change: fn(&mut RollBack)| {
        let mut story = story();
        change(&mut story);
        rolled_back(&story).fine
    };
    assert!(judged(|_| ()));
    assert!(!judged(|it| it.turns.clear()));
    assert!(!judged(|it| it.turns.truncate(1)), "garbage to the end");
    assert!(!judged(|it| it.turns[0] = turn("bad", "bad")), "it was served after all");
    assert!(!judged(|it| it.turns[0] = turn("bad", "old")), "late, and no garbage");
    assert!(!judged(|it| it.turns[1] = turn("old", "garbage")), "bound back and not served");
    assert!(!judged(|it| it.turns.push(turn("bad", "garbage"))), "and forth again");
    assert!(!judged(|it| it.remembered = None), "nobody is told");
    assert!(!judged(|it| it.remembered = Some((leaf("old"), leaf("bad")))));
    assert!(!judged(|it| it.again = 1), "a second try");
    assert!(!judged(|it| it.others[0].served = Served::Leaf(leaf("old"))), "another went back");
}

#[test]
fn what_is_left_behind_and_what_is_not_ours_are_told() {
    let past = Past { former: vec![leaf("first"), leaf("former")], keep: 1, ..Past::default() };
    let judged = |change: fn(&mut Picture)| {
        let mut after = picture();
        change(&mut after);
        cleaned(&picture(), &after, &past).fine
    };
    assert!(judged(|_| ()));
    assert!(!judged(|it| it.imports.push(leaf("first"))));
    assert!(!judged(|it| it.pushed.push((Target::Waf, leaf("first")))));
    assert!(judged(|it| it.pushed.push((Target::Elb, leaf("former")))), "it is kept");
    assert!(!judged(|it| it.foreign.clear()), "somebody else's is gone");
    assert!(!cleaned(&picture(), &picture(), &Past::default()).fine, "nothing was retired");
}
