//! What is printed: headings, calls, tables and the verdict; with colours and rules on a terminal, as
//! plain lines everywhere else, and as one JSON object for programs.

mod authorities;
mod calls;
mod news;
mod places;
mod table;

use std::io::{self, IsTerminal as _};

use serde::Serialize;

use super::super::args::Format;
use super::super::{Exit, print};
use super::verdict::Check;
use crate::plan::Held;
use crate::plan::hold::Hold;

pub(super) use authorities::authorities;
pub(super) use calls::{call, is_plain_read, reads};
pub(super) use news::news;
pub(super) use places::places;
pub(super) use table::status;

/// How wide a line of the show is, in characters; sentences and paths of an operator's own may be longer.
const WIDTH: usize = 100;
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
    /// What fits standard output.
    pub(super) fn of_stdout(format: Format) -> Self {
        let (rules, colour) = (io::stdout().is_terminal(), print::has_colours(&io::stdout()));
        Self { silent: format == Format::Json, rules, colour }
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

/// What an operator is woken up for, in the words of the log.
pub(super) fn alarm(dress: Dress, words: &str) {
    let word = dress.paint(Ink::Red, "alarm");
    dress.line(&format!("  {word}     {}", wrapped(words, HELD_AT)));
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

/// The verdict, and how the command ends by it. `good` is the last line where nothing came out wrong.
pub(super) fn verdict(dress: Dress, checks: &[Check], good: &str) -> Exit {
    let wrong = checks.iter().filter(|check| !check.fine).count();
    let fine = is_fine(checks);
    if dress.silent {
        print::json(&Verdict { fine, checks });
    }
    heading(dress, "Verdict");
    for Check { what, fine, waits, found } in checks {
        let mark = match (fine, waits) {
            (true, false) => dress.paint(Ink::Green, "✓"),
            (true, true) => dress.paint(Ink::Yellow, "–"),
            (false, _) => dress.paint(Ink::Red, "✗"),
        };
        let found = wrapped(found, LABEL_CHARS + 5);
        dress.line(&format!("  {mark} {what:<LABEL_CHARS$} {found}"));
    }
    let last = if fine {
        dress.paint(Ink::Green, good)
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
