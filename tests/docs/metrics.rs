//! Metrics: the manual's table, and the names in its alerts.

use std::collections::BTreeSet;

use certrotd::telemetry::metrics::{METRICS, Metric};

use super::{fenced, rows, section};

const MANUAL: &str = "docs/manual.md";

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

#[test]
fn alerts_ask_for_metrics_that_exist() {
    let known: BTreeSet<_> = METRICS.iter().map(|it| it.name).collect();
    let alerts = fenced(&section(MANUAL, "### Metrics"), "yaml").join("\n");
    let words = alerts.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let named: BTreeSet<_> = words.filter(|word| word.starts_with("certrotd_")).collect();
    assert!(named.len() > 3, "the rule has seen nothing: {named:?}");
    let unknown: Vec<_> = named.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// One dead host of two leaves the metric of the other, so that its absence is no alarm; and the watchdog ends
/// a stuck daemon long before a span of waiting does.
#[test]
fn alerts_notice_one_dead_host_of_several_and_a_daemon_that_was_stuck_for_a_moment() {
    let alerts = fenced(&section(MANUAL, "### Metrics"), "yaml").join("\n");
    let rules: Vec<_> = alerts.split("- alert: ").skip(1).collect();
    let rule = |name: &str| *rules.iter().find(|rule| rule.lines().next() == Some(name)).unwrap();
    let gone = rule("CertrotdGone");
    for part in ["up{job=\"certrotd\"} == 0 or ", "absent(certrotd_build_info)", "for: 15m"] {
        assert!(gone.contains(part), "{part}: {gone}");
    }
    let stuck: Vec<_> = rules.iter().filter(|rule| rule.contains("certrotd_stuck")).collect();
    assert_eq!(stuck, [&rule("CertrotdStuck")]);
    assert!(stuck[0].contains("max_over_time(certrotd_stuck["), "{}", stuck[0]);
    assert!(!stuck[0].contains("for:"), "{}", stuck[0]);
}
