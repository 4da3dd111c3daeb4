//! Metrics: the manual's table, and the alert rules that are shipped.

use std::collections::{BTreeMap, BTreeSet};

use certrotd::telemetry::metrics::{METRICS, Metric};

use super::{bare, read, rows, section};

const MANUAL: &str = "docs/manual.md";
const ALERTS: &str = "docs/alerts.yml";

#[test]
fn the_manual_has_every_metric_with_its_type_its_labels_and_its_meaning() {
    let written = rows(&section(MANUAL, "### Metrics"));
    let labels = |labels: &[&str]| {
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        labels.join(", ")
    };
    let row = |it: &Metric| {
        vec![format!("`{}`", it.name), it.kind.to_owned(), labels(it.labels), it.help.to_owned()]
    };
    let expected: Vec<_> = METRICS.iter().map(row).collect();
    assert_eq!(written, expected);
}

/// Each rule of the file, by its name: what stands under it.
fn rules() -> BTreeMap<String, String> {
    let alerts = read(ALERTS);
    let lines: Vec<_> = alerts.lines().filter(|it| !it.trim_start().starts_with('#')).collect();
    let alerts = lines.join("\n");
    let rules = alerts.split("- alert: ").skip(1).map(|rule| {
        let (name, under) = rule.split_once('\n').unwrap();
        (name.to_owned(), under.to_owned())
    });
    rules.collect()
}

/// The expression of a rule: all that its first line leads into, up to the next key.
fn expression(rule: &str) -> &str {
    let rest = rule.split_once("expr:").unwrap().1;
    let end = ["\n        for:", "\n        labels:"].iter().filter_map(|key| rest.find(key)).min();
    &rest[..end.unwrap()]
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

#[test]
fn alerts_ask_for_metrics_that_exist() {
    let known: BTreeSet<_> = METRICS.iter().map(|it| it.name).collect();
    let rules = rules();
    let named: BTreeSet<_> = rules.values().flat_map(|rule| words(expression(rule))).collect();
    let named: BTreeSet<_> =
        named.into_iter().filter(|word| word.starts_with("certrotd_")).collect();
    assert!(named.len() > 8, "the rule has seen nothing: {named:?}");
    let unknown: Vec<_> = named.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn alerts_ask_for_labels_layers_and_reasons_that_exist() {
    let held = read("src/plan/hold/key.rs");
    let held: BTreeSet<_> = held.split('"').skip(1).step_by(2).collect();
    let labels: BTreeSet<_> = METRICS.iter().flat_map(|it| it.labels).copied().collect();
    let rules = rules();
    let mut seen = 0;
    for (name, rule) in &rules {
        // A selector in braces: `label="value"`, or with `=~` and several.
        for selector in expression(rule).split('{').skip(1) {
            for pair in selector.split('}').next().unwrap().split(", ") {
                let (label, value) = pair.split_once('=').unwrap();
                let values = value.trim_start_matches('~').trim_matches('"');
                match label {
                    "reason" => {
                        let unknown = values.split('|').find(|reason| !held.contains(reason));
                        assert_eq!(unknown, None, "{name}");
                        seen += values.split('|').count();
                    }
                    "layer" => assert!(["file", "cloud", "served"].contains(&values), "{name}"),
                    "job" | "file" => {}
                    label => assert!(labels.contains(label), "{name}: {label}"),
                }
            }
        }
    }
    assert!(seen > 20, "the rule has seen nothing");
}

#[test]
fn the_manual_has_every_alert_with_its_severity() {
    let written = rows(&section(MANUAL, "### Alerts"));
    let written: BTreeMap<_, _> =
        written.iter().map(|row| (bare(&row[0]).to_owned(), row[1].clone())).collect();
    let severity = |rule: &str| {
        let rest = rule.split_once("severity: ").unwrap().1;
        rest.split('}').next().unwrap().to_owned()
    };
    let expected: BTreeMap<_, _> =
        rules().iter().map(|(name, rule)| (name.clone(), severity(rule))).collect();
    assert_eq!(written, expected);
    for (name, rule) in rules() {
        assert!(rule.contains("summary: ") && rule.contains("runbook: "), "{name}");
    }
}

/// That it does is `tests/alerts/run`'s to say; that it is asked of each, and that a host that is well is asked about
/// all of them, stands here.
#[test]
fn each_alert_fires_in_a_test_and_none_on_a_host_that_is_well() {
    let tests = read("tests/alerts/rules_test.yml");
    for name in rules().keys() {
        let fires = format!("alertname=\"{name}\",alertstate=\"firing\"");
        assert!(tests.contains(&fires), "{name} fires in no test");
    }
    assert!(tests.matches("{expr: 'ALERTS', eval_time: ").count() >= 3);
}

/// One dead host of two leaves the metric of the other, so that its absence is no alarm; and the watchdog ends
/// a stuck daemon long before a span of waiting does.
#[test]
fn alerts_notice_one_dead_host_of_several_and_a_daemon_that_was_stuck_for_a_moment() {
    let rules = rules();
    let gone = &rules["CertrotdGone"];
    for part in ["up{job=\"certrotd\"} == 0 or ", "absent(certrotd_build_info)", "for: 15m"] {
        assert!(gone.contains(part), "{part}: {gone}");
    }
    let stuck: Vec<_> = rules.values().filter(|rule| rule.contains("certrotd_stuck")).collect();
    assert_eq!(stuck, [&rules["CertrotdStuck"]]);
    assert!(stuck[0].contains("max_over_time(certrotd_stuck["), "{}", stuck[0]);
    assert!(!stuck[0].contains("for:"), "{}", stuck[0]);
}
