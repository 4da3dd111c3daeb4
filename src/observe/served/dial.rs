//! A TCP connection to where a probe points, with a bound on every wait.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::model::place::Dial;
pub(in crate::observe) use crate::model::time::span as seconds;

/// For the resolver: it tries its servers one after the other.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(5);
/// For one address: twice what a lost first packet costs.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Addresses of one name that are tried in turn.
const ADDRESSES_MAX: usize = 4;
/// Looks at once in this process, each with one connection: far below the 1,024 open files that a process
/// has by default, which the API's connections and the journal share. More wait for their turn.
pub(super) const LOOKS_AT_ONCE_MAX: usize = 128;

static TURNS: Semaphore = Semaphore::const_new(LOOKS_AT_ONCE_MAX);

/// Waits for this look's turn, which lasts until the permit is dropped. Nobody closes the gate, and without
/// a turn a look would do no worse than come too soon.
pub(in crate::observe) async fn turn() -> Option<SemaphorePermit<'static>> {
    TURNS.acquire().await.ok()
}

/// Connects to the first address that lets us. Fails in words.
pub(in crate::observe) async fn dial(at: &Dial) -> Result<(TcpStream, SocketAddr), String> {
    let addresses = addresses(at).await?;
    let mut refusals = Vec::new();
    for address in &addresses {
        match connect(*address).await {
            Ok(stream) => return Ok((stream, *address)),
            Err(words) if addresses.len() == 1 => refusals.push(words),
            Err(words) => refusals.push(format!("{}: {words}", address.ip())),
        }
    }
    Err(refusals.join("; "))
}

/// Connects to this address. Fails in words.
pub(in crate::observe) async fn connect(address: SocketAddr) -> Result<TcpStream, String> {
    match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Err("connection refused: nothing listens there, or a firewall says so".to_owned())
        }
        Ok(Err(error)) => Err(format!("no connection: {error}")),
        Err(_) => Err(format!("connecting timed out after {}", seconds(CONNECT_TIMEOUT))),
    }
}

async fn addresses(at: &Dial) -> Result<Vec<SocketAddr>, String> {
    let (host, port) = match at {
        Dial::Address(address) => return Ok(vec![*address]),
        Dial::Name(host, port) => (host.as_str(), *port),
    };
    let Ok(found) = timeout(RESOLVE_TIMEOUT, lookup_host((host, port))).await else {
        return Err(format!(
            "the name does not resolve: no answer after {}",
            seconds(RESOLVE_TIMEOUT)
        ));
    };
    let found = found.map_err(|error| format!("the name does not resolve: {error}"))?;
    let found: Vec<_> = found.take(ADDRESSES_MAX).collect();
    if found.is_empty() {
        return Err("the name does not resolve: it has no address".to_owned());
    }
    Ok(found)
}
