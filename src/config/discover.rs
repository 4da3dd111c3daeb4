//! `[[discover]]`: certificates that nobody has written down. A pattern makes entries like those of the file,
//! and everything after this module takes them for such.

use std::path::PathBuf;

use super::{Config, resolve};
use crate::model::names::Name;

/// `[[discover]]`: a pattern, and what the last look for its files came to.
#[derive(Clone, Debug)]
pub struct Discover {
    /// The pattern as it is written.
    pub pattern: String,
    /// What it means that nothing matches.
    pub when_empty: WhenEmpty,
    /// What was found; nothing before the first look.
    pub outcome: Outcome,
}

/// What a pattern without a match is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhenEmpty {
    /// Something is wrong: somebody counts on these certificates.
    Alarm,
    /// Nothing to speak of.
    Ok,
}

/// What a look for the files of one pattern came to.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Outcome {
    /// How many files match, those included that other entries have already.
    pub matches: usize,
    /// Those of them that a table of the file has: the table's name, and what each would be called without it.
    pub written: Vec<(Name, String)>,
    /// What is wrong, in sentences for whoever has to put it right.
    pub faults: Vec<Fault>,
    /// Names that may become matches, or lead to some, when they change.
    pub awaited: Vec<PathBuf>,
    /// Directories in which a new name may be a match.
    pub listed: Vec<PathBuf>,
}

/// Something that is wrong with what a pattern finds. The other entries go on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The pattern as it is written.
    pub pattern: String,
    /// What it is about.
    pub kind: FaultKind,
    /// What is wrong, with the pattern or the path in it.
    pub sentence: String,
}

/// What a fault is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultKind {
    /// Nothing matches, and that is an alarm.
    Empty,
    /// Something could not be looked at. What was found there before stays.
    Unread,
    /// A file matches and no entry can be made of it.
    Unfit,
}

/// Looks for the files of every pattern again. Everything that was written stays as it is, and so do the entries
/// of files that are still there, or in directories that cannot be looked at. The warnings are those of the
/// entries that are new. It reads directories, and blocks for as long as that takes.
pub fn rediscover(former: &Config) -> Config {
    let mut config = former.clone();
    config.warnings.clear();
    resolve::expand(&mut config, former.discovered(), true);
    config
}
