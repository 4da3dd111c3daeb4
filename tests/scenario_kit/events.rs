//! The log of a run, as far as it is the same each time: events of info and above, by entry.

use serde_json::Value;

/// Fields that are shown, where a line has them.
const FIELDS: [&str; 6] =
    ["certificate", "instance", "service", "project", "attempt", "error_code"];
/// Left out: how often a run comes to rest depends on how long the machine takes, and that the cloud
/// is reached by plain http is so for every house.
const LEFT_OUT: [&str; 2] = ["cycle.finished", "config.warning"];

/// One line an event. Each entry's events stand together and in their order; equal ones that follow
/// each other come from steps that run side by side, and are sorted.
pub fn told(log: &str) -> Vec<String> {
    let lines = log.lines().filter_map(|line| serde_json::from_str(line).ok());
    let mut told: Vec<_> = lines.filter_map(|line: Value| one(&line)).collect();
    told.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    for run in told.chunk_by_mut(|a, b| (&a.0, &a.1) == (&b.0, &b.1)) {
        run.sort();
    }
    told.into_iter().map(|(_, _, line)| line).collect()
}

/// The entry, the event, and the line.
type Told = (String, String, String);

fn one(line: &Value) -> Option<Told> {
    if !["info", "warn", "error"].contains(&line["level"].as_str()?) {
        return None;
    }
    let event = line["event"].as_str().filter(|event| !LEFT_OUT.contains(event))?;
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
    Some((entry, event.to_owned(), shown))
}
