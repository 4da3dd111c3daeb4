//! What is to be told now: pure arithmetic over what stands, what was told and the present moment.
//!
//! There is no queue of what happened. What stands is looked at again and again, so that what could not be told is told
//! later while it lasts, and what is over by then was never news to anybody.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::news::News;
use crate::model::time::Time;

/// What something is told under. Of what stands under one key, one thing is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// The entry's table in the configuration.
    pub table: String,
    /// The entry's name; of a pattern, the pattern.
    pub name: String,
    /// What kind of news it is.
    pub kind: News,
    /// Where it is, where an entry may have several of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// Something that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The reason in one word.
    pub reason: String,
    /// The service, where one has to do with it.
    pub service: Option<String>,
    /// The sentence.
    pub words: String,
    /// When it ends, where it is about an end.
    pub not_after: Option<Time>,
}

/// What was told of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// For which reason.
    pub reason: String,
    /// The service, where one had to do with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Since when it stands.
    pub first_seen: Time,
    /// When it was told last.
    pub last: Time,
    /// How often it was.
    pub count: u32,
}

/// Everything that stands just now.
#[derive(Debug, Default)]
pub struct View {
    /// What wants a person.
    pub standing: BTreeMap<Key, Standing>,
    /// Entries that nobody has looked at yet: what stands there is not known.
    pub unseen: BTreeSet<(String, String)>,
    /// Whether nothing is under way, so that what is not there is over.
    pub at_rest: bool,
}

/// What somebody wants to be told, and how often.
pub struct Rules<'a> {
    /// Of what.
    pub on: &'a BTreeSet<News>,
    /// Whether of an entry of this name.
    pub minds: &'a dyn Fn(&str) -> bool,
    /// How often again.
    pub remind: Option<Duration>,
    /// How long something stands, or is over, before that is told.
    pub settle: Duration,
}

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Of what.
    pub key: Key,
    /// What stands, or stood.
    pub standing: Standing,
    /// Since when.
    pub first_seen: Time,
    /// How often it has been told with this time.
    pub count: u32,
    /// Whether it is over.
    pub over: bool,
}

/// What is to be told now, and when there may be more to tell without anything having changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// What to tell.
    pub items: Vec<Item>,
    /// When to look again at the latest.
    pub next: Option<Time>,
}

/// What one of those who are told knows.
#[derive(Debug, Default)]
pub struct Ledger {
    /// What was told and is not known to be over.
    pub told: BTreeMap<Key, Told>,
    /// Since when something stands for this reason that was not told yet.
    young: BTreeMap<Key, (String, Time)>,
    /// Since when something that was told is over.
    gone: BTreeMap<Key, Time>,
}

impl Ledger {
    /// With what was told before this process.
    pub fn new(told: BTreeMap<Key, Told>) -> Self {
        Self { told, ..Self::default() }
    }

    /// What is to be told now.
    pub fn judge(&mut self, view: &View, rules: &Rules<'_>, now: Time) -> Round {
        let mut round = Round::default();
        let wanted = |key: &Key| rules.on.contains(&key.kind) && (rules.minds)(&key.name);
        for (key, standing) in view.standing.iter().filter(|(key, _)| wanted(key)) {
            self.gone.remove(key);
            round.add(self.standing(key, standing, rules, now));
        }
        self.young.retain(|key, _| view.standing.contains_key(key));
        if view.at_rest {
            // What nobody wants to be told any more is not told to be over either.
            self.told.retain(|key, _| wanted(key));
            let over: Vec<_> = self.told.keys().filter(|key| view.is_over(key)).cloned().collect();
            for key in over {
                round.add(self.over(&key, rules, now));
            }
        }
        self.gone.retain(|key, _| self.told.contains_key(key));
        round
    }

    /// Takes in that this was told.
    pub fn learn(&mut self, item: &Item, now: Time) {
        self.young.remove(&item.key);
        if item.over {
            self.told.remove(&item.key);
            return;
        }
        let Standing { reason, service, .. } = item.standing.clone();
        let (first_seen, count) = (item.first_seen, item.count);
        self.told.insert(item.key.clone(), Told { reason, service, first_seen, last: now, count });
    }

    fn standing(&mut self, key: &Key, standing: &Standing, rules: &Rules<'_>, now: Time) -> Next {
        let item = |first_seen, count| Item {
            key: key.clone(),
            standing: standing.clone(),
            first_seen,
            count,
            over: false,
        };
        if let Some(told) = self.told.get(key).filter(|told| told.reason == standing.reason) {
            self.young.remove(key);
            return match rules.remind {
                None => Next::Nothing,
                Some(remind) if told.last + remind <= now => {
                    Next::Tell(item(told.first_seen, told.count.saturating_add(1)))
                }
                Some(remind) => Next::At(told.last + remind),
            };
        }
        let young = self.young.entry(key.clone()).or_insert_with(|| (standing.reason.clone(), now));
        if young.0 != standing.reason {
            *young = (standing.reason.clone(), now);
        }
        let first_seen = young.1;
        if first_seen + rules.settle <= now {
            Next::Tell(item(first_seen, 1))
        } else {
            Next::At(first_seen + rules.settle)
        }
    }

    fn over(&mut self, key: &Key, rules: &Rules<'_>, now: Time) -> Next {
        let since = *self.gone.entry(key.clone()).or_insert(now);
        if since + rules.settle > now {
            return Next::At(since + rules.settle);
        }
        let Some(told) = self.told.get(key) else { return Next::Nothing };
        if !rules.on.contains(&News::Recovered) {
            self.told.remove(key);
            return Next::Nothing;
        }
        let (reason, service) = (told.reason.clone(), told.service.clone());
        let standing = Standing { reason, service, words: String::new(), not_after: None };
        let (first_seen, count) = (told.first_seen, told.count.saturating_add(1));
        Next::Tell(Item { key: key.clone(), standing, first_seen, count, over: true })
    }
}

impl View {
    fn is_over(&self, key: &Key) -> bool {
        let entry = (key.table.clone(), key.name.clone());
        !self.standing.contains_key(key) && !self.unseen.contains(&entry)
    }
}

enum Next {
    Nothing,
    Tell(Item),
    At(Time),
}

impl Round {
    fn add(&mut self, next: Next) {
        match next {
            Next::Nothing => {}
            Next::Tell(item) => self.items.push(item),
            Next::At(at) => self.next = Some(self.next.map_or(at, |next| next.min(at))),
        }
    }
}

#[cfg(test)]
mod tests;
