//! The log for eyes: time, level, event, sentence, fields.

use std::fmt::Write as _;

use chrono::{DateTime, Local};
use serde_json::Value;
use tracing::Level;

use super::record::{Record, level_word};

/// What begins and ends a line of text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dress {
    /// The time of day, no colour: for files and pipes.
    Plain,
    /// The time of day, colour: for terminals.
    Colour,
    /// The priority in angle brackets, as the service manager reads it from a stream. No time of day:
    /// the journal has its own.
    Priority,
}

/// The line, with its end. What comes from outside cannot begin a new line, move the cursor or change
/// the direction of writing.
pub(super) fn line(record: &Record, now: DateTime<Local>, dress: Dress) -> String {
    let mut out = String::with_capacity(128);
    match dress {
        Dress::Plain => head(&mut out, now, record.level, ["", "", ""]),
        Dress::Colour => head(&mut out, now, record.level, [DIM, colour(record.level), RESET]),
        Dress::Priority => put(&mut out, format_args!("<{}>", priority(record.level))),
    }
    let (dim, reset) = if dress == Dress::Colour { (DIM, RESET) } else { ("", "") };
    put(&mut out, format_args!("{}", Escaped(&record.event)));
    if !record.message.is_empty() {
        put(&mut out, format_args!("  {}", Escaped(&record.message)));
    }
    // What the sentence says already is for programs, not for eyes.
    let told = |value: &Value| value.as_str().is_some_and(|text| record.message.contains(text));
    let fields = record.fields.iter().filter(|(name, value)| *name != "error" || !told(value));
    for (index, (name, value)) in fields.enumerate() {
        let gap = if index == 0 { "  " } else { " " };
        put(&mut out, format_args!("{gap}{dim}{name}={reset}{}", Shown(value)));
    }
    out.push('\n');
    out
}

/// Syslog's numbers; what is ordinary stays informational, so that a filter for notices shows none of it.
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

const DIM: &str = "\u{1b}[2m";
const RESET: &str = "\u{1b}[0m";

fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[1;31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        Level::DEBUG => "\u{1b}[34m",
        Level::TRACE => "\u{1b}[35m",
    }
}

fn head(out: &mut String, now: DateTime<Local>, level: Level, [dim, colour, reset]: [&str; 3]) {
    let time = now.format("%H:%M:%S");
    let word = level_word(level).to_ascii_uppercase();
    put(out, format_args!("{dim}{time}{reset} {colour}{word:<5}{reset} "));
}

#[expect(clippy::unwrap_used, reason = "writing to a String never fails")]
fn put(out: &mut String, what: std::fmt::Arguments<'_>) {
    out.write_fmt(what).unwrap();
}

struct Shown<'a>(&'a Value);

impl std::fmt::Display for Shown<'_> {
    /// Bare where the value is one plain word, else in quotes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Value::String(text) = self.0 else { return self.0.fmt(f) };
        let quoted = text.is_empty() || text.contains([' ', '"', '=', '\'', '\\']);
        if quoted {
            let inner = text.replace('\\', "\\\\").replace('"', "\\\"");
            write!(f, "\"{}\"", Escaped(&inner))
        } else {
            Escaped(text).fmt(f)
        }
    }
}

struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in self.0.chars() {
            if dangerous(c) { c.escape_default().fmt(f)? } else { f.write_char(c)? }
        }
        Ok(())
    }
}

/// Control characters, separators of lines, and what turns the direction of writing around.
fn dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    fn record(message: &str, fields: Vec<(&'static str, Value)>) -> Record {
        Record {
            level: Level::INFO,
            event: "certificate.imported".to_owned(),
            message: message.to_owned(),
            fields,
        }
    }

    fn moment() -> DateTime<Local> {
        Local.with_ymd_and_hms(2026, 11, 22, 10, 23, 45).unwrap()
    }

    #[test]
    fn reads_like_a_sentence() {
        let fields = vec![("certificate", "www".into()), ("elapsed_ms", 41.into())];
        let record = record("imported www as scs1", fields);
        assert_eq!(
            line(&record, moment(), Dress::Plain),
            "10:23:45 INFO  certificate.imported  imported www as scs1  certificate=www elapsed_ms=41\n"
        );
        assert_eq!(
            line(&record, moment(), Dress::Priority),
            "<6>certificate.imported  imported www as scs1  certificate=www elapsed_ms=41\n"
        );
        let coloured = line(&record, moment(), Dress::Colour);
        assert!(coloured.contains("\u{1b}[32mINFO \u{1b}[0m"), "{coloured:?}");
    }

    #[test]
    fn what_comes_from_outside_stays_on_its_line() {
        let hostile = "a\n10:23:46 ERROR daemon.panicked\u{1b}[2J\u{9b}1A\u{202e}";
        let shown = line(&record(hostile, vec![("error", hostile.into())]), moment(), Dress::Plain);
        assert_eq!(shown.matches('\n').count(), 1, "{shown:?}");
        let clean = |c: char| c == '\n' || !dangerous(c);
        assert!(shown.chars().all(clean), "{shown:?}");
        assert!(shown.contains("a\\n10:23:46 ERROR daemon.panicked\\u{1b}[2J"), "{shown:?}");
    }

    #[test]
    fn values_of_several_words_are_quoted() {
        let shown = line(
            &record("", vec![("error", "it \"is\" so".into()), ("empty", "".into())]),
            moment(),
            Dress::Plain,
        );
        assert!(shown.ends_with("imported  error=\"it \\\"is\\\" so\" empty=\"\"\n"), "{shown:?}");
    }
}
