//! The table of a change: what every place served before and serves now, by handshakes.

use super::super::sites::Site;
use super::{Dress, Ink};

/// Most places that a table shows; the verdict judges all.
const PLACES_MAX: usize = 50;
/// Most characters of a place's id or name.
const SITE_CHARS_MAX: usize = 36;
/// Narrowest column of places, in characters: its own head.
const SITE_CHARS_MIN: usize = 16;

/// Each place with the leaf that a handshake returned before, and the one that it returns now.
pub(in super::super) fn places(dress: Dress, before: &[Site], after: &[Site]) {
    let rows = || after.iter().take(PLACES_MAX);
    let of = |site: &Site| site.place.site.chars().take(SITE_CHARS_MAX).collect::<String>();
    let width = rows().map(|site| of(site).chars().count()).max().unwrap_or(0);
    let width = width.max(SITE_CHARS_MIN);
    let head =
        format!("{:<7}  {:<width$}  {:<12}    after", "service", "by handshake at", "before");
    dress.line(&format!("  {}", dress.paint(Ink::Dim, &head)));
    for site in rows() {
        let known = before.iter().find(|it| it.place == site.place && it.entry == site.entry);
        let former = known.map_or_else(|| "not asked".to_owned(), |it| it.served.words());
        let changed = known.is_none_or(|it| it.served != site.served);
        let (arrow, ink) = if changed { ("→", Ink::Green) } else { ("=", Ink::Dim) };
        dress.line(&format!(
            "  {:<7}  {:<width$}  {former:<12}  {arrow} {}",
            site.place.target.to_string(),
            of(site),
            dress.paint(ink, &site.served.words()),
        ));
    }
    if after.len() > PLACES_MAX {
        dress.line(&format!("  … and {} more", after.len() - PLACES_MAX));
    }
}
