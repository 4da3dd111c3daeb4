//! What the process does for its secrets before it has any: it leaves no core, and keeps no descriptor that it was
//! not meant to have.

use std::fs;

use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd;

/// The first descriptor behind standard input, output and errors.
const FIRST_OTHER: i32 = 3;

/// Makes the process leave no core dump, whatever kills it, and hides its memory and environment from every other
/// process of its user: `/proc/PID/mem`, `environ` and `fd` become root's, and nobody else may trace it.
///
/// What a command after a changed CA file starts can be traced and read again, being another program; it holds no
/// secret. A sandbox that filters these calls says no, which is nothing to stop for: the unit forbids
/// cores by itself.
pub(super) fn keep_memory_private() {
    // The one that counts: a limit of nothing does not stop a kernel that pipes cores into a program.
    let _ = prctl::set_dumpable(false);
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
}

/// Closes every descriptor but the first three that the process was started with: a shell or a service manager may
/// have left one open, and each command that certrotd starts would have it too. To be called while nothing of
/// our own is open. Where `/proc` is not mounted nothing happens.
pub(super) fn drop_inherited_files() {
    let Ok(open) = fs::read_dir("/proc/self/fd") else { return };
    // All of them first: the directory itself is open until then.
    let numbers: Vec<i32> =
        open.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for number in numbers.into_iter().filter(|number| *number >= FIRST_OTHER) {
        // The directory's own is closed by now, which is said here and means nothing.
        let _ = unistd::close(number);
    }
}
