//! One file, one entry: what an entry writes, no other may read or write, however its path is spelt.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use super::error::{Findings, shown};

/// What a file's name ends with where it holds what was there before; `files::atomic` puts it there.
const FORMER: &str = ".previous";
/// Symlinks that are followed from one path, as many as the kernel follows.
const HOPS_MAX: usize = 40;

/// A file that an entry names.
pub(super) struct FileAt {
    /// As written, from the configuration's directory.
    pub(super) path: PathBuf,
    /// The entry in a sentence, such as `certificate www`.
    pub(super) entry: String,
    /// Where the path stands, if the entry writes the file; one that it only reads may be shared.
    pub(super) written: Option<Range<usize>>,
}

/// Refuses each file to write that is an earlier entry's, or whose former one would be. `places` tells the
/// names that lead to a file, that of the file itself last.
pub(super) fn refuse(
    files: &[FileAt],
    places: impl Fn(&Path) -> Vec<PathBuf>,
    findings: &mut Findings<'_>,
) {
    if files.iter().all(|file| file.written.is_none()) {
        return; // Nothing can collide, and thousands of paths need no look at the disk.
    }
    let mut taken = HashMap::new();
    for file in files {
        let (places, entry) = (places(&file.path), &file.entry);
        let Some(span) = &file.written else {
            taken.extend(places.into_iter().map(|place| (place, format!("{entry} reads"))));
            continue;
        };
        let former = places.last().map(|place| former(place));
        if let Some(sentence) = collision(file, &places, former.as_deref(), &taken) {
            findings.add(span, sentence);
        }
        taken.extend(places.into_iter().map(|place| (place, format!("{entry} writes"))));
        taken.extend(former.map(|place| (place, format!("{entry} keeps its former CAs in"))));
    }
}

fn collision(
    file: &FileAt,
    places: &[PathBuf],
    former: Option<&Path>,
    taken: &HashMap<PathBuf, String>,
) -> Option<String> {
    let told = |path: &Path| shown(&path.to_string_lossy());
    let text = told(&file.path);
    if let Some((place, other)) = places.iter().find_map(|at| Some((at, taken.get(at)?))) {
        // What is spelt in another way is hard to find by its text.
        let same = place.as_os_str() == file.path.as_os_str();
        let plainly = if same { String::new() } else { format!("{}, ", told(place)) };
        return Some(format!(
            "`path` {text} is {plainly}a file that {other}, expected one of its own"
        ));
    }
    let (former, other) = former.and_then(|at| Some((at, taken.get(at)?)))?;
    let former = told(former);
    Some(format!(
        "`path` {text} keeps its former CAs in {former}, a file that {other}, expected another `path`"
    ))
}

/// Where what was in this file before is kept.
pub(super) fn former(path: &Path) -> PathBuf {
    let mut out = path.as_os_str().to_owned();
    out.push(FORMER);
    out.into()
}

/// The path without `.`, `..` and doubled slashes, by its text alone: a symlink before `..` is taken for
/// a plain directory.
pub(super) fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match (part, out.components().next_back()) {
            (Component::CurDir, _) | (Component::ParentDir, Some(Component::RootDir)) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => drop(out.pop()),
            _ => out.push(part),
        }
    }
    out
}

/// Every name that leads to this file on this disk, the file's own one last, in directories without a
/// symlink. What is not there yet, or may not be looked at, is taken as it is written.
pub(super) fn on_disk(path: &Path) -> Vec<PathBuf> {
    let mut places = Vec::new();
    let mut path = path.to_owned();
    while places.len() <= HOPS_MAX {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            places.push(directory(&path));
            break;
        };
        let parent = directory(parent);
        let place = parent.join(name);
        let link = fs::read_link(&place);
        places.push(place);
        let Ok(target) = link else { break };
        path = parent.join(target);
    }
    places
}

fn directory(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let mut out = PathBuf::new();
        for part in path.components() {
            // What is in `out` has no symlink left, so `..` leads where its text says.
            let next = plain(&out.join(part));
            out = next.canonicalize().unwrap_or(next);
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_plain_spelling() {
        for (written, expected) in [
            ("/etc/ca/x.pem", "/etc/ca/x.pem"),
            ("/etc//ca/./x.pem", "/etc/ca/x.pem"),
            ("/etc/ca/../ca/../../x.pem/", "/x.pem"),
            ("/../../x.pem", "/x.pem"),
            ("./ca/x.pem", "ca/x.pem"),
            ("ca/../../../x.pem", "../../x.pem"),
        ] {
            assert_eq!(plain(Path::new(written)).as_os_str(), expected, "{written}");
        }
    }
}
