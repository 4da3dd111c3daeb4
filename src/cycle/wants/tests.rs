//! What of a look is news for those who only read, and when it is left for them.

use super::super::picture::Entry;
use super::*;
use crate::config;
use crate::model::names::Name;
use crate::model::time::Time;
use crate::scratch::Scratch;

const NOON: Time = Time::from_secs(1_763_812_800);
const SOON: Duration = Duration::from_secs(1);

fn www() -> Subject {
    Subject::Certificate(Name::new("www").unwrap())
}

fn unseen(words: &str, seen: Time) -> Matter {
    let (kind, reason, words) = (News::Failed, "unseen", words.to_owned());
    let stands = Some(Stands { since: seen, seen });
    Matter { kind, reason, at: None, service: None, words, not_after: None, stands }
}

/// What a look at the entry makes of it, after what stood before: since when it stands, and what is news.
fn look(wants: &mut Wants, former: &[Matter], words: &str, seen: Time) -> (Time, bool, bool) {
    let mut now = [unseen(words, seen)];
    (wants.changed, wants.moved) = (false, false);
    wants.take(&www(), former, &mut now);
    (now[0].stands.unwrap().since, wants.changed, wants.moved)
}

#[test]
fn what_stands_is_news_once_and_keeps_its_beginning() {
    let mut wants = Wants::default();
    let later = NOON + SOON;
    assert_eq!(look(&mut wants, &[], "no (request 1)", NOON), (NOON, true, true));
    let former = [unseen("no (request 1)", NOON)];
    let again = look(&mut wants, &former, "no (request 2)", later);
    assert_eq!(again, (NOON, false, true), "another request failed the same way");
    wants.overtake(&www(), &former);
    let again = look(&mut wants, &former, "no (request 3)", later);
    assert_eq!(
        again,
        (NOON, true, true),
        "the journal has a step that is later than what was left"
    );
    assert!(!look(&mut wants, &former, "no (request 4)", later).1);
    let other = look(&mut wants, &former, "another reason", later);
    assert_eq!(other, (NOON, true, true), "the sentence is another");
    (wants.changed, wants.moved) = (false, false);
    wants.take(&www(), &former, &mut []);
    assert!(wants.changed && !wants.moved, "it is over");
    wants.changed = false;
    wants.take(&www(), &[], &mut []);
    assert!(!wants.changed && !wants.moved, "nothing stood and nothing stands");
}

#[test]
fn what_another_process_has_left_stands_until_this_one_looks() {
    let state = Scratch::new();
    wants::leave(&state, wants_of(&www(), &[unseen("no", NOON)]).collect()).unwrap();
    let mut wants = taken(&state);
    wants.retain(&BTreeSet::from([www()]));
    assert_eq!(look(&mut wants, &[], "no", NOON + SOON), (NOON, false, true));
    assert!(wants.former.is_empty());
    let mut wants = taken(&state);
    wants.retain(&BTreeSet::new());
    assert!(wants.former.is_empty(), "it is not configured any more");
}

fn cycle(scratch: &Scratch) -> Cycle {
    let text = "[state]\npath = 'state'\n[cloud.main]\nregion = 'cn-north-4'\n";
    std::fs::create_dir(scratch.join("state")).unwrap();
    let config = config::parse(&scratch.join("c.toml"), text).unwrap();
    Cycle::open(config, || NOON).unwrap()
}

#[tokio::test(start_paused = true)]
async fn it_is_left_when_it_is_news_and_seldom() {
    let scratch = Scratch::new();
    let (mut cycle, file) = (cycle(&scratch), scratch.join("state/wants"));
    let is_left = || std::fs::remove_file(&file).is_ok();
    cycle.leave_seldom();
    cycle.leave();
    assert!(cycle.leave_at().is_none() && !is_left(), "there is nothing new");

    let entry = Entry { matters: [unseen("no", NOON)].into(), ..Entry::default() };
    cycle.board.picture().entries.insert(www(), entry);
    let other = Subject::Ca(Name::new("orders").unwrap());
    let former = wants_of(&other, &[unseen("nor", NOON)]).collect();
    cycle.board.picture().wants.former.insert(other, former);
    cycle.board.picture().wants.changed = true;
    cycle.leave_seldom();
    let left = wants::left(&scratch.join("state"));
    let words: Vec<_> = left.iter().map(|it| &*it.words).collect();
    assert_eq!(words, ["no", "nor"], "with what the last process left and nobody has looked at");
    assert!(is_left());

    cycle.board.picture().wants.changed = true;
    cycle.leave_seldom();
    assert!(!is_left(), "that was done a moment ago");
    assert_eq!(cycle.leave_at(), Some(Instant::now() + LEFT_EVERY));
    tokio::time::sleep(LEFT_EVERY).await;
    cycle.leave_seldom();
    assert!(is_left());

    cycle.board.picture().wants.moved = true;
    cycle.leave_seldom();
    assert!(cycle.leave_at().is_none() && !is_left(), "nobody wakes for what is as it was");
    tokio::time::sleep(MOVED_EVERY).await;
    cycle.leave_seldom();
    assert!(is_left(), "who comes by after a while says as of when it is");

    cycle.board.picture().wants.moved = true;
    cycle.left.lines += 1;
    assert!(cycle.leave_at().is_some(), "but for what the journal has overtaken");
    cycle.leave();
    assert!(is_left());
}

#[tokio::test(start_paused = true)]
async fn a_state_that_takes_nothing_is_no_reason_to_stop_or_to_wake() {
    let scratch = Scratch::new();
    let mut cycle = cycle(&scratch);
    let file = scratch.join("state/wants");
    std::fs::create_dir(&file).unwrap();
    cycle.board.picture().wants.changed = true;
    cycle.leave();
    assert!(cycle.left.said && cycle.leave_at().is_none());
    std::fs::remove_dir(&file).unwrap();
    cycle.leave();
    assert!(!cycle.left.said && file.is_file(), "the end tries it again");
}
