//! The socket for those who watch: `/health`, `/metrics` and `/status` over HTTP. It reads a picture and changes
//! nothing; no header, query or body of a request means anything to it.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::{metrics, page};
use crate::cycle::picture::Board;
use crate::model::time::{Clock, Time};

/// Connections at once: one scraper or two, a probe, and a person. Others wait until one of these ends.
const CONNECTIONS_MAX: usize = 8;
/// How long a connection may take for its one request and the answer: whoever is slower than that must
/// not keep others out.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(5);
/// The longest head of a request, in bytes, and its fields: the least that the library takes, and several
/// times what a scraper sends.
const HEAD_BYTES_MAX: usize = 8 * 1024;
const HEAD_FIELDS_MAX: usize = 64;
/// How long to wait after a connection could not be taken: there are too many open files, and asking again
/// at once would only burn time.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

const PLAIN: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A socket that is served until this is dropped, which also ends its connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: AbortOnDropHandle<Infallible>,
}

impl Server {
    /// Begins to serve what this board shows, by this clock. Refuses an address that cannot be had.
    pub async fn start(address: SocketAddr, board: Board, clock: Clock) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let task = AbortOnDropHandle::new(tokio::spawn(accept(listener, board, clock)));
        Ok(Self { address, task })
    }

    /// Ends it. Its port is free when this returns, which it is only a little later after a mere drop.
    pub async fn close(self) {
        self.task.abort();
        // That it was ended is all that it can say.
        let _ = self.task.await;
    }

    /// Where it listens: with the port that the system chose where 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn accept(listener: TcpListener, board: Board, clock: Clock) -> Infallible {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let place = Arc::clone(&places).acquire_owned().await;
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
            continue;
        };
        let board = board.clone();
        connections.spawn(async move {
            let _ = timeout(CONNECTION_TIME_MAX, talk(stream, board, clock)).await;
            drop(place);
        });
    }
}

async fn talk(stream: TcpStream, board: Board, clock: Clock) {
    let service = service_fn(move |request: Request<_>| {
        let answer = answer(request.method(), request.uri().path(), &board, clock);
        async { Ok::<_, Infallible>(answer) }
    });
    let mut connection = http1::Builder::new();
    connection.keep_alive(false).max_buf_size(HEAD_BYTES_MAX).max_headers(HEAD_FIELDS_MAX);
    // A connection that breaks off is the other side's affair.
    let _ = connection.serve_connection(TokioIo::new(stream), service).await;
}

fn answer(method: &Method, path: &str, board: &Board, clock: Clock) -> Response<Full<Bytes>> {
    let known = matches!(path, "/health" | "/metrics" | "/status");
    if known && !matches!(*method, Method::GET | Method::HEAD) {
        let words = "only GET and HEAD are answered here\n".to_owned();
        let mut answer = said(StatusCode::METHOD_NOT_ALLOWED, PLAIN, words);
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return answer;
    }
    match path {
        "/health" => health(board),
        "/metrics" => said(StatusCode::OK, PROMETHEUS, metrics::page(board)),
        "/status" => status(board, clock()),
        _ => {
            let words = "there are /health, /metrics and /status
"
            .to_owned();
            said(StatusCode::NOT_FOUND, PLAIN, words)
        }
    }
}

/// Fine, or one line a reason.
fn health(board: &Board) -> Response<Full<Bytes>> {
    let picture = board.picture();
    let Some(stuck) = picture.pulse.stuck(Instant::now()) else {
        return said(StatusCode::OK, PLAIN, "ok\n".to_owned());
    };
    let last = match picture.finished {
        Some(at) => format!("the last cycle finished at {at}"),
        None => "no cycle has finished since the start".to_owned(),
    };
    said(StatusCode::SERVICE_UNAVAILABLE, PLAIN, format!("{stuck}\n{last}\n"))
}

/// The page for people, made for this request alone.
fn status(board: &Board, now: Time) -> Response<Full<Bytes>> {
    let shown = {
        let picture = board.picture();
        let stuck = picture.pulse.stuck(Instant::now()).map(|stuck| stuck.to_string());
        page::live(&picture, stuck, now)
    };
    let mut answer = said(StatusCode::OK, HTML, page::html(&shown));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(page::POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer
}

fn said(status: StatusCode, kind: &'static str, words: String) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from(words)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

#[cfg(test)]
mod tests;
