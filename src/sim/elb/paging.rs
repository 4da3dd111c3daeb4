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

/// How many items a page may have; what else is asked of it must be simulated.
pub(super) fn limit(world: &mut World, ask: &Ask) -> Result<usize, Answer> {
    if ask.param("page_reverse").is_some_and(|reverse| reverse != "false") {
        return Err(ask.breach(world, BAD, "backward paging is not simulated"));
    }
    ask.number(world, BAD, "limit", LIMIT_MAX, |limit| limit <= LIMIT_MAX)
}

/// One page of these, sorted by their ids, under this key. Only those on it are made into items.
pub(super) fn page<T>(
    world: &World,
    ask: &Ask,
    key: &str,
    limit: usize,
    mut found: Vec<(&str, &T)>,
    item: impl Fn(&T) -> Value,
) -> Answer {
    found.sort_by_key(|(id, _)| *id);
    let total = found.len();
    if let Some(marker) = ask.param("marker") {
        found.retain(|(id, _)| *id > marker);
    }
    let left = found.len();
    let page = world.page(found, 0, limit);
    let mut info = json!({ "current_count": page.len() });
    if let (Some((first, _)), Some((last, _))) = (page.first(), page.last()) {
        info["previous_marker"] = json!(first);
        if page.len() < left {
            info["next_marker"] = json!(last);
        }
    }
    let told = format!("{} of {total}", page.len());
    let mut body = json!({ "page_info": info, "request_id": ask.request_id });
    body[key] = page.into_iter().map(|(_, it)| item(it)).collect();
    Answer::json(200, &body).told(told)
}

/// Each filter key given must equal the field, or one of the values given. No item is made where none is given.
pub(super) fn passes(item: impl Fn() -> Value, ask: &Ask, filters: &[&str]) -> bool {
    filters.iter().all(|key| {
        let mut wanted =
            ask.query.iter().filter(|(found, _)| found == key).map(|(_, value)| value).peekable();
        wanted.peek().is_none() || wanted.any(|value| equals(&item()[*key], value))
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
