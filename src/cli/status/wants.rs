//! What no file and no journal tells: what the daemon, or an `apply`, could not see when it looked last.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::files::lock::Lock;
use crate::model::names::Subject;
use crate::plan::memory::Memory;
use crate::record::wants::{self, Want};

/// What still stands of it, by the entries.
#[derive(Debug)]
pub(super) struct Wants {
    of: BTreeMap<Subject, Vec<Want>>,
    /// Whether somebody is at work, who leaves it anew when it is another.
    at_work: bool,
}

impl Wants {
    /// What was left beside the journal of this configuration.
    pub(super) fn read(config: &Config, memory: &Memory) -> Self {
        let at_work = Lock::is_held(&config.state);
        Self { of: wants::standing(wants::left(&config.state), memory), at_work }
    }

    /// Whether somebody is at work, be it a daemon or an `apply`.
    pub(super) fn at_work(&self) -> bool {
        self.at_work
    }

    /// Why the entry cannot go on, where that stands.
    pub(super) fn sentence(&self, subject: &Subject) -> Option<String> {
        let words = |Want { words, since, seen, .. }: &Want| match self.at_work {
            true => format!("{words} (since {since})"),
            // Nobody has looked after that.
            false => format!("{words} (since {since}, as of {seen})"),
        };
        let mut wants: Vec<_> = self.of.get(subject)?.iter().map(words).collect();
        // What one cause hides at several places is said once.
        wants.dedup();
        Some(format!("cannot go on: {}", wants.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::names::Name;
    use crate::model::news::News;
    use crate::model::time::Time;

    fn orders() -> Subject {
        Subject::Ca(Name::new("orders").unwrap())
    }

    fn want(words: &str, seen: Time) -> Want {
        Want {
            subject: orders(),
            kind: News::Failed,
            reason: "unseen".to_owned(),
            at: None,
            words: words.to_owned(),
            since: Time::from_secs(10),
            seen,
        }
    }

    #[test]
    fn it_says_since_when_and_as_of_when_where_nobody_looks_any_more() {
        let left = vec![want("no", Time::from_secs(20)), want("nor", Time::from_secs(20))];
        let of = wants::standing(left, &Memory::default());
        let said = |at_work| Wants { of: of.clone(), at_work }.sentence(&orders()).unwrap();
        let since = "since 1970-01-01T00:00:10Z";
        assert_eq!(said(true), format!("cannot go on: no ({since}); nor ({since})"));
        let as_of = format!("{since}, as of 1970-01-01T00:00:20Z");
        assert_eq!(said(false), format!("cannot go on: no ({as_of}); nor ({as_of})"));
        let switch = Subject::Ssl(Name::new("orders").unwrap());
        assert_eq!(Wants { of, at_work: true }.sentence(&switch), None, "another entry");
    }
}
