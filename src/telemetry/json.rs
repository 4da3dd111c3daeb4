//! The log for machines: one flat object a line.

use serde::ser::{SerializeMap as _, Serializer as _};
use serde_json::Value;

use super::record::{Record, level_word};
use crate::model::time::Time;

/// Names that the line itself gives; a field of the same name would make the object ambiguous, so it
/// is written with [`MOVED`] before it.
const TAKEN: [&str; 2] = ["timestamp", "level"];
const MOVED: &str = "field_";

/// The line, with its end: `timestamp` (RFC 3339, UTC, milliseconds), `level`, `event`, `message`, then
/// the fields in the order of the source, numbers as numbers.
pub(super) fn line(record: &Record, now: Time) -> String {
    let mut out = Vec::with_capacity(256);
    if write(record, now, &mut out).is_err() {
        out = br#"{"event":"log","message":"a log line could not be written as JSON"}"#.to_vec();
    }
    out.push(b'\n');
    String::from_utf8_lossy(&out).into_owned()
}

fn write(record: &Record, now: Time, out: &mut Vec<u8>) -> serde_json::Result<()> {
    let mut serializer = serde_json::Serializer::new(out);
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry("timestamp", &stamp(now))?;
    map.serialize_entry("level", level_word(record.level))?;
    map.serialize_entry("event", &record.event)?;
    map.serialize_entry("message", &record.message)?;
    for (name, value) in &record.fields {
        write_field(&mut map, name, value)?;
    }
    map.end()
}

fn write_field<M>(map: &mut M, name: &str, value: &Value) -> Result<(), M::Error>
where
    M: serde::ser::SerializeMap,
{
    if TAKEN.contains(&name) {
        map.serialize_entry(&format!("{MOVED}{name}"), value)
    } else {
        map.serialize_entry(name, value)
    }
}

fn stamp(now: Time) -> String {
    now.to_utc().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn a_line_is_one_flat_object_in_a_fixed_order() {
        let record = Record {
            level: Level::WARN,
            event: "certificate.expiring".to_owned(),
            message: "www ends\nin 9 days \u{1b}[31m".to_owned(),
            fields: vec![("days_left", 9.into()), ("again", true.into()), ("level", "x".into())],
        };
        assert_eq!(
            line(&record, Time::from_millis(1_763_798_400_042)),
            concat!(
                r#"{"timestamp":"2025-11-22T08:00:00.042Z","level":"warn","event":"certificate.expiring","#,
                r#""message":"www ends\nin 9 days \u001b[31m","days_left":9,"again":true,"field_level":"x"}"#,
                "\n"
            )
        );
    }
}
