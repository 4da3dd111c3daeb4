//! Certificate files of this host that somebody else renews: when the first certificate in each ends. Nothing of
//! them is sent anywhere.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::cert::{LeafFacts, PEM_FILE_BYTES_MAX, every_certificate};
use crate::config::WatchFile;
use crate::files;
use crate::files::find::Found;
use crate::model::digest::Sha256;
use crate::model::names::Name;
use crate::model::time::Time;

/// Most files of one entry: each is a row, a series and, once a day, a line of the log.
const FILES_MAX: usize = 1_000;
/// How long all files of all entries may take. A disk that does not answer is a fault of each entry.
const READ_WITHIN: Duration = Duration::from_secs(20);

/// What is said of such a disk.
const SILENT: &str = "the disk does not answer";
/// One reading at a time.
static READING: Semaphore = Semaphore::const_new(1);

/// What one entry's files hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedSeen {
    /// The entry.
    pub name: Name,
    /// How long before its end a certificate is warned of.
    pub warn_before: Duration,
    /// Each file, and each place where one should be and none could be read: never empty.
    pub files: Vec<WatchedFile>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedFile {
    /// Where it lies; for what is wrong with the pattern as a whole the pattern itself.
    pub path: PathBuf,
    /// The certificate in it that ends first, or why there is none to be told.
    pub first: Result<Ending, String>,
}

/// The certificate of a file that ends first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Its subject.
    pub subject: String,
    /// Of its DER.
    pub sha256: Sha256,
    /// From when it is valid.
    pub from: Time,
    /// Until when.
    pub until: Time,
    /// How many certificates the file has.
    pub of: usize,
}

impl WatchedSeen {
    /// Whether every file could be read and nothing in any of them ends soon.
    pub fn is_in_order(&self, now: Time) -> bool {
        self.files.iter().all(|file| self.trouble(file, now).is_none())
    }

    /// What wants a person in one of these files, in one word.
    pub fn trouble(&self, file: &WatchedFile, now: Time) -> Option<&'static str> {
        match &file.first {
            Err(_) => Some("unreadable"),
            Ok(first) if first.until <= now => Some("expired"),
            Ok(first) if first.until <= now + self.warn_before => Some("expiring"),
            Ok(_) => None,
        }
    }
}

/// Reads all files of these entries, which come in their order.
pub async fn look(entries: Vec<WatchFile>) -> Vec<WatchedSeen> {
    if entries.is_empty() {
        return Vec::new();
    }
    // One that was cut off may end yet. While it does not, another would only hang beside it.
    let Ok(place) = READING.try_acquire() else { return failed(&entries, SILENT) };
    let late = entries.clone();
    let reading = spawn_blocking(move || {
        let seen = entries.iter().map(one).collect();
        drop(place);
        seen
    });
    match timeout(READ_WITHIN, reading).await {
        Ok(Ok(seen)) => seen,
        Ok(Err(_)) => failed(&late, "reading it failed inside certrotd"),
        Err(_) => failed(&late, SILENT),
    }
}

fn failed(entries: &[WatchFile], why: &str) -> Vec<WatchedSeen> {
    entries.iter().map(|entry| seen(entry, vec![fault(Path::new(&entry.path), why)])).collect()
}

fn one(entry: &WatchFile) -> WatchedSeen {
    let pattern = Path::new(&entry.path);
    let Found { files, unread, .. } = entry.glob.find();
    let (count, none) = (files.len(), files.is_empty() && unread.is_empty());
    let mut shown: Vec<_> = files.into_iter().take(FILES_MAX).map(read).collect();
    shown.extend(unread.into_iter().map(|it| fault(&it.path, &it.why)));
    if none {
        shown.push(fault(pattern, "there is no such file"));
    }
    if count > FILES_MAX {
        let words = format!("matches {count} files, of which the first {FILES_MAX} are looked at");
        shown.push(fault(pattern, &words));
    }
    seen(entry, shown)
}

fn seen(entry: &WatchFile, files: Vec<WatchedFile>) -> WatchedSeen {
    WatchedSeen { name: entry.name.clone(), warn_before: entry.warn_before, files }
}

fn fault(path: &Path, why: &str) -> WatchedFile {
    WatchedFile { path: path.to_owned(), first: Err(why.to_owned()) }
}

fn read(path: PathBuf) -> WatchedFile {
    // Whoever serves with one file has the key in it too.
    let bytes = files::read::bounded(&path, PEM_FILE_BYTES_MAX).map(Zeroizing::new);
    let first = match bytes {
        Ok(bytes) => first(&bytes),
        Err(error) => Err(format!("cannot be read: {error}")),
    };
    WatchedFile { path, first }
}

/// Of a leaf with its chain that is nearly always the leaf; of a bundle whichever a client will miss first.
fn first(bytes: &[u8]) -> Result<Ending, String> {
    let all = every_certificate(bytes).map_err(|finding| finding.to_string())?;
    let of = all.len();
    let first = all.into_iter().min_by_key(|facts| facts.not_after);
    let LeafFacts { subject, sha256, not_before: from, not_after: until, .. } =
        first.ok_or_else(|| "holds no certificate".to_owned())?;
    Ok(Ending { subject, sha256, from, until, of })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::find::Glob;
    use crate::scratch::Scratch;

    const LEAF: &str = include_str!("../../tests/data/pem/ec.pem");
    const CA: &str = include_str!("../../tests/data/pem/ca-p521.pem");

    fn entry(dir: &Path, path: &str) -> WatchFile {
        WatchFile {
            name: Name::new("host").unwrap(),
            path: path.to_owned(),
            glob: Glob::new(dir, path).unwrap(),
            warn_before: Duration::from_secs(86_400),
        }
    }

    fn files(dir: &Path, path: &str) -> Vec<WatchedFile> {
        one(&entry(dir, path)).files
    }

    #[test]
    fn of_a_bundle_the_certificate_that_ends_first_counts() {
        let dir = Scratch::new();
        let ends = |text: &str| {
            std::fs::write(dir.join("x.pem"), text).unwrap();
            files(&dir, "x.pem").remove(0).first.unwrap()
        };
        let (leaf, ca) = (ends(LEAF), ends(CA));
        assert_ne!(leaf.until, ca.until);
        let first = if leaf.until < ca.until { leaf } else { ca };
        for both in [format!("{LEAF}{CA}"), format!("{CA}{LEAF}")] {
            assert_eq!(ends(&both), Ending { of: 2, ..first.clone() });
        }
    }

    #[test]
    fn what_holds_no_certificate_is_a_fault_and_so_is_nothing_at_all() {
        let dir = Scratch::new();
        std::fs::write(dir.join("a.pem"), LEAF).unwrap();
        std::fs::write(dir.join("b.pem"), "no certificate").unwrap();
        let found = files(&dir, "*.pem");
        let is_read: Vec<_> = found.iter().map(|file| file.first.is_ok()).collect();
        assert_eq!(is_read, [true, false]);
        for path in ["c.pem", "*.crt", "none/x.pem"] {
            let missing = files(&dir, path);
            assert_eq!(missing, [fault(Path::new(path), "there is no such file")], "{path}");
        }
    }

    #[test]
    fn in_order_is_what_was_read_and_does_not_end_soon() {
        let dir = Scratch::new();
        std::fs::write(dir.join("a.pem"), LEAF).unwrap();
        let seen = one(&entry(&dir, "a.pem"));
        let until = seen.files[0].first.clone().unwrap().until;
        assert!(seen.is_in_order(until - Duration::from_secs(86_401)));
        assert!(!seen.is_in_order(until - Duration::from_secs(86_400)));
        assert!(!one(&entry(&dir, "b.pem")).is_in_order(Time::from_secs(0)));
    }
}
