//! A message, as receivers get it. Its fields are public interface.

use std::collections::BTreeMap;
use std::fs;

use serde::Serialize;

use super::judge::Item;
use crate::cycle::matter::Change;
use crate::model::digest::Sha256;
use crate::model::news::News;
use crate::model::time::{Time, span};

/// The number of the shape.
pub const VERSION: u32 = 1;
/// So many entries with the same trouble get a message each. More of them get one together.
const APART_MAX: usize = 3;
/// How many entries a message for several names.
const NAMED_MAX: usize = 5;
/// Where Linux says what this host is called.
const HOST: &str = "/proc/sys/kernel/hostname";

/// One message. What is not known, or has no meaning there, is null and never absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// The number of this shape.
    pub version: u32,
    /// The same when it is sent again because the answer was lost, and another for every other message.
    pub id: String,
    /// What kind of news it is; `test` for what `certrotd notify --test` sends.
    pub kind: &'static str,
    /// Of `recovered`: what kind of news is over.
    pub of: Option<&'static str>,
    /// The host that sends it.
    pub host: String,
    /// When it was made.
    pub at: String,
    /// The table of the entry.
    pub table: Option<String>,
    /// The entry; null where there are several.
    pub entry: Option<String>,
    /// The first entries.
    pub entries: Vec<String>,
    /// How many entries there are, or how many changes.
    pub count: usize,
    /// The service, where one has to do with it.
    pub service: Option<String>,
    /// The reason in one word.
    pub reason: String,
    /// The sentence, with the entry in it.
    pub text: String,
    /// When what it is about ends.
    pub not_after: Option<String>,
    /// Since when it stands.
    pub first_seen: Option<String>,
    /// Whether it was told before.
    pub reminder: bool,
}

/// What to send, and what is known once that was taken.
#[derive(Debug)]
pub struct Letter {
    /// The message.
    pub message: Message,
    /// What it tells.
    pub items: Vec<Item>,
}

/// What this host is called.
pub fn host() -> String {
    fs::read_to_string(HOST).map(|name| name.trim().to_owned()).unwrap_or_default()
}

/// The letters for these: of thousands with the same trouble, one.
pub fn letters(items: Vec<Item>, host: &str, now: Time) -> Vec<Letter> {
    let mut alike: BTreeMap<_, Vec<Item>> = BTreeMap::new();
    for item in items {
        let like = (item.over, item.key.kind, item.standing.reason.clone(), item.count > 1);
        alike.entry(like).or_default().push(item);
    }
    let mut letters = Vec::new();
    for items in alike.into_values() {
        if items.len() <= APART_MAX {
            letters.extend(items.into_iter().map(|item| letter(vec![item], host, now)));
        } else {
            letters.push(letter(items, host, now));
        }
    }
    letters
}

/// One letter for items that are alike, at least one.
fn letter(items: Vec<Item>, host: &str, now: Time) -> Letter {
    let mut names: Vec<String> = items.iter().map(|it| it.key.name.clone()).collect();
    names.dedup();
    let count = names.len();
    let first = items.first();
    let same = |of: fn(&Item) -> Option<String>| {
        let value = first.and_then(of);
        items.iter().all(|it| of(it) == value).then_some(value).flatten()
    };
    let over = first.is_some_and(|it| it.over);
    let kind = first.map_or(News::Held, |it| it.key.kind).key();
    let reason = first.map(|it| it.standing.reason.clone()).unwrap_or_default();
    let said: Vec<String> = items.iter().map(fingerprint).collect();
    let first_seen = items.iter().map(|it| it.first_seen).min();
    let not_after = items.iter().filter_map(|it| it.standing.not_after).min();
    let text = match (over, count) {
        (true, 1) => {
            let lasted = span(now.since(first_seen.unwrap_or(now)));
            format!("{}: over after {lasted}: {kind}, {reason}", names.join(""))
        }
        (true, _) => format!("{count} entries: over: {kind}, {reason}: {}", listed(&names)),
        (false, 1) => with_name(&names.join(""), first.map_or("", |it| &it.standing.words)),
        (false, _) => {
            let words = first.map_or("", |it| &it.standing.words);
            format!("{count} entries: {kind}, {reason}: {}: the first: {words}", listed(&names))
        }
    };
    let message = Message {
        version: VERSION,
        id: short(&said.join("\n")),
        kind: if over { News::Recovered.key() } else { kind },
        of: over.then_some(kind),
        host: host.to_owned(),
        at: now.to_string(),
        table: same(|it| Some(it.key.table.clone())),
        entry: (count == 1).then(|| names.join("")),
        entries: names.iter().take(NAMED_MAX).cloned().collect(),
        count,
        service: same(|it| it.standing.service.clone()),
        reason,
        text,
        not_after: not_after.map(|at| at.to_string()),
        first_seen: first_seen.map(|at| at.to_string()),
        reminder: !over && first.is_some_and(|it| it.count > 1),
    };
    Letter { message, items }
}

/// The messages for steps that were done: one for each, or for all of one kind together. `missed` of them are not
/// known any more.
pub fn changes(done: &[&Change], missed: u64, host: &str, now: Time) -> Vec<Message> {
    let mut alike: BTreeMap<_, Vec<&Change>> = BTreeMap::new();
    for change in done {
        alike.entry((change.subject.table(), change.reason)).or_default().push(change);
    }
    let mut messages = Vec::new();
    for ((table, reason), alike) in alike {
        let apart = alike.len() <= APART_MAX && missed == 0;
        let parts: Vec<&[&Change]> = if apart { alike.chunks(1).collect() } else { vec![&alike] };
        for part in parts {
            let names: Vec<_> = part.iter().map(|it| it.subject.name().to_string()).collect();
            let one = part.len() == 1 && missed == 0;
            let words = part.first().map_or("", |it| &it.words);
            let more = match missed {
                0 => String::new(),
                missed => format!(", and {missed} steps before these"),
            };
            let text = match one {
                true => with_name(&names.join(""), words),
                false => format!(
                    "{} steps done: {reason}: {}{more}: the first: {words}",
                    part.len(),
                    listed(&names)
                ),
            };
            let said =
                part.iter().map(|it| format!("{} {} {}", it.subject, it.words, it.at.millis()));
            messages.push(Message {
                version: VERSION,
                id: short(&said.collect::<Vec<_>>().join("\n")),
                kind: News::Changed.key(),
                of: None,
                host: host.to_owned(),
                at: now.to_string(),
                table: Some(table.to_owned()),
                entry: one.then(|| names.join("")),
                entries: names.iter().take(NAMED_MAX).cloned().collect(),
                count: part.len(),
                service: None,
                reason: reason.to_owned(),
                text,
                not_after: None,
                first_seen: part.first().map(|it| it.at.to_string()),
                reminder: false,
            });
        }
    }
    messages
}

/// What shows that messages arrive.
pub fn test(host: &str, now: Time) -> Message {
    Message {
        version: VERSION,
        id: short(&format!("test {}", now.millis())),
        kind: "test",
        of: None,
        host: host.to_owned(),
        at: now.to_string(),
        table: None,
        entry: None,
        entries: Vec::new(),
        count: 0,
        service: None,
        reason: "test".to_owned(),
        text: format!("certrotd on {host} can tell you something"),
        not_after: None,
        first_seen: None,
        reminder: false,
    }
}

/// A sentence that names the entry.
fn with_name(name: &str, words: &str) -> String {
    if words.contains(name) { words.to_owned() } else { format!("{name}: {words}") }
}

/// The first names, and how many there are beside them.
fn listed(names: &[String]) -> String {
    let first = names.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED_MAX) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// What makes a message another one.
fn fingerprint(item: &Item) -> String {
    let Item { key, standing, first_seen, count, over } = item;
    let at = key.at.as_deref().unwrap_or_default();
    let (kind, reason, since) = (key.kind.key(), &standing.reason, first_seen.millis());
    format!("{} {} {kind} {at} {reason} {since} {count} {over}", key.table, key.name)
}

fn short(text: &str) -> String {
    Sha256::of(text.as_bytes()).short()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::names::{Name, Subject};
    use crate::tell::judge::{Key, Standing};

    const NOON: Time = Time::from_secs(1_763_812_800);

    fn item(name: &str, over: bool) -> Item {
        let (table, name) = ("certificate".to_owned(), name.to_owned());
        let key = Key { table, name, kind: News::Failed, at: None };
        let (reason, service) = ("unseen".to_owned(), Some("scm".to_owned()));
        let words = "could not look: SCM list certificates: 503".to_owned();
        let standing = Standing { reason, service, words, not_after: None };
        let first_seen = NOON - std::time::Duration::from_secs(3600);
        Item { key, standing, first_seen, count: 1, over }
    }

    #[test]
    fn ten_thousand_with_the_same_trouble_are_one_message() {
        let many: Vec<_> =
            (0..10_000).map(|number| item(&format!("n-{number:05}"), false)).collect();
        let told = letters(many, "web-1", NOON);
        assert_eq!(told.len(), 1);
        let Letter { message, items } = &told[0];
        assert_eq!((items.len(), message.count, message.entries.len()), (10_000, 10_000, 5));
        assert_eq!((&message.entry, message.service.as_deref()), (&None, Some("scm")));
        assert!(
            message.text.starts_with(
                "10000 entries: failed, unseen: n-00000, n-00001, n-00002, n-00003, n-00004 and 9995 more: "
            ),
            "{}",
            message.text
        );
        let few: Vec<_> = ["www", "api"].map(|name| item(name, false)).into();
        let told = letters(few, "web-1", NOON);
        assert_eq!(told.len(), 2);
        assert_eq!(told[0].message.entry.as_deref(), Some("www"));
        assert_eq!(told[0].message.text, "www: could not look: SCM list certificates: 503");
        assert_ne!(told[0].message.id, told[1].message.id);
    }

    #[test]
    fn what_is_over_says_what_it_was() {
        let Letter { message, .. } = &letters(vec![item("www", true)], "web-1", NOON)[0];
        assert_eq!((message.kind, message.of), ("recovered", Some("failed")));
        assert_eq!(message.text, "www: over after 60m: failed, unseen");
        let stands = &letters(vec![item("www", false)], "web-1", NOON)[0];
        assert_ne!(stands.message.id, message.id);
        let later = NOON + std::time::Duration::from_secs(9);
        let again = &letters(vec![item("www", false)], "web-1", later)[0];
        assert_eq!(stands.message.id, again.message.id, "sent again, it is the same");
    }

    #[test]
    fn many_steps_are_one_message() {
        let change = |number: u32| Change {
            subject: Subject::Certificate(Name::new(&format!("n-{number:03}")).unwrap()),
            reason: "import",
            words: "import it: it is not imported".to_owned(),
            at: NOON,
        };
        let done: Vec<_> = (0..200).map(change).collect();
        let all: Vec<_> = done.iter().collect();
        let told = changes(&all, 0, "web-1", NOON);
        assert_eq!((told.len(), told[0].count, &told[0].entry), (1, 200, &None));
        let told = changes(&all[..2], 0, "web-1", NOON);
        assert_eq!((told.len(), told[0].entry.as_deref()), (2, Some("n-000")));
        assert_eq!(told[0].text, "n-000: import it: it is not imported");
        let told = changes(&all[..2], 7, "web-1", NOON);
        assert!(told[0].text.contains("and 7 steps before these"), "{}", told[0].text);
    }
}
