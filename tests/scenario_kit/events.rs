//! The log of a run, as far as it is the same each time: events of info and above, by entry.

use serde_json::Value;

/// Fields that are shown, where a line has them.
const FIELDS: [&str; 6] =
    ["certificate", "instance", "service", "project", "attempt", "error_code"];
/// Events of steps that run side by side within one entry.
const SIDE_BY_SIDE: [&str; 3] = ["certificate.pushed", "step.failed", "step.held"];
/// How often a run comes to rest depends on how long the machine takes.
const UNSTABLE: &str = "cycle.finished";

/// One line an event. Each entry's events stand together and in their order; those of its steps
/// that run side by side are sorted.
pub fn told(log: &str) -> Vec<String> {
    let lines = log.lines().filter_map(|line| serde_json::from_str(line).ok());
    let mut told: Vec<_> = lines.filter_map(|line: Value| one(&line)).collect();
    told.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    let together = |a: &Told, b: &Told| a.0 == b.0 && a.1 && b.1;
    let runs = told.chunk_by_mut(together);
    runs.flat_map(|run| {
        run.sort();
        run.iter().map(|(_, _, line)| line.clone()).collect::<Vec<_>>()
    })
    .collect()
}

/// The entry, whether other events of it may come in between, and the line.
type Told = (String, bool, String);

fn one(line: &Value) -> Option<Told> {
    if !["info", "warn", "error"].contains(&line["level"].as_str()?) {
        return None;
    }
    let event = line["event"].as_str().filter(|event| *event != UNSTABLE)?;
    let word = |field: &str| match &line[field] {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let mut shown = event.to_owned();
    for field in FIELDS {
        if let Some(word) = word(field) {
            shown += &format!(" {field}={word}");
        }
    }
    let entry = word("certificate").or_else(|| word("instance")).unwrap_or_default();
    Some((entry, SIDE_BY_SIDE.contains(&event), shown))
}
