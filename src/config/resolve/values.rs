//! Helpers that every table needs: one value, its checks, and the sentence when it fails them.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;

use super::World;
use crate::config::error::{Findings, shown};
use crate::config::read::Read;
use crate::model::time::span as in_words;
use crate::schedule::parse_span;

/// Longest path, in bytes: what Linux takes.
const PATH_BYTES_MAX: usize = 4095;

/// A value that must be there; complains when it is not.
pub(super) fn required<'r, T, V>(
    entry: &Read<T>,
    key: &str,
    value: Option<&'r Spanned<V>>,
    findings: &mut Findings<'_>,
) -> Option<&'r Spanned<V>> {
    if value.is_none() {
        entry.missing(key, findings);
    }
    value
}

/// What `parse` makes of a text; its error ends the sentence that names key and text.
pub(super) fn parsed<V, E: Display>(
    key: &str,
    written: &Spanned<String>,
    findings: &mut Findings<'_>,
    parse: impl Fn(&str) -> Result<V, E>,
) -> Option<V> {
    match parse(written.get_ref()) {
        Ok(value) => Some(value),
        Err(error) => {
            let text = shown(written.get_ref());
            findings.add(&written.span(), format!("`{key}` {text} {error}"));
            None
        }
    }
}

/// What `parse` makes of a text or, in its absence, of the default.
pub(super) fn parsed_or<V, E: Display>(
    key: &str,
    written: Option<&Spanned<String>>,
    default: &str,
    findings: &mut Findings<'_>,
    parse: impl Fn(&str) -> Result<V, E>,
) -> Option<V> {
    match written {
        Some(written) => parsed(key, written, findings, parse),
        None => parse(default).ok(),
    }
}

/// A span of time within bounds.
pub(super) fn span_within(
    text: &str,
    bounds: RangeInclusive<Duration>,
) -> Result<Duration, String> {
    let span = parse_span(text).map_err(|error| error.to_string())?;
    if bounds.contains(&span) {
        return Ok(span);
    }
    Err(format!(
        "is out of bounds, expected {} to {}",
        in_words(*bounds.start()),
        in_words(*bounds.end())
    ))
}

/// A whole number within bounds, or the default.
pub(super) fn number_or(
    key: &str,
    written: Option<&Spanned<i64>>,
    default: i64,
    bounds: RangeInclusive<i64>,
    findings: &mut Findings<'_>,
) -> usize {
    let number = written.map_or(default, |written| *written.get_ref());
    if let Some(written) = written.filter(|_| !bounds.contains(&number)) {
        let sentence = format!(
            "`{key}` {number} is out of bounds, expected {} to {}",
            bounds.start(),
            bounds.end()
        );
        findings.add(&written.span(), sentence);
    }
    usize::try_from(number).unwrap_or_default()
}

/// A text of 1 to `chars_max` characters, each of them fit.
pub(super) fn word(
    text: &str,
    chars_max: usize,
    fit: impl Fn(char) -> bool,
    expected: &str,
) -> Result<String, String> {
    let chars = text.chars().count();
    if chars == 0 || chars > chars_max || !text.chars().all(fit) {
        return Err(format!("is not {expected}"));
    }
    Ok(text.to_owned())
}

/// A path from the file's directory.
pub(super) fn path(text: &str, world: &World<'_>) -> Result<PathBuf, &'static str> {
    if text.is_empty() {
        return Err("is empty, expected a path");
    }
    if text.chars().any(char::is_control) {
        return Err("has a control character, expected a path");
    }
    if text.len() > PATH_BYTES_MAX {
        return Err("is too long for a path");
    }
    Ok(world.dir.join(text))
}
