//! A request as the handlers see it, and the strict reading of its query and body.

use hyper::body::Bytes;
use hyper::header::HeaderMap;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::world::World;
use crate::model::time::Time;

/// One request, read to its end.
pub(super) struct Ask {
    pub method: String,
    /// As sent, without the query.
    pub path: String,
    /// As sent, without the question mark.
    pub raw_query: String,
    /// The query's pairs, percent-decoded, in the order sent.
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub request_id: String,
    /// The simulated cloud's own clock.
    pub now: Time,
    /// The wall clock, which signatures are judged by.
    pub wall: Time,
}

/// What a JSON field must hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Flag,
    Number,
    Texts,
    Object,
    Objects,
}

/// A body's field: name, shape, and whether it must be there.
pub(super) type Field = (&'static str, Shape, bool);

impl Ask {
    /// The path's segments, undecoded.
    pub fn segments(&self) -> Vec<&str> {
        self.path.trim_start_matches('/').split('/').collect()
    }

    /// The segment at this place, or nothing.
    pub fn segment(&self, place: usize) -> &str {
        self.segments().get(place).copied().unwrap_or_default()
    }

    /// A header's text; absent, or not text: nothing.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The first value of this query key.
    pub fn param(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(found, _)| found == key).map(|(_, value)| value.as_str())
    }

    /// Refuses query keys that the documents do not name, and keys given twice unless `repeatable`.
    pub fn only_query(
        &self,
        world: &mut World,
        bad: &str,
        keys: &[&str],
        repeatable: &[&str],
    ) -> Result<(), Answer> {
        for (place, (key, _)) in self.query.iter().enumerate() {
            let known = keys.contains(&key.as_str()) || repeatable.contains(&key.as_str());
            let twice = self.query[..place].iter().any(|(other, _)| other == key);
            if !known || (twice && !repeatable.contains(&key.as_str())) {
                return Err(self.breach(
                    world,
                    bad,
                    &format!("query parameter {key:?} is unknown or repeated"),
                ));
            }
        }
        Ok(())
    }

    /// A whole number of the query, within these bounds.
    pub fn number(
        &self,
        world: &mut World,
        bad: &str,
        key: &str,
        default: usize,
        allowed: impl Fn(usize) -> bool,
    ) -> Result<usize, Answer> {
        match self.param(key).map(str::parse::<usize>) {
            None => Ok(default),
            Some(Ok(number)) if allowed(number) => Ok(number),
            _ => Err(self.breach(
                world,
                bad,
                &format!("query parameter {key:?} is out of its range"),
            )),
        }
    }

    /// Refuses a body where none belongs.
    pub fn no_body(&self, world: &mut World, bad: &str) -> Result<(), Answer> {
        if self.body.is_empty() {
            Ok(())
        } else {
            Err(self.breach(world, bad, "a body where none belongs"))
        }
    }

    /// The body as a JSON object that holds these fields and no others.
    pub fn object(
        &self,
        world: &mut World,
        bad: &str,
        fields: &[Field],
    ) -> Result<Map<String, Value>, Answer> {
        if !self.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
            return Err(self.breach(world, bad, "Content-Type is not application/json"));
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => self.shaped(world, bad, object, fields),
            _ => Err(self.breach(world, bad, "the body is not a JSON object")),
        }
    }

    /// The same for an object inside a body.
    pub fn shaped(
        &self,
        world: &mut World,
        bad: &str,
        object: Map<String, Value>,
        fields: &[Field],
    ) -> Result<Map<String, Value>, Answer> {
        if let Some(key) = object.keys().find(|key| fields.iter().all(|(name, ..)| name != key)) {
            return Err(self.breach(world, bad, &format!("field {key:?} is unknown")));
        }
        for (name, shape, required) in fields {
            let fits = match object.get(*name) {
                None => !required,
                Some(value) => fits(value, *shape),
            };
            if !fits {
                return Err(self.breach(
                    world,
                    bad,
                    &format!("field {name:?} is missing or of another type"),
                ));
            }
        }
        Ok(object)
    }

    /// The object under the only key of a body, which holds these fields and no others.
    pub fn wrapped(
        &self,
        world: &mut World,
        bad: &str,
        key: &'static str,
        fields: &[Field],
    ) -> Result<Map<String, Value>, Answer> {
        let mut body = self.object(world, bad, &[(key, Shape::Object, true)])?;
        match body.remove(key) {
            Some(Value::Object(object)) => self.shaped(world, bad, object, fields),
            _ => Err(self.breach(world, bad, "the body holds nothing")),
        }
    }

    /// Records that the caller broke the contract, and answers 400. `what` never holds a value.
    pub fn breach(&self, world: &mut World, code: &str, what: &str) -> Answer {
        world.violation(format!("{} {}: {what}", self.method, self.path));
        Answer::error(400, code, what)
    }
}

fn fits(value: &Value, shape: Shape) -> bool {
    match shape {
        Shape::Text => value.is_string(),
        Shape::Flag => value.is_boolean(),
        Shape::Texts => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
        Shape::Number => value.is_i64(),
        Shape::Object => value.is_object(),
        Shape::Objects => value.as_array().is_some_and(|list| list.iter().all(Value::is_object)),
    }
}

/// A text field of a body that was read by [`Ask::object`]; absent: nothing.
pub(super) fn text<'a>(object: &'a Map<String, Value>, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The texts of a list of such, of a body that was read by [`Ask::object`]; absent: none.
pub(super) fn texts<'a>(object: &'a Map<String, Value>, name: &str) -> Vec<&'a str> {
    let list = object.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Splits a query into decoded pairs; a `+` stays what it is, as the signing rule has it.
pub(super) fn pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decoded(key), decoded(value)))
        .collect()
}

/// Undoes percent-encoding; what is not valid stays as it is.
pub(super) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match pair.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
