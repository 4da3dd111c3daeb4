//! The runbook: a section for each alarm, and no section for what is none.

use std::collections::{BTreeMap, BTreeSet};

use super::{bare, read, rows, section};

const RUNBOOK: &str = "docs/runbook.md";
/// What each section says, in this order.
const PARTS: [&str; 4] = ["**Means.** ", "**Look.** ", "**Do.** ", "**Ends** "];

/// Every event of these levels, as the manual has them.
fn events(levels: &[&str]) -> BTreeSet<String> {
    let rows = rows(&section("docs/manual.md", "## Events"));
    let rows = rows.iter().filter(|row| levels.contains(&&*row[1]));
    rows.map(|row| bare(&row[0]).to_owned()).collect()
}

fn alerts() -> BTreeSet<String> {
    let text = read("docs/alerts.yml");
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: ").map(str::to_owned))
        .collect()
}

/// The text of each section, by each name in its heading.
fn sections() -> BTreeMap<String, String> {
    let text = read(RUNBOOK);
    let headings = text.lines().filter(|line| line.starts_with("### "));
    let sections = headings.flat_map(|heading| {
        let text = section(RUNBOOK, heading);
        let names = heading.trim_start_matches("### ").split(", ");
        names.map(|name| (bare(name).to_owned(), text.clone())).collect::<Vec<_>>()
    });
    sections.collect()
}

#[test]
fn every_alarm_has_a_section_and_every_section_an_alarm() {
    let (sections, alerts) = (sections(), alerts());
    assert!(alerts.len() > 10, "the rule has seen nothing: {alerts:?}");
    let alarms: BTreeSet<_> = alerts.union(&events(&["error"])).cloned().collect();
    let missing: Vec<_> = alarms.iter().filter(|name| !sections.contains_key(*name)).collect();
    assert!(missing.is_empty(), "alarms without a section: {missing:?}");
    let may: BTreeSet<_> = alarms.union(&events(&["warn"])).cloned().collect();
    let stray: Vec<_> = sections.keys().filter(|name| !may.contains(*name)).collect();
    assert!(stray.is_empty(), "sections of what is no alarm: {stray:?}");
}

#[test]
fn every_section_says_what_to_look_at_what_to_do_and_when_it_ends() {
    for (name, text) in sections() {
        let places: Vec<_> = PARTS.iter().map(|part| text.find(part)).collect();
        let all = places.iter().all(Option::is_some);
        assert!(all && places.is_sorted(), "{name}: {PARTS:?} in this order: {places:?}");
    }
}

#[test]
fn every_alert_has_a_line_of_its_own_to_act_by() {
    let text = read("docs/alerts.yml");
    assert_eq!(text.matches("\n          runbook: ").count(), alerts().len());
    assert!(text.contains("docs/runbook.md"), "the rules say where more is told");
}
