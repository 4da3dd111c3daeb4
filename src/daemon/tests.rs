//! What must not be lost between what happens and the cycle, however full the queues are.

use std::fs;

use tokio::sync::mpsc::Receiver;

use super::*;
use crate::cycle::picture::Board;
use crate::scratch::Scratch;

/// A daemon without its cycle: who takes the wakes is the test.
struct House {
    attendant: Attendant,
    wake: mpsc::Sender<Wake>,
    wakes: Receiver<Wake>,
    scratch: Scratch,
}

impl House {
    /// A house that watches nothing, whose schedule does not come.
    async fn new(asks: &str) -> Self {
        let scratch = Scratch::new();
        let text = format!(
            "[state]\npath = 'state'\n[schedule]\nreconcile = '0 0 0 29 2 *'\nwatch = false\n\
             [cloud.main]\nregion = 'cn-north-4'\n{asks}"
        );
        let path = scratch.join("c.toml");
        fs::write(&path, text).unwrap();
        let config = Arc::new(config::load_offline(&path).unwrap());
        let (tell, events) = mpsc::channel(WAKES_MAX);
        let (wake, wakes) = mpsc::channel(WAKES_MAX);
        let ticks = Arc::<Notify>::default();
        let attendant = Attendant {
            signals: signals(),
            files: Files::watch(&config, mpsc::channel(1).0),
            ticker: Ticker::start(&config.schedule, teller(&ticks)).unwrap(),
            ticks,
            events,
            tell,
            stop: CancellationToken::new(),
            vitals: Vitals::start(
                Board::default(),
                &config::Metrics::default(),
                &Notifier::default(),
            )
            .await,
            news: Teller::start(&config, Board::default(), now),
            discovery: Discovery::default(),
            wanted: None,
            refused: false,
            config,
        };
        Self { attendant, wake, wakes, scratch }
    }

    /// Takes in what the look under way through the patterns finds.
    async fn find(&mut self) {
        let Some(Event::Found(found)) = self.attendant.events.recv().await else {
            panic!("a look that ends without a word");
        };
        self.attendant.take_found(*found, &self.wake).await;
    }
}

/// Those of a kind that does no harm when nobody listens: the test can still be interrupted.
fn signals() -> Signals {
    let harmless = || signal(SignalKind::window_change()).unwrap();
    Signals { hangup: harmless(), terminate: harmless(), interrupt: harmless() }
}

/// The runtime's time is stopped: it moves on once nobody has anything left to do.
#[tokio::test(start_paused = true)]
async fn a_tick_is_not_lost_where_both_queues_are_full_of_changed_files() {
    let mut house = House::new("").await;
    let tell = house.attendant.tell.clone();
    for _ in 0..WAKES_MAX {
        house.wake.try_send(Wake::Files).unwrap();
        tell.try_send(Event::Files(Changed::Pairs)).ok().unwrap();
    }
    teller(&house.attendant.ticks)();
    let House { attendant, wake, wakes, scratch } = &mut house;
    let path = scratch.join("c.toml");
    let notifier = Notifier::default();
    let cycle = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        for _ in 0..WAKES_MAX {
            assert!(matches!(wakes.try_recv(), Ok(Wake::Files)));
        }
        let woken = tokio::time::timeout(Duration::from_secs(1), wakes.recv()).await;
        let woken = woken.expect("nothing else happens that could bring it").unwrap();
        assert!(matches!(woken, Wake::Look), "{woken:?}: the tick asked for everything");
    };
    tokio::select! {
        () = cycle => {}
        never = attendant.attend(&path, None, &notifier, wake) => match never {},
    }
}

#[tokio::test]
async fn what_is_found_is_taken_in_while_files_go_on_changing() {
    let mut house = House::new("[[discover]]\npattern = 'live/*/c.pem'\n").await;
    fs::create_dir_all(house.scratch.join("live/www")).unwrap();
    fs::write(house.scratch.join("live/www/c.pem"), "").unwrap();
    house.attendant.want(Changed::Pairs, &house.wake).await;
    for round in 0..3 {
        // One more, while nobody has heard yet that the look is over which a former one has begun.
        house.attendant.want(Changed::Pairs, &house.wake).await;
        house.find().await;
        if round == 0 {
            let woken = house.wakes.try_recv();
            assert!(
                matches!(&woken, Ok(Wake::Found(config)) if config.certificates.len() == 1),
                "{woken:?}"
            );
        }
        let woken = house.wakes.try_recv();
        assert!(matches!(woken, Ok(Wake::Files)), "{woken:?}");
        assert!(house.wakes.is_empty());
    }
}
