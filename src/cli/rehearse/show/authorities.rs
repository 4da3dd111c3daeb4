//! The table of databases that got another CA: what their files held, one after the other.

use super::super::verdict::Renewed;
use super::{Dress, Ink};

/// Each file with the CA that it began with, how long both stood in it, and the one that it ends with.
pub(in super::super) fn authorities(dress: Dress, renewed: &[Renewed]) {
    let width = renewed.iter().map(|it| it.name.chars().count()).max().unwrap_or(0);
    let head = format!("{:<width$}  before        both for    after", "CA file");
    dress.line(&format!("  {}", dress.paint(Ink::Dim, &head)));
    for Renewed { name, old, new, stood, .. } in renewed {
        let stood = stood.map_or_else(|| "-".to_owned(), |it| format!("{:.1} s", it.as_secs_f64()));
        dress.line(&format!(
            "  {name:<width$}  {:<12}  {stood:<8}  → {}",
            super::news::shorts(old, " "),
            dress.paint(Ink::Green, &super::news::shorts(new, " ")),
        ));
    }
}
