//! What stands just now: what the cycle shows of its entries, and what is wrong with the patterns.

use std::collections::btree_map::Entry as Place;

use super::judge::{Key, Standing, View};
use crate::config::{Config, FaultKind};
use crate::cycle::matter::{Matter, plain};
use crate::cycle::picture::Picture;
use crate::model::news::News;

/// The table of patterns.
const PATTERNS: &str = "discover";
/// The table of files that somebody else renews.
const WATCHED: &str = "watch_file";

/// What is wrong with what the patterns find, by what it is told under.
pub type Faults = Vec<(Key, Standing)>;

/// Everything that wants a person.
pub fn view(picture: &Picture, faults: &Faults) -> View {
    let mut view = View { at_rest: picture.at_rest, ..View::default() };
    for (subject, entry) in &picture.entries {
        let looked = entry.looked;
        view.entry(subject.table(), subject.name().as_str(), looked, &entry.matters);
    }
    for (name, watched) in &picture.watched {
        view.entry(WATCHED, name.as_str(), watched.files > 0, &watched.matters);
    }
    for (key, standing) in faults {
        view.add(key.clone(), standing.clone());
    }
    view
}

/// What is wrong with the patterns of this configuration.
pub fn faults(config: &Config) -> Faults {
    let fault = |it: &crate::config::Fault| {
        let reason = match it.kind {
            FaultKind::Empty => "empty",
            FaultKind::Unread => "unread",
            FaultKind::Unfit => "unfit",
        };
        let key = Key {
            table: PATTERNS.to_owned(),
            name: plain(&it.pattern),
            kind: News::Failed,
            at: Some(reason.to_owned()),
        };
        let words = plain(&it.sentence);
        let reason = reason.to_owned();
        (key, Standing { reason, service: None, words, not_after: None })
    };
    config.faults().map(fault).collect()
}

impl View {
    /// What wants a person of one entry.
    fn entry(&mut self, table: &str, name: &str, looked: bool, matters: &[Matter]) {
        if !looked {
            self.unseen.insert((table.to_owned(), name.to_owned()));
        }
        for Matter { kind, reason, at, service, words, not_after, stands: _ } in matters {
            let key =
                Key { table: table.to_owned(), name: name.to_owned(), kind: *kind, at: at.clone() };
            let standing = Standing {
                reason: (*reason).to_owned(),
                service: service.map(str::to_owned),
                words: words.clone(),
                not_after: *not_after,
            };
            self.add(key, standing);
        }
    }

    /// One thing is told under each key. Of several it is the same one each time, whatever their order.
    fn add(&mut self, key: Key, standing: Standing) {
        match self.standing.entry(key) {
            Place::Vacant(place) => drop(place.insert(standing)),
            Place::Occupied(mut place) => {
                if standing.reason < place.get().reason {
                    place.insert(standing);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cycle::picture::Entry;
    use crate::model::names::{Name, Subject};

    fn matter(reason: &'static str) -> Matter {
        let (at, service, not_after, stands) = (None, None, None, None);
        let (kind, words) = (News::Failed, reason.to_owned());
        Matter { kind, reason, at, service, words, not_after, stands }
    }

    #[test]
    fn of_several_things_in_one_place_it_is_always_the_same_that_is_told() {
        let subject = Subject::Certificate(Name::new("www").unwrap());
        for matters in
            [[matter("refused"), matter("back_off")], [matter("back_off"), matter("refused")]]
        {
            let mut picture = Picture::default();
            let entry = Entry { looked: true, matters: matters.into(), ..Entry::default() };
            picture.entries.insert(subject.clone(), entry);
            let view = view(&picture, &Faults::new());
            let reasons: Vec<_> = view.standing.values().map(|it| it.reason.as_str()).collect();
            assert_eq!(reasons, ["back_off"]);
            assert!(view.unseen.is_empty() && !view.at_rest);
        }
    }

    #[test]
    fn an_entry_that_nobody_has_looked_at_is_not_known() {
        let mut picture = Picture::default();
        let subject = Subject::Ca(Name::new("orders").unwrap());
        picture.entries.insert(subject, Entry::default());
        let unseen = view(&picture, &Faults::new()).unseen;
        assert_eq!(
            unseen.into_iter().collect::<Vec<_>>(),
            [("instance_ca".into(), "orders".into())]
        );
    }
}
