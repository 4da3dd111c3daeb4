//! Five hosts with one account and the same pairs, and nothing between them but the cloud: all settle,
//! and none undoes what another did.

use std::sync::atomic::{AtomicU64, Ordering};

use super::super::seeds;
use super::stage::Stage;
use super::{events, run};

/// How many hosts.
const HOSTS: usize = 5;
/// How many seeds a run tries: five daemons do five times the work.
const SEEDS: u64 = 1;
/// Gusts of each storm.
const GUSTS: u32 = 25;

/// Leaves that were imported in all storms, those of them that were imported more than once, imports
/// beyond the first of each, and how many of the leaves imported more than once were told of.
static LEAVES: AtomicU64 = AtomicU64::new(0);
static TWICE: AtomicU64 = AtomicU64::new(0);
static MORE: AtomicU64 = AtomicU64::new(0);
static TOLD: AtomicU64 = AtomicU64::new(0);

#[test]
fn five_hosts_with_one_account_do_not_undo_each_other() {
    seeds::run("five", SEEDS, storm);
    let [leaves, twice, more, told] =
        [&LEAVES, &TWICE, &MORE, &TOLD].map(|count| count.load(Ordering::Relaxed));
    eprintln!(
        "five: {leaves} leaves; {twice} imported more than once, by {more} imports beyond the first; \
         {told} of them reported"
    );
}

fn storm(seed: u64) {
    run(async move {
        let mut stage = Stage::new(seed, HOSTS).await;
        for _ in 0..GUSTS {
            stage.gust().await;
            stage.live().await;
        }
        let imported = stage.calm().await;
        let twice: Vec<_> = imported.iter().filter(|(_, times)| **times > 1).collect();
        let told = events::all_told_twice();
        let told_of = |digits: &str| told.iter().any(|leaf| leaf.starts_with(digits));
        let told = twice.iter().filter(|(digits, _)| told_of(digits)).count();
        LEAVES.fetch_add(imported.len() as u64, Ordering::Relaxed);
        TWICE.fetch_add(twice.len() as u64, Ordering::Relaxed);
        MORE.fetch_add(imported.values().map(|times| times - 1).sum(), Ordering::Relaxed);
        TOLD.fetch_add(told as u64, Ordering::Relaxed);
    });
}
