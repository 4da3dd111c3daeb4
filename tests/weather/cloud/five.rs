//! Five hosts with one account and the same pairs, and nothing between them but the cloud: all settle,
//! and none undoes what another did.

use std::sync::atomic::{AtomicU64, Ordering};

use super::super::seeds;
use super::run;
use super::stage::Stage;

/// How many hosts.
const HOSTS: usize = 5;
/// How many seeds a run tries: five daemons do five times the work.
const SEEDS: u64 = 1;
/// Gusts of each storm.
const GUSTS: u32 = 25;

/// Leaves that were imported in all storms, and imports beyond the first of each.
static LEAVES: AtomicU64 = AtomicU64::new(0);
static MORE: AtomicU64 = AtomicU64::new(0);

#[test]
fn five_hosts_with_one_account_do_not_undo_each_other() {
    seeds::run("five", SEEDS, storm);
    let (leaves, more) = (LEAVES.load(Ordering::Relaxed), MORE.load(Ordering::Relaxed));
    eprintln!("five: {leaves} leaves, {more} imports beyond the first of a leaf");
}

fn storm(seed: u64) {
    run(async move {
        let mut stage = Stage::new(seed, HOSTS).await;
        for _ in 0..GUSTS {
            stage.gust().await;
            stage.live().await;
        }
        let imported = stage.calm().await;
        LEAVES.fetch_add(imported.len() as u64, Ordering::Relaxed);
        MORE.fetch_add(imported.values().map(|times| times - 1).sum(), Ordering::Relaxed);
    });
}
