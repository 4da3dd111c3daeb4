//! Moments as they are typed: `2h` and `7d` from now, or a date and a time of the day.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use crate::model::time::Time;
use crate::schedule;

/// A date and a time without a time zone, which are UTC like all that is printed.
const FORMATS: [&str; 4] =
    ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"];
/// A date alone, which is its first moment.
const DATE: &str = "%Y-%m-%d";

/// A moment, or how far from the present it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// So far from now.
    Span(Duration),
    /// That moment.
    Moment(Time),
}

impl When {
    /// The moment that lies so far ahead.
    pub(super) fn after(self, now: Time) -> Time {
        match self {
            Self::Span(span) => now + span,
            Self::Moment(moment) => moment,
        }
    }

    /// The moment that lies so far back.
    pub(super) fn before(self, now: Time) -> Time {
        match self {
            Self::Span(span) => now - span,
            Self::Moment(moment) => moment,
        }
    }
}

impl std::str::FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(span) = schedule::parse_span(text) {
            return Ok(Self::Span(span));
        }
        let zoned = DateTime::parse_from_rfc3339(text).map(|moment| moment.with_timezone(&Utc));
        let local = || FORMATS.iter().find_map(|it| NaiveDateTime::parse_from_str(text, it).ok());
        let date = || NaiveDate::parse_from_str(text, DATE).ok()?.and_hms_opt(0, 0, 0);
        let utc = || local().or_else(date).map(|moment| moment.and_utc());
        let moment = zoned.ok().or_else(utc).ok_or_else(|| {
            "expected a span such as 2h or 7d, a date such as 2026-11-01, or a moment such as \
             2026-11-01T02:00:00Z (UTC where it names no zone)"
                .to_owned()
        })?;
        Ok(Self::Moment(moment.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_spans_and_moments() {
        let at = |text: &str| text.parse::<When>().unwrap().after(Time::from_secs(0)).to_string();
        for (text, moment) in [
            ("2h", "1970-01-01T02:00:00Z"),
            ("2026-11-01", "2026-11-01T00:00:00Z"),
            ("2026-11-01T02:30", "2026-11-01T02:30:00Z"),
            ("2026-11-01 02:30:15", "2026-11-01T02:30:15Z"),
            ("2026-11-01T02:30:15Z", "2026-11-01T02:30:15Z"),
            ("2026-11-01T02:30:15+08:00", "2026-10-31T18:30:15Z"),
        ] {
            assert_eq!(at(text), moment, "{text}");
        }
    }

    #[test]
    fn a_span_is_counted_from_now_either_way() {
        let (now, span) = (Time::from_secs(86_400), "1d".parse::<When>().unwrap());
        assert_eq!(span.before(now), Time::from_secs(0));
        assert_eq!(span.after(now), Time::from_secs(172_800));
    }

    #[test]
    fn refuses_the_rest() {
        for text in ["", "tomorrow", "2026-13-01", "-2h", "2026-11-01T25:00", "4000d"] {
            assert!(text.parse::<When>().is_err(), "{text}");
        }
    }
}
