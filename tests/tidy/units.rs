//! The files that are installed beside the binary.

use std::path::Path;

use super::{none, read};

/// What begins and ends the part that both services have.
const BEGIN: &str = "# ---- sandbox";
const END: &str = "# ---- end of sandbox";

/// The settings between the marks, without comments and blank lines.
fn sandbox(path: &str) -> Vec<String> {
    let text = read(path);
    let mut parts = text.lines().skip_while(|line| !line.starts_with(BEGIN)).skip(1);
    let settings: Vec<_> = parts.by_ref().take_while(|line| !line.starts_with(END)).collect();
    assert!(text.contains(END), "{path}: the sandbox has no end");
    let settings = settings.into_iter().map(str::trim);
    settings.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn both_services_live_in_the_same_sandbox() {
    let (daemon, round) =
        (sandbox("systemd/certrotd.service"), sandbox("systemd/certrotd-apply.service"));
    assert!(daemon.len() > 20, "the rule has seen nothing: {daemon:?}");
    assert_eq!(daemon, round);
}

#[test]
fn the_shipped_configuration_is_valid_where_it_is_installed() {
    let config = certrotd::config::parse(
        Path::new("/etc/certrotd/certrotd.toml"),
        &read("config/certrotd.toml"),
    );
    none("faults", &config.err().map(|error| error.to_string()).into_iter().collect::<Vec<_>>());
}

#[test]
fn both_services_run_commands_that_exist() {
    for (path, command) in
        [("systemd/certrotd.service", "run"), ("systemd/certrotd-apply.service", "apply")]
    {
        let line =
            format!("ExecStart=/usr/bin/certrotd --config /etc/certrotd/certrotd.toml {command}");
        assert!(read(path).lines().any(|own| own == line), "{path} does not say {line}");
    }
}
