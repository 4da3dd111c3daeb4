//! `certrotd plan`: what apply would do, and what waits and why.

use std::sync::Arc;

use serde::Serialize;

use super::args::Format;
use super::{Exit, begin_log, print, refusals};
use crate::config::Config;
use crate::cycle::{World, preview};
use crate::daemon;
use crate::model::names::Name;
use crate::plan::Plan;
use crate::plan::hold::Hold;
use crate::record;

#[derive(Serialize)]
struct Shown {
    now: Vec<NowLine>,
    held: Vec<HeldLine>,
}

#[derive(Serialize)]
struct NowLine {
    name: Name,
    table: &'static str,
    step: String,
    because: String,
}

#[derive(Serialize)]
struct HeldLine {
    name: Name,
    table: &'static str,
    why: String,
    until: Option<String>,
    fault: bool,
}

pub(super) async fn plan(config: Config, detailed_exitcode: bool, format: Format) -> Exit {
    begin_log(&config);
    let mut memory = match record::remembered(&config.state) {
        Ok(memory) => memory,
        Err(error) => return print::state(&error, "plan"),
    };
    let world = match World::connect(config, &memory) {
        Ok(world) => Arc::new(world),
        Err(failure) => return print::failed(&failure),
    };
    let plan = preview(Arc::clone(&world), &mut memory.clone(), daemon::now()).await;
    refusals::remember(&world, &mut memory);
    let blind = plan.held.iter().any(|held| matches!(held.why, Hold::Unseen { .. }));
    let any = !plan.now.is_empty();
    show(&plan, format);
    match (blind, detailed_exitcode && any) {
        (true, _) => Exit::Fault,
        (false, true) => Exit::Steps,
        (false, false) => Exit::Fine,
    }
}

fn show(plan: &Plan, format: Format) {
    let now = plan.now.iter().map(|step| NowLine {
        name: step.subject.name().clone(),
        table: step.subject.table(),
        step: step.action.describe(&step.subject),
        because: step.because.to_string(),
    });
    let held = plan.held.iter().map(|held| HeldLine {
        name: held.subject.name().clone(),
        table: held.subject.table(),
        why: held.why.to_string(),
        until: held.until.map(|until| until.to_string()),
        fault: held.why.is_fault(),
    });
    let shown = Shown { now: now.collect(), held: held.collect() };
    match format {
        Format::Json => print::json(&shown),
        Format::Text => print::text(&words(&shown)),
    }
}

fn words(shown: &Shown) -> String {
    let now = shown.now.iter().map(|line| {
        format!(
            "now   {} {}: {}\n      because {}\n",
            line.table, line.name, line.step, line.because
        )
    });
    let held = shown.held.iter().map(|line| {
        let until = line.until.as_ref().map(|until| format!("\n      looked at again {until}"));
        let until = until.unwrap_or_default();
        format!("held  {} {}: {}{until}\n", line.table, line.name, line.why)
    });
    let words: String = now.chain(held).collect();
    if words.is_empty() { "nothing to do, nothing waits\n".to_owned() } else { words }
}
