//! The calls of a renewal and nothing beside them: what the simulated cloud can take, whoever calls.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::thread;

use clap::Args;
use serde_json::{Value, json};

const SERVICES: [&str; 3] = ["ELB", "WAF", "CDN"];
const END: &str = "-----END CERTIFICATE-----";

#[derive(Args)]
pub struct Calls {
    /// What the simulated cloud said of itself
    facts: PathBuf,
    /// Has a directory for each pair
    directory: PathBuf,
    /// How many pairs
    count: usize,
    /// Connections, each with one call under way
    #[arg(long, default_value_t = 64)]
    in_flight: usize,
}

/// Everything that is sent, so that no time goes into making it.
pub struct Ready {
    host: String,
    token: String,
    region: String,
    /// Of each connection.
    imports: Vec<Vec<String>>,
}

/// Reads the pairs, and asks for a token, which is a call less work than a signature.
pub fn prepare(calls: &Calls) -> Ready {
    let facts: Value = serde_json::from_str(&fs::read_to_string(&calls.facts).unwrap()).unwrap();
    let text = |key: &str| facts[key].as_str().unwrap().to_owned();
    let host = text("url").trim_start_matches("http://").to_owned();
    let mut imports = vec![Vec::new(); calls.in_flight];
    for number in 0..calls.count {
        let body = import(&calls.directory.join(format!("{number:06}")), number);
        imports[number % calls.in_flight].push(body);
    }
    let scope = json!({ "domain": { "name": text("domain") } });
    let user = json!({
        "name": text("user"),
        "password": text("password"),
        "domain": { "name": text("domain") },
    });
    let identity = json!({ "methods": ["password"], "password": { "user": user } });
    let body = json!({ "auth": { "identity": identity, "scope": scope } }).to_string();
    let answer = Line::new(&host).call("/v3/auth/tokens", "", &body);
    Ready { token: answer.token, region: text("region"), host, imports }
}

fn import(pair: &Path, number: usize) -> String {
    let fullchain = fs::read_to_string(pair.join("fullchain.pem")).unwrap();
    let (leaf, chain) = fullchain.split_once(END).unwrap();
    json!({
        "name": format!("bare-{number:06}"),
        "certificate": format!("{leaf}{END}"),
        "certificate_chain": chain.trim(),
        "private_key": fs::read_to_string(pair.join("privkey.pem")).unwrap().trim(),
    })
    .to_string()
}

impl Ready {
    /// Each pair's import and pushes, one after the other on its connection.
    pub fn run(self) {
        let Self { host, token, region, imports } = self;
        thread::scope(|scope| {
            for own in imports {
                let (host, token, region) = (&host, &token, &region);
                scope.spawn(move || {
                    let mut line = Line::new(host);
                    own.iter().for_each(|body| renew(&mut line, token, region, body));
                });
            }
        });
    }
}

fn renew(line: &mut Line, token: &str, region: &str, body: &str) {
    let answer = line.call("/v3/scm/certificates/import", token, body);
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    let id = answer["certificate_id"].as_str().unwrap();
    for service in SERVICES {
        let body = json!({ "target_project": region, "target_service": service }).to_string();
        line.call(&format!("/v3/scm/certificates/{id}/push"), token, &body);
    }
}

/// One connection that is kept.
struct Line {
    host: String,
    stream: BufReader<TcpStream>,
}

#[derive(Default)]
struct Answer {
    token: String,
    body: Vec<u8>,
}

impl Line {
    fn new(host: &str) -> Self {
        let stream = TcpStream::connect(host).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { host: host.to_owned(), stream: BufReader::new(stream) }
    }

    fn call(&mut self, path: &str, token: &str, body: &str) -> Answer {
        let (host, length) = (&self.host, body.len());
        let auth =
            if token.is_empty() { String::new() } else { format!("X-Auth-Token: {token}\r\n") };
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{auth}\
             Content-Length: {length}\r\n\r\n{body}"
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        self.answer()
    }

    fn answer(&mut self) -> Answer {
        let (mut answer, mut length, mut status) = (Answer::default(), 0, String::new());
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            if line.trim_end().is_empty() {
                break;
            }
            match line.split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().unwrap();
                }
                Some((name, value)) if name.eq_ignore_ascii_case("x-subject-token") => {
                    answer.token = value.trim().to_owned();
                }
                Some(_) => {}
                None => status = line,
            }
        }
        answer.body = vec![0; length];
        self.stream.read_exact(&mut answer.body).unwrap();
        let text = String::from_utf8_lossy(&answer.body);
        assert!(status.starts_with("HTTP/1.1 2"), "{status} {text}");
        answer
    }
}
