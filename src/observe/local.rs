//! The pair on this disk, through whatever symlinks lead to it. What has not changed is not read again, and what
//! holds the same bytes as before is not judged again.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use crate::cert::{Finding, LeafFacts, Material, Pair, Rejected, Role, covers, read_pair};
use crate::config::Certificate;
use crate::files::{self, Identity};
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::plan::observed::BadInput;

/// More than any chain or key that the certificate manager takes, and little enough to read at once.
const FILE_BYTES_MAX: u64 = 256 * 1024;
/// A disk that does not answer for this long is a finding, so that it holds nobody else up.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// How long those that are read in one go wait for one of them.
const SWEEP_PATIENCE: Duration = Duration::from_secs(1);
/// So many pairs are read in one go, unless there are very many: what one that hangs may hold up.
const SWEEP_MAX: usize = 512;
/// How soon it is asked again whether a file may be read.
const ASK_AGAIN: Duration = Duration::from_millis(50);
/// So many are read at once at most, of the 512 threads that may block: the others go on where a disk hangs.
const READING_MAX: usize = 128;

/// What is said of a read that panicked, which has logged itself.
const BROKEN: &str = "reading it failed inside certrotd";

/// What the files of one entry hold.
#[derive(Debug)]
pub struct Local {
    /// The leaf, or what is wrong.
    pub leaf: Result<Arc<LeafFacts>, BadInput>,
    /// What the next look need not read again; absent: the files could not all be read.
    pub known: Option<Known>,
}

/// What was read, and how the files stood then. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known(Arc<Judged>);

/// What is known. What it is judged by are the files alone, and not which entry names them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Judged {
    /// Of each file; empty where they had just changed, so that another change might not show.
    pub stood: Box<[Identity]>,
    /// Of all bytes.
    pub content: Sha256,
    pub verdict: Result<Arc<LeafFacts>, Rejected>,
}

impl Known {
    /// Whether this is that very one, handed on: nothing was read in between.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(super) fn judged(&self) -> &Judged {
        &self.0
    }
}

impl From<Judged> for Known {
    fn from(judged: Judged) -> Self {
        Self(Arc::new(judged))
    }
}

impl Known {
    /// Whether the files hold the same bytes, and so the same leaf or fault.
    pub fn is_as(&self, other: &Self) -> bool {
        self.0.content == other.0.content
    }

    /// The leaf, where the files hold one that is sound in itself.
    pub fn leaf(&self) -> Option<&Arc<LeafFacts>> {
        self.0.verdict.as_ref().ok()
    }
}

/// A pair to be read, with what is known of it.
pub type Asked = (Arc<Certificate>, Option<Known>);

/// Reads and judges the files of an entry. A pair that is sound in itself and lacks a name that the
/// entry's targets need is bad input too: sent, it would break what works.
pub async fn read(entry: &Arc<Certificate>, known: Option<Known>) -> Local {
    let reading = async {
        // One that was cut off may end yet. While it does not, another would only hang beside it.
        let reading = loop {
            match Reading::begin(entry) {
                Some(reading) => break reading,
                None => sleep(ASK_AGAIN).await,
            }
        };
        spawn_blocking(move || pair(&reading, known.as_ref())).await
    };
    match timeout(READ_TIMEOUT, reading).await {
        Ok(Ok(local)) => local,
        Ok(Err(_)) => bad(entry, BROKEN),
        Err(_) => bad(entry, "the disk does not answer"),
    }
}

/// Reads many in the order given, one after the other on one thread. Fewer come back where the disk does not
/// answer for one: that one, and those behind it, are better read each by itself.
pub async fn sweep(asked: Vec<Asked>) -> Vec<Local> {
    let swept = Arc::new(Swept(Mutex::new(Some(Vec::with_capacity(asked.len())))));
    let sweeper = Arc::clone(&swept);
    let mut sweeping = spawn_blocking(move || {
        asked.into_iter().all(|(entry, known)| {
            let reading = Reading::begin(&entry);
            reading.is_some_and(|reading| sweeper.add(pair(&reading, known.as_ref())))
        })
    });
    // Asked now and then, instead of being told of each: thousands would wake this thread thousands of times.
    let mut had = 0;
    while timeout(SWEEP_PATIENCE, &mut sweeping).await.is_err() {
        let has = swept.count();
        if has == had {
            break;
        }
        had = has;
    }
    swept.take()
}

/// What was read in one go, until it is taken away. A disk that hangs keeps the thread after that, and what it
/// reads then goes nowhere.
struct Swept(Mutex<Option<Vec<Local>>>);

impl Swept {
    /// Gives whether it is wanted.
    fn add(&self, local: Local) -> bool {
        self.all().as_mut().map(|all| all.push(local)).is_some()
    }

    fn count(&self) -> usize {
        self.all().as_ref().map_or(0, Vec::len)
    }

    fn take(&self) -> Vec<Local> {
        self.all().take().unwrap_or_default()
    }

    fn all(&self) -> MutexGuard<'_, Option<Vec<Local>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Parts to be swept at once: small, and no more than leave others a place to read.
pub fn parts(asked: &[Asked]) -> impl Iterator<Item = &[Asked]> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let small = asked.len().div_ceil(threads).clamp(1, SWEEP_MAX);
    asked.chunks(small.max(asked.len().div_ceil(READING_MAX / 2)))
}

/// Reads all of them, in the order given, as far as they are not `known`.
pub async fn read_all(
    entries: &[Arc<Certificate>],
    known: impl Fn(&Certificate) -> Option<Known>,
) -> Vec<Local> {
    let asked: Vec<Asked> = entries.iter().map(|entry| (Arc::clone(entry), known(entry))).collect();
    let mut all = Vec::with_capacity(asked.len());
    let sweep = |part: &[Asked]| tokio::spawn(read_part(part.to_vec()));
    let sweeps: Vec<_> = parts(&asked).map(|part| (part.len(), sweep(part))).collect();
    for (count, sweep) in sweeps {
        let begins = all.len();
        all.extend(sweep.await.unwrap_or_default());
        // Each entry has its own, also where a task was lost: whoever reads this counts on the order.
        let lost = entries.iter().take(begins + count).skip(all.len());
        all.extend(lost.map(|entry| bad(entry, BROKEN)));
    }
    all
}

async fn read_part(asked: Vec<Asked>) -> Vec<Local> {
    let mut read = sweep(asked.clone()).await;
    let left = asked.into_iter().skip(read.len());
    let left: Vec<_> = left
        .map(|(entry, known)| {
            let owned = Arc::clone(&entry);
            (entry, tokio::spawn(async move { self::read(&owned, known).await }))
        })
        .collect();
    for (entry, one) in left {
        read.push(one.await.unwrap_or_else(|_| bad(&entry, BROKEN)));
    }
    read
}

/// What an import of this leaf sends, read anew: no key is kept from one moment to another. A pair that is not what
/// was decided about any more is not sent.
pub async fn material(entry: &Arc<Certificate>, leaf: &Sha256) -> Result<Material, Failure> {
    let owned = Arc::clone(entry);
    let reading = spawn_blocking(move || judged(&owned));
    let pair = match timeout(READ_TIMEOUT, reading).await {
        Ok(Ok(Ok(pair))) if pair.leaf.sha256 == *leaf => return Ok(pair.material),
        Ok(Ok(Ok(_))) => format!("{} holds another leaf by now", entry.cert.display()),
        Ok(Ok(Err(rejected))) => {
            let BadInput { path, finding } = named(entry, &rejected);
            format!("{}: {finding}", path.display())
        }
        Ok(Err(_)) => "reading the files failed inside certrotd".to_owned(),
        Err(_) => "the disk does not answer".to_owned(),
    };
    Err(Failure::local(Kind::Transient, "read the pair", pair))
}

/// The certificates' files of the entries that threads are reading just now. A thread on a disk that hangs never
/// comes back, and there are not many.
static READING: Mutex<BTreeSet<Arc<Path>>> = Mutex::new(BTreeSet::new());

/// One of them, for as long as this lives.
struct Reading(Arc<Certificate>);

impl Reading {
    /// Unless somebody reads this certificate's file, or too many wait for a disk already.
    fn begin(entry: &Arc<Certificate>) -> Option<Self> {
        let mut all = Self::all();
        let is_free = all.len() < READING_MAX && all.insert(Arc::clone(&entry.cert));
        is_free.then(|| Self(Arc::clone(entry)))
    }

    fn all() -> MutexGuard<'static, BTreeSet<Arc<Path>>> {
        READING.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        Self::all().remove(&self.0.cert);
    }
}

/// On a thread that may block.
fn pair(Reading(entry): &Reading, known: Option<&Known>) -> Local {
    let now = SystemTime::now();
    let stood = standing(entry);
    if let Some(known) = known.filter(|known| !stood.is_empty() && known.0.stood == stood) {
        return fit(entry, known.clone());
    }
    let bytes = match bytes(entry) {
        Ok(bytes) => bytes,
        Err(rejected) => return Local { leaf: Err(named(entry, &rejected)), known: None },
    };
    let content = bytes.digest();
    let verdict = match known.filter(|known| known.0.content == content) {
        Some(known) => known.0.verdict.clone(),
        None => bytes.judge().map(|pair| Arc::new(pair.leaf)),
    };
    // Links may have been set elsewhere before the bytes were read, and may be set back.
    let telling = stood.iter().all(|it| it.is_telling(now)) && standing(entry) == stood;
    let stood = if telling { stood } else { Box::default() };
    fit(entry, Judged { stood, content, verdict }.into())
}

/// How the files stand; empty where they cannot all be looked at.
fn standing(entry: &Certificate) -> Box<[Identity]> {
    let each = paths(entry).map(|(_, path)| Identity::of(path));
    each.collect::<Result<_, _>>().unwrap_or_default()
}

/// What is known, unless a name is missing in it.
fn fit(entry: &Certificate, known: Known) -> Local {
    let leaf =
        known.0.verdict.clone().map_err(|rejected| named(entry, &rejected)).and_then(|leaf| {
            let missing = entry.needed_names().into_iter().find(|(name, _)| !covers(&leaf, name));
            match missing {
                Some((name, needed_by)) => {
                    let finding = Finding::MissingName { name, needed_by };
                    Err(BadInput { path: entry.cert.to_path_buf(), finding })
                }
                None => Ok(leaf),
            }
        });
    Local { leaf, known: Some(known) }
}

/// The bytes of an entry's files, wiped when they are let go of.
struct Bytes {
    cert: Zeroizing<Vec<u8>>,
    key: Zeroizing<Vec<u8>>,
    chain: Option<Zeroizing<Vec<u8>>>,
}

impl Bytes {
    /// Of a digest of each file, so that no other copy of a key comes to be.
    fn digest(&self) -> Sha256 {
        let files = [Some(&self.cert), Some(&self.key), self.chain.as_ref()];
        let digests = files.into_iter().flatten().map(|bytes| Sha256::of(bytes).to_string());
        Sha256::of(digests.collect::<String>().as_bytes())
    }

    fn judge(&self) -> Result<Pair, Rejected> {
        read_pair(&self.cert, &self.key, self.chain.as_ref().map(|it| it.as_slice()))
    }
}

fn judged(entry: &Certificate) -> Result<Pair, Rejected> {
    bytes(entry)?.judge()
}

fn bytes(entry: &Certificate) -> Result<Bytes, Rejected> {
    let read = |role, path: &Path| {
        files::read::bounded(path, FILE_BYTES_MAX)
            .map(Zeroizing::new)
            .map_err(|error| Rejected { role, finding: unreadable(&error.to_string()) })
    };
    Ok(Bytes {
        cert: read(Role::Certificate, &entry.cert)?,
        key: read(Role::Key, &entry.key)?,
        chain: entry.chain.as_deref().map(|path| read(Role::Chain, path)).transpose()?,
    })
}

fn paths(entry: &Certificate) -> impl Iterator<Item = (Role, &Path)> {
    let pair = [(Role::Certificate, &*entry.cert), (Role::Key, &*entry.key)];
    pair.into_iter().chain(entry.chain.as_deref().map(|path| (Role::Chain, path)))
}

/// With the file that is to blame.
fn named(entry: &Certificate, rejected: &Rejected) -> BadInput {
    let blamed = paths(entry).find(|(role, _)| *role == rejected.role);
    let path = blamed.map_or(&*entry.cert, |(_, path)| path);
    BadInput { path: path.to_owned(), finding: rejected.finding.clone() }
}

fn bad(entry: &Certificate, why: &str) -> Local {
    let leaf = Err(BadInput { path: entry.cert.to_path_buf(), finding: unreadable(why) });
    Local { leaf, known: None }
}

fn unreadable(why: &str) -> Finding {
    Finding::Unreadable { why: why.to_owned() }
}
