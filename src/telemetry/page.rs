//! A page on how everything stands, as plain values: whoever fills them, it looks the same and is as safe.

mod escape;
mod html;
mod live;
#[cfg(test)]
mod tests;
mod timeline;

use std::time::Duration;

use crate::model::time::Time;

pub use html::html;
pub use live::live;

/// What a browser may do for a page: show it in the style that it brings along. It fetches nothing and runs nothing.
pub const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";
/// Rows of one table that need nobody. Whoever wants them all has JSON; a browser lays out no more than this at once.
const ROWS_MAX: usize = 1000;

/// Everything that is shown.
#[derive(Debug, Default)]
pub struct Page {
    /// The moment that it is about.
    pub now: Time,
    /// Where that is known from, in a sentence.
    pub source: String,
    /// What is wrong with no single entry: sentences.
    pub faults: Vec<String>,
    /// When the certificates begin and end, in any order.
    pub lives: Vec<(String, Life)>,
    /// The tables, in their order.
    pub tables: Vec<Table>,
}

/// One table. Its first column names the row, its last one says what comes next.
#[derive(Debug)]
pub struct Table {
    /// What it is of: a heading.
    pub title: &'static str,
    /// One of its rows, before the name: `certificate`.
    pub noun: &'static str,
    /// The heads of its columns.
    pub head: &'static [&'static str],
    /// Its rows: those that need a person come first.
    pub rows: Vec<Row>,
    /// How many rows there would be more.
    pub left_out: usize,
    /// What those are.
    pub others: &'static str,
}

/// One row.
#[derive(Debug, Default)]
pub struct Row {
    /// What stands in the columns.
    pub cells: Vec<Cell>,
    /// Sentences that belong to it.
    pub notes: Vec<String>,
    /// Whether somebody has to do something.
    pub needs_person: bool,
}

/// A text, and how it is meant.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The words.
    pub text: String,
    /// How they are meant.
    pub tone: Tone,
    /// How many hundredths are left of a life, where the words are about one.
    pub left: Option<u8>,
}

/// How something is meant.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// Nothing to look at.
    Faint,
    /// As it shall be.
    Good,
    /// Not yet as it shall be, or not for long.
    Near,
    /// Somebody has to look at it.
    Bad,
}

/// From when to when a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// Its beginning, where that is known.
    pub from: Option<Time>,
    /// Its end.
    pub until: Time,
    /// How long before its end it is warned of.
    pub warn_before: Duration,
}

impl Life {
    /// Bad once it is warned of, and near for as long again before that.
    pub fn tone(&self, now: Time) -> Tone {
        if self.until < now + self.warn_before {
            Tone::Bad
        } else if self.until < now + self.warn_before * 2 {
            Tone::Near
        } else {
            Tone::Good
        }
    }

    /// How many hundredths of it are left; nothing where its beginning is not known.
    pub fn left(&self, now: Time) -> Option<u8> {
        let whole = self.until.since(self.from?).as_secs();
        let left = self.until.since(now).as_secs().min(whole);
        u8::try_from((left * 100).checked_div(whole)?).ok()
    }
}

impl Cell {
    /// With these words, meant so.
    pub fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone, left: None }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::new(text, Tone::Plain)
    }
}

impl Table {
    /// With all rows that need a person, and as many of the others as a page can do with.
    pub fn of(
        title: &'static str,
        noun: &'static str,
        head: &'static [&'static str],
        rows: impl Iterator<Item = Row>,
    ) -> Self {
        let (mut needing, mut others, mut left_out) = (Vec::new(), Vec::new(), 0);
        for row in rows {
            match row.needs_person {
                true => needing.push(row),
                false if others.len() < ROWS_MAX => others.push(row),
                false => left_out += 1,
            }
        }
        needing.append(&mut others);
        let others = "more, which need nobody, are left out";
        Self { title, noun, head, rows: needing, left_out, others }
    }
}
