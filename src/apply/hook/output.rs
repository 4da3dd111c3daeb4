//! What a command printed, as lines that a log can hold: bounded, printable, and without private keys.

use std::collections::VecDeque;

use tokio::io::{AsyncRead, AsyncReadExt};

/// How much of each of a command's two streams is kept, in bytes: enough to see what went wrong.
const BYTES_MAX: usize = 4096;
/// How many lines of both streams together are logged: a screen full.
const LINES_MAX: usize = 50;
/// Longest line, in characters.
const LINE_CHARS_MAX: usize = 500;
/// How much is read at once, in bytes.
const PIECE_BYTES: usize = 1024;

/// The start of both streams.
pub(super) struct Output {
    pub out: Vec<u8>,
    pub err: Vec<u8>,
}

/// Adds the start of a stream; the rest is read and thrown away, so that the command is not blocked.
pub(super) async fn head(stream: Option<impl AsyncRead + Unpin>, start: &mut Vec<u8>) {
    let Some(mut stream) = stream else { return };
    let mut piece = [0; PIECE_BYTES];
    while let Ok(count @ 1..) = stream.read(&mut piece).await {
        let room = BYTES_MAX - start.len();
        start.extend_from_slice(&piece[..count.min(room)]);
    }
}

impl Output {
    /// Standard output, then errors: what is worth most in a failure comes last.
    pub fn lines(&self) -> Lines {
        let mut lines = VecDeque::new();
        for stream in [&self.out, &self.err] {
            let mut in_key = false;
            for line in String::from_utf8_lossy(stream).lines() {
                match key_mark(line) {
                    Some(Mark::Begin) => {
                        in_key = true;
                        lines.push_back("(a private key, left out)".to_owned());
                    }
                    Some(Mark::End) => in_key = false,
                    None if in_key => {}
                    None => lines.extend(printable(line)),
                }
            }
        }
        let left_out = lines.len().saturating_sub(LINES_MAX);
        // The last line stays for the failure to name.
        let last = lines.pop_back();
        lines.truncate(LINES_MAX - 1);
        lines.extend(last);
        Lines { lines, left_out }
    }
}

/// Lines of a log.
pub(super) struct Lines {
    lines: VecDeque<String>,
    left_out: usize,
}

impl Lines {
    /// Takes the last one.
    pub fn pop(&mut self) -> Option<String> {
        self.lines.pop_back()
    }

    /// One event a line; a failure's at a level that nobody turns off.
    pub fn log(self, instance: &str, is_failure: bool) {
        let more = (self.left_out > 0).then(|| format!("({} more lines)", self.left_out));
        for line in self.lines.into_iter().chain(more) {
            if is_failure {
                tracing::warn!(event = "hook.output", instance, "{line}");
            } else {
                tracing::info!(event = "hook.output", instance, "{line}");
            }
        }
    }
}

enum Mark {
    Begin,
    End,
}

/// Where a PEM private key of any kind begins or ends.
fn key_mark(line: &str) -> Option<Mark> {
    if !line.contains("PRIVATE KEY-----") {
        return None;
    }
    Some(if line.contains("-----END ") { Mark::End } else { Mark::Begin })
}

/// The line with what a terminal would obey replaced, and cut; none where nothing is left.
fn printable(line: &str) -> Option<String> {
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = |c: char| {
        if c == '\t' {
            ' '
        } else if c.is_control() || turns(c) {
            '\u{fffd}'
        } else {
            c
        }
    };
    let mut text: String = line.trim().chars().take(LINE_CHARS_MAX).map(shown).collect();
    if line.trim().chars().count() > LINE_CHARS_MAX {
        text.push('…');
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(out: &str, err: &str) -> Vec<String> {
        Output { out: out.into(), err: err.into() }.lines().lines.into()
    }

    #[test]
    fn lines_are_printable_and_errors_come_last() {
        let found = lines("one\ttwo\n\n  \u{1b}[31mred\u{7}\r\n", "why\u{202e}\n");
        assert_eq!(found, ["one two", "\u{fffd}[31mred\u{fffd}", "why\u{fffd}"]);
        assert_eq!(lines("", " \n"), Vec::<String>::new());
        assert_eq!(lines(&"é".repeat(600), "")[0].chars().count(), LINE_CHARS_MAX + 1);
    }

    #[test]
    fn no_private_key_is_repeated() {
        let key = "-----BEGIN EC PRIVATE KEY-----\nMHcC\nAQEE\n-----END EC PRIVATE KEY-----\n";
        let found = lines(&format!("before\n{key}after"), &key[..40]);
        let hidden = "(a private key, left out)";
        assert_eq!(found, ["before", hidden, "after", hidden]);
    }

    #[test]
    fn many_lines_are_cut_in_the_middle() {
        let many: String = (0..100).map(|number| format!("line {number}\n")).collect();
        let cut = Output { out: many.into(), err: b"the end".to_vec() }.lines();
        assert_eq!((cut.lines.len(), cut.left_out), (LINES_MAX, 51));
        assert_eq!(cut.lines[LINES_MAX - 2], "line 48");
        assert_eq!(cut.lines[LINES_MAX - 1], "the end");
    }
}
