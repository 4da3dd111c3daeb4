//! The schema of the configuration file: what it says of each key, what it accepts, what it refuses.

use certrotd::config::{KeyDoc, Kind, Otherwise, keys, schema, tables};
use serde_json::{Value, json};

use super::{fenced, guides, read, root};

/// What the schema says with; the judge below knows these and no more.
const SAID: [&str; 11] = [
    "$schema",
    "title",
    "description",
    "default",
    "type",
    "enum",
    "properties",
    "additionalProperties",
    "required",
    "minProperties",
    "items",
];
const ACCOUNT: &str = "[cloud.main]\nregion = \"cn-north-4\"\n";

/// What is wrong with a value, by a judge that knows what this schema needs.
fn wrong(value: &Value, schema: &Value, at: &str) -> Vec<String> {
    let Some(said) = schema.as_object() else {
        return if schema == &Value::Bool(false) {
            vec![format!("{at} is no key")]
        } else {
            vec![]
        };
    };
    let unknown = said.keys().find(|word| !SAID.contains(&word.as_str()));
    assert_eq!(unknown, None, "the judge does not know it");
    let is = match said["type"].as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        other => panic!("the judge does not know {other}"),
    };
    if !is {
        return vec![format!("{at} is no {}", said["type"])];
    }
    let mut wrong = Vec::new();
    if said.get("enum").is_some_and(|words| !words.as_array().unwrap().contains(value)) {
        wrong.push(format!("{at} is none of {}", said["enum"]));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        wrong.extend(self::wrong(item, &said["items"], &format!("{at}[{index}]")));
    }
    let Some(table) = value.as_object() else { return wrong };
    let required = said.get("required").and_then(Value::as_array).into_iter().flatten();
    let absent = required.filter(|key| !table.contains_key(key.as_str().unwrap()));
    wrong.extend(absent.map(|key| format!("{at} has no {key}")));
    if said.get("minProperties").is_some_and(|least| table.len() < least.as_u64().unwrap() as usize)
    {
        wrong.push(format!("{at} is empty"));
    }
    for (key, value) in table {
        let known = said.get("properties").and_then(|known| known.get(key));
        let known = known.unwrap_or(&said["additionalProperties"]);
        wrong.extend(self::wrong(value, known, &format!("{at}.{key}")));
    }
    wrong
}

fn judged(text: &str) -> Vec<String> {
    let value = toml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    wrong(&value, &schema(), "")
}

/// The table's own schema, by its name in a key's documentation.
fn of_table(schema: &Value, table: &str) -> Value {
    let mut at = schema.clone();
    for part in table.split('.') {
        let inner = if part == "NAME" { "/additionalProperties" } else { "/properties" };
        at = at.pointer(inner).unwrap().clone();
        at = if part == "NAME" { at } else { at[part].clone() };
        at = at.get("items").cloned().unwrap_or(at);
    }
    at
}

/// A file with this key, and whatever stands around it, made from the documentation alone.
fn with(doc: &KeyDoc, value: &Value) -> Value {
    let mut inside = json!({ doc.key: value });
    let mut table = doc.table.to_owned();
    loop {
        for key in keys().iter().filter(|key| key.table == table) {
            if key.otherwise == Otherwise::Required && inside.get(key.key).is_none() {
                inside[key.key] = right(key);
            }
        }
        let many = tables().iter().any(|it| it.table == table && it.many);
        let (outer, name) = table.rsplit_once('.').unwrap_or(("", &table));
        inside = json!({ name: if many { json!([inside]) } else { inside } });
        if outer.is_empty() {
            break;
        }
        table = outer.to_owned();
    }
    if inside.get("cloud").is_none() {
        inside["cloud"] = json!({ "main": { "region": "cn-north-4" } });
    }
    inside
}

fn right(doc: &KeyDoc) -> Value {
    match doc.kind {
        Kind::Text => json!(doc.words.first().copied().unwrap_or("x")),
        Kind::Texts => json!(["x"]),
        Kind::Number => json!(1),
        Kind::Truth => json!(true),
    }
}

#[test]
fn the_schema_says_of_each_key_what_the_code_says() {
    let schema = schema();
    for doc in keys() {
        let place = format!("{}.{}", doc.table, doc.key);
        let table = of_table(&schema, doc.table);
        let key = &table["properties"][doc.key];
        assert_eq!(key["description"], doc.doc, "{place}");
        let required = table.get("required").and_then(Value::as_array);
        let required = required.is_some_and(|keys| keys.contains(&json!(doc.key)));
        assert_eq!(required, doc.otherwise == Otherwise::Required, "{place}");
        let default = match &doc.otherwise {
            Otherwise::Is(default) => Some(serde_json::from_str::<Value>(default).unwrap()),
            _ => None,
        };
        assert_eq!(key.get("default"), default.as_ref(), "{place}");
        if let Some(default) = default {
            assert_eq!(wrong(&default, key, &place), [""; 0]);
        }
        for word in &doc.words {
            assert!(doc.doc.contains(word), "{place} does not tell of {word}: {}", doc.doc);
        }
        let listed = doc.doc.starts_with("One of ");
        assert!(!listed || !doc.words.is_empty(), "{place} has no list of its words");
    }
    for doc in tables() {
        let table = of_table(&schema, doc.table);
        assert_eq!(table["description"], doc.doc, "{}", doc.table);
        assert_eq!(table["additionalProperties"], false, "{}", doc.table);
    }
}

#[test]
fn the_schema_accepts_every_file_that_is_shipped() {
    let mut files: Vec<_> = std::fs::read_dir(root().join("config/examples")).unwrap().collect();
    assert!(files.len() >= 4, "the rule has seen nothing");
    let mut texts: Vec<_> = files
        .drain(..)
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    let shipped = read("config/certrotd.toml");
    let uncommented = shipped.lines().map(|line| match line.strip_prefix('#') {
        Some(key) if !key.starts_with(' ') => key,
        _ => line,
    });
    texts.push(uncommented.collect::<Vec<_>>().join("\n"));
    texts.push(shipped);
    for snippet in guides().flat_map(|path| fenced(&read(path), "toml")) {
        let account = if snippet.contains("[cloud.") { "" } else { ACCOUNT };
        texts.push(format!("{account}{snippet}"));
    }
    for text in texts {
        assert_eq!(judged(&text), [""; 0], "{text}");
    }
}

#[test]
fn the_schema_refuses_what_reading_refuses() {
    let schema = schema();
    for doc in keys() {
        let place = format!("{}.{}", doc.table, doc.key);
        assert_eq!(wrong(&with(&doc, &right(&doc)), &schema, ""), [""; 0], "{place}");
        let other = if doc.kind == Kind::Text { json!(5) } else { json!("x") };
        assert_eq!(wrong(&with(&doc, &other), &schema, "").len(), 1, "{place}: a wrong type");
        let words = wrong(&with(&doc, &json!("no word")), &schema, "");
        assert!(doc.words.is_empty() || words.len() == 1, "{place}: {words:?}");
        let unknown = KeyDoc { key: "nobody", ..doc };
        assert_eq!(wrong(&with(&unknown, &json!("x")), &schema, "").len(), 1, "{place}: no key");
    }
    for (text, said) in [
        ("", ". has no \"cloud\""),
        ("[cloud]", ".cloud is empty"),
        ("[cloud.main]", ".cloud.main has no \"region\""),
        ("[[log]]\n[cloud.main]\nregion = 'x'", ".log is no \"object\""),
        ("[certificate]\n[cloud.main]\nregion = 'x'", ".certificate is no \"array\""),
        ("[[certificate]]\nname='a'\ncert='c'\n[cloud.main]\nregion = 'x'", "has no \"key\""),
    ] {
        let wrong = judged(text);
        let said = said.trim_start_matches(". ");
        assert!(wrong.len() == 1 && wrong[0].ends_with(said), "{text}: {wrong:?}");
    }
}

#[test]
fn a_table_stands_as_often_as_the_schema_says() {
    for doc in tables().iter().filter(|doc| doc.many) {
        let outer = doc.table.split_once('.').map(|(outer, _)| format!("[[{outer}]]\n"));
        let text = format!("{ACCOUNT}{}[{}]\n", outer.unwrap_or_default(), doc.table);
        let error = certrotd::config::parse("/etc/c.toml".as_ref(), &text).unwrap_err().to_string();
        assert!(error.contains(&format!("expected [[{}]]", doc.table)), "{error}");
    }
    for doc in tables().iter().filter(|doc| !doc.many && !doc.table.contains("NAME")) {
        let text = format!("{ACCOUNT}[[{}]]\n", doc.table);
        let error = certrotd::config::parse("/etc/c.toml".as_ref(), &text).unwrap_err().to_string();
        assert!(error.contains("is a list, expected a table"), "{error}");
    }
}
