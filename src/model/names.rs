//! Names: what an operator calls a rotation, and what that becomes in the certificate manager.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::digest::Sha256;

/// Longest name of an entry, in characters: the certificate manager takes 63,
/// and an import's name adds a dash and [`DIGEST_CHARS`] of the leaf's digest.
pub const NAME_CHARS_MAX: usize = 50;
/// Shortest name that the certificate manager takes, in characters.
pub const NAME_CHARS_MIN: usize = 3;
/// How much of a leaf's SHA-256 stands in an import's name, in hex characters.
pub const DIGEST_CHARS: usize = 12;

/// The name of a configuration entry: 3 to 50 of `[A-Za-z0-9_.-]`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(Arc<str>);

impl Name {
    /// Takes a name that the certificate manager would take too; else says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, BadName> {
        let chars = text.chars().count();
        if !(NAME_CHARS_MIN..=NAME_CHARS_MAX).contains(&chars) {
            return Err(BadName::Length(chars));
        }
        match text.chars().find(|c| !c.is_ascii_alphanumeric() && !"_.-".contains(*c)) {
            Some(found) => Err(BadName::Character(found)),
            None => Ok(Self(text.into())),
        }
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of an import of this leaf: `NAME-` and the start of the leaf's SHA-256.
    /// It is how an import is found again when its answer or the journal is lost.
    pub fn of_import(&self, leaf: &Sha256) -> String {
        format!("{}-{}", self.0, leaf.short())
    }
}

impl TryFrom<String> for Name {
    type Error = BadName;

    fn try_from(text: String) -> Result<Self, BadName> {
        Self::new(&text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0.as_ref().to_owned()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Why a text is not a [`Name`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Too short or too long; how many characters it has.
    #[error("has {0} characters, expected {NAME_CHARS_MIN} to {NAME_CHARS_MAX}")]
    Length(usize),
    /// A character that the certificate manager refuses.
    #[error("has the character {0:?}, expected only letters, digits, `_`, `.` and `-`")]
    Character(char),
}

/// Whatever the daemon looks after: one configuration entry.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A `[[certificate]]`.
    Certificate(Name),
    /// An `[[instance_ca]]`.
    Ca(Name),
    /// An `[[instance_ssl]]`.
    Ssl(Name),
}

impl Subject {
    /// The entry's name.
    pub fn name(&self) -> &Name {
        match self {
            Self::Certificate(name) | Self::Ca(name) | Self::Ssl(name) => name,
        }
    }

    /// The entry's table in the configuration file.
    pub fn table(&self) -> &'static str {
        match self {
            Self::Certificate(_) => "certificate",
            Self::Ca(_) => "instance_ca",
            Self::Ssl(_) => "instance_ssl",
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.table(), self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_the_certificate_manager_takes() {
        for good in ["www", "a.b-c_D9", &"x".repeat(50)] {
            assert!(Name::new(good).is_ok(), "{good}");
        }
        for bad in ["", "ab", "a b", "ümlaut", "a/b", &"x".repeat(51)] {
            assert!(Name::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_longest_name_still_makes_an_import_name_of_63() {
        let name = Name::new(&"x".repeat(NAME_CHARS_MAX)).unwrap();
        assert_eq!(name.of_import(&Sha256::of(b"leaf")).len(), 63);
    }
}
