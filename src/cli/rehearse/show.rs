//! What is printed: headings, calls, tables and the verdict; with colours and rules on a terminal, as
//! plain lines everywhere else, and as one JSON object for programs.

mod table;

use std::io::{self, IsTerminal as _};

use serde::Serialize;

use super::super::args::Format;
use super::super::{Exit, print};
use super::verdict::Check;
use crate::model::target::Api;
use crate::model::time::Time;
use crate::plan::Held;
use crate::plan::hold::Hold;
use crate::sim::Call;

pub(super) use table::status;

/// How wide a line of the show is, in characters; sentences and paths of an operator's own may be longer.
const WIDTH: usize = 100;
/// Where a call's path begins, in characters.
const PATH_AT: usize = 28;
/// How wide a path is when the words after it leave it the room.
const PATH_CHARS: usize = 34;
/// Least room for the words after a path, and between the two, in characters.
const DETAIL_CHARS_MIN: usize = 20;
const GAP_CHARS: usize = 2;
/// Parts of a path that are at least this long and have digits, or nothing but hex, are ids.
const ID_CHARS_MIN: usize = 16;
/// How much of such an id is shown: its start, or the end of one that begins like all others.
const ID_CHARS: usize = 4;
/// How every import's id begins.
const IMPORT_ID: &str = "scs";
/// What a push of a copy that is there already is answered with.
const ALREADY_THERE: &str = "SCM.0211";
/// Least width of the first column of the verdict and the opening.
const LABEL_CHARS: usize = 20;
/// Where the sentence of a hold begins, as facts do.
const HELD_AT: usize = 12;

/// How the show looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Dress {
    /// Nothing is shown before the end, and that as JSON.
    silent: bool,
    /// Rules of box-drawing characters.
    rules: bool,
    colour: bool,
}

impl Dress {
    /// What fits standard output. `NO_COLOR` is honoured.
    pub(super) fn of_stdout(format: Format) -> Self {
        let terminal = io::stdout().is_terminal();
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { silent: format == Format::Json, rules: terminal, colour: terminal && wanted }
    }

    fn paint(self, ink: Ink, words: &str) -> String {
        if self.colour { format!("\x1b[{}m{words}\x1b[0m", ink as u8) } else { words.to_owned() }
    }

    fn line(self, words: &str) {
        if !self.silent {
            print::text(&format!("{}\n", words.trim_end()));
        }
    }
}

/// Colours, as terminals number them.
#[derive(Clone, Copy)]
enum Ink {
    Bold = 1,
    Dim = 2,
    Red = 31,
    Green = 32,
    Yellow = 33,
    Cyan = 36,
}

/// The first line.
pub(super) fn title(dress: Dress, words: &str) {
    dress.line(&format!("\n  {}", dress.paint(Ink::Bold, words)));
}

/// A fact with its label, before or between the acts.
pub(super) fn fact(dress: Dress, label: &str, words: &str) {
    let label = dress.paint(Ink::Dim, &format!("{label:<9}"));
    dress.line(&format!("  {label} {}", wrapped(words, HELD_AT)));
}

/// The head of an act or a table.
pub(super) fn heading(dress: Dress, words: &str) {
    let rest = WIDTH.saturating_sub(words.chars().count() + 4);
    let words = dress.paint(Ink::Bold, words);
    if dress.rules {
        let rule = |count| dress.paint(Ink::Cyan, &"─".repeat(count));
        dress.line(&format!("\n{} {words} {}", rule(2), rule(rest)));
    } else {
        dress.line(&format!("\n{words}"));
    }
}

/// A remark under a heading or at the end of an act.
pub(super) fn note(dress: Dress, words: &str) {
    dress.line(&format!("  {}", dress.paint(Ink::Dim, words)));
}

/// One call: when, whose, what, and what came of it. An arrow marks those that change the cloud.
pub(super) fn call(dress: Dress, began: Time, call: &Call) {
    let after = call.at.since(began).as_secs_f64();
    let service = Api::from_key(call.service)
        .map_or_else(|| call.service.to_uppercase(), |api| api.to_string());
    let (status, ink) = match call.status {
        Some(status @ 200..=299) => (status.to_string(), Ink::Green),
        Some(status) => (status.to_string(), Ink::Yellow),
        None => ("---".to_owned(), Ink::Red),
    };
    let (path, detail) = fitted(&call.path, &words(call));
    let method = format!("{:<4}", call.method);
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

/// The three calls that change something; a DCS download is a POST that does not.
fn is_write(call: &Call) -> bool {
    call.method != "GET"
        && ["/import", "/push", "/ssl-option"].iter().any(|end| call.path.ends_with(end))
}

/// The ledger's words, without what the path says already.
fn words(call: &Call) -> String {
    let detail = call.detail.as_str();
    let detail = detail.strip_prefix("import ").unwrap_or(detail);
    let detail = match detail.strip_prefix("push ") {
        Some(push) => push.split(" as ").next().unwrap_or(push),
        None => detail,
    };
    let fault = call.fault.map(|fault| format!(" [{fault}]")).unwrap_or_default();
    let gloss = if detail == ALREADY_THERE { " (it has a copy already)" } else { "" };
    format!("{detail}{gloss}{fault}")
}

/// Path and words of a call in the room that a line has for them: ids are cut short, then what is
/// still too long is.
fn fitted(path: &str, detail: &str) -> (String, String) {
    let room = WIDTH - PATH_AT - GAP_CHARS;
    let path = path.split('/').map(part).collect::<Vec<_>>().join("/");
    let path = cut(&path, room - DETAIL_CHARS_MIN);
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

/// Calls that came faster than they could be shown.
pub(super) fn missed(dress: Dress, count: u64) {
    note(dress, &format!("… {count} more calls, too fast to be shown"));
}

/// What waits, each with its sentence.
pub(super) fn held(dress: Dress, held: &[Held]) {
    for held in held {
        let fault = held.why.is_fault() || matches!(held.why, Hold::JobRunning { .. });
        let word = dress.paint(if fault { Ink::Red } else { Ink::Yellow }, "held");
        let words = format!("{}: {}", held.subject, held.why);
        dress.line(&format!("  {word}      {}", wrapped(&words, HELD_AT)));
    }
}

/// Words broken into lines that begin at this column and end within the width, where words allow it.
fn wrapped(words: &str, column: usize) -> String {
    let (mut text, mut used) = (String::new(), column);
    for word in words.split(' ') {
        let chars = word.chars().count();
        if used > column && used + 1 + chars > WIDTH {
            text += &format!("\n{:column$}", "");
            used = column;
        } else if used > column {
            text.push(' ');
            used += 1;
        }
        text += word;
        used += chars;
    }
    text
}

#[derive(Serialize)]
struct Verdict<'a> {
    fine: bool,
    checks: &'a [Check],
}

/// The verdict, and how the command ends by it.
pub(super) fn verdict(dress: Dress, checks: &[Check]) -> Exit {
    let wrong = checks.iter().filter(|check| !check.fine).count();
    let fine = is_fine(checks);
    if dress.silent {
        print::json(&Verdict { fine, checks });
    }
    heading(dress, "Verdict");
    for Check { what, fine, found } in checks {
        let mark =
            if *fine { dress.paint(Ink::Green, "✓") } else { dress.paint(Ink::Red, "✗") };
        let found = wrapped(found, LABEL_CHARS + 5);
        dress.line(&format!("  {mark} {what:<LABEL_CHARS$} {found}"));
    }
    let last = if fine {
        dress.paint(Ink::Green, "Everything came out right.")
    } else {
        dress.paint(Ink::Red, &format!("{wrong} of {} did not come out right.", checks.len()))
    };
    dress.line(&format!("\n  {last}\n"));
    if fine { Exit::Fine } else { Exit::Fault }
}

/// A rehearsal that judged nothing proved nothing.
fn is_fine(checks: &[Check]) -> bool {
    !checks.is_empty() && checks.iter().all(|check| check.fine)
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

    #[test]
    fn long_sentences_are_broken_at_words() {
        let words = wrapped(&"sentence ".repeat(30), 12);
        assert!(words.lines().count() > 2);
        assert!(words.lines().skip(1).all(|line| line.chars().count() <= WIDTH));
        assert!(words.lines().skip(1).all(|line| line.starts_with("            s")), "{words}");
        assert_eq!(wrapped("short", 12), "short");
    }

    #[test]
    fn nothing_to_judge_is_no_success() {
        assert!(!is_fine(&[]));
        assert!(is_fine(&[Check::new("SCM import", &[], String::new())]));
        assert!(!is_fine(&[Check::new("SCM import", &["gone".to_owned()], String::new())]));
    }

    #[test]
    fn without_colour_there_is_no_escape() {
        let dress = Dress { silent: false, rules: false, colour: false };
        assert_eq!(dress.paint(Ink::Red, "plain"), "plain");
    }
}
