//! What comes back over a real socket, and who is cut off.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::cycle::pulse::{Moment, STALL, Waits};
use crate::model::names::{Name, Subject};

const NOON: Time = Time::from_secs(1_763_812_800);

async fn server(board: &Board) -> Server {
    Server::start("127.0.0.1:0".parse().unwrap(), board.clone(), || NOON).await.unwrap()
}

/// Sends these bytes, and reads until the other side has nothing more to say.
async fn say(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    // Whoever is refused may find the other side gone already.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

async fn ask(server: &Server, method: &str, path: &str) -> String {
    say(server, format!("{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn there_are_three_pages_and_they_are_only_read() {
    let server = server(&Board::default()).await;
    let health = ask(&server, "GET", "/health").await;
    assert!(health.starts_with("HTTP/1.1 200 OK\r\n") && body(&health) == "ok\n", "{health}");
    let metrics = ask(&server, "GET", "/metrics?name=www").await;
    assert!(metrics.contains("content-type: text/plain; version=0.0.4"), "{metrics}");
    assert!(body(&metrics).contains("\ncertrotd_stuck 0\n"), "{metrics}");
    let head = ask(&server, "HEAD", "/metrics").await;
    let length = format!("content-length: {}\r\n", body(&metrics).len());
    assert!(head.contains(&length) && body(&head).is_empty(), "{head}");
    let status = ask(&server, "GET", "/status").await;
    assert!(status.contains("content-type: text/html; charset=utf-8\r\n"), "{status}");
    let policy = "content-security-policy: default-src 'none'; style-src 'unsafe-inline'\r\n";
    assert!(status.contains(policy) && status.contains("cache-control: no-store\r\n"), "{status}");
    assert!(body(&status).ends_with("</html>\n") && body(&status).contains(&NOON.to_string()));
    let head = ask(&server, "HEAD", "/status").await;
    let length = format!("content-length: {}\r\n", body(&status).len());
    assert!(head.contains(&length) && body(&head).is_empty(), "{head}");
    for path in ["/", "/status/", "/metrics/", "/health%00", "//health", "*"] {
        let answer = ask(&server, "GET", path).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "WHATEVER"] {
        let path = if method == "PUT" { "/status" } else { "/metrics" };
        let answer = ask(&server, method, path).await;
        assert!(answer.starts_with("HTTP/1.1 405 "), "{method}: {answer}");
        assert!(answer.contains("allow: GET, HEAD\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn who_talks_too_much_or_nonsense_gets_no_page() {
    let server = server(&Board::default()).await;
    let long = format!("GET /health HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(64 * 1024));
    let many = format!("GET /health HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(1000));
    for bytes in [long.as_bytes(), many.as_bytes(), b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n"] {
        let answer = say(&server, bytes).await;
        assert!(!answer.contains(" 200 "), "{answer}");
    }
    // A second request on one connection is not read.
    let twice = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2);
    let answer = say(&server, twice.as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{answer}");
}

#[tokio::test]
async fn health_says_what_stands_still() {
    let board = Board::default();
    let server = server(&board).await;
    let subject = Subject::Ca(Name::new("orders").unwrap());
    let long_ago = Instant::now().checked_sub(STALL * 2).unwrap();
    let moment = Moment { at: long_ago, wall: NOON };
    let waits = Waits::of([subject].iter(), [].iter());
    board.picture().pulse.works(moment, waits, None);
    let health = ask(&server, "GET", "/health").await;
    assert!(health.starts_with("HTTP/1.1 503 "), "{health}");
    let lines: Vec<_> = body(&health).lines().collect();
    assert_eq!(
        lines,
        [
            "no call, look or step has ended since 2025-11-22T12:00:00Z, for 30m: waiting for the step of instance_ca orders",
            "no cycle has finished since the start"
        ]
    );
    assert!(body(&ask(&server, "GET", "/metrics").await).contains("\ncertrotd_stuck 1\n"));
}

#[tokio::test]
async fn who_says_nothing_keeps_nobody_out_for_long() {
    let server = server(&Board::default()).await;
    let mut silent = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        silent.push(TcpStream::connect(server.address()).await.unwrap());
    }
    let began = Instant::now();
    let answer = timeout(CONNECTION_TIME_MAX * 2, ask(&server, "GET", "/health")).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(began.elapsed() >= CONNECTION_TIME_MAX / 2, "{:?}", began.elapsed());
    drop(server);
    for mut stream in silent {
        assert_eq!(stream.read(&mut [0; 8]).await.unwrap_or_default(), 0);
    }
}
