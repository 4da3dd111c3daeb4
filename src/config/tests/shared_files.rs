//! Entries that would write each other's files, by whatever path: two such CA files throw each other's CA out.

use std::fs;
use std::os::unix::fs::symlink;

use super::{CLOUD, read, refuses};
use crate::config::disk::{CredentialDirs, Credentials};
use crate::config::load::resolved;
use crate::files::{Attributes, atomic};
use crate::scratch::Scratch;

fn ca(name: &str, path: &str) -> String {
    format!(
        "[[instance_ca]]\nname = '{name}'\nservice = 'dcs'\ninstance_id = 'ab'\npath = '{path}'\n"
    )
}

fn certificate(name: &str, [cert, key, chain]: [&str; 3]) -> String {
    format!("[[certificate]]\nname = '{name}'\ncert = '{cert}'\nkey = '{key}'\nchain = '{chain}'\n")
}

/// What is refused of these entries where the disk is looked at, without the configuration's path.
fn on_disk(scratch: &Scratch, entries: &[String]) -> Vec<String> {
    let text = format!("{CLOUD}{}", entries.concat());
    let dirs = CredentialDirs(Vec::new());
    let path = scratch.join("c.toml");
    match resolved(&path, &text, &Credentials::Unused(&dirs)) {
        Ok(_) => Vec::new(),
        Err(error) => {
            let dir = scratch.display().to_string();
            error.problems.iter().map(|one| one.sentence.replace(&dir, "DIR")).collect()
        }
    }
}

#[test]
fn one_file_in_two_spellings() {
    let entries = [
        ca("one", "ca/x.pem"),
        ca("two", "ca/../ca/x.pem"),
        ca("three", "/etc//ca/./x.pem"),
        ca("other", "ca/../x.pem"),
    ];
    refuses(
        &format!("{CLOUD}{}", entries.concat()),
        r#"12:8: `path` "/etc/ca/../ca/x.pem" is "/etc/ca/x.pem", a file that instance_ca one writes, expected one of its own
17:8: `path` "/etc//ca/./x.pem" is "/etc/ca/x.pem", a file that instance_ca two writes, expected one of its own"#,
    );
    let files = |cert| [cert, "/le/key.pem", "/le/chain.pem"];
    let entries = [
        certificate("www", files("/le/cert.pem")),
        certificate("again", files("/le/../le/cert.pem")),
    ];
    refuses(
        &format!("{CLOUD}{}", entries.concat()),
        r#"10:8: `cert` "/le/../le/cert.pem" is that of certificate www too, expected once in one cloud"#,
    );
}

#[test]
fn a_former_file_is_taken_too() {
    let previous = "/x/a.pem.previous";
    let taken = |other: &str, line| {
        format!(
            "{line}:8: `path` \"/x/a.pem\" keeps its former CAs in \"{previous}\", a file that {other}, \
             expected another `path`"
        )
    };
    let kept = "12:8: `path` \"/x/a.pem.previous\" is a file that instance_ca one keeps its former CAs in, \
                expected one of its own";
    let both = |first: String, second: String| format!("{CLOUD}{first}{second}");
    refuses(&both(ca("one", "/x/a.pem"), ca("two", previous)), kept);
    let text = both(ca("two", previous), ca("one", "/x/a.pem"));
    refuses(&text, &taken("instance_ca two writes", 12));
    for at in 0..3 {
        let mut files = ["/le/cert.pem", "/le/key.pem", "/le/chain.pem"];
        files[at] = "/x/b/../a.pem.previous";
        let text = both(ca("one", "/x/a.pem"), certificate("www", files));
        refuses(&text, &taken("certificate www reads", 7));
        files[at] = "/x/./b/../a.pem";
        let text = both(ca("one", "/x/a.pem"), certificate("www", files));
        let own = "7:8: `path` \"/x/a.pem\" is a file that certificate www reads, expected one of its own";
        refuses(&text, own);
    }
    // What is read may be read twice, and a name that merely begins alike is another one.
    let shared = ["/le/cert.pem", "/le/both.pem", "/le/both.pem"];
    let text = both(ca("one", "/x/a.pem"), ca("two", "/x/a.pem.previously"));
    read(&format!("{text}{}", certificate("www", shared))).unwrap();
}

#[test]
fn symlinks_lead_to_the_same_file() {
    let scratch = Scratch::new();
    let dir = |name: &str| scratch.join(name);
    fs::create_dir_all(dir("real/deep")).unwrap();
    symlink("real", dir("link")).unwrap();
    symlink("real/deep", dir("short")).unwrap();
    symlink("../real/x.pem", dir("real/y.pem")).unwrap();
    symlink("/elsewhere/z.pem", dir("real/x.pem.previous")).unwrap();
    let twice = |path: &str| {
        let expected = "DIR/real/x.pem";
        vec![format!(
            "`path` \"DIR/{path}\" is \"{expected}\", a file that instance_ca one writes, expected one of its own"
        )]
    };
    for (path, expected) in [
        ("link/x.pem", twice("link/x.pem")),
        ("link/y.pem", twice("link/y.pem")),
        ("short/../x.pem", twice("short/../x.pem")),
        ("link/new/../x.pem", twice("link/new/../x.pem")),
        ("real/../x.pem", Vec::new()),
        ("link/new/x.pem", Vec::new()),
    ] {
        let entries = [ca("one", "real/x.pem"), ca("two", path)];
        assert_eq!(on_disk(&scratch, &entries), expected, "{path}");
    }
    assert_eq!(
        on_disk(&scratch, &[ca("one", "short/../x.pem"), ca("two", "x.pem")]),
        Vec::<String>::new(),
        "one file by their text, two by the link before `..`"
    );
    let certificate = certificate("www", ["c.pem", "link/x.pem.previous", "chain.pem"]);
    assert_eq!(
        on_disk(&scratch, &[ca("one", "link/y.pem"), certificate]),
        [
            "`path` \"DIR/link/y.pem\" keeps its former CAs in \"DIR/real/x.pem.previous\", a file that \
          certificate www reads, expected another `path`"
        ],
        "the name itself is replaced, wherever it leads"
    );
}

#[test]
fn circles_and_bare_directories_end() {
    let scratch = Scratch::new();
    symlink("b.pem", scratch.join("a.pem")).unwrap();
    symlink("a.pem", scratch.join("b.pem")).unwrap();
    let said = on_disk(&scratch, &[ca("one", "a.pem"), ca("two", "b.pem"), ca("root", "/")]);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("a file that instance_ca one writes"), "{said:?}");
}

#[test]
fn the_former_file_is_where_the_writer_puts_it() {
    let scratch = Scratch::new();
    let path = scratch.join("ca.pem");
    for bytes in ["one", "two"] {
        atomic::replace(&path, bytes.as_bytes(), &Attributes::of_mode(0o644)).unwrap();
    }
    let former = atomic::previous(&path).unwrap();
    let said = on_disk(&scratch, &[ca("one", "ca.pem"), ca("two", &former.to_string_lossy())]);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("instance_ca one keeps its former CAs in"), "{said:?}");
}
