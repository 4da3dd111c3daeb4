//! Reading a file without surprises: bounded, and never blocked by what is no file.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use zeroize::Zeroizing;

/// `O_NONBLOCK`: opening a FIFO that nobody writes to must not wait. The value is the same on every
/// Linux that Rust's standard library runs on but MIPS and SPARC, where the file type is checked first.
const NON_BLOCKING: i32 = 0o4000;

/// The whole file, through symlinks. Refuses directories, FIFOs, sockets and devices without
/// blocking, and anything over `max_bytes`; the error says what it found. What was read before a failure is
/// wiped; what is returned is the caller's to wipe.
pub fn bounded(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    // Looked at before opening, since opening some devices has effects, and after, against a swap.
    regular(std::fs::metadata(path)?.file_type())?;
    let file = OpenOptions::new().read(true).custom_flags(NON_BLOCKING).open(path)?;
    let found = file.metadata()?;
    regular(found.file_type())?;
    // The size is a hint: the file may grow while it is read. Room for all of it at once keeps
    // a key from being left behind in a buffer that was outgrown.
    let hint = usize::try_from(found.len().min(max_bytes)).unwrap_or(0);
    let mut bytes = Zeroizing::new(Vec::with_capacity(hint + 1));
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        let why = format!("is larger than {max_bytes} bytes");
        return Err(io::Error::new(ErrorKind::FileTooLarge, why));
    }
    Ok(std::mem::take(&mut *bytes))
}

fn regular(kind: std::fs::FileType) -> io::Result<()> {
    let what = if kind.is_file() {
        return Ok(());
    } else if kind.is_dir() {
        return Err(io::Error::new(ErrorKind::IsADirectory, "is a directory, expected a file"));
    } else if kind.is_fifo() {
        "is a named pipe, expected a file"
    } else if kind.is_socket() {
        "is a socket, expected a file"
    } else {
        "is a device, expected a file"
    };
    Err(io::Error::new(ErrorKind::InvalidInput, what))
}
