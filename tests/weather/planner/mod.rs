//! A storm over planner and memory: lost answers, crashes, lists that lag, blind looks, renewals,
//! restored backups, and at times a lost journal; then calm. Nothing twice, nothing old after
//! something new, nothing bad sent, always settled.
//!
//! A hundred thousand of them: `CERTROTD_SEEDS=100000 cargo test --release --test weather planner -- --nocapture`.

mod authorities;
mod calm;
mod daemon;
mod edge;
mod entries;
mod fixture;
mod looks;
mod world;

use super::seeds;
use daemon::Daemon;
use world::World;

/// How many seeds a run tries: seconds without optimisation.
const SEEDS: u64 = 500;
/// Rounds of bad weather for each seed.
const ROUNDS: u32 = 60;
/// Rounds of calm within which everything must have settled, each half a minute or more.
const CALM_ROUNDS_MAX: u32 = 200;
/// In calm an operator asks for a retry every so many rounds: some holds end only by that.
const RETRY_EVERY: u32 = 12;

#[test]
fn nothing_twice_nothing_lost_always_settled() {
    seeds::run("planner", SEEDS, storm);
}

fn storm(seed: u64) {
    let mut world = World::new(seed);
    let mut daemon = Daemon::default();
    for _ in 0..ROUNDS {
        world.weather(&mut daemon);
        daemon.round(&mut world);
    }
    world.calm_down(&mut daemon);
    for round in 1..=CALM_ROUNDS_MAX {
        if round % RETRY_EVERY == 0 {
            world.ask_retries(&mut daemon);
        }
        if daemon.calm_round(&mut world) {
            return world.judge_calm(&daemon);
        }
    }
    let held: Vec<_> = daemon.held.iter().filter(|held| !world.may_rest(held)).collect();
    panic!("it did not settle: {held:#?}");
}
