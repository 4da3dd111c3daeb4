//! A journal that knows that everything was imported and pushed, as a run that lies some time back left it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use certrotd::cert::read_pair;
use certrotd::model::names::{Name, Subject};
use certrotd::model::target::Target;
use certrotd::model::time::Time;
use certrotd::plan::action::{Action, Fact, Import, ImportKey};
use certrotd::plan::memory::{Memory, Record};
use certrotd::record::Journal;
use chrono::Utc;
use clap::Args;
use serde_json::Value;

/// Lines that one transaction takes.
const LINES: usize = 10_000;

#[derive(Args)]
pub struct Settled {
    /// Where the journal will be
    state: PathBuf,
    /// Has a directory for each pair
    directory: PathBuf,
    /// What the simulated cloud's switch `certificates` said, or `imports` alone
    stored: PathBuf,
    /// What its switch `imports` said
    imports: PathBuf,
    /// Name of the account in the configuration
    #[arg(long, default_value = "sim")]
    cloud: String,
    /// Name of its project
    #[arg(long, default_value = "cn-north-4")]
    project: String,
    /// With pushes to the three services
    #[arg(long)]
    pushes: bool,
}

/// Writes a line for each step's begin, its end, and what was seen of it.
pub fn settle(settled: &Settled) {
    let mut journal = Journal::open(&settled.state).unwrap();
    let (mut memory, now) = (Memory::default(), Time::from(Utc::now()));
    let copies = copies(settled);
    let mut lines = Vec::new();
    for import in rows(&settled.imports) {
        lines.extend(entry(settled, &import, &copies));
        if lines.len() >= LINES {
            journal.append(now, &std::mem::take(&mut lines), &mut memory).unwrap();
        }
    }
    journal.append(now, &lines, &mut memory).unwrap();
}

fn rows(path: &PathBuf) -> Vec<Value> {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Leaf and target → the target's id.
fn copies(settled: &Settled) -> BTreeMap<(String, String), String> {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let rows = rows(&settled.stored).into_iter();
    rows.map(|row| ((text(&row, "sha256"), text(&row, "target")), text(&row, "id"))).collect()
}

fn entry(
    settled: &Settled,
    import: &Value,
    copies: &BTreeMap<(String, String), String>,
) -> Vec<Record> {
    let (name, _) = import["name"].as_str().unwrap().rsplit_once('-').unwrap();
    let pair = settled.directory.join(name);
    let read = |file: &str| fs::read(pair.join(file)).unwrap();
    let leaf = read_pair(&read("fullchain.pem"), &read("privkey.pem"), None).unwrap().leaf;
    let subject = Subject::Certificate(Name::new(name).unwrap());
    let key = ImportKey::from(Import {
        cloud: Name::new(&settled.cloud).unwrap(),
        enterprise_project: None,
        leaf: leaf.sha256,
        issued: leaf.not_before,
    });
    let scm_id = import["id"].as_str().unwrap().to_owned();
    let mut lines = done(&subject, Action::Import { key: key.clone() }, Some(scm_id.clone()));
    lines.push(seen(&subject, Action::Import { key: key.clone() }, scm_id.clone()));
    if !settled.pushes {
        return lines;
    }
    for target in [Target::Elb, Target::Waf, Target::Cdn] {
        let project = settled.project.clone();
        let push = Action::Push { key: key.clone(), scm_id: scm_id.clone(), target, project };
        lines.extend(done(&subject, push.clone(), None));
        let word = serde_json::to_value(target).unwrap();
        let of = (leaf.sha256.to_string(), word.as_str().unwrap().to_owned());
        lines.extend(copies.get(&of).map(|id| seen(&subject, push, id.clone())));
    }
    lines
}

fn done(subject: &Subject, action: Action, id: Option<String>) -> Vec<Record> {
    vec![
        Record::Began { subject: subject.clone(), action: action.clone() },
        Record::Done { subject: subject.clone(), action, id },
    ]
}

fn seen(subject: &Subject, action: Action, id: String) -> Record {
    Record::Learned { subject: subject.clone(), action, fact: Fact::Seen { id: Some(id) } }
}
