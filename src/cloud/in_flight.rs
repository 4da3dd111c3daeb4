//! How many calls are under way at once: all of an account's, and each service's share of them.

use std::collections::BTreeMap;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::model::target::Api;

/// Places for the calls under way. A service has half of them at most, and one at least: a place that
/// a hanging service holds cannot be taken back, so that the others' share has to be kept free beforehand.
/// Where a whole account may make one call at a time, a service that hangs holds up the others all the same.
pub(super) struct InFlight {
    all: Semaphore,
    shares: BTreeMap<Api, Semaphore>,
}

/// The right to have one call under way; ends when dropped.
pub(super) struct Place<'a> {
    _share: Option<SemaphorePermit<'a>>,
    _all: Option<SemaphorePermit<'a>>,
}

impl InFlight {
    /// For so many calls at once, one at least.
    pub(super) fn new(calls_max: usize) -> Self {
        let calls_max = calls_max.clamp(1, Semaphore::MAX_PERMITS);
        let share = |api| (api, Semaphore::new(calls_max.div_ceil(2)));
        Self { all: Semaphore::new(calls_max), shares: Api::ALL.into_iter().map(share).collect() }
    }

    /// Waits for a place, in the order of asking: first within the service's share, then among all.
    pub(super) async fn enter(&self, api: Api) -> Place<'_> {
        // Neither is ever closed, so there is nothing to fail.
        let share = match self.shares.get(&api) {
            Some(share) => share.acquire().await.ok(),
            None => None,
        };
        Place { _share: share, _all: self.all.acquire().await.ok() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const SOON: Duration = Duration::from_millis(1);

    /// How many places a service gets while none is given back.
    async fn places<'a>(in_flight: &'a InFlight, api: Api) -> Vec<Place<'a>> {
        let mut places = Vec::new();
        while let Ok(place) = timeout(SOON, in_flight.enter(api)).await {
            places.push(place);
        }
        places
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_hangs_leaves_the_others_half() {
        for (calls_max, share) in [(16, 8), (5, 3), (2, 1), (1, 1), (0, 1)] {
            let in_flight = InFlight::new(calls_max);
            let hanging = places(&in_flight, Api::Scm).await;
            assert_eq!(hanging.len(), share, "{calls_max}");
            let left = calls_max.max(1) - share;
            assert_eq!(places(&in_flight, Api::Elb).await.len(), left, "{calls_max}");
            drop(hanging);
            assert_eq!(places(&in_flight, Api::Elb).await.len(), share, "{calls_max}");
        }
    }
}
