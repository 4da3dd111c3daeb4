//! What is said of keys and tables beside their types: for documentation, its tests and the schema.

use super::Texts;
use crate::model::target::Api;

/// One key of the configuration file, for documentation and its tests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyDoc {
    /// The table, such as `schedule` or `cloud.NAME.credentials`.
    pub table: &'static str,
    /// The key in that table.
    pub key: &'static str,
    /// What it does, in plain words.
    pub doc: String,
    /// What it means when the key is absent.
    pub otherwise: Otherwise,
    /// What its value is.
    pub kind: Kind,
    /// The words that it may be; empty: any.
    pub words: Vec<&'static str>,
}

/// One table of the configuration file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TableDoc {
    /// As a key's documentation names it.
    pub table: &'static str,
    /// What it is about.
    pub doc: String,
    /// Whether it may stand in the file any number of times, as `[[certificate]]` does.
    pub many: bool,
}

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A text.
    Text,
    /// A list of texts.
    Texts,
    /// A whole number.
    Number,
    /// True or false.
    Truth,
}

/// A type that a value is read as.
pub(super) trait Value {
    const KIND: Kind;
}

impl Value for String {
    const KIND: Kind = Kind::Text;
}

impl Value for Texts {
    const KIND: Kind = Kind::Texts;
}

impl Value for i64 {
    const KIND: Kind = Kind::Number;
}

impl Value for bool {
    const KIND: Kind = Kind::Truth;
}

/// What the absence of a key means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Otherwise {
    /// An error.
    Required,
    /// The same as this value, written as TOML.
    Is(String),
    /// What the key's documentation says.
    Absent,
}

/// A default that is a text.
pub(super) fn text(default: &str) -> Otherwise {
    Otherwise::Is(format!("{default:?}"))
}

/// The table of endpoints.
const ENDPOINTS: &str = "cloud.NAME.endpoints";

/// The key of one API's endpoint; they are the only keys of their table, so it needs no struct.
pub(super) fn endpoint(api: Api) -> KeyDoc {
    let more = match api {
        Api::Metadata => " Its link-local address may be http.",
        _ => "",
    };
    KeyDoc {
        table: ENDPOINTS,
        key: api.key(),
        doc: format!("Endpoint of {api}.{more} Absent: the built-in one."),
        otherwise: Otherwise::Absent,
        kind: Kind::Text,
        words: Vec::new(),
    }
}

pub(super) fn endpoints() -> TableDoc {
    let doc = "Endpoints of APIs, where the built-in ones are not meant.".to_owned();
    TableDoc { table: ENDPOINTS, doc, many: false }
}

/// The words of a key that has some, each list of which there is at most one.
pub(super) fn all_of(words: &[Vec<&'static str>]) -> Vec<&'static str> {
    words.concat()
}
