//! The README as packages have it: what is not installed beside it is linked to where it can be read.

use super::HOME;

/// What is installed beside it, or below that.
const INSTALLED: [&str; 2] = ["docs/", "SECURITY.md"];
/// Where the repository shows a file.
const SHOWN: &str = "blob/main";

/// The text of the repository with such links.
pub fn text() -> String {
    let text = include_str!("../../README.md");
    let mut pieces = text.split("](");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        let foreign = !piece.starts_with('#')
            && !piece.starts_with("https://")
            && !INSTALLED.iter().any(|path| piece.starts_with(path));
        let before = if foreign { format!("{HOME}/{SHOWN}/") } else { String::new() };
        format!("{text}]({before}{piece}")
    })
}
