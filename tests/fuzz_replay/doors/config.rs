//! `config::parse`: a whole file, as far as it goes without touching a disk.

use std::collections::BTreeSet;
use std::path::Path;

use certrotd::config::{Config, ConfigError, parse};

use super::is_sentence;

/// What an operator might write into the file instead of naming a file: it is not repeated.
const CANARY: &str = "hunter2-canary-0123456789";

/// Reads the text. What is wrong stands within it, each in a sentence; what is right keeps the promises of
/// `Config`; and a secret that is written into the file by mistake is not shown.
pub fn open(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match parse(Path::new("/etc/certrotd.toml"), text) {
        Ok(config) => judge(&config),
        Err(error) => refused(&error, text),
    }
    // One of them an input, or most of the time would go here.
    let key = ["secret_key", "password", "access_key"][text.len() % 3];
    let leaky = format!("{text}\n{key} = \"{CANARY}\"\n");
    if let Err(error) = parse(Path::new("/etc/certrotd.toml"), &leaky) {
        let excerpts = error.problems.iter().filter_map(|problem| problem.excerpt.as_ref());
        let drawn: String = excerpts.map(|excerpt| excerpt.text.as_str()).collect();
        let shown = format!("{error}{drawn}");
        assert!(!shown.contains(CANARY), "a secret is shown: {shown}");
        assert!(!drawn.contains(char::is_control), "the terminal is written to: {drawn:?}");
    }
}

fn refused(error: &ConfigError, text: &str) {
    let lines: Vec<usize> = text.split('\n').map(|line| line.chars().count()).collect();
    assert!(!error.problems.is_empty(), "refused for nothing");
    for problem in &error.problems {
        is_sentence(&problem.sentence);
        let Some(place) = problem.place else { continue };
        let chars = lines.get(place.line.wrapping_sub(1));
        let within = chars.is_some_and(|chars| (1..=chars + 1).contains(&place.column));
        assert!(within, "{}:{} is not in the text", place.line, place.column);
    }
    let in_order = error.problems.is_sorted_by_key(|problem| problem.place);
    assert!(in_order, "problems are not in the order of the text");
}

fn judge(config: &Config) {
    config.warnings.iter().for_each(|warning| is_sentence(warning));
    assert!(!config.accounts.is_empty(), "no account");
    unique("account", config.accounts.iter().map(|it| it.name.to_string()));
    unique("certificate", config.certificates.iter().map(|it| it.name.to_string()));
    unique("CA", config.instance_cas.iter().map(|it| it.name.to_string()));
    unique("CA file", config.instance_cas.iter().map(|it| it.path.display().to_string()));
    unique("switch", config.instance_ssls.iter().map(|it| it.name.to_string()));
    unique("watched file", config.watch_files.iter().map(|it| it.name.to_string()));
    for certificate in &config.certificates {
        assert!(config.account(&certificate.cloud).is_some(), "a reference to no account");
        let targets =
            certificate.pushes.iter().map(|push| format!("{} {}", push.target, push.project));
        unique("push", targets);
    }
    let clouds = config.instance_cas.iter().map(|it| &it.cloud);
    let mut clouds = clouds.chain(config.instance_ssls.iter().map(|it| &it.cloud));
    assert!(clouds.all(|cloud| config.account(cloud).is_some()), "a reference to no account");
    let endpoints = config.accounts.iter().flat_map(|account| account.endpoints.values());
    for endpoint in endpoints {
        assert!(endpoint.starts_with("https://") || endpoint.starts_with("http://"), "{endpoint}");
    }
}

fn unique(what: &str, names: impl Iterator<Item = String>) {
    let mut seen = BTreeSet::new();
    for name in names {
        assert!(!seen.contains(&name), "two of one {what}: {name}");
        seen.insert(name);
    }
}
