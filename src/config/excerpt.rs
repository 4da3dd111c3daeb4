//! The line that a problem is about, as far as a screen may show it.
//!
//! The file holds no secret, but who writes one into it by mistake is who reads the complaint about it. So nothing of a
//! line is shown but the words that the file may have before an `=` or in a header, and what the sentence says
//! anyway. All the rest is `…`, whatever it is: a value, a comment, the inside of a text that lost its quote.

use std::ops::Range;

use super::raw::keys;

/// How wide the line and what stands to its left may be, in columns.
const COLUMNS_MAX: usize = 100;
/// What stands to the left of the line, beside its number.
const RULE: &str = " | ";
/// Columns in front of what is marked that stay where a line is cut.
const COLUMNS_BEFORE: usize = 20;
/// Stands for what is not shown.
const HIDDEN: &str = "…";
/// What is between the words of a key or a header.
const BETWEEN: [char; 6] = ['[', ']', '.', ' ', '\t', '='];
/// What stands for a tab, since how wide one is depends on the terminal.
const TAB: &str = "    ";

/// One line of the file with a mark below it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Excerpt {
    /// What may be shown of the line. No control character is in it, and it fits a screen.
    pub text: String,
    /// The columns to mark, counted from 0; at least one, and one behind the text at most.
    pub marked: Range<usize>,
}

/// A line in three parts, the middle one of which a sentence is about.
pub(super) struct Line<'t> {
    /// Counted from 1.
    pub(super) number: usize,
    pub(super) before: &'t str,
    pub(super) about: &'t str,
    pub(super) behind: &'t str,
    /// It could not be read, so that its quotes say nothing.
    pub(super) torn: bool,
}

/// Words that the file may have before an `=` and in headers.
pub(super) struct Words(Vec<&'static str>);

impl Words {
    pub(super) fn of_the_file() -> Self {
        let keys = keys().into_iter();
        Self(keys.flat_map(|doc| doc.table.split('.').chain([doc.key])).collect())
    }

    /// Whether this is made of such words, and of names of clouds that the sentence says.
    fn make(&self, text: &str, sentence: &str) -> bool {
        let said = |word: &str| sentence.contains(&format!("cloud.{word}"));
        text.split(BETWEEN).all(|word| word.is_empty() || self.0.contains(&word) || said(word))
    }
}

impl Line<'_> {
    /// What may be shown of this line below this sentence.
    pub(super) fn excerpt(&self, sentence: &str, words: &Words) -> Excerpt {
        let parts = match self.before.find('=') {
            Some(at) if self.torn => self.torn_value(at + 1, sentence, words),
            _ => [
                self.before(sentence, words),
                self.about(sentence, words),
                self.behind(sentence, words),
            ],
        };
        let width = COLUMNS_MAX - self.number.to_string().len() - RULE.len();
        let cells = parts.map(|part| part.chars().map(Cell::of).collect::<Vec<_>>());
        let marked = cells[0].len()..cells[0].len() + cells[1].len();
        cut(&cells.concat(), marked, width)
    }

    /// Where in a value that cannot be read the mistake is, its hidden text cannot show: all of it is marked.
    fn torn_value(&self, start: usize, sentence: &str, words: &Words) -> [String; 3] {
        let (key, value) = self.before.split_at(start);
        let whole = [value.trim_start(), self.about, self.behind].concat();
        [format!("{} ", made_of(words, key, sentence)), shape(&whole, true), String::new()]
    }

    fn about(&self, sentence: &str, words: &Words) -> String {
        if words.make(self.about, sentence) || says(sentence, self.about) {
            return self.about.to_owned();
        }
        shape(self.about, self.torn)
    }

    fn before(&self, sentence: &str, words: &Words) -> String {
        let (key, value) = match self.before.find('=') {
            Some(at) => self.before.split_at(at + 1),
            None if words.make(self.before, sentence) => (self.before, ""),
            None => ("", self.before),
        };
        let items = value.trim_start_matches([' ', '\t', '[']);
        let opened = &value[..value.len() - items.len()];
        let items = match items.trim_end() {
            "" => "",
            items if items.ends_with(',') => "…, ",
            _ => HIDDEN,
        };
        format!("{}{opened}{items}", made_of(words, key, sentence))
    }

    fn behind(&self, sentence: &str, words: &Words) -> String {
        let rest = self.behind.trim();
        let header = rest.split('#').next().unwrap_or_default().trim_end();
        if !self.before.contains('=') && !header.contains('=') && words.make(header, sentence) {
            return header.to_owned();
        }
        if let Some(value) = rest.strip_prefix('=') {
            return format!(" = {}", shape(value.trim_start(), self.torn));
        }
        let more = rest.trim_start_matches([']', '}', ',']);
        let closed = &rest[..rest.len() - more.len()];
        match more.trim_start() {
            // Nothing, or a comment.
            "" => closed.to_owned(),
            more if more.starts_with('#') => closed.to_owned(),
            _ if closed.ends_with(',') => format!("{closed} {HIDDEN}"),
            _ => format!("{closed}{HIDDEN}"),
        }
    }
}

/// A key up to its `=`, if it is made of words that the file may have.
fn made_of<'k>(words: &Words, key: &'k str, sentence: &str) -> &'k str {
    if words.make(key, sentence) { key } else { "… =" }
}

/// Whether the sentence repeats this part of the file: as a quoted text, a number or a header.
fn says(sentence: &str, text: &str) -> bool {
    let plain = text.trim_matches(['"', '\'']);
    let said = match text.chars().next() {
        None => return false,
        Some('[') => return sentence.starts_with(&format!("{text} ")),
        Some('-' | '0'..='9') => format!(" {text} "),
        Some(_) => format!("`{text}`"),
    };
    sentence.contains(&said) || sentence.contains(&format!("{plain:?}"))
}

/// A value without what it says: whether it is a text, a list or a table, and a bare one not even that.
fn shape(value: &str, torn: bool) -> String {
    let (open, close) = match value.chars().next() {
        None => return String::new(),
        Some('"') => ("\"", "\""),
        Some('\'') => ("'", "'"),
        Some('[') => ("[", "]"),
        Some('{') => ("{", "}"),
        Some(_) => ("", ""),
    };
    let close = if torn { "" } else { close };
    format!("{open}{HIDDEN}{close}")
}

/// A character as it is shown, and how many columns that takes.
#[derive(Clone)]
struct Cell(String, usize);

impl Cell {
    /// What is not surely as wide as it is said here is shown by its number, and so is what moves the cursor.
    fn of(c: char) -> Self {
        let letter = c.is_alphanumeric();
        match c {
            '\t' => Self(TAB.to_owned(), TAB.len()),
            ' '..='~' | '…' => Self(c.into(), 1),
            '\u{a1}'..='\u{2ff}' | '\u{370}'..='\u{52f}' if letter => Self(c.into(), 1),
            // Kana, the Han characters, and the syllables of Hangul.
            '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'
                if letter =>
            {
                Self(c.into(), 2)
            }
            _ => {
                let number = c.escape_unicode().to_string();
                let columns = number.len();
                Self(number, columns)
            }
        }
    }
}

/// The line within this many columns, with what is marked in them.
fn cut(cells: &[Cell], marked: Range<usize>, width: usize) -> Excerpt {
    let columns = |part: &[Cell]| part.iter().map(|cell| cell.1).sum::<usize>();
    let fits = columns(cells) <= width;
    let mut first = 0;
    if !fits && columns(&cells[..marked.end]) >= width {
        first = marked.start;
        while first > 0 && columns(&cells[first - 1..marked.start]) <= COLUMNS_BEFORE {
            first -= 1;
        }
    }
    let mut text = if first > 0 { HIDDEN.to_owned() } else { String::new() };
    let (mut at, mut start, mut end) = (usize::from(first > 0), 0, 0);
    for (index, cell) in cells.iter().enumerate().skip(first) {
        if index == marked.start {
            start = at;
        }
        if !fits && at + cell.1 >= width {
            text.push_str(HIDDEN);
            at += 1;
            end = if index < marked.end { at } else { end };
            break;
        }
        text.push_str(&cell.0);
        at += cell.1;
        if index < marked.end {
            end = at;
        }
    }
    if marked.start == cells.len() {
        start = at;
    }
    Excerpt { text, marked: start..end.max(start + 1) }
}

#[cfg(test)]
mod tests;
