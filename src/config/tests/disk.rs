//! What files on this host add: credentials that cannot be read, and modes that let others read them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::config::disk::{CredentialDirs, Credentials};
use crate::config::load::{load, resolved};
use crate::scratch::Scratch;

fn write(scratch: &Scratch, name: &str, text: &str, mode: u32) -> PathBuf {
    let path = scratch.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path
}

fn access_key(access: &str, secret: &str) -> String {
    format!(
        "[cloud.main]\nregion = 'cn-north-4'\n[cloud.main.credentials]\nsource = 'access-key'\n\
         access_key_file = '{access}'\nsecret_key_file = '{secret}'\n"
    )
}

#[test]
fn credentials_open_and_their_modes_are_watched() {
    let scratch = Scratch::new();
    write(&scratch, "ak", "AK", 0o600);
    write(&scratch, "sk", "SK", 0o640);
    let key = write(&scratch, "privkey.pem", "", 0o604);
    let group_key = write(&scratch, "group.pem", "", 0o640);
    let mut text = access_key("credential:ak", "./sk");
    for (name, key) in [("one", &key), ("two", &group_key), ("gone", &scratch.join("none"))] {
        let key = key.display();
        text += &format!("[[certificate]]\nname = '{name}'\ncert = '/c-{name}'\nkey = '{key}'\n");
    }
    let dirs = CredentialDirs(vec![scratch.join("absent"), scratch.to_owned()]);
    let config = resolved(&scratch.join("c.toml"), &text, &Credentials::Needed(&dirs)).unwrap();
    let said = |path: &Path, mode: &str, wish: &str| {
        let path = path.display();
        format!(
            "{path} holds a secret and has mode {mode}, so that others can read it; set it to {wish}"
        )
    };
    let expected =
        [said(&scratch.join("./sk"), "0640", "0600"), said(&key, "0604", "0640 or 0600")];
    assert_eq!(config.warnings, expected);
}

#[test]
fn a_credential_that_cannot_be_read_is_an_error_with_its_place() {
    let scratch = Scratch::new();
    let dirs = CredentialDirs(vec![scratch.to_owned()]);
    let dir = scratch.display();
    let text = access_key("credential:ak", &format!("{dir}"));
    let said =
        resolved(Path::new("/c.toml"), &text, &Credentials::Needed(&dirs)).unwrap_err().to_string();
    let expected = format!(
        "/c.toml:5:19: `access_key_file` credential:ak is not there ({dir}/ak: cannot be read: No such file or \
         directory (os error 2)); systemd provides it while the service runs, by LoadCredential=: start certrotd.service, or name the file by its path\n\
         /c.toml:6:19: `secret_key_file` {dir}: is not a file"
    );
    assert_eq!(said, expected);
    let offline = resolved(Path::new("/c.toml"), &text, &Credentials::Unused(&dirs)).unwrap();
    let expected: Vec<_> =
        expected.lines().map(|line| line.split_once(": ").unwrap().1.to_owned()).collect();
    assert_eq!(offline.warnings[..2], expected, "the same words, as warnings");
}

#[test]
fn a_secret_written_where_its_file_is_meant_is_not_repeated() {
    let scratch = Scratch::new();
    let dirs = CredentialDirs(vec![scratch.to_owned()]);
    for secret in ["hunter2hunter2", "hunter2/hunter2", "hunter2\\nhunter2"] {
        let text = access_key("/dev/null", secret).replace('\'', "\"");
        let said = resolved(Path::new("/c.toml"), &text, &Credentials::Needed(&dirs)).unwrap_err();
        assert!(!format!("{said} {said:?}").contains("hunter2"), "{said}");
        assert!(said.to_string().contains("`secret_key_file`"), "{said}");
        let offline = resolved(Path::new("/c.toml"), &text, &Credentials::Unused(&dirs));
        let said = format!("{:?}", offline.map(|config| config.warnings));
        assert!(!said.contains("hunter2") && said.contains("`secret_key_file`"), "{said}");
    }
}

#[test]
fn loads_a_file_and_says_why_not() {
    let scratch = Scratch::new();
    let text = "[cloud.main]\nregion = 'cn-north-4'\n[state]\npath = 'state'\n";
    let path = write(&scratch, "c.toml", text, 0o600);
    assert_eq!(load(&path).unwrap().state, scratch.join("state"));
    let gone = scratch.join("gone.toml");
    let said = load(&gone).unwrap_err().to_string();
    assert!(said.starts_with(&format!("{}: cannot be read: ", gone.display())), "{said}");
    let said = load(&scratch).unwrap_err().to_string();
    assert!(said.ends_with(": is not a file"), "{said}");
    fs::write(&path, b"# \xff\n").unwrap();
    assert!(load(&path).unwrap_err().to_string().ends_with(": is not UTF-8 from byte 2 on"));
    fs::write(&path, "#".repeat(9 << 20)).unwrap();
    assert!(load(&path).unwrap_err().to_string().contains(": is longer than "));
}
