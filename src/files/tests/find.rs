//! Patterns on a real file system.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::Watch;
use crate::files::find::{Found, Glob, NameGlob};
use crate::scratch::Scratch;

fn find(scratch: &Scratch, pattern: &str) -> Found {
    Glob::new(scratch, pattern).unwrap().find()
}

fn short(scratch: &Scratch, paths: &[PathBuf]) -> Vec<String> {
    let short = |path: &PathBuf| path.strip_prefix(&**scratch).unwrap().display().to_string();
    paths.iter().map(short).collect()
}

fn write(scratch: &Scratch, names: &[&str]) {
    for name in names {
        fs::create_dir_all(scratch.join(name).parent().unwrap()).unwrap();
        fs::write(scratch.join(name), "").unwrap();
    }
}

#[test]
fn finds_what_a_shell_would() {
    let scratch = Scratch::new();
    write(&scratch, &["live/a/c.pem", "live/b/c.pem", "live/b/sub/c.pem", "live/.h/c.pem"]);
    write(&scratch, &["live/a/d.pem", "live/README", "[x]/c.pem"]);
    for (pattern, expected) in [
        ("live/*/c.pem", &["live/a/c.pem", "live/b/c.pem"][..]),
        ("live/?/[cd].pem", &["live/a/c.pem", "live/a/d.pem", "live/b/c.pem"]),
        ("live/[!a]/c.pem", &["live/b/c.pem"]),
        ("live/.*/c.pem", &["live/.h/c.pem"]),
        ("live/**/c.pem", &["live/a/c.pem", "live/b/c.pem", "live/b/sub/c.pem"]),
        ("live/**/b/*.pem", &["live/b/c.pem"]),
        ("./live//a/c.pem", &["live/a/c.pem"]),
        ("live/x/../a/c.pem", &[]),
        ("[[]x]/c.pem", &["[x]/c.pem"]),
        ("live/*", &["live/README"]),
        ("none/*/c.pem", &[]),
    ] {
        let found = find(&scratch, pattern);
        assert_eq!(short(&scratch, &found.files), expected, "{pattern}");
        assert_eq!(found.unread, [], "{pattern}");
        let glob = Glob::new(&scratch, pattern).unwrap();
        assert!(found.files.iter().all(|file| glob.matches(file)), "{pattern}");
    }
}

#[test]
fn a_path_fits_by_its_text() {
    let glob = Glob::new(Path::new("/etc"), "live/**/x*/c.pem").unwrap();
    for (path, fits) in [
        ("/etc/live/x/c.pem", true),
        ("/etc/live/a/b/xy/c.pem", true),
        ("/etc/live/.a/x/c.pem", false),
        ("/etc/live/c.pem", false),
        ("/etc/live/x/c.pem/d", false),
        ("/srv/live/x/c.pem", false),
    ] {
        assert_eq!(glob.matches(Path::new(path)), fits, "{path}");
    }
    let name = NameGlob::new("*.issuer").unwrap();
    assert!(name.matches("a.b.issuer") && !name.matches("a.b") && !name.matches(".a.issuer"));
}

#[test]
fn links_lead_on_and_circles_end() {
    let scratch = Scratch::new();
    write(&scratch, &["real/a/c.pem", "archive/c1.pem"]);
    fs::create_dir_all(scratch.join("live/www")).unwrap();
    symlink("../../archive/c1.pem", scratch.join("live/www/c.pem")).unwrap();
    symlink("../../archive/gone.pem", scratch.join("live/www/d.pem")).unwrap();
    symlink("../real/a", scratch.join("live/linked")).unwrap();
    symlink("..", scratch.join("live/up")).unwrap();
    symlink("/dev/null", scratch.join("live/www/e.pem")).unwrap();
    let found = find(&scratch, "live/*/*.pem");
    let expected = ["live/linked/c.pem", "live/www/c.pem", "live/www/d.pem"];
    assert_eq!(
        short(&scratch, &found.files),
        expected,
        "a link to nowhere is a name, a device is no file"
    );
    let found = find(&scratch, "**/c.pem");
    assert_eq!(short(&scratch, &found.files), ["live/www/c.pem", "real/a/c.pem"]);
    symlink("round", scratch.join("round")).unwrap();
    let found = find(&scratch, "round/*/c.pem");
    assert_eq!((found.files.len(), found.unread.len()), (0, 1), "{found:?}");
    assert_eq!(found.unread[0].path, scratch.join("round"));
}

#[test]
fn too_deep_is_told_and_not_taken_for_absent() {
    let scratch = Scratch::new();
    let deep = format!("{}c.pem", "d/".repeat(40));
    write(&scratch, &[&deep, "c.pem"]);
    let found = find(&scratch, "**/c.pem");
    assert_eq!(short(&scratch, &found.files), ["c.pem"]);
    let [unread] = &found.unread[..] else { panic!("{found:?}") };
    assert!(scratch.join(&deep).starts_with(&unread.path), "{unread:?}");
}

#[test]
fn says_where_a_new_file_would_show() {
    let scratch = Scratch::new();
    write(&scratch, &["live/a/c.pem", "live/b/other"]);
    let found = find(&scratch, "live/*/c.pem");
    assert_eq!(short(&scratch, &found.listed), ["live"]);
    assert_eq!(short(&scratch, &found.awaited), ["live/b/c.pem"]);
    let found = find(&scratch, "none/*.pem");
    assert_eq!((found.listed.len(), short(&scratch, &found.awaited)), (0, vec!["none".to_owned()]));
}

#[test]
fn a_directory_is_watched_for_every_name_in_it() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.join("live/a")).unwrap();
    let mut watch = Watch::new(&[]);
    watch.watcher.aim(vec![], vec![scratch.join("live").into()]);
    watch.watcher.rearm().unwrap();
    fs::create_dir(scratch.join("live/b")).unwrap();
    watch.woken("a new name");
    fs::write(scratch.join("live/a/c.pem"), b"x").unwrap();
    watch.calm("not in this directory");
    fs::rename(scratch.join("live"), scratch.join("moved")).unwrap();
    watch.woken("the directory itself");
    fs::create_dir(scratch.join("live")).unwrap();
    watch.woken("another one in its place");
    fs::create_dir(scratch.join("live/c")).unwrap();
    watch.woken("a name in that one");
}
