//! What happens, line by line: calls as the simulated clouds answer them.

use super::{Dress, Ink, WIDTH, wrapped};
use crate::model::target::Api;
use crate::model::time::Time;
use crate::sim::Call;

/// Where a call's path begins, in characters.
const PATH_AT: usize = 29;
/// How wide a path is when the words after it leave it the room.
const PATH_CHARS: usize = 34;
/// Least room for the words after a path, and between the two, in characters.
const DETAIL_CHARS_MIN: usize = 20;
const GAP_CHARS: usize = 2;
/// Where the words on reads begin.
const READS_AT: usize = 10;
/// Parts of a path that are at least this long and have digits, or nothing but hex, are ids.
const ID_CHARS_MIN: usize = 16;
/// How much of such an id is shown: its start, or the end of one that begins like all others.
const ID_CHARS: usize = 4;
/// How every import's id begins.
const IMPORT_ID: &str = "scs";
/// What a push of a copy that is there already is answered with.
const ALREADY_THERE: &str = "SCM.0211";

/// One call: when, whose, what, and what came of it. An arrow marks those that change the cloud.
pub(in super::super) fn call(dress: Dress, began: Time, call: &Call) {
    let after = call.at.since(began).as_secs_f64();
    let service = name_of(call.service);
    let (status, ink) = match call.status {
        Some(status @ 200..=299) => (status.to_string(), Ink::Green),
        Some(status) => (status.to_string(), Ink::Yellow),
        None => ("---".to_owned(), Ink::Red),
    };
    let (path, detail) = fitted(&call.path, &words(call));
    // The one method that is longer than its column.
    let method = if call.method == "DELETE" { "DEL" } else { call.method.as_str() };
    let method = format!("{method:<4}");
    let (arrow, method, path) = if is_write(call) {
        ("→", dress.paint(Ink::Bold, &method), dress.paint(Ink::Bold, &path))
    } else {
        (" ", method, path)
    };
    dress.line(&format!(
        "{}{}  {}  {method} {}  {path}  {}",
        dress.paint(Ink::Yellow, arrow),
        dress.paint(Ink::Dim, &format!("{after:>6.3}")),
        dress.paint(Ink::Cyan, &format!("{service:<8}")),
        dress.paint(ink, &format!("{status:>3}")),
        dress.paint(Ink::Dim, &detail),
    ));
}

/// Whether this call changed nothing and went well: one of many.
pub(in super::super) fn is_plain_read(call: &Call) -> bool {
    !is_write(call) && call.fault.is_none() && matches!(call.status, Some(200..=299))
}

/// Reads that need no line of their own, by service in the order of their first.
pub(in super::super) fn reads(dress: Dress, services: &[&'static str]) {
    let mut named: Vec<(String, usize)> = Vec::new();
    for service in services {
        let service = name_of(service);
        match named.iter_mut().find(|(name, _)| *name == service) {
            Some((_, count)) => *count += 1,
            None => named.push((service, 1)),
        }
    }
    let each: Vec<_> = named.iter().map(|(name, count)| format!("{name} {count}")).collect();
    if !each.is_empty() {
        let words = wrapped(&format!("reads: {}", each.join(", ")), READS_AT);
        dress.line(&format!("       …  {}", dress.paint(Ink::Dim, &words)));
    }
}

fn name_of(service: &str) -> String {
    Api::from_key(service).map_or_else(|| service.to_uppercase(), |api| api.to_string())
}

/// Whether a call changes something. Two that ask have a body and are a POST all the same.
fn is_write(call: &Call) -> bool {
    let asks = ["/ssl-certs/download", "/deployed-resources"];
    call.method != "GET" && !asks.iter().any(|end| call.path.ends_with(end))
}

/// The ledger's words, without what the path says already.
fn words(call: &Call) -> String {
    let detail = call.detail.as_str();
    let detail = detail.strip_prefix("import ").unwrap_or(detail);
    let detail = match detail.strip_prefix("push ") {
        Some(push) => push.split(" as ").next().unwrap_or(push),
        None => detail,
    };
    let detail = match detail.split_once(' ') {
        Some((verb @ "update", name)) if call.path.contains(name) => verb,
        _ => detail,
    };
    let fault = call.fault.map(|fault| format!(" [{fault}]")).unwrap_or_default();
    let gloss = if detail == ALREADY_THERE { " (it has a copy already)" } else { "" };
    format!("{detail}{gloss}{fault}")
}

/// Path and words of a call in the room that a line has for them: ids are cut short, then what is
/// still too long is.
pub(super) fn fitted(path: &str, detail: &str) -> (String, String) {
    let room = WIDTH - PATH_AT - GAP_CHARS;
    let path = path.split('/').map(part).collect::<Vec<_>>().join("/");
    let path = cut(&path, room - DETAIL_CHARS_MIN.min(detail.chars().count()));
    let detail = cut(detail, room - path.chars().count());
    // Words that need more room than the column has move it to the left.
    let width = PATH_CHARS.min(room - detail.chars().count());
    (format!("{path:<width$}"), detail)
}

fn part(part: &str) -> String {
    let chars = part.chars().count();
    let has_digits = part.contains(|c: char| c.is_ascii_digit());
    let is_id =
        chars >= ID_CHARS_MIN && (has_digits || part.chars().all(|c| c.is_ascii_hexdigit()));
    if !is_id {
        return part.to_owned();
    }
    match part.strip_prefix(IMPORT_ID) {
        Some(_) => {
            IMPORT_ID.chars().chain(['…']).chain(part.chars().skip(chars - ID_CHARS)).collect()
        }
        None => part.chars().take(ID_CHARS).chain(['…']).collect(),
    }
}

fn cut(words: &str, max: usize) -> String {
    if words.chars().count() <= max {
        return words.to_owned();
    }
    words.chars().take(max.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_fits_its_line() {
        let long = "/v2/0123456789abcdef0123456789abcdef/instances/5560df16-cebf-4473-95c4-d1b573c16e79/ssl-certs/download";
        let (path, detail) = fitted(long, &"words ".repeat(30));
        assert!(path.starts_with("/v2/0123…/instances/5560…/ssl-certs/download"), "{path}");
        assert!(PATH_AT + path.chars().count() + 1 + detail.chars().count() <= WIDTH);
        let push = fitted("/v3/scm/certificates/scs1763798400123/push", "ELB").0;
        assert!(push.starts_with("/v3/scm/certificates/scs…0123/push"), "{push}");
    }
}
