//! `certrotd report`: what `status` shows, when each certificate ends, and the last effects, on one page.

use std::path::Path;

use super::{Next, Status};
use crate::cli::table;
use crate::cli::{Exit, chain, history, print};
use crate::config::Config;
use crate::files::atomic;
use crate::record::JournalError;
use crate::telemetry::page::{self, Cell, Page, Row, Table};

/// How many effects are shown: `history` shows them all.
const EFFECTS_MAX: usize = 50;
/// The name of standard output.
const STDOUT: &str = "-";

const CERTIFICATES: [&str; 6] = ["certificate", "file", "cloud", "bound", "served", "next"];
const CAS: [&str; 5] = ["CA file", "file", "installed", "on_change", "next"];
const SWITCHES: [&str; 4] = ["SSL switch", "wanted", "state", "next"];
const WATCHED: [&str; 4] = ["watched file", "first end", "path", "next"];
const PATTERNS: [&str; 3] = ["pattern", "files", "wrong with it"];
const EFFECTS: [&str; 4] = ["at", "entry", "effect", "end"];

/// Writes the page, whole or not at all. What it says is no reason to fail.
pub(in crate::cli) async fn report(config: &Config, file: &Path) -> Exit {
    let html = match page(config).await {
        Ok(page) => page::html(&page),
        Err(error) => return print::state(&error),
    };
    if file == Path::new(STDOUT) {
        print::text(&html);
        return Exit::Fine;
    }
    match atomic::publish(file, html.as_bytes()) {
        Ok(()) => Exit::Fine,
        Err(error) => {
            print::problem(&format!("cannot write {}: {}", file.display(), chain(&error)));
            Exit::Fault
        }
    }
}

async fn page(config: &Config) -> Result<Page, JournalError> {
    let status = Status::read(config).await?;
    let (effects, before) = history::latest(config, EFFECTS_MAX)?;
    let lives = status.certificates.iter();
    let lives = lives.filter_map(|line| Some((line.name().to_string(), line.life?)));
    let (now, discover) = (status.now, &status.discover);
    let certificates = status.certificates.iter().map(|it| row(it.row(now), &it.next));
    let cas = status.instance_cas.iter().map(|it| row(it.row(now), &it.next));
    let switches = status.instance_ssls.iter().map(|it| row(it.row(), &it.next));
    let watched = status.watch_files.iter().map(|it| row(it.row(now), &it.next));
    let patterns = discover.iter().map(|it| Row {
        cells: it.cells().into(),
        notes: Vec::new(),
        needs_person: !it.is_good(),
    });
    let effects = effects.into_iter().map(|it| Row { cells: it.cells, ..Row::default() });
    let effects = Table::of("Last effects", "effect", &EFFECTS, effects);
    let tables = vec![
        Table::of("Certificates", "certificate", &CERTIFICATES, certificates),
        Table::of("CA files", "CA file", &CAS, cas),
        Table::of("SSL switches", "SSL switch", &SWITCHES, switches),
        Table::of("Watched files", "watched file", &WATCHED, watched),
        Table::of("Patterns", "pattern", &PATTERNS, patterns),
        Table { left_out: before, others: "earlier ones: certrotd history shows them", ..effects },
    ];
    let source = format!("{}, its files and its journal; nothing was asked", config.path.display());
    Ok(Page { now, source, faults: Vec::new(), lives: lives.collect(), tables })
}

/// As the terminal has it, but for a last column that has a head here.
fn row(mut row: table::Row, next: &Next) -> Row {
    row.cells.pop();
    // With a head above it, what comes beside nothing says it alone.
    let words = next.next.strip_prefix("nothing; ").unwrap_or(&next.next);
    row.cells.push(Cell::new(words, next.tone()));
    Row { cells: row.cells, notes: row.notes, needs_person: next.needs_person }
}
