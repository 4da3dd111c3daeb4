//! Files on a real file system, in a scratch directory each.

use std::fs::{self, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::lock::{Lock, LockError};
use super::watch::Watcher;
use super::{Attributes, atomic, read, state_dir};
use crate::scratch::Scratch;

mod find;
mod owners;
mod publish;

fn names(dir: &Path) -> Vec<String> {
    let mut found: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    found
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn reads_files_within_bounds_and_through_symlinks() {
    let scratch = Scratch::new();
    fs::write(scratch.join("file"), b"12345").unwrap();
    symlink("file", scratch.join("link")).unwrap();
    assert_eq!(read::bounded(&scratch.join("link"), 5).unwrap(), b"12345");
    let fault = read::bounded(&scratch.join("file"), 4).unwrap_err();
    assert_eq!(fault.to_string(), "is larger than 4 bytes");
    let missing = read::bounded(&scratch.join("none"), 4).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
}

#[test]
fn refuses_what_is_no_file_without_waiting_for_it() {
    let scratch = Scratch::new();
    let fifo = scratch.join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(scratch.join("socket")).unwrap();
    let said = |path: &Path| read::bounded(path, 1000).unwrap_err().to_string();
    assert_eq!(said(&fifo), "is a named pipe, expected a file");
    assert_eq!(said(&scratch.join("socket")), "is a socket, expected a file");
    assert_eq!(said(&scratch), "is a directory, expected a file");
    assert_eq!(said(Path::new("/dev/zero")), "is a device, expected a file");
}

#[test]
fn replaces_a_file_and_keeps_the_former_one() {
    let scratch = Scratch::new();
    let path = scratch.join("new/deep/ca.pem");
    for content in ["one", "two", "three", "three"] {
        atomic::replace(&path, content.as_bytes(), &Attributes::of_mode(0o644)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
        assert_eq!(mode(&path), 0o644);
    }
    let dir = path.parent().unwrap();
    assert_eq!(names(dir), ["ca.pem", "ca.pem.previous"]);
    let previous = dir.join("ca.pem.previous");
    assert_eq!(fs::read_to_string(&previous).unwrap(), "two", "the same bytes are no former ones");
    atomic::replace(&path, b"four", &Attributes::of_mode(0o600)).unwrap();
    assert_eq!((mode(&path), mode(&previous)), (0o600, 0o644));
    assert_eq!(fs::read_to_string(&previous).unwrap(), "three");
}

#[test]
fn a_symlink_survives_a_replacement() {
    let scratch = Scratch::new();
    symlink("real.pem", scratch.join("ca.pem")).unwrap();
    for content in ["one", "two"] {
        atomic::replace(&scratch.join("ca.pem"), content.as_bytes(), &Attributes::of_mode(0o644))
            .unwrap();
    }
    assert_eq!(fs::read_to_string(scratch.join("real.pem")).unwrap(), "two");
    assert_eq!(names(&scratch), ["ca.pem", "real.pem", "real.pem.previous"]);
}

#[test]
fn a_failed_replacement_leaves_nothing_and_a_leftover_goes() {
    let scratch = Scratch::new();
    fs::write(scratch.join(".ca.pem.certrotd-0123456789abcdef"), b"half").unwrap();
    fs::write(scratch.join(".ca.pem.certrotd-of-another"), b"not ours").unwrap();
    // A directory where the former file is to go makes the replacement fail at its last step but one.
    fs::write(scratch.join("ca.pem"), b"former").unwrap();
    fs::create_dir_all(scratch.join("ca.pem.previous/x")).unwrap();
    atomic::replace(&scratch.join("ca.pem"), b"new", &Attributes::of_mode(0o644)).unwrap_err();
    assert_eq!(fs::read(scratch.join("ca.pem")).unwrap(), b"former");
    let left = [".ca.pem.certrotd-of-another", "ca.pem", "ca.pem.previous"];
    assert_eq!(names(&scratch), left);
    atomic::replace(&scratch.join("ca.pem.previous"), b"new", &Attributes::of_mode(0o644))
        .unwrap_err();
}

#[test]
fn what_is_put_takes_the_place_of_a_link() {
    let scratch = Scratch::new();
    let (link, theirs) = (scratch.join("page"), scratch.join("theirs"));
    fs::write(&theirs, "theirs").unwrap();
    symlink(&theirs, &link).unwrap();
    atomic::put(&link, b"ours", 0o644).unwrap();
    assert_eq!(fs::read(&theirs).unwrap(), b"theirs");
    assert_eq!(fs::read(&link).unwrap(), b"ours");
    assert!(!link.is_symlink() && mode(&link) == 0o644);
    assert_eq!(names(&scratch), ["page", "theirs"], "no former one is kept");
}

#[test]
fn what_is_no_file_is_not_replaced() {
    let scratch = Scratch::new();
    let path = scratch.join("service.sock");
    let _listens = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let fault = atomic::replace(&path, b"new", &Attributes::of_mode(0o644)).unwrap_err();
    assert_eq!(fault.to_string(), "is there, but is not a file");
    assert!(!fs::symlink_metadata(&path).unwrap().is_file());
    assert_eq!(names(&scratch), ["service.sock"]);
}

#[test]
fn a_reader_never_sees_half_a_file() {
    let scratch = Scratch::new();
    let path = scratch.join("ca.pem");
    let content = |digit: u8| vec![digit; 200_000];
    atomic::replace(&path, &content(0), &Attributes::of_mode(0o644)).unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            (1..40).for_each(|digit| {
                atomic::replace(&path, &content(digit), &Attributes::of_mode(0o644)).unwrap()
            });
        });
        while !writer.is_finished() {
            let seen = read::bounded(&path, 1 << 20).unwrap();
            assert_eq!(seen.len(), 200_000);
            assert!(seen.iter().all(|byte| *byte == seen[0]));
        }
    });
}

#[test]
fn one_lock_a_directory_and_its_holder_is_named() {
    let scratch = Scratch::new();
    assert!(!Lock::is_held(&scratch), "there is no file yet");
    let lock = Lock::acquire(&scratch).unwrap();
    assert!(Lock::is_held(&scratch));
    let fault = Lock::acquire(&scratch).unwrap_err();
    assert!(matches!(fault, LockError::Held { pid, .. } if pid == Some(std::process::id())));
    let said = fault.to_string();
    assert!(said.ends_with(&format!("lock is held by process {}", std::process::id())), "{said}");
    drop(lock);
    assert!(!Lock::is_held(&scratch), "the file alone is no lock");
    Lock::acquire(&scratch).unwrap();
    assert!(matches!(Lock::acquire(&scratch.join("none")), Err(LockError::Io { .. })));
}

#[test]
fn the_state_directory_is_private() {
    let scratch = Scratch::new();
    let path = scratch.join("lib/state");
    state_dir(&path).unwrap();
    assert_eq!(mode(&path), 0o700);
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    state_dir(&path).unwrap();
    assert_eq!(mode(&path), 0o700);
    fs::write(scratch.join("file"), b"").unwrap();
    state_dir(&scratch.join("file")).unwrap_err();
}

/// A watch on these paths, with calm and wakes to be waited for.
struct Watch {
    watcher: Watcher,
    wakes: Receiver<()>,
}

impl Watch {
    fn new(paths: &[PathBuf]) -> Self {
        let (send, wakes) = channel();
        let watcher = Watcher::new(paths, move || {
            let _ = send.send(());
        })
        .unwrap();
        Self { watcher, wakes }
    }

    /// Waits for a wake, looks again as the daemon does, and lets the rest of the events pass.
    fn woken(&mut self, why: &str) {
        assert!(self.wakes.recv_timeout(Duration::from_secs(10)).is_ok(), "not woken: {why}");
        let settled = Duration::from_millis(150);
        self.watcher.rearm().unwrap();
        for _ in 0..100 {
            if self.wakes.recv_timeout(settled).is_err() {
                return;
            }
            self.watcher.rearm().unwrap();
        }
        panic!("never calm after: {why}");
    }

    fn calm(&self, why: &str) {
        assert!(self.wakes.recv_timeout(Duration::from_millis(300)).is_err(), "woken: {why}");
    }
}

#[test]
fn wakes_for_changes_of_the_file_and_for_nothing_else() {
    let scratch = Scratch::new();
    let path = scratch.join("pem/cert.pem");
    fs::create_dir(scratch.join("pem")).unwrap();
    fs::write(&path, b"one").unwrap();
    let mut watch = Watch::new(&[path.clone(), scratch.join("pem/later.pem")]);
    watch.calm("nothing happened");
    fs::read(&path).unwrap();
    fs::write(scratch.join("pem/neighbour"), b"x").unwrap();
    fs::write(scratch.join("other"), b"x").unwrap();
    watch.calm("read, and neighbours written");

    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"two").unwrap();
    watch.woken("written in place");
    fs::write(scratch.join("pem/new"), b"three").unwrap();
    fs::rename(scratch.join("pem/new"), &path).unwrap();
    watch.woken("renamed over");
    fs::remove_file(&path).unwrap();
    watch.woken("deleted");
    fs::write(&path, b"four").unwrap();
    watch.woken("made again");
    fs::write(scratch.join("pem/later.pem"), b"five").unwrap();
    watch.woken("made for the first time");
}

#[test]
fn wakes_when_directories_go_and_come_back() {
    let scratch = Scratch::new();
    let path = scratch.join("a/b/cert.pem");
    let make = |content: &str| {
        fs::create_dir_all(scratch.join("a/b")).unwrap();
        fs::write(&path, content).unwrap();
    };
    let mut watch = Watch::new(std::slice::from_ref(&path));
    watch.calm("nothing there yet");
    for round in 0..3 {
        make("one");
        watch.woken("made with its directories");
        fs::write(&path, format!("round {round}")).unwrap();
        watch.woken("written in the new directory");
        fs::remove_dir_all(scratch.join("a")).unwrap();
        watch.woken("removed with its directories");
    }
    make("two");
    watch.woken("back again");
    fs::rename(scratch.join("a"), scratch.join("moved")).unwrap();
    watch.woken("directory moved away");
    make("three");
    watch.woken("another directory in its place");
    fs::write(scratch.join("moved/b/cert.pem"), b"x").unwrap();
    watch.calm("the directory that was moved away is of no interest");
    fs::write(&path, b"four").unwrap();
    watch.woken("written in the other directory");
}

#[test]
fn wakes_when_certbot_flips_its_symlink() {
    let scratch = Scratch::new();
    for dir in ["archive/www", "live/www"] {
        fs::create_dir_all(scratch.join(dir)).unwrap();
    }
    let live = scratch.join("live/www/cert.pem");
    fs::write(scratch.join("archive/www/cert1.pem"), b"one").unwrap();
    symlink("../../archive/www/cert1.pem", &live).unwrap();
    let mut watch = Watch::new(std::slice::from_ref(&live));
    fs::write(scratch.join("archive/www/cert2.pem"), b"two").unwrap();
    watch.calm("the new file is not live yet");
    symlink("../../archive/www/cert2.pem", scratch.join("live/www/new")).unwrap();
    fs::rename(scratch.join("live/www/new"), &live).unwrap();
    watch.woken("flipped");
    fs::write(scratch.join("archive/www/cert2.pem"), b"three").unwrap();
    watch.woken("written behind the link");
    fs::write(scratch.join("archive/www/cert1.pem"), b"x").unwrap();
    watch.calm("nothing points to the old one");

    // A directory that is itself a link, as deployments flip `current`.
    fs::create_dir(scratch.join("v2")).unwrap();
    fs::write(scratch.join("v2/cert.pem"), b"v2").unwrap();
    symlink("live/www", scratch.join("current")).unwrap();
    let mut watch = Watch::new(&[scratch.join("current/cert.pem")]);
    symlink("v2", scratch.join("next")).unwrap();
    fs::rename(scratch.join("next"), scratch.join("current")).unwrap();
    watch.woken("directory flipped");
    fs::write(scratch.join("v2/cert.pem"), b"v2 again").unwrap();
    watch.woken("written behind the flipped directory");
}

#[test]
fn a_circle_of_symlinks_ends() {
    let scratch = Scratch::new();
    symlink("b", scratch.join("a")).unwrap();
    symlink("a", scratch.join("b")).unwrap();
    let watch = Watch::new(&[scratch.join("a/cert.pem")]);
    watch.calm("nothing happened");
    atomic::replace(&scratch.join("a"), b"x", &Attributes::of_mode(0o644)).unwrap_err();
}
