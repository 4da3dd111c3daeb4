//! Pages by the id of the last item seen, and filters that may be given more than once.

use serde_json::{Value, json};

use super::BAD;
use crate::sim::answer::Answer;
use crate::sim::ask::Ask;
use crate::sim::world::World;

/// The documented default and maximum of `limit`.
const LIMIT_MAX: usize = 2000;
/// Query keys of every list.
pub(super) const PAGING: [&str; 3] = ["marker", "limit", "page_reverse"];

/// One page of these items, which it sorts by id, under this key.
pub(super) fn page(
    world: &mut World,
    ask: &Ask,
    key: &str,
    mut found: Vec<Value>,
) -> Result<Answer, Answer> {
    let limit = ask.number(world, BAD, "limit", LIMIT_MAX, |limit| limit <= LIMIT_MAX)?;
    if ask.param("page_reverse").is_some_and(|reverse| reverse != "false") {
        return Err(ask.breach(world, BAD, "backward paging is not simulated"));
    }
    found.sort_by(|a, b| id(a).cmp(id(b)));
    let total = found.len();
    if let Some(marker) = ask.param("marker") {
        found.retain(|item| id(item) > marker);
    }
    let left = found.len();
    let page = world.page(found, 0, limit);
    let mut info = json!({ "current_count": page.len() });
    if let (Some(first), Some(last)) = (page.first(), page.last()) {
        info["previous_marker"] = first["id"].clone();
        if page.len() < left {
            info["next_marker"] = last["id"].clone();
        }
    }
    let told = format!("{} of {total}", page.len());
    let mut body = json!({ "page_info": info, "request_id": ask.request_id });
    body[key] = Value::Array(page);
    Ok(Answer::json(200, &body).told(told))
}

/// Each filter key given must equal the field, or one of the values given.
pub(super) fn passes(item: &Value, ask: &Ask, filters: &[&str]) -> bool {
    filters.iter().all(|key| {
        let mut wanted =
            ask.query.iter().filter(|(found, _)| found == key).map(|(_, value)| value).peekable();
        wanted.peek().is_none() || wanted.any(|value| equals(&item[*key], value))
    })
}

fn equals(field: &Value, wanted: &str) -> bool {
    match field {
        Value::String(text) => text == wanted,
        Value::Null => false,
        Value::Bool(flag) => wanted.parse() == Ok(*flag),
        Value::Number(number) => wanted.parse() == Ok(number.as_i64().unwrap_or(i64::MIN)),
        Value::Array(_) | Value::Object(_) => false,
    }
}

fn id(item: &Value) -> &str {
    item["id"].as_str().unwrap_or_default()
}
