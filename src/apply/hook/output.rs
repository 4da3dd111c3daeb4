//! What a command printed, and which line of it says most.

use tokio::io::{AsyncRead, AsyncReadExt};

use super::stream::{LINES_MAX, Stream};

/// How much is read at once, in bytes.
const PIECE_BYTES: usize = 1024;

/// Both streams.
#[derive(Default)]
pub(super) struct Output {
    pub out: Stream,
    pub err: Stream,
}

/// Reads to the end, so that the command is not blocked, whatever is kept of it.
pub(super) async fn read(stream: Option<impl AsyncRead + Unpin>, into: &mut Stream) {
    let Some(mut stream) = stream else { return };
    let mut piece = [0; PIECE_BYTES];
    while let Ok(count @ 1..) = stream.read(&mut piece).await {
        into.add(&piece[..count]);
    }
}

impl Output {
    /// Standard output, then errors: what is worth most in a failure comes last.
    pub fn lines(self) -> Lines {
        let (mut lines, out) = self.out.into_lines();
        let (errors, err) = self.err.into_lines();
        lines.extend(errors);
        let left_out = out + err + lines.len().saturating_sub(LINES_MAX);
        // The last line stays for the failure to name.
        let last = lines.pop();
        lines.truncate(LINES_MAX - 1);
        lines.extend(last);
        Lines { lines, left_out }
    }
}

/// Lines of a log.
pub(super) struct Lines {
    lines: Vec<String>,
    left_out: usize,
}

impl Lines {
    /// Takes the last one: of the errors where there are any, since programs put there why they end.
    pub fn pop(&mut self) -> Option<String> {
        self.lines.pop()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(out: &str, err: &str) -> Lines {
        let mut output = Output::default();
        output.out.add(out.as_bytes());
        output.err.add(err.as_bytes());
        output.lines()
    }

    #[test]
    fn errors_come_last() {
        assert_eq!(lines("said\n", "why\n\n").lines, ["said", "why"]);
        assert_eq!(lines("said\n", " \n").pop().unwrap(), "said");
    }

    #[test]
    fn many_lines_are_cut_in_the_middle() {
        let many: String = (0..100).map(|number| format!("line {number}\n")).collect();
        let cut = lines(&many, "the end");
        assert_eq!((cut.lines.len(), cut.left_out), (LINES_MAX, 51));
        assert_eq!(cut.lines[LINES_MAX - 2], "line 48");
        assert_eq!(cut.lines[LINES_MAX - 1], "the end");
        let mut flood = lines("said\n", &many);
        assert_eq!((flood.left_out, flood.pop().unwrap()), (51, "line 99".to_owned()));
    }
}
