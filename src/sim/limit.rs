//! So many calls a second to each service, and no more: what the gateway holds an account to.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::weather::Fault;
use crate::model::time::Time;

/// The gateway counts in windows of this length.
const WINDOW: Duration = Duration::from_secs(1);

/// The calls that each service took within the last window, oldest first.
#[derive(Default)]
pub(super) struct Limiter(BTreeMap<&'static str, VecDeque<Time>>);

impl Limiter {
    /// Counts a call to this service, or refuses it as the gateway does; `tells` is whether the refusal
    /// names the policy. What is refused does not count.
    pub fn strike(
        &mut self,
        service: &'static str,
        calls_max: usize,
        tells: bool,
        now: Time,
    ) -> Option<Fault> {
        let taken = self.0.entry(service).or_default();
        while taken.front().is_some_and(|at| *at + WINDOW <= now) {
            taken.pop_front();
        }
        if taken.len() < calls_max {
            taken.push_back(now);
            return None;
        }
        let policy = format!(": policy user over ratelimit,limit:{calls_max},time:1 second");
        let policy = if tells { policy.as_str() } else { "" };
        Some(Fault::Code {
            status: 429,
            code: "APIGW.0308".to_owned(),
            message: format!("The throttling threshold has been reached{policy}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_so_many_in_any_second_of_each_service() {
        let mut limiter = Limiter::default();
        let at = |millis: i64| Time::from_millis(1_000_000 + millis);
        let taken = |limiter: &mut Limiter, service, millis| {
            limiter.strike(service, 2, true, at(millis)).is_none()
        };
        assert!(taken(&mut limiter, "scm", 0) && taken(&mut limiter, "scm", 500));
        assert!(!taken(&mut limiter, "scm", 999) && taken(&mut limiter, "elb", 999));
        assert!(taken(&mut limiter, "scm", 1000) && !taken(&mut limiter, "scm", 1499));
        assert!(taken(&mut limiter, "scm", 1500));
    }
}
