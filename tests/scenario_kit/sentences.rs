//! The sentences that the planner can say: every action, reason and hold has one, and a variant
//! that is added does not compile before it has one here. Each must stand in some transcript.

use std::collections::BTreeSet;
use std::path::PathBuf;

use certrotd::cert::Finding;
use certrotd::model::digest::Sha256;
use certrotd::model::failure::{Failure, Kind};
use certrotd::model::names::{Name, Subject};
use certrotd::model::place::Place;
use certrotd::model::target::Target;
use certrotd::model::time::Time;
use certrotd::plan::action::{Action, Because, Import, ImportKey, Retired};
use certrotd::plan::hold::Hold;

/// Stands for whatever a sentence is filled in with.
const BLANK: &str = "§";
/// A number that stands in no sentence of its own.
const QUOTA: usize = 9_876_543_210;
/// A name, where a bare blank is none.
const NAME: &str = "sample-name";

/// Those that no settled run can show, and why.
const EXCEPTIONS: [(&str, &str); 1] = [(
    "InFlight",
    "a run that has ended has no step under way; the rule tables of the planner have it",
)];

/// An enum's variants: the name of each, by a match that knows them all, and a sample of each.
macro_rules! samples {
    ($list:ident, $of:ty: $($variant:ident $({ $($field:tt)* })?),+ $(,)?) => {
        fn $list() -> Vec<(&'static str, $of)> {
            type Of = $of;
            fn variant(value: &Of) -> &'static str {
                match value {
                    $(Of::$variant { .. } => stringify!($variant),)+
                }
            }
            let all = vec![$(Of::$variant $({ $($field)* })?),+];
            all.into_iter().map(|sample| (variant(&sample), sample)).collect()
        }
    };
}

samples!(actions, Action:
    Import { key: key() },
    Push { key: key(), scm_id: blank(), target: Target::Elb, project: blank() },
    Bind { key: key(), place: place().into(), id: blank(), instead_of: Vec::new() },
    Retire { key: key(), what: Retired::Import { scm_id: blank() } },
    InstallCa { name: name(), sha256: digest(), authorities: Box::default() },
    RunHook { name: name(), sha256: digest() },
    SwitchSsl { cloud: name(), instance_id: blank(), on: true },
);

samples!(reasons, Because:
    NotImported, ImportGone, NotPushed, CopyGone, NotBound, BoundBack, ForeignBound, RolledBack,
    Superseded, MakesRoom, NotFoundAfterDoubt, UnseenAfterDoubt, CaMissing,
    CaChanged, OverlapOver, CaExpired, FileExposed, HookDue, SwitchWanted,
);

samples!(holds, Hold:
    InFlight,
    Paused { until: moment(), by: blank(), due: None },
    SameLeaf { with: name() },
    BadInput { path: PathBuf::from(BLANK), finding: Finding::Unreadable { why: blank() } },
    Older { issued: moment(), imported: moment() },
    InDoubt { what: blank(), since: moment(), until: moment() },
    DoubtStays { what: blank(), since: moment(), because: blank() },
    BackOff { what: blank(), attempt: 1, failure: failure(), until: moment() },
    Refused { what: blank(), failure: failure() },
    Unseen { failure: failure() },
    CaRejected { failure: failure() },
    NotListedYet { target: Target::Elb, project: blank(), listed: false, since: moment() },
    NeverListed { target: Target::Elb, project: blank(), since: moment() },
    ExistsUnlisted { target: Target::Elb, project: blank() },
    Full { target: Target::Elb, project: blank(), quota: QUOTA },
    SamePlace { place: place(), with: name() },
    Foreign { place: place(), found: blank() },
    NewerBound { place: place(), issued: moment(), bound: moment() },
    Unbindable { place: place(), rule: blank() },
    NotBoundYet { place: place(), since: moment() },
    RolledBack { place: place(), rejected: digest(), former: digest() },
    NotServedYet { probe: blank(), found: blank(), until: moment() },
    Stale { probe: blank(), served: digest(), since: moment() },
    Wrong { probe: blank(), found: blank(), because: blank() },
    Unreachable { probe: blank(), switch: false, failure: failure() },
    Overlapping { authority: blank(), until: moment() },
    Unproven { probe: blank(), failure: failure(), keeps: true },
    NotKept { written: moment(), until: moment() },
    StillUsed { what: blank(), by: blank() },
    RestartNotAllowed { on: true },
    OutsideWindow { window: blank(), opens: moment() },
    SwitchedBack { on: true, probe: blank() },
    SwitchNotShown { on: true, probe: blank(), since: moment() },
    SwitchedByOthers { job_id: blank(), created: moment(), assumed: None },
    JobRunning { job_id: blank(), since: moment() },
    JobUnknown { job_id: blank(), since: moment() },
);

/// The sentences that no line of these transcripts has.
pub fn missing(transcripts: &str) -> Vec<String> {
    let subject = Subject::Certificate(name());
    let actions = actions().into_iter().map(|(name, it)| (name, it.describe(&subject)));
    let reasons = reasons().into_iter().map(|(name, it)| (name, format!("because {it}")));
    let holds = holds().into_iter().map(|(name, it)| (name, format!(": {it}")));
    let lines: BTreeSet<_> = transcripts.lines().filter(|line| line.starts_with(' ')).collect();
    let is_told = |sentence: &str| lines.iter().any(|line| has(line, &fixed_parts(sentence)));
    let excused = |name: &str| EXCEPTIONS.iter().any(|(known, _)| *known == name);
    let all = actions.chain(reasons).chain(holds);
    all.filter(|(name, sentence)| !excused(name) && !is_told(sentence))
        .map(|(name, sentence)| format!("{name}: {sentence}"))
        .collect()
}

/// What of a sentence is the same however it is filled in.
fn fixed_parts(sentence: &str) -> Vec<String> {
    let (digest, moment, quota) = (digest().short(), moment().to_string(), QUOTA.to_string());
    let fills = [NAME, digest.as_str(), moment.as_str(), quota.as_str()];
    let bare = fills.iter().fold(sentence.to_owned(), |text, fill| text.replace(fill, BLANK));
    bare.split(BLANK).map(str::to_owned).collect()
}

/// Whether the line has these parts in this order, the last one at its end.
fn has(line: &str, parts: &[String]) -> bool {
    let mut rest = line;
    for part in parts {
        let Some(at) = rest.find(part.as_str()) else { return false };
        rest = &rest[at + part.len()..];
    }
    parts.last().is_none_or(|last| line.ends_with(last.as_str()))
}

fn key() -> ImportKey {
    ImportKey::from(Import {
        cloud: name(),
        enterprise_project: None,
        leaf: digest(),
        issued: moment(),
    })
}

fn place() -> Place {
    Place { target: Target::Elb, project: blank(), site: blank() }
}

fn name() -> Name {
    Name::new(NAME).unwrap()
}

fn blank() -> String {
    BLANK.to_owned()
}

fn digest() -> Sha256 {
    Sha256::of(BLANK.as_bytes())
}

fn moment() -> Time {
    Time::from_secs(0)
}

fn failure() -> Failure {
    Failure::local(Kind::Transient, BLANK, BLANK)
}
