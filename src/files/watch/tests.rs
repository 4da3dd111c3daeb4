//! A change that comes at a bad moment.

use std::fs;
use std::sync::mpsc::channel;

use super::*;
use crate::scratch::Scratch;

/// The thread that tells of events also places the watches: while it waits in `wake`, a look goes on to the first
/// watch that it wants, and no further.
#[test]
fn a_name_that_comes_between_look_and_watch_is_noticed() {
    let scratch = Scratch::new();
    let (other, place) = (scratch.join("other/cert.pem"), scratch.join("place"));
    fs::create_dir(scratch.join("other")).unwrap();
    fs::create_dir(&place).unwrap();
    let (tell, told) = channel();
    let (gate, held) = channel::<()>();
    let wake = move || {
        let _ = tell.send(());
        let _ = held.recv();
    };
    let mut watcher = Watcher::new(std::slice::from_ref(&other), wake).unwrap();
    fs::write(&other, b"one").unwrap();
    told.recv().unwrap();

    let (directory, path) = (place.join("www"), place.join("www/cert.pem"));
    watcher.aim(vec![path.as_path().into()], Vec::new());
    let matters = Arc::clone(&watcher.matters);
    let looking = std::thread::spawn(move || {
        watcher.rearm().unwrap();
        watcher
    });
    while !matters.lock().unwrap().ways.contains(&directory) {
        assert!(!looking.is_finished(), "a look that placed its watch beside a thread that waits");
        std::thread::yield_now();
    }
    assert!(!matters.lock().unwrap().ways.contains(&path), "looked at before it was there");
    fs::create_dir(&directory).unwrap();
    drop(gate);
    let watcher = looking.join().unwrap();
    assert!(watcher.watched.contains(&directory) && matters.lock().unwrap().ways.contains(&path));
}
