//! Beside the journal: what the next process need not find out again. A cache and no memory: where it is missing,
//! damaged, or left by another program, everything is found out anew.

use std::io;
use std::path::Path;

use nix::unistd::geteuid;

use crate::files::{self, Identity};
use crate::model::digest::Sha256;

/// The file in the state directory.
const FILE: &str = "seen";
/// Nobody else's concern.
const MODE: u32 = 0o600;
/// What it begins with: its name, the number of its format, and the version of certrotd.
const HEAD: &[u8] = concat!("certrotd seen 1 ", env!("CARGO_PKG_VERSION"), "\n").as_bytes();
/// The program that is running. What another one has judged, an older version for instance, it would judge
/// by other rules.
const PROGRAM: &str = "/proc/self/exe";
/// Most bytes that are read, or written: twice what a hundred thousand certificates need.
const BYTES_MAX: u64 = 128 << 20;
/// Of a digest.
const DIGEST_BYTES: usize = 32;
/// Where the system says what this process may do: its users and groups, and its capabilities.
const STATUS: &str = "/proc/self/status";
/// What of that decides which files it may read.
const RIGHTS: [&str; 4] = ["Uid:", "Gid:", "Groups:", "CapEff:"];

/// What this same program has [`put`] there last, with these rights; absent: there is nothing to be believed.
pub fn take(state: &Path) -> Option<Vec<u8>> {
    let mut bytes = files::read::bounded(&state.join(FILE), BYTES_MAX).ok()?;
    let head = head().ok()?;
    let (digest, rest) = bytes.strip_prefix(&head[..])?.split_first_chunk::<DIGEST_BYTES>()?;
    if Sha256::of(rest).bytes() != digest {
        return None;
    }
    let by = rest.first_chunk::<DIGEST_BYTES>()?;
    if !may_believe(&rights().ok()?, by, geteuid().is_root()) {
        return None;
    }
    bytes.drain(..head.len() + DIGEST_BYTES + DIGEST_BYTES);
    Some(bytes)
}

/// Whether a process may read what another one has read, by the rights of both. A file that this one may not read has to
/// show: another user's, one of a group that the unit has no more, one that a capability opened.
fn may_believe(own: &Sha256, by: &[u8; DIGEST_BYTES], is_root: bool) -> bool {
    own.bytes() == by || is_root
}

fn rights() -> io::Result<Sha256> {
    Ok(rights_in(&std::fs::read_to_string(STATUS)?))
}

fn rights_in(status: &str) -> Sha256 {
    let decides = |line: &&str| RIGHTS.iter().any(|right| line.starts_with(right));
    let lines: Vec<_> = status.lines().filter(decides).collect();
    Sha256::of(lines.join("\n").as_bytes())
}

/// Puts this there for whoever comes next; whole or not at all. It may hold no secret, as the whole state may not.
pub fn put(state: &Path, body: &[u8]) -> io::Result<()> {
    let rest = [&rights()?.bytes()[..], body].concat();
    let bytes = [&head()?[..], Sha256::of(&rest).bytes(), &rest].concat();
    if bytes.len() as u64 > BYTES_MAX {
        let why = format!("would be larger than {BYTES_MAX} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    files::atomic::put(&state.join(FILE), &bytes, MODE)
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

    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn what_was_put_is_there_and_nothing_beside_it() {
        let state = Scratch::new();
        assert_eq!(take(&state), None);
        for body in [&b"one"[..], b"", b"another"] {
            put(&state, body).unwrap();
            assert_eq!(take(&state).as_deref(), Some(body));
        }
        let mode = fs::metadata(state.join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        assert_eq!(fs::read_dir(&*state).unwrap().count(), 1);
        let gone = state.join("gone");
        assert!(put(&gone, b"one").is_err() && !gone.exists());
    }

    #[test]
    fn what_is_damaged_or_foreign_is_not_believed() {
        let state = Scratch::new();
        put(&state, b"the body").unwrap();
        let path = state.join(FILE);
        let sound = fs::read(&path).unwrap();
        // Every byte counts: the format's number, the program, the digest, the body.
        for at in 0..sound.len() {
            let mut bytes = sound.clone();
            bytes[at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            assert_eq!(take(&state), None, "byte {at}");
            fs::write(&path, &sound[..at]).unwrap();
            assert_eq!(take(&state), None, "cut off at {at}");
        }
        fs::write(&path, &sound).unwrap();
        assert!(take(&state).is_some());
    }

    #[test]
    fn what_was_read_with_other_rights_is_not_believed() {
        let status = |user: u32, groups: &str, capabilities: &str| {
            rights_in(&format!(
                "Name:\tcertrotd\nPid:\t{user}7\nUid:\t{user}\t{user}\t{user}\t{user}\nGid:\t9\t9\t9\t9\nGroups:\t{groups}\nCapEff:\t{capabilities}\n"
            ))
        };
        let daemon = status(990, "990 995", "0000000000000004");
        for (by, believed) in [
            (status(990, "990 995", "0000000000000004"), true),
            (status(990, "990 995", "0000000000000000"), false),
            (status(990, "990", "0000000000000004"), false),
            (status(1000, "990 995", "0000000000000004"), false),
            (status(0, "", "000001ffffffffff"), false),
        ] {
            assert_eq!(may_believe(&daemon, by.bytes(), false), believed);
            assert!(may_believe(&status(0, "", "000001ffffffffff"), by.bytes(), true), "root may");
        }
        assert_ne!(rights().unwrap(), rights_in(""), "the system says so");
    }

    #[test]
    fn what_another_program_has_judged_is_not_believed() {
        let state = Scratch::new();
        put(&state, b"the body").unwrap();
        let path = state.join(FILE);
        // As sound as it can be, from a program of another identity.
        let mut bytes = fs::read(&path).unwrap();
        let other = Identity::of(&path).unwrap().numbers();
        let other: Vec<u8> = other.into_iter().flat_map(u64::to_le_bytes).collect();
        bytes[HEAD.len()..HEAD.len() + other.len()].copy_from_slice(&other);
        fs::write(&path, &bytes).unwrap();
        assert_eq!(take(&state), None);
    }
}
