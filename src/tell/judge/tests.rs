//! Stories of what stands and what is told of it, minute by minute.

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

fn noon(minutes: u32) -> Time {
    Time::from_secs(1_763_812_800) + MINUTE * minutes
}

fn key(name: &str, kind: News) -> Key {
    Key { table: "certificate".to_owned(), name: name.to_owned(), kind, at: None }
}

fn standing(reason: &str) -> Standing {
    let words = format!("it is {reason}");
    Standing { reason: reason.to_owned(), service: None, words, not_after: None }
}

/// At rest, with these held for these reasons.
fn held(names: &[(&str, &str)]) -> View {
    let standing = names.iter().map(|(name, why)| (key(name, News::Held), standing(why)));
    View { standing: standing.collect(), unseen: BTreeSet::new(), at_rest: true }
}

/// Somebody who is told, and what the next process would know.
struct Bench {
    ledger: Ledger,
    on: BTreeSet<News>,
    remind: Option<Duration>,
    settle: Duration,
}

impl Bench {
    fn new() -> Self {
        let on = News::ALL.into_iter().collect();
        Self { ledger: Ledger::default(), on, remind: Some(DAY), settle: Duration::ZERO }
    }

    fn restart(&mut self) {
        self.ledger = Ledger::new(std::mem::take(&mut self.ledger.told));
    }

    fn judge(&mut self, view: &View, now: Time) -> Round {
        let minds = |name: &str| name != "quiet";
        let (remind, settle) = (self.remind, self.settle);
        self.ledger.judge(view, &Rules { on: &self.on, minds: &minds, remind, settle }, now)
    }

    /// What is told at this minute, all of it taken: the entry and the reason, `-` before what is over, `+` before
    /// what is told again.
    fn told(&mut self, view: &View, minute: u32) -> Vec<String> {
        let round = self.judge(view, noon(minute));
        let say = |item: &Item| {
            self.ledger.learn(item, noon(minute));
            let mark = if item.over { "-" } else { ["", "+"][usize::from(item.count > 1)] };
            format!("{mark}{} {}", item.key.name, item.standing.reason)
        };
        round.items.iter().map(say).collect()
    }
}

const NOTHING: [&str; 0] = [];

#[test]
fn what_lasts_is_told_once_and_what_is_over_once() {
    let mut bench = Bench::new();
    let (one, none) = (held(&[("www", "bad_input")]), held(&[]));
    assert_eq!(bench.told(&none, 0), NOTHING);
    assert_eq!(bench.told(&one, 1), ["www bad_input"]);
    for minute in 2..1000 {
        assert_eq!(bench.told(&one, minute), NOTHING);
    }
    assert_eq!(bench.told(&none, 1000), ["-www bad_input"]);
    assert_eq!(bench.told(&none, 1001), NOTHING);
    assert_eq!(bench.told(&one, 1002), ["www bad_input"], "it is news again");
}

#[test]
fn what_was_not_taken_is_told_while_it_stands_and_never_over() {
    let mut bench = Bench::new();
    let (one, none) = (held(&[("www", "bad_input")]), held(&[]));
    for minute in 0..3 {
        assert_eq!(bench.judge(&one, noon(minute)).items.len(), 1, "nobody has taken it");
    }
    assert_eq!(bench.told(&none, 3), NOTHING, "what was never told is not over");
    assert_eq!(bench.told(&one, 4), ["www bad_input"]);
    assert_eq!(bench.judge(&none, noon(5)).items.len(), 1);
    assert_eq!(bench.told(&none, 6), ["-www bad_input"], "nor is its end forgotten");
}

#[test]
fn a_restart_tells_nothing_again_and_knows_what_is_over() {
    let mut bench = Bench::new();
    let one = held(&[("www", "bad_input")]);
    assert_eq!(bench.told(&one, 0), ["www bad_input"]);
    bench.restart();
    let unseen = BTreeSet::from([("certificate".to_owned(), "www".to_owned())]);
    let blank = View { unseen, at_rest: true, ..View::default() };
    assert_eq!(bench.told(&blank, 1), NOTHING, "nobody has looked yet");
    assert_eq!(bench.told(&one, 2), NOTHING);
    bench.restart();
    assert_eq!(bench.told(&held(&[]), 3), ["-www bad_input"]);
    bench.restart();
    assert_eq!(bench.told(&held(&[]), 4), NOTHING);
}

#[test]
fn another_reason_is_news_and_the_first_one_is_not_over() {
    let mut bench = Bench::new();
    assert_eq!(bench.told(&held(&[("www", "expiring")]), 0), ["www expiring"]);
    assert_eq!(bench.told(&held(&[("www", "expired")]), 1), ["www expired"]);
    assert_eq!(bench.told(&held(&[]), 2), ["-www expired"]);
}

#[test]
fn it_is_told_again_while_it_lasts_and_only_then() {
    let (one, none) = (held(&[("www", "bad_input")]), held(&[]));
    let mut bench = Bench::new();
    bench.told(&one, 0);
    assert_eq!(bench.judge(&one, noon(1)).next, Some(noon(1440)));
    assert_eq!(bench.told(&one, 1439), NOTHING);
    assert_eq!(bench.told(&one, 1440), ["+www bad_input"]);
    assert_eq!(bench.told(&one, 1441), NOTHING);
    assert_eq!(bench.told(&one, 2880), ["+www bad_input"]);
    assert_eq!(bench.told(&none, 5000), ["-www bad_input"]);
    let mut never = Bench { remind: None, ..Bench::new() };
    never.told(&one, 0);
    assert_eq!(never.judge(&one, noon(1_000_000)), Round::default());
}

#[test]
fn what_comes_and_goes_is_told_to_nobody() {
    let (one, none) = (held(&[("www", "unseen")]), held(&[]));
    let mut bench = Bench { settle: MINUTE * 2, ..Bench::new() };
    for minute in 0..100 {
        assert_eq!(bench.told([&one, &none][minute as usize % 2], minute), NOTHING);
    }
    assert_eq!(bench.judge(&one, noon(100)).next, Some(noon(102)));
    assert_eq!(bench.told(&one, 101), NOTHING);
    assert_eq!(bench.told(&one, 102), ["www unseen"]);
    // Told once, it may flap as it likes.
    for minute in 103..200 {
        assert_eq!(bench.told([&one, &none][minute as usize % 2], minute), NOTHING);
    }
    assert_eq!(bench.judge(&none, noon(200)).next, Some(noon(201)));
    assert_eq!(bench.told(&none, 202), ["-www unseen"]);
    let round = bench.judge(&one, noon(203));
    assert_eq!(round.items, []);
    bench.told(&one, 204);
    let item = &bench.judge(&one, noon(205)).items[0];
    assert_eq!(item.first_seen, noon(203), "since when it stands, not since when that is told");
}

#[test]
fn in_the_middle_of_a_cycle_nothing_is_over() {
    let mut bench = Bench::new();
    bench.told(&held(&[("www", "bad_input")]), 0);
    let midway = View { at_rest: false, ..held(&[("api", "bad_input")]) };
    assert_eq!(bench.told(&midway, 1), ["api bad_input"]);
    assert_eq!(bench.told(&held(&[]), 2), ["-api bad_input", "-www bad_input"]);
}

#[test]
fn only_what_is_wanted_is_told() {
    let view = held(&[("quiet", "bad_input"), ("www", "bad_input")]);
    let mut bench = Bench::new();
    assert_eq!(bench.told(&view, 0), ["www bad_input"]);
    bench.on = BTreeSet::from([News::Wrong, News::Recovered]);
    assert_eq!(bench.told(&held(&[]), 1), NOTHING, "nobody wants that any more");
    bench.on = BTreeSet::from([News::Held]);
    assert_eq!(bench.told(&view, 2), ["www bad_input"]);
    assert_eq!(bench.told(&held(&[]), 3), NOTHING);
    assert_eq!(bench.told(&view, 4), ["www bad_input"], "it was over, although that was not told");
}
