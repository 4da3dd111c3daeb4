//! The metrics: their names, and the text in which Prometheus reads them (its text format, version 0.0.4).

use std::fmt::Write as _;

use tokio::time::Instant;

use crate::cycle::picture::{
    ACTIONS, Board, CallEnd, Durations, Entry, Layer, OUTCOMES, Picture, Sent, Service,
};
use crate::model::names::{Name, Subject};
use crate::model::time::Time;

/// One family of series.
#[derive(Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// `gauge`, `counter` or `histogram`.
    pub kind: &'static str,
    /// The names of its labels, in their order; what the type itself has beside them left out.
    pub labels: &'static [&'static str],
    /// What it says, in one line.
    pub help: &'static str,
    samples: fn(&Picture, bool) -> Vec<Sample>,
}

/// The values of the labels, and the number.
type Sample = (Vec<String>, Value);

/// What a series says.
enum Value {
    Number(i64),
    Spread(Durations),
}

/// Every metric, in the order in which they are printed.
pub const METRICS: [Metric; 19] = [
    Metric {
        name: "certrotd_build_info",
        kind: "gauge",
        labels: &["version"],
        help: "1, with the version that runs.",
        samples: |_, _| vec![(vec![env!("CARGO_PKG_VERSION").to_owned()], truth(true))],
    },
    Metric {
        name: "certrotd_stuck",
        kind: "gauge",
        labels: &[],
        help: "1 while the work stands still, as /health says why; else 0.",
        samples: |_, stuck| vec![(Vec::new(), truth(stuck))],
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
        name: "certrotd_api_calls_total",
        kind: "counter",
        labels: &["service", "code"],
        help: "Calls to the cloud that have ended since the start, by the HTTP status of the answer: unsent where the service was not reached, lost where no answer came.",
        samples: |picture, _| calls(picture),
    },
    Metric {
        name: "certrotd_api_call_duration_seconds",
        kind: "histogram",
        labels: &["service"],
        help: "How long they took, from sending to the last byte of the answer; absent until one has ended.",
        samples: |picture, _| durations(picture),
    },
    Metric {
        name: "certrotd_messages_total",
        kind: "counter",
        labels: &["notify", "outcome"],
        help: "Messages since the start to those who are told: taken, or tries that failed.",
        samples: |picture, _| messages(picture),
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
    Metric {
        name: "certrotd_file_in_order",
        kind: "gauge",
        labels: &["file"],
        help: "1 when the last look could read every watched file of the entry and nothing in them ended within its warn_before; else 0.",
        samples: |picture, _| {
            let watched = picture.watched.iter();
            watched.map(|(name, it)| (vec![name.to_string()], truth(it.in_order))).collect()
        },
    },
    Metric {
        name: "certrotd_file_not_after_seconds",
        kind: "gauge",
        labels: &["file"],
        help: "The first end among the certificates in its files, in unix time; absent where it is not known.",
        samples: |picture, _| {
            let watched = picture.watched.iter();
            watched.filter_map(|(name, it)| moment(vec![name.to_string()], it.first)).collect()
        },
    },
];

/// The whole page, as things are now.
pub fn page(board: &Board) -> String {
    let picture = board.picture();
    let stuck = picture.pulse.stuck(Instant::now()).is_some();
    text(&picture, stuck)
}

/// The whole page. Every entry has a name that needs no escape, and is escaped all the same.
fn text(picture: &Picture, stuck: bool) -> String {
    let mut page = String::new();
    for Metric { name, kind, labels, help, samples } in &METRICS {
        put(&mut page, format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        for (values, value) in samples(picture, stuck) {
            let pairs = labels.iter().zip(values);
            let pairs: Vec<_> =
                pairs.map(|(label, value)| format!("{label}=\"{}\"", escaped(&value))).collect();
            match value {
                Value::Number(number) => {
                    put(&mut page, format_args!("{name}{} {number}\n", in_braces(&pairs)));
                }
                Value::Spread(durations) => spread(&mut page, name, &pairs, &durations),
            }
        }
    }
    page
}

fn in_braces(pairs: &[String]) -> String {
    if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) }
}

/// The several lines of one histogram.
fn spread(page: &mut String, name: &str, pairs: &[String], durations: &Durations) {
    let count = durations.count();
    for (bound, count) in durations.up_to().chain([("+Inf", count)]) {
        let pairs = [pairs, &[format!("le=\"{bound}\"")]].concat();
        put(page, format_args!("{name}_bucket{} {count}\n", in_braces(&pairs)));
    }
    let labels = in_braces(pairs);
    put(page, format_args!("{name}_sum{labels} {}\n", durations.sum().as_secs_f64()));
    put(page, format_args!("{name}_count{labels} {count}\n"));
}

/// As the format has it inside of quotes.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[expect(clippy::unwrap_used, reason = "writing to a String never fails")]
pub(super) fn put(page: &mut String, what: std::fmt::Arguments<'_>) {
    page.write_fmt(what).unwrap();
}

fn whole(count: u64) -> Value {
    Value::Number(i64::try_from(count).unwrap_or(i64::MAX))
}

fn truth(is: bool) -> Value {
    Value::Number(i64::from(is))
}

fn moment(labels: Vec<String>, at: Option<Time>) -> Option<Sample> {
    Some((labels, Value::Number(at?.secs())))
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

fn calls(picture: &Picture) -> Vec<Sample> {
    let services = picture.services();
    let of = |(service, known): (&&str, &Service)| {
        let one = |(end, count): (&CallEnd, &u64)| {
            (vec![(*service).to_owned(), end.to_string()], whole(*count))
        };
        known.ends.iter().map(one).collect::<Vec<_>>()
    };
    services.iter().flat_map(of).collect()
}

fn durations(picture: &Picture) -> Vec<Sample> {
    let called = picture.services().into_iter().filter(|(_, it)| it.durations.count() > 0);
    called.map(|(word, it)| (vec![word.to_owned()], Value::Spread(it.durations))).collect()
}

fn messages(picture: &Picture) -> Vec<Sample> {
    let of = |(to, sent): (&Name, &Sent)| {
        let sample = |(outcome, count): (&str, u64)| {
            (vec![to.to_string(), outcome.to_owned()], whole(count))
        };
        [("taken", sent.taken), ("failed", sent.failed)].map(sample)
    };
    picture.messages.iter().flat_map(of).collect()
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
    entries.map(|(name, entry)| (vec![name], truth(entry.in_order))).collect()
}

fn last_success(picture: &Picture, table: &'static str) -> Vec<Sample> {
    let entries = of_table(picture, table);
    entries.filter_map(|(name, entry)| moment(vec![name], entry.last_success)).collect()
}

fn ends(picture: &Picture, table: &'static str) -> Vec<Sample> {
    let of = |(name, entry): (String, &Entry)| {
        let layer = |(layer, at): (Layer, Time)| {
            moment(vec![name.clone(), layer.key().to_owned()], Some(at))
        };
        entry.ends.iter().filter_map(layer).collect::<Vec<_>>()
    };
    of_table(picture, table).flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

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

    #[test]
    fn calls_are_counted_by_service_and_answer_and_laid_out_by_their_time() {
        let picture = Picture::default();
        let calls =
            [(CallEnd::Status(200), 40), (CallEnd::Status(503), 300), (CallEnd::Lost, 60_000)];
        for (end, millis) in calls {
            picture.calls.end("elb", end, Duration::from_millis(millis));
        }
        let page = text(&picture, false);
        let of = |start: &str| page.lines().filter(|it| it.starts_with(start)).collect::<Vec<_>>();
        assert_eq!(
            of("certrotd_api_calls_total{service=\"elb\""),
            [("200", 1), ("429", 0), ("503", 1), ("unsent", 0), ("lost", 1)].map(
                |(code, count)| {
                    format!("certrotd_api_calls_total{{service=\"elb\",code=\"{code}\"}} {count}")
                }
            )
        );
        let bucket = |(bound, count): (&str, u64)| {
            format!(
                "certrotd_api_call_duration_seconds_bucket{{service=\"elb\",le=\"{bound}\"}} {count}"
            )
        };
        let buckets = [
            [("0.05", 1), ("0.1", 1), ("0.25", 1), ("0.5", 2), ("1", 2)].as_slice(),
            &[("2.5", 2), ("5", 2), ("10", 2), ("+Inf", 3)],
        ]
        .concat();
        let whole = ["_sum{service=\"elb\"} 60.34", "_count{service=\"elb\"} 3"]
            .map(|rest| format!("certrotd_api_call_duration_seconds{rest}"));
        let expected: Vec<_> = buckets.into_iter().map(bucket).chain(whole).collect();
        assert_eq!(
            of("certrotd_api_call_duration_seconds"),
            expected,
            "no other service was called"
        );
    }
}
