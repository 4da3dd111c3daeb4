//! The file as a JSON Schema, from which editors know its keys: what each means, what it may be, what it is when it is
//! absent. It refuses less than reading does, and nothing that reading accepts.

use serde_json::{Map, Value, json};

use super::raw::{KeyDoc, Kind, Otherwise, TableDoc, keys, tables};

/// The form of what is made here.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// The table whose inner ones have names of the operator's, and what stands for these.
const NAMED: [&str; 2] = ["cloud", "NAME"];

/// The schema of a whole file.
pub fn schema() -> Value {
    let (keys, tables) = (keys(), tables());
    let mut properties = inner("", &keys, &tables);
    let [outer, name] = NAMED;
    let mut named = inner(outer, &keys, &tables);
    let accounts = json!({
        "type": "object",
        "description": "Accounts, each by a name of your choice.",
        "additionalProperties": named.remove(name),
        "minProperties": 1,
    });
    properties.insert(outer.to_owned(), accounts);
    json!({
        "$schema": DIALECT,
        "title": "The configuration of certrotd",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "required": [outer],
    })
}

/// The tables right in this one; "" is the top of the file.
fn inner(outer: &str, keys: &[KeyDoc], tables: &[TableDoc]) -> Map<String, Value> {
    let own = |doc: &&TableDoc| doc.table.rsplit_once('.').map_or("", |(of, _)| of) == outer;
    let schema = |doc: &TableDoc| {
        let name = doc.table.rsplit('.').next().unwrap_or(doc.table);
        (name.to_owned(), table(doc, keys, tables))
    };
    tables.iter().filter(own).map(schema).collect()
}

fn table(doc: &TableDoc, keys: &[KeyDoc], tables: &[TableDoc]) -> Value {
    let keys_here: Vec<_> = keys.iter().filter(|key| key.table == doc.table).collect();
    let mut properties = inner(doc.table, keys, tables);
    properties.extend(keys_here.iter().map(|doc| (doc.key.to_owned(), key(doc))));
    let required = keys_here.iter().filter(|key| key.otherwise == Otherwise::Required);
    let required: Vec<_> = required.map(|key| key.key).collect();
    let mut schema = json!({
        "type": "object",
        "description": doc.doc,
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if doc.many {
        return json!({ "type": "array", "description": doc.doc, "items": schema });
    }
    schema
}

fn key(doc: &KeyDoc) -> Value {
    let mut schema = match doc.kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Number => json!({ "type": "integer" }),
        Kind::Truth => json!({ "type": "boolean" }),
    };
    schema["description"] = json!(doc.doc);
    if !doc.words.is_empty() {
        schema["enum"] = json!(doc.words);
    }
    // What defaults are written as, in TOML, is JSON too.
    if let Otherwise::Is(default) = &doc.otherwise
        && let Ok(default) = serde_json::from_str::<Value>(default)
    {
        schema["default"] = default;
    }
    schema
}
