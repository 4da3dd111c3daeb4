//! Everything that is wrong with a file, each with its place.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::excerpt::{Excerpt, Line, Words};

/// Most problems that are printed; a file of another kind altogether would fill the screen.
const PROBLEMS_SHOWN_MAX: usize = 100;
/// How much of an offending text is shown, in characters.
const SHOWN_CHARS_MAX: usize = 80;

/// All problems of a file, sorted by place. Display gives each a line of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigError {
    /// At least one.
    pub problems: Vec<Problem>,
    /// Whether something could not be read by this user, and could be by another.
    pub denied: bool,
}

impl ConfigError {
    /// The file as a whole cannot be used.
    pub(super) fn of_file(path: &Path, sentence: String) -> Self {
        Self {
            problems: vec![Problem { path: path.to_owned(), place: None, sentence, excerpt: None }],
            denied: false,
        }
    }

    /// Those that are printed, and how many more there are.
    pub fn shown(&self) -> (&[Problem], usize) {
        let shown = self.problems.len().min(PROBLEMS_SHOWN_MAX);
        (&self.problems[..shown], self.problems.len() - shown)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shown, more) = self.shown();
        for (index, problem) in shown.iter().enumerate() {
            let line_end = if index == 0 { "" } else { "\n" };
            write!(f, "{line_end}{problem}")?;
        }
        if more == 0 { Ok(()) } else { write!(f, "\n… and {more} more") }
    }
}

impl std::error::Error for ConfigError {}

/// One problem; Display is `PATH:LINE:COL: sentence`, or `PATH: sentence` for the file as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The configuration file.
    pub path: PathBuf,
    /// Where in it; absent when the file could not be read.
    pub place: Option<Place>,
    /// The offending text and what is expected; never a secret.
    pub sentence: String,
    /// The line, as far as it may be shown; absent where the sentence is about no line, and beyond the problems that
    /// are printed.
    pub excerpt: Option<Excerpt>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if let Some(place) = self.place {
            write!(f, "{}:{}:", place.line, place.column)?;
        }
        write!(f, " {}", self.sentence)
    }
}

/// A place in a file; both count from 1, columns in characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// A problem at a span of bytes; sorted by where it begins and what it says.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    start: usize,
    sentence: String,
    end: usize,
}

/// What is found while one file is read.
pub(super) struct Findings<'t> {
    text: &'t str,
    line_starts: Vec<usize>,
    found: Vec<Found>,
    /// Something could not be read, so that what seems absent may merely not have been understood.
    pub(super) torn: bool,
    /// A table's header could not be read, so that keys may seem to stand in another table.
    pub(super) torn_header: bool,
    torn_lines: Vec<usize>,
    /// A file that is named may not be read.
    pub(super) denied: bool,
    /// Sentences that do not stop anything.
    pub(super) warnings: Vec<String>,
}

impl<'t> Findings<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let line_ends = text.match_indices('\n').map(|(end, _)| end + 1);
        Self {
            text,
            line_starts: std::iter::once(0).chain(line_ends).collect(),
            found: Vec::new(),
            torn: false,
            torn_header: false,
            torn_lines: Vec::new(),
            denied: false,
            warnings: Vec::new(),
        }
    }

    /// Notes a problem at this span of bytes; on a line that could not be read, what was
    /// recovered of it is not worth a second complaint.
    pub(super) fn add(&mut self, span: &Range<usize>, sentence: impl Into<String>) {
        if !self.torn || !self.torn_lines.contains(&self.place(span.start).line) {
            self.note(span, sentence.into());
        }
    }

    /// Notes that a line could not be read.
    pub(super) fn tear(&mut self, span: &Range<usize>, sentence: String) {
        let place = self.place(span.start);
        let line = self.text.lines().nth(place.line - 1).unwrap_or_default();
        self.torn = true;
        self.torn_header |= line.trim_start().starts_with('[');
        self.torn_lines.push(place.line);
        self.note(span, sentence);
    }

    fn note(&mut self, span: &Range<usize>, sentence: String) {
        self.found.push(Found { start: span.start, sentence, end: span.end });
    }

    /// Where this byte of the text stands.
    pub(super) fn place(&self, start: usize) -> Place {
        let start = start.min(self.text.len());
        let line = self.line_starts.partition_point(|line_start| *line_start <= start);
        let line_start = self.line_starts[line - 1];
        let before = self.text.get(line_start..start).unwrap_or_default();
        Place { line, column: before.chars().count() + 1 }
    }

    /// The problems in the file's order, each once; `Ok` when there are none.
    pub(super) fn finish(mut self, path: &Path) -> Result<Vec<String>, ConfigError> {
        if self.found.is_empty() {
            return Ok(self.warnings);
        }
        self.found.sort();
        self.found
            .dedup_by(|one, other| (one.start, &one.sentence) == (other.start, &other.sentence));
        let words = Words::of_the_file();
        let problems = self.found.iter().enumerate().map(|(index, found)| Problem {
            path: path.to_owned(),
            place: Some(self.place(found.start)),
            sentence: found.sentence.clone(),
            excerpt: (index < PROBLEMS_SHOWN_MAX).then(|| self.excerpt(found, &words)).flatten(),
        });
        Err(ConfigError { problems: problems.collect(), denied: self.denied })
    }

    /// What may be shown of the line that a problem begins in. One that begins nowhere is about the whole file.
    fn excerpt(&self, found: &Found, words: &Words) -> Option<Excerpt> {
        if found.end == 0 {
            return None;
        }
        let number = self.place(found.start).line;
        let line_start = self.line_starts[number - 1];
        let line = self.text.get(line_start..)?.lines().next().unwrap_or_default();
        let start = (found.start - line_start).min(line.len());
        let end = found.end.saturating_sub(line_start).clamp(start, line.len());
        let torn = self.torn_lines.contains(&number);
        let (before, about) = (line.get(..start)?, line.get(start..end)?);
        let line = Line { number, before, about, behind: line.get(end..)?, torn };
        Some(line.excerpt(&found.sentence, words))
    }
}

/// Text of the file as an error may show it: quoted, control characters escaped, bounded; of several lines
/// the first. Where a quote is missing, a value goes on into the lines below, which may hold anything.
pub(super) fn shown(text: &str) -> String {
    let line = text.split('\n').next().unwrap_or_default();
    let end = line.char_indices().nth(SHOWN_CHARS_MAX).map_or(line.len(), |(end, _)| end);
    let more = if end < text.len() { "…" } else { "" };
    format!("{:?}{more}", &line[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_from_one() {
        let text = "a = 1\nü = \"ß\" # x\n";
        let findings = Findings::new(text);
        let place = |start| findings.place(start);
        assert_eq!(place(0), Place { line: 1, column: 1 });
        assert_eq!(place(6), Place { line: 2, column: 1 });
        assert_eq!(place(text.find('#').unwrap()), Place { line: 2, column: 9 });
        assert_eq!(place(999), Place { line: 3, column: 1 });
    }

    #[test]
    fn a_flood_of_problems_is_cut_and_counted() {
        let text = "\n".repeat(150);
        let mut findings = Findings::new(&text);
        for start in (0..150).rev() {
            findings.add(&(start..start), "is wrong");
        }
        let error = findings.finish(Path::new("f")).unwrap_err();
        assert_eq!(error.problems.len(), 150);
        let said = error.to_string();
        assert!(said.starts_with("f:1:1: is wrong\nf:2:1: is wrong\n"), "{said}");
        assert!(said.ends_with("f:100:1: is wrong\n… and 50 more"), "{said}");
    }

    #[test]
    fn shown_text_is_bounded_and_on_one_line() {
        assert_eq!(shown("a\tb\u{1b}"), r#""a\tb\u{1b}""#);
        assert_eq!(shown("north\nsecret_key = 'hunter2'"), r#""north"…"#);
        assert_eq!(shown(&"ü".repeat(100)).chars().count(), SHOWN_CHARS_MAX + 3);
    }
}
