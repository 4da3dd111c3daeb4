//! Commands: a program with its full path, and its arguments, as no shell sees them.

use std::path::Path;

use toml::Spanned;

use super::lists;
use crate::config::error::{Findings, shown};
use crate::config::raw::Texts;

/// The sound words of a command; empty where there is none.
pub(super) fn command(
    key: &str,
    written: Option<&Spanned<Texts>>,
    findings: &mut Findings<'_>,
) -> Vec<String> {
    let argv = lists::list(key, written, findings, argument);
    let first = written.and_then(|written| written.get_ref().first());
    if let (Some(first), Some(program)) = (first, argv.first())
        && (!Path::new(program).is_absolute() || program.ends_with('/'))
    {
        let text = shown(program);
        let sentence = format!("`{key}` starts with {text}, expected a program with its full path");
        findings.add(&first.span(), sentence);
    }
    argv
}

fn argument(text: &str) -> Result<String, &'static str> {
    if text.contains('\0') {
        Err("has a zero byte, which no argument can have")
    } else {
        Ok(text.to_owned())
    }
}
