//! What an input says: which call, by whom, and what is answered.

use std::rc::Rc;

use super::Source;
use super::calls::Call;

/// Answers of one input that are taken; the longest dance, a bind that is put back, takes seven.
const ANSWERS_MAX: usize = 16;

/// One input, read.
pub struct Script {
    pub(super) call: Call,
    pub(super) source: Source,
    pub(super) answers: Rc<[Answer]>,
}

/// One answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub(super) status: u16,
    /// Closes without a word.
    pub(super) dropped: bool,
    /// Promises more than it sends, then closes.
    pub(super) torn: bool,
    /// Names no length, and ends where the connection does.
    pub(super) unmeasured: bool,
    /// Repeats the request, headers and all, as the gateway does when it doubts a signature.
    pub(super) echo: bool,
    /// Carries a token of IAM.
    pub(super) token: bool,
    /// `Retry-After`.
    pub(super) retry_after: Option<String>,
    /// `X-Request-Id`.
    pub(super) request_id: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Script {
    /// None where the first line names no call: then there is nothing to try.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut lines = bytes.split(|byte| *byte == b'\n');
        let first = str::from_utf8(lines.next()?).ok()?;
        let mut words = first.split_ascii_whitespace();
        let call = Call::of(words.next()?)?;
        let source = match words.next() {
            None | Some("access-key") => Source::AccessKey,
            Some("password") => Source::Password,
            Some("metadata") => Source::Metadata,
            Some(_) => return None,
        };
        let mut answers: Vec<Answer> = Vec::new();
        for line in lines {
            if let Some(head) = line.strip_prefix(b"> ") {
                if answers.len() == ANSWERS_MAX {
                    break;
                }
                answers.push(Answer::of(&String::from_utf8_lossy(head)));
            } else if let Some(answer) = answers.last_mut() {
                answer.body.extend_from_slice(line);
                answer.body.push(b'\n');
            }
        }
        (!answers.is_empty()).then(|| Self { call, source, answers: answers.into() })
    }
}

impl Answer {
    fn of(head: &str) -> Self {
        let mut words = head.split(' ');
        let status = words.next().and_then(|word| word.parse().ok()).unwrap_or(200);
        let mut answer = Self { status: u16::clamp(status, 200, 599), ..Self::default() };
        for word in words {
            match word.split_once('=').unwrap_or((word, "")) {
                ("dropped", _) => answer.dropped = true,
                ("torn", _) => answer.torn = true,
                ("unmeasured", _) => answer.unmeasured = true,
                ("echo", _) => answer.echo = true,
                ("token", _) => answer.token = true,
                ("retry", value) => answer.retry_after = Some(header(value)),
                ("request", value) => answer.request_id = Some(header(value)),
                _ => {}
            }
        }
        answer
    }
}

/// As a header can carry it; `_` stands for a blank.
fn header(value: &str) -> String {
    value.replace('_', " ").chars().filter(|c| !c.is_control()).collect()
}
