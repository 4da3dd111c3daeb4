//! Clocks that are off: by more than the cloud accepts while no daemon runs, and by hours in the middle
//! of the work.

use std::time::Duration;

use certrotd::cycle::Wake;
use certrotd::sim::{Fault, Rule};

use super::stage::Stage;
use super::{clock, daemon, tally};

/// How far a clock is off that the cloud does not accept, in seconds.
const TOO_FAR_SECS: i64 = 1_500;
/// How far a clock jumps, in hours.
const JUMP_HOURS_MAX: u64 = 30;

impl Stage {
    /// For a while the hosts' clock is off by more than the cloud accepts. It is set while no daemon
    /// runs, and long after whatever it began has shown.
    pub async fn skew(&mut self) {
        tally::count("gust: skew");
        let far = if self.rng.percent(50) { TOO_FAR_SECS } else { -TOO_FAR_SECS };
        self.pause().await;
        clock::set_ahead(far);
        self.judge.tries.forget();
        self.live().await;
        self.pause().await;
        clock::set_ahead(self.ahead_secs);
        self.judge.tries.forget();
    }

    /// A write's answer is lost, and the hosts' clock jumps ahead by hours before anybody has found out
    /// what became of it; later it is set right.
    pub async fn jump(&mut self, host: usize) {
        tally::count("gust: jump");
        let path = self.rng.one_of(&["/import", "/push", "/apply-to-hosts", "/elb/listeners/"]);
        let method = if path == "/elb/listeners/" { "PUT" } else { "POST" };
        let lost = self.rng.one_of(&[0, 1]);
        let lost = if lost == 0 { Fault::DropBefore } else { Fault::DropAfter };
        self.sim.weather(Rule::new(method, path, lost).times(1));
        self.write_credentials();
        self.renew(host);
        self.wake(host, Wake::Look);
        let span = Duration::from_millis(1 + self.rng.below(8_000));
        self.live_for(span).await;
        if !daemon::in_doubt(&self.houses[host]).is_empty() {
            tally::count("in doubt when the clock jumped");
        }
        let hours = i64::try_from(1 + self.rng.below(JUMP_HOURS_MAX)).unwrap();
        self.set_clock(self.ahead_secs + hours * 3_600);
        self.live().await;
        self.set_clock(self.ahead_secs);
        self.live().await;
    }

    /// Sets the clock under the daemons, who notice it and look at everything.
    fn set_clock(&mut self, ahead_secs: i64) {
        clock::set_ahead(ahead_secs);
        // A signature that is off is no wrong secret, and what was refused before is long ago now.
        self.judge.tries.forget();
        (0..self.houses.len()).for_each(|host| self.wake(host, Wake::Look));
    }
}
