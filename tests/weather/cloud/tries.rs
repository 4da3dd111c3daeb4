//! How often a credential that the cloud refuses is tried.

use std::time::Duration;

use certrotd::model::time::Time;
use certrotd::sim::Call;

use super::tally;

/// A refused credential is tried so often within the time below.
const TRIES_MAX: usize = 2;
/// A moment less than the time for which a refused credential is left alone.
const QUIET: Duration = Duration::from_secs(14 * 60);

/// How long a call is under way at most when the weather does not strike it: one of those that were
/// under way when the first was refused is no new try.
const UNDER_WAY: Duration = Duration::from_secs(3);

/// Refusals since the credential changed, or since its daemon may have forgotten them.
#[derive(Default)]
pub struct Tries(Vec<Time>);

impl Tries {
    /// Another credential, a daemon that was killed before it wrote down what it knew, or a clock that
    /// was changed: what was tried before does not count.
    pub fn forget(&mut self) {
        self.0.clear();
    }

    pub fn call(&mut self, call: &Call) {
        // What the weather answers is no refusal, and a moment that is off is another matter.
        let wrong = ["signature fail", "ak not exist", "Unauthorized"];
        let refused = call.fault.is_none()
            && call.status == Some(401)
            && !call.detail.contains("expired")
            && wrong.iter().any(|words| call.detail.contains(words));
        if !refused {
            return;
        }
        tally::count("refused by the cloud");
        self.0.retain(|at| call.at.since(*at) < QUIET);
        let volley = self.0.first().is_some_and(|first| call.at.since(*first) < UNDER_WAY);
        if volley {
            tally::count("refused while under way");
            return;
        }
        self.0.push(call.at);
        assert!(self.0.len() <= TRIES_MAX, "tried again and again: {call} at {:?}", self.0);
    }
}
