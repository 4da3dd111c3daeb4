//! A picture of real passes, and a cycle that has really come to a stop while its runtime turns.

use std::time::Duration;

use tokio::sync::mpsc;

use super::*;
use crate::config;
use crate::cycle::pulse::HANG;
use crate::cycle::{Until, Wake};
use crate::model::names::Name;
use crate::plan::Held;
use crate::scratch::Scratch;

const NOON: Time = Time::from_secs(1_763_812_800);

/// A cycle with an empty configuration: what is under way is what a test puts there.
fn cycle(scratch: &Scratch) -> Cycle {
    let text = "[state]
path = 'state'
[cloud.main]
region = 'cn-north-4'
";
    std::fs::create_dir(scratch.join("state")).unwrap();
    let config = config::parse(&scratch.join("c.toml"), text).unwrap();
    Cycle::open(config, || NOON).unwrap()
}

fn www() -> Subject {
    Subject::Certificate(Name::new("www").unwrap())
}

fn said(board: &Board) -> Option<String> {
    board.picture().pulse.stuck(Instant::now()).map(|stuck| stuck.to_string())
}

/// Runs a cycle, and beside it what looks at its board; then stops it.
async fn beside(mut cycle: Cycle, watch: impl AsyncFnOnce(&Board, &mpsc::Sender<Wake>)) {
    let (wake, mut wakes) = mpsc::channel(4);
    let board = cycle.board();
    let watcher = async {
        watch(&board, &wake).await;
        wake.send(Wake::Stop).await.unwrap();
    };
    let (ended, ()) = tokio::join!(cycle.run(&mut wakes, Until::Stopped, |_| ()), watcher);
    ended.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_cycle_whose_look_never_ends_is_stuck_whatever_wakes_it() {
    let scratch = Scratch::new();
    let mut cycle = cycle(&scratch);
    cycle.looking.spawn(vec![www()], std::future::pending());
    beside(cycle, async |board, wake| {
        for _ in 0..14 {
            tokio::time::sleep(Duration::from_secs(60)).await;
            wake.send(Wake::Look).await.unwrap();
            assert_eq!(said(board), None);
        }
        tokio::time::sleep(Duration::from_secs(120)).await;
        let words = said(board).unwrap();
        assert!(words.ends_with("for 16m: waiting for the look at certificate www"), "{words}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_look_may_make_calls_for_long_and_not_for_ever() {
    let scratch = Scratch::new();
    let mut cycle = cycle(&scratch);
    cycle.looking.spawn(vec![www()], std::future::pending());
    // Those of a world that a reload brings count on.
    let world = cycle.world.reconnect(cycle.world.config.clone()).unwrap();
    beside(cycle, async |board, _| {
        let minute = Duration::from_secs(60);
        let feel = || board.picture().feel(Moment { at: Instant::now(), wall: NOON });
        for minutes in 1..180 {
            tokio::time::sleep(minute).await;
            world.calls().end("scm", CallEnd::Status(200), minute);
            feel();
            assert_eq!(said(board), None, "{minutes}");
        }
        tokio::time::sleep(minute * 2).await;
        world.calls().end("scm", CallEnd::Status(200), minute);
        feel();
        let words = said(board).unwrap();
        assert!(words.starts_with("the look at certificate www began at"), "{words}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_cycle_whose_step_never_ends_is_stuck_beside_looks_that_do() {
    let scratch = Scratch::new();
    let mut cycle = cycle(&scratch);
    let step = cycle.running.spawn(std::future::pending());
    cycle.started.add(step.id(), vec![www()]);
    for minutes in 1..=300 {
        let api = Subject::Ca(Name::new("api").unwrap());
        cycle.looking.spawn(vec![api], async move {
            tokio::time::sleep(Duration::from_secs(60 * minutes)).await;
            panic!("a look that ends, one a minute");
        });
    }
    beside(cycle, async |board, _| {
        tokio::time::sleep(HANG).await;
        assert_eq!(said(board), None, "three hours, and the turns of what is under way beside it");
        tokio::time::sleep(Duration::from_secs(60 * 60)).await;
        let words = said(board).unwrap();
        assert!(words.starts_with("the step of certificate www began at"), "{words}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_cycle_that_rests_is_not_stuck_and_looks_when_it_is_woken() {
    let scratch = Scratch::new();
    beside(cycle(&scratch), async |board, wake| {
        let day = Duration::from_secs(86_400);
        tokio::time::sleep(day).await;
        assert_eq!(said(board), None);
        // The schedule came and did not wake it.
        board.picture().pulse.notice(Instant::now(), Some(NOON));
        tokio::time::sleep(day).await;
        assert!(said(board).unwrap().contains("was due"));
        wake.send(Wake::Look).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(said(board), None);
    })
    .await;
}

fn held(why: Hold) -> Held {
    Held { subject: www(), why, until: None }
}

#[test]
fn an_entry_is_in_order_only_when_nothing_of_it_is_left_to_do_or_held() {
    let used =
        || Hold::StillUsed { what: "import scs1".to_owned(), by: "listener 0a1b".to_owned() };
    let mut picture = Picture::default();
    picture.keep([www()]);
    let mut look = |plan: &Plan, secs| {
        let now = Time::from_secs(secs);
        let entry = picture.look(&www(), now, &mut Said::of(plan, Alarms::new(), now)).unwrap();
        (entry.in_order, entry.last_success, entry.held.clone())
    };
    let plan = |held: Vec<Held>| Plan { held, ..Plan::default() };
    let first = Some(Time::from_secs(2));
    assert_eq!(look(&plan(vec![held(Hold::InFlight)]), 1).1, None);
    assert_eq!(look(&plan(Vec::new()), 2), (true, first, BTreeMap::new()));
    let (in_order, success, reasons) =
        look(&plan(vec![held(used()), held(used()), held(Hold::InFlight)]), 3);
    assert_eq!((in_order, success), (false, first));
    assert_eq!(reasons, BTreeMap::from([("in_flight", 1), ("still_used", 2)]));
    assert_eq!(look(&plan(vec![held(used())]), 4).1, Some(Time::from_secs(4)));
    picture.keep([]);
    assert!(picture.entries.is_empty());
}

#[test]
fn what_passes_by_itself_needs_no_person() {
    let mut picture = Picture::default();
    picture.keep([www()]);
    let mut needs = |held: Vec<Held>| {
        let plan = Plan { held, ..Plan::default() };
        picture
            .look(&www(), NOON, &mut Said::of(&plan, Alarms::new(), NOON))
            .unwrap()
            .needs_person()
    };
    assert!(!needs(vec![held(Hold::InFlight)]));
    assert!(needs(vec![held(Hold::InFlight), held(Hold::RestartNotAllowed { on: true })]));
    assert!(!needs(Vec::new()), "it was seen to");
}

#[test]
fn an_entry_takes_no_more_room_than_its_moments_and_reasons() {
    // There may be ten thousand, and nobody asks for most of what is shown of them.
    let needed = size_of::<Option<Time>>() + size_of::<Ends>() + size_of::<BTreeMap<&str, u64>>();
    let needed = needed + size_of::<Box<[Matter]>>();
    assert_eq!(size_of::<Entry>(), needed + size_of::<u64>());
}

#[test]
fn each_layer_keeps_its_own_end_until_it_is_not_known_any_more() {
    let (mut ends, at) = (Ends::default(), |layer| Some(Time::from_secs(layer as i64 + 1)));
    assert_eq!(ends.iter().count(), 0);
    Layer::ALL.into_iter().for_each(|layer| ends.set(layer, at(layer)));
    let known: Vec<_> = ends.iter().map(|(layer, until)| (layer, Some(until))).collect();
    assert_eq!(known, Layer::ALL.map(|layer| (layer, at(layer))));
    ends.set(Layer::Cloud, None);
    let left: Vec<_> = ends.iter().map(|(layer, _)| layer.key()).collect();
    assert_eq!(left, ["file", "served"]);
}
