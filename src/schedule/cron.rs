//! Cron lines of six fields, seconds first, on the wall clock of a time zone.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::parser::{CronParser, Seconds, Year};

/// Longest line that is looked at, in bytes; lists of every minute fit three times over.
const LINE_BYTES_MAX: usize = 512;
/// What the scheduler's line is made of.
const FIELDS: usize = 6;
/// Where the question "does it ever fire?" starts, in seconds since the epoch: 2026-01-01T00:00:00Z.
/// Fixed, so that a file is valid or not whatever the day; croner looks far past the next leap day.
const ASKED_FROM_SECS: i64 = 1_767_225_600;

/// A line that fires at least once, in its time zone.
#[derive(Clone, Debug)]
pub struct Cron {
    line: String,
    zone: Tz,
    pattern: croner::Cron,
}

impl Cron {
    /// Takes exactly six fields (second, minute, hour, day of month, month, day of week). Day of month
    /// and day of week must both match, which is how the scheduler reads them. Refuses nicknames such as
    /// `@daily`, five fields, and lines that never fire.
    pub fn parse(line: &str, zone: Tz) -> Result<Self, CronError> {
        if line.len() > LINE_BYTES_MAX {
            return Err(CronError::TooLong(line.len()));
        }
        if line.trim().chars().any(char::is_control) {
            return Err(CronError::NoLine);
        }
        let fields = line.split_whitespace().count();
        if fields == FIELDS - 1 {
            return Err(CronError::FiveFields(line.trim().to_owned()));
        }
        if fields != FIELDS {
            return Err(CronError::Fields(fields));
        }
        let parser = CronParser::builder()
            .seconds(Seconds::Required)
            .year(Year::Disallowed)
            .dom_and_dow(true)
            .build();
        let pattern = parser.parse(line).map_err(|error| CronError::Pattern(said(&error)))?;
        let cron = Self { line: line.trim().to_owned(), zone, pattern };
        let asked_from = DateTime::from_timestamp(ASKED_FROM_SECS, 0).unwrap_or_default();
        cron.next_after(asked_from).map(|_| cron.clone()).ok_or(CronError::Never)
    }

    /// The line as written, without surrounding blanks.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The time zone whose wall clock it reads.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The first firing strictly after this moment; `None` past the calendar's end. A wall-clock time
    /// that a change to summer time leaves out fires at the change; one that happens twice fires once,
    /// unless the line's hour is a wildcard.
    pub fn next_after(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = moment.with_timezone(&self.zone);
        let next = self.pattern.find_next_occurrence(&local, false).ok()?;
        Some(next.with_timezone(&Utc))
    }
}

/// Why a text is not a [`Cron`] line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// More bytes than a line has any use for; how many.
    #[error("has {0} bytes, expected at most {LINE_BYTES_MAX}")]
    TooLong(usize),
    /// A tab or several lines: where a quote is missing, the next ones may hold anything, and are not shown.
    #[error("is not one line of fields with blanks between them")]
    NoLine,
    /// The classic form without seconds; the line.
    #[error("has five fields, expected six, seconds first: write \"0 {0}\" for the same times")]
    FiveFields(String),
    /// Some other number of fields.
    #[error("has {0} fields, expected six: second, minute, hour, day of month, month, day of week")]
    Fields(usize),
    /// The parser's own words.
    #[error("is no cron line: {0}")]
    Pattern(String),
    /// Such as 30 February.
    #[error("never fires: there is no such day")]
    Never,
}

/// croner's message, ready to stand at the end of a sentence.
fn said(error: &croner::errors::CronError) -> String {
    error.to_string().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_lines_are_refused_and_not_repeated() {
        for text in ["0 5\nsecret_key = 'hunter2'", "0 0 5 * *\n*", "0\t5 * * * *"] {
            let refused = Cron::parse(text, chrono_tz::UTC).unwrap_err();
            assert_eq!(refused, CronError::NoLine, "{text}");
        }
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn fires_on_the_wall_clock_of_its_zone_through_every_change_of_time() {
        for (line, zone, after, next) in [
            ("0 */15 * * * *", "UTC", "2026-01-01T00:00:00Z", "2026-01-01T00:15:00Z"),
            ("0 */15 * * * *", "UTC", "2026-01-01T00:14:59.999Z", "2026-01-01T00:15:00Z"),
            ("30 0 18 * * *", "Asia/Shanghai", "2026-01-01T00:00:00Z", "2026-01-01T10:00:30Z"),
            // London: 18:00 is 18:00 in winter and 17:00 UTC in summer.
            ("0 0 18 * * *", "Europe/London", "2026-03-28T12:00:00Z", "2026-03-28T18:00:00Z"),
            ("0 0 18 * * *", "Europe/London", "2026-03-28T18:00:00Z", "2026-03-29T17:00:00Z"),
            ("0 0 18 * * *", "Europe/London", "2026-10-24T17:00:00Z", "2026-10-25T18:00:00Z"),
            // Berlin: 02:30 is left out on 29 March; it fires at the change.
            ("0 30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"),
            ("0 30 2 * * *", "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"),
            // Berlin: 02:30 comes twice on 25 October; it fires at the first.
            ("0 30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"),
            ("0 30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
            // A wildcard hour goes on through both.
            ("0 30 * * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"),
            // Beirut and the like change at midnight: no such midnight on that day.
            ("0 0 0 * * *", "Asia/Beirut", "2026-03-28T12:00:00Z", "2026-03-28T22:00:00Z"),
            // Lord Howe moves by half an hour.
            ("0 0 3 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", "2026-10-03T16:00:00Z"),
            // Leap day, and a Friday the 13th: both day fields must match.
            ("0 0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("0 0 0 13 * FRI", "UTC", "2026-01-01T00:00:00Z", "2026-02-13T00:00:00Z"),
        ] {
            let cron = Cron::parse(line, zone.parse().unwrap()).unwrap();
            assert_eq!(cron.next_after(utc(after)), Some(utc(next)), "{line} {zone} after {after}");
        }
    }

    #[test]
    fn refuses_with_a_reason() {
        for (line, said) in [
            ("*/15 * * * *", "write \"0 */15 * * * *\""),
            ("", "has 0 fields"),
            ("@daily", "has 1 fields"),
            ("0 0 0 1 1 * 2026", "has 7 fields"),
            ("0 0 0 30 2 *", "never fires"),
            ("61 * * * * *", "is no cron line: Component error"),
            ("0 5/15 * * * *", "is no cron line:"),
            ("0 x * * * *", "is no cron line:"),
            (&"*".repeat(600), "has 600 bytes"),
        ] {
            let error = Cron::parse(line, Tz::UTC).unwrap_err().to_string();
            assert!(error.contains(said), "{line}: {error}");
            assert!(!error.ends_with('.'), "{error}");
        }
    }
}
