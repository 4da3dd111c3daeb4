//! Who is told that the work stands still: the watchdog is not petted any more, and the log says why, once.

use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr as Address, UnixDatagram};

use super::super::testing::Log;
use super::*;
use crate::cycle::picture::CallEnd;
use crate::cycle::pulse::{STALL, Waits};
use crate::model::names::{Name, Subject};
use crate::schedule::{Backoff, Cron};

const NOON: Time = Time::from_secs(1_763_812_800);
const PID: u32 = 4711;

/// The service manager's end of the socket, and the daemon's.
fn manager(name: &str) -> (UnixDatagram, Notifier) {
    let name = format!("certrotd-vitals-{name}-{}", std::process::id());
    let address = Address::from_abstract_name(&name).unwrap();
    let socket = UnixDatagram::bind_addr(&address).unwrap();
    socket.set_nonblocking(true).unwrap();
    let name = format!("@{name}");
    let variable = move |key: &str| match key {
        "NOTIFY_SOCKET" => Some(OsStr::new(&name).to_owned()),
        "WATCHDOG_USEC" => Some(OsStr::new("90000000").to_owned()),
        _ => None,
    };
    (socket, Notifier::of(variable, PID))
}

fn heard(manager: &UnixDatagram) -> Vec<String> {
    let mut bytes = [0; 1024];
    let next = || Some(manager.recv(&mut bytes).ok()?).map(|length| bytes[..length].to_vec());
    let words = std::iter::from_fn(next);
    words.map(|bytes| String::from_utf8(bytes).unwrap()).collect()
}

fn schedule() -> Schedule {
    Schedule {
        reconcile: Cron::parse("0 */15 * * * *", chrono_tz::Tz::UTC).unwrap(),
        jitter: Duration::from_secs(30),
        watch: true,
        doubt: Duration::from_secs(120),
        retry: Backoff { first: Duration::from_secs(10), longest: Duration::from_secs(900) },
    }
}

/// A daemon's vitals, and the service manager that hears of them.
struct Ward {
    vitals: Vitals,
    manager: UnixDatagram,
    notifier: Notifier,
    began: Instant,
}

impl Ward {
    async fn new(name: &str, board: &Board) -> Self {
        let (manager, notifier) = manager(name);
        let vitals = Vitals::start(board.clone(), &Metrics::default(), &notifier).await;
        Self { vitals, manager, notifier, began: Instant::now() }
    }

    fn now(&self) -> Time {
        NOON + self.began.elapsed()
    }

    /// Lets time pass check by check, the wall clock with it; gives what was heard meanwhile.
    async fn pass(&mut self, span: Duration) -> Vec<String> {
        let (end, mut words) = (Instant::now() + span, Vec::new());
        while Instant::now() < end {
            self.vitals.round().await;
            let now = self.now();
            self.vitals.check(&schedule(), now, &self.notifier).await;
            // A socket that nobody reads is soon full, and blocks.
            words.extend(heard(&self.manager));
        }
        words
    }
}

fn beat(board: &Board, now: Time) {
    let (subject, at) = (Subject::Certificate(Name::new("www").unwrap()), Instant::now());
    let mut picture = board.picture();
    picture.pulse.works(Moment { at, wall: now }, Waits::of([].iter(), [subject].iter()), None);
    picture.pulse.moved(Moment { at, wall: now });
}

fn at(address: SocketAddr) -> Metrics {
    Metrics { listen: Some(address), textfile: None }
}

const PET: &str = "WATCHDOG=1";

#[tokio::test(start_paused = true)]
async fn the_watchdog_is_petted_while_something_moves_and_not_a_check_longer() {
    let (log, board) = (Log::default(), Board::default());
    let _guard = log.listen();
    let mut ward = Ward::new("moves", &board).await;
    let mut pets = 0;
    for _ in 0..30 {
        beat(&board, ward.now());
        let words = ward.pass(Duration::from_secs(60)).await;
        pets += words.iter().filter(|word| *word == PET).count();
    }
    assert!((30 * 6 - 1..=30 * 6 + 1).contains(&pets), "{pets}");
    let words = ward.pass(STALL).await;
    assert!(words.last().unwrap().starts_with("STATUS=no call, look or step"), "{words:?}");
    assert_eq!(ward.pass(Duration::from_secs(600)).await, Vec::<String>::new());
    assert_eq!((log.count("daemon.stuck"), log.count("daemon.recovered")), (1, 0));
    // Nobody restarts a daemon that has no service manager; where it goes on, it says so.
    beat(&board, ward.now());
    let words = ward.pass(Duration::from_secs(60)).await;
    assert!(words.iter().any(|word| word == PET), "{words:?}");
    assert_eq!((log.count("daemon.stuck"), log.count("daemon.recovered")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_watchdog_is_petted_while_the_calls_of_one_look_end() {
    let (log, board) = (Log::default(), Board::default());
    let _guard = log.listen();
    let mut ward = Ward::new("calls", &board).await;
    beat(&board, ward.now());
    for _ in 0..60 {
        board.picture().calls.end("scm", CallEnd::Lost, Duration::ZERO);
        ward.pass(Duration::from_secs(60)).await;
    }
    assert_eq!(log.count("daemon.stuck"), 0);
    ward.pass(STALL).await;
    assert_eq!(log.count("daemon.stuck"), 1, "no call ends any more");
}

#[tokio::test(start_paused = true)]
async fn a_daemon_whose_schedule_is_dead_is_not_petted() {
    let (log, board) = (Log::default(), Board::default());
    let _guard = log.listen();
    let mut ward = Ward::new("dead", &board).await;
    // Every quarter of an hour everything is looked at.
    for _ in 0..8 {
        board.picture().pulse.asked();
        board.picture().pulse.rests(ward.now());
        ward.pass(Duration::from_secs(15 * 60)).await;
    }
    assert_eq!(log.count("daemon.stuck"), 0);
    let words = ward.pass(Duration::from_secs(45 * 60)).await;
    assert_eq!(log.count("daemon.stuck"), 1);
    assert!(words.last().unwrap().starts_with("STATUS=the schedule was due at "), "{words:?}");
}

#[tokio::test]
async fn a_port_that_somebody_has_is_said_once_and_tried_again() {
    let (log, notifier) = (Log::default(), Notifier::default());
    let _guard = log.listen();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mut vitals = Vitals::start(Board::default(), &at(address), &notifier).await;
    vitals.check(&schedule(), NOON, &notifier).await;
    assert_eq!((log.count("metrics.failed"), log.count("metrics.listening")), (1, 0));
    drop(taken);
    vitals.check(&schedule(), NOON, &notifier).await;
    assert_eq!((log.count("metrics.failed"), log.count("metrics.listening")), (1, 1));
    vitals.aim(&at(address)).await;
    assert_eq!(log.count("metrics.listening"), 1, "the same address is left alone");
    vitals.aim(&Metrics::default()).await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_socket_that_moves_to_another_address_of_its_port_finds_it_free() {
    let (log, notifier) = (Log::default(), Notifier::default());
    let _guard = log.listen();
    let first = "127.0.0.1:0".parse().unwrap();
    let mut vitals = Vitals::start(Board::default(), &at(first), &notifier).await;
    let mut address = vitals.server.as_ref().unwrap().address();
    // A client that is being answered does not hold the port either.
    let _client = tokio::net::TcpStream::connect(address).await.unwrap();
    // The same place, written as another address: it stands in the way as 0.0.0.0 would.
    for host in ["::ffff:127.0.0.1", "127.0.0.1"] {
        address.set_ip(host.parse().unwrap());
        vitals.aim(&at(address)).await;
    }
    assert_eq!((log.count("metrics.failed"), log.count("metrics.listening")), (0, 3));
}
