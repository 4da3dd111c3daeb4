//! `certrotd status`: one line an entry, from the files, the journal, and what a daemon could not see when it looked
//! last; nothing is sent. A report shows the same on a page.

mod ca;
mod certificate;
mod instance;
mod report;
mod served;
mod switch;
mod wants;
pub(super) mod watched;

use serde::Serialize;

use super::args::Format;
use super::table::{self, Paint, Row};
use super::{Exit, patterns, print};
use crate::config::Config;
use crate::cycle;
use crate::daemon;
use crate::model::names::Subject;
use crate::model::time::Time;
use crate::observe;
use crate::plan::action::Because;
use crate::plan::hold::Hold;
use crate::plan::memory::{Memory, State};
use crate::plan::observed::Observed;
use crate::plan::{Held, Plan, Step};
use crate::record::{self, JournalError};
use crate::telemetry::page::{Cell, Tone};
use wants::Wants;

pub(super) use report::report;

/// Everything shown. The keys are public interface.
#[derive(Serialize)]
struct Status {
    #[serde(skip)]
    now: Time,
    /// Whether anybody is at work here.
    #[serde(skip)]
    at_work: bool,
    certificates: Vec<certificate::Line>,
    instance_cas: Vec<ca::Line>,
    instance_ssls: Vec<switch::Line>,
    watch_files: Vec<watched::Line>,
    discover: Vec<patterns::Line>,
}

/// What an entry's line is made from.
struct Known<'a> {
    memory: &'a Memory,
    observed: &'a Observed,
    plan: &'a Plan,
    wants: &'a Wants,
}

/// What comes next for an entry, in one sentence.
#[derive(Serialize)]
pub(super) struct Next {
    next: String,
    /// When that is looked at again, where it is known.
    until: Option<String>,
    needs_person: bool,
    /// The planner says nothing of it.
    #[serde(skip)]
    idle: bool,
}

/// Shows every entry. Ends with 1 when one of them, or a pattern, needs a person.
pub(super) async fn status(config: &Config, format: Format) -> Exit {
    let status = match Status::read(config).await {
        Ok(status) => status,
        Err(error) => return print::state(&error),
    };
    match format {
        Format::Json => print::json(&status),
        Format::Text => print::text(&words(&status, Paint::of_stdout())),
    }
    let certificates = status.certificates.iter().map(|it| &it.next);
    let cas = status.instance_cas.iter().map(|it| &it.next);
    let switches = status.instance_ssls.iter().map(|it| &it.next);
    let own: Vec<_> = certificates.chain(cas).chain(switches).collect();
    if !status.at_work && own.iter().any(|next| !next.idle) {
        print::problem(
            "no daemon is at work: what comes next waits for one, or for `certrotd apply`",
        );
    }
    let watched = status.watch_files.iter().map(|it| &it.next);
    let needed = own.into_iter().chain(watched).any(|next| next.needs_person);
    let is_good = status.discover.iter().all(patterns::Line::is_good);
    if needed || !is_good { Exit::Fault } else { Exit::Fine }
}

impl Status {
    /// As the files and the journal have it, and whoever looked last.
    async fn read(config: &Config) -> Result<Self, JournalError> {
        let (memory, now) = (record::remembered(&config.state)?, daemon::now());
        let (observed, plan) = cycle::offline(config, &memory, now).await;
        let watched = observe::watched::look(config.watch_files.clone()).await;
        let wants = Wants::read(config, &memory);
        let known = Known { memory: &memory, observed: &observed, plan: &plan, wants: &wants };
        Ok(Self {
            now,
            at_work: wants.at_work(),
            certificates: certificate::lines(config, &known),
            instance_cas: ca::lines(config, &known),
            instance_ssls: switch::lines(config, &known),
            watch_files: watched::lines(&watched, now),
            discover: patterns::lines(config),
        })
    }
}

fn words(status: &Status, paint: Paint) -> String {
    let tables = [
        table(
            ["CERTIFICATE", "FILE", "CLOUD", "BOUND", "SERVED", ""],
            &status.certificates,
            paint,
            |it| it.row(status.now),
        ),
        table(
            ["CA FILE", "FILE", "INSTALLED", "ON_CHANGE", ""],
            &status.instance_cas,
            paint,
            |it| it.row(status.now),
        ),
        table(["SSL SWITCH", "WANTED", "STATE", ""], &status.instance_ssls, paint, |it| it.row()),
        table(["WATCHED FILE", "FIRST END", "PATH", ""], &status.watch_files, paint, |it| {
            it.row(status.now)
        }),
    ];
    let faults = patterns::faults(&status.discover);
    let faults = (!faults.is_empty()).then(|| paint.words(&faults, Tone::Bad));
    let tables: Vec<_> = tables.into_iter().chain([faults]).flatten().collect();
    if tables.is_empty() {
        return "the configuration has no entries: `certrotd init --region REGION` prints first ones\n".to_owned();
    }
    tables.join("\n")
}

fn table<L, const N: usize>(
    header: [&str; N],
    lines: &[L],
    paint: Paint,
    row: impl Fn(&L) -> Row,
) -> Option<String> {
    let cells = header.map(|head| Cell::from(head.to_owned())).into();
    let header = Row { cells, notes: Vec::new() };
    let rows: Vec<_> = [header].into_iter().chain(lines.iter().map(row)).collect();
    (!lines.is_empty()).then(|| table::painted(&rows, paint))
}

impl Next {
    /// The last cell of a row: wherever it lands, it says what it is.
    fn cell(&self) -> Cell {
        Cell::new(format!("next: {}", self.next), self.tone())
    }

    fn tone(&self) -> Tone {
        match self {
            Self { needs_person: true, .. } => Tone::Bad,
            Self { idle: true, .. } => Tone::Faint,
            _ => Tone::Plain,
        }
    }

    /// The tone of what is not as it shall be.
    fn stopped(&self) -> Tone {
        if self.needs_person { Tone::Bad } else { Tone::Near }
    }
}

impl Known<'_> {
    /// What the planner says of this entry. `idle`: what is said when it says nothing. Where it knows of nothing that
    /// wants a person and a look does, no step is next.
    fn next(&self, subject: &Subject, idle: &str) -> Next {
        let held = || self.plan.held.iter().filter(|held| held.subject == *subject);
        let steps = || self.plan.now.iter().filter(|step| step.subject == *subject);
        let is_known = held().any(|held| held.why.needs_person());
        let wants = self.wants.sentence(subject).filter(|_| !is_known);
        let needs_person = is_known || wants.is_some();
        // To follow a job is a step here.
        let waits =
            |held: &&Held| !(wants.is_some() && matches!(held.why, Hold::JobRunning { .. }));
        let held_words: Vec<_> = held().filter(waits).map(|held| self.waits(held)).collect();
        let first = wants.map_or_else(|| steps().map(step).collect(), |wants| vec![wants]);
        let sentences: Vec<_> = first.into_iter().chain(held_words).collect();
        let until = held().filter_map(|held| held.until).min();
        Next {
            idle: sentences.is_empty(),
            next: if sentences.is_empty() { idle.to_owned() } else { sentences.join("; ") },
            until: until.map(|until: Time| until.to_string()),
            needs_person,
        }
    }

    /// A hold's own sentence, but for what this command cannot know: whether a step is under way
    /// this moment, and whether a job has ended since the last look.
    fn waits(&self, held: &Held) -> String {
        match &held.why {
            Hold::InDoubt { what, since, .. } if self.is_open(&held.subject, *since) => {
                format!("`{what}` was begun {since}, and no end of it is known yet")
            }
            Hold::JobRunning { job_id, since } => {
                format!("follow job {job_id} of {since} to its end")
            }
            why => why.to_string(),
        }
    }

    fn is_open(&self, subject: &Subject, begun: Time) -> bool {
        self.memory.effects().any(|(_, effect)| {
            effect.subject == *subject && effect.begun == begun && effect.state == State::Open
        })
    }
}

/// A step is what the next cycle would do; what was sent before is looked for first.
fn step(step: &Step) -> String {
    let what = step.action.describe(&step.subject);
    match step.because {
        Because::NotFoundAfterDoubt | Because::UnseenAfterDoubt => {
            format!(
                "look for `{what}`, whose answer was lost, and send it again where that is safe"
            )
        }
        Because::SwitchWanted => format!("{what}, unless the task list shows another switch"),
        _ => what,
    }
}
