//! What a page shows against what was printed: word by word, for lines break where a path or a port is longer, and with
//! names in place of moments, ids and digests.

use crate::scenario_kit::stable::Names;

/// A word of a page that stands for any number of words.
const LEFT_OUT: &str = "…";
/// As many hex digits as a serial number has at least.
const SERIAL_DIGITS: usize = 24;
/// The shape of a moment of the day, as the log on a terminal has it.
const TIME_OF_DAY: &str = "dd:dd:dd";

/// The names that one side has given so far, so that what is one thing in two blocks stays one.
#[derive(Default)]
pub struct Masks(Names);

impl Masks {
    fn words(&mut self, text: &str) -> Vec<String> {
        let lines = text.lines().map(|line| self.0.settle(line));
        let lines: Vec<_> = lines.collect();
        lines.iter().flat_map(|line| line.split_whitespace()).map(steady).collect()
    }
}

/// What differs, in a few words of both; nothing when nothing does.
pub fn difference(
    written: &str,
    printed: &str,
    of_written: &mut Masks,
    of_printed: &mut Masks,
) -> Option<String> {
    if !written.split_whitespace().any(|word| word == LEFT_OUT) {
        let (written, found) = (of_written.words(written), of_printed.words(printed));
        return (written != found).then(|| told(&written, &found, printed));
    }
    // Where something is left out, what is numbered by its order has no number.
    let unnumbered = |text: &str| -> Vec<String> {
        let words = Masks::default().words(text).into_iter();
        words.map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned()).collect()
    };
    let (written, found) = (unnumbered(written), unnumbered(printed));
    (!goes_through(&written, &found)).then(|| told(&written, &found, printed))
}

/// Whether the printed words are the written ones, with something in each gap.
fn goes_through(written: &[String], printed: &[String]) -> bool {
    let pieces: Vec<_> = written.split(|word| word == LEFT_OUT).collect();
    let (mut at, last) = (0, pieces.len() - 1);
    for (number, piece) in pieces.iter().enumerate() {
        let rest = &printed[at..];
        let found = match number {
            0 => rest.starts_with(piece).then_some(0),
            _ if number == last => rest.ends_with(piece).then(|| rest.len() - piece.len()),
            _ => (0..=rest.len().saturating_sub(piece.len()))
                .find(|start| rest[*start..].starts_with(piece)),
        };
        let Some(start) = found else { return false };
        at += start + piece.len();
    }
    true
}

/// A word without what is another one in each run.
fn steady(word: &str) -> String {
    if word.starts_with("elapsed_ms=") {
        return "elapsed_ms=N".to_owned();
    }
    let shape: String = word.chars().map(|c| if c.is_ascii_digit() { 'd' } else { c }).collect();
    let serial = word.len() >= SERIAL_DIGITS && word.chars().all(|c| c.is_ascii_hexdigit());
    match () {
        () if shape == TIME_OF_DAY => "TIME".to_owned(),
        () if serial => "SERIAL".to_owned(),
        () => word.to_owned(),
    }
}

/// The first words that differ, and all that was printed.
fn told(written: &[String], found: &[String], printed: &str) -> String {
    let same = written.iter().zip(found).take_while(|(one, other)| one == other).count();
    let from = same.saturating_sub(4);
    let some =
        |words: &[String]| words.iter().skip(from).take(12).cloned().collect::<Vec<_>>().join(" ");
    format!("- … {}\n+ … {}\nprinted was:\n{printed}", some(written), some(found))
}
