//! The socket for those who watch: `/health` and `/metrics` over HTTP. It reads a picture and changes
//! nothing; no header, query or body of a request means anything to it.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::metrics;
use crate::cycle::picture::Board;

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
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A socket that is served until this is dropped, which also ends its connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: AbortOnDropHandle<Infallible>,
}

impl Server {
    /// Begins to serve what this board shows. Refuses an address that cannot be had.
    pub async fn start(address: SocketAddr, board: Board) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let task = AbortOnDropHandle::new(tokio::spawn(accept(listener, board)));
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

async fn accept(listener: TcpListener, board: Board) -> Infallible {
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
            let _ = timeout(CONNECTION_TIME_MAX, talk(stream, board)).await;
            drop(place);
        });
    }
}

async fn talk(stream: TcpStream, board: Board) {
    let service = service_fn(move |request: Request<_>| {
        let answer = answer(request.method(), request.uri().path(), &board);
        async { Ok::<_, Infallible>(answer) }
    });
    let mut connection = http1::Builder::new();
    connection.keep_alive(false).max_buf_size(HEAD_BYTES_MAX).max_headers(HEAD_FIELDS_MAX);
    // A connection that breaks off is the other side's affair.
    let _ = connection.serve_connection(TokioIo::new(stream), service).await;
}

fn answer(method: &Method, path: &str, board: &Board) -> Response<Full<Bytes>> {
    let known = matches!(path, "/health" | "/metrics");
    if known && !matches!(*method, Method::GET | Method::HEAD) {
        let words = "only GET and HEAD are answered here\n".to_owned();
        let mut answer = page(StatusCode::METHOD_NOT_ALLOWED, PLAIN, words);
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return answer;
    }
    match path {
        "/health" => health(board),
        "/metrics" => page(StatusCode::OK, PROMETHEUS, metrics::page(board)),
        _ => page(StatusCode::NOT_FOUND, PLAIN, "there are /health and /metrics\n".to_owned()),
    }
}

/// Fine, or one line a reason.
fn health(board: &Board) -> Response<Full<Bytes>> {
    let picture = board.picture();
    let Some(stuck) = picture.pulse.stuck(Instant::now()) else {
        return page(StatusCode::OK, PLAIN, "ok\n".to_owned());
    };
    let last = match picture.finished {
        Some(at) => format!("the last cycle finished at {at}"),
        None => "no cycle has finished since the start".to_owned(),
    };
    page(StatusCode::SERVICE_UNAVAILABLE, PLAIN, format!("{stuck}\n{last}\n"))
}

fn page(status: StatusCode, kind: &'static str, words: String) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from(words)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

#[cfg(test)]
mod tests;
