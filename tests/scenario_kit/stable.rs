//! Makes output the same in each run: moments, ids and digests get names, in the order in which
//! they are first seen.

use std::collections::{BTreeMap, BTreeSet};

/// Shapes of what changes from run to run: `d` is a digit, `x` a lower-case hex digit.
const MOMENT: &str = "dddd-dd-ddTdd:dd:ddZ";
const UUID: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
/// The part of a job's id that the cloud's ledger tells.
const UUID_START: &str = "xxxxxxxx";
const SCM_ID: &str = "scsddddddddddddd";
/// The name that a push makes up for its copy.
const COPY_NAME: &str = "scm-xxxxxxxx";
const SHA256: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
const SHA256_START: &str = "xxxxxxxxxxxx";
const COPY_ID: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
/// What stands before a digest, and what that is then one of. Elsewhere it keeps the name that it was
/// given first.
const BEFORE_DIGEST: [(&str, &str); 3] =
    [("-", "leaf"), ("CA bundle ", "ca"), ("on_change for ", "ca")];
/// What stands before a span that shrinks while one looks.
const BEFORE_SPAN: &str = "tried again in ";
/// What stands behind a number that is not the same in each run: CAs end in a year that stands fast,
/// and a signature is a few bytes longer or shorter.
const AFTER_MANY: [&str; 2] = [" days", " characters, "];
/// The fewest digits of such a number; the days of a leaf, issued anew for each run, have fewer.
const MANY_DIGITS_MIN: usize = 4;

/// The names given so far.
#[derive(Default)]
pub struct Names {
    given: BTreeMap<(&'static str, String), usize>,
    constants: Vec<(String, String)>,
    labels: Vec<(String, String)>,
    leaves: BTreeSet<String>,
}

impl Names {
    /// From now on `text` is shown as `name`.
    pub fn constant(&mut self, text: &str, name: &str) {
        self.constants.push((text.to_owned(), name.to_owned()));
    }

    /// From now on `text` is shown as `label`, which means nothing in a command.
    pub fn label(&mut self, text: &str, label: &str) {
        self.labels.push((text.to_owned(), label.to_owned()));
    }

    /// Digests that are those of leaves, wherever they stand.
    pub fn leaves(&mut self, digests: impl Iterator<Item = String>) {
        self.leaves.extend(digests);
    }

    /// What `name` stands for, where it is one of this kind.
    pub fn real(&self, kind: &str, name: &str) -> Option<&str> {
        let number = name.strip_prefix(kind)?.strip_prefix('#')?.parse::<usize>().ok()?;
        let found = self.given.iter().find(|((of, _), given)| *of == kind && **given == number);
        found.map(|((_, key), _)| key.as_str())
    }

    /// The text with the names in it put back.
    pub fn expand(&self, text: &str) -> String {
        self.constants.iter().fold(text.to_owned(), |text, (real, name)| text.replace(name, real))
    }

    /// The line with names in place of what changes.
    pub fn settle(&mut self, line: &str) -> String {
        let line = self
            .constants
            .iter()
            .chain(&self.labels)
            .fold(line.to_owned(), |line, (real, name)| line.replace(real, name));
        let (mut settled, mut rest) = (String::new(), line.as_str());
        while let Some(next) = rest.chars().next() {
            let begins = !settled.ends_with(|c: char| c.is_ascii_alphanumeric());
            let found = if begins { self.found(&settled, rest) } else { None };
            let (shown, used) = found.unwrap_or_else(|| (next.to_string(), next.len_utf8()));
            settled += &shown;
            rest = &rest[used..];
        }
        narrow(&without_request_ids(&settled))
    }

    /// The name of what `rest` begins with, and how long that is.
    fn found(&mut self, before: &str, rest: &str) -> Option<(String, usize)> {
        let is = |shape: &str| has_shape(rest, shape);
        let head = |shape: &str| rest[..shape.len()].to_owned();
        if is(MOMENT) {
            return Some(("TIME".to_owned(), MOMENT.len()));
        }
        if let Some(unsteady) = unsteady(before, rest) {
            return Some(unsteady);
        }
        let (kind, key, length) = if is(UUID) {
            ("job", head(UUID_START), UUID.len())
        } else if before.ends_with("job ") && is(UUID_START) {
            ("job", head(UUID_START), UUID_START.len())
        } else if is(SCM_ID) {
            ("scs", head(SCM_ID), SCM_ID.len())
        } else if is(COPY_NAME) {
            ("scm-copy", head(COPY_NAME), COPY_NAME.len())
        } else if is(COPY_ID) {
            ("copy", head(COPY_ID), COPY_ID.len())
        } else {
            let length = [SHA256, SHA256_START].into_iter().find(|shape| is(shape))?.len();
            (self.digest_kind(before, &head(SHA256_START)), head(SHA256_START), length)
        };
        Some((self.name(kind, key), length))
    }

    fn digest_kind(&self, before: &str, digest: &str) -> &'static str {
        if self.leaves.contains(digest) {
            return "leaf";
        }
        let known = |kind: &'static str| self.given.contains_key(&(kind, digest.to_owned()));
        let told = BEFORE_DIGEST.iter().find(|(words, _)| before.ends_with(words));
        let kind = told.map(|(_, kind)| *kind);
        kind.or_else(|| ["leaf", "ca"].into_iter().find(|kind| known(kind))).unwrap_or("sha")
    }

    fn name(&mut self, kind: &'static str, key: String) -> String {
        let next = self.given.keys().filter(|(of, _)| *of == kind).count() + 1;
        let number = self.given.entry((kind, key)).or_insert(next);
        format!("{kind}#{number}")
    }
}

/// The line with all that changes blotted out: what lines are sorted by.
pub fn blotted(line: &str) -> String {
    let mut blot = Names::default();
    let line = blot.settle(line);
    line.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// A span or a number that is not the same a moment or a day later.
fn unsteady(before: &str, rest: &str) -> Option<(String, usize)> {
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits > 0 && before.ends_with(BEFORE_SPAN) {
        let unit = rest[digits..].chars().take_while(char::is_ascii_alphabetic).count();
        return Some(("SPAN".to_owned(), digits + unit));
    }
    let many = AFTER_MANY.iter().any(|words| rest[digits..].starts_with(words));
    (many && digits >= MANY_DIGITS_MIN).then(|| ("MANY".to_owned(), digits))
}

/// Whether the text begins with this shape, and no further letter or digit.
fn has_shape(text: &str, shape: &str) -> bool {
    let (text, length) = (text.as_bytes(), shape.len());
    let fits = |(found, wanted): (&u8, u8)| match wanted {
        b'd' => found.is_ascii_digit(),
        b'x' => found.is_ascii_digit() || (b'a'..=b'f').contains(found),
        other => *found == other,
    };
    text.len() >= length
        && text.iter().zip(shape.bytes()).all(fits)
        && !text.get(length).is_some_and(u8::is_ascii_alphanumeric)
}

/// Columns of a table are as wide as what stood in them: two blanks do for each gap.
fn narrow(line: &str) -> String {
    let words = line.trim_start();
    let cells = words.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
    let indent = &line[..line.len() - words.len()];
    format!("{indent}{}", cells.collect::<Vec<_>>().join("  "))
}

fn without_request_ids(line: &str) -> String {
    let mut parts = line.split(" (request ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, part| line + part.split_once(')').map_or("", |(_, rest)| rest))
}
