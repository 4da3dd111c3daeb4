//! What is wrong with a configuration: each problem in its sentence, and below it the line with a mark.

use std::fmt::Write as _;

use crate::config::{ConfigError, Problem};

/// How a problem is painted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Paint {
    /// Not at all: for files and pipes.
    Plain,
    /// The place in bold, the mark in red: for terminals.
    Colour,
}

const BOLD: &str = "\u{1b}[1m";
const RED: &str = "\u{1b}[1;31m";
const RESET: &str = "\u{1b}[0m";

/// All that is wrong, with its end. Each first line is the problem's own, so that an editor can jump to its place.
pub(super) fn drawn(error: &ConfigError, paint: Paint) -> String {
    let (shown, more) = error.shown();
    let mut out = String::new();
    let mut gap = "";
    for problem in shown {
        out.push_str(gap);
        draw(&mut out, problem, paint);
        gap = if problem.excerpt.is_some() { "\n" } else { "" };
    }
    if more > 0 {
        put(&mut out, format_args!("{gap}… and {more} more\n"));
    }
    out
}

fn draw(out: &mut String, problem: &Problem, paint: Paint) {
    let (bold, red, reset) = match paint {
        Paint::Plain => ("", "", ""),
        Paint::Colour => (BOLD, RED, RESET),
    };
    let line = problem.to_string();
    // The sentence ends the line, and a path may hold anything.
    let (place, sentence) = line.split_at(line.len() - problem.sentence.len());
    put(out, format_args!("{bold}{}{reset} {sentence}\n", place.trim_end()));
    let (Some(place), Some(excerpt)) = (problem.place, &problem.excerpt) else { return };
    let number = place.line.to_string();
    let (blank, gap) = (" ".repeat(number.len()), " ".repeat(excerpt.marked.start));
    let mark = "^".repeat(excerpt.marked.len());
    let text = &excerpt.text;
    put(out, format_args!("{blank} |\n{number} | {text}\n{blank} | {gap}{red}{mark}{reset}\n"));
}

fn put(out: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(words);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::parse;

    fn wrong(text: &str) -> ConfigError {
        parse(Path::new("/etc/c.toml"), text).unwrap_err()
    }

    #[test]
    fn each_sentence_stands_first_and_above_its_line() {
        let text = "[log]\nformat = 'xml'\n[cloud.main]\nregion = 'x'\n\n\n\n\n\nregoin = 'y'\n";
        let drawn = drawn(&wrong(text), Paint::Plain);
        let expected = r#"/etc/c.toml:2:10: `format` "xml" is no form of a log, expected one of auto, text, json, journald
  |
2 | format = 'xml'
  |          ^^^^^

/etc/c.toml:10:1: unknown key "regoin" in [cloud.main]: did you mean `region`?
   |
10 | regoin = '…'
   | ^^^^^^
"#;
        assert_eq!(drawn, expected);
    }

    #[test]
    fn what_has_no_line_is_a_sentence_alone() {
        let error = wrong("");
        assert_eq!(drawn(&error, Paint::Plain), format!("{error}\n"));
        let all = drawn(&wrong(&"x = ]\n".repeat(150)), Paint::Plain);
        assert!(all.ends_with("\n   | ^\n\n… and 199 more\n"), "{all}");
    }

    #[test]
    fn a_terminal_gets_colours() {
        let drawn = drawn(&wrong("[cloud.main]\nregion = 'X'\n"), Paint::Colour);
        assert!(drawn.starts_with("\u{1b}[1m/etc/c.toml:2:10:\u{1b}[0m `region`"), "{drawn:?}");
        assert!(drawn.ends_with("  |          \u{1b}[1;31m^^^\u{1b}[0m\n"), "{drawn:?}");
    }
}
