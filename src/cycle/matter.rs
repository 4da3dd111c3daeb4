//! What wants a person, and what was done: as much of it as somebody is told who does not look.
//!
//! Nothing is judged here. What waits for a person is what the planner's reasons say of themselves, and the alarms are
//! those of the log.

use std::collections::{BTreeMap, VecDeque};

use super::report::Where;
use crate::model::failure::Failure;
use crate::model::names::Subject;
use crate::model::news::News;
use crate::model::time::Time;
use crate::plan::Step;
use crate::plan::hold::Hold;

/// Longest sentence, in characters: a message shall fit a screen.
const WORDS_CHARS_MAX: usize = 600;
/// Most changes that are remembered for those who have not been told yet. There may be thousands in a cycle,
/// which become one message with their count.
const CHANGES_MAX: usize = 256;

/// The alarms that stand, by their entries.
pub(super) type Alarms = BTreeMap<Subject, Vec<Matter>>;

/// Something of an entry that wants a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matter {
    /// What kind of news it is.
    pub kind: News,
    /// The reason in one word of snake case, which holds no data.
    pub reason: &'static str,
    /// Where it is, where an entry may have several of this kind: a place, a probe, an effect.
    pub at: Option<String>,
    /// The service, by its key, where one has to do with it.
    pub service: Option<&'static str>,
    /// The sentence. No path is in it, and no secret.
    pub words: String,
    /// When it ends, where it is about an end.
    pub not_after: Option<Time>,
    /// How long it stands; absent where whoever looks at files and journal alone finds it too.
    pub stands: Option<Stands>,
}

/// How long something stands that only a look at the cloud or an instance tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stands {
    /// Since when.
    pub since: Time,
    /// The last look that found it so.
    pub seen: Time,
}

impl Matter {
    /// What is held since this look, where that waits for a person.
    pub(super) fn of_hold(why: &Hold, seen: Time) -> Option<Self> {
        if !why.needs_person() {
            return None;
        }
        let Where { target, project, place, probe } = Where::of_hold(why);
        let at = place.or(probe).map(str::to_owned).or_else(|| effect(why));
        let at = at.or_else(|| Some(format!("{} {}", target?, project?)));
        let service = target.or_else(|| Some(failure(why)?.service?.key()));
        let words = match why {
            // The file may be that of a key.
            Hold::BadInput { finding, .. } => finding.to_string(),
            why => why.to_string(),
        };
        let (kind, words) = (kind(why), plain(&words));
        let stands = (!is_kept(why)).then_some(Stands { since: seen, seen });
        Some(Self { kind, reason: why.key(), at, service, words, not_after: None, stands })
    }

    /// An end that is near, or past. `what` of an entry ends, where that is not the certificate.
    pub(super) fn end(
        reason: &'static str,
        what: Option<String>,
        words: String,
        end: Time,
    ) -> Self {
        let (kind, words, not_after) = (News::Expiring, plain(&words), Some(end));
        Self { kind, reason, at: what, service: None, words, not_after, stands: None }
    }
}

/// Which kind of news it is that something waits for a person.
fn kind(why: &Hold) -> News {
    match why {
        Hold::Wrong { .. }
        | Hold::Stale { .. }
        | Hold::RolledBack { .. }
        | Hold::Foreign { .. }
        | Hold::Unproven { keeps: false, .. }
        | Hold::SwitchedBack { .. }
        | Hold::SwitchNotShown { .. } => News::Wrong,
        Hold::BackOff { .. }
        | Hold::Refused { .. }
        | Hold::DoubtStays { .. }
        | Hold::Unseen { .. }
        | Hold::Unreachable { .. }
        | Hold::Unproven { .. }
        | Hold::NeverListed { .. }
        | Hold::ExistsUnlisted { .. }
        | Hold::NotKept { .. }
        | Hold::JobUnknown { .. } => News::Failed,
        _ => News::Held,
    }
}

/// Whether the files and the journal say it by themselves, so that nobody need be told what a look once made of them:
/// they may be others by now.
fn is_kept(why: &Hold) -> bool {
    matches!(
        why,
        Hold::BadInput { .. }
            | Hold::Older { .. }
            | Hold::BackOff { .. }
            | Hold::Refused { .. }
            | Hold::DoubtStays { .. }
            | Hold::RolledBack { .. }
            | Hold::Foreign { .. }
            | Hold::Stale { .. }
            | Hold::Wrong { .. }
            | Hold::Unproven { .. }
            | Hold::Unreachable { switch: false, .. }
            | Hold::RestartNotAllowed { .. }
    )
}

/// The effect that was tried, where it is one.
fn effect(why: &Hold) -> Option<String> {
    match why {
        Hold::BackOff { what, .. } | Hold::Refused { what, .. } | Hold::DoubtStays { what, .. } => {
            Some(what.clone())
        }
        _ => None,
    }
}

fn failure(why: &Hold) -> Option<&Failure> {
    match why {
        Hold::BackOff { failure, .. }
        | Hold::Refused { failure, .. }
        | Hold::Unseen { failure }
        | Hold::CaRejected { failure }
        | Hold::Unreachable { failure, .. }
        | Hold::Unproven { failure, .. } => Some(failure),
        _ => None,
    }
}

/// Without the directories of this host, on one line and bounded: whoever gets a message need not know where keys lie.
pub fn plain(words: &str) -> String {
    let words: Vec<_> = words.split_whitespace().map(without_directory).collect();
    let whole = words.join(" ");
    match whole.char_indices().nth(WORDS_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &whole[..end]),
        None => whole,
    }
}

/// A word that begins with a path, after quotes and the like, keeps the last part of it.
fn without_directory(word: &str) -> String {
    let Some(start) = word.find('/').filter(|at| !word[..*at].contains(char::is_alphanumeric))
    else {
        return word.to_owned();
    };
    match word.rfind('/') {
        Some(last) if last > start || start + 1 < word.len() => {
            format!("{}…{}", &word[..start], &word[last..])
        }
        _ => word.to_owned(),
    }
}

/// A step that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// For whom.
    pub subject: Subject,
    /// The action's word.
    pub reason: &'static str,
    /// What was done, in words.
    pub words: String,
    /// When it had been.
    pub at: Time,
}

/// The last of the steps that were done, and how many there were.
#[derive(Debug, Default)]
pub struct Changes {
    last: VecDeque<Change>,
    count: u64,
}

impl Changes {
    /// One more.
    pub(super) fn add(&mut self, step: &Step, reason: &'static str, at: Time) {
        let subject = step.subject.clone();
        let words = plain(&format!("{}: {}", step.action.describe(&subject), step.because));
        if self.last.len() == CHANGES_MAX {
            self.last.pop_front();
        }
        self.last.push_back(Change { subject, reason, words, at });
        self.count += 1;
    }

    /// How many there were since the start.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Those after the first `count`, as far as they are remembered.
    pub fn after(&self, count: u64) -> impl Iterator<Item = &Change> {
        let new = usize::try_from(self.count.saturating_sub(count)).unwrap_or(usize::MAX);
        self.last.iter().skip(self.last.len().saturating_sub(new))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::cert::Finding;
    use crate::model::failure::Kind;
    use crate::model::place::Place;
    use crate::model::target::{Api, Target};

    const NOON: Time = Time::from_secs(1_763_812_800);

    #[test]
    fn what_wants_a_person_is_told_and_nothing_else() {
        let failure = |kind, service| Failure { service, ..Failure::local(kind, "import", "no") };
        let back_off = |attempt, kind| Hold::BackOff {
            what: "import www".to_owned(),
            attempt,
            failure: failure(kind, Some(Api::Scm)),
            until: Time::default(),
        };
        assert_eq!(Matter::of_hold(&Hold::InFlight, NOON), None);
        assert_eq!(Matter::of_hold(&back_off(1, Kind::Transient), NOON), None, "a hiccup is none");
        let matter = Matter::of_hold(&back_off(3, Kind::Transient), NOON).unwrap();
        assert_eq!((matter.kind, matter.reason), (News::Failed, "back_off"));
        assert_eq!((matter.at.as_deref(), matter.service), (Some("import www"), Some("scm")));
        let place =
            Place { target: Target::Elb, project: "p".to_owned(), site: "listener".to_owned() };
        let foreign = Hold::Foreign { place, found: "is another".to_owned() };
        let matter = Matter::of_hold(&foreign, NOON).unwrap();
        assert_eq!((matter.kind, matter.service), (News::Wrong, Some("elb")));
        assert_eq!(matter.at.as_deref(), Some("listener"));
    }

    #[test]
    fn only_what_a_look_alone_tells_is_left_to_those_who_read() {
        let failure = || Failure::local(Kind::Transient, "list certificates", "nobody answers");
        let probe = || "db:3306".to_owned();
        let unreachable = |switch| Hold::Unreachable { probe: probe(), switch, failure: failure() };
        let stands = Some(Stands { since: NOON, seen: NOON });
        for (why, expected) in [
            (Hold::Unseen { failure: failure() }, stands),
            (Hold::CaRejected { failure: failure() }, stands),
            (unreachable(true), stands),
            // The journal has what a probe returned last.
            (unreachable(false), None),
            (Hold::Unproven { probe: probe(), failure: failure(), keeps: true }, None),
            (Hold::BadInput { path: "/www.pem".into(), finding: Finding::Empty }, None),
            (Hold::Refused { what: "import www".to_owned(), failure: failure() }, None),
        ] {
            assert_eq!(Matter::of_hold(&why, NOON).unwrap().stands, expected, "{why}");
        }
    }

    #[test]
    fn no_directory_of_this_host_is_told() {
        let path = PathBuf::from("/etc/ssl/private dir/www.key");
        let held = Hold::BadInput { path, finding: Finding::Empty };
        let words = Matter::of_hold(&held, NOON).unwrap().words;
        assert!(!words.contains("private") && !words.contains("www.key"), "{words}");
        for (said, told) in [
            ("/etc/ssl/www.key: cannot be read", "…/www.key: cannot be read"),
            ("`/a/b` or (/c) and /", "`…/b` or (…/c) and /"),
            ("https://h/a 1/2 n/a", "https://h/a 1/2 n/a"),
            ("two\nlines", "two lines"),
        ] {
            assert_eq!(plain(said), told);
        }
        assert_eq!(plain(&"ä".repeat(1000)).chars().count(), WORDS_CHARS_MAX + 1);
    }
}
