//! Which names lead to which paths, so that a name that has changed tells whose way must be looked at again.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most names on the way to one path, links included, that are watched.
const STEPS_MAX: usize = 256;
/// Most symlinks followed for one path, as the kernel.
const HOPS_MAX: usize = 40;

/// Names on a way below which it has none, in order: the path itself, as a rule, and each link that it leads over.
/// On the way are these and every name above them, and no other.
pub(super) type Ends = Vec<Arc<Path>>;

/// The ways of many paths. A path is known by its number.
#[derive(Debug, Default)]
pub(super) struct Ways {
    /// In order, so that all below a name stand side by side.
    ends: Vec<(Arc<Path>, u32)>,
}

impl Ways {
    pub fn contains(&self, step: &Path) -> bool {
        self.from(step).next().is_some()
    }

    /// Whose ways lead over any of these names.
    pub fn over<'a>(&self, names: impl IntoIterator<Item = &'a PathBuf>) -> BTreeSet<u32> {
        names.into_iter().flat_map(|name| self.from(name)).map(|(_, path)| *path).collect()
    }

    /// Puts these ways in place of the former ones of the same paths. Gives the names over which none leads any
    /// more.
    pub fn exchange(&mut self, ways: &BTreeMap<u32, Ends>) -> BTreeSet<PathBuf> {
        if ways.is_empty() {
            return BTreeSet::new();
        }
        let former = self.ends.extract_if(.., |(_, path)| ways.contains_key(path));
        let former: Vec<_> = former.collect();
        self.ends.reserve_exact(ways.values().map(Vec::len).sum());
        for (path, ends) in ways {
            self.ends.extend(ends.iter().map(|end| (Arc::clone(end), *path)));
        }
        self.ends.sort();
        let unused = |(end, _): &'_ (Arc<Path>, u32)| {
            let names = end.ancestors().take_while(|name| !self.contains(name));
            names.map(Path::to_owned).collect::<Vec<_>>()
        };
        former.iter().flat_map(unused).collect()
    }

    /// Whether a way leads into this directory, in the real place where it lies.
    pub fn lead_into(&self, directory: &Path) -> bool {
        let behind = self.ends.partition_point(|(end, _)| **end <= *directory);
        self.ends.get(behind).is_some_and(|(end, _)| end.starts_with(directory))
    }

    /// The ends of the ways that lead over this name.
    fn from(&self, name: &Path) -> impl Iterator<Item = &(Arc<Path>, u32)> {
        let first = self.ends.partition_point(|(end, _)| **end < *name);
        self.ends.iter().skip(first).take_while(move |(end, _)| end.starts_with(name))
    }
}

/// Where the way ends that has each name whose change can make this path mean another file: every folder and every
/// symlink, in the real place where it lies, up to the first that is missing. For
/// `live/x/cert.pem → ../../archive/x/cert1.pem`, the way has among others `live`, `live/x`, `live/x/cert.pem`,
/// `archive/x` and `archive/x/cert1.pem`, and ends at the last of them and at the link.
pub(super) fn leading(path: &Arc<Path>) -> Ends {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
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
    let mut steps = steps.into_iter().peekable();
    let mut ends = Vec::new();
    while let Some(step) = steps.next() {
        if steps.peek().is_none_or(|next| !next.starts_with(&step)) {
            ends.push(if step == **path { Arc::clone(path) } else { step.into() });
        }
    }
    ends
}

/// The parts of a path, last one first.
fn parts(path: &Path) -> Vec<PathBuf> {
    path.components().rev().map(|part| PathBuf::from(part.as_os_str())).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::scratch::Scratch;

    fn ends(names: &[&str]) -> Ends {
        names.iter().map(|name| Path::new(name).into()).collect()
    }

    #[test]
    fn a_changed_name_is_about_those_whose_ways_lead_over_it() {
        let mut ways = Ways::default();
        let first = [(0, ends(&["/a/b/one"])), (1, ends(&["/a/c/two"]))];
        assert_eq!(ways.exchange(&first.into()), [].into());
        let over = |ways: &Ways, name: &str| ways.over([&PathBuf::from(name)]);
        assert_eq!(over(&ways, "/a"), [0, 1].into());
        assert_eq!(over(&ways, "/a/b"), [0].into());
        assert_eq!(over(&ways, "/a/b/neighbour"), [].into());
        assert!(ways.lead_into(Path::new("/a/b")) && !ways.lead_into(Path::new("/a/b/one")));

        let gone = ways.exchange(&[(0, ends(&["/a/d/one"]))].into());
        assert_eq!(gone, ["/a/b", "/a/b/one"].map(PathBuf::from).into());
        assert_eq!(over(&ways, "/a"), [0, 1].into(), "each once");
        assert!(!ways.lead_into(Path::new("/a/b")) && ways.lead_into(Path::new("/a/d")));
        assert!(ways.lead_into(Path::new("/a")) && !ways.contains(Path::new("/a/b")));
    }

    #[test]
    fn names_that_begin_alike_are_not_below_each_other() {
        let mut ways = Ways::default();
        let of = [(0, ends(&["/a/b"])), (1, ends(&["/a/b c", "/a/b.old/x"])), (2, ends(&["/a/b"]))];
        ways.exchange(&of.into());
        let over = |name: &str| ways.over([&PathBuf::from(name)]);
        assert_eq!(over("/a/b"), [0, 2].into(), "the same path, watched twice");
        assert_eq!((over("/a/b.old"), over("/a/b.")), ([1].into(), [].into()));
        assert!(!ways.lead_into(Path::new("/a/b")) && !ways.contains(Path::new("/a/b/x")));
        // One of two leads there still.
        assert_eq!(ways.exchange(&[(2, ends(&["/c"]))].into()), [].into());
    }

    #[test]
    fn a_way_ends_at_each_link_and_at_the_file() {
        let scratch = Scratch::new();
        let real = scratch.canonicalize().unwrap();
        let of = |name: &str| Arc::<Path>::from(real.join(name));
        fs::create_dir_all(of("archive/x")).unwrap();
        fs::create_dir_all(of("live/x")).unwrap();
        fs::write(of("archive/x/cert1.pem"), "").unwrap();
        symlink("../../archive/x/cert1.pem", of("live/x/cert.pem")).unwrap();
        symlink("live/x", of("now")).unwrap();
        let (file, link) = (of("archive/x/cert1.pem"), of("live/x/cert.pem"));
        let plain = leading(&file);
        assert!(Arc::ptr_eq(&plain[0], &file) && plain.len() == 1, "what is there is shared");
        assert_eq!(leading(&link), [file.clone(), link.clone()]);
        assert_eq!(leading(&of("now/cert.pem")), [file, link, of("now")]);
        assert_eq!(leading(&of("live/later/cert.pem")), [of("live/later")], "the first missing");
        assert_eq!(leading(&of("live/x/../y.pem")), [of("live/x"), of("live/y.pem")]);
    }
}
