//! Whoever sits between certrotd and the cloud: passes calls on, or answers them itself with all that was sent.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

/// No request here is longer.
const REQUEST_BYTES_MAX: usize = 1 << 20;

/// How a call that is struck is answered. Each repeats the request, headers and body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// 401 as the gateway gives it when a signature is wrong, and the header with it.
    Refused,
    /// The usual error object; the message begins with the body.
    Coded(u16),
    /// One level down, under other keys, with the request in the code and the id as well.
    Nested,
    /// Text without a shape.
    Plain,
    /// A page.
    Page,
    /// More is announced than comes.
    Cut,
    /// Success that is no JSON, or not of the shape.
    Success,
    /// An id of the request that is none: the header that proves who asks.
    Identified,
    /// A redirect to where the secret would stand in the address.
    Moved,
}

pub const SHAPES: [Shape; 10] = [
    Shape::Refused,
    Shape::Coded(400),
    Shape::Coded(503),
    Shape::Nested,
    Shape::Plain,
    Shape::Page,
    Shape::Cut,
    Shape::Success,
    Shape::Identified,
    Shape::Moved,
];

/// Which calls are struck: those whose first line has this in it.
type Rule = Option<(&'static str, Shape)>;

pub struct Middle {
    pub url: String,
    rule: Arc<Mutex<Rule>>,
    struck: Arc<Mutex<usize>>,
}

impl Middle {
    /// In front of the cloud at this address.
    pub fn before(cloud: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let cloud = cloud.trim_start_matches("http://").to_owned();
        let (rule, struck) = (Arc::new(Mutex::new(None)), Arc::new(Mutex::new(0)));
        let shared = (Arc::clone(&rule), Arc::clone(&struck));
        // Lives as long as the test's process: it holds nothing that needs an end.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (cloud, shared) = (cloud.clone(), (shared.0.clone(), shared.1.clone()));
                std::thread::spawn(move || serve(stream, &cloud, &shared.0, &shared.1));
            }
        });
        Self { url, rule, struck }
    }

    pub fn strike(&self, part: &'static str, shape: Shape) {
        *self.rule.lock().unwrap() = Some((part, shape));
    }

    /// How many calls were answered here.
    pub fn struck(&self) -> usize {
        *self.struck.lock().unwrap()
    }
}

/// One request a connection: whoever asks is told so.
fn serve(
    mut stream: TcpStream,
    cloud: &str,
    rule: &Mutex<Rule>,
    struck: &Mutex<usize>,
) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(3))).ok()?;
    let (head, body) = request(&mut stream)?;
    let line = head.lines().next().unwrap_or_default().to_owned();
    let rule = rule.lock().unwrap().filter(|(part, _)| line.contains(part));
    match rule {
        Some((_, shape)) => {
            *struck.lock().unwrap() += 1;
            stream.write_all(&echo(shape, &head, &body)).ok()?;
            stream.shutdown(Shutdown::Write).ok()
        }
        None => {
            let mut onward = TcpStream::connect(cloud).ok()?;
            let (first, rest) = head.split_once("\r\n")?;
            write!(onward, "{first}\r\nconnection: close\r\n{rest}").ok()?;
            onward.write_all(&body).ok()?;
            let mut answer = Vec::new();
            onward.read_to_end(&mut answer).ok()?;
            stream.write_all(&answer).ok()
        }
    }
}

/// Head with its empty line, and body.
fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut all, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let end = all.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&all[..end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
            });
            if all.len() >= end + length.unwrap_or(0) {
                return Some((head, all[end..].to_vec()));
            }
        }
        let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
        all.extend_from_slice(&piece[..count]);
        assert!(all.len() < REQUEST_BYTES_MAX);
    }
}

fn echo(shape: Shape, head: &str, body: &[u8]) -> Vec<u8> {
    let body = String::from_utf8_lossy(body);
    let value = |wanted: &str| {
        let mut found = head.lines().filter_map(|line| line.split_once(':'));
        let found = found.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map_or_else(String::new, |(_, value)| value.trim().to_owned())
    };
    let proof =
        ["authorization", "x-auth-token", "x-security-token", "x-metadata-token"].map(value);
    let proof = proof.concat();
    // What is longest and worst first: messages are cut at their end.
    let key = body.split_once("PRIVATE KEY-----").map_or(&*body, |(_, key)| key);
    let bare = proof.split("Signature=").last().unwrap_or_default();
    let coded = |code: &str, message: String| {
        json!({ "error_code": code, "error_msg": message, "request_id": proof }).to_string()
    };
    let canonical = head.replace("\r\n", "|");
    let (status, more, text) = match shape {
        Shape::Refused => {
            let told = format!(
                "Incorrect IAM authentication information: verify aksk signature fail, {bare} \
                 Authorization: {proof}, canonicalRequest:{canonical}|{body}"
            );
            (401, String::new(), coded("APIGW.0301", told))
        }
        Shape::Coded(status) => {
            (status, String::new(), coded("SCM.0001", format!("{key} {bare} {body} {head}")))
        }
        Shape::Nested => {
            let nested = json!({ "code": format!("{bare} {key}"), "message": format!("{bare} {body}"), "title": proof });
            (400, String::new(), json!({ "error": nested }).to_string())
        }
        Shape::Plain => (500, String::new(), format!("{bare} {key} {head}")),
        Shape::Page => (403, String::new(), format!("<html>{head}{body}</html>")),
        Shape::Cut => (400, "x-cut: 1\r\n".to_owned(), coded("SCM.0001", format!("{key} {bare}"))),
        Shape::Success => (200, String::new(), format!("{bare} {key} {body}")),
        Shape::Identified => (
            400,
            format!("x-request-id: {proof}\r\nretry-after: {proof}\r\n"),
            coded("SCM.0001", "no".to_owned()),
        ),
        Shape::Moved => {
            let there = format!(
                "location: http://127.0.0.1:9/{}\r\n",
                super::needles::percent(proof.as_bytes())
            );
            (302, there, String::new())
        }
    };
    let length = text.len() + if shape == Shape::Cut { 1000 } else { 0 };
    let answer = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\nconnection: close\r\n{more}content-length: {length}\r\n\r\n{text}"
    );
    answer.into_bytes()
}
