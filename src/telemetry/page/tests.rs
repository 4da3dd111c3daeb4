//! What a page shows, what it never does, and that a strict reader takes it.

use std::time::Duration;

use super::*;
use crate::cycle::matter::Matter;
use crate::cycle::picture::{Entry, Picture};
use crate::model::names::{Name, Subject};
use crate::model::news::News;

const NOW: Time = Time::from_secs(1_763_812_800);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// What somebody puts into a certificate, a path or an answer, to be more than words.
const HOSTILE: &str =
    "</title></style><script>alert(1)</script><img src=\"http://a.b/\" onerror='x'>&lt;\u{202e}\0";

fn life(left: i32, of: u32) -> Life {
    let until = match u32::try_from(left) {
        Ok(left) => NOW + DAY * left,
        Err(_) => NOW - DAY * left.unsigned_abs(),
    };
    Life { from: Some(until - DAY * of), until, warn_before: DAY * 14 }
}

fn row(name: &str, next: &str, needs_person: bool) -> Row {
    let cells = vec![name.to_owned().into(), Cell::new(next, Tone::Bad)];
    Row { cells, notes: Vec::new(), needs_person }
}

fn page(rows: Vec<Row>) -> Page {
    let table =
        Table::of("Certificates", "certificate", &["certificate", "next"], rows.into_iter());
    Page { now: NOW, tables: vec![table], ..Page::default() }
}

/// The names of the elements, in the order in which they begin. Fails where XML is not well-formed.
fn elements(page: &str) -> Vec<&str> {
    let (mut open, mut seen) = (Vec::new(), Vec::new());
    let mut rest = page.strip_prefix("<!DOCTYPE html>").unwrap();
    while let Some(at) = rest.find('<') {
        words(&rest[..at]);
        let end = at + rest[at..].find('>').unwrap();
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "after {seen:?}");
            continue;
        }
        let (inside, alone) = tag.strip_suffix('/').map_or((tag, false), |it| (it, true));
        let (name, attributes) = inside.split_once(' ').unwrap_or((inside, ""));
        let plain =
            |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-:".contains(c));
        assert!(plain(name), "{tag}");
        let mut pieces = attributes.split('"');
        while let Some(key) = pieces.next().filter(|key| !key.is_empty()) {
            let key = key.trim_start().strip_suffix('=').unwrap_or_else(|| panic!("{tag}"));
            assert!(plain(key) && !key.starts_with("on"), "{tag}");
            assert!(!["src", "href", "xlink:href", "action", "data"].contains(&key), "{tag}");
            words(pieces.next().unwrap());
        }
        seen.push(name);
        if !alone {
            open.push(name);
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} {rest}");
    seen
}

/// Characters that may stand between tags, and entities that every reader knows.
fn words(text: &str) {
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    for rest in text.split('&').skip(1) {
        let entity = rest.split(';').next().unwrap();
        assert!(["amp", "lt", "gt", "quot", "#39"].contains(&entity), "&{entity}; in {text}");
    }
}

#[test]
fn what_is_hostile_stays_words_everywhere() {
    let mut hostile = page(vec![row(HOSTILE, HOSTILE, true), row("www", "nothing", false)]);
    hostile.tables[0].rows[0].notes.push(HOSTILE.to_owned());
    hostile.source = HOSTILE.to_owned();
    hostile.faults.push(HOSTILE.to_owned());
    hostile.lives.push((HOSTILE.to_owned(), life(3, 90)));
    let shown = html(&hostile);
    let seen = elements(&shown);
    assert!(!seen.contains(&"script") && !seen.contains(&"img"), "{seen:?}");
    assert_eq!(
        seen.iter().filter(|name| **name == "title").count(),
        2,
        "the page's, and one line's"
    );
    let escaped = escape::Escaped(HOSTILE).to_string();
    // Named and said at the top, in both cells, a note, a fault and the source; drawn with a title.
    assert_eq!(shown.matches(&escaped).count(), 9, "{shown}");
    assert!(!shown.contains("<script") && !shown.contains("src=\"http"), "{shown}");
}

#[test]
fn nothing_is_fetched_for_it() {
    let mut whole = page(vec![row("www", "nothing", false)]);
    whole.lives.push(("www".to_owned(), life(61, 90)));
    let shown = html(&whole);
    elements(&shown);
    assert!(shown.contains(&format!("content=\"{POLICY}\"")), "{shown}");
    for word in ["http:", "https:", "//", "url(", "@import", "@font-face", "javascript", "<link"] {
        assert!(!shown.contains(word), "{word} in {shown}");
    }
}

#[test]
fn whoever_needs_a_person_comes_first_however_many_there_are() {
    let many = (0..ROWS_MAX + 20).map(|index| row(&format!("fine-{index}"), "nothing", false));
    let last = row("late", "look at the ACME client", true);
    let shown = html(&page(many.chain([last]).collect()));
    assert!(shown.contains("<title>certrotd: 1 needs a person</title>"), "{shown}");
    assert!(shown.contains("<li><b>certificate late</b> look at the ACME client</li>"));
    let (late, first) =
        (shown.find("<tr class=\"needs\">").unwrap(), shown.find("fine-0<").unwrap());
    assert!(late < first);
    assert!(
        shown.contains("20 more, which need nobody, are left out") && !shown.contains("fine-1001<")
    );
    assert!(shown.contains(&format!("Certificates <small>{}</small>", ROWS_MAX + 21)));
    let calm = html(&page(vec![row("www", "nothing", false)]));
    assert!(calm.contains("Nothing needs a person.") && !calm.contains("class=\"alarms\""));
}

#[test]
fn those_that_end_first_are_drawn_and_the_others_counted() {
    let mut many = page(Vec::new());
    let named = |left: i32| (format!("ends-in-{left}"), life(left, 90));
    many.lives = (0..1000).rev().map(named).collect();
    many.lives.push(("ended".to_owned(), life(-300, 90)));
    let shown = html(&many);
    elements(&shown);
    let names: Vec<_> =
        shown.split("<title>").skip(2).filter_map(|it| it.split(':').next()).collect();
    assert_eq!(names.len(), timeline::LINES_MAX);
    assert_eq!(names[..3], ["ended", "ends-in-0", "ends-in-1"]);
    assert!(shown.contains("901 more end later"), "{shown}");
    let places = shown.split("%\"").filter_map(|it| it.rsplit('"').next()?.parse::<f64>().ok());
    assert!(places.clone().count() > 200 && places.clone().all(|at| (0.0..=100.0).contains(&at)));
}

#[test]
fn a_life_is_red_once_it_is_warned_of() {
    for (left, of, tone, share) in [
        (-1, 90, Tone::Bad, 0),
        (13, 90, Tone::Bad, 14),
        (14, 90, Tone::Near, 15),
        (28, 90, Tone::Good, 31),
        (90, 90, Tone::Good, 100),
        (95, 90, Tone::Good, 100),
    ] {
        let life = life(left, of);
        assert_eq!((life.tone(NOW), life.left(NOW)), (tone, Some(share)), "{left}");
    }
    assert_eq!(Life { from: None, ..life(5, 90) }.left(NOW), None);
    let (from, until) = (Some(NOW), NOW);
    assert_eq!(Life { from, until, warn_before: DAY }.left(NOW), None, "it has no length");
}

#[test]
fn a_daemon_shows_what_its_looks_saw() {
    let mut picture = Picture::default();
    let subject = |name: &str| Subject::Certificate(Name::new(name).unwrap());
    let entry = || Entry { warn_secs: 14 * 86_400, ..Entry::default() };
    picture.entries.insert(subject("new"), entry());
    picture.entries.insert(subject("fine"), Entry { in_order: true, ..entry() });
    let (at, service, not_after, stands) = (None, None, None, None);
    let (kind, reason, words) = (News::Held, "bad_input", String::new());
    let matter = Matter { kind, reason, at, service, words, not_after, stands };
    let mut held = Entry { matters: [matter].into(), ..entry() };
    held.held.insert("bad_input", 1);
    picture.entries.insert(subject("held"), held);
    let mut waiting = entry();
    waiting.held.insert("not_served_yet", 2);
    picture.entries.insert(subject("waiting"), waiting);
    picture.entries.insert(Subject::Ssl(Name::new("ledger").unwrap()), Entry::default());
    let shown = live(&picture, None, NOW);
    let of = |name: &str| {
        let rows = shown.tables[0].rows.iter();
        let row = rows.clone().find(|row| row.cells[0].text == name).unwrap();
        (row.cells[5].text.clone(), row.needs_person)
    };
    assert_eq!(of("held"), ("waits: bad input".to_owned(), true));
    assert_eq!(of("waiting"), ("waits: not served yet".to_owned(), false));
    assert_eq!(of("fine"), ("nothing".to_owned(), false));
    assert_eq!(of("new"), ("has something to do, or was not looked at yet".to_owned(), false));
    assert_eq!(shown.tables[2].rows.len(), 1);
    elements(&html(&shown));
    let stuck = html(&live(&picture, Some("waiting for <look>".to_owned()), NOW));
    assert!(stuck.contains("<li>the work stands still: waiting for &lt;look&gt;</li>"), "{stuck}");
}
