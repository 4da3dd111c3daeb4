//! What the log says of files that somebody else renews: an end that is near, and what cannot be read. Each at most
//! once a day, and anew when it comes back.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tracing::{error, warn};

use super::alarms::ALARM_EVERY;
use crate::model::names::Name;
use crate::model::time::Time;
use crate::observe::watched::{Ending, WatchedFile, WatchedSeen};

/// When each alarm was last told.
#[derive(Debug, Default)]
pub(super) struct Watched {
    told: BTreeMap<Key, Time>,
}

/// The entry, the file, and what about it.
type Key = (Name, PathBuf, &'static str);

impl Watched {
    /// Tells what these files ask for. All entries are among them: of others nothing is remembered.
    pub fn look(&mut self, seen: &[WatchedSeen], now: Time) {
        let mut told = BTreeMap::new();
        for entry in seen {
            for file in &entry.files {
                let Some(kind) = entry.trouble(file, now) else { continue };
                let key = (entry.name.clone(), file.path.clone(), kind);
                let before = self.told.get(&key).filter(|at| now.since(**at) < ALARM_EVERY);
                if before.is_none() {
                    say(&entry.name, file, now);
                }
                told.insert(key, before.copied().unwrap_or(now));
            }
        }
        self.told = told;
    }
}

fn say(name: &Name, file: &WatchedFile, now: Time) {
    let (path, file_name) = (file.path.display().to_string(), name.as_str());
    let Ending { subject, sha256, until, .. } = match &file.first {
        Ok(first) => first,
        Err(why) => {
            error!(
                event = "file.unreadable",
                file = file_name,
                path,
                error = why,
                "{name}: {path}: {why}"
            );
            return;
        }
    };
    let (days_left, fingerprint) = (until.days_after(now), sha256.to_string());
    if *until <= now {
        error!(
            event = "certificate.expired",
            file = file_name,
            path,
            fingerprint,
            days_left,
            "{name}: {subject} in {path} expired on {until}: whoever renews that file has not"
        );
    } else {
        warn!(
            event = "certificate.expiring",
            file = file_name,
            path,
            fingerprint,
            days_left,
            "{name}: {subject} in {path} ends on {until}, in {days_left} days: whoever renews that file has not yet"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::digest::Sha256;

    const DAY: Duration = Duration::from_secs(86_400);

    fn file(path: &str, first: Result<Time, &str>) -> WatchedFile {
        let ending = |until| Ending {
            subject: "CN=mail".to_owned(),
            sha256: Sha256::of(b"leaf"),
            from: Time::from_secs(0),
            until,
            of: 1,
        };
        WatchedFile { path: path.into(), first: first.map(ending).map_err(str::to_owned) }
    }

    fn seen(files: Vec<WatchedFile>) -> Vec<WatchedSeen> {
        vec![WatchedSeen { name: Name::new("mail").unwrap(), warn_before: DAY * 21, files }]
    }

    fn told(watched: &Watched) -> Vec<(&str, Time)> {
        watched.told.iter().map(|((_, _, kind), at)| (*kind, *at)).collect()
    }

    #[test]
    fn each_is_told_once_a_day_and_anew_when_it_comes_back() {
        let (mut watched, now) = (Watched::default(), Time::from_secs(1_000_000_000));
        let near = |now| seen(vec![file("/a", Ok(now + DAY * 21)), file("/b", Err("gone"))]);
        watched.look(&near(now), now);
        assert_eq!(told(&watched), [("expiring", now), ("unreadable", now)]);
        let (later, next) = (now + DAY / 2, now + DAY);
        watched.look(&near(now), later);
        assert_eq!(told(&watched), [("expiring", now), ("unreadable", now)], "not again");
        watched.look(&near(now), next);
        assert_eq!(told(&watched), [("expiring", next), ("unreadable", next)], "a day later");
        watched.look(&seen(vec![file("/a", Ok(now + DAY * 90)), file("/b", Ok(now))]), next);
        assert_eq!(told(&watched), [("expired", next)]);
        let back = next + DAY / 24;
        watched.look(&near(back), back);
        assert_eq!(told(&watched), [("expiring", back), ("unreadable", back)], "it was over");
    }
}
