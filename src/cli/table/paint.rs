//! Colours and bars for a terminal; everywhere else words stay what they are, byte for byte.

use std::io;

use crate::cli::print;
use crate::telemetry::page::{Cell, Tone};

/// What a bar is wide, in characters, without its ends. Each of them shows eight steps.
const BAR: usize = 5;
/// One character of a bar, filled by so many eighths.
const EIGHTHS: [char; 9] = ['░', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// How words are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Paint {
    /// As they are.
    None,
    /// With the colours of a terminal.
    Colours,
}

impl Paint {
    /// What fits standard output.
    pub fn of_stdout() -> Self {
        match print::has_colours(&io::stdout()) {
            true => Self::Colours,
            false => Self::None,
        }
    }

    /// How many characters a cell takes.
    pub fn width(self, cell: &Cell) -> usize {
        let bar = cell.left.filter(|_| self == Self::Colours).map_or(0, |_| BAR + 3);
        bar + cell.text.chars().count()
    }

    /// A cell, after the bar of what is left where it is about a life.
    pub fn cell(self, cell: &Cell) -> String {
        let words = self.words(&cell.text, cell.tone);
        match cell.left.filter(|_| self == Self::Colours) {
            Some(left) => format!("▕{}▏ {words}", inked(&bar(left), ink(cell.tone))),
            None => words,
        }
    }

    /// Words that are meant so. Green ones would only distract from those that are not.
    pub fn words(self, words: &str, tone: Tone) -> String {
        match tone {
            Tone::Faint | Tone::Near | Tone::Bad if self == Self::Colours => {
                inked(words, ink(tone))
            }
            _ => words.to_owned(),
        }
    }
}

/// As terminals number them.
fn ink(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "0",
        Tone::Faint => "2",
        Tone::Good => "32",
        Tone::Near => "33",
        Tone::Bad => "1;31",
    }
}

fn inked(words: &str, ink: &str) -> String {
    format!("\x1b[{ink}m{words}\x1b[0m")
}

/// So many hundredths of a bar. What is left at all is seen.
fn bar(left: u8) -> String {
    let steps = (usize::from(left.min(100)) * BAR * 8).div_ceil(100);
    let filled = |place: usize| EIGHTHS[steps.saturating_sub(place * 8).min(8)];
    (0..BAR).map(filled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_full_as_what_is_left() {
        for (left, shown) in [
            (0, "░░░░░"),
            (1, "▏░░░░"),
            (50, "██▌░░"),
            (99, "█████"),
            (100, "█████"),
            (255, "█████"),
        ] {
            assert_eq!(bar(left), shown, "{left}");
        }
        assert_eq!(bar(97).chars().last(), Some('▉'));
    }

    #[test]
    fn colours_are_for_terminals_and_change_no_word() {
        let mut cell = Cell::new("expired", Tone::Bad);
        assert_eq!(Paint::None.cell(&cell), "expired");
        assert_eq!(Paint::Colours.cell(&cell), "\x1b[1;31mexpired\x1b[0m");
        assert_eq!(Paint::Colours.words("fine", Tone::Good), "fine");
        cell.left = Some(0);
        assert_eq!((Paint::None.cell(&cell), Paint::None.width(&cell)), ("expired".to_owned(), 7));
        let shown = Paint::Colours.cell(&cell);
        assert_eq!(shown, "▕\x1b[1;31m░░░░░\x1b[0m▏ \x1b[1;31mexpired\x1b[0m");
        let plain = shown.replace("\x1b[1;31m", "").replace("\x1b[0m", "");
        assert_eq!(plain.chars().count(), Paint::Colours.width(&cell));
    }
}
