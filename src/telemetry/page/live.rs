//! The page of a running daemon, from the picture that it shows of itself: what its looks saw last.

use std::time::Duration;

use super::{Cell, Life, Page, Row, Table, Tone};
use crate::cycle::picture::{Entry, Layer, Picture, Watched};
use crate::model::names::{Name, Subject};
use crate::model::time::{Time, remaining};

const CERTIFICATES: [&str; 6] = ["certificate", "file", "cloud", "served", "last in order", "next"];
const CAS: [&str; 5] = ["CA file", "file", "presented", "last in order", "next"];
const SWITCHES: [&str; 3] = ["SSL switch", "last in order", "next"];
const WATCHED: [&str; 4] = ["watched file", "files", "first end", "next"];

/// What this picture shows at this moment. `stuck`: why the work stands still, where it does.
pub fn live(picture: &Picture, stuck: Option<String>, now: Time) -> Page {
    let rest = match picture.finished {
        Some(at) => format!("the last cycle came to rest at {at}"),
        None => "no cycle has come to rest since the start".to_owned(),
    };
    let of = |table: &'static str| {
        picture.entries.iter().filter(move |(subject, _)| subject.table() == table)
    };
    let lives = of("certificate")
        .filter_map(|(subject, entry)| Some((subject.name().to_string(), life(entry)?)));
    let row = |layers: &'static [Layer]| move |(subject, entry)| row(subject, entry, layers, now);
    let presented: &[Layer] = &[Layer::File, Layer::Served];
    Page {
        now,
        source: format!(
            "what the running daemon saw last; {rest}; certrotd status says on its host why something waits"
        ),
        faults: stuck.into_iter().map(|why| format!("the work stands still: {why}")).collect(),
        lives: lives.collect(),
        tables: vec![
            Table::of(
                "Certificates",
                "certificate",
                &CERTIFICATES,
                of("certificate").map(row(&Layer::ALL)),
            ),
            Table::of("CA files", "CA file", &CAS, of("instance_ca").map(row(presented))),
            Table::of("SSL switches", "SSL switch", &SWITCHES, of("instance_ssl").map(row(&[]))),
            Table::of(
                "Watched files",
                "watched file",
                &WATCHED,
                picture.watched.iter().map(|(name, it)| watched(name, it, now)),
            ),
        ],
    }
}

/// Of the leaf in the file.
fn life(entry: &Entry) -> Option<Life> {
    let until = entry.ends.of(Layer::File)?;
    let whole = Duration::from_secs(u64::from(entry.life_days) * 24 * 60 * 60);
    let from = (!whole.is_zero()).then(|| until - whole);
    Some(Life { from, until, warn_before: warn_before(entry) })
}

fn warn_before(entry: &Entry) -> Duration {
    Duration::from_secs(entry.warn_secs.into())
}

fn row(subject: &Subject, entry: &Entry, layers: &[Layer], now: Time) -> Row {
    let mut cells = vec![subject.name().to_string().into()];
    cells.extend(layers.iter().map(|layer| end(entry, *layer, now)));
    cells.push(match entry.last_success {
        Some(at) => at.to_string().into(),
        None => Cell::new("not since the start", Tone::Faint),
    });
    let near = near(entry, layers, now);
    let needs_person = entry.needs_person() || !near.is_empty();
    let sentences: Vec<_> = waits(entry).into_iter().chain(near).collect();
    cells.push(match (needs_person, sentences.is_empty()) {
        (true, _) => Cell::new(sentences.join("; "), Tone::Bad),
        (false, false) => Cell::new(sentences.join("; "), Tone::Plain),
        (false, true) if entry.in_order => Cell::new("nothing", Tone::Faint),
        (false, true) => Cell::new("has something to do, or was not looked at yet", Tone::Plain),
    });
    Row { cells, notes: Vec::new(), needs_person }
}

/// Files that somebody else renews.
fn watched(name: &Name, it: &Watched, now: Time) -> Row {
    let ends = it.first.map(|until| Life { from: None, until, warn_before: it.warn_before });
    let first = match ends {
        Some(life) => Cell::new(remaining(life.until.days_after(now)), life.tone(now)),
        None => Cell::new("not known", Tone::Faint),
    };
    let near = ends.is_some_and(|life| life.tone(now) == Tone::Bad);
    let unread = (it.unread > 0).then(|| format!("{} of them cannot be read", it.unread));
    let sentences: Vec<_> =
        unread.into_iter().chain(near.then(|| "not renewed".to_owned())).collect();
    let needs_person = !sentences.is_empty();
    let next = match needs_person {
        true => Cell::new(sentences.join("; "), Tone::Bad),
        false => Cell::new("nothing", Tone::Faint),
    };
    let cells = vec![name.to_string().into(), it.files.to_string().into(), first, next];
    Row { cells, notes: Vec::new(), needs_person }
}

/// The kinds of what waits, as the metrics have them. The sentences name paths and ids, and whoever reaches the
/// socket may read this.
fn waits(entry: &Entry) -> Option<String> {
    let kinds: Vec<_> = entry.held.keys().map(|key| key.replace('_', " ")).collect();
    (!kinds.is_empty()).then(|| format!("waits: {}", kinds.join(", ")))
}

fn end(entry: &Entry, layer: Layer, now: Time) -> Cell {
    let Some(until) = entry.ends.of(layer) else { return Cell::new("not known", Tone::Faint) };
    let life = Life { from: None, until, warn_before: warn_before(entry) };
    let left = self::life(entry).filter(|_| layer == Layer::File).and_then(|life| life.left(now));
    Cell { text: remaining(until.days_after(now)), tone: life.tone(now), left }
}

/// What ends soon where it counts: a file that the cloud has a later leaf of is nobody's worry.
fn near(entry: &Entry, layers: &[Layer], now: Time) -> Vec<String> {
    let ends = |layer| entry.ends.of(layer).filter(|_| layers.contains(&layer));
    let soon = |until: &Time| *until < now + warn_before(entry);
    let replaced = |until: &Time| ends(Layer::Cloud).is_some_and(|cloud| cloud > *until);
    let file = ends(Layer::File).filter(|until| soon(until) && !replaced(until));
    let served = ends(Layer::Served).filter(soon);
    let words = |what: &str, until: Time| format!("{what}: {}", remaining(until.days_after(now)));
    let file = file.map(|until| format!("{}, not renewed", words("the file", until)));
    file.into_iter().chain(served.map(|until| words("what is served", until))).collect()
}
