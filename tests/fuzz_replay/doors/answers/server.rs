//! The other side of a call: HTTP by hand, so that an answer may be wrong in any way, and a ledger of what
//! was asked and answered.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::script::Answer;

/// What must not be seen. The key is its own file's content, and the password's.
pub const ACCESS_KEY: &str = "AKCANARY000000000001";
pub const SECRET_KEY: &str = "canary-of-the-secret-key-0123456789abcdef";
pub const TOKEN: &str = "canary-of-the-token-0123456789abcdef";
/// Bytes of a request; ours are far shorter.
const REQUEST_BYTES_MAX: usize = 256 << 10;

/// What was answered.
#[derive(Clone, Copy, Debug)]
pub struct Served {
    pub status: u16,
    /// Whether the call that it answers changes something.
    pub writes: bool,
    pub whole: bool,
}

/// What was asked and answered so far.
#[derive(Default)]
pub struct Log {
    served: RefCell<Vec<Served>>,
    signatures: RefCell<Vec<String>>,
    /// The secrets that the last request carried.
    carried: RefCell<Vec<&'static str>>,
}

impl Log {
    pub fn served(&self) -> Vec<Served> {
        self.served.borrow().clone()
    }

    /// Those that the requests carried.
    pub fn signatures(&self) -> Vec<String> {
        self.signatures.borrow().clone()
    }

    /// What the answer to the last request may repeat.
    pub fn carried(&self) -> Vec<&'static str> {
        self.carried.borrow().clone()
    }

    fn note(&self, (head, body): (&str, &str), answer: &Answer) {
        // The key that signs is not sent, but known beside what is.
        let signs = |secret: &str| secret == SECRET_KEY && head.contains(ACCESS_KEY);
        let all = [SECRET_KEY, TOKEN].into_iter();
        let carried = all.filter(|it| head.contains(it) || body.contains(it) || signs(it));
        self.carried.replace(carried.collect());
        let signature = head.split("Signature=").nth(1).and_then(|rest| rest.split("\r\n").next());
        self.signatures.borrow_mut().extend(signature.map(str::to_owned));
        let (whole, status) = (!answer.dropped && !answer.torn, answer.status);
        // A token or a link is asked for by a POST, and so is what a list is too long for.
        let reads =
            ["GET ", "POST /v3/auth/", "POST /v3/scm/certificates/deployed", "PUT /meta-data/"];
        let reads = reads.iter().any(|start| head.starts_with(start))
            || head.contains("/ssl-certs/download ")
            || head.contains("/deployed-resources ");
        let status = if answer.dropped { 0 } else { status };
        self.served.borrow_mut().push(Served { status, writes: !reads, whole });
    }

    fn count(&self) -> usize {
        self.served.borrow().len()
    }
}

/// Answers one request, as the script says, and closes: no input finds a connection of the one before.
pub async fn serve(mut stream: TcpStream, answers: Rc<[Answer]>, log: Rc<Log>) {
    let Some((head, body)) = request(&mut stream).await else { return };
    let Some(answer) = answers.get(log.count()).or(answers.last()) else { return };
    log.note((&head, &body), answer);
    if !answer.dropped {
        // The client may have had enough.
        let _ = stream.write_all(&text(answer, &head)).await;
        let _ = stream.shutdown().await;
    }
}

/// Head and body of a request; none when the client has gone.
async fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
            });
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                let body = String::from_utf8_lossy(&bytes[end + 4..]).into_owned();
                return Some((head, body));
            }
        }
        let more = stream.read_buf(&mut bytes).await.ok()?;
        if more == 0 || bytes.len() > REQUEST_BYTES_MAX {
            return None;
        }
    }
}

fn text(answer: &Answer, head: &str) -> Vec<u8> {
    let mut body = answer.body.clone();
    if answer.echo {
        // Inside of JSON, or after it: the gateway's own form has bars for line ends.
        let said = head.replace("\r\n", "|").replace('"', "'");
        body = match body.iter().rposition(|byte| *byte == b'@') {
            Some(at) => [&body[..at], said.as_bytes(), &body[at + 1..]].concat(),
            None => [&body, said.as_bytes()].concat(),
        };
    }
    let mut text = format!("HTTP/1.1 {} X\r\nconnection: close\r\n", answer.status);
    let mut header = |name: &str, value: &str| {
        text.extend([name, ": ", value, "\r\n"]);
    };
    if !answer.unmeasured && answer.status != 204 {
        let torn = usize::from(answer.torn);
        header("content-length", &(body.len() + torn).to_string());
    }
    if answer.token {
        header("x-subject-token", TOKEN);
    }
    answer.retry_after.iter().for_each(|value| header("retry-after", value));
    answer.request_id.iter().for_each(|value| header("x-request-id", value));
    text.push_str("\r\n");
    let mut all = text.into_bytes();
    if answer.status != 204 {
        all.extend(body);
    }
    all
}
