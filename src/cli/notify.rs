//! `certrotd notify`: who is told of what, and whether a message arrives.

use serde::Serialize;

use super::args::Format;
use super::table::{self, Row};
use super::{Exit, print};
use crate::config::{Config, Notify};
use crate::daemon;
use crate::model::names::Name;
use crate::model::time::span;
use crate::telemetry::page::{Cell, Tone};
use crate::tell;

#[derive(Serialize)]
struct Shown {
    notify: Vec<Line>,
    ok: bool,
}

/// One who is told. The keys are public interface.
#[derive(Serialize)]
struct Line {
    name: Name,
    to: String,
    on: Vec<&'static str>,
    names: Vec<String>,
    remind: Option<String>,
    settle: String,
    /// Whether the message was taken; absent where none was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(super) async fn notify(config: &Config, test: bool, format: Format) -> Exit {
    let ended = if test { tell::test(config, daemon::now).await } else { Vec::new() };
    let mut ended = ended.into_iter();
    let lines: Vec<_> = config.notify.iter().map(|to| line(to, ended.next())).collect();
    let ok = !lines.is_empty() && lines.iter().all(|line| line.error.is_none());
    let shown = Shown { notify: lines, ok };
    match format {
        Format::Json => print::json(&shown),
        Format::Text => print::text(&words(&shown)),
    }
    if ok { Exit::Fine } else { Exit::Fault }
}

fn line(to: &Notify, ended: Option<Result<(), String>>) -> Line {
    Line {
        name: to.name.clone(),
        to: tell::send::whither(to),
        on: to.on.iter().map(|it| it.key()).collect(),
        names: to.names.iter().map(|it| it.as_str().to_owned()).collect(),
        remind: to.remind.map(span),
        settle: span(to.settle),
        taken: ended.as_ref().map(Result::is_ok),
        error: ended.and_then(Result::err),
    }
}

fn words(shown: &Shown) -> String {
    if shown.notify.is_empty() {
        return "nobody is told: the configuration has no [[notify]]\n".to_owned();
    }
    let rows: Vec<_> = shown.notify.iter().map(Line::row).collect();
    table::text(&rows)
}

impl Line {
    fn row(&self) -> Row {
        let verdict = match self.taken {
            None => Cell::new("tells", Tone::Plain),
            Some(true) => Cell::new("ok", Tone::Good),
            Some(false) => Cell::new("BAD", Tone::Bad),
        };
        let (name, to) = (format!("notify {}", self.name), self.to.clone());
        let cells = vec![verdict, name.into(), to.into(), self.on.join(", ").into()];
        Row { cells, notes: self.error.iter().cloned().collect() }
    }
}
