//! The metrics: their names, and the text in which Prometheus reads them (its text format, version 0.0.4).

use std::fmt::Write as _;

use crate::cycle::picture::{ACTIONS, Entry, Layer, OUTCOMES, Picture};
use crate::model::names::Subject;
use crate::model::time::Time;

/// One family of series.
#[derive(Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// `gauge` or `counter`.
    pub kind: &'static str,
    /// The names of its labels, in their order.
    pub labels: &'static [&'static str],
    /// What it says, in one line.
    pub help: &'static str,
    samples: fn(&Picture, bool) -> Vec<Sample>,
}

/// The values of the labels, and the number.
type Sample = (Vec<String>, i64);

/// Every metric, in the order in which they are printed.
pub const METRICS: [Metric; 14] = [
    Metric {
        name: "certrotd_build_info",
        kind: "gauge",
        labels: &["version"],
        help: "1, with the version that runs.",
        samples: |_, _| vec![(vec![env!("CARGO_PKG_VERSION").to_owned()], 1)],
    },
    Metric {
        name: "certrotd_stuck",
        kind: "gauge",
        labels: &[],
        help: "1 while the work stands still, as /health says why; else 0.",
        samples: |_, stuck| vec![(Vec::new(), i64::from(stuck))],
    },
    Metric {
        name: "certrotd_cycles_total",
        kind: "counter",
        labels: &[],
        help: "Cycles that have come to rest since the start.",
        samples: |picture, _| vec![(Vec::new(), whole(picture.cycles))],
    },
    Metric {
        name: "certrotd_last_cycle_finished_seconds",
        kind: "gauge",
        labels: &[],
        help: "When the last of them did, in unix time; absent until one has.",
        samples: |picture, _| moment(Vec::new(), picture.finished).into_iter().collect(),
    },
    Metric {
        name: "certrotd_steps_total",
        kind: "counter",
        labels: &["action", "outcome"],
        help: "Steps that have ended since the start: done, failed, or lost where the answer was.",
        samples: steps,
    },
    Metric {
        name: "certrotd_held",
        kind: "gauge",
        labels: &["table", "name", "reason"],
        help: "How many things of an entry wait for this kind of reason; absent where none does.",
        samples: held,
    },
    Metric {
        name: "certrotd_certificate_in_order",
        kind: "gauge",
        labels: &["certificate"],
        help: "1 when the last look found the leaf of the file in place and served wherever it is wanted; else 0.",
        samples: |picture, _| in_order(picture, "certificate"),
    },
    Metric {
        name: "certrotd_certificate_last_success_seconds",
        kind: "gauge",
        labels: &["certificate"],
        help: "The last look that found it so, in unix time; absent until one has since the start.",
        samples: |picture, _| last_success(picture, "certificate"),
    },
    Metric {
        name: "certrotd_certificate_not_after_seconds",
        kind: "gauge",
        labels: &["certificate", "layer"],
        help: "The end of the leaf in the file, of the one imported last (cloud), and of what clients get (served), in unix time; absent where it is not known.",
        samples: |picture, _| ends(picture, "certificate"),
    },
    Metric {
        name: "certrotd_ca_in_order",
        kind: "gauge",
        labels: &["ca"],
        help: "1 when the last look found the published CA in the file, and its command run; else 0.",
        samples: |picture, _| in_order(picture, "instance_ca"),
    },
    Metric {
        name: "certrotd_ca_last_success_seconds",
        kind: "gauge",
        labels: &["ca"],
        help: "The last look that found it so, in unix time; absent until one has since the start.",
        samples: |picture, _| last_success(picture, "instance_ca"),
    },
    Metric {
        name: "certrotd_ca_not_after_seconds",
        kind: "gauge",
        labels: &["ca", "layer"],
        help: "The first end among the CAs in the file, former ones left out, and the end of what the instance presents (served), in unix time; absent where it is not known.",
        samples: |picture, _| ends(picture, "instance_ca"),
    },
    Metric {
        name: "certrotd_ssl_in_order",
        kind: "gauge",
        labels: &["ssl"],
        help: "1 when the last look found nothing to switch; else 0.",
        samples: |picture, _| in_order(picture, "instance_ssl"),
    },
    Metric {
        name: "certrotd_ssl_last_success_seconds",
        kind: "gauge",
        labels: &["ssl"],
        help: "The last look that found it so, in unix time; absent until one has since the start.",
        samples: |picture, _| last_success(picture, "instance_ssl"),
    },
];

/// The whole page. Every entry has a name that needs no escape, and is escaped all the same.
pub fn text(picture: &Picture, stuck: bool) -> String {
    let mut page = String::new();
    for Metric { name, kind, labels, help, samples } in &METRICS {
        put(&mut page, format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        for (values, number) in samples(picture, stuck) {
            let pairs = labels.iter().zip(values);
            let pairs: Vec<_> =
                pairs.map(|(label, value)| format!("{label}=\"{}\"", escaped(&value))).collect();
            let labels = if pairs.is_empty() { String::new() } else { in_braces(&pairs) };
            put(&mut page, format_args!("{name}{labels} {number}\n"));
        }
    }
    page
}

fn in_braces(pairs: &[String]) -> String {
    format!("{{{}}}", pairs.join(","))
}

/// As the format has it inside of quotes.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[expect(clippy::unwrap_used, reason = "writing to a String never fails")]
pub(super) fn put(page: &mut String, what: std::fmt::Arguments<'_>) {
    page.write_fmt(what).unwrap();
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn moment(labels: Vec<String>, at: Option<Time>) -> Option<Sample> {
    Some((labels, at?.secs()))
}

/// All of them from the start on: a counter that appears at its first count hides that count.
fn steps(picture: &Picture, _: bool) -> Vec<Sample> {
    let all = ACTIONS.iter().flat_map(|action| OUTCOMES.iter().map(move |it| (*action, *it)));
    let sample = |(action, outcome): (&'static str, &'static str)| {
        let count = picture.steps.get(&(action, outcome)).copied().unwrap_or_default();
        (vec![action.to_owned(), outcome.to_owned()], whole(count))
    };
    all.map(sample).collect()
}

fn held(picture: &Picture, _: bool) -> Vec<Sample> {
    let one = |(subject, entry): (&Subject, &Entry)| {
        let of = |(reason, count): (&&str, &u64)| {
            let (table, name) = (subject.table().to_owned(), subject.name().to_string());
            (vec![table, name, (*reason).to_owned()], whole(*count))
        };
        entry.held.iter().map(of).collect::<Vec<_>>()
    };
    picture.entries.iter().flat_map(one).collect()
}

fn of_table<'a>(
    picture: &'a Picture,
    table: &'static str,
) -> impl Iterator<Item = (String, &'a Entry)> {
    let entries = picture.entries.iter().filter(move |(subject, _)| subject.table() == table);
    entries.map(|(subject, entry)| (subject.name().to_string(), entry))
}

fn in_order(picture: &Picture, table: &'static str) -> Vec<Sample> {
    let entries = of_table(picture, table);
    entries.map(|(name, entry)| (vec![name], i64::from(entry.in_order))).collect()
}

fn last_success(picture: &Picture, table: &'static str) -> Vec<Sample> {
    let entries = of_table(picture, table);
    entries.filter_map(|(name, entry)| moment(vec![name], entry.last_success)).collect()
}

fn ends(picture: &Picture, table: &'static str) -> Vec<Sample> {
    let of = |(name, entry): (String, &Entry)| {
        let layer =
            |(layer, at): (Layer, Time)| (vec![name.clone(), layer.key().to_owned()], at.secs());
        entry.ends.iter().map(layer).collect::<Vec<_>>()
    };
    of_table(picture, table).flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::names::Name;

    #[test]
    fn a_value_cannot_leave_its_quotes() {
        assert_eq!(escaped("a\"} 1\n\\"), "a\\\"} 1\\n\\\\");
    }

    #[test]
    fn an_entry_is_there_before_anything_is_known_of_it() {
        let mut picture = Picture::default();
        let subject = Subject::Certificate(Name::new("www").unwrap());
        picture.entries.insert(subject.clone(), Entry::default());
        let page = text(&picture, false);
        assert!(
            page.contains("\ncertrotd_certificate_in_order{certificate=\"www\"} 0\n"),
            "{page}"
        );
        assert!(!page.contains("\ncertrotd_certificate_last_success_seconds{"), "{page}");
        assert!(page.contains("\ncertrotd_steps_total{action=\"import\",outcome=\"lost\"} 0\n"));
        let entry = picture.entries.get_mut(&subject).unwrap();
        entry.last_success = Some(Time::from_millis(1_763_798_400_999));
        entry.held.insert("stale", 2);
        let page = text(&picture, true);
        for line in [
            "certrotd_certificate_last_success_seconds{certificate=\"www\"} 1763798400",
            "certrotd_held{table=\"certificate\",name=\"www\",reason=\"stale\"} 2",
            "certrotd_stuck 1",
        ] {
            assert!(page.lines().any(|it| it == line), "{line} is not in\n{page}");
        }
    }
}
