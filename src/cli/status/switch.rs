//! The line of an SSL switch: what is wanted, what the journal knows, next. No call tells the
//! state of a switch, so it is the word of the instance's greeting, of the journal or of the operator.

use serde::Serialize;

use super::{Known, Next};
use crate::cli::table::Row;
use crate::config::{Config, InstanceSsl};
use crate::model::names::{Name, Subject};
use crate::model::place::Probe;
use crate::plan::action::Action;
use crate::plan::memory::{Effect, State};
use crate::telemetry::page::{Cell, Tone};

/// One SSL switch. The keys are public interface.
#[derive(Serialize)]
pub(super) struct Line {
    name: Name,
    cloud: Name,
    instance_id: String,
    wanted: &'static str,
    state: String,
    #[serde(flatten)]
    pub next: Next,
}

pub(super) fn lines(config: &Config, known: &Known<'_>) -> Vec<Line> {
    config.instance_ssls.iter().map(|entry| line(entry, known)).collect()
}

fn line(entry: &InstanceSsl, known: &Known<'_>) -> Line {
    Line {
        name: entry.name.clone(),
        cloud: entry.cloud.clone(),
        instance_id: entry.instance_id.clone(),
        wanted: word(entry.enabled),
        state: state(entry, known),
        next: known.next(&Subject::Ssl(entry.name.clone()), "nothing"),
    }
}

/// The latest that the journal knows of either direction; without any, what the operator assumes.
fn state(entry: &InstanceSsl, known: &Known<'_>) -> String {
    let effect = |on| {
        let (cloud, instance_id) = (entry.cloud.clone(), entry.instance_id.clone());
        let effect = known.memory.effect(&Action::SwitchSsl { cloud, instance_id, on })?;
        Some((on, effect))
    };
    let latest = [true, false].into_iter().filter_map(effect).max_by_key(|(_, effect)| effect.seq);
    match (latest, entry.assume) {
        (Some((on, effect)), _) => journalled(on, effect, entry.probe.as_ref()),
        (None, Some(on)) => format!("{}, assumed", word(on)),
        (None, None) => "unknown".to_owned(),
    }
}

fn journalled(on: bool, effect: &Effect, probe: Option<&Probe>) -> String {
    let (word, at, begun) = (word(on), effect.at, effect.begun);
    let job = effect.id.as_ref().map(|id| format!(" by job {id}")).unwrap_or_default();
    match &effect.state {
        // Its last greeting may be much younger than the job that brought it about.
        State::Seen if probe.is_some() => format!("{word}, seen {at}"),
        State::Seen if effect.id.is_none() => format!("found {word} {at}"),
        State::Seen => format!("switched {word} {at}{job}"),
        State::Done => format!("being switched {word} since {begun}{job}"),
        State::Open => format!("switch {word} begun {begun}"),
        State::Doubt(_) => format!("switch {word} of {begun} in doubt"),
        State::Failed(_) => format!("switch {word} failed {at}"),
        State::Gone => format!("switch {word} of {begun} never happened"),
    }
}

fn word(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

impl Line {
    pub(super) fn row(&self) -> Row {
        let tone = if self.next.idle { Tone::Plain } else { self.next.stopped() };
        let [name, wanted] = [self.name.to_string(), self.wanted.to_owned()].map(Cell::from);
        let cells = vec![name, wanted, Cell::new(&*self.state, tone), self.next.cell()];
        Row { cells, notes: Vec::new() }
    }
}
