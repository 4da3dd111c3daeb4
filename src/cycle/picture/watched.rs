//! What is shown of files that somebody else renews.

use std::time::Duration;

use super::super::matter::{Matter, plain};
use super::Picture;
use crate::config::WatchFile;
use crate::model::news::News;
use crate::model::time::Time;
use crate::observe::watched::{WatchedFile, WatchedSeen};

/// Files that somebody else renews. No path is among it: whoever reaches the socket may read this.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Whether the last look could read every file, and nothing in any of them ends soon.
    pub in_order: bool,
    /// The first end in all of them, as far as they could be read.
    pub first: Option<Time>,
    /// How long before that it is warned of.
    pub warn_before: Duration,
    /// How many files there are, those that cannot be read among them: none before the first look.
    pub files: usize,
    /// How many cannot be read.
    pub unread: usize,
    /// What wants a person.
    pub matters: Box<[Matter]>,
}

impl Picture {
    /// The configured entries of files that somebody else renews are these.
    pub(in crate::cycle) fn watch(&mut self, entries: &[WatchFile]) {
        let mut former = std::mem::take(&mut self.watched);
        let kept = |entry: &WatchFile| {
            let known = former.remove(&entry.name).unwrap_or_default();
            (entry.name.clone(), known)
        };
        self.watched = entries.iter().map(kept).collect();
    }

    /// Takes in what is in such files.
    pub(in crate::cycle) fn watched(&mut self, seen: Vec<WatchedSeen>, now: Time) {
        for seen in seen {
            let ends = seen.files.iter().filter_map(|file| Some(file.first.as_ref().ok()?.until));
            let watched = Watched {
                in_order: seen.is_in_order(now),
                first: ends.clone().min(),
                warn_before: seen.warn_before,
                files: seen.files.len(),
                unread: seen.files.len() - ends.count(),
                matters: seen.files.iter().filter_map(|file| matter(&seen, file, now)).collect(),
            };
            self.watched.insert(seen.name, watched);
        }
    }
}

/// What of a file wants a person.
fn matter(entry: &WatchedSeen, file: &WatchedFile, now: Time) -> Option<Matter> {
    let (kind, words, not_after) = match &file.first {
        Err(why) => (News::Failed, plain(why), None),
        Ok(first) if first.until <= now + entry.warn_before => {
            let (subject, until) = (&first.subject, first.until);
            let words = format!("{subject} ends on {until}: whoever renews that file has not");
            (News::Expiring, words, Some(until))
        }
        Ok(_) => return None,
    };
    let reason = entry.trouble(file, now)?;
    let name = file.path.file_name().unwrap_or(file.path.as_os_str());
    let at = Some(name.to_string_lossy().into_owned());
    Some(Matter { kind, reason, at, service: None, words, not_after, stands: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::digest::Sha256;
    use crate::model::names::Name;
    use crate::observe::watched::Ending;

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn what_ends_soon_and_what_cannot_be_read_wants_a_person_without_a_path() {
        let now = Time::from_secs(1_800_000_000);
        let file = |path: &str, first: Result<Time, &str>| {
            let (subject, sha256) = ("CN=mail".to_owned(), Sha256::of(b"leaf"));
            let ending = |until| Ending { subject, sha256, from: now, until, of: 1 };
            WatchedFile { path: path.into(), first: first.map(ending).map_err(str::to_owned) }
        };
        let files = vec![
            file("/secret/a.pem", Ok(now + DAY)),
            file("/secret/b.pem", Ok(now + DAY * 90)),
            file("/secret/c.pem", Err("/secret/c.pem has no PEM in it")),
        ];
        let name = Name::new("mail").unwrap();
        let mut picture = Picture::default();
        let seen = WatchedSeen { name: name.clone(), warn_before: DAY * 21, files };
        picture.watched(vec![seen], now);
        let watched = &picture.watched[&name];
        assert_eq!((watched.files, watched.unread, watched.in_order), (3, 1, false));
        let told = |it: &Matter| (it.kind, it.reason, it.at.clone().unwrap(), it.not_after);
        assert_eq!(
            watched.matters.iter().map(told).collect::<Vec<_>>(),
            [
                (News::Expiring, "expiring", "a.pem".to_owned(), Some(now + DAY)),
                (News::Failed, "unreadable", "c.pem".to_owned(), None)
            ]
        );
        assert!(watched.matters.iter().all(|it| !it.words.contains("secret")));
    }
}
