//! What the daemons of a storm say: counted, and some of it must never be said.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use super::tally;

thread_local! {
    static PANICS: Cell<u32> = const { Cell::new(0) };
    static BROKEN: Cell<u32> = const { Cell::new(0) };
    static ROLLED_BACK: Cell<u32> = const { Cell::new(0) };
    static ALL_TWICE: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
    static TWICE: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// Whether a daemon of this storm has taken a leaf back from anywhere.
pub fn has_rolled_back() -> bool {
    ROLLED_BACK.get() > 0
}

/// The leaves of which it was told since the last time that they are imported more than once, by their
/// fingerprints.
pub fn told_twice() -> BTreeSet<String> {
    TWICE.take()
}

/// As [`told_twice`], in the whole storm.
pub fn all_told_twice() -> BTreeSet<String> {
    ALL_TWICE.with_borrow(BTreeSet::clone)
}

/// Listens on this thread until it is dropped.
pub struct Watch(#[expect(dead_code, reason = "listens as long as it lives")] DefaultGuard);

/// Listens to what is said on this thread from now on.
pub fn watch() -> Watch {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANICS.set(PANICS.get() + 1);
            before(info);
        }));
    });
    PANICS.set(0);
    BROKEN.set(0);
    ROLLED_BACK.set(0);
    told_twice();
    ALL_TWICE.take();
    let filter = tracing_subscriber::filter::LevelFilter::from_level(Level::INFO);
    let layers = tracing_subscriber::registry().with(Counting.with_filter(filter));
    Watch(tracing::subscriber::set_default(layers))
}

impl Watch {
    /// No task of the daemon panicked, and no plan broke an invariant.
    pub fn judge(self) {
        assert_eq!(PANICS.get(), 0, "a task panicked");
        assert_eq!(BROKEN.get(), 0, "a plan was refused");
    }
}

struct Counting;

impl<S: Subscriber> Layer<S> for Counting {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut name = Name::default();
        event.record(&mut name);
        if name.0 == "plan.refused" {
            BROKEN.set(BROKEN.get() + 1);
        }
        if name.0 == "certificate.rolled_back" {
            ROLLED_BACK.set(ROLLED_BACK.get() + 1);
        }
        tally::count(&format!("said: {}", name.0));
        if name.0 == "certificate.duplicate" {
            TWICE.with_borrow_mut(|twice| twice.insert(name.1.clone()));
            ALL_TWICE.with_borrow_mut(|twice| twice.insert(name.1));
        }
        if name.0 == "step.held" && name.2 {
            tally::count(&format!("held at a probe: {}", event.metadata().level()));
        }
        if SAY.with(|say| *say) {
            say(event);
        }
    }
}

thread_local! {
    static SAY: bool = std::env::var_os("CERTROTD_SAY").is_some();
}

/// With `CERTROTD_SAY` set, a seed that is replayed tells what its daemons say, and what happens to them.
pub fn tell(what: impl FnOnce() -> String) {
    if SAY.with(|say| *say) {
        print(&what());
    }
}

fn say(event: &Event<'_>) {
    let mut words = Words(String::new());
    event.record(&mut words);
    print(&words.0);
}

#[expect(clippy::print_stderr, reason = "somebody looks for why a seed fails")]
fn print(words: &str) {
    let at = super::clock::right().to_utc().format("%d %H:%M:%S%.3f");
    eprintln!("{at} {words}");
}

struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if ["message", "event", "certificate", "error"].contains(&field.name()) {
            self.0 += &format!(" {value:?}");
        }
    }
}

/// An event, the fingerprint that it tells, and whether it is about a probe.
#[derive(Default)]
struct Name(String, String, bool);

impl Visit for Name {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "event" => value.clone_into(&mut self.0),
            "fingerprint" => value.clone_into(&mut self.1),
            "probe" => self.2 = true,
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}
