//! A directory that nobody else can look into and that is gone in the end.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// How many names are tried; each is taken only when a former process left its directory there.
const NAMES_MAX: u32 = 1000;
/// Keys lie in it.
const MODE: u32 = 0o700;

/// A scratch directory; removed with all that is in it when dropped.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Makes a new directory under the system's place for temporary files. One that is there
    /// already is never used, whoever made it.
    pub(super) fn new() -> io::Result<Self> {
        let parent = std::path::absolute(std::env::temp_dir())?;
        for number in 0..NAMES_MAX {
            let name = format!("certrotd-rehearse-{}-{number}", std::process::id());
            let path = parent.join(name);
            match DirBuilder::new().mode(MODE).create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => {
                    let words = format!("{}: {error}", path.display());
                    return Err(io::Error::new(error.kind(), words));
                }
            }
        }
        Err(io::Error::new(ErrorKind::AlreadyExists, format!("{} is full", parent.display())))
    }

    /// The directory.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// A path below it.
    pub(super) fn join(&self, below: &str) -> PathBuf {
        self.0.join(below)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nobody is left to be told; what could stay holds nothing but simulated secrets.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn is_private_unique_and_gone_in_the_end() {
        let (one, other) = (Scratch::new().unwrap(), Scratch::new().unwrap());
        assert_ne!(one.path(), other.path());
        assert_eq!(fs::metadata(one.path()).unwrap().permissions().mode() & 0o777, MODE);
        fs::create_dir(one.join("deep")).unwrap();
        let path = one.path().to_owned();
        drop(one);
        assert!(!path.exists());
    }
}
