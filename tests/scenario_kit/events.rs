//! The log of a run, as far as it is the same each time: events of info and above, by entry.

use serde_json::Value;

/// Fields that are shown, where a line has them.
const FIELDS: [&str; 9] = [
    "certificate",
    "instance",
    "service",
    "project",
    "place",
    "probe",
    "proof",
    "attempt",
    "error_code",
];
/// Left out: how often a run comes to rest, and whether it takes so long that it tells of its progress,
/// depends on how long the machine takes; and that the cloud is reached by plain http is so for every
/// house.
const LEFT_OUT: [&str; 3] = ["cycle.finished", "cycle.progress", "config.warning"];

/// Held in between, while looks are counted: how many of them are told of before the last one depends
/// on how long the machine takes.
const COUNTING: &str = "looks have found that, then the former one is bound again";

/// Held until a step may be tried again. Whether that is told of before the next try depends on whether
/// the look after the last one ended sooner than its back-off or its doubt.
const TRIED_AGAIN: [&str; 2] = ["` failed (attempt ", ", then it is sent again"];

/// What comes of steps that run side by side, one a service.
const SIDE_BY_SIDE: [&str; 4] =
    ["certificate.pushed", "certificate.bound", "certificate.served", "certificate.retired"];

/// One line an event. Each entry's events stand together and in their order. What comes of steps that
/// run side by side stands service by service, and what is equal is sorted.
pub fn told(log: &str) -> Vec<String> {
    let lines = log.lines().filter_map(|line| serde_json::from_str(line).ok());
    let mut told: Vec<_> = lines.filter_map(|line: Value| one(&line)).collect();
    told.sort_by(|a, b| a.entry.cmp(&b.entry));
    leave_out_passed(&mut told);
    let side = |it: &Told| it.at_place || SIDE_BY_SIDE.contains(&it.event.as_str());
    for run in told.chunk_by_mut(|a, b| a.entry == b.entry && side(a) && side(b)) {
        run.sort_by(|a, b| a.service.cmp(&b.service));
    }
    let key = |it: &Told| (it.entry.clone(), it.service.clone(), it.event.clone());
    for run in told.chunk_by_mut(|a, b| key(a) == key(b)) {
        run.sort_by(|a, b| a.line.cmp(&b.line));
    }
    told.into_iter().map(|it| it.line).collect()
}

/// Leaves out what was held until it was tried again, where it was: the entry has more to tell. One line
/// alone, since a hold is told of once.
fn leave_out_passed(told: &mut Vec<Told>) {
    let mut at = told.len();
    while at > 1 {
        at -= 1;
        let (held, next) = (&told[at - 1], &told[at]);
        if held.waits && !next.waits && held.entry == next.entry {
            at -= 1;
            told.remove(at);
        }
    }
}

struct Told {
    entry: String,
    event: String,
    service: String,
    /// Whether it is held until it may be tried again.
    waits: bool,
    /// Whether a step failed at a place: others may be well at theirs meanwhile.
    at_place: bool,
    line: String,
}

fn one(line: &Value) -> Option<Told> {
    if !["info", "warn", "error"].contains(&line["level"].as_str()?) {
        return None;
    }
    let event = line["event"].as_str().filter(|event| !LEFT_OUT.contains(event))?;
    let held = line["error"].as_str().filter(|_| event == "step.held").unwrap_or_default();
    if held.ends_with(COUNTING) {
        return None;
    }
    let waits = TRIED_AGAIN.iter().any(|words| held.contains(words));
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
    let at_place = event == "step.failed" && word("place").is_some();
    let service = word("service").unwrap_or_default();
    Some(Told { entry, event: event.to_owned(), service, waits, at_place, line: shown })
}
