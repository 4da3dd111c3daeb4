//! Moments and spans as values. Nothing here reads a clock.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Time(i64);

/// Tells the present moment: the system's clock, or the one that a test moves.
pub type Clock = fn() -> Time;

impl Time {
    /// From whole seconds since the epoch.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Seconds since the epoch, rounded down.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whole days from `now` until this moment, rounded down; negative when it is past.
    pub fn days_after(self, now: Self) -> i64 {
        self.0.saturating_sub(now.0).div_euclid(86_400_000)
    }

    /// The calendar form, where the moment has one.
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or(if self.0 < 0 {
            DateTime::<Utc>::MIN_UTC
        } else {
            DateTime::<Utc>::MAX_UTC
        })
    }
}

impl From<DateTime<Utc>> for Time {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment.timestamp_millis())
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Time {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Time {
    /// RFC 3339 in UTC, to the second.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_utc().to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

/// A span as an operator would say it: `45s`, `12m`, `3h 20m`, `9d`.
pub fn span(span: Duration) -> String {
    let secs = span.as_secs();
    match secs {
        0 if !span.is_zero() => format!("{}ms", span.as_millis()),
        0..=119 => format!("{secs}s"),
        120..=7199 => format!("{}m", secs / 60),
        7200..=172_799 if secs % 3600 / 60 != 0 => {
            format!("{}h {}m", secs / 3600, secs % 3600 / 60)
        }
        7200..=172_799 => format!("{}h", secs / 3600),
        _ => format!("{}d", secs / 86_400),
    }
}

/// Whole days until an end, as [`Time::days_after`] counts them: negative once it is past.
pub fn remaining(days: i64) -> String {
    match days {
        0.. => format!("{days} days left"),
        _ => format!("expired {} days ago", -(days + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_rfc_3339() {
        assert_eq!(Time::from_secs(1_763_798_400).to_string(), "2025-11-22T08:00:00Z");
        assert!(!Time::from_millis(i64::MAX).to_string().is_empty());
    }

    #[test]
    fn a_day_that_is_not_whole_is_not_a_day_left() {
        let now = Time::from_secs(0);
        assert_eq!(Time::from_secs(86_399).days_after(now), 0);
        assert_eq!(Time::from_secs(-1).days_after(now), -1);
    }

    #[test]
    fn spans_read_aloud() {
        for (secs, said) in
            [(45, "45s"), (720, "12m"), (12_000, "3h 20m"), (7200, "2h"), (800_000, "9d")]
        {
            assert_eq!(span(Duration::from_secs(secs)), said);
        }
        assert_eq!(span(Duration::from_millis(40)), "40ms");
    }
}
