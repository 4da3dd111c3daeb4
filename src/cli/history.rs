//! `certrotd history`: every effect that the journal remembers, each with its end.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::args::{Format, HistoryArgs};
use super::table::{self, Row};
use super::when::When;
use super::{Exit, names, print};
use crate::config::Config;
use crate::daemon;
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::names::{Name, Subject};
use crate::model::time::Time;
use crate::plan::action::{Action, Fact};
use crate::plan::memory::Record;
use crate::plan::sight::{Sight, Spot, Verdict};
use crate::record::{self, Entry, JournalError};
use crate::telemetry::page::{Cell, Tone};

/// One effect, flat: what a line of text and an object of JSON show.
#[derive(Debug, Serialize, PartialEq, Eq)]
struct Line {
    #[serde(skip)]
    moment: Time,
    at: String,
    name: Name,
    /// The entry's table; `cloud` for a credential; `entry` for what an operator asked of a name.
    table: &'static str,
    step: String,
    #[serde(flatten)]
    end: End,
}

/// How it ended.
#[derive(Debug, Serialize, PartialEq, Eq, Default)]
struct End {
    /// `done`, `failed`, `lost`, `seen`, `looked`, `gone`, `rolled back`, `asked`, `refused` or `begun`.
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Which lines are shown.
struct Wanted<'a> {
    only: Option<&'a Name>,
    since: Option<Time>,
    until: Option<Time>,
}

impl<'a> Wanted<'a> {
    fn of(args: &'a HistoryArgs, now: Time) -> Self {
        let moment = |when: Option<When>| when.map(|when| when.before(now));
        Self { only: args.name.as_ref(), since: moment(args.since), until: moment(args.until) }
    }

    /// Whether this line ended then and is of that entry. An effect counts by its end: its beginning may be older.
    fn takes(&self, line: &Line) -> bool {
        self.only.is_none_or(|only| line.name == *only)
            && self.since.is_none_or(|since| line.moment >= since)
            && self.until.is_none_or(|until| line.moment < until)
    }

    fn nothing(&self) -> String {
        let of = self.only.map(|name| format!(" of {name}")).unwrap_or_default();
        let since = self.since.map(|since| format!(" since {since}")).unwrap_or_default();
        let until = self.until.map(|until| format!(" before {until}")).unwrap_or_default();
        format!("the journal remembers nothing{of}{since}{until}\n")
    }
}

/// Shows the journal of this configuration, of one entry where a name is given. That there is none
/// yet is no error.
pub(super) fn history(config: &Config, args: &HistoryArgs, format: Format) -> Exit {
    let wanted = Wanted::of(args, daemon::now());
    let entries = match record::read(&config.state) {
        Ok(entries) => entries,
        Err(error) => return print::state(&error),
    };
    let missing = entries.is_none();
    let entries = entries.unwrap_or_default();
    let pruned = entries.first().filter(|first| first.seq > 1).map(|first| first.at);
    let lines = lines(&entries);
    // An entry that is gone from the file may still be remembered.
    if let Some(name) = &args.name
        && !lines.iter().any(|line| line.name == *name)
        && config.account(name).is_none()
        && !names::are_known(config, [name])
    {
        return Exit::Configuration;
    }
    let lines: Vec<_> = lines.into_iter().filter(|line| wanted.takes(line)).collect();
    match format {
        Format::Json => print::json_lines(&lines),
        Format::Text if missing => {
            let state = config.state.display();
            print::text(&format!("there is no journal in {state} yet: nothing was ever begun\n"));
        }
        Format::Text if lines.is_empty() => print::text(&wanted.nothing()),
        Format::Text => print::text(&table::text(&lines.iter().map(row).collect::<Vec<_>>())),
    }
    if let (Format::Text, Some(at)) = (format, pruned) {
        print::text(&format!(
            "what was before {at} is still counted with, and is not shown any more\n"
        ));
    }
    Exit::Fine
}

/// The last effects as rows, the latest first, and how many there are before them.
pub(super) fn latest(config: &Config, count: usize) -> Result<(Vec<Row>, usize), JournalError> {
    let lines = lines(&record::read(&config.state)?.unwrap_or_default());
    let rows = lines.iter().rev().take(count).map(row).collect();
    Ok((rows, lines.len().saturating_sub(count)))
}

/// One line an effect: a beginning is shown only where no end is known.
fn lines(entries: &[Entry]) -> Vec<Line> {
    let ended = ended(entries);
    let shown = entries.iter().filter(|entry| !ended.contains(&entry.seq));
    shown.map(line).collect()
}

/// The beginnings that have an end.
fn ended(entries: &[Entry]) -> BTreeSet<i64> {
    let mut open: BTreeMap<&Action, i64> = BTreeMap::new();
    let mut ended = BTreeSet::new();
    for entry in entries {
        match &entry.record {
            Record::Began { action, .. } => {
                open.insert(action, entry.seq);
            }
            // Neither leave to send an older leaf nor somebody else's job ends anything.
            Record::Learned { fact: Fact::AllowedOlder | Fact::NotOurs { .. }, .. } => {}
            Record::Done { action, .. }
            | Record::Failed { action, .. }
            | Record::Learned { action, .. } => ended.extend(open.remove(action)),
            _ => {}
        }
    }
    ended
}

fn line(entry: &Entry) -> Line {
    let of = |subject: &Subject, action: &Action, end: End| {
        (subject.name().clone(), subject.table(), action.describe(subject), end)
    };
    let asked = |name: &Name, step: &str| {
        (name.clone(), "entry", step.to_owned(), End { outcome: "asked", ..End::default() })
    };
    let (name, table, step, end) = match &entry.record {
        Record::Began { subject, action } => {
            of(subject, action, End { outcome: "begun", ..End::default() })
        }
        Record::Done { subject, action, id } => of(subject, action, with_id("done", id)),
        Record::Failed { subject, action, failure } => of(subject, action, failed(failure)),
        Record::Learned { subject, action, fact: Fact::AllowedOlder } => {
            let step = format!("allow the older leaf: {}", action.describe(subject));
            let end = End { outcome: "asked", ..End::default() };
            (subject.name().clone(), subject.table(), step, end)
        }
        Record::Learned { subject, action, fact: fact @ Fact::NotOurs { .. } } => {
            let step = format!("before: {}", action.describe(subject));
            (subject.name().clone(), subject.table(), step, learned(fact))
        }
        Record::Learned { subject, action, fact } => of(subject, action, learned(fact)),
        Record::Saw { subject, spot, sight } => {
            let end = End { outcome: "looked", ..End::default() };
            (subject.name().clone(), subject.table(), looked(spot, sight), end)
        }
        Record::Authorities { subject, published, former } => {
            let end = End { outcome: "looked", ..End::default() };
            (subject.name().clone(), subject.table(), stood(published, former), end)
        }
        Record::AskedRetry { name } => asked(name, "try again"),
        Record::AskedOlder { name } => asked(name, "allow an older leaf"),
        Record::AskedPause { name, until, by } => {
            asked(name, &format!("pause until {until}, by {by}"))
        }
        Record::AskedResume { name, by } => asked(name, &format!("end the pause, by {by}")),
        Record::Refused { refusal } => {
            let error = Some(format!("refused {} times", refusal.count));
            let end = End { outcome: "refused", error, ..End::default() };
            (refusal.cloud.clone(), "cloud", format!("use credential {}", refusal.identity), end)
        }
    };
    Line { moment: entry.at, at: entry.at.to_string(), name, table, step, end }
}

/// What a look showed: `probe www.example.com:443: stale 1a2b3c4d5e6f`.
fn looked(spot: &Spot, sight: &Sight) -> String {
    let leaf = sight.leaf.map(|leaf| leaf.sha256.short());
    let words = match (spot, sight.verdict, leaf) {
        (Spot::Greeting { .. } | Spot::Instance { .. }, verdict @ Verdict::Unreachable, _) => {
            match &sight.id {
                Some(why) => format!("{verdict}: {why}"),
                None => verdict.to_string(),
            }
        }
        (Spot::Greeting { .. }, verdict, _) => match &sight.id {
            Some(state) => format!("SSL is {state}"),
            None => verdict.to_string(),
        },
        (Spot::Instance { .. }, Verdict::Served, Some(leaf)) => {
            format!("presents {leaf}, verified by the published CA alone")
        }
        (Spot::Instance { .. }, Verdict::Wrong, Some(leaf)) => {
            format!("presents {leaf}, not verified by the published CA alone")
        }
        (Spot::Instance { .. }, Verdict::Wrong, None) => "presents no certificate".to_owned(),
        (Spot::Instance { .. }, verdict, _)
        | (Spot::Probe { .. }, verdict @ Verdict::Unreachable, _) => verdict.to_string(),
        (Spot::Probe { .. }, verdict, Some(leaf)) => format!("{verdict} {leaf}"),
        (Spot::Probe { .. }, verdict, None) => format!("{verdict}, no certificate"),
        (Spot::Site(_), Verdict::Wrong, Some(leaf)) => format!("bound to {leaf} by others"),
        (Spot::Site(_), Verdict::Wrong, None) => "unbound by others".to_owned(),
        (Spot::Site(_), _, Some(leaf)) => format!("bound to {leaf}"),
        (Spot::Site(_), _, None) => "bound to none of this rotation".to_owned(),
    };
    format!("{spot}: {words}")
}

/// The CAs of an instance: `published 1a2b3c4d5e6f, beside it in the file 6f5e4d3c2b1a`.
fn stood(published: &[Sha256], former: &[Sha256]) -> String {
    let words = |all: &[Sha256]| all.iter().map(Sha256::short).collect::<Vec<_>>().join(" ");
    match former {
        [] => format!("published {}", words(published)),
        _ => format!("published {}, beside it in the file {}", words(published), words(former)),
    }
}

fn with_id(outcome: &'static str, id: &Option<String>) -> End {
    End { outcome, id: id.clone(), ..End::default() }
}

fn failed(failure: &Failure) -> End {
    End {
        outcome: if failure.kind == Kind::Lost { "lost" } else { "failed" },
        id: None,
        error_code: failure.code.clone(),
        request_id: failure.request_id.clone(),
        error: Some(failure.to_string()),
    }
}

fn learned(fact: &Fact) -> End {
    match fact {
        Fact::Seen { id } => with_id("seen", id),
        Fact::Done { id } => with_id("done", id),
        Fact::Gone => End { outcome: "gone", ..End::default() },
        Fact::JobFailed { reason } => {
            End { outcome: "failed", error: Some(reason.clone()), ..End::default() }
        }
        Fact::RolledBack { former } => {
            let former = former.leaf.map(|leaf| leaf.sha256.short()).unwrap_or_default();
            let error = format!("handshakes returned neither it nor {former}, which goes back");
            End { outcome: "rolled back", error: Some(error), ..End::default() }
        }
        Fact::AllowedOlder => End { outcome: "asked", ..End::default() },
        Fact::NotOurs { jobs } => {
            End { outcome: "seen", id: Some(jobs.join(", ")), ..End::default() }
        }
    }
}

fn row(line: &Line) -> Row {
    let end = &line.end;
    let words = match (end.outcome, &end.id, &end.error) {
        ("done", Some(id), _) => id.clone(),
        ("seen", Some(id), _) => format!("seen as {id}"),
        ("begun", ..) => "begun, no end is known".to_owned(),
        ("lost", _, Some(error)) => format!("answer lost: {error}"),
        ("refused", _, Some(error)) => error.clone(),
        (outcome, _, Some(error)) => format!("{outcome}: {error}"),
        (outcome, _, None) => outcome.to_owned(),
    };
    let tone = match end.outcome {
        "failed" | "lost" | "refused" | "rolled back" => Tone::Bad,
        "begun" | "gone" => Tone::Near,
        _ => Tone::Plain,
    };
    let whose = format!("{} {}", line.table, line.name);
    let [at, whose, step] = [line.at.clone(), whose, line.step.clone()].map(Cell::from);
    Row { cells: vec![at, whose, step, Cell::new(words, tone)], notes: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::digest::Sha256;
    use crate::model::place::Place;
    use crate::model::target::Target;
    use crate::plan::sight::Seen;

    fn entries(records: Vec<Record>) -> Vec<Entry> {
        let entry = |(record, seq)| Entry { seq, at: Time::from_secs(seq), record };
        records.into_iter().zip(1..).map(entry).collect()
    }

    #[test]
    fn a_beginning_is_folded_into_its_end_and_stays_where_there_is_none() {
        let name = Name::new("orders").unwrap();
        let subject = Subject::Ca(name.clone());
        let action = Action::InstallCa {
            name: name.clone(),
            sha256: Sha256::of(b"ca"),
            authorities: Box::default(),
        };
        let began = || Record::Began { subject: subject.clone(), action: action.clone() };
        let done = Record::Done { subject: subject.clone(), action: action.clone(), id: None };
        let lost = Record::Failed {
            subject: subject.clone(),
            action: action.clone(),
            failure: Failure::local(Kind::Lost, "install", "no answer"),
        };
        let asked = Record::AskedRetry { name };
        let records = vec![began(), lost, asked, began(), began(), done, began()];
        let shown = lines(&entries(records));
        let outcomes: Vec<_> = shown.iter().map(|line| (&*line.at, line.end.outcome)).collect();
        let at = |secs| Time::from_secs(secs).to_string();
        let expected = [(2, "lost"), (3, "asked"), (4, "begun"), (6, "done"), (7, "begun")]
            .map(|it| (at(it.0), it.1));
        assert!(outcomes.iter().copied().eq(expected.iter().map(|it| (&*it.0, it.1))), "{shown:?}");
        assert_eq!(shown[0].end.error.as_deref(), Some("install: no answer"));
    }

    #[test]
    fn a_line_is_shown_from_the_first_moment_to_before_the_last() {
        let name = Name::new("www").unwrap();
        let asked = || Record::AskedRetry { name: name.clone() };
        let all = lines(&entries(vec![asked(), asked(), asked()]));
        let shown = |since: Option<i64>, until: Option<i64>| {
            let (since, until) = (since.map(Time::from_secs), until.map(Time::from_secs));
            let wanted = Wanted { only: Some(&name), since, until };
            all.iter()
                .filter(|line| wanted.takes(line))
                .map(|line| line.moment.secs())
                .collect::<Vec<_>>()
        };
        assert_eq!(shown(None, None), [1, 2, 3]);
        assert_eq!(shown(Some(2), None), [2, 3]);
        assert_eq!(shown(None, Some(2)), [1]);
        assert_eq!(shown(Some(2), Some(3)), [2]);
        let other = Name::new("api").unwrap();
        let wanted = Wanted { only: Some(&other), since: None, until: None };
        assert!(!all.iter().any(|line| wanted.takes(line)));
    }

    #[test]
    fn a_look_is_told_with_the_leaf_that_it_found() {
        let leaf = Seen { sha256: Sha256::of(b"leaf"), issued: None, ends: None };
        let (target, project) = (Target::Elb, "cn-north-4".to_owned());
        let probe = Spot::Probe { target, project: project.clone(), probe: "a.b:443".to_owned() };
        let site = Spot::Site(Place { target, project, site: "0a1b".to_owned() });
        let sight = |verdict, leaf| Sight { verdict, leaf, id: None, neither: false };
        let short = leaf.sha256.short();
        for (spot, verdict, leaf, said) in [
            (&probe, Verdict::Served, Some(leaf), format!("probe a.b:443: served {short}")),
            (&probe, Verdict::Stale, Some(leaf), format!("probe a.b:443: stale {short}")),
            (&probe, Verdict::Wrong, None, "probe a.b:443: wrong, no certificate".to_owned()),
            (&probe, Verdict::Unreachable, None, "probe a.b:443: unreachable".to_owned()),
            (
                &site,
                Verdict::Pending,
                Some(leaf),
                format!("listener 0a1b of ELB in cn-north-4: bound to {short}"),
            ),
            (
                &site,
                Verdict::Wrong,
                Some(leaf),
                format!("listener 0a1b of ELB in cn-north-4: bound to {short} by others"),
            ),
        ] {
            assert_eq!(looked(spot, &sight(verdict, leaf)), said);
        }
    }
}
