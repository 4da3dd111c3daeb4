//! The calls that have ended: how many, with which answers, and how long they took. For whoever watches whether the work
//! gets on, and how each service fares.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::http::{Answer, Broken};
use crate::model::target::Api;

/// What pre-signed links lead to: no API, and called all the same.
pub(super) const LINKS: &str = "obs";
/// What is counted of each service from the start on, though it be nought: an alarm that asks how much a count has
/// grown would miss the first of a count that begins with it.
const FORESEEN: [CallEnd; 4] =
    [CallEnd::Status(200), CallEnd::Status(429), CallEnd::Unsent, CallEnd::Lost];
/// Different answers that are told apart for each service. The known ones give a dozen; one that has lost its mind
/// could give nine hundred, and each would be kept for ever.
const ENDS_MAX: usize = 32;

/// How a call ended, as far as numbers tell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum CallEnd {
    /// With an answer of this HTTP status.
    Status(u16),
    /// With one of those for which there is no place left.
    Other,
    /// The service was not reached.
    Unsent,
    /// It was on its way, and no answer came.
    Lost,
}

impl CallEnd {
    pub(super) fn of(outcome: &Result<Answer, Broken>) -> Self {
        match outcome {
            Ok(answer) => Self::Status(answer.status),
            Err(Broken::Unsent(_) | Broken::Forbidden(_)) => Self::Unsent,
            Err(Broken::Unanswered(_)) => Self::Lost,
        }
    }
}

impl fmt::Display for CallEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => status.fmt(f),
            Self::Other => f.write_str("other"),
            Self::Unsent => f.write_str("unsent"),
            Self::Lost => f.write_str("lost"),
        }
    }
}

/// How long things took: how many at most so long, for a few spans, and the sum.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Durations {
    /// By the first bound that was enough; one more for what took longer than all.
    counts: [u64; Self::BOUNDS.len() + 1],
    sum: Duration,
}

impl Durations {
    /// From an answer that was at hand to one that hardly came: a call is given up after a minute. In seconds, as they
    /// are printed.
    pub const BOUNDS: [(Duration, &str); 8] = [
        (Duration::from_millis(50), "0.05"),
        (Duration::from_millis(100), "0.1"),
        (Duration::from_millis(250), "0.25"),
        (Duration::from_millis(500), "0.5"),
        (Duration::from_secs(1), "1"),
        (Duration::from_millis(2500), "2.5"),
        (Duration::from_secs(5), "5"),
        (Duration::from_secs(10), "10"),
    ];

    /// How many took at most as long, for each bound in its order.
    pub fn up_to(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let sums = self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        Self::BOUNDS.iter().map(|(_, word)| *word).zip(sums)
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How long all of them took.
    pub fn sum(&self) -> Duration {
        self.sum
    }

    fn add(&mut self, took: Duration) {
        let place = Self::BOUNDS.partition_point(|(bound, _)| *bound < took);
        self.counts[place] += 1;
        self.sum += took;
    }
}

/// The calls to one service that have ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Service {
    /// How many in each way.
    pub ends: BTreeMap<CallEnd, u64>,
    /// How long they took, from sending to the last byte of the answer.
    pub durations: Durations,
}

impl Service {
    fn add(&mut self, end: CallEnd, took: Duration) {
        let known = self.ends.contains_key(&end) || self.ends.len() < ENDS_MAX;
        *self.ends.entry(if known { end } else { CallEnd::Other }).or_default() += 1;
        self.durations.add(took);
    }
}

impl Default for Service {
    fn default() -> Self {
        let ends = FORESEEN.iter().map(|end| (*end, 0)).collect();
        Self { ends, durations: Durations::default() }
    }
}

/// Every service by its word, which is also what the log says.
pub type Services = BTreeMap<&'static str, Service>;

/// Counts the calls that have ended, well or not. Copies count together.
#[derive(Clone, Debug)]
pub struct Calls(Arc<Mutex<Services>>);

impl Calls {
    /// How many have ended since the start.
    pub fn ended(&self) -> u64 {
        self.lock().values().map(|service| service.durations.count()).sum()
    }

    /// What there is to say of each service.
    pub fn services(&self) -> Services {
        self.lock().clone()
    }

    /// One more has.
    pub(crate) fn end(&self, service: &'static str, end: CallEnd, took: Duration) {
        self.lock().entry(service).or_default().add(end, took);
    }

    fn lock(&self) -> MutexGuard<'_, Services> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Calls {
    fn default() -> Self {
        let words = Api::ALL.iter().map(|api| api.key()).chain([LINKS]);
        Self(Arc::new(Mutex::new(words.map(|word| (word, Service::default())).collect())))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::super::client::{self, Call};
    use super::super::testing::{Reply, Server};
    use super::*;

    #[test]
    fn what_took_as_long_as_a_bound_is_within_it() {
        let mut durations = Durations::default();
        for millis in [0, 50, 51, 1000, 10_000, 10_001] {
            durations.add(Duration::from_millis(millis));
        }
        let counts: Vec<_> = durations.up_to().collect();
        let expected = [2, 3, 3, 3, 4, 4, 4, 5];
        let bounds = Durations::BOUNDS.map(|(_, word)| word);
        assert_eq!(counts, bounds.into_iter().zip(expected).collect::<Vec<_>>());
        assert_eq!((durations.count(), durations.sum().as_millis()), (6, 21_102));
    }

    #[test]
    fn a_bound_is_printed_as_what_it_is() {
        for (bound, word) in Durations::BOUNDS {
            assert_eq!(word.parse(), Ok(bound.as_secs_f64()));
        }
        assert!(Durations::BOUNDS.is_sorted());
    }

    #[test]
    fn a_service_that_answers_anything_takes_no_more_room_for_it() {
        let calls = Calls::default();
        for status in 100..1000 {
            calls.end("elb", CallEnd::Status(status), Duration::ZERO);
        }
        calls.end("elb", CallEnd::Lost, Duration::ZERO);
        let elb = &calls.services()["elb"];
        assert_eq!(elb.ends.len(), ENDS_MAX + 1);
        assert_eq!((elb.ends[&CallEnd::Status(429)], elb.ends[&CallEnd::Lost]), (1, 1));
        assert_eq!((elb.ends.values().sum::<u64>(), calls.ended()), (901, 901));
    }

    /// Well or not: whoever watches whether the work gets on cares for neither.
    #[tokio::test]
    async fn every_call_that_ends_is_counted() {
        let answers = [(200, "{}"), (403, ""), (500, "<html>")];
        let given = AtomicU32::new(0);
        let server = Server::start(move |_| {
            let (status, body) = answers[given.fetch_add(1, Ordering::SeqCst) as usize];
            Reply::new(status, body)
        })
        .await;
        let cloud = server.cloud();
        for ended in 1..=3 {
            let call = Call::get(Api::Scm, "show", "/v3/scm/certificates/a");
            let _ = client::send(&cloud, &call).await;
            assert_eq!(cloud.inner.calls.ended(), ended);
        }
        let services = cloud.inner.calls.services();
        let ends = services["scm"].ends.iter().filter(|(_, count)| **count > 0);
        let ends: Vec<_> = ends.map(|(end, count)| (end.to_string(), *count)).collect();
        assert_eq!(ends, ["200", "403", "500"].map(|status| (status.to_owned(), 1)));
    }
}
