//! The neighbours of a certificate: what else stands in the object that it is bound at, and must stay as
//! it is. Every bind reads the whole object before its write and after it, and compares the two here.

use serde_json::{Map, Value};

use super::Result;
use super::client::{Call, bounded};
use crate::model::failure::{Failure, Kind};

/// Names that one message says; of more it says how many.
const NAMES_SAID_MAX: usize = 8;
/// Characters of a name that one message says; the services' own stay far below it.
const NAME_CHARS_MAX: usize = 60;

/// The fields that differ between two readings of an object: dotted names, sorted. A name in
/// `may_change` allows the field, and all that is in it, to differ. Objects are compared field by
/// field, in whatever order; arrays and all else whole. A null says the same as a field left out.
pub(super) fn changed(before: &Value, after: &Value, may_change: &[&str]) -> Vec<String> {
    let mut names = Vec::new();
    compare("", before, after, may_change, &mut names);
    names.sort();
    names
}

fn compare(name: &str, old: &Value, new: &Value, may_change: &[&str], names: &mut Vec<String>) {
    if may_change.contains(&name) || old == new {
        return;
    }
    let (Value::Object(old), Value::Object(new)) = (old, new) else {
        return names.push(name.to_owned());
    };
    let added = new.keys().filter(|key| !old.contains_key(*key));
    for key in old.keys().chain(added) {
        let inner = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
        compare(&inner, field(old, key), field(new, key), may_change, names);
    }
}

fn field<'a>(object: &'a Map<String, Value>, key: &str) -> &'a Value {
    object.get(key).unwrap_or(&Value::Null)
}

/// The fields of an object that these dotted names are in, each once.
pub(super) fn roots(names: &[String]) -> Vec<&str> {
    let mut roots: Vec<&str> = names.iter().filter_map(|name| name.split('.').next()).collect();
    roots.dedup();
    roots
}

/// The write was taken, and what stands there now could not be read: doubt, until somebody looks again.
pub(super) fn unread(write: &Call, read: Failure) -> Failure {
    Failure {
        kind: Kind::Lost,
        operation: write.operation.to_owned(),
        message: format!("taken, but it could not be read back: {}", read.message),
        ..read
    }
}

/// What a write that changed its neighbours comes to. `back` is how putting them back went: the names
/// that stand as they should not even now, or why that is not known.
pub(super) fn disturbed(write: &Call, names: &[String], back: Result<Vec<String>>) -> Failure {
    let said = format!("the write changed {} besides the certificate", listed(names));
    let message = match back {
        Ok(left) if left.is_empty() => format!("{said}: put back"),
        Ok(left) => format!(
            "{said}, and putting it back failed: {} not as before, set it by hand",
            listed(&left)
        ),
        Err(failure) => format!("{said}, and putting it back failed: {failure}"),
    };
    write.failure(Kind::Operator, &message)
}

/// The names come from the service, and so may be of any kind.
fn listed(names: &[String]) -> String {
    let short = |name: &String| bounded(name).chars().take(NAME_CHARS_MAX).collect::<String>();
    let said: Vec<_> = names.iter().take(NAMES_SAID_MAX).map(short).collect();
    match names.len().saturating_sub(NAMES_SAID_MAX) {
        0 => said.join(", "),
        more => format!("{} and {more} more", said.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_of_any_kind_stand_in_a_sentence() {
        let names = ["a\u{7f}b\nc".to_owned(), "x".repeat(1000)];
        assert_eq!(listed(&names), format!("a b c, {}", "x".repeat(NAME_CHARS_MAX)));
        let many: Vec<_> = (0..10).map(|number| number.to_string()).collect();
        assert_eq!(listed(&many), "0, 1, 2, 3, 4, 5, 6, 7 and 2 more");
    }

    #[test]
    fn only_what_may_change_may_differ() {
        let may = ["refs", "https.certificate_name", "updated_at"];
        for (said, before, after, expected) in [
            ("nothing", json!({"a": 1}), json!({"a": 1}), vec![]),
            ("the order of keys", json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1}), vec![]),
            ("the certificate", json!({"refs": ["x"]}), json!({"refs": ["y", "z"]}), vec![]),
            (
                "the certificate, deep",
                json!({"https": {"certificate_name": "a", "http2": 1}}),
                json!({"https": {"http2": 1, "certificate_name": "b"}}),
                vec![],
            ),
            ("a clock", json!({"updated_at": 1}), json!({"updated_at": 2}), vec![]),
            ("a null that goes", json!({"a": null}), json!({}), vec![]),
            ("a null that comes", json!({}), json!({"a": null}), vec![]),
            ("a value", json!({"a": 1, "b": "x"}), json!({"a": 2, "b": "y"}), vec!["a", "b"]),
            ("a type", json!({"a": 1}), json!({"a": "1"}), vec!["a"]),
            ("a field that goes", json!({"a": 1}), json!({}), vec!["a"]),
            ("a field that comes", json!({}), json!({"z": {"a": 1}}), vec!["z"]),
            (
                "a field inside",
                json!({"https": {"http2": "on", "certificate_name": "a"}}),
                json!({"https": {"http2": "off"}}),
                vec!["https.http2"],
            ),
            (
                "three deep",
                json!({"a": {"b": {"c": 1, "d": 1}}}),
                json!({"a": {"b": {"c": 2, "d": 1}}}),
                vec!["a.b.c"],
            ),
            (
                "an array, whole",
                json!({"a": [{"b": 1}, 2]}),
                json!({"a": [2, {"b": 1}]}),
                vec!["a"],
            ),
            (
                "a namesake inside",
                json!({"x": {"refs": 1}}),
                json!({"x": {"refs": 2}}),
                vec!["x.refs"],
            ),
        ] {
            assert_eq!(changed(&before, &after, &may), expected, "{said}");
            assert_eq!(changed(&after, &before, &may), expected, "{said}, the other way round");
        }
    }

    #[test]
    fn a_message_names_some_and_counts_the_rest() {
        let names: Vec<String> = (0..10).map(|n| format!("f{n}")).collect();
        assert_eq!(listed(&names), "f0, f1, f2, f3, f4, f5, f6, f7 and 2 more");
        assert_eq!(listed(&names[..8]), "f0, f1, f2, f3, f4, f5, f6, f7");
        let dotted = ["https.a", "https.b", "sni"].map(str::to_owned);
        assert_eq!(roots(&dotted), ["https", "sni"]);
    }
}
