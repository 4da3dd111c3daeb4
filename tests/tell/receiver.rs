//! A receiver of messages: HTTP on loopback, as much of it as one request needs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

/// How requests are answered.
#[derive(Clone, Copy)]
pub enum Answer {
    Ok,
    Status(u16),
    /// The connection stays open, and nothing comes.
    Never,
}

/// One request as it came.
#[derive(Clone)]
pub struct Request {
    pub first: String,
    pub headers: Vec<String>,
    pub body: String,
}

impl Request {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The value of this header, whose name is in lower case.
    #[track_caller]
    pub fn header(&self, name: &str) -> String {
        let value = self.headers.iter().find_map(|line| {
            let (own, value) = line.split_once(':')?;
            own.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        });
        value.unwrap_or_else(|| panic!("no {name} in {:?}", self.headers))
    }
}

/// Listens until the test ends.
pub struct Receiver {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    answer: Arc<Mutex<Answer>>,
}

impl Receiver {
    pub fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::<Mutex<Vec<Request>>>::default();
        let answer = Arc::new(Mutex::new(answer));
        let (seen, how) = (Arc::clone(&requests), Arc::clone(&answer));
        thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming().flatten() {
                let request = read(&stream);
                let how = *how.lock().unwrap();
                respond(stream, how, &mut open);
                // Once it is answered: who has seen it here may count on that.
                seen.lock().unwrap().push(request);
            }
        });
        Self { address, requests, answer }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub fn answer(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }
}

fn read(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let first = lines.remove(0);
    let mut request = Request { first, headers: lines, body: String::new() };
    let mut body = vec![0; request.header("content-length").parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    request.body = String::from_utf8(body).unwrap();
    request
}

fn respond(mut stream: TcpStream, answer: Answer, open: &mut Vec<TcpStream>) {
    let status = match answer {
        Answer::Ok => 200,
        Answer::Status(status) => status,
        Answer::Never => return open.push(stream),
    };
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
}
