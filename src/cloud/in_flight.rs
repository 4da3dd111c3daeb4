//! How many calls are under way at once: all of an account's, and how many of them each service may have.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::model::target::Api;

/// The part of what the others leave that a service leaves in its turn.
const LEFT: usize = 8;

/// Places for the calls under way. A service has at most all but an eighth of the places that the others do not
/// hold, and one at least: a place that a hanging service holds cannot be taken back, so that some have to be
/// kept free beforehand. A lone service has seven eighths of all; while it hangs the others share the eighth, of
/// which the next leaves an eighth again. So of 64 places one that hangs leaves 8 to the others, and two leave one;
/// of 16 it is 2 and one, of 8 and less one and none. Where a whole account may make one call at a time, a service
/// that hangs holds up the others all the same.
pub(super) struct InFlight {
    calls_max: usize,
    held: Mutex<BTreeMap<Api, usize>>,
    /// Each held by whoever is next of that service: first come, first served.
    doors: BTreeMap<Api, tokio::sync::Mutex<()>>,
    /// A place was given back.
    freed: Notify,
}

/// The right to have one call under way; ends when dropped.
pub(super) struct Place<'a> {
    of: &'a InFlight,
    api: Api,
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
        loop {
            let freed = self.freed.notified();
            if self.take(api) {
                return Place { of: self, api };
            }
            freed.await;
        }
    }

    fn take(&self, api: Api) -> bool {
        let mut held = self.held();
        let own = held.get(&api).copied().unwrap_or_default();
        let others = held.values().sum::<usize>() - own;
        let free = own < places(self.calls_max.saturating_sub(others));
        if free {
            held.insert(api, own + 1);
        }
        free
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<Api, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(held) = self.of.held().get_mut(&self.api) {
            *held = held.saturating_sub(1);
        }
        // One of each service at most waits here, the others behind it.
        self.of.freed.notify_waiters();
    }
}

/// How many a service may have where the others leave so many.
fn places(left: usize) -> usize {
    (left - left.div_ceil(LEFT)).max(left.min(1))
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
            (64, 56, 7, 1),
            (16, 14, 1, 1),
            (8, 7, 1, 0),
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
        for (count, secs) in [(1, 72), (2, 68), (3, 66)] {
            let took = took(64, 4000, &services[..count]).await;
            assert_eq!(took, Duration::from_secs(secs), "{count}");
        }
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
