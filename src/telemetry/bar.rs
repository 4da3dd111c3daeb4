//! One line on the terminal that is drawn again and again, below a log that goes there too. Nothing else of
//! certrotd writes to standard error meanwhile: each line of the log takes the drawn one away, and puts it back
//! behind itself.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// To the beginning of the line, and nothing behind it: what every terminal knows that is not named `dumb`.
const CLEAR: &str = "\r\u{1b}[K";

/// Cut at the edge of the terminal, what is drawn never takes a second line, which `CLEAR` would not reach.
const CUT: &str = "\u{1b}[?7l";
/// And lines that are not drawn but written run on as ever.
const RUN_ON: &str = "\u{1b}[?7h";

/// What is drawn. It holds no end of a line.
static DRAWN: Mutex<String> = Mutex::new(String::new());

/// The line, for as long as this lives.
#[derive(Debug)]
pub struct Bar(());

impl Bar {
    /// An empty one.
    pub fn new() -> Self {
        Self(())
    }

    /// Shows these words in place of the former ones.
    pub fn draw(&self, words: &str) {
        let mut drawn = drawn();
        if *drawn != words {
            let _ = io::stderr().write_all(&above(b"", words));
            words.clone_into(&mut drawn);
        }
    }
}

impl Default for Bar {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.draw("");
    }
}

fn drawn() -> MutexGuard<'static, String> {
    DRAWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Standard error for whole lines, above the one that is drawn.
pub(super) struct Above;

impl Write for Above {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let drawn = drawn();
        if drawn.is_empty() {
            return io::stderr().write(lines);
        }
        io::stderr().write_all(&above(lines, &drawn))?;
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// What shows these lines above the drawn one, in one write.
fn above(lines: &[u8], drawn: &str) -> Vec<u8> {
    [CLEAR.as_bytes(), lines, CUT.as_bytes(), drawn.as_bytes(), RUN_ON.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_log_takes_the_place_of_the_drawn_one_and_moves_it_down() {
        let shown = String::from_utf8(above(b"12:00:00 INFO  words\n", "[##  ] 1 of 2")).unwrap();
        assert_eq!(shown, "\r\u{1b}[K12:00:00 INFO  words\n\u{1b}[?7l[##  ] 1 of 2\u{1b}[?7h");
    }
}
