//! The entries that a configuration has, by their names.

use std::collections::BTreeSet;

use super::print;
use crate::config::Config;
use crate::model::names::{Name, Subject};

/// Every entry.
pub(super) fn subjects(config: &Config) -> impl Iterator<Item = Subject> {
    let certificates = config.certificates.iter().map(|it| Subject::Certificate(it.name.clone()));
    let cas = config.instance_cas.iter().map(|it| Subject::Ca(it.name.clone()));
    let switches = config.instance_ssls.iter().map(|it| Subject::Ssl(it.name.clone()));
    certificates.chain(cas).chain(switches)
}

/// The certificate in the file whose own a match of this name would be.
fn table<'c>(config: &'c Config, name: &Name) -> Option<&'c Name> {
    let mut written = config.discover.iter().flat_map(|it| &it.outcome.written);
    written.find(|(_, would_be)| would_be == name.as_str()).map(|(table, _)| table)
}

/// Whether the configuration has all of these. Says which is the first that it has not.
pub(super) fn are_known<'a>(config: &Config, named: impl IntoIterator<Item = &'a Name>) -> bool {
    let known: BTreeSet<_> = subjects(config).map(|subject| subject.name().clone()).collect();
    let Some(name) = named.into_iter().find(|name| !known.contains(*name)) else { return true };
    let table = table(config, name);
    let table = table.map(|it| format!(": its file belongs to {it}")).unwrap_or_default();
    print::problem(&format!("the configuration has no entry named {name}{table}"));
    false
}
