//! The lives of certificates as a drawing: one line each, the first to end at the top, with now marked.

use std::time::Duration;

use chrono::{Datelike as _, Months, NaiveDate};

use super::Life;
use super::escape::Escaped;
use super::html::word;
use crate::model::time::{Time, remaining};
use crate::telemetry::metrics::put;

/// How many lines are drawn: the others end later.
pub(super) const LINES_MAX: usize = 100;
/// What is drawn before now, and after it, at most: one that lasts for ten years must not press the others together.
const BEFORE_MAX: Duration = Duration::from_secs(200 * DAY);
const AFTER_MAX: Duration = Duration::from_secs(400 * DAY);
/// The least that is drawn on each side.
const SIDE_MIN: Duration = Duration::from_secs(7 * DAY);
const DAY: u64 = 24 * 60 * 60;
/// The part of the width that the days at the right edge take.
const WORDS_FRACTION: u32 = 12;
/// Heights, in pixels: of the dates above, and of a line with the gap below it.
const HEAD: usize = 36;
const LINE: usize = 22;
const GAP: usize = 4;
/// Dates above the drawing: no more than a telephone has room for.
const DATES_MAX: usize = 5;
/// Where the last of them may stand, in hundredths of the width: its words are behind it.
const DATES_UNTIL: f64 = 84.0;
/// Months between two of them.
const STEPS: [u32; 6] = [1, 2, 3, 4, 6, 12];

/// From the left edge of the drawing to its right one.
struct Scale {
    from: Time,
    until: Time,
}

impl Scale {
    fn of(lives: &[&(String, Life)], now: Time) -> Self {
        let first = lives.iter().map(|(_, life)| life.from.unwrap_or(now).min(life.until)).min();
        let last = lives.iter().map(|(_, life)| life.until).max();
        let from = first.unwrap_or(now).clamp(now - BEFORE_MAX, now - SIDE_MIN);
        let until = last.unwrap_or(now).clamp(now + SIDE_MIN, now + AFTER_MAX);
        // The words at the right edge stand beside the last end, not on it.
        Self { from, until: until + until.since(from) / WORDS_FRACTION }
    }

    /// Where a moment is, in hundredths of the width; what lies outside is at the edge.
    fn at(&self, moment: Time) -> f64 {
        let whole = self.until.since(self.from).as_secs_f64();
        (moment.since(self.from).as_secs_f64() / whole * 100.0).min(100.0)
    }

    /// The first days of months, as far apart as there is room for.
    fn dates(&self) -> Vec<(Time, String)> {
        let begin = self.from.to_utc().date_naive();
        let months = self.until.since(self.from).as_secs() / DAY / 28;
        let step = STEPS.into_iter().find(|step| months / u64::from(*step) < DATES_MAX as u64);
        let step = step.unwrap_or(STEPS[STEPS.len() - 1]);
        let first = NaiveDate::from_ymd_opt(begin.year(), 1, 1);
        let all = std::iter::successors(first, |it| it.checked_add_months(Months::new(step)));
        let moment = |day: NaiveDate| {
            let midnight = day.and_time(chrono::NaiveTime::MIN).and_utc();
            (Time::from(midnight), day.format("%Y-%m").to_string())
        };
        let all = all.map(moment).skip_while(|(at, _)| *at < self.from);
        all.take_while(|(at, _)| self.at(*at) < DATES_UNTIL).collect()
    }
}

/// The drawing, for lives of any order.
pub(super) fn draw(page: &mut String, lives: &[(String, Life)], now: Time) {
    let mut lives: Vec<_> = lives.iter().collect();
    lives.sort_by(|(a, x), (b, y)| (x.until, a).cmp(&(y.until, b)));
    let more = lives.len().saturating_sub(LINES_MAX);
    lives.truncate(LINES_MAX);
    let scale = Scale::of(&lives, now);
    let height = HEAD + lives.len() * LINE;
    put(
        page,
        format_args!(
            "<svg class=\"lives\" width=\"100%\" height=\"{height}\" role=\"img\" \
         aria-label=\"From when to when each certificate is valid\">\n"
        ),
    );
    for (at, words) in scale.dates() {
        let x = scale.at(at);
        put(
            page,
            format_args!(
                "<line class=\"date\" x1=\"{x:.2}%\" x2=\"{x:.2}%\" y1=\"0\" y2=\"{height}\"/>\
             <text class=\"date\" x=\"{x:.2}%\" y=\"12\" dx=\"4\">{words}</text>\n"
            ),
        );
    }
    for (index, (name, life)) in lives.iter().enumerate() {
        line(page, name, life, now, &scale, HEAD + index * LINE);
    }
    let x = scale.at(now);
    put(
        page,
        format_args!(
            "<line class=\"now\" x1=\"{x:.2}%\" x2=\"{x:.2}%\" y1=\"18\" y2=\"{height}\"/>\
         <text class=\"now\" x=\"{x:.2}%\" y=\"28\" dx=\"4\">now</text>\n</svg>\n"
        ),
    );
    if more > 0 {
        put(page, format_args!("<p class=\"more\">{more} more end later and are not drawn.</p>\n"));
    }
}

fn line(page: &mut String, name: &str, life: &Life, now: Time, scale: &Scale, y: usize) {
    let name = Escaped(name);
    let (tone, until) = (life.tone(now), scale.at(life.until));
    let words = remaining(life.until.days_after(now));
    let from = life.from.map(|from| format!("{from} – ")).unwrap_or_default();
    put(
        page,
        format_args!(
            "<g class=\"line {}\"><title>{name}: {from}{}, {words}</title>",
            word(tone),
            life.until
        ),
    );
    let (begin, middle) = (scale.at(life.from.unwrap_or(now)), scale.at(now.min(life.until)));
    let height = LINE - GAP;
    for (kind, from, until) in [("gone", begin, middle), ("left", middle, until)] {
        let width = until - from;
        if width > 0.0 {
            put(
                page,
                format_args!(
                    "<rect class=\"{kind}\" x=\"{from:.2}%\" y=\"{y}\" width=\"{width:.2}%\" height=\"{height}\"/>"
                ),
            );
        }
    }
    // Where it ends, also where that is before all that is drawn.
    let (foot, text) = (y + height, y + height - 5);
    put(
        page,
        format_args!(
            "<line class=\"end\" x1=\"{until:.2}%\" x2=\"{until:.2}%\" y1=\"{y}\" y2=\"{foot}\"/>"
        ),
    );
    // A drawing within the drawing, which cuts off what is too long.
    put(
        page,
        format_args!(
            "<svg width=\"72%\" height=\"{foot}\"><text x=\"6\" y=\"{text}\">{name}</text></svg>\
         <text class=\"days\" x=\"100%\" dx=\"-6\" y=\"{text}\">{}</text></g>\n",
            short(life.until.days_after(now))
        ),
    );
}

/// `61 days`, where there is little room.
fn short(left: i64) -> String {
    match left {
        0.. => format!("{left} days"),
        _ => "expired".to_owned(),
    }
}
