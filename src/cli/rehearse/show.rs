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
const PATH_AT: usize = 30;
/// How wide a path is when the words after it leave it the room.
const PATH_CHARS: usize = 42;
/// Parts of a path that are longer than this are ids, of which the start tells enough; an import's
/// id is as long and stays whole.
const PART_CHARS_MAX: usize = 16;
/// How much of such an id is shown.
const ID_CHARS: usize = 4;
/// Least width of the first column of the verdict and the opening.
const LABEL_CHARS: usize = 20;

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
    dress.line(&format!("  {} {words}", dress.paint(Ink::Dim, &format!("{label:<9}"))));
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

/// One call: when, whose, what, and what came of it.
pub(super) fn call(dress: Dress, began: Time, call: &Call) {
    let after = call.at.since(began).as_secs_f64();
    let service = Api::from_key(call.service)
        .map_or_else(|| call.service.to_uppercase(), |api| api.to_string());
    let (status, ink) = match call.status {
        Some(status @ 200..=299) => (status.to_string(), Ink::Green),
        Some(status) => (status.to_string(), Ink::Yellow),
        None => ("---".to_owned(), Ink::Red),
    };
    let fault = call.fault.map(|fault| format!(" [{fault}]")).unwrap_or_default();
    let (path, detail) = fitted(&call.path, &format!("{}{fault}", call.detail));
    let method = format!("{:<4}", call.method);
    let method = if call.method == "GET" { method } else { dress.paint(Ink::Bold, &method) };
    dress.line(&format!(
        "  {}  {} {method}  {}  {path} {}",
        dress.paint(Ink::Dim, &format!("{after:>6.3}")),
        dress.paint(Ink::Cyan, &format!("{service:<8}")),
        dress.paint(ink, &format!("{status:>3}")),
        dress.paint(Ink::Dim, &detail),
    ));
}

/// Path and words of a call in the room that a line has for them: ids are cut short, then what is
/// still too long is.
fn fitted(path: &str, detail: &str) -> (String, String) {
    let room = WIDTH - PATH_AT - 1;
    let path = path.split('/').map(part).collect::<Vec<_>>().join("/");
    let path = cut(&path, room / 3 * 2);
    let detail = cut(detail, room - path.chars().count());
    // Words that need more room than the column has move it to the left.
    let width = PATH_CHARS.min(room - detail.chars().count());
    (format!("{path:<width$}"), detail)
}

fn part(part: &str) -> String {
    if part.chars().count() <= PART_CHARS_MAX
        || part.contains('.')
        || !part.contains(|c: char| c.is_ascii_digit())
    {
        return part.to_owned();
    }
    part.chars().take(ID_CHARS).chain(['…']).collect()
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
        dress.line(&format!("  {word}      {}: {}", held.subject, held.why));
    }
}

#[derive(Serialize)]
struct Verdict<'a> {
    fine: bool,
    checks: &'a [Check],
}

/// The verdict, and how the command ends by it.
pub(super) fn verdict(dress: Dress, checks: &[Check]) -> Exit {
    let wrong = checks.iter().filter(|check| !check.fine).count();
    let fine = wrong == 0 && !checks.is_empty();
    if dress.silent {
        print::json(&Verdict { fine, checks });
    }
    heading(dress, "Verdict");
    for Check { what, fine, found } in checks {
        let mark =
            if *fine { dress.paint(Ink::Green, "✓") } else { dress.paint(Ink::Red, "✗") };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_fits_its_line() {
        let long = "/v2/0123456789abcdef0123456789abcdef/instances/5560df16-cebf-4473-95c4-d1b573c16e79/ssl-certs/download";
        let (path, detail) = fitted(long, &"words ".repeat(30));
        assert!(path.starts_with("/v2/0123…/instances/5560…/ssl-certs/download"), "{path}");
        assert!(PATH_AT + path.chars().count() + 1 + detail.chars().count() <= WIDTH);
        let import = "/v3/scm/certificates/scs1763798400123/push";
        assert!(fitted(import, "ELB").0.starts_with(import));
    }

    #[test]
    fn nothing_to_judge_is_no_success() {
        let dress = Dress { silent: false, rules: false, colour: false };
        assert_eq!(dress.paint(Ink::Red, "plain"), "plain");
        assert_eq!(verdict(Dress { silent: true, ..dress }, &[]), Exit::Fault);
    }
}
