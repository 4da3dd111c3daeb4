//! How long to wait before the next try, and before the next look at a job.

use std::time::Duration;

/// How far a delay may be spread around its doubled value, in thousandths, half of it to each side.
const SPREAD_PER_MILLE: u64 = 100;
/// Longest time between two looks at a running job, in seconds.
const POLL_SECS_MAX: u64 = 15;

/// Waiting that doubles from `first` up to `longest`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Backoff {
    /// The wait after the first failure.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
}

impl Backoff {
    /// The wait after the `attempt`-th failure in a row, counted from 1 (0 counts as 1). It is spread by
    /// a few hundredths, always alike for one seed and attempt, never below `first` nor above `longest`.
    pub fn delay(&self, attempt: u32, seed: u64) -> Duration {
        let doublings = attempt.saturating_sub(1);
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        let doubled = self.first.saturating_mul(factor).min(self.longest);
        let mixed = mix(seed ^ u64::from(attempt)) % (SPREAD_PER_MILLE + 1);
        // From 950 to 1050 thousandths. Where that leaves the bounds, half of the spread remains.
        let per_mille = 1000 - SPREAD_PER_MILLE / 2 + mixed;
        let per_mille = u32::try_from(per_mille).unwrap_or(1000);
        let spread = doubled.checked_mul(per_mille).map_or(doubled, |product| product / 1000);
        spread.max(self.first).min(self.longest)
    }
}

/// How long to wait before the next look at a job that was begun `elapsed` ago: 1, 2, 4, 8 and then always
/// 15 seconds. It needs no count of looks, so a restart goes on where it was.
pub fn poll_delay(elapsed: Duration) -> Duration {
    let secs = match elapsed.as_secs() {
        0 => 1,
        1..=2 => 2,
        3..=6 => 4,
        7..=14 => 8,
        _ => POLL_SECS_MAX,
    };
    Duration::from_secs(secs)
}

/// SplitMix64: spreads neighbouring numbers far apart. Nothing secret depends on it.
fn mix(seed: u64) -> u64 {
    let mut word = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Backoff =
        Backoff { first: Duration::from_secs(10), longest: Duration::from_secs(900) };

    #[test]
    fn doubles_within_its_bounds_and_its_spread() {
        for seed in 0..200 {
            for (attempt, secs) in [(0, 10), (1, 10), (2, 20), (5, 160), (8, 900), (u32::MAX, 900)]
            {
                let delay = RETRY.delay(attempt, seed);
                let doubled = Duration::from_secs(secs);
                assert!(delay >= RETRY.first && delay <= RETRY.longest, "{attempt}: {delay:?}");
                assert!(delay.abs_diff(doubled) <= doubled / 10, "{attempt}: {delay:?}");
                assert_eq!(delay, RETRY.delay(attempt, seed));
            }
        }
    }

    #[test]
    fn seeds_spread_hosts_apart_even_at_the_longest_wait() {
        for attempt in [1, 3, 20] {
            let mut delays: Vec<_> = (0..100).map(|seed| RETRY.delay(attempt, seed)).collect();
            delays.sort();
            delays.dedup();
            assert!(delays.len() > 20, "{attempt}: {}", delays.len());
        }
    }

    #[test]
    fn a_huge_backoff_does_not_overflow() {
        let huge = Backoff { first: Duration::MAX, longest: Duration::MAX };
        assert_eq!(huge.delay(9, 1), Duration::MAX);
    }

    #[test]
    fn jobs_are_looked_at_less_and_less() {
        let mut elapsed = Duration::ZERO;
        let delays: Vec<u64> = (0..7)
            .map(|_| {
                let delay = poll_delay(elapsed);
                elapsed += delay;
                delay.as_secs()
            })
            .collect();
        assert_eq!(delays, [1, 2, 4, 8, 15, 15, 15]);
    }
}
