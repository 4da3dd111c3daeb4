//! What patterns match becomes certificates, by the rules of `[[certificate]]`.

use std::collections::{HashMap, HashSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::World;
use super::certificate::{Register, one};
use super::discover::{Book, KEYS, Recipe};
use crate::config::error::Findings;
use crate::config::taken::{former, on_disk};
use crate::config::template::Match;
use crate::config::{Certificate, Config, Fault, FaultKind, Outcome, WhenEmpty, disk};
use crate::files::find::Found;
use crate::model::names::Name;

/// Most matches of one pattern that no entry can be made of, or places that cannot be read, that are told one by one.
const FAULTS_MAX: usize = 20;

/// A file that a pattern matches. Its key and its chain count from the directory that it lies in.
struct Hit<'b> {
    recipe: &'b Recipe,
    index: usize,
    path: PathBuf,
}

/// Looks for the files of every pattern, and puts an entry for each behind the written ones. `known` are the
/// entries that were found before: those whose files may still be there, where nobody can look, stay. `same`:
/// they were made by this very configuration, so that one whose file is still there is taken over as it is.
pub(in crate::config) fn expand(config: &mut Config, known: &[Arc<Certificate>], same: bool) {
    config.certificates.truncate(config.written);
    let book = Arc::clone(&config.book);
    if book.recipes.is_empty() {
        return;
    }
    let mut hits = Vec::new();
    for (index, recipe) in book.recipes.iter().enumerate() {
        let (paths, outcome) = look(recipe, config, index, known);
        config.discover[index].outcome = outcome;
        hits.extend(paths.into_iter().map(|path| Hit { recipe, index, path }));
    }
    let known = if same { known } else { &[] };
    let fresh = make(config, &book, hits, known);
    config.warnings.extend(disk::exposed_keys(&config.certificates[config.written..], &fresh));
}

/// The files of one pattern, and what there is to say of them.
fn look(
    recipe: &Recipe,
    config: &Config,
    index: usize,
    known: &[Arc<Certificate>],
) -> (Vec<PathBuf>, Outcome) {
    let intent = &config.discover[index];
    let Found { files: mut paths, listed, mut awaited, unread } = recipe.glob.find();
    let stays = |entry: &&Arc<Certificate>| {
        entry.cloud == *recipe.cloud()
            && unread.iter().any(|it| entry.cert.starts_with(&it.path))
            && recipe.glob.matches(&entry.cert)
    };
    paths.extend(known.iter().filter(stays).map(|entry| entry.cert.to_path_buf()));
    paths.retain(|path| is_wanted(recipe, path));
    paths.sort();
    paths.dedup();
    let fault = |kind, sentence| Fault { pattern: intent.pattern.clone(), kind, sentence };
    let pattern = &intent.pattern;
    let mut faults: Vec<_> = unread
        .iter()
        .take(FAULTS_MAX)
        .map(|it| {
            let (path, why) = (it.path.display(), &it.why);
            let sentence = format!("the pattern {pattern}: {path} cannot be looked at ({why}); what was found there before stays");
            fault(FaultKind::Unread, sentence)
        })
        .collect();
    if paths.is_empty() && unread.is_empty() && intent.when_empty == WhenEmpty::Alarm {
        let sentence = format!(
            "the pattern {pattern} matches no file; where that may be so, say when_empty = \"ok\""
        );
        faults.push(fault(FaultKind::Empty, sentence));
    }
    awaited.extend(unread.into_iter().map(|it| it.path));
    let outcome = Outcome { matches: paths.len(), written: Vec::new(), faults, awaited, listed };
    (paths, outcome)
}

fn is_wanted(recipe: &Recipe, path: &Path) -> bool {
    let (include, exclude) = (&recipe.include, &recipe.exclude);
    if include.is_empty() && exclude.is_empty() {
        return true;
    }
    let name = recipe.name(path);
    let included = include.is_empty() || include.iter().any(|it| it.takes(path, &name));
    included && !exclude.iter().any(|it| it.takes(path, &name))
}

/// Makes the entries, and tells the names of those that are new.
fn make(
    config: &mut Config,
    book: &Book,
    hits: Vec<Hit<'_>>,
    known: &[Arc<Certificate>],
) -> HashSet<Name> {
    let known: HashMap<_, _> =
        known.iter().map(|entry| ((&entry.cloud, &*entry.cert), entry)).collect();
    let former = |hit: &Hit<'_>| {
        let entry = known.get(&(hit.recipe.cloud(), hit.path.as_path()))?;
        let moved = || hit.key().is_some_and(|key| hit.dir().join(key) != *entry.key);
        (hit.recipe.has_key() || !moved()).then_some(*entry)
    };
    let mut register = Register::default();
    config.certificates.iter().for_each(|entry| register.add(entry));
    // Before the new ones: whoever has a name keeps it.
    let held: Vec<_> = hits.iter().map(former).collect();
    held.iter().flatten().for_each(|entry| register.add(entry));
    let others = Others::of(config);
    let mut seen = HashSet::new();
    let mut fresh = HashSet::new();
    for (hit, held) in hits.iter().zip(held) {
        // The first pattern that matches a file has it.
        if !seen.insert((hit.recipe.cloud(), hit.path.as_path())) {
            continue;
        }
        if let Some(entry) = held {
            config.certificates.push(Arc::clone(entry));
            continue;
        }
        if register.reads(hit.recipe.cloud(), &hit.path) || others.have(hit) {
            if let Some(table) = others.table(hit) {
                let name = hit.recipe.name(&hit.path);
                config.discover[hit.index].outcome.written.push((table, name));
            }
            continue;
        }
        match certificate(hit, book, &mut register) {
            Ok(entry) => {
                fresh.insert(entry.name.clone());
                config.certificates.push(Arc::new(entry));
            }
            Err(why) => {
                let intent = &mut config.discover[hit.index];
                let (pattern, path) = (intent.pattern.clone(), hit.path.display());
                let sentence = format!("the pattern {pattern}: {path} makes no entry: {why}");
                if intent.outcome.faults.len() < FAULTS_MAX {
                    let kind = FaultKind::Unfit;
                    intent.outcome.faults.push(Fault { pattern, kind, sentence });
                }
            }
        }
    }
    fresh
}

fn certificate(hit: &Hit<'_>, book: &Book, register: &mut Register) -> Result<Certificate, String> {
    let name = own_name(hit, register)?;
    let key = hit.key().unwrap_or_else(|| KEYS[0].to_owned());
    let (entry, pushes) = hit.recipe.tables(&hit.path, &key);
    let world = World { dir: hit.dir(), clouds: &book.clouds, zone: book.zone };
    let mut findings = Findings::new("");
    let made = one(&entry, &pushes, Some(name), register, &world, &mut findings);
    match (made, findings.finish(&hit.path)) {
        (Some(made), Ok(_)) => Ok(Certificate { cert: hit.path.as_path().into(), ..made }),
        (_, Err(error)) => {
            let sentences = error.problems.into_iter().map(|it| it.sentence);
            Err(sentences.collect::<Vec<_>>().join("; "))
        }
        (None, Ok(_)) => Err("it cannot be resolved".to_owned()),
    }
}

/// What a match is called, which its path alone decides: were it to depend on what else there is, an entry could
/// come to wear the name, and with it the memory, of another.
fn own_name(hit: &Hit<'_>, register: &mut Register) -> Result<Name, String> {
    let name = hit.recipe.name(&hit.path);
    if !register.names.insert(&name) {
        return Err(format!("another entry is called {name} already: say `name` for one of them"));
    }
    Name::new(&name).map_err(|error| format!("its name {error}"))
}

impl Hit<'_> {
    fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    /// Where the key lies, from the directory; `None` where nobody can look.
    fn key(&self) -> Option<String> {
        let it = Match::of(&self.path);
        for key in KEYS.map(|key| it.fill(key)) {
            match self.dir().join(&key).symlink_metadata() {
                Ok(_) => return Some(key),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(_) => return None,
            }
        }
        Some(KEYS[0].to_owned())
    }
}

/// Files that written entries have, by every name that leads to them on this disk.
struct Others {
    read: HashMap<(Name, PathBuf), Name>,
    written: HashSet<PathBuf>,
}

impl Others {
    fn of(config: &Config) -> Self {
        let certificates = config.certificates.iter();
        let read = certificates.flat_map(|entry| {
            let places = on_disk(&entry.cert).into_iter();
            places.map(|path| ((entry.cloud.clone(), path), entry.name.clone()))
        });
        let cas = config.instance_cas.iter().flat_map(|entry| on_disk(&entry.path));
        let written = cas.flat_map(|path| [former(&path), path]);
        Self { read: read.collect(), written: written.collect() }
    }

    fn have(&self, hit: &Hit<'_>) -> bool {
        if self.read.is_empty() && self.written.is_empty() {
            return false; // Thousands of paths need no second look at the disk.
        }
        let cloud = hit.recipe.cloud();
        on_disk(&hit.path).into_iter().any(|path| {
            self.written.contains(&path) || self.read.contains_key(&(cloud.clone(), path))
        })
    }

    /// The certificate in the file that has this one.
    fn table(&self, hit: &Hit<'_>) -> Option<Name> {
        let cloud = hit.recipe.cloud();
        let mut places = on_disk(&hit.path).into_iter();
        places.find_map(|path| self.read.get(&(cloud.clone(), path)).cloned())
    }
}
