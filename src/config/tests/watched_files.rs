//! Files that somebody else renews: what is taken for one, and what is not.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{CLOUD, read, refuses};

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn a_file_and_a_pattern_of_files() {
    let entries = "[[watch_file]]\nname = 'mail'\npath = 'tls/mail.pem'\n\
         [[watch_file]]\nname = 'proxy'\npath = '/etc/haproxy/*.pem'\nwarn_before = '14d'\n";
    let config = read(&format!("{CLOUD}{entries}")).unwrap();
    assert!(config.warnings.is_empty(), "to watch files is something to do: {:?}", config.warnings);
    let [mail, proxy] = config.watch_files.as_slice() else { panic!("{:?}", config.watch_files) };
    assert_eq!((mail.name.as_str(), &*mail.path), ("mail", "/etc/tls/mail.pem"));
    assert_eq!((mail.glob.only(), mail.warn_before), (Some("/etc/tls/mail.pem".into()), DAY * 21));
    assert_eq!((&*proxy.path, proxy.warn_before), ("/etc/haproxy/*.pem", DAY * 14));
    assert_eq!(proxy.glob.only(), None::<PathBuf>);
    assert!(proxy.glob.matches(Path::new("/etc/haproxy/www.pem")));
}

#[test]
fn what_is_no_watched_file() {
    refuses(
        "[cloud.main]
region = 'cn-north-4'
[[watch_file]]
name = 'mail'
path = '/etc/tls/'
warn_before = '1m'
[[watch_file]]
name = 'mail'
path = '/etc/**/x/**/y.pem'
[[watch_file]]
name = 'proxy'
cloud = 'main'
",
        "5:8: `path` \"/etc/tls/\" names no file
6:15: `warn_before` \"1m\" is out of bounds, expected 60m to 400d
8:8: `name` \"mail\" stands in a second [[watch_file]], expected another one
9:8: `path` \"/etc/**/x/**/y.pem\" has `**` twice, expected it once
10:1: [[watch_file]] has no `path`, which is required
12:1: unknown key \"cloud\" in [[watch_file]]: expected one of name, path, warn_before",
    );
}
