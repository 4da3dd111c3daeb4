//! Many storms, one a seed: on all cores, and a seed that fails says how it is replayed.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Replays this seed alone.
const ONE: &str = "CERTROTD_SEED";
/// How many seeds are tried.
const MANY: &str = "CERTROTD_SEEDS";
/// The first of them.
const FIRST: &str = "CERTROTD_FIRST";

/// Runs a storm for each seed, as many as a tier wants when nobody says otherwise, and tells how
/// many it was. The first that fails ends the run once those under way have ended. Gives whether it
/// was at least as many as the tier wants.
#[expect(clippy::print_stderr, reason = "a test says what it did, and how to do it again")]
pub fn run(tier: &str, default_seeds: u64, storm: impl Fn(u64) + Sync) -> bool {
    if let Some(seed) = asked(ONE) {
        storm(seed);
        return false;
    }
    let first: u64 = asked(FIRST).unwrap_or(0);
    let count = asked(MANY).unwrap_or(default_seeds);
    let (next, failed) = (AtomicU64::new(0), AtomicU64::new(0));
    let began = Instant::now();
    let work = || {
        while failed.load(Ordering::Relaxed) == 0 {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                break;
            }
            let seed = first + index;
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| storm(seed))) {
                failed.fetch_add(1, Ordering::Relaxed);
                eprintln!(
                    "{tier}: seed {seed} failed; replay it: \
                     {ONE}={seed} cargo test --test weather {tier} -- --nocapture"
                );
                resume_unwind(panic);
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    let took = began.elapsed().as_secs_f64();
    eprintln!("{tier}: {count} seeds, {took:.1} s, {:.1} seeds/s", count as f64 / took);
    count >= default_seeds
}

/// Whether somebody asks for so many seeds that whatever can happen must.
pub fn are_many() -> bool {
    asked::<u64>(MANY).is_some_and(|count| count >= 200)
}

/// A number from the environment; one that is none is a mistake to be told of.
fn asked<T: FromStr>(variable: &str) -> Option<T> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")))
}
