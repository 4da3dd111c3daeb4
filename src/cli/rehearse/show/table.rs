//! The status table: a line a certificate, a CA file and an SSL switch.

use super::super::picture::{Ca, Copy, Picture, Rotation, Switch};
use super::super::sites::Site;
use super::{Dress, Ink, heading};
use crate::daemon;
use crate::model::digest::Sha256;

/// Most characters of an entry's name that the table makes room for.
const NAME_CHARS_MAX: usize = 36;

/// Everything as it is, side by side.
pub(in super::super) fn status(dress: Dress, picture: &Picture) {
    heading(dress, "Status, as it lies on the disk and in the simulated cloud");
    let rotations = picture.rotations.iter().map(|it| it.name.as_str());
    let cas = picture.cas.iter().map(|it| it.name.as_str());
    let switches = picture.switches.iter().map(|it| it.name.as_str());
    let sites = picture.sites.iter().map(|it| it.place.site.as_str());
    let names = rotations.chain(sites).chain(cas).chain(switches).map(|name| name.chars().count());
    let width = names.max().unwrap_or(0).clamp(11, NAME_CHARS_MAX);
    section(
        dress,
        width,
        "certificate",
        "leaf on disk   days  import            copies",
        &picture.rotations,
        rotation,
    );
    section(
        dress,
        width,
        "bound at",
        "bound          service           served, by a handshake",
        &picture.sites,
        site,
    );
    section(
        dress,
        width,
        "CA file",
        "CA in it       days  instance          a client with it",
        &picture.cas,
        ca,
    );
    section(
        dress,
        width,
        "SSL switch",
        "its greeting  job       its end",
        &picture.switches,
        switch,
    );
}

fn section<T>(
    dress: Dress,
    width: usize,
    label: &str,
    columns: &str,
    rows: &[T],
    row: fn(Dress, &T) -> (&str, String),
) {
    if rows.is_empty() {
        return;
    }
    dress.line(&format!("  {}", dress.paint(Ink::Dim, &format!("{label:<width$}  {columns}"))));
    for item in rows {
        let (name, words) = row(dress, item);
        dress.line(&format!("  {name:<width$}  {words}"));
    }
}

fn rotation(dress: Dress, rotation: &Rotation) -> (&str, String) {
    let Rotation { name, leaf, ids, copies } = rotation;
    let leaf = match leaf {
        Ok(leaf) => leaf,
        Err(finding) => return (name.as_str(), dress.paint(Ink::Red, finding)),
    };
    let days = leaf.not_after.days_after(daemon::now());
    let id = ids.first().map_or("not imported", String::as_str);
    let copies: Vec<_> = copies.iter().map(|it| copy(dress, it)).collect();
    let words = format!("{:<12}  {days:>5}  {id:<16}  {}", leaf.sha256.short(), copies.join("  "));
    (name.as_str(), words)
}

fn copy(dress: Dress, copy: &Copy) -> String {
    let mark = mark(dress, copy.there);
    let project = if copy.elsewhere { format!(" in {}", copy.project) } else { String::new() };
    format!("{}{project} {mark}", copy.target)
}

fn site(dress: Dress, site: &Site) -> (&str, String) {
    let Site { place, bound, served, .. } = site;
    let stands = mark(dress, served.leaf().is_some_and(|leaf| bound.contains(&leaf)));
    let bound: Vec<_> = bound.iter().map(Sha256::short).collect();
    let (bound, service) = (bound.join(" "), place.target.to_string());
    (place.site.as_str(), format!("{bound:<13}  {service:<16}  {} {stands}", served.words()))
}

fn ca(dress: Dress, ca: &Ca) -> (&str, String) {
    let (Some(file), Some(days)) = (&ca.file, ca.days()) else {
        return (ca.name.as_str(), dress.paint(Ink::Red, "the file is not there, or holds no CA"));
    };
    let client = match &ca.client {
        Some(Ok(_)) => "connects",
        Some(Err(_)) => "turns away",
        None => "not asked for",
    };
    let fine = mark(dress, ca.is_equal() && !matches!(ca.client, Some(Err(_))));
    let (file, service) = (super::news::shorts(file, " "), ca.source.api().to_string());
    let words = format!("{file:<12}  {days:>5}  {service:<16}  {client} {fine}");
    (ca.name.as_str(), words)
}

fn switch(dress: Dress, switch: &Switch) -> (&str, String) {
    let state = match &switch.greets {
        Some(Ok(true)) => "on",
        Some(Ok(false)) => "off",
        Some(Err(_)) => "no greeting",
        None => "not asked",
    };
    let job = match switch.jobs.last() {
        Some((job, end)) => {
            let job = job.id.get(..8).unwrap_or(&job.id);
            format!("{job}  {end} {}", mark(dress, *end == "Completed"))
        }
        None => "nothing was sent".to_owned(),
    };
    (switch.name.as_str(), format!("{state:<12}  {job}"))
}

fn mark(dress: Dress, fine: bool) -> String {
    if fine { dress.paint(Ink::Green, "✓") } else { dress.paint(Ink::Red, "✗") }
}
