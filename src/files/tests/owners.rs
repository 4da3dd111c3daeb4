//! Whom files belong to. Only root can give anything away, so most of this shows nothing to others.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use super::super::lock::Lock;
use super::super::{Attributes, atomic, private_file, state_dir};
use super::{mode, names};
use crate::scratch::Scratch;

/// A user and a group that are nobody's here.
const USER: u32 = 65_533;
const GROUP: u32 = 65_532;

fn of(mode: u32, owner: &str, group: &str) -> Attributes {
    let some = |text: &str| Some(text.to_owned()).filter(|it| !it.is_empty());
    Attributes { mode, owner: some(owner), group: some(group) }
}

fn owner(path: &Path) -> (u32, u32) {
    let found = fs::symlink_metadata(path).unwrap();
    (found.uid(), found.gid())
}

/// A scratch directory, where this is root.
fn as_root() -> Option<Scratch> {
    let scratch = Scratch::new();
    (owner(&scratch).0 == 0).then_some(scratch)
}

#[test]
fn names_and_numbers_are_compared_with_what_is_there() {
    let scratch = Scratch::new();
    let path = scratch.join("ca.pem");
    atomic::replace(&path, b"one", &Attributes::of_mode(0o640)).unwrap();
    let (user, group) = owner(&path);
    let are = |attributes: Attributes| attributes.are_those_of(&path).unwrap();
    let (user_id, group_id) = (user.to_string(), group.to_string());
    assert!(are(of(0o640, &user_id, &group_id)));
    assert!(are(of(0o640, "", "")));
    assert!(!are(of(0o600, &user_id, &group_id)));
    assert!(!are(of(0o640, &(user + 1).to_string(), "")));
    assert!(!are(of(0o640, "", &(group + 1).to_string())));
    assert_eq!(are(of(0o640, "root", "")), user == 0);
    assert_eq!(are(of(0o640, "", "root")), group == 0);
}

#[test]
fn whom_nobody_knows_is_refused_before_anything_is_made() {
    let scratch = Scratch::new();
    let path = scratch.join("new/ca.pem");
    for (owner, group, words) in [
        ("nobody-at-all", "", "no user is called nobody-at-all on this host"),
        ("", "no-group-at-all", "no group is called no-group-at-all on this host"),
        ("4294967295", "", "4294967295 is no number of a user"),
        ("", "99999999999", "99999999999 is no number of a group"),
    ] {
        let attributes = of(0o644, owner, group);
        let fault = attributes.are_those_of(&scratch).unwrap_err();
        assert_eq!((fault.kind(), fault.to_string()), (ErrorKind::InvalidInput, words.to_owned()));
        let fault = atomic::replace(&path, b"x", &attributes).unwrap_err();
        assert_eq!(fault.to_string(), words);
    }
    assert_eq!(names(&scratch), Vec::<String>::new());
}

#[test]
fn what_this_process_has_already_needs_no_right() {
    let scratch = Scratch::new();
    let (user, group) = owner(&scratch);
    let own = of(0o600, &user.to_string(), &group.to_string());
    atomic::replace(&scratch.join("ca.pem"), b"one", &own).unwrap();
    assert!(own.are_those_of(&scratch.join("ca.pem")).unwrap());
}

#[test]
fn each_file_has_the_owner_that_it_was_written_for() {
    let Some(scratch) = as_root() else { return };
    let path = scratch.join("ca.pem");
    let (first, second) = (of(0o640, "65533", "65532"), of(0o600, "nobody", "root"));
    atomic::replace(&path, b"one", &first).unwrap();
    assert_eq!((owner(&path), mode(&path)), ((USER, GROUP), 0o640));
    assert!(first.are_those_of(&path).unwrap());
    atomic::replace(&path, b"two", &second).unwrap();
    assert!(second.are_those_of(&path).unwrap());
    let previous = scratch.join("ca.pem.previous");
    assert!(first.are_those_of(&previous).unwrap(), "the former file keeps what it had");
    // The same bytes for another: nothing to go back to has come of it.
    atomic::replace(&path, b"two", &first).unwrap();
    assert_eq!(owner(&path), (USER, GROUP));
    assert_eq!(fs::read(&previous).unwrap(), b"one");
}

#[test]
fn who_is_not_asked_for_comes_from_the_directory() {
    let Some(scratch) = as_root() else { return };
    let path = scratch.join("ca.pem");
    atomic::replace(&path, b"one", &of(0o644, "65533", "")).unwrap();
    assert_eq!(owner(&path), (USER, 0));
    atomic::replace(&path, b"two", &of(0o644, "", "65532")).unwrap();
    assert_eq!(owner(&path), (0, GROUP));
    let home = scratch.join("home");
    fs::create_dir(&home).unwrap();
    chown(&home, Some(65_530), Some(65_531)).unwrap();
    let path = home.join("ca.pem");
    atomic::replace(&path, b"one", &of(0o644, "65533", "")).unwrap();
    assert_eq!(owner(&path), (USER, 65_531));
    atomic::replace(&path, b"two", &of(0o644, "", "65532")).unwrap();
    assert_eq!(owner(&path), (65_530, GROUP));
}

#[test]
fn what_root_makes_in_the_directory_of_another_is_theirs() {
    let Some(scratch) = as_root() else { return };
    let state = scratch.join("own/state");
    state_dir(&state).unwrap();
    assert_eq!(owner(&state), (0, 0), "below root's all is root's");

    let home = scratch.join("home");
    fs::create_dir(&home).unwrap();
    chown(&home, Some(USER), Some(GROUP)).unwrap();
    let state = home.join("new/state");
    state_dir(&state).unwrap();
    let _lock = Lock::acquire(&state).unwrap();
    private_file(&state.join("journal")).unwrap();
    let asked = state.join("requests/one");
    for content in ["one", "two"] {
        atomic::replace(&asked, content.as_bytes(), &Attributes::of_mode(0o600)).unwrap();
    }
    for name in ["new", "new/state", "new/state/lock", "new/state/journal", "new/state/requests"] {
        assert_eq!(owner(&home.join(name)), (USER, GROUP), "{name}");
    }
    assert_eq!(owner(&asked), (USER, GROUP));
    assert_eq!(owner(&state.join("requests/one.previous")), (USER, GROUP));

    fs::write(home.join("there"), "").unwrap();
    private_file(&home.join("there")).unwrap();
    assert_eq!(owner(&home.join("there")), (0, 0), "what was there is nobody's to give away");
}
