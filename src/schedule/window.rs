//! Weekly windows on the wall clock of a time zone: `Sun 02:00-04:00`.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc, Weekday};
use chrono_tz::Tz;

/// Longest text that is looked at, in bytes: every weekday by name is far shorter.
const TEXT_BYTES_MAX: usize = 64;
/// Days that are searched for the next opening. A span that a change of the clock leaves out on its one
/// day of the week comes a week later.
const SEARCH_DAYS: i64 = 15;
const MINUTES_A_DAY: u32 = 24 * 60;
/// Clocks change at a full quarter of an hour, UTC: between two quarters the wall clock just runs.
const QUARTER_MINUTES: u32 = 15;
const WEEK: [Weekday; 7] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
    Weekday::Sun,
];

/// A span of each of some weekdays. One that ends before it begins ends on the day after. It is open
/// whenever the wall clock shows a time in it: where the clock goes back that may be twice, and where it
/// goes forward, for a shorter time or not at all on that day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    text: String,
    zone: Tz,
    /// By the day on which the span begins, Monday first.
    days: [bool; 7],
    /// Minutes of the day; the last one is out.
    begin: u32,
    end: u32,
}

impl Window {
    /// Reads `Sun 02:00-04:00`, `Mon-Fri 22:00-02:00`, `Sat,Sun 00:00-24:00`, or a span alone for every
    /// day. Weekdays are Mon, Tue, Wed, Thu, Fri, Sat and Sun, in any case.
    pub fn parse(text: &str, zone: Tz) -> Result<Self, WindowError> {
        let words: Vec<_> = match text.len() {
            0..=TEXT_BYTES_MAX => text.split_whitespace().collect(),
            _ => return Err(WindowError::Shape),
        };
        let (days, span) = match words[..] {
            [span] => ([true; 7], span),
            [days, span] => (days_of(days)?, span),
            _ => return Err(WindowError::Shape),
        };
        let (begin, end) = span.split_once('-').ok_or(WindowError::Shape)?;
        let (begin, end) = (minute(begin)?, minute(end)?);
        if begin == MINUTES_A_DAY {
            return Err(WindowError::Late);
        }
        if begin == end {
            return Err(WindowError::Empty);
        }
        Ok(Self { text: words.join(" "), zone, days, begin, end })
    }

    /// The window as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first moment from this one on that lies in the window: this one, where it is open.
    pub fn opens(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        if self.is_open(&now.with_timezone(&self.zone)) {
            return now;
        }
        let past_minute = TimeDelta::seconds(now.second().into())
            + TimeDelta::nanoseconds(now.nanosecond().into());
        let mut moment = now.checked_sub_signed(past_minute).unwrap_or(now);
        let last = moment.checked_add_signed(TimeDelta::days(SEARCH_DAYS)).unwrap_or(now);
        // Each stop is a quarter's end at the latest, and all windows open within the search: this ends.
        while moment < last {
            let ahead = TimeDelta::minutes(self.next_stop(moment).into());
            let Some(next) = moment.checked_add_signed(ahead) else { break };
            moment = next;
            if self.is_open(&moment.with_timezone(&self.zone)) {
                break;
            }
        }
        moment.max(now)
    }

    /// Minutes until the window may have opened: when the wall clock shows its begin, or where the clock
    /// may have changed.
    fn next_stop(&self, moment: DateTime<Utc>) -> u32 {
        let quarter = QUARTER_MINUTES - moment.minute() % QUARTER_MINUTES;
        let until = self.begin.checked_sub(minute_of_day(&moment.with_timezone(&self.zone)));
        until.filter(|until| *until > 0).map_or(quarter, |until| until.min(quarter))
    }

    fn is_open(&self, local: &DateTime<Tz>) -> bool {
        let minute = minute_of_day(local);
        let today = index(local.weekday());
        let (today, yesterday) = (self.days[today], self.days[(today + 6) % 7]);
        if self.begin < self.end {
            return today && (self.begin..self.end).contains(&minute);
        }
        (today && minute >= self.begin) || (yesterday && minute < self.end)
    }
}

/// Why a text is no [`Window`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// Not weekdays and a span of the day.
    #[error("is no window, expected weekdays and a span of the day such as \"Sun 02:00-04:00\"")]
    Shape,
    /// It begins when it ends.
    #[error(
        "ends when it begins, expected two times such as 02:00-04:00, or 00:00-24:00 for whole days"
    )]
    Empty,
    /// It begins at the end of a day.
    #[error("begins at 24:00, expected 00:00 of the day after")]
    Late,
}

fn days_of(text: &str) -> Result<[bool; 7], WindowError> {
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        let count = (last + 7 - first) % 7;
        (0..=count).for_each(|ahead| days[(first + ahead) % 7] = true);
    }
    Ok(days)
}

fn day(text: &str) -> Result<usize, WindowError> {
    let found = WEEK.iter().position(|day| day.to_string().eq_ignore_ascii_case(text));
    found.ok_or(WindowError::Shape)
}

fn index(day: Weekday) -> usize {
    day.num_days_from_monday() as usize
}

fn minute_of_day(local: &DateTime<Tz>) -> u32 {
    local.hour() * 60 + local.minute()
}

/// `HH:MM`, up to 24:00.
fn minute(text: &str) -> Result<u32, WindowError> {
    let digits = |text: &str| {
        let plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>().ok().filter(|_| plain)
    };
    let (hour, minute) = text.split_once(':').ok_or(WindowError::Shape)?;
    match (digits(hour), digits(minute)) {
        (Some(24), Some(0)) => Ok(MINUTES_A_DAY),
        (Some(hour @ 0..24), Some(minute @ 0..60)) => Ok(hour * 60 + minute),
        _ => Err(WindowError::Shape),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn opens(window: &str, zone: Tz, now: &str) -> String {
        let found = Window::parse(window, zone).unwrap().opens(at(now));
        found.format("%Y-%m-%dT%H:%MZ").to_string()
    }

    #[test]
    fn the_wall_clock_of_the_zone_decides() {
        let china = chrono_tz::Asia::Shanghai;
        // 2026-11-22 is a Sunday; Shanghai is eight hours ahead.
        assert_eq!(opens("Sun 02:00-04:00", china, "2026-11-21T17:59:00Z"), "2026-11-21T18:00Z");
        assert_eq!(opens("Sun 02:00-04:00", china, "2026-11-21T19:59:00Z"), "2026-11-21T19:59Z");
        assert_eq!(opens("sun 02:00-04:00", china, "2026-11-21T20:00:00Z"), "2026-11-28T18:00Z");
        assert_eq!(opens("02:00-04:00", china, "2026-11-21T20:00:00Z"), "2026-11-22T18:00Z");
    }

    #[test]
    fn a_span_may_cross_midnight_and_days_the_week() {
        let utc = chrono_tz::UTC;
        assert_eq!(opens("Fri 22:00-02:00", utc, "2026-11-21T01:59:00Z"), "2026-11-21T01:59Z");
        assert_eq!(opens("Fri 22:00-02:00", utc, "2026-11-21T02:00:00Z"), "2026-11-27T22:00Z");
        assert_eq!(
            opens("Sat-Mon,Wed 00:00-24:00", utc, "2026-11-24T12:00:00Z"),
            "2026-11-25T00:00Z"
        );
        assert_eq!(opens("Sat-Mon 00:00-24:00", utc, "2026-11-23T23:59:59Z"), "2026-11-23T23:59Z");
    }

    #[test]
    fn a_change_of_the_clock_moves_it() {
        let berlin = chrono_tz::Europe::Berlin;
        for (window, now, expected) in [
            // 2026-03-29: 02:00 to 03:00 does not exist there.
            ("Sun 02:00-04:00", "2026-03-29T00:30:00Z", "2026-03-29T01:00Z"),
            ("Sun 02:30-04:00", "2026-03-29T00:59:59Z", "2026-03-29T01:00Z"),
            ("Sun 02:00-04:00", "2026-03-29T02:00:00Z", "2026-04-05T00:00Z"),
            // Nothing is left of this one, and a week later it is whole.
            ("Sun 02:00-03:00", "2026-03-29T00:30:00Z", "2026-04-05T00:00Z"),
            ("Sun 02:00-03:00", "2026-03-22T02:00:00Z", "2026-04-05T00:00Z"),
            ("02:00-03:00", "2026-03-29T00:30:00Z", "2026-03-30T00:00Z"),
            // 2026-10-25: 02:00 to 03:00 comes twice, and it is open both times.
            ("Sun 02:00-03:00", "2026-10-24T23:00:00Z", "2026-10-25T00:00Z"),
            ("Sun 02:00-03:00", "2026-10-25T01:30:00Z", "2026-10-25T01:30Z"),
            ("Sun 02:00-02:30", "2026-10-25T00:30:00Z", "2026-10-25T01:00Z"),
            ("Sun 02:10-02:30", "2026-10-25T00:45:00Z", "2026-10-25T01:10Z"),
        ] {
            assert_eq!(opens(window, berlin, now), expected, "{window} after {now}");
        }
        // Lord Howe moves by half an hour, at a half hour of UTC.
        let island = chrono_tz::Australia::Lord_Howe;
        assert_eq!(opens("Sun 02:10-02:45", island, "2026-10-03T15:00:00Z"), "2026-10-03T15:30Z");
    }

    #[test]
    fn an_opening_is_the_first_open_minute_in_every_zone() {
        for zone in [Tz::UTC, Tz::Asia__Kathmandu, Tz::Europe__Berlin, Tz::Africa__Cairo] {
            for text in ["Thu,Fri 23:50-00:20", "Fri 00:00-00:01", "Sun-Mon 01:59-03:01"] {
                let window = Window::parse(text, zone).unwrap();
                let start = at("2026-03-24T21:59:30Z");
                let found = window.opens(start);
                let minutes = (0..8 * 24 * 60).map(|ahead| start + TimeDelta::minutes(ahead));
                let mut minutes = minutes.map(|it| it.with_second(0).unwrap()).skip(1);
                let first = minutes.find(|it| window.is_open(&it.with_timezone(&zone)));
                assert_eq!(Some(found), first, "{text} in {zone}");
            }
        }
    }

    #[test]
    fn the_ends_of_the_calendar_do_no_harm() {
        let window = Window::parse("Sun 02:00-04:00", chrono_tz::Asia::Shanghai).unwrap();
        for moment in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            assert!(window.opens(moment) >= moment);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "Sun",
            "Sunday 02:00-04:00",
            "2:00-4:00",
            "02:00-24:01",
            "02:60-03:00",
            "Sun 02:00 - 04:00",
            "Sun- 02:00-03:00",
        ] {
            assert_eq!(Window::parse(text, Tz::UTC), Err(WindowError::Shape), "{text}");
        }
        assert_eq!(Window::parse("Sun 02:00-02:00", Tz::UTC), Err(WindowError::Empty));
        assert_eq!(Window::parse("24:00-01:00", Tz::UTC), Err(WindowError::Late));
        assert_eq!(
            Window::parse(&format!("Sun{}2", " ".repeat(80)), Tz::UTC),
            Err(WindowError::Shape)
        );
    }
}
