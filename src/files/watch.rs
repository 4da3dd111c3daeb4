//! Waking up when a file changes. Events carry nothing: whoever is woken looks for himself.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

/// Most names on the way to one path, links included, that are watched.
const STEPS_MAX: usize = 256;
/// Most symlinks followed for one path, as the kernel.
const HOPS_MAX: usize = 40;

/// Watches files by the directories that lead to them, so that it notices replacement by rename, a
/// flipped symlink anywhere on the way, and removal and return, also of the directories themselves.
pub struct Watcher {
    inner: RecommendedWatcher,
    paths: Vec<PathBuf>,
    directories: Vec<PathBuf>,
    watched: BTreeSet<PathBuf>,
    matters: Arc<Mutex<Matters>>,
}

/// Whose change is worth a wake.
#[derive(Default)]
struct Matters {
    /// These names.
    steps: BTreeSet<PathBuf>,
    /// Every name in these directories.
    inside: BTreeSet<PathBuf>,
    /// Names that have come, gone or moved since the last look: a directory of that name is another one.
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
        let paths = paths.to_vec();
        let directories = Vec::new();
        let mut watcher = Self { inner, paths, directories, watched: BTreeSet::new(), matters };
        watcher.rearm()?;
        Ok(watcher)
    }

    /// Watches these files from the next [`Self::rearm`] on, and every name in these directories, those that
    /// are not there yet included; nothing else any more.
    pub fn aim(&mut self, files: Vec<PathBuf>, directories: Vec<PathBuf>) {
        (self.paths, self.directories) = (files, directories);
    }

    /// Looks again which directories lead to the files, and watches those. To be called after each
    /// wake, before the files are read: then no change falls between look and watch.
    pub fn rearm(&mut self) -> Result<(), WatchError> {
        let all = self.paths.iter().chain(&self.directories);
        let steps: BTreeSet<PathBuf> = all.flat_map(|path| leading(path)).collect();
        let real = self.directories.iter().filter_map(|it| it.canonicalize().ok());
        let inside: BTreeSet<PathBuf> = real.collect();
        let parents = steps.iter().filter_map(|step| step.parent()).map(Path::to_owned);
        let wanted: BTreeSet<PathBuf> = parents.chain(inside.iter().cloned()).collect();
        let new = Matters { steps, inside, ..Matters::default() };
        let mut matters = self.matters.lock().unwrap_or_else(PoisonError::into_inner);
        let Matters { moved, lost, .. } = std::mem::replace(&mut *matters, new);
        drop(matters);
        let is_another = |path: &Path| {
            lost || path.ancestors().any(|it| !moved.is_empty() && moved.contains(it))
        };
        for gone in self.watched.difference(&wanted) {
            // It may be gone from the disk, and its watch with it.
            let _ = self.inner.unwatch(gone);
        }
        let mut first_fault = None;
        let mut watched = BTreeSet::new();
        for directory in wanted {
            // A directory made anew at the same path is another one; thousands that stay need no new watch.
            if self.watched.contains(&directory) {
                if !is_another(&directory) {
                    watched.insert(directory);
                    continue;
                }
                let _ = self.inner.unwatch(&directory);
            }
            match self.inner.watch(&directory, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    watched.insert(directory);
                }
                // Gone since we looked, or closed to us: what lies above it is watched too.
                Err(fault) if is_about_path(&fault) => {}
                Err(fault) => first_fault = first_fault.or(Some(fault)),
            }
        }
        self.watched = watched;
        first_fault.map_or(Ok(()), |fault| Err(WatchError(fault)))
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
        known.lost = true;
        return true;
    };
    let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
    if matches!(event.kind, EventKind::Access(_)) && event.kind != written {
        return false;
    }
    let counts = |path: &PathBuf| {
        let inside = path.parent().is_some_and(|parent| known.inside.contains(parent));
        known.steps.contains(path) || inside
    };
    let of_ours: Vec<_> = event.paths.into_iter().filter(counts).collect();
    let found = !of_ours.is_empty();
    let content = EventKind::is_access(&event.kind)
        || matches!(event.kind, EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_)));
    if !content {
        known.moved.extend(of_ours);
    }
    found
}

/// Each name whose change can make this path mean another file: every folder and every symlink on
/// the way, in the real place where it lies, up to the first that is missing. For
/// `live/x/cert.pem → ../../archive/x/cert1.pem`, among others `live`, `live/x`, `live/x/cert.pem`,
/// `archive/x` and `archive/x/cert1.pem`.
fn leading(path: &Path) -> BTreeSet<PathBuf> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut steps = BTreeSet::new();
    let mut hops = 0;
    let mut rest = parts(&absolute);
    let mut here = PathBuf::from("/");
    while let Some(part) = rest.pop().filter(|_| steps.len() < STEPS_MAX) {
        match part.to_str() {
            Some("/") => here = PathBuf::from("/"),
            Some("..") => drop(here.pop()),
            Some(".") => {}
            _ => {
                let step = here.join(&part);
                steps.insert(step.clone());
                match std::fs::read_link(&step) {
                    Ok(target) if hops < HOPS_MAX => {
                        hops += 1;
                        rest.extend(parts(&target));
                    }
                    // It is there, and no link.
                    Err(error) if error.kind() == ErrorKind::InvalidInput => here = step,
                    _ => break,
                }
            }
        }
    }
    steps
}

/// The parts of a path, last one first.
fn parts(path: &Path) -> Vec<PathBuf> {
    path.components().rev().map(|part| PathBuf::from(part.as_os_str())).collect()
}
