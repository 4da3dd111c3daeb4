//! Files by a pattern, as a shell names them. What is not there and what cannot be looked at are told apart:
//! whoever takes the second for the first forgets what he has.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern};

/// How deep `**` goes below the directory that it begins in: no ACME client nests as deep.
const DEPTH_MAX: usize = 32;
/// Most files of one pattern: ten times what one host is built for.
const FILES_MAX: usize = 100_000;
/// Most names that are looked at for one pattern: a `**` over a whole disk ends somewhere.
const NAMES_MAX: usize = 2_000_000;
/// Most things that could not be looked at and are told, one by one, for one pattern.
const UNREAD_MAX: usize = 1_000;
/// `*` does not reach into another directory, nor stand for a name that begins with a dot.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// A pattern: `*`, `?` and `[…]` within a name, and `**` for any number of directories, once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Glob {
    root: PathBuf,
    parts: Vec<Part>,
}

/// Which parts of the paths that match differ from match to match.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Varies {
    /// The file's name.
    pub file: bool,
    /// The name of its directory.
    pub parent: bool,
    /// What is above that, or how deep it lies.
    pub above: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Name(String),
    Like(NameGlob),
    Deep,
}

impl Part {
    fn varies(&self) -> bool {
        !matches!(self, Self::Name(_))
    }
}

/// What a look has found.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Found {
    /// The files, sorted: regular ones, through whatever symlinks, and links that lead nowhere.
    pub files: Vec<PathBuf>,
    /// Directories whose list of names decided: a new name in one of them may be a new file.
    pub listed: Vec<PathBuf>,
    /// Names that are not there and would count if they were, in directories that are not listed.
    pub awaited: Vec<PathBuf>,
    /// What could not be looked at: below these nothing is known.
    pub unread: Vec<Unread>,
}

/// A path that could not be looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unread {
    /// A directory, or a file that may or may not be there.
    pub path: PathBuf,
    /// What the system said.
    pub why: String,
}

impl Glob {
    /// What its matches do not have in common.
    pub fn varies(&self) -> Varies {
        let mut parts = self.parts.iter().rev();
        let file = parts.next().is_some_and(Part::varies);
        let parent = parts.next();
        // Where the depth is open, the directory's name is too.
        let deep = self.parts.contains(&Part::Deep);
        let above = deep || parts.any(Part::varies);
        Varies { file, parent: deep || parent.is_some_and(Part::varies), above }
    }

    /// Takes a pattern apart; a relative one counts from `dir`, which is taken as it is. Refuses one that
    /// cannot name a file, with the end of a sentence about it.
    pub fn new(dir: &Path, text: &str) -> Result<Self, String> {
        let mut root = if text.starts_with('/') { PathBuf::from("/") } else { dir.to_owned() };
        let mut parts = Vec::new();
        for name in text.split('/').filter(|name| !name.is_empty() && *name != ".") {
            let part = part(name)?;
            match part {
                Part::Name(name) if parts.is_empty() => root.push(name),
                Part::Name(name) if name == ".." => {
                    return Err("has `..` behind a wildcard, expected a plain path".to_owned());
                }
                Part::Deep if parts.contains(&Part::Deep) => {
                    return Err("has `**` twice, expected it once".to_owned());
                }
                part => parts.push(part),
            }
        }
        if parts.is_empty() && !text.ends_with(['/', '.']) {
            let name = root.file_name().and_then(|name| name.to_str()).map(str::to_owned);
            root.pop();
            parts.extend(name.map(Part::Name));
        }
        match parts.last() {
            None => Err("names no file".to_owned()),
            Some(Part::Deep) => Err("ends with `**`, expected the name of a file".to_owned()),
            Some(_) if text.ends_with('/') => Err("ends with `/`, expected a file".to_owned()),
            Some(_) => Ok(Self { root, parts }),
        }
    }

    /// The only file that it can name, where it has no wildcard.
    pub fn only(&self) -> Option<PathBuf> {
        let mut path = self.root.clone();
        for part in &self.parts {
            let Part::Name(name) = part else { return None };
            path.push(name);
        }
        Some(path)
    }

    /// Whether this path fits, by its text alone.
    pub fn matches(&self, path: &Path) -> bool {
        let Ok(rest) = path.strip_prefix(&self.root) else { return false };
        let names: Option<Vec<_>> = rest.components().map(name_of).collect();
        names.is_some_and(|names| fits(&self.parts, &names))
    }

    /// Looks for the files. `**` follows no symlink, so that no circle is walked; other wildcards do. Names
    /// that are not UTF-8 are passed over.
    pub fn find(&self) -> Found {
        let mut walk = Walk { found: Found::default(), names: 0, cut: None };
        walk.step(&self.root, &self.parts, 0);
        let mut found = walk.found;
        if let Some(why) = walk.cut {
            // Whatever was not reached is not known to be absent.
            found.unread = vec![Unread { path: self.root.clone(), why }];
        }
        found.files.sort();
        found.listed.sort();
        found.listed.dedup();
        let is_listed = |path: &Path| {
            path.parent()
                .is_some_and(|it| found.listed.binary_search_by(|own| (**own).cmp(it)).is_ok())
        };
        found.awaited.retain(|path| !is_listed(path));
        found
    }
}

/// A pattern for one name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NameGlob(Pattern);

impl NameGlob {
    /// Refuses what is no pattern, with the end of a sentence about it.
    pub fn new(text: &str) -> Result<Self, String> {
        Pattern::new(text).map(Self).map_err(|error| format!("is no pattern: {}", error.msg))
    }

    /// Whether this name fits.
    pub fn matches(&self, name: &str) -> bool {
        self.0.matches_with(name, OPTIONS)
    }
}

fn part(name: &str) -> Result<Part, String> {
    if name == "**" {
        return Ok(Part::Deep);
    }
    if !name.contains(['*', '?', '[']) {
        return Ok(Part::Name(name.to_owned()));
    }
    NameGlob::new(name).map(Part::Like)
}

fn name_of(part: Component<'_>) -> Option<&str> {
    match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    }
}

fn fits(parts: &[Part], names: &[&str]) -> bool {
    match (parts, names) {
        ([], []) => true,
        ([Part::Deep, rest @ ..], names) => {
            fits(rest, names)
                || matches!(names, [first, below @ ..] if !first.starts_with('.') && fits(parts, below))
        }
        ([part, rest @ ..], [name, below @ ..]) => part.takes(name) && fits(rest, below),
        _ => false,
    }
}

impl Part {
    fn takes(&self, name: &str) -> bool {
        match self {
            Self::Name(own) => own == name,
            Self::Like(pattern) => pattern.matches(name),
            Self::Deep => true,
        }
    }
}

/// A walk under way.
struct Walk {
    found: Found,
    names: usize,
    cut: Option<String>,
}

/// A name in a directory.
struct Entry {
    path: PathBuf,
    name: String,
    kind: Option<fs::FileType>,
}

impl Walk {
    fn step(&mut self, here: &Path, parts: &[Part], depth: usize) {
        match parts {
            [] => {}
            [Part::Name(name)] => self.file(here.join(name)),
            [Part::Name(name), rest @ ..] => self.step(&here.join(name), rest, depth),
            [part @ Part::Like(_), rest @ ..] => {
                for entry in self.list(here) {
                    match part.takes(&entry.name) {
                        true if rest.is_empty() => self.file(entry.path),
                        true if entry.may_be_directory() => self.step(&entry.path, rest, depth),
                        _ => {}
                    }
                }
            }
            [Part::Deep, rest @ ..] => {
                self.step(here, rest, depth);
                for entry in self.list(here) {
                    // Whether there is a directory to go into cannot be told, which is not to say that there is none.
                    if entry.kind.is_none() && !entry.name.starts_with('.') {
                        self.unread(&entry.path, "what it is cannot be told");
                    }
                    if !entry.is_plain_directory() {
                        continue;
                    }
                    if depth == DEPTH_MAX {
                        self.unread(&entry.path, &format!("lies below {DEPTH_MAX} directories"));
                    } else {
                        self.step(&entry.path, parts, depth + 1);
                    }
                }
            }
        }
    }

    fn list(&mut self, directory: &Path) -> Vec<Entry> {
        if self.cut.is_some() {
            return Vec::new();
        }
        let list = match fs::read_dir(directory) {
            Ok(list) => list,
            Err(error) => {
                match error.kind() {
                    ErrorKind::NotFound => self.found.awaited.push(directory.to_owned()),
                    ErrorKind::NotADirectory => {}
                    _ => self.unread(directory, &error.to_string()),
                }
                return Vec::new();
            }
        };
        self.found.listed.push(directory.to_owned());
        let mut entries = Vec::new();
        for entry in list {
            self.names += 1;
            if self.names > NAMES_MAX {
                self.cut = Some(format!("has more than {NAMES_MAX} names below it"));
                break;
            }
            match entry {
                Ok(entry) => {
                    let kind = entry.file_type().ok();
                    let name = entry.file_name().into_string().ok();
                    entries.extend(name.map(|name| Entry { path: entry.path(), name, kind }));
                }
                Err(error) => self.unread(directory, &error.to_string()),
            }
        }
        entries
    }

    fn file(&mut self, path: PathBuf) {
        if self.found.files.len() == FILES_MAX {
            self.cut = Some(format!("has more than {FILES_MAX} files that match"));
        }
        if self.cut.is_some() {
            return;
        }
        match path.metadata() {
            Ok(found) if found.is_file() => self.found.files.push(path),
            Ok(_) => {}
            Err(error) => match error.kind() {
                // A link that leads nowhere is a name all the same; what it led to may come back.
                ErrorKind::NotFound if path.is_symlink() => self.found.files.push(path),
                ErrorKind::NotFound => self.found.awaited.push(path),
                ErrorKind::NotADirectory => {}
                _ => self.unread(&path, &error.to_string()),
            },
        }
    }

    fn unread(&mut self, path: &Path, why: &str) {
        if self.found.unread.len() == UNREAD_MAX {
            self.cut = Some(format!("has more than {UNREAD_MAX} places that cannot be looked at"));
            return;
        }
        self.found.unread.push(Unread { path: path.to_owned(), why: why.to_owned() });
    }
}

impl Entry {
    fn may_be_directory(&self) -> bool {
        self.kind.is_none_or(|kind| kind.is_dir() || kind.is_symlink())
    }

    /// One that `**` goes into: a real one, and not hidden.
    fn is_plain_directory(&self) -> bool {
        self.kind.is_some_and(|kind| kind.is_dir()) && !self.name.starts_with('.')
    }
}
