//! `certrotd status`: one line an entry, from the files and the journal alone; nothing is sent.

mod ca;
mod certificate;
mod instance;
mod served;
mod switch;

use serde::Serialize;

use super::args::Format;
use super::table::{self, Row};
use super::{Exit, patterns, print};
use crate::config::Config;
use crate::cycle;
use crate::daemon;
use crate::model::names::Subject;
use crate::model::time::Time;
use crate::plan::action::Because;
use crate::plan::hold::Hold;
use crate::plan::memory::{Memory, State};
use crate::plan::observed::Observed;
use crate::plan::{Held, Plan, Step};
use crate::record;

/// Everything shown. The keys are public interface.
#[derive(Serialize)]
struct Status {
    certificates: Vec<certificate::Line>,
    instance_cas: Vec<ca::Line>,
    instance_ssls: Vec<switch::Line>,
    discover: Vec<patterns::Line>,
}

/// What an entry's line is made from.
struct Known<'a> {
    memory: &'a Memory,
    observed: &'a Observed,
    plan: &'a Plan,
}

/// What comes next for an entry, in one sentence.
#[derive(Serialize)]
struct Next {
    next: String,
    /// When that is looked at again, where it is known.
    until: Option<String>,
    needs_person: bool,
}

/// Shows every entry. Ends with 1 when one of them, or a pattern, needs a person.
pub(super) async fn status(config: &Config, format: Format) -> Exit {
    let memory = match record::remembered(&config.state) {
        Ok(memory) => memory,
        Err(error) => return print::state(&error, "status"),
    };
    let now = daemon::now();
    let (observed, plan) = cycle::offline(config, &memory, now).await;
    let known = Known { memory: &memory, observed: &observed, plan: &plan };
    let status = Status {
        certificates: certificate::lines(config, &known),
        instance_cas: ca::lines(config, &known),
        instance_ssls: switch::lines(config, &known),
        discover: patterns::lines(config),
    };
    match format {
        Format::Json => print::json(&status),
        Format::Text => print::text(&words(&status)),
    }
    let certificates = status.certificates.iter().map(|it| it.next.needs_person);
    let cas = status.instance_cas.iter().map(|it| it.next.needs_person);
    let switches = status.instance_ssls.iter().map(|it| it.next.needs_person);
    let patterns = status.discover.iter().map(|it| !it.is_good());
    if certificates.chain(cas).chain(switches).chain(patterns).any(|needed| needed) {
        Exit::Fault
    } else {
        Exit::Fine
    }
}

fn words(status: &Status) -> String {
    let tables = [
        table(
            ["CERTIFICATE", "FILE", "CLOUD", "BOUND", "SERVED", ""],
            &status.certificates,
            |it| it.row(),
        ),
        table(["CA FILE", "FILE", "INSTALLED", "ON_CHANGE", ""], &status.instance_cas, |it| {
            it.row()
        }),
        table(["SSL SWITCH", "WANTED", "STATE", ""], &status.instance_ssls, |it| it.row()),
    ];
    let faults = patterns::faults(&status.discover);
    let faults = (!faults.is_empty()).then_some(faults);
    let tables: Vec<_> = tables.into_iter().chain([faults]).flatten().collect();
    if tables.is_empty() {
        return "the configuration has no entries\n".to_owned();
    }
    tables.join("\n")
}

fn table<L, const N: usize>(
    header: [&str; N],
    lines: &[L],
    row: impl Fn(&L) -> Row,
) -> Option<String> {
    let header = Row { cells: header.map(str::to_owned).into(), notes: Vec::new() };
    let rows: Vec<_> = [header].into_iter().chain(lines.iter().map(row)).collect();
    (!lines.is_empty()).then(|| table::text(&rows))
}

impl Next {
    /// The last cell of a row: wherever it lands, it says what it is.
    fn cell(&self) -> String {
        format!("next: {}", self.next)
    }
}

impl Known<'_> {
    /// What the planner says of this entry. `idle`: what is said when it says nothing.
    fn next(&self, subject: &Subject, idle: &str) -> Next {
        let held = || self.plan.held.iter().filter(|held| held.subject == *subject);
        let steps = self.plan.now.iter().filter(|step| step.subject == *subject);
        let held_words = held().map(|held| self.waits(held));
        let sentences: Vec<_> = steps.map(step).chain(held_words).collect();
        let until = held().filter_map(|held| held.until).min();
        Next {
            next: if sentences.is_empty() { idle.to_owned() } else { sentences.join("; ") },
            until: until.map(|until: Time| until.to_string()),
            needs_person: held().any(|held| held.why.needs_person()),
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
