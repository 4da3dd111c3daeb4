//! One of a command's streams as lines that a log can hold: printable, without private keys, and within bounds
//! however much it is. The first lines are kept, and the last one, which mostly says what went wrong.

/// How many lines at the start are kept: a screen full.
pub(super) const LINES_MAX: usize = 50;
/// Longest line, in characters.
pub(super) const LINE_CHARS_MAX: usize = 500;
/// So many bytes hold such a line, whatever its characters are, and some blanks before it.
const SHOWN_BYTES: usize = 4096;
/// How much of a line is held at once, in bytes; what is behind the bytes that are shown is only looked through.
const LINE_BYTES_MAX: usize = 2 * SHOWN_BYTES;
/// Where a longer line is cut, so many bytes are looked at twice: more than the longest mark of a key has.
const MARK_BYTES: usize = 64;
/// Characters of a full line of a key: 64, but for what somebody has wrapped otherwise.
const BODY_CHARS_MIN: usize = 40;
/// What stands in place of a key.
const NO_KEY: &str = "(a private key, left out)";

/// What was read so far.
#[derive(Default)]
pub(super) struct Stream {
    first: Vec<String>,
    /// How many lines came after these, and the latest of them.
    more: usize,
    last: Option<String>,
    /// The line that has not ended yet, and the start of it where it is too long to be held.
    line: Vec<u8>,
    start: Option<Vec<u8>>,
    /// The last mark in what of this line is not held any more.
    mark: Option<Mark>,
    in_key: bool,
}

impl Stream {
    pub fn add(&mut self, piece: &[u8]) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.end_line();
            } else if self.line.len() > LINE_BYTES_MAX {
                self.shorten();
            }
        }
    }

    /// All that is kept, and how many lines are left out before the last of them.
    pub fn into_lines(mut self) -> (Vec<String>, usize) {
        self.end_line();
        self.first.extend(self.last);
        (self.first, self.more.saturating_sub(1))
    }

    fn shorten(&mut self) {
        self.mark = key_mark(&String::from_utf8_lossy(&self.line)).or(self.mark.take());
        let rest = self.line.split_off(self.line.len() - MARK_BYTES);
        let mut start = std::mem::replace(&mut self.line, rest);
        start.truncate(SHOWN_BYTES);
        self.start.get_or_insert(start);
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let mark = key_mark(&String::from_utf8_lossy(&line)).or(self.mark.take());
        let shown = self.start.take().unwrap_or(line);
        match mark {
            // Also one that begins and ends in a line has to be told of.
            Some(mark) => {
                if mark == Mark::End && !self.in_key {
                    self.forget_body();
                }
                if mark == Mark::Begin || !self.in_key {
                    self.keep(NO_KEY.to_owned());
                }
                self.in_key = mark == Mark::Begin;
            }
            None if self.in_key => {}
            None => {
                if let Some(text) = printable(&String::from_utf8_lossy(&shown)) {
                    self.keep(text);
                }
            }
        }
    }

    /// A key whose first line was not printed: the lines before its end are its body.
    fn forget_body(&mut self) {
        self.last = self.last.take().filter(|last| !is_base64(last));
        // The last line may be as short as a word.
        let mut shortest = 1;
        while self.first.last().is_some_and(|line| line.len() >= shortest && is_base64(line)) {
            self.first.pop();
            shortest = BODY_CHARS_MIN;
        }
    }

    fn keep(&mut self, text: String) {
        if self.first.len() < LINES_MAX {
            self.first.push(text);
        } else {
            self.more += 1;
            self.last = Some(text);
        }
    }
}

#[derive(PartialEq, Eq)]
enum Mark {
    Begin,
    End,
}

/// Where a PEM private key of any kind begins or ends: the last such mark of a line, which may hold several, since
/// files that do not end with a line break are printed one after the other.
fn key_mark(line: &str) -> Option<Mark> {
    let (before, _) = line.rsplit_once("PRIVATE KEY-----")?;
    match (before.rfind("-----BEGIN "), before.rfind("-----END ")) {
        (begin, Some(end)) if begin.is_none_or(|begin| begin < end) => Some(Mark::End),
        (Some(_), _) => Some(Mark::Begin),
        _ => None,
    }
}

fn is_base64(line: &str) -> bool {
    line.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
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

    const KEY: &str = "-----BEGIN EC PRIVATE KEY-----\nMHcC\nAQEE\n-----END EC PRIVATE KEY-----\n";

    /// The lines of a text, which are the same in whatever pieces it comes.
    fn lines(text: &str) -> Vec<String> {
        let pieces = [1, 7, 1024].map(|size| {
            let mut stream = Stream::default();
            text.as_bytes().chunks(size).for_each(|piece| stream.add(piece));
            stream.into_lines().0
        });
        assert!(pieces.iter().all(|found| *found == pieces[0]), "{pieces:?}");
        pieces[0].clone()
    }

    #[test]
    fn lines_are_printable() {
        let found = lines("one\ttwo\n\n  \u{1b}[31mred\u{7}\r\nwhy\u{202e}");
        assert_eq!(found, ["one two", "\u{fffd}[31mred\u{fffd}", "why\u{fffd}"]);
        assert_eq!(lines(" \n"), Vec::<String>::new());
        for length in [LINE_CHARS_MAX + 1, 3 * LINE_BYTES_MAX] {
            let found = lines(&format!("{}\nend", "é".repeat(length)));
            assert_eq!(found, [format!("{}…", "é".repeat(LINE_CHARS_MAX)), "end".to_owned()]);
        }
    }

    #[test]
    fn no_private_key_is_repeated() {
        let unended = KEY.trim_end();
        let far = "x".repeat(3 * LINE_BYTES_MAX);
        let shown = format!("{}…", &far[..LINE_CHARS_MAX]);
        let body = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/+Ab12345678abCD";
        for (text, wanted) in [
            (format!("before\n{KEY}after"), vec!["before", NO_KEY, "after"]),
            (KEY[..40].to_owned(), vec![NO_KEY]),
            (format!("{unended}{KEY}after"), vec![NO_KEY, NO_KEY, "after"]),
            (format!("-----END CERTIFICATE-----{KEY}after"), vec![NO_KEY, "after"]),
            (format!("{unended}-----BEGIN CERTIFICATE-----\nafter"), vec![NO_KEY, "after"]),
            (format!("{}\nafter", KEY.replace('\n', "\\n")), vec![NO_KEY, "after"]),
            (format!("{far}{KEY}after"), vec![NO_KEY, "after"]),
            (format!("{KEY}{far}\n{KEY}after"), vec![NO_KEY, &shown, NO_KEY, "after"]),
            (format!("{}{far}{KEY}after", &KEY[..31].trim_end()), vec![NO_KEY, "after"]),
            (format!("{}{far}\nafter", KEY.replace('\n', "")), vec![NO_KEY, "after"]),
            (
                format!("before\n{body}\n{body}\n{}after", &KEY[36..]),
                vec!["before", NO_KEY, "after"],
            ),
        ] {
            assert_eq!(lines(&text), wanted, "{}", &text[..text.len().min(100)]);
        }
    }

    #[test]
    fn the_first_lines_and_the_last_one_stay() {
        let mut stream = Stream::default();
        (0..100_000).for_each(|number| stream.add(format!("line {number}\n").as_bytes()));
        let (lines, left_out) = stream.into_lines();
        assert_eq!((lines.len(), left_out), (LINES_MAX + 1, 100_000 - LINES_MAX - 1));
        assert_eq!(lines[LINES_MAX - 1..], ["line 49", "line 99999"]);
    }
}
