//! Placeholders in the keys of `[[discover]]`, and names that the certificate manager takes.

use std::path::Path;

use super::error::shown;
use crate::model::digest::Sha256;
use crate::model::names::{NAME_CHARS_MAX, NAME_CHARS_MIN};

/// The placeholders there are.
const KNOWN: [&str; 3] = ["dir", "parent", "stem"];
/// How much of a path's SHA-256 stands in a name, in hex characters.
const DIGEST_CHARS: usize = 8;
/// What is put behind a name that is too short.
const PADDING: &str = "-cert";

/// What the placeholders stand for.
pub(super) struct Match {
    dir: String,
    parent: String,
    stem: String,
}

impl Match {
    /// Of this file.
    pub(super) fn of(path: &Path) -> Self {
        let text = |part: Option<&std::ffi::OsStr>| {
            part.map(|it| it.to_string_lossy().into_owned()).unwrap_or_default()
        };
        let dir = path.parent();
        Self {
            dir: text(dir.map(Path::as_os_str)),
            parent: text(dir.and_then(Path::file_name)),
            stem: text(path.file_stem()),
        }
    }

    /// The text with its placeholders filled in. What is no placeholder stays as it is.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + self.parent.len());
        for piece in pieces(text) {
            out.push_str(match piece {
                Piece::Text(text) => text,
                Piece::Place("dir") => &self.dir,
                Piece::Place("parent") => &self.parent,
                Piece::Place("stem") => &self.stem,
                Piece::Place(other) => other,
            });
        }
        out
    }
}

/// Refuses placeholders that are none, with the end of a sentence about the text.
pub(super) fn check(text: &str) -> Result<(), String> {
    for piece in pieces(text) {
        match piece {
            Piece::Place(name) if !KNOWN.contains(&name) => {
                let name = shown(name);
                let sentence = "expected {dir}, {parent} or {stem}";
                return Err(format!("has the unknown placeholder {name}, {sentence}"));
            }
            Piece::Text(text) if text.contains(['{', '}']) => {
                return Err("has a brace without its other half".to_owned());
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether the text differs from match to match.
pub(super) fn varies(text: &str) -> bool {
    pieces(text).any(|piece| matches!(piece, Piece::Place(_)))
}

enum Piece<'t> {
    Text(&'t str),
    Place(&'t str),
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let open = rest.find('{').unwrap_or(rest.len());
        let close = rest[open..].find('}').map(|at| open + at);
        let (piece, end) = match (open, close) {
            _ if rest.is_empty() => return None,
            (0, Some(close)) => (Piece::Place(&rest[1..close]), close + 1),
            (0, None) => (Piece::Text(rest), rest.len()),
            (open, _) => (Piece::Text(&rest[..open]), open),
        };
        rest = &rest[end..];
        Some(piece)
    })
}

/// The name that a text comes to: what a name may not have becomes a dash, but for the star of a wildcard, which
/// ACME clients write as `_` where they name files; a dash in front would look like an option.
pub fn name(text: &str, path: &Path) -> String {
    let fit = |c: char| match c {
        '*' => '_',
        c if c.is_ascii_alphanumeric() || "_.-".contains(c) => c,
        _ => '-',
    };
    let mut name: String = text.chars().map(fit).collect();
    if name.starts_with('-') {
        name.replace_range(..1, "_");
    }
    if name.len() < NAME_CHARS_MIN {
        name.push_str(PADDING);
    }
    if name.len() > NAME_CHARS_MAX { told_apart(&name, path) } else { name }
}

/// The name with a digest of the path at its end: the same for the same path, and no other's.
pub fn told_apart(name: &str, path: &Path) -> String {
    let digest = Sha256::of(path.as_os_str().as_encoded_bytes()).to_string();
    let kept = name.len().min(NAME_CHARS_MAX - DIGEST_CHARS - 1);
    format!("{}-{}", &name[..kept], &digest[..DIGEST_CHARS])
}
