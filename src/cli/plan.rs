//! `certrotd plan`: what apply would do, and what waits and why.

use std::collections::HashSet;
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
    /// What it costs beside a call; absent where it is free.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<&'static str>,
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
        Err(error) => return print::state(&error),
    };
    let world = match World::connect(config, &memory, daemon::now) {
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
        cost: step.action.cost(),
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
        let cost = line.cost.map(|cost| format!("\n      costs: {cost}")).unwrap_or_default();
        format!(
            "now   {} {}: {}\n      because {}{cost}\n",
            line.table, line.name, line.step, line.because
        )
    });
    let held = shown.held.iter().map(|line| {
        let until = line.until.as_ref().map(|until| format!("\n      looked at again {until}"));
        let until = until.unwrap_or_default();
        format!("held  {} {}: {}{until}\n", line.table, line.name, line.why)
    });
    // What one cause holds at several places is said once.
    let mut said = HashSet::new();
    let words: String = now.chain(held).filter(|line| said.insert(line.clone())).collect();
    if words.is_empty() { "nothing to do, nothing waits\n".to_owned() } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_is_not_free_says_what_it_costs() {
        let line = |cost| NowLine {
            name: Name::new("ledger").unwrap(),
            table: "instance_ssl",
            step: "switch SSL on on in07".to_owned(),
            because: "the configuration asks for it".to_owned(),
            cost,
        };
        let shown = Shown { now: vec![line(Some("restarts the instance"))], held: Vec::new() };
        let text = words(&shown);
        assert!(text.ends_with("asks for it\n      costs: restarts the instance\n"), "{text}");
        let free = Shown { now: vec![line(None)], held: Vec::new() };
        assert!(!words(&free).contains("costs"));
        let json = serde_json::to_value(&free).unwrap();
        assert_eq!(json["now"][0].get("cost"), None);
    }
}
