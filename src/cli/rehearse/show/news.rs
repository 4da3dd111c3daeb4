//! What handshakes begin to return: with places, with databases, and with the CA files that their
//! clients have.

use super::super::picture::Ca;
use super::super::sites::Site;
use super::super::watch::News;
use super::calls::fitted;
use super::{Dress, Ink};
use crate::model::digest::Sha256;
use crate::model::target::Api;
use crate::model::time::Time;

/// One line for what is new.
pub(in super::super) fn news(dress: Dress, began: Time, news: &News) {
    match news {
        News::Site(site) => place(dress, began, site),
        News::Ca(ca) => client(dress, began, ca),
        News::Presents(ca) => {
            let words = "another certificate: its client connects";
            line(dress, began, ca.source.api(), ca.name.as_str(), (words, Ink::Green));
        }
        News::Greeting(name, on) => {
            let words = if *on { "offers SSL" } else { "offers no SSL" };
            let words = format!("its greeting {words} now");
            line(dress, began, Api::TaurusDb, name.as_str(), (&words, Ink::Green));
        }
    }
}

/// A change at a place: what a handshake with it returns now, beside what is bound there.
fn place(dress: Dress, began: Time, site: &Site) {
    let Site { place, asked, bound, served, .. } = site;
    let name = asked.as_deref().unwrap_or("an address");
    let stands = served.leaf().is_some_and(|leaf| bound.contains(&leaf));
    let ink = if stands { Ink::Green } else { Ink::Red };
    let mut words = format!("returns {}", served.words());
    if !stands {
        words += &format!(", though {} is bound", shorts(bound, " "));
    }
    line(dress, began, place.target, name, (&words, ink));
}

/// A CA file that changed, or a client that fares otherwise with it.
fn client(dress: Dress, began: Time, ca: &Ca) {
    let file = shorts(ca.file.as_deref().unwrap_or_default(), " and ");
    let (words, ink) = match &ca.client {
        Some(Ok(_)) => (format!("a client connects by CA {file}"), Ink::Green),
        Some(Err(why)) => (format!("a client with CA {file} turns away: {why}"), Ink::Red),
        None if ca.file.is_none() => ("the CA file is gone".to_owned(), Ink::Red),
        None => (format!("the file holds CA {file}"), Ink::Green),
    };
    line(dress, began, ca.source.api(), ca.name.as_str(), (&words, ink));
}

fn line(
    dress: Dress,
    began: Time,
    service: impl std::fmt::Display,
    name: &str,
    (words, ink): (&str, Ink),
) {
    let after = crate::daemon::now().since(began).as_secs_f64();
    let (name, words) = fitted(name, words);
    dress.line(&format!(
        "{}{}  {}  {:<4} {:>3}  {}  {}",
        dress.paint(Ink::Yellow, "⇄"),
        dress.paint(Ink::Dim, &format!("{after:>6.3}")),
        dress.paint(Ink::Cyan, &format!("{:<8}", service.to_string())),
        "TLS",
        "",
        dress.paint(Ink::Bold, &name),
        dress.paint(ink, &words),
    ));
}

/// Short fingerprints side by side.
pub(super) fn shorts(all: &[Sha256], between: &str) -> String {
    let all: Vec<_> = all.iter().map(Sha256::short).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(between) }
}
