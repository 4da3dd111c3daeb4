//! Where the journal lies: whether it can be written there, and whether it still is what was opened.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What has to fit beside the journal before anything begins, in bytes: some thousand lines. Without it
/// the first that cannot be remembered would be what an answer taught, such as a refused credential.
const ROOM_BYTES: usize = 256 * 1024;
/// The file that finds it out, and that nobody else may read.
const ROOM: &str = "room";
const MODE: u32 = 0o600;
/// What SQLite has open beside the journal. Deleted, the one would take the last lines with it, and the
/// other what keeps readers and the writer apart.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// Proves that this directory takes more bytes, and leaves nothing behind.
pub(super) fn has_room(state: &Path) -> io::Result<()> {
    let path = state.join(ROOM);
    // Killed in between, another user's command may have left one.
    absent(fs::remove_file(&path))?;
    let written = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&path).and_then(
        |mut file| {
            file.write_all(&[0; ROOM_BYTES])?;
            // Only now does a file system that puts things off say that it cannot.
            file.sync_all()
        },
    );
    written.and(absent(fs::remove_file(&path)))
}

fn absent(removed: io::Result<()>) -> io::Result<()> {
    removed
        .or_else(|fault| if fault.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(fault) })
}

/// The files that are open, each with its path, device and inode.
#[derive(Debug)]
pub(super) struct Place(Vec<(PathBuf, (u64, u64))>);

impl Place {
    /// What lies at the journal's path now, and its companions that are there.
    pub fn of(journal: &Path) -> io::Result<Self> {
        let mut files = vec![(journal.to_owned(), identity(journal)?)];
        for end in COMPANIONS {
            let mut path = journal.as_os_str().to_owned();
            path.push(end);
            if let Ok(found) = identity(Path::new(&path)) {
                files.push((path.into(), found));
            }
        }
        Ok(Self(files))
    }

    /// Whether the same files lie there still: SQLite would go on writing into what was deleted. Refuses
    /// where that cannot be told.
    pub fn holds(&self) -> io::Result<bool> {
        for (path, known) in &self.0 {
            match identity(path) {
                Ok(found) if found == *known => {}
                Ok(_) => return Ok(false),
                Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(fault) => return Err(fault),
            }
        }
        Ok(true)
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}
