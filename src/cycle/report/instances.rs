//! Ends that the clients of an instance have to fear: of the certificate that it presents, and of the CAs
//! by which they verify it.

use tracing::{error, warn};

use super::alarms::last_seen;
use crate::cert::CaFacts;
use crate::model::digest::Sha256;
use crate::model::names::Name;
use crate::model::time::Time;
use crate::plan::memory::Memory;
use crate::plan::observed::{CaSeen, FileSeen};
use crate::plan::sight::Spot;

/// The end of something that clients of an instance need.
pub(super) struct End<'a> {
    /// When that is.
    pub until: Time,
    sha256: Sha256,
    what: What<'a>,
}

enum What<'a> {
    /// The instance's own certificate, at this probe.
    Presented(&'a str),
    /// A CA that the instance publishes.
    Published(&'a str),
    /// A CA in the file, while nobody can tell what is published.
    Held(&'a str),
}

/// The end of what the instance presented last, be it reachable now or not.
pub(super) fn presented<'a>(seen: &'a CaSeen, memory: &Memory) -> Option<End<'a>> {
    let probe = &seen.instance.as_ref()?.probe;
    let (until, sha256) = last_seen(&seen.name, &Spot::Instance { probe: probe.clone() }, memory)?;
    Some(End { until, sha256, what: What::Presented(probe) })
}

/// The first end among the CAs that are published; while that cannot be told, among those in the file
/// which are not known to be former ones.
pub(super) fn authority<'a>(seen: &'a CaSeen, memory: &Memory) -> Option<End<'a>> {
    let end = |it: &'a CaFacts, what: fn(&'a str) -> What<'a>| End {
        until: it.not_after,
        sha256: it.sha256,
        what: what(&it.subject),
    };
    if let Ok(published) = &seen.published {
        let ends = published.certificates.iter().map(|it| end(it, What::Published));
        return ends.min_by_key(|end| end.until);
    }
    let FileSeen::Holds { authorities, .. } = &seen.file else { return None };
    let known = memory.authorities(&seen.name);
    let is_former =
        |it: &CaFacts| known.is_some_and(|known| known.former().any(|of| *of == it.sha256));
    let staying = authorities.iter().filter(|it| !is_former(it));
    staying.map(|it| end(it, What::Held)).min_by_key(|end| end.until)
}

/// When the certificate ends that the instance presented last.
pub(in crate::cycle) fn presented_until(seen: &CaSeen, memory: &Memory) -> Option<Time> {
    presented(seen, memory).map(|end| end.until)
}

impl End<'_> {
    /// What is to be said of it for this entry.
    pub(super) fn sentence(&self, name: &Name, now: Time) -> String {
        let (until, days_left) = (self.until, self.until.days_after(now));
        let when = match until <= now {
            true => format!("expired on {until}"),
            false => format!("ends on {until}, in {days_left} days"),
        };
        let advice = self.what.advice();
        match &self.what {
            What::Presented(probe) => {
                format!("{name}: {probe} presents {}, which {when}: {advice}", self.sha256.short())
            }
            what => format!("{name}: {} {when}: {advice}", what.words()),
        }
    }

    /// Says it: what has ended is an error.
    pub(super) fn say(&self, name: &Name, now: Time) {
        let (words, days_left) = (self.sentence(name, now), self.until.days_after(now));
        let fingerprint = self.sha256.to_string();
        match (&self.what, self.until <= now) {
            (What::Presented(probe), true) => {
                error!(event = "certificate.expired", instance = %name, probe, fingerprint, days_left, "{words}");
            }
            (What::Presented(probe), false) => {
                warn!(event = "certificate.expiring", instance = %name, probe, fingerprint, days_left, "{words}");
            }
            (_, true) => {
                error!(event = "ca.expired", instance = %name, fingerprint, days_left, "{words}");
            }
            (_, false) => {
                warn!(event = "ca.expiring", instance = %name, fingerprint, days_left, "{words}");
            }
        }
    }
}

impl What<'_> {
    fn words(&self) -> String {
        match self {
            Self::Presented(probe) => (*probe).to_owned(),
            Self::Published(subject) => format!("the published CA {subject}"),
            Self::Held(subject) => format!("the CA {subject} in the file"),
        }
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Presented(_) => "the service has to renew it",
            Self::Published(_) => "the service has to publish another one",
            Self::Held(_) => "and what the instance publishes now could not be had",
        }
    }
}
