//! The lines of files that somebody else renews: what is in each, and when the first of it ends.

use serde::Serialize;

use super::{Next, Tone};
use crate::cli::table::Row;
use crate::model::digest::Sha256;
use crate::model::names::Name;
use crate::model::time::{Time, remaining};
use crate::observe::watched::{Ending, WatchedFile, WatchedSeen};
use crate::telemetry::page::{Cell, Life};

/// One file. The keys are public interface.
#[derive(Serialize)]
pub(in crate::cli) struct Line {
    name: Name,
    path: String,
    /// How many certificates are in it.
    certificates: Option<usize>,
    /// Of these the one that ends first.
    subject: Option<String>,
    sha256: Option<Sha256>,
    not_after: Option<String>,
    days_left: Option<i64>,
    /// Why nothing can be told.
    pub error: Option<String>,
    #[serde(skip)]
    life: Option<Life>,
    #[serde(flatten)]
    pub next: Next,
}

/// A line for each file, in the configuration's order.
pub(in crate::cli) fn lines(seen: &[WatchedSeen], now: Time) -> Vec<Line> {
    let of = |entry| move |file| line(entry, file, now);
    seen.iter().flat_map(|entry| entry.files.iter().map(of(entry))).collect()
}

fn line(entry: &WatchedSeen, file: &WatchedFile, now: Time) -> Line {
    let first = file.first.as_ref().ok();
    let life = first.map(|first| Life {
        from: Some(first.from),
        until: first.until,
        warn_before: entry.warn_before,
    });
    Line {
        name: entry.name.clone(),
        path: file.path.display().to_string(),
        certificates: first.map(|first| first.of),
        subject: first.map(|first| first.subject.clone()),
        sha256: first.map(|first| first.sha256),
        not_after: first.map(|first| first.until.to_string()),
        days_left: first.map(|first| first.until.days_after(now)),
        error: file.first.as_ref().err().cloned(),
        life,
        next: next(entry, file, now),
    }
}

fn next(entry: &WatchedSeen, file: &WatchedFile, now: Time) -> Next {
    let words = match &file.first {
        Err(why) => Some(why.clone()),
        Ok(Ending { until, subject, .. }) if *until < now + entry.warn_before => {
            let left = remaining(until.days_after(now));
            Some(format!("{subject}: {left} and not renewed: look at whoever renews that file"))
        }
        Ok(_) => None,
    };
    Next {
        idle: words.is_none(),
        needs_person: words.is_some(),
        next: words.unwrap_or_else(|| "nothing".to_owned()),
        until: None,
    }
}

impl Line {
    pub(super) fn row(&self, now: Time) -> Row {
        let first = match (&self.sha256, self.days_left, self.certificates) {
            (Some(sha256), Some(left), Some(1)) => {
                format!("{}, {}", sha256.short(), remaining(left))
            }
            (Some(sha256), Some(left), Some(of)) => {
                format!("{} of {of}, {}", sha256.short(), remaining(left))
            }
            _ => "cannot be told".to_owned(),
        };
        let mut first = Cell::new(first, Tone::Bad);
        if let Some(life) = self.life {
            (first.tone, first.left) = (life.tone(now), life.left(now));
        }
        let [name, path] = [self.name.to_string(), self.path.clone()].map(Cell::from);
        Row { cells: vec![name, first, path, self.next.cell()], notes: Vec::new() }
    }

    /// Whether it can be read, and what ends first in it does so within its `warn_before`.
    pub(in crate::cli) fn is_late(&self) -> bool {
        self.error.is_none() && self.next.needs_person
    }

    /// As `check` shows it.
    pub(in crate::cli) fn verdict(&self) -> Row {
        let name = format!("watch_file {}", self.name);
        let row = |verdict: &str, last: &str| Row {
            cells: [verdict.to_owned(), name.clone(), last.to_owned()].map(Cell::from).into(),
            notes: Vec::new(),
        };
        match (&self.error, self.days_left) {
            (Some(error), _) => row("BAD", "").with(&format!("{}: {error}", self.path)),
            (None, _) if self.is_late() => {
                row("warn", &format!("{}, {}", self.path, self.next.next))
            }
            (None, left) => {
                row("ok", &format!("{}, {}", self.path, remaining(left.unwrap_or_default())))
            }
        }
    }
}
