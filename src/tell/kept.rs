//! What was told, from one process to the next: a small file in the state directory. One that is lost or damaged costs a
//! second message, and stops nothing.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::judge::{Key, Told};
use crate::files;
use crate::model::names::Name;

/// The file in the state directory.
const FILE: &str = "told";
/// Nobody else's concern.
const MODE: u32 = 0o600;
/// The number of its format.
const VERSION: u32 = 1;
/// Most bytes that are read: a hundred thousand entries for several who are told.
const BYTES_MAX: u64 = 128 << 20;

/// What everybody was told.
type Everything = BTreeMap<Name, BTreeMap<Key, Told>>;

/// The file, and what is in it.
#[derive(Debug)]
pub struct Kept {
    path: PathBuf,
    told: Mutex<Everything>,
}

/// The file as it is written. JSON has no maps by keys such as ours.
#[derive(Serialize, Deserialize)]
struct Written {
    version: u32,
    told: BTreeMap<Name, Vec<Line>>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    key: Key,
    #[serde(flatten)]
    told: Told,
}

impl Kept {
    /// What another process has left in this state directory. A file that cannot be read is as good as none, and a
    /// warning.
    pub fn open(state: &Path) -> Self {
        let path = state.join(FILE);
        let told = read(&path).unwrap_or_else(|error| {
            tracing::warn!(event = "message.forgotten", error = %error, "what was told before is not known, so that it may be told again: {}: {error}", path.display());
            Everything::new()
        });
        Self { path, told: Mutex::new(told) }
    }

    /// What this one was told.
    pub fn of(&self, name: &Name) -> BTreeMap<Key, Told> {
        self.told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
            .unwrap_or_default()
    }

    /// Forgets whoever is not among these.
    pub fn retain(&self, names: &[&Name]) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|name, _| names.contains(&name));
    }

    /// This one was told this and no more. Kept at once where it is another than before.
    pub fn put(&self, name: &Name, told: &BTreeMap<Key, Told>) {
        let mut all = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(name).map_or(told.is_empty(), |known| known == told) {
            return;
        }
        all.insert(name.clone(), told.clone());
        if let Err(error) = write(&self.path, &all) {
            tracing::warn!(event = "message.forgotten", error = %error, "what was told cannot be kept, so that the next start may tell it again: {}: {error}", self.path.display());
        }
    }
}

fn read(path: &Path) -> io::Result<Everything> {
    let bytes = match files::read::bounded(path, BYTES_MAX) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Everything::new()),
        read => read?,
    };
    let written: Written = serde_json::from_slice(&bytes).map_err(io::Error::from)?;
    if written.version != VERSION {
        let why = format!("has format {}, expected {VERSION}", written.version);
        return Err(io::Error::new(ErrorKind::InvalidData, why));
    }
    let map = |lines: Vec<Line>| lines.into_iter().map(|line| (line.key, line.told)).collect();
    Ok(written.told.into_iter().map(|(name, lines)| (name, map(lines))).collect())
}

fn write(path: &Path, told: &Everything) -> io::Result<()> {
    let lines = |told: &BTreeMap<Key, Told>| {
        let line = |(key, told): (&Key, &Told)| Line { key: key.clone(), told: told.clone() };
        told.iter().map(line).collect()
    };
    let told = told.iter().map(|(name, told)| (name.clone(), lines(told))).collect();
    let bytes = serde_json::to_vec(&Written { version: VERSION, told }).map_err(io::Error::from)?;
    files::atomic::put(path, &bytes, MODE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::news::News;
    use crate::model::time::Time;
    use crate::scratch::Scratch;

    fn told() -> BTreeMap<Key, Told> {
        let key = |at: Option<&str>| Key {
            table: "certificate".to_owned(),
            name: "www".to_owned(),
            kind: News::Wrong,
            at: at.map(str::to_owned),
        };
        let told = Told {
            reason: "stale".to_owned(),
            service: None,
            first_seen: Time::from_secs(1),
            last: Time::from_secs(2),
            count: 3,
        };
        BTreeMap::from([(key(None), told.clone()), (key(Some("a.b:443")), told)])
    }

    #[test]
    fn the_next_process_knows_what_was_told() {
        let scratch = Scratch::new();
        let [ops, chat] = ["ops", "chat"].map(|name| Name::new(name).unwrap());
        Kept::open(&scratch).put(&ops, &told());
        let kept = Kept::open(&scratch);
        assert_eq!((kept.of(&ops), kept.of(&chat)), (told(), BTreeMap::new()));
        kept.retain(&[&chat]);
        kept.put(&chat, &told());
        let kept = Kept::open(&scratch);
        assert_eq!((kept.of(&ops), kept.of(&chat)), (BTreeMap::new(), told()));
    }

    #[test]
    fn a_damaged_file_is_as_good_as_none() {
        let scratch = Scratch::new();
        let ops = Name::new("ops").unwrap();
        Kept::open(&scratch).put(&ops, &told());
        let sound = std::fs::read(scratch.join(FILE)).unwrap();
        let newer = String::from_utf8(sound.clone()).unwrap().replacen("1", "2", 1).into_bytes();
        for bytes in [&b""[..], b"{", &sound[..sound.len() / 2], &newer] {
            std::fs::write(scratch.join(FILE), bytes).unwrap();
            let kept = Kept::open(&scratch);
            assert!(kept.of(&ops).is_empty());
            kept.put(&ops, &told());
            assert_eq!(Kept::open(&scratch).of(&ops), told());
        }
    }
}
