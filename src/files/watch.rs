//! Waking up when a file changes. Events carry nothing: whoever is woken looks for himself.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::ways::{Ends, Ways, leading};

/// How often the ways are looked at once more, where something changed between the look and the watch: whoever
/// goes on changing them tells so by then.
const AGAIN_MAX: usize = 3;

/// Paths by their numbers, each with where its way ends.
type Paths = BTreeMap<u32, Ends>;

/// Watches files by the directories that lead to them, so that it notices replacement by rename, a
/// flipped symlink anywhere on the way, and removal and return, also of the directories themselves.
pub struct Watcher {
    inner: RecommendedWatcher,
    /// Files, and behind them directories.
    paths: Vec<Arc<Path>>,
    /// How many of them are files.
    files: usize,
    /// Where the directories really lie.
    real: BTreeMap<u32, PathBuf>,
    /// Whether all ways must be looked at, whatever has changed.
    anew: bool,
    watched: BTreeSet<PathBuf>,
    matters: Arc<Mutex<Matters>>,
}

/// Whose change is worth a wake.
#[derive(Default)]
struct Matters {
    /// The names on these ways.
    ways: Ways,
    /// Every name in these directories.
    inside: BTreeSet<PathBuf>,
    news: News,
}

/// What was told since the last look.
#[derive(Default)]
struct News {
    /// Names behind which something may lie now that did not before: ways over them are looked at again.
    changed: BTreeSet<PathBuf>,
    /// Those of them that have come, gone or moved: a directory of that name is another one.
    moved: BTreeSet<PathBuf>,
    /// Events were lost, so that any may be.
    lost: bool,
}

/// The system gives no watch: often a limit (`fs.inotify.max_user_instances` or `max_user_watches`).
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot watch files for changes, often for fs.inotify.max_user_instances or max_user_watches; the schedule alone \
     will notice them"
)]
pub struct WatchError(#[source] notify::Error);

impl Watcher {
    /// Begins to watch. `wake` is called from a thread of its own, once or many times a change, also
    /// when events were lost: it must be quick, must not block and must not call [`Self::rearm`]
    /// itself. Missing files are fine.
    pub fn new(paths: &[PathBuf], wake: impl Fn() + Send + 'static) -> Result<Self, WatchError> {
        let matters = Arc::<Mutex<Matters>>::default();
        let known = Arc::clone(&matters);
        let handler = move |event: notify::Result<notify::Event>| {
            if is_news(event, &known) {
                wake();
            }
        };
        let inner = notify::recommended_watcher(handler).map_err(WatchError)?;
        let paths: Vec<_> = paths.iter().map(|it| Arc::from(&**it)).collect();
        let (files, real, watched) = (paths.len(), BTreeMap::new(), BTreeSet::new());
        let mut watcher = Self { inner, paths, files, real, anew: true, watched, matters };
        watcher.rearm()?;
        Ok(watcher)
    }

    /// Watches these files from the next [`Self::rearm`] on, and every name in these directories, those that
    /// are not there yet included; nothing else any more.
    pub fn aim(&mut self, files: Vec<Arc<Path>>, directories: Vec<Arc<Path>>) {
        self.files = files.len();
        self.paths = files.into_iter().chain(directories).collect();
        self.anew = true;
    }

    /// Looks again which directories lead to the files, as far as events have told that these may be others now,
    /// and watches those. To be called after each wake, before the files are read: then no change falls
    /// between look and watch. Waits for the disk, which may take for ever.
    pub fn rearm(&mut self) -> Result<(), WatchError> {
        let news = std::mem::take(&mut self.matters().news);
        let anew = self.anew || news.lost;
        let over = self.matters().ways.over(&news.changed);
        let paths = (0..).zip(&self.paths).filter(|(number, _)| anew || over.contains(number));
        let mut ways: Paths = paths.map(|(number, path)| (number, leading(path))).collect();
        self.enter(&ways, anew, &news)?;
        // A name that came between the look at it and the watch over it has told nobody.
        for _ in 0..AGAIN_MAX {
            let now = (0..).zip(&self.paths).filter(|(number, _)| ways.contains_key(number));
            let now = now.map(|(number, path)| (number, leading(path)));
            let others: Paths = now.filter(|(number, way)| ways.get(number) != Some(way)).collect();
            if others.is_empty() {
                break;
            }
            self.enter(&others, false, &News::default())?;
            ways = others;
        }
        Ok(())
    }

    /// Puts these ways in place of the former ones of their paths, and watches what they lead over.
    fn enter(&mut self, ways: &Paths, anew: bool, news: &News) -> Result<(), WatchError> {
        let inside = self.inside(ways);
        let above = ways.values().flatten().flat_map(|end| end.ancestors().skip(1));
        // Thousands have the same ones above them.
        let above: BTreeSet<&Path> = above.chain(inside.iter().map(|it| &**it)).collect();
        let wanted: BTreeSet<PathBuf> = above.into_iter().map(Path::to_owned).collect();
        let unwanted: BTreeSet<PathBuf> = {
            let mut matters = self.matters();
            if anew {
                matters.ways = Ways::default();
            }
            let gone = matters.ways.exchange(ways);
            let left = matters.inside.difference(&inside);
            let mut maybe: BTreeSet<_> =
                gone.iter().filter_map(|it| it.parent()).map(Path::to_owned).collect();
            maybe.extend(left.cloned());
            if anew {
                maybe.extend(self.watched.iter().cloned());
            }
            maybe.retain(|it| !matters.ways.lead_into(it) && !inside.contains(it));
            matters.inside = inside;
            maybe
        };
        let faults = self.watch(wanted, &unwanted, news);
        // What could not be watched is tried again with the next event, whatever that is about.
        self.anew = faults.is_err();
        faults
    }

    /// The real directories in which every name counts; those that these ways lead to are looked for again.
    fn inside(&mut self, ways: &Paths) -> BTreeSet<PathBuf> {
        if self.anew {
            self.real.clear();
        }
        for (number, path) in (0..).zip(&self.paths).skip(self.files) {
            if ways.contains_key(&number) {
                match path.canonicalize() {
                    Ok(real) => drop(self.real.insert(number, real)),
                    Err(_) => drop(self.real.remove(&number)),
                }
            }
        }
        self.real.values().cloned().collect()
    }

    fn watch(
        &mut self,
        mut wanted: BTreeSet<PathBuf>,
        unwanted: &BTreeSet<PathBuf>,
        news: &News,
    ) -> Result<(), WatchError> {
        for gone in unwanted {
            if self.watched.remove(gone) {
                // It may be gone from the disk, and its watch with it.
                let _ = self.inner.unwatch(gone);
            }
        }
        // A directory made anew at the same path is another one; thousands that stay need no new watch.
        let is_another = |path: &Path| {
            let mut above = path.ancestors();
            news.lost || !news.moved.is_empty() && above.any(|it| news.moved.contains(it))
        };
        let others = self.watched.iter().filter(|it| is_another(it));
        wanted.extend(others.cloned());
        let mut first_fault = None;
        for directory in wanted {
            if self.watched.contains(&directory) {
                if !is_another(&directory) {
                    continue;
                }
                self.watched.remove(&directory);
                let _ = self.inner.unwatch(&directory);
            }
            match self.inner.watch(&directory, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.watched.insert(directory)),
                // Gone since we looked, or closed to us: what lies above it is watched too.
                Err(fault) if is_about_path(&fault) => {}
                Err(fault) => first_fault = first_fault.or(Some(fault)),
            }
        }
        first_fault.map_or(Ok(()), |fault| Err(WatchError(fault)))
    }

    fn matters(&self) -> MutexGuard<'_, Matters> {
        self.matters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_about_path(fault: &notify::Error) -> bool {
    match &fault.kind {
        notify::ErrorKind::PathNotFound | notify::ErrorKind::WatchNotFound => true,
        notify::ErrorKind::Io(fault) => matches!(
            fault.kind(),
            ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::NotADirectory
        ),
        _ => false,
    }
}

/// Whether this event may mean that a file is another one now: not where someone read, nor where it is about
/// a neighbour in a busy directory such as `/tmp`. A watch that failed or lost events may have missed anything.
fn is_news(event: notify::Result<notify::Event>, known: &Mutex<Matters>) -> bool {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(event) = event.ok().filter(|event| !event.need_rescan() && !event.paths.is_empty())
    else {
        known.news.lost = true;
        return true;
    };
    let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
    if matches!(event.kind, EventKind::Access(_)) && event.kind != written {
        return false;
    }
    let counts = |path: &PathBuf| {
        let inside = path.parent().is_some_and(|parent| known.inside.contains(parent));
        known.ways.contains(path) || inside
    };
    let of_ours: Vec<_> = event.paths.into_iter().filter(counts).collect();
    let found = !of_ours.is_empty();
    // Who may go through a directory is said by what lies beside its name.
    let rights = matches!(event.kind, EventKind::Modify(ModifyKind::Metadata(_)));
    let content = EventKind::is_access(&event.kind)
        || matches!(event.kind, EventKind::Modify(ModifyKind::Data(_)));
    if !content {
        known.news.changed.extend(of_ours.iter().cloned());
    }
    if !content && !rights {
        known.news.moved.extend(of_ours);
    }
    found
}

#[cfg(test)]
mod tests;
