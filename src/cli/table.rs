//! Text for a terminal: aligned columns, and sentences that are wrapped below their row.

mod paint;

use crate::telemetry::page::{Cell, Tone};
pub(super) use paint::Paint;

/// What fits beside another window, in characters.
pub(super) const WIDTH: usize = 100;
/// Blanks between two columns.
const GAP: usize = 2;
/// Blanks before what belongs to the row above.
const INDENT: usize = 4;

/// One row, and what is said below it.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// What stands in the columns.
    pub cells: Vec<Cell>,
    /// Sentences of their own lines.
    pub notes: Vec<String>,
}

impl Row {
    /// With a sentence below it.
    pub fn with(mut self, note: &str) -> Self {
        self.notes.push(note.to_owned());
        self
    }
}

/// The rows, each beginning a line. A last cell that does not fit goes below the notes, wrapped; it does
/// not widen anything.
pub(super) fn text(rows: &[Row]) -> String {
    painted(rows, Paint::None)
}

/// The same for whoever sees colours.
pub(super) fn painted(rows: &[Row], paint: Paint) -> String {
    let columns = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns).map(|column| width(rows, column, paint)).collect();
    rows.iter().map(|row| lines(row, &widths, paint)).collect()
}

/// The widest cell of a column among rows that have another one after it.
fn width(rows: &[Row], column: usize, paint: Paint) -> usize {
    let cells = rows.iter().filter(|row| row.cells.len() > column + 1);
    cells.map(|row| paint.width(&row.cells[column])).max().unwrap_or(0)
}

fn lines(row: &Row, widths: &[usize], paint: Paint) -> String {
    let (mut line, mut width) = (String::new(), 0);
    let mut below = None;
    if let Some((last, cells)) = row.cells.split_last() {
        for (cell, column) in cells.iter().zip(widths) {
            let gap = column - paint.width(cell) + GAP;
            line.push_str(&format!("{}{:gap$}", paint.cell(cell), ""));
            width += column + GAP;
        }
        if width + paint.width(last) <= WIDTH {
            line.push_str(&paint.cell(last));
        } else {
            below = Some(last);
        }
    }
    let mut text = format!("{}\n", line.trim_end());
    for note in &row.notes {
        text.push_str(&wrapped(note, Tone::Plain, paint));
    }
    text + &below.map(|last| wrapped(&last.text, last.tone, paint)).unwrap_or_default()
}

/// A sentence in indented lines, broken between words. A word that is too long, such as a path,
/// stays whole, so that it can be copied.
fn wrapped(sentence: &str, tone: Tone, paint: Paint) -> String {
    let mut text = String::new();
    let mut line = String::new();
    for word in sentence.split_whitespace() {
        let chars = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && INDENT + chars > WIDTH {
            text.push_str(&format!("{:INDENT$}{}\n", "", paint.words(&line, tone)));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        text.push_str(&format!("{:INDENT$}{}\n", "", paint.words(&line, tone)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str], notes: &[&str]) -> Row {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        Row { cells: owned(cells).into_iter().map(Cell::from).collect(), notes: owned(notes) }
    }

    #[test]
    fn columns_stand_below_each_other_and_lines_end_with_a_word() {
        let rows = [row(&["a", "bb", "c"], &[]), row(&["äöü", "", "d"], &["below"])];
        assert_eq!(text(&rows), "a    bb  c\näöü      d\n    below\n");
        assert_eq!(text(&[row(&["a", ""], &[])]), "a\n");
        assert_eq!(text(&[]), "");
    }

    #[test]
    fn what_does_not_fit_goes_below_between_words() {
        let long = "word ".repeat(30);
        let path = "/x".repeat(80);
        let shown = text(&[row(&["a", &long], &[]), row(&["b", "c"], &[&format!("see {path} .")])]);
        let mut lines = shown.lines();
        assert_eq!(lines.next(), Some("a"));
        assert_eq!(lines.next().map(str::len), Some(INDENT + 19 * 5 - 1));
        assert!(shown.lines().any(|line| line.trim() == path), "a path stays whole: {shown}");
        assert!(shown.lines().all(|line| line.len() <= WIDTH || line.contains(&path)), "{shown}");
        assert_eq!(shown.split_whitespace().filter(|it| *it == "word").count(), 30);
    }
    #[test]
    fn colours_move_nothing() {
        let mut rows = [
            row(&["www", "89 days left", "next: nothing"], &["below"]),
            row(&["api-example", "none", &"a word ".repeat(20)], &[]),
        ];
        let plain = text(&rows);
        for (index, tone) in [(0, Tone::Bad), (1, Tone::Good), (2, Tone::Faint)] {
            rows.iter_mut().for_each(|row| row.cells[index].tone = tone);
        }
        assert_eq!(text(&rows), plain, "tones are for colours alone");
        let shown = painted(&rows, Paint::Colours);
        assert!(
            shown.contains("\x1b[1;31mwww\x1b[0m          89 days left  \x1b[2mnext"),
            "{shown}"
        );
        let bare = ["\x1b[1;31m", "\x1b[2m", "\x1b[0m"]
            .iter()
            .fold(shown, |it, code| it.replace(code, ""));
        assert_eq!(bare, plain);
    }
}
