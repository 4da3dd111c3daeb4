//! The socket: reads requests to their end, lets the weather strike, asks the handlers, answers.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::answer::Answer;
use super::ask::{Ask, pairs};
use super::ledger::Call;
use super::weather::{Fault, strike};
use super::world::{World, fresh_id};
use super::{auth, control, databases, edges, routes};
use crate::model::time::Time;

/// Largest request body, in bytes: the gateway's own limit for signed requests.
const BODY_BYTES_MAX: usize = 12 << 20;
/// How many calls a slow subscriber may lag behind before it loses some.
pub(super) const LAG_CALLS_MAX: usize = 16_384;

/// What the socket's tasks and the handle share.
pub(super) struct Shared {
    world: Mutex<World>,
    pub calls: broadcast::Sender<Call>,
    began: Instant,
    began_wall: Time,
}

impl Shared {
    pub fn new(world: World) -> Self {
        let calls = broadcast::Sender::new(LAG_CALLS_MAX);
        Self { world: Mutex::new(world), calls, began: Instant::now(), began_wall: wall() }
    }

    /// The state. A handler that panicked leaves it as it was.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cloud's clock: the wall clock at the start, and since then the runtime's own time, so
    /// that lags and jobs follow a test's paused clock.
    pub fn now(&self) -> Time {
        self.began_wall + self.began.elapsed()
    }

    fn record(
        &self,
        ask: &Ask,
        service: &'static str,
        status: Option<u16>,
        detail: String,
        fault: Option<&Fault>,
    ) {
        let slow = match fault {
            Some(Fault::Slow(wait)) => *wait,
            _ => Duration::ZERO,
        };
        let call = Call {
            at: ask.now,
            answered_at: self.now() + slow,
            method: ask.method.clone(),
            path: ask.path.clone(),
            status,
            service,
            detail,
            fault: fault.map(Fault::name),
        };
        self.world().record(call.clone());
        // Nobody listening is no failure.
        let _ = self.calls.send(call);
    }
}

fn wall() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_secs(0) + since
}

/// Serves, and keeps the edges, until it is aborted, which also ends every connection.
pub(super) async fn run(listener: TcpListener, shared: Arc<Shared>) -> Infallible {
    tokio::select! {
        never = accept(listener, Arc::clone(&shared)) => match never {},
        never = edges::keep(&shared) => match never {},
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let shared = Arc::clone(&shared);
                async move { serve(&shared, request).await }
            });
            // An error here is a dropped connection, which is often the purpose. There is no timer: it
            // would close idle connections under a paused clock, and nobody but us can connect.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// One request. An error closes the connection without an answer.
async fn serve(shared: &Arc<Shared>, request: Request<Incoming>) -> io::Result<Response<Reply>> {
    let ask = read(shared, request).await?;
    if ask.path.starts_with(control::PREFIX) {
        let answer = {
            let mut world = shared.world();
            let answer = control::handle(&mut world, &ask);
            world.settle(ask.now);
            answer
        };
        return respond(answer, &ask, false);
    }
    let route = routes::find(&ask);
    let (latency, fault, service) = {
        let mut world = shared.world();
        let database = databases::service(&world, &ask);
        let service = database.or(route.map(|route| route.service)).unwrap_or("gateway");
        let fault = strike(&mut world.weather, &ask);
        let fault = fault.or_else(|| world.throttled(service, ask.now));
        (world.settings.latency, fault, service)
    };
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    if matches!(fault, Some(Fault::DropBefore)) {
        shared.record(&ask, service, None, String::new(), fault.as_ref());
        return Err(io::Error::other("dropped before the work"));
    }
    if let Some(Fault::Late(wait)) = fault {
        tokio::spawn(late(Arc::clone(shared), ask, wait));
        return Err(io::Error::other("dropped long before the work"));
    }
    let mut answer = match fault.as_ref().and_then(|fault| fault.instead(&ask)) {
        Some(instead) => instead,
        None => work(shared, &ask, route),
    };
    let dropped = matches!(fault, Some(Fault::DropAfter));
    let told = std::mem::take(&mut answer.detail);
    answer = fault.as_ref().and_then(Fault::after).unwrap_or(answer);
    let status = (!dropped).then_some(answer.status);
    shared.record(&ask, service, status, told, fault.as_ref());
    match fault {
        Some(Fault::DropAfter) => Err(io::Error::other("dropped after the work")),
        Some(Fault::Slow(wait)) => {
            tokio::time::sleep(wait).await;
            respond(answer, &ask, false)
        }
        Some(Fault::Truncated) => respond(answer, &ask, true),
        _ => respond(answer, &ask, false),
    }
}

/// Does the work of a call that nobody waits for any more.
async fn late(shared: Arc<Shared>, mut ask: Ask, wait: Duration) {
    tokio::time::sleep(wait).await;
    ask.now = shared.now();
    let route = routes::find(&ask);
    let told = work(&shared, &ask, route).detail;
    let service = route.map_or("gateway", |route| route.service);
    shared.record(&ask, service, None, told, Some(&Fault::Late(wait)));
}

fn work(shared: &Shared, ask: &Ask, route: Option<routes::Route>) -> Answer {
    let mut world = shared.world();
    let Some(route) = route else {
        world.violation(format!("{} {}: no such API", ask.method, ask.path));
        let text = "The API does not exist or has not been published in the environment";
        return Answer::gateway(404, "APIGW.0101", text, &ask.request_id);
    };
    let admitted = if route.open { Ok(()) } else { auth::admit(&mut world, ask) };
    let done = admitted.and_then(|()| (route.handler)(&mut world, ask));
    world.settle(ask.now);
    match done {
        Ok(answer) | Err(answer) => answer,
    }
}

async fn read(shared: &Shared, request: Request<Incoming>) -> io::Result<Ask> {
    let (head, body) = request.into_parts();
    let body =
        Limited::new(body, BODY_BYTES_MAX).collect().await.map_err(io::Error::other)?.to_bytes();
    let raw_query = head.uri.query().unwrap_or_default().to_owned();
    Ok(Ask {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: pairs(&raw_query),
        raw_query,
        headers: head.headers,
        body,
        request_id: fresh_id(),
        now: shared.now(),
        wall: wall(),
    })
}

fn respond(answer: Answer, ask: &Ask, cut: bool) -> io::Result<Response<Reply>> {
    let mut response =
        Response::builder().status(answer.status).header("X-Request-Id", &ask.request_id);
    if !answer.content_type.is_empty() {
        response = response.header(CONTENT_TYPE, answer.content_type);
    }
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    let whole = answer.body.len();
    let mut bytes = Bytes::from(answer.body);
    if cut {
        response = response.header(CONTENT_LENGTH, whole);
        bytes.truncate(whole / 2);
    }
    response
        .body(Reply { bytes: Some(bytes), cut: if cut { Cut::Soon } else { Cut::No } })
        .map_err(io::Error::other)
}

/// An answer's body; a cut one breaks off with an error, which closes the connection.
struct Reply {
    bytes: Option<Bytes>,
    cut: Cut,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    No,
    Soon,
    Now,
}

impl Body for Reply {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(bytes) = self.bytes.take().filter(|bytes| !bytes.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match self.cut {
            Cut::No => Poll::Ready(None),
            Cut::Soon => {
                // One idle turn, in which the connection sends what it has: an error at once would
                // take head and half away too.
                self.cut = Cut::Now;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Cut::Now => Poll::Ready(Some(Err(io::Error::other("cut off")))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.cut == Cut::No && self.bytes.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.bytes, self.cut) {
            (_, Cut::Soon | Cut::Now) => SizeHint::default(),
            (bytes, Cut::No) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
        }
    }
}
