//! A storm over everything: the real cycle with its journal, its client and its handshakes, against the
//! simulated cloud over real HTTP, in a time of their own; then calm.
//!
//! Many of them: `CERTROTD_SEEDS=2000 cargo test --release --test weather cloud -- --nocapture`.

mod calm;
mod clock;
mod clocks;
mod daemon;
mod events;
mod faults;
mod five;
mod full;
mod gusts;
mod house;
mod judge;
mod pairs;
mod people;
mod pushes;
mod stage;
mod tally;
mod tries;

use tokio::runtime::Builder;

use super::seeds;
use stage::Stage;

/// How many seeds a run tries: half a minute without optimisation.
const SEEDS: u64 = 8;
/// Gusts of each storm.
const GUSTS: u32 = 40;

/// What must happen in any run of very many seeds; the gusts in one of few, too.
const EXPECTED: [&str; 61] = [
    "struck: throttled",
    "struck: status",
    "struck: dropped before",
    "struck: dropped after",
    "struck: slow",
    "struck: token expired",
    "struck: lying html",
    "struck: truncated",
    "struck: error code",
    "struck: garbage",
    "struck: late",
    "struck: retry after",
    "struck: said",
    "struck: done and said",
    "done: import",
    "done: push to ELB",
    "done: push to WAF",
    "done: bind in ELB",
    "done: bind in WAF",
    "done: bind in CDN",
    "done: retire import",
    "done: retire copy",
    "done: install",
    "done: switch",
    "failed: import",
    "failed: push to ELB",
    "failed as Lost",
    "failed as Transient",
    "cut off in import",
    "crashed with nothing open",
    "crashed with a step open",
    "gust: renew",
    "gust: tear",
    "gust: half",
    "gust: lose",
    "gust: restore",
    "gust: blind",
    "gust: edge",
    "gust: skew",
    "gust: rotate credential",
    "gust: expire tokens",
    "gust: reload",
    "gust: lose journal",
    "gust: full disk",
    "room again",
    "gust: jump",
    "gust: person",
    "person edits",
    "person renews a neighbour",
    "edge: Closed",
    "edge: NotTls",
    "edge: Garbage",
    "ended by a full disk",
    "not started with a full disk",
    "in doubt when the clock jumped",
    "judged: another leaf is bound",
    "judged: a push after another",
    "said: certificate.rolled_back",
    "said: certificate.stale",
    "held at a probe: ERROR",
    "held at a probe: WARN",
];

#[test]
fn everything_settles_on_the_newest_leaf_once() {
    if seeds::run("cloud", SEEDS, storm) {
        // A few seeds have all the weather; what it strikes depends on the machine's turns too.
        let sure = |what: &&str| seeds::are_many() || what.starts_with("gust: ");
        tally::judge(&EXPECTED.into_iter().filter(sure).collect::<Vec<_>>());
    }
}

fn storm(seed: u64) {
    run(async move {
        let mut stage = Stage::new(seed, 1).await;
        for _ in 0..GUSTS {
            stage.gust().await;
            stage.live().await;
        }
        stage.calm().await;
    });
}

/// Runs a storm in a time of its own. Client and cloud share one thread, so that it is exact.
fn run(storm: impl Future<Output = ()>) {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let watch = events::watch();
    runtime.block_on(storm);
    drop(runtime);
    watch.judge();
}
