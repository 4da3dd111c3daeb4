//! Text for a terminal: aligned columns, and sentences that are wrapped below their row.

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
    pub cells: Vec<String>,
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
    let columns = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns).map(|column| width(rows, column)).collect();
    rows.iter().map(|row| lines(row, &widths)).collect()
}

/// The widest cell of a column among rows that have another one after it.
fn width(rows: &[Row], column: usize) -> usize {
    let cells = rows.iter().filter(|row| row.cells.len() > column + 1);
    cells.map(|row| row.cells[column].chars().count()).max().unwrap_or(0)
}

fn lines(row: &Row, widths: &[usize]) -> String {
    let mut line = String::new();
    let mut below = Vec::new();
    if let Some((last, cells)) = row.cells.split_last() {
        for (cell, width) in cells.iter().zip(widths) {
            line.push_str(&format!("{cell:<width$}{:GAP$}", ""));
        }
        if line.chars().count() + last.chars().count() <= WIDTH {
            line.push_str(last);
        } else {
            below.push(last);
        }
    }
    let mut text = format!("{}\n", line.trim_end());
    for note in row.notes.iter().chain(below) {
        text.push_str(&wrapped(note));
    }
    text
}

/// A sentence in indented lines, broken between words. A word that is too long, such as a path,
/// stays whole, so that it can be copied.
fn wrapped(sentence: &str) -> String {
    let mut text = String::new();
    let mut line = String::new();
    for word in sentence.split_whitespace() {
        let chars = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && INDENT + chars > WIDTH {
            text.push_str(&format!("{:INDENT$}{line}\n", ""));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        text.push_str(&format!("{:INDENT$}{line}\n", ""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str], notes: &[&str]) -> Row {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        Row { cells: owned(cells), notes: owned(notes) }
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
}
