//! What the patterns of the configuration have found, and what is wrong with that.

use serde::Serialize;

use super::table::Row;
use crate::config::{Config, Discover};
use crate::model::names::Name;
use crate::telemetry::page::{Cell, Tone};

/// How many tables are named.
const TABLES_MAX: usize = 10;

/// One pattern. The keys are public interface.
#[derive(Serialize)]
pub(super) struct Line {
    pattern: String,
    /// How many files match.
    matches: usize,
    /// The tables of those files that have one of their own.
    tables: Vec<Name>,
    /// Sentences; none where all is well.
    faults: Vec<String>,
}

/// Every pattern, in the configuration's order.
pub(super) fn lines(config: &Config) -> Vec<Line> {
    let line = |it: &Discover| Line {
        pattern: it.pattern.clone(),
        matches: it.outcome.matches,
        tables: it.outcome.written.iter().map(|(table, _)| table.clone()).collect(),
        faults: it.outcome.faults.iter().map(|fault| fault.sentence.clone()).collect(),
    };
    config.discover.iter().map(line).collect()
}

/// Everything that is wrong, a line each.
pub(super) fn faults(lines: &[Line]) -> String {
    let all = lines.iter().flat_map(|line| &line.faults);
    all.map(|sentence| format!("fault    {sentence}\n")).collect()
}

impl Line {
    /// Whether nothing is wrong with it.
    pub(super) fn is_good(&self) -> bool {
        self.faults.is_empty()
    }

    /// As a page shows it: the pattern, its files, and what is wrong.
    pub(super) fn cells(&self) -> [Cell; 3] {
        let fault = match self.is_good() {
            true => Cell::new("nothing", Tone::Faint),
            false => Cell::new(self.faults.join("; "), Tone::Bad),
        };
        [self.pattern.clone().into(), self.matches.to_string().into(), fault]
    }

    /// How many of its files are in tables of their own, and in which.
    fn in_tables(&self) -> String {
        let all = self.tables.len();
        let whose = match all {
            0 => return String::new(),
            1 => "a table of its own",
            _ => "tables of their own",
        };
        let named: Vec<_> = self.tables.iter().take(TABLES_MAX).map(Name::as_str).collect();
        let others = match all - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!(", {all} of them in {whose}: {}{others}", named.join(", "))
    }

    /// As `check` shows it.
    pub(super) fn row(&self) -> Row {
        let verdict = if self.is_good() { "ok" } else { "BAD" };
        let (name, files) = (format!("discover {}", self.pattern), self.matches);
        let noun = if files == 1 { "file" } else { "files" };
        let count = format!("{files} {noun}{}", self.in_tables());
        Row {
            cells: [verdict.to_owned(), name, count].map(Cell::from).into(),
            notes: self.faults.clone(),
        }
    }
}
