//! The words of an answer: every shape of error body, made short, printable and free of secrets.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::redact::redact;
use crate::model::time::Time;

/// The longest message that is kept, in characters: enough for a sentence, too little for a page.
const MESSAGE_CHARS_MAX: usize = 300;
const CODE_KEYS: [&str; 4] = ["error_code", "errorCode", "errCode", "code"];
const MESSAGE_KEYS: [&str; 6] =
    ["error_msg", "errorMsg", "errorMessage", "externalMessage", "errMsg", "message"];

/// What an error body says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Said {
    pub(in super::super) code: Option<String>,
    /// Not yet cleaned: it may repeat what was sent.
    pub(in super::super) message: String,
    pub(in super::super) request_id: Option<String>,
}

/// Reads any of the shapes that the services use, at the top or one level down; a page or a text is
/// reduced to a phrase or kept as the message.
pub(super) fn read(body: &[u8]) -> Said {
    let parsed: Option<Value> = serde_json::from_slice(body).ok();
    let Some(Value::Object(object)) = parsed else { return unstructured(body) };
    let request_id = text(&object, &["request_id", "requestId"]);
    let shaped = shape(&object)
        .or_else(|| object.values().find_map(|nested| nested.as_object().and_then(shape)));
    match shaped {
        Some((code, message)) => {
            Said { code, message: message.unwrap_or_else(|| "no message".to_owned()), request_id }
        }
        None => {
            Said { message: "an answer without a code".to_owned(), request_id, ..Said::default() }
        }
    }
}

/// What is wrong with a body that should have been the JSON of a success. The parser's own words say
/// where, and never repeat what they found: it may be a key.
pub(in super::super) fn unreadable(body: &[u8], error: &serde_json::Error) -> String {
    if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() {
        return format!(
            "the answer's JSON is not of the documented shape (line {}, column {})",
            error.line(),
            error.column()
        );
    }
    if body.trim_ascii().is_empty() {
        return "an empty answer instead of JSON".to_owned();
    }
    if is_html(body) { unstructured(body).message } else { "an answer that is not JSON".to_owned() }
}

/// Takes out what repeats the request and its secrets, then makes it printable and short.
pub(super) fn clean(message: &str, secrets: &[&str]) -> String {
    bounded(&redact(message, secrets))
}

/// The first line of a body that is no page, made printable, short and free of these secrets; empty where there is
/// none.
pub(in super::super) fn first_line(body: &[u8], chars_max: usize, secrets: &[&str]) -> String {
    let text = String::from_utf8_lossy(body);
    let line = text.trim().lines().next().unwrap_or_default();
    if is_html(line.as_bytes()) {
        return String::new();
    }
    // Cut only when it is clean: half of a secret would not be known for one.
    let clean = clean(line, secrets);
    match clean.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean,
    }
}

/// A text as one printable line of bounded length.
pub(in super::super) fn bounded(text: &str) -> String {
    let printable: Vec<&str> =
        text.split(|c: char| c.is_control() || c == ' ').filter(|word| !word.is_empty()).collect();
    let line = printable.join(" ");
    match line.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// `Retry-After`: seconds, or a date. One that asks for no wait says nothing.
pub(super) fn seconds_of_header(value: &str, now: Time) -> Option<u64> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More than a number holds is longer than any bound.
        return Some(value.parse().unwrap_or(u64::MAX)).filter(|secs| *secs > 0);
    }
    Some(value).and_then(|value| {
        let date = DateTime::parse_from_rfc2822(value).ok()?;
        let secs = Time::from(date.with_timezone(&Utc)).secs() - now.secs();
        u64::try_from(secs).ok().filter(|secs| *secs > 0)
    })
}

/// The gateway's policy, as calls and seconds: 10 and 60 for `limit:10,time:1 minute`. The window may stand
/// alone. A window under a second is none: whoever waits for a second has kept it.
pub(super) fn policy(message: &str) -> Option<(Option<u64>, u64)> {
    let message = message.to_ascii_lowercase();
    let (before, window) = message.split_once("time:")?;
    let (count, unit) = number(window);
    let secs = [("ms", 0), ("milli", 0), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)]
        .into_iter()
        .find_map(|(name, secs)| unit.starts_with(name).then_some(secs))?;
    let secs = count.unwrap_or(1).saturating_mul(secs);
    let calls = before.rsplit_once("limit:").and_then(|(_, limit)| number(limit).0);
    (secs > 0).then_some((calls.filter(|calls| *calls > 0), secs))
}

/// Whether the gateway's policy is for one operation, which it calls an API: `policy api over ratelimit`, and not
/// `user`, `app` or `ip`.
pub(super) fn is_of_operation(message: &str) -> bool {
    message.to_ascii_lowercase().contains("policy api over")
}

/// The number at the beginning of a text, if it can be one, and what follows it.
fn number(text: &str) -> (Option<u64>, &str) {
    let text = text.trim_start();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    (text[..digits].parse().ok(), text[digits..].trim_start())
}

/// Code and message of this object, if it has either.
fn shape(object: &Map<String, Value>) -> Option<(Option<String>, Option<String>)> {
    let code = text(object, &CODE_KEYS);
    let message = text(object, &MESSAGE_KEYS);
    (code.is_some() || message.is_some()).then_some((code, message))
}

fn text(object: &Map<String, Value>, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| match object.get(*key) {
        Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    })
}

fn unstructured(body: &[u8]) -> Said {
    let body = body.trim_ascii();
    let message = if body.is_empty() {
        "no message".to_owned()
    } else if is_html(body) {
        "an HTML page instead of JSON".to_owned()
    } else {
        String::from_utf8_lossy(body).into_owned()
    };
    Said { message, ..Said::default() }
}

fn is_html(body: &[u8]) -> bool {
    body.trim_ascii().starts_with(b"<")
}
