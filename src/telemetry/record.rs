//! One event, taken out of the tracing machinery: its name, its sentence, and typed fields.

use std::error::Error;
use std::fmt::{self, Write as _};

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

/// Longest value of a field, in bytes: a certificate's names and a service's words fit; a body that
/// slips in does not fill the disk.
const VALUE_BYTES_MAX: usize = 8 * 1024;
/// What all values of a line may have together, in bytes: collectors drop or split longer lines.
const LINE_BYTES_MAX: usize = 32 * 1024;
/// The event of lines that name none: those of libraries.
const NAMELESS: &str = "log";

/// An event with everything that any format shows. Its values are bounded, but raw: whoever writes
/// them escapes them.
pub(super) struct Record {
    /// How urgent it is.
    pub level: Level,
    /// The stable dotted name; `log` where the event has none.
    pub event: String,
    /// The sentence; empty where the event has none.
    pub message: String,
    /// The other fields in the order of the source, numbers and truth values as such.
    pub fields: Vec<(&'static str, Value)>,
}

impl Record {
    /// Reads the event. One without a name gets the module it comes from as field `module`.
    pub fn of(event: &Event<'_>) -> Self {
        let metadata = event.metadata();
        let level = *metadata.level();
        let record =
            Self { level, event: NAMELESS.to_owned(), message: String::new(), fields: Vec::new() };
        let mut visitor = Visitor { record, room: LINE_BYTES_MAX };
        if metadata.fields().field("event").is_none() {
            visitor.record.fields.push(("module", metadata.target().into()));
        }
        event.record(&mut visitor);
        visitor.record
    }
}

/// The level as every format spells it, before it is dressed.
pub(super) fn level_word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

struct Visitor {
    record: Record,
    room: usize,
}

impl Visitor {
    fn text(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let text = bounded(value, self.room.min(VALUE_BYTES_MAX));
        self.room = self.room.saturating_sub(text.len());
        match field.name() {
            "event" => self.record.event = text,
            "message" => self.record.message = text,
            name => self.record.fields.push((name, Value::String(text))),
        }
    }

    fn plain(&mut self, field: &Field, value: Value) {
        match field.name() {
            "event" | "message" => self.text(field, format_args!("{value}")),
            name => self.record.fields.push((name, value)),
        }
    }
}

impl Visit for Visitor {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, format_args!("{value}"));
    }

    /// The whole chain: an error of ours does not repeat its source.
    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.text(field, format_args!("{}", Chain(value)));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        match serde_json::Number::from_f64(value) {
            Some(number) => self.plain(field, Value::Number(number)),
            None => self.text(field, format_args!("{value}")),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value.into());
    }
}

struct Chain<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}

/// Formats no more than there is room for, so that a huge value is never built; what is cut ends in `…`.
fn bounded(value: fmt::Arguments<'_>, room: usize) -> String {
    let mut out = Bounded { text: String::new(), room };
    if out.write_fmt(value).is_err() {
        out.text.push('…');
    }
    out.text
}

struct Bounded {
    text: String,
    room: usize,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let room = self.room.saturating_sub(self.text.len()).min(part.len());
        let fits = (0..=room).rev().find(|&at| part.is_char_boundary(at)).unwrap_or(0);
        self.text.push_str(&part[..fits]);
        if fits == part.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        assert_eq!(bounded(format_args!("{}", "abc"), 3), "abc");
        assert_eq!(bounded(format_args!("{}{}", "aé", "é"), 4), "aé…");
        assert_eq!(bounded(format_args!("{}", "abc"), 0), "…");
    }

    #[test]
    fn an_error_says_its_causes_once() {
        let inner = std::io::Error::other("no space left");
        let outer = std::io::Error::other(Outer(inner));
        assert_eq!(Chain(&outer).to_string(), "cannot write: no space left");
    }

    #[derive(Debug, thiserror::Error)]
    #[error("cannot write")]
    struct Outer(#[source] std::io::Error);
}
