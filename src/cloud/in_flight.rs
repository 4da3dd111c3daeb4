//! How many calls are under way at once: all of an account's, and how many of them each service may have.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::model::target::Api;

/// Places that a service leaves free where there are eight or more; of fewer it leaves one.
const KEPT: usize = 2;
/// A call that is under way for so long hangs: even an upload is answered sooner.
const HANGS_AFTER: Duration = Duration::from_secs(5);

/// Places for the calls under way.
///
/// - Of the places that the others do not hold, a service may have all but two, and one at least: a place that a
///   hanging service holds cannot be taken back, so that some have to be kept free beforehand.
/// - A service of which a call hangs, or the last one to end did, may have half. While it goes on hanging, its places
///   come back one by one as its calls time out, and the others have their half.
/// - Among services that wait, whoever holds fewest is next, so that one with thousands of calls to make
///   delays one with a few by no more than a call.
///
/// So of 64 places one that hangs leaves 2 to the others at first, and 32 once its calls have timed out; of 16 it is 2 and 8.
/// Where a whole account may make one call at a time, a service that hangs holds up the others all the same.
pub(super) struct InFlight {
    calls_max: usize,
    held: Mutex<Held>,
    /// Each held by whoever is next of that service: first come, first served.
    doors: BTreeMap<Api, tokio::sync::Mutex<()>>,
    /// A place was given back, or somebody waits no more.
    freed: Notify,
}

/// The right to have one call under way; ends when dropped.
pub(super) struct Place<'a> {
    of: &'a InFlight,
    api: Api,
    call: Call,
}

/// When it began, and which it is.
type Call = (Instant, u64);

/// Whoever is next of a service, for as long as this lives.
struct Waiting<'a> {
    of: &'a InFlight,
    api: Api,
}

#[derive(Default)]
struct Held {
    calls: BTreeMap<Api, BTreeSet<Call>>,
    /// Services whose last call to end had hung.
    hung: BTreeSet<Api>,
    /// Services that have somebody waiting.
    waiting: BTreeSet<Api>,
    begun: u64,
}

impl InFlight {
    /// For so many calls at once, one at least.
    pub(super) fn new(calls_max: usize) -> Self {
        Self {
            calls_max: calls_max.max(1),
            held: Mutex::default(),
            doors: Api::ALL.into_iter().map(|api| (api, Default::default())).collect(),
            freed: Notify::new(),
        }
    }

    /// Waits for a place, in the order of asking among those who want the same service.
    pub(super) async fn enter(&self, api: Api) -> Place<'_> {
        let _next = match self.doors.get(&api) {
            Some(door) => Some(door.lock().await),
            None => None,
        };
        let _waiting = Waiting::new(self, api);
        loop {
            let freed = self.freed.notified();
            if let Some(call) = self.held().take(api, self.calls_max) {
                return Place { of: self, api, call };
            }
            freed.await;
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// A call, where there is a place for it and nobody is before it.
    fn take(&mut self, api: Api, calls_max: usize) -> Option<Call> {
        let own = self.of(api);
        let before = |other: &Api| self.of(*other) < own && self.may(*other, calls_max);
        if !self.may(api, calls_max) || self.waiting.iter().any(before) {
            return None;
        }
        self.begun += 1;
        let call = (Instant::now(), self.begun);
        self.calls.entry(api).or_default().insert(call);
        Some(call)
    }

    fn may(&self, api: Api, calls_max: usize) -> bool {
        let own = self.of(api);
        let others = self.calls.values().map(BTreeSet::len).sum::<usize>() - own;
        own < places(calls_max.saturating_sub(others), self.hangs(api))
    }

    fn of(&self, api: Api) -> usize {
        self.calls.get(&api).map_or(0, BTreeSet::len)
    }

    fn hangs(&self, api: Api) -> bool {
        let oldest = self.calls.get(&api).and_then(BTreeSet::first);
        self.hung.contains(&api) || oldest.is_some_and(|(began, _)| is_long(*began))
    }

    fn give_back(&mut self, api: Api, call: Call) {
        if let Some(calls) = self.calls.get_mut(&api) {
            calls.remove(&call);
        }
        match is_long(call.0) {
            true => self.hung.insert(api),
            false => self.hung.remove(&api),
        };
    }
}

fn is_long(began: Instant) -> bool {
    began.elapsed() >= HANGS_AFTER
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.of.held().give_back(self.api, self.call);
        // One of each service at most waits here, the others behind it.
        self.of.freed.notify_waiters();
    }
}

impl<'a> Waiting<'a> {
    fn new(of: &'a InFlight, api: Api) -> Self {
        of.held().waiting.insert(api);
        Self { of, api }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.of.held().waiting.remove(&self.api);
        // Somebody may have stood back for this one.
        self.of.freed.notify_waiters();
    }
}

/// How many a service may have where the others leave so many.
fn places(left: usize, hangs: bool) -> usize {
    let kept = if hangs { left.div_ceil(2) } else { (left / 4).clamp(1, KEPT) };
    left.saturating_sub(kept).max(left.min(1))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::time::{Instant, sleep, timeout};

    use super::*;

    const SOON: Duration = Duration::from_millis(1);

    /// The places that a service gets while none is given back.
    async fn places<'a>(in_flight: &'a InFlight, api: Api) -> Vec<Place<'a>> {
        let mut places = Vec::new();
        while let Ok(place) = timeout(SOON, in_flight.enter(api)).await {
            places.push(place);
        }
        places
    }

    #[tokio::test(start_paused = true)]
    async fn services_that_hang_leave_the_others_some() {
        for (calls_max, first, second, third) in [
            (64, 62, 1, 1),
            (16, 14, 1, 1),
            (8, 6, 1, 1),
            (4, 3, 1, 0),
            (2, 1, 1, 0),
            (1, 1, 0, 0),
            (0, 1, 0, 0),
        ] {
            let in_flight = InFlight::new(calls_max);
            let hanging = places(&in_flight, Api::Scm).await;
            assert_eq!(hanging.len(), first, "{calls_max}");
            for other in Api::ALL.into_iter().filter(|api| *api != Api::Scm) {
                assert_eq!(places(&in_flight, other).await.len(), second, "{calls_max}");
            }
            let too = places(&in_flight, Api::Elb).await;
            for other in [Api::Waf, Api::Iam] {
                assert_eq!(places(&in_flight, other).await.len(), third, "{calls_max}");
            }
            drop((hanging, too));
            assert_eq!(places(&in_flight, Api::Elb).await.len(), first, "{calls_max}");
        }
    }

    /// How long so many calls take, each a second long, of these services in turn.
    async fn took(calls_max: usize, calls: usize, services: &[Api]) -> Duration {
        let in_flight = Arc::new(InFlight::new(calls_max));
        let began = Instant::now();
        let calls = (0..calls).map(|number| {
            let (in_flight, api) = (Arc::clone(&in_flight), services[number % services.len()]);
            tokio::spawn(async move {
                let place = in_flight.enter(api).await;
                sleep(Duration::from_secs(1)).await;
                drop(place);
            })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap();
        }
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn few_busy_services_take_little_longer_than_many() {
        let services = [Api::Scm, Api::Elb, Api::Waf];
        // With all places in use it were 63 seconds.
        for count in 1..=services.len() {
            let took = took(64, 4000, &services[..count]).await;
            assert_eq!(took, Duration::from_secs(65), "{count}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_hangs_has_half_until_it_answers_again() {
        let in_flight = InFlight::new(64);
        let mut hanging = places(&in_flight, Api::Scm).await;
        sleep(HANGS_AFTER).await;
        hanging.truncate(40);
        assert_eq!(places(&in_flight, Api::Elb).await.len(), 22, "all that has come back, but two");
        assert!(places(&in_flight, Api::Scm).await.is_empty(), "it has more than half");
        hanging.clear();
        let half = places(&in_flight, Api::Scm).await;
        assert_eq!(half.len(), 32, "the last one hung");
        drop(half);
        assert_eq!(places(&in_flight, Api::Scm).await.len(), 62, "and that one did not");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_holds_fewest_is_next() {
        let in_flight = Arc::new(InFlight::new(16));
        let mut busy = places(&in_flight, Api::Scm).await;
        let few = places(&in_flight, Api::Waf).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let wait = |api| {
            let (in_flight, order) = (Arc::clone(&in_flight), Arc::clone(&order));
            tokio::spawn(async move {
                let place = in_flight.enter(api).await;
                order.lock().unwrap().push(api);
                sleep(HANGS_AFTER / 2).await;
                drop(place);
            })
        };
        let callers: Vec<_> =
            [Api::Scm, Api::Scm, Api::Waf, Api::Waf].into_iter().map(wait).collect();
        sleep(SOON).await;
        assert!(order.lock().unwrap().is_empty());
        // Room for all of them, of which the busy one hears first.
        busy.truncate(8);
        sleep(SOON).await;
        let order = order.lock().unwrap().clone();
        assert_eq!((order.len(), order.first()), (4, Some(&Api::Waf)), "{order:?}");
        for caller in callers {
            caller.await.unwrap();
        }
        drop((busy, few));
        assert_eq!(places(&in_flight, Api::Scm).await.len(), 14, "and all are free again");
    }

    /// One that gives up while another stands back for it.
    #[tokio::test(start_paused = true)]
    async fn nobody_stands_back_for_one_that_has_left() {
        let in_flight = Arc::new(InFlight::new(16));
        let mut busy = places(&in_flight, Api::Scm).await;
        let few = places(&in_flight, Api::Waf).await;
        let enter = |api| {
            let in_flight = Arc::clone(&in_flight);
            tokio::spawn(async move { drop(in_flight.enter(api).await) })
        };
        let (leaves, stays) = (enter(Api::Waf), enter(Api::Scm));
        sleep(SOON).await;
        // It has not heard of the place when it is gone.
        busy.truncate(12);
        leaves.abort();
        timeout(SOON, stays).await.unwrap().unwrap();
        drop((busy, few));
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_is_served_in_the_order_of_asking() {
        let in_flight = Arc::new(InFlight::new(2));
        let first = in_flight.enter(Api::Scm).await;
        let began = Arc::new(Mutex::new(Vec::new()));
        let callers = (0..5).map(|number| {
            let (in_flight, began) = (Arc::clone(&in_flight), Arc::clone(&began));
            tokio::spawn(async move {
                let _place = in_flight.enter(Api::Scm).await;
                began.lock().unwrap().push(number);
            })
        });
        let callers: Vec<_> = callers.collect();
        sleep(SOON).await;
        drop(first);
        // Asks when it is free, before those who waited have heard of it.
        let _last = in_flight.enter(Api::Scm).await;
        began.lock().unwrap().push(5);
        for caller in callers {
            caller.await.unwrap();
        }
        assert_eq!(*began.lock().unwrap(), [0, 1, 2, 3, 4, 5]);
    }
}
