//! Printing: results on standard output, errors on standard error.

use std::error::Error;
use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use super::problems::{self, Paint};
use super::{Exit, chain};
use crate::config::ConfigError;
use crate::daemon::DaemonError;
use crate::record::JournalError;

/// Prints text. A reader that went away, as `head` does, is no error.
pub(super) fn text(words: &str) {
    let _ = io::stdout().lock().write_all(words.as_bytes());
}

/// Prints a value as JSON.
pub(super) fn json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(words) => text(&format!("{words}\n")),
        Err(error) => problem(&error.to_string()),
    }
}

/// Prints values as JSON, one a line: as many as there are, they can be read as they come.
pub(super) fn json_lines(values: &[impl Serialize]) {
    let lines: Result<String, _> =
        values.iter().map(|value| serde_json::to_string(value).map(|it| it + "\n")).collect();
    match lines {
        Ok(lines) => text(&lines),
        Err(error) => problem(&error.to_string()),
    }
}

/// Whether colours are seen there: on a terminal that knows them, unless `NO_COLOR` forbids them.
pub(super) fn has_colours(stream: &impl IsTerminal) -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let knows = set("TERM").is_some_and(|name| name != "dumb");
    stream.is_terminal() && knows && set("NO_COLOR").is_none()
}

/// Prints text on standard error: what is said beside a result that a file is made of.
pub(super) fn aside(words: &str) {
    let _ = io::stderr().lock().write_all(words.as_bytes());
}

/// Prints one line on standard error.
pub(super) fn problem(words: &str) {
    let _ = writeln!(io::stderr().lock(), "certrotd: {words}");
}

/// Prints an error with everything under it.
pub(super) fn failed(error: &dyn Error) -> Exit {
    problem(&chain(error));
    Exit::Fault
}

/// Prints all that is wrong with a configuration, with the command to type where it is a matter of rights.
pub(super) fn configuration(error: &ConfigError) -> Exit {
    let exit = drawn(error);
    if error.denied {
        denied("read these");
    }
    exit
}

/// Prints all that is wrong with a configuration, each with its place and nothing before it, so that
/// an editor can jump there, and with the line below.
pub(super) fn drawn(error: &ConfigError) -> Exit {
    let paint = if has_colours(&io::stderr()) { Paint::Colour } else { Paint::Plain };
    let _ = io::stderr().lock().write_all(problems::drawn(error, paint).as_bytes());
    Exit::Configuration
}

/// Prints why the state cannot be read, with the command to type where it is a matter of rights.
pub(super) fn state(error: &JournalError) -> Exit {
    problem(&chain(error));
    if error.is_denied() {
        denied("read the state");
    }
    Exit::Fault
}

/// Prints why the lock on the state cannot be had, with the command to type where it is a matter of rights.
pub(super) fn lock(error: &DaemonError) -> Exit {
    problem(&chain(error));
    if is_denied(error) {
        denied("change the state");
    }
    Exit::Fault
}

/// Whether the system refused something for want of a right.
fn is_denied(error: &(dyn Error + 'static)) -> bool {
    let refused = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
    error.downcast_ref().is_some_and(refused) || error.source().is_some_and(is_denied)
}

/// Prints who may do this, and the command as they would type it.
fn denied(what: &str) {
    let typed: String = std::env::args_os().skip(1).map(|word| quoted(&word)).collect();
    problem(&format!("only root and the daemon's user may {what}: sudo certrotd{typed}"));
}

/// A word of a command as a shell takes it, with a space before it.
fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=@,+%".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => format!(" {word}"),
        false => format!(" '{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_where_a_shell_would_take_it_for_more() {
        let words = ["report", "--html", "my page.html", "it's", "", "$HOME", "/a/b-c_d.toml"];
        let typed: String = words.iter().map(|word| quoted(OsStr::new(word))).collect();
        assert_eq!(typed, r" report --html 'my page.html' 'it'\''s' '' '$HOME' /a/b-c_d.toml");
    }
}
