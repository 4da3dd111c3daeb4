//! Beside the journal: what the next process need not find out again. A cache and no memory: where it is missing,
//! damaged, or left by another program, everything is found out anew.

use std::io;
use std::path::Path;

use nix::unistd::{Uid, geteuid};

use crate::files::{self, Identity};
use crate::model::digest::Sha256;

/// The file in the state directory.
const FILE: &str = "seen";
/// What it begins with: its name, and the number of its format.
const HEAD: &[u8; 16] = b"certrotd seen 1\n";
/// The program that is running. What another one has judged, an older version for instance, it would judge
/// by other rules.
const PROGRAM: &str = "/proc/self/exe";
/// Most bytes that are read, or written: twice what a hundred thousand certificates need.
const BYTES_MAX: u64 = 128 << 20;
/// Of a digest.
const DIGEST_BYTES: usize = 32;
/// Of the number of the user who read, which comes after it.
const USER_BYTES: usize = 4;

/// What this same program has [`put`] there last, for this user; absent: there is nothing to be believed.
pub fn take(state: &Path) -> Option<Vec<u8>> {
    let mut bytes = files::read::bounded(&state.join(FILE), BYTES_MAX).ok()?;
    let head = head().ok()?;
    let (digest, rest) = bytes.strip_prefix(&head[..])?.split_first_chunk::<DIGEST_BYTES>()?;
    if Sha256::of(rest).bytes() != digest {
        return None;
    }
    let user = rest.first_chunk::<USER_BYTES>()?;
    if !may_believe(geteuid(), Uid::from_raw(u32::from_le_bytes(*user))) {
        return None;
    }
    bytes.drain(..head.len() + DIGEST_BYTES + USER_BYTES);
    Some(bytes)
}

/// Whether a user may read what the other one has read, as far as users go: root reads files that the daemon may not,
/// and that has to show.
fn may_believe(own: Uid, other: Uid) -> bool {
    own == other || own.is_root()
}

/// Puts this there for whoever comes next; whole or not at all. It may hold no secret, as the whole state may not.
pub fn put(state: &Path, body: &[u8]) -> io::Result<()> {
    let rest = [&geteuid().as_raw().to_le_bytes()[..], body].concat();
    let bytes = [&head()?[..], Sha256::of(&rest).bytes(), &rest].concat();
    if bytes.len() as u64 > BYTES_MAX {
        let why = format!("would be larger than {BYTES_MAX} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    files::atomic::put(&state.join(FILE), &bytes)
}

/// What comes before the digest.
fn head() -> io::Result<Vec<u8>> {
    let program = Identity::of(Path::new(PROGRAM))?.numbers();
    Ok(HEAD.iter().copied().chain(program.into_iter().flat_map(u64::to_le_bytes)).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;

    /// A directory that goes when the test does.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let name = format!("certrotd-aside-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::create_dir(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn what_was_put_is_there_and_nothing_beside_it() {
        let state = Scratch::new("put");
        assert_eq!(take(&state.0), None);
        for body in [&b"one"[..], b"", b"another"] {
            put(&state.0, body).unwrap();
            assert_eq!(take(&state.0).as_deref(), Some(body));
        }
        let mode = fs::metadata(state.0.join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        assert_eq!(fs::read_dir(&state.0).unwrap().count(), 1);
        let gone = state.0.join("gone");
        assert!(put(&gone, b"one").is_err() && !gone.exists());
    }

    #[test]
    fn what_is_damaged_or_foreign_is_not_believed() {
        let state = Scratch::new("damaged");
        put(&state.0, b"the body").unwrap();
        let path = state.0.join(FILE);
        let sound = fs::read(&path).unwrap();
        // Every byte counts: the format's number, the program, the digest, the body.
        for at in 0..sound.len() {
            let mut bytes = sound.clone();
            bytes[at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            assert_eq!(take(&state.0), None, "byte {at}");
            fs::write(&path, &sound[..at]).unwrap();
            assert_eq!(take(&state.0), None, "cut off at {at}");
        }
        fs::write(&path, &sound).unwrap();
        assert!(take(&state.0).is_some());
    }

    #[test]
    fn what_root_has_read_is_not_believed_by_others() {
        let (root, daemon, other) = (Uid::from_raw(0), Uid::from_raw(990), Uid::from_raw(1000));
        for (own, by, believed) in [
            (daemon, daemon, true),
            (root, root, true),
            (root, daemon, true),
            (daemon, root, false),
            (daemon, other, false),
        ] {
            assert_eq!(may_believe(own, by), believed, "{own} what {by} has read");
        }
    }

    #[test]
    fn what_another_program_has_judged_is_not_believed() {
        let state = Scratch::new("program");
        put(&state.0, b"the body").unwrap();
        let path = state.0.join(FILE);
        // As sound as it can be, from a program of another identity.
        let mut bytes = fs::read(&path).unwrap();
        let other = Identity::of(&path).unwrap().numbers();
        let other: Vec<u8> = other.into_iter().flat_map(u64::to_le_bytes).collect();
        bytes[HEAD.len()..HEAD.len() + other.len()].copy_from_slice(&other);
        fs::write(&path, &bytes).unwrap();
        assert_eq!(take(&state.0), None);
    }
}
