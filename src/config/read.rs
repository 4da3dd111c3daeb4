//! Takes a file apart: table by table, so that one mistake does not hide the next.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::error::{Findings, shown};
use super::nearest::nearest;
use super::raw::{self, Table};
use crate::model::target::Api;

/// Most entries of one kind; a file that lists more was made by a loop that ran away.
const ENTRIES_MAX: usize = 10_000;
/// The tables at the top of a file.
const TOP: [&str; 11] = [
    "schedule",
    "state",
    "log",
    "metrics",
    "notify",
    "cloud",
    "certificate",
    "discover",
    "instance_ca",
    "instance_ssl",
    "watch_file",
];

/// One table as it is written.
pub(super) struct Read<T> {
    /// Its keys; those that are absent or of a wrong type are `None`.
    pub(super) raw: T,
    /// Its header, or the start of the file when it is not there.
    pub(super) span: Range<usize>,
    title: String,
    /// Keys that are there and of a wrong type; their absence needs no second complaint.
    bad: Vec<&'static str>,
}

impl<T> Read<T> {
    /// Another table's keys in the place of this one.
    pub(super) fn with<U>(&self, raw: U) -> Read<U> {
        let (span, title, bad) = (self.span.clone(), self.title.clone(), self.bad.clone());
        Read { raw, span, title, bad }
    }

    /// How a sentence calls it, such as `[[certificate]]`.
    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// Whether this key is there and of a wrong type.
    pub(super) fn is_bad(&self, key: &str) -> bool {
        self.bad.contains(&key)
    }

    /// Complains about an absent key, unless it was there and complained about already.
    pub(super) fn missing(&self, key: &str, findings: &mut Findings<'_>) {
        if !findings.torn && !self.is_bad(key) {
            findings.add(&self.span, format!("{} has no `{key}`, which is required", self.title));
        }
    }
}

/// A `[cloud.NAME]` with the tables in it.
pub(super) struct Cloud {
    pub(super) name: Spanned<String>,
    pub(super) table: Read<raw::Cloud>,
    pub(super) credentials: Option<Read<raw::Credentials>>,
    pub(super) endpoints: Vec<(Api, Spanned<String>)>,
}

/// A whole file as it is written.
pub(super) struct Written {
    pub(super) schedule: Read<raw::Schedule>,
    pub(super) state: Read<raw::State>,
    pub(super) log: Read<raw::Log>,
    pub(super) metrics: Read<raw::Metrics>,
    pub(super) notify: Vec<Read<raw::Notify>>,
    pub(super) clouds: Vec<Cloud>,
    pub(super) certificates: Vec<(Read<raw::Certificate>, Vec<Read<raw::Push>>)>,
    pub(super) discovers: Vec<(Read<raw::Discover>, Vec<Read<raw::DiscoverPush>>)>,
    pub(super) instance_cas: Vec<Read<raw::InstanceCa>>,
    pub(super) instance_ssls: Vec<Read<raw::InstanceSsl>>,
    pub(super) watch_files: Vec<Read<raw::WatchFile>>,
}

/// Reads what can be read, and notes what cannot.
pub(super) fn written(text: &str, findings: &mut Findings<'_>) -> Written {
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        findings.tear(&span, syntax(text, &span, error.message()));
    }
    let mut root = root.into_inner();
    unknown_keys(&mut root, &TOP, "the top of the file", findings);
    let mut single = |name: &str, findings: &mut Findings<'_>| {
        let value = root.remove(name)?;
        as_table(value, name, findings)
    };
    let schedule = single("schedule", findings);
    let state = single("state", findings);
    let log = single("log", findings);
    let metrics = single("metrics", findings);
    Written {
        schedule: or_empty(schedule, "[schedule]", findings),
        state: or_empty(state, "[state]", findings),
        log: or_empty(log, "[log]", findings),
        metrics: or_empty(metrics, "[metrics]", findings),
        notify: entries(&mut root, "notify", findings)
            .into_iter()
            .map(|entry| read(entry, "[[notify]]", findings))
            .collect(),
        clouds: clouds(&mut root, findings),
        certificates: with_pushes(&mut root, "certificate", findings),
        discovers: with_pushes(&mut root, "discover", findings),
        instance_cas: plain(&mut root, "instance_ca", findings),
        instance_ssls: plain(&mut root, "instance_ssl", findings),
        watch_files: plain(&mut root, "watch_file", findings),
    }
}

fn clouds(root: &mut DeTable<'_>, findings: &mut Findings<'_>) -> Vec<Cloud> {
    let Some(all) = root.remove("cloud").and_then(|value| as_table(value, "cloud.NAME", findings))
    else {
        return Vec::new();
    };
    let mut clouds = Vec::new();
    for (name, value) in all.into_inner() {
        let name = Spanned::new(name.span(), name.into_inner().into_owned());
        let title = format!("cloud.{}", name.get_ref());
        let Some(mut table) = as_table(value, &title, findings) else {
            continue;
        };
        let credentials = inner(&mut table, "credentials", &title, findings)
            .map(|inner| read(inner, &format!("[{title}.credentials]"), findings));
        let endpoints = inner(&mut table, "endpoints", &title, findings)
            .map(|inner| endpoints(inner, findings))
            .unwrap_or_default();
        let table =
            read_besides(table, &format!("[{title}]"), &["credentials", "endpoints"], findings);
        clouds.push(Cloud { name, table, credentials, endpoints });
    }
    clouds.sort_by_key(|cloud| cloud.name.span().start);
    clouds
}

fn endpoints(
    mut table: Spanned<DeTable<'_>>,
    findings: &mut Findings<'_>,
) -> Vec<(Api, Spanned<String>)> {
    unknown_keys(table.get_mut(), &Api::ALL.map(Api::key), "endpoints", findings);
    let mut endpoints = Vec::new();
    for (key, value) in table.into_inner() {
        let key = key.into_inner();
        let (span, value) = (value.span(), value.into_inner());
        match (Api::from_key(&key), value) {
            (Some(api), DeValue::String(text)) => {
                endpoints.push((api, Spanned::new(span, text.into_owned())));
            }
            (_, other) => {
                let found = kind(&other);
                findings.add(&span, format!("`{key}` is {found}, expected a text"));
            }
        }
    }
    endpoints
}

/// The entries of a list whose tables hold no other.
fn plain<T: Table>(
    root: &mut DeTable<'_>,
    name: &str,
    findings: &mut Findings<'_>,
) -> Vec<Read<T>> {
    let title = format!("[[{name}]]");
    let entries = entries(root, name, findings);
    entries.into_iter().map(|entry| read(entry, &title, findings)).collect()
}

/// The entries of a list whose tables hold a list of pushes each.
fn with_pushes<T: Table, P: Table>(
    root: &mut DeTable<'_>,
    name: &str,
    findings: &mut Findings<'_>,
) -> Vec<(Read<T>, Vec<Read<P>>)> {
    let (title, push) = (format!("[[{name}]]"), format!("{name}.push"));
    let mut read_all = Vec::new();
    for mut entry in entries(root, name, findings) {
        let pushes = entries(entry.get_mut(), &push, findings)
            .into_iter()
            .map(|table| read(table, &format!("[[{push}]]"), findings))
            .collect();
        read_all.push((read_besides(entry, &title, &["push"], findings), pushes));
    }
    read_all
}

/// The entries of a list of tables, by its full name, such as `certificate.push`.
fn entries<'i>(
    table: &mut DeTable<'i>,
    full: &str,
    findings: &mut Findings<'_>,
) -> Vec<Spanned<DeTable<'i>>> {
    let name = full.rsplit('.').next().unwrap_or(full);
    let Some(value) = table.remove(name) else {
        return Vec::new();
    };
    let span = value.span();
    let DeValue::Array(list) = value.into_inner() else {
        findings.add(&span, format!("`{name}` is a list of tables, expected [[{full}]]"));
        return Vec::new();
    };
    if list.len() > ENTRIES_MAX {
        let count = list.len();
        findings
            .add(&span, format!("[[{full}]] stands {count} times, expected at most {ENTRIES_MAX}"));
    }
    list.into_iter().take(ENTRIES_MAX).filter_map(|item| as_table(item, full, findings)).collect()
}

fn inner<'i>(
    table: &mut Spanned<DeTable<'i>>,
    name: &str,
    title: &str,
    findings: &mut Findings<'_>,
) -> Option<Spanned<DeTable<'i>>> {
    as_table(table.get_mut().remove(name)?, &format!("{title}.{name}"), findings)
}

fn as_table<'i>(
    value: Spanned<DeValue<'i>>,
    title: &str,
    findings: &mut Findings<'_>,
) -> Option<Spanned<DeTable<'i>>> {
    let span = value.span();
    match value.into_inner() {
        DeValue::Table(table) => Some(Spanned::new(span, table)),
        other => {
            let found = kind(&other);
            findings.add(&span, format!("`{title}` is {found}, expected a table"));
            None
        }
    }
}

fn or_empty<T: Table>(
    table: Option<Spanned<DeTable<'_>>>,
    title: &str,
    findings: &mut Findings<'_>,
) -> Read<T> {
    read(table.unwrap_or_else(|| Spanned::new(0..0, DeTable::new())), title, findings)
}

fn read<T: Table>(
    table: Spanned<DeTable<'_>>,
    title: &str,
    findings: &mut Findings<'_>,
) -> Read<T> {
    read_besides(table, title, &[], findings)
}

/// Reads a table whose inner tables, named here for spelling's sake, were taken out before.
fn read_besides<T: Table>(
    mut table: Spanned<DeTable<'_>>,
    title: &str,
    inner: &[&'static str],
    findings: &mut Findings<'_>,
) -> Read<T> {
    let span = table.span();
    let known: Vec<&str> = T::KEYS.iter().chain(inner).copied().collect();
    unknown_keys(table.get_mut(), &known, title, findings);
    let mut table = table.into_inner();
    let mut bad = Vec::new();
    // Each round takes one key of a wrong type out, so this ends.
    let raw = loop {
        let value = Spanned::new(span.clone(), DeValue::Table(table.clone()));
        let error = match T::deserialize(ValueDeserializer::from(value)) {
            Ok(raw) => break raw,
            Err(error) => error,
        };
        let at = error.span().unwrap_or(span.clone());
        let holds =
            |key: &&&str| table.get(**key).is_some_and(|value| contains(&value.span(), &at));
        let Some(key) = T::KEYS.iter().find(holds).copied() else {
            findings.add(&span, format!("{title} cannot be read"));
            break T::default();
        };
        findings.add(&at, format!("`{key}` {}", wrong_type(error.message())));
        table.remove(key);
        bad.push(key);
    };
    Read { raw, span, title: title.to_owned(), bad }
}

/// Takes unknown keys out and says what they may have been meant to be. Their values are not shown: a
/// secret written straight into the file is the likeliest of them.
fn unknown_keys(table: &mut DeTable<'_>, known: &[&str], title: &str, findings: &mut Findings<'_>) {
    let unknown: Vec<_> =
        table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())).cloned().collect();
    for key in unknown {
        table.remove(key.get_ref().as_ref());
        if findings.torn_header {
            continue;
        }
        let expected = match nearest(key.get_ref(), known) {
            // It belongs to the certificate before it, which its header has to say.
            None if known == TOP && key.get_ref() == "push" => {
                "did you mean [[certificate.push]]?".to_owned()
            }
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("expected one of {}", known.join(", ")),
        };
        let word = shown(key.get_ref());
        findings.add(&key.span(), format!("unknown key {word} in {title}: {expected}"));
    }
}

fn contains(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// The parser's sentence about a type without the value in it, in the words of the manual.
fn wrong_type(message: &str) -> String {
    let words =
        message.strip_prefix("invalid type: ").and_then(|rest| rest.rsplit_once(", expected "));
    let Some((found, expected)) = words else {
        return "has a value that cannot be read".to_owned();
    };
    let found = found.split(['`', '"']).next().unwrap_or(found).trim();
    if found == "integer" && in_words(expected) == in_words(found) {
        return "is too large a number".to_owned();
    }
    format!("is {}, expected {}", in_words(found), in_words(expected))
}

fn in_words(kind: &str) -> &str {
    match kind {
        "string" | "a string" => "a text",
        "integer" | "i64" => "a whole number",
        "floating point" => "a number with a fraction",
        "boolean" | "a boolean" => "true or false",
        "sequence" | "a sequence" => "a list of texts",
        "map" => "a table or a date",
        other => other,
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// A syntax error with the word that it is about, where that is a plain one.
fn syntax(text: &str, span: &Range<usize>, message: &str) -> String {
    let word = text.get(span.clone()).unwrap_or_default();
    let plain =
        message == "duplicate key" && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain && !word.is_empty() {
        return format!("`{word}` stands here a second time");
    }
    format!("not TOML: {message}")
}
