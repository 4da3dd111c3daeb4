//! Who is told that the work stands still: the watchdog is not petted any more, and the log says why, once.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr as Address, UnixDatagram};
use std::sync::{Arc, Mutex};

use tracing::subscriber::DefaultGuard;

use super::*;
use crate::cycle::pulse::{Moment, STALL, Waits};
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

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn listen(&self) -> DefaultGuard {
        let log = self.clone();
        let lines = tracing_subscriber::fmt().json().with_writer(move || log.clone()).finish();
        tracing::subscriber::set_default(lines)
    }

    fn count(&self, event: &str) -> usize {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.matches(&format!("\"event\":\"{event}\"")).count()
    }
}

/// Lets time pass check by check, the wall clock with it.
async fn pass(vitals: &mut Vitals, began: Instant, span: Duration, notifier: &Notifier) {
    let end = Instant::now() + span;
    while Instant::now() < end {
        vitals.round().await;
        vitals.check(&schedule(), NOON + began.elapsed(), notifier).await;
    }
}

fn beat(board: &Board, now: Time) {
    let (subject, at) = (Subject::Certificate(Name::new("www").unwrap()), Instant::now());
    let mut picture = board.picture();
    picture.pulse.works(Moment { at, wall: now }, Waits::of([].iter(), [subject].iter()), None);
    picture.pulse.moved(Moment { at, wall: now });
}

#[tokio::test(start_paused = true)]
async fn the_watchdog_is_petted_while_something_moves_and_not_a_check_longer() {
    let ((manager, notifier), log, board) = (manager("moves"), Log::default(), Board::default());
    let _guard = log.listen();
    let began = Instant::now();
    let mut vitals = Vitals::start(board.clone(), None, &notifier).await;
    for _ in 0..30 {
        beat(&board, NOON + began.elapsed());
        pass(&mut vitals, began, Duration::from_secs(60), &notifier).await;
    }
    let pets = heard(&manager).iter().filter(|word| *word == "WATCHDOG=1").count();
    assert!(pets >= 30 * 6, "{pets}");
    pass(&mut vitals, began, STALL, &notifier).await;
    heard(&manager);
    pass(&mut vitals, began, Duration::from_secs(600), &notifier).await;
    assert_eq!(heard(&manager), Vec::<String>::new());
    assert_eq!((log.count("daemon.stuck"), log.count("daemon.recovered")), (1, 0));
    // Nobody restarts a daemon that has no service manager; where it goes on, it says so.
    beat(&board, NOON + began.elapsed());
    pass(&mut vitals, began, Duration::from_secs(60), &notifier).await;
    assert!(heard(&manager).contains(&"WATCHDOG=1".to_owned()));
    assert_eq!((log.count("daemon.stuck"), log.count("daemon.recovered")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_daemon_whose_schedule_is_dead_is_not_petted() {
    let ((manager, notifier), log, board) = (manager("dead"), Log::default(), Board::default());
    let _guard = log.listen();
    let began = Instant::now();
    let mut vitals = Vitals::start(board.clone(), None, &notifier).await;
    let rests = |now| {
        let mut picture = board.picture();
        picture.pulse.asked();
        picture.pulse.rests(now);
    };
    // Every quarter of an hour everything is looked at.
    for _ in 0..8 {
        rests(NOON + began.elapsed());
        pass(&mut vitals, began, Duration::from_secs(15 * 60), &notifier).await;
    }
    assert_eq!(log.count("daemon.stuck"), 0);
    rests(NOON + began.elapsed());
    heard(&manager);
    pass(&mut vitals, began, Duration::from_secs(45 * 60), &notifier).await;
    assert_eq!(log.count("daemon.stuck"), 1);
    assert!(heard(&manager).last().unwrap().starts_with("STATUS=the schedule was due at "));
}

#[tokio::test]
async fn a_port_that_somebody_has_is_said_once_and_tried_again() {
    let (log, notifier) = (Log::default(), Notifier::default());
    let _guard = log.listen();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mut vitals = Vitals::start(Board::default(), Some(address), &notifier).await;
    vitals.check(&schedule(), NOON, &notifier).await;
    assert_eq!((log.count("metrics.failed"), log.count("metrics.listening")), (1, 0));
    drop(taken);
    vitals.check(&schedule(), NOON, &notifier).await;
    assert_eq!((log.count("metrics.failed"), log.count("metrics.listening")), (1, 1));
    vitals.listen(Some(address)).await;
    assert_eq!(log.count("metrics.listening"), 1, "the same address is left alone");
    vitals.listen(None).await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
