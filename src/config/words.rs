//! Keys whose value is one of a few words: a list for each, from which the file is read, a complaint says what is
//! expected, and the schema says what there is.

use super::{LogFormat, WhenEmpty};
use crate::model::news::News;
use crate::model::place::{Drift, Protocol};
use crate::model::target::{CaSource, SslSwitch, Target};

/// What a key may say in one word.
pub(super) trait Word: Copy + 'static {
    /// Each of them, in the order of the configuration's documentation.
    const ALL: &'static [Self];

    /// As the configuration has it.
    fn word(self) -> &'static str;
}

/// The words of a key.
pub(super) fn words<W: Word>() -> Vec<&'static str> {
    W::ALL.iter().map(|it| it.word()).collect()
}

/// What a text says, or the end of a sentence about it, which `wrong` begins.
pub(super) fn one_of<W: Word>(text: &str, wrong: &str) -> Result<W, String> {
    W::ALL.iter().copied().find(|it| it.word() == text).ok_or_else(|| {
        let words = words::<W>().join(", ");
        let expected = if W::ALL.len() == 1 { words } else { format!("one of {words}") };
        format!("{wrong}, expected {expected}")
    })
}

/// A source of credentials.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    AccessKey,
    Password,
    Environment,
    Profile,
    Metadata,
}

impl Word for Source {
    const ALL: &'static [Self] =
        &[Self::AccessKey, Self::Password, Self::Environment, Self::Profile, Self::Metadata];

    fn word(self) -> &'static str {
        match self {
            Self::AccessKey => "access-key",
            Self::Password => "password",
            Self::Environment => "environment",
            Self::Profile => "profile",
            Self::Metadata => "metadata",
        }
    }
}

impl Word for LogFormat {
    const ALL: &'static [Self] = &[Self::Auto, Self::Text, Self::Json, Self::Journald];

    fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Text => "text",
            Self::Json => "json",
            Self::Journald => "journald",
        }
    }
}

impl Word for WhenEmpty {
    const ALL: &'static [Self] = &[Self::Alarm, Self::Ok];

    fn word(self) -> &'static str {
        match self {
            Self::Alarm => "alarm",
            Self::Ok => "ok",
        }
    }
}

impl Word for News {
    const ALL: &'static [Self] = &News::ALL;

    fn word(self) -> &'static str {
        self.key()
    }
}

impl Word for Drift {
    const ALL: &'static [Self] = &[Self::Report, Self::Repair];

    fn word(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Repair => "repair",
        }
    }
}

impl Word for Protocol {
    const ALL: &'static [Self] = &Protocol::ALL;

    fn word(self) -> &'static str {
        self.key()
    }
}

impl Word for Target {
    const ALL: &'static [Self] = &[Self::Elb, Self::Waf, Self::Cdn];

    fn word(self) -> &'static str {
        self.api().key()
    }
}

impl Word for CaSource {
    const ALL: &'static [Self] = &[Self::Dcs, Self::GeminiDb, Self::Rds, Self::Dds, Self::GaussDb];

    fn word(self) -> &'static str {
        self.api().key()
    }
}

impl Word for SslSwitch {
    const ALL: &'static [Self] = &[Self::TaurusDb];

    fn word(self) -> &'static str {
        self.api().key()
    }
}
