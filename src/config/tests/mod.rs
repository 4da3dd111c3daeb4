//! Whole files: what is refused and how it is said, what is accepted, what is shipped, what the disk adds.

mod accepted;
mod bound;
mod discovered;
mod disk;
mod notify;
mod refused_discover;
mod refused_files;
mod refused_instances;
mod refused_values;
mod shared_files;
mod shipped;
mod watched_files;

use std::path::Path;

use super::{Config, ConfigError, parse};

/// The least cloud there is, for files that are about something else.
const CLOUD: &str = "[cloud.main]\nregion = 'cn-north-4'\n";

fn read(text: &str) -> Result<Config, ConfigError> {
    parse(Path::new("/etc/c.toml"), text)
}

/// A file and the lines that it is refused with, the path in front of them left out.
fn refuses(text: &str, lines: &str) {
    let said = read(text).expect_err(text).to_string();
    let expected: Vec<String> = lines.lines().map(|line| format!("/etc/c.toml:{line}")).collect();
    assert_eq!(said.lines().collect::<Vec<_>>(), expected, "{text}\n{said}");
}
