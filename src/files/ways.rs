//! Which names lead to which paths, so that a name that has changed tells whose way must be looked at again.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::ops::Bound;
use std::path::{Path, PathBuf};

/// Most names on the way to one path, links included, that are watched.
const STEPS_MAX: usize = 256;
/// Most symlinks followed for one path, as the kernel.
const HOPS_MAX: usize = 40;

/// The names on the ways of many paths, each with those that lead over it. A path is known by its number.
#[derive(Debug, Default)]
pub(super) struct Ways {
    over: BTreeMap<PathBuf, Vec<u32>>,
}

impl Ways {
    pub fn contains(&self, step: &Path) -> bool {
        self.over.contains_key(step)
    }

    /// Whose ways lead over any of these names.
    pub fn over<'a>(&self, names: impl IntoIterator<Item = &'a PathBuf>) -> BTreeSet<u32> {
        names.into_iter().filter_map(|name| self.over.get(name)).flatten().copied().collect()
    }

    /// Puts these ways in place of the former ones of the same paths. Gives the names over which none leads any
    /// more.
    pub fn exchange(&mut self, ways: &BTreeMap<u32, BTreeSet<PathBuf>>) -> Vec<PathBuf> {
        if ways.is_empty() {
            return Vec::new();
        }
        for paths in self.over.values_mut() {
            paths.retain(|path| !ways.contains_key(path));
        }
        for (path, steps) in ways {
            for step in steps {
                match self.over.get_mut(step) {
                    Some(paths) => paths.push(*path),
                    None => drop(self.over.insert(step.clone(), vec![*path])),
                }
            }
        }
        let mut gone = Vec::new();
        self.over.retain(|step, paths| {
            if paths.is_empty() {
                gone.push(step.clone());
            }
            !paths.is_empty()
        });
        gone
    }

    /// Whether a way leads into this directory, in the real place where it lies.
    pub fn lead_into(&self, directory: &Path) -> bool {
        // The names above a name are on every way that leads over it: so the first one behind is inside, if any is.
        let behind = (Bound::Excluded(directory), Bound::Unbounded);
        self.over
            .range::<Path, _>(behind)
            .next()
            .is_some_and(|(step, _)| step.starts_with(directory))
    }
}

/// Each name whose change can make this path mean another file: every folder and every symlink on
/// the way, in the real place where it lies, up to the first that is missing. For
/// `live/x/cert.pem → ../../archive/x/cert1.pem`, among others `live`, `live/x`, `live/x/cert.pem`,
/// `archive/x` and `archive/x/cert1.pem`.
pub(super) fn leading(path: &Path) -> BTreeSet<PathBuf> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_name_is_about_those_whose_ways_lead_over_it() {
        let steps = |names: &[&str]| names.iter().map(PathBuf::from).collect::<BTreeSet<_>>();
        let mut ways = Ways::default();
        let first =
            [(0, steps(&["/a", "/a/b", "/a/b/one"])), (1, steps(&["/a", "/a/c", "/a/c/two"]))];
        assert_eq!(ways.exchange(&first.into()), [] as [PathBuf; 0]);
        let over = |ways: &Ways, name: &str| ways.over([&PathBuf::from(name)]);
        assert_eq!(over(&ways, "/a"), [0, 1].into());
        assert_eq!(over(&ways, "/a/b"), [0].into());
        assert_eq!(over(&ways, "/a/b/neighbour"), [].into());
        assert!(ways.lead_into(Path::new("/a/b")) && !ways.lead_into(Path::new("/a/b/one")));

        let gone = ways.exchange(&[(0, steps(&["/a", "/a/d", "/a/d/one"]))].into());
        assert_eq!(gone, [PathBuf::from("/a/b"), PathBuf::from("/a/b/one")]);
        assert_eq!(over(&ways, "/a"), [0, 1].into(), "each once");
        assert!(!ways.lead_into(Path::new("/a/b")) && ways.lead_into(Path::new("/a/d")));
        assert!(ways.lead_into(Path::new("/a")) && !ways.contains(Path::new("/a/b")));
    }
}
