//! Lists of texts: each item with its own complaint, and none twice where that makes no sense.

use std::collections::HashSet;
use std::fmt::Display;
use std::hash::Hash;

use toml::Spanned;

use super::values::parsed;
use crate::config::error::{Findings, shown};
use crate::config::raw::Texts;

/// Most listeners, hosts, domains or probes of one target: each costs a call or a handshake.
const LIST_MAX: usize = 500;

/// The sound items of a list; complains about the others.
pub(super) fn list<V, E: Display>(
    key: &str,
    written: Option<&Spanned<Texts>>,
    findings: &mut Findings<'_>,
    parse: impl Fn(&str) -> Result<V, E>,
) -> Vec<V> {
    items(key, written, findings, parse).into_iter().map(|(_, value)| value).collect()
}

/// As [`list`], and complains about an item that says the same as one before it.
pub(super) fn once<V, E: Display, S: Eq + Hash>(
    key: &str,
    written: Option<&Spanned<Texts>>,
    findings: &mut Findings<'_>,
    parse: impl Fn(&str) -> Result<V, E>,
    says: impl Fn(&V) -> S,
) -> Vec<V> {
    let mut seen = HashSet::new();
    let mut values = Vec::new();
    for (item, value) in items(key, written, findings, parse) {
        if seen.insert(says(&value)) {
            values.push(value);
        } else {
            let text = shown(item.get_ref());
            let sentence =
                format!("`{key}` {text} stands a second time in this list, expected once");
            findings.add(&item.span(), sentence);
        }
    }
    values
}

fn items<'w, V, E: Display>(
    key: &str,
    written: Option<&'w Spanned<Texts>>,
    findings: &mut Findings<'_>,
    parse: impl Fn(&str) -> Result<V, E>,
) -> Vec<(&'w Spanned<String>, V)> {
    let Some(written) = written else {
        return Vec::new();
    };
    let count = written.get_ref().len();
    if !(1..=LIST_MAX).contains(&count) {
        let sentence =
            format!("`{key}` has {count} items, expected 1 to {LIST_MAX}, or leave the key out");
        findings.add(&written.span(), sentence);
        return Vec::new();
    }
    let items = written.get_ref().iter();
    items.filter_map(|item| Some((item, parsed(key, item, findings, &parse)?))).collect()
}
