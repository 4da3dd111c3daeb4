//! What is put somewhere for others to look at.

use super::*;

#[test]
fn what_is_published_is_whole_and_as_open_as_what_was_there() {
    let scratch = Scratch::new();
    let page = scratch.join("page.html");
    atomic::publish(&page, b"one").unwrap();
    assert_eq!((fs::read(&page).unwrap(), mode(&page)), (b"one".to_vec(), 0o600));
    fs::set_permissions(&page, Permissions::from_mode(0o644)).unwrap();
    atomic::publish(&page, b"two").unwrap();
    assert_eq!((fs::read(&page).unwrap(), mode(&page)), (b"two".to_vec(), 0o644));
    symlink("page.html", scratch.join("link.html")).unwrap();
    atomic::publish(&scratch.join("link.html"), b"three").unwrap();
    assert_eq!(fs::read(&page).unwrap(), b"three", "behind the link, which stays");
    assert_eq!(names(&scratch), ["link.html", "page.html"], "nothing former, and nothing half");
}

#[test]
fn nothing_is_published_where_no_file_can_stand() {
    let scratch = Scratch::new();
    let fifo = scratch.join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let said = |path: &Path| atomic::publish(path, b"x").unwrap_err().to_string();
    assert_eq!(said(&fifo), "is there, but is not a file");
    assert_eq!(said(Path::new("/")), "names no file");
    let missing = atomic::publish(&scratch.join("none/page.html"), b"x").unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert_eq!(names(&scratch), ["fifo"]);
}
