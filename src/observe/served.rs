//! What a server presents in a fresh TLS handshake: the proof that a certificate is served.
//!
//! Nothing is trusted and nothing is judged here: expired, self-signed and foreign leaves are all
//! recorded as they come. Each look connects anew over plain TCP, with no proxy whatever the
//! environment says, resumes nothing, and offers TLS 1.2 and 1.3. It offers no application protocol:
//! the choice of a certificate does not hang on one, and a server that insists on another cannot refuse
//! it. Where a name resolves to several addresses, one answers for all: the first that connects. To
//! look at each, write one probe an address.

mod recorder;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::{AlertDescription, Error};
use rustls_pki_types::ServerName;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

pub use crate::cert::Family;
use crate::model::failure::{Failure, Kind};
use crate::model::place::{Dial, Probe};
pub use crate::plan::observed::Handshake;
use recorder::{Forged, Recorder};

/// For the resolver: it tries its servers one after the other.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(5);
/// For one address: twice what a lost first packet costs.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// From the first byte to the last of a handshake, which takes two or three round trips.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// Addresses of one name that are tried in turn.
const ADDRESSES_MAX: usize = 4;
/// Looks at once in this process, each with one connection: far below the 1,024 open files that a process
/// has by default, which the API's connections and the journal share. More wait for their turn.
const LOOKS_AT_ONCE_MAX: usize = 128;

static TURNS: Semaphore = Semaphore::const_new(LOOKS_AT_ONCE_MAX);

/// Looks once at what is served, as a client that can check only signatures of keys of the family
/// `prefer`: where RSA and ECDSA stand side by side, that one is presented. A server that breaks such a
/// handshake off is asked again, at the same address, by a client that can check all, and what it says
/// then counts.
///
/// Once it has its turn it takes a bounded number of seconds, whatever the other side does. Sends nothing
/// but handshakes.
pub async fn look(probe: &Probe, prefer: Family) -> Handshake {
    // Nobody closes it, and without a turn a look would do no worse than come too soon.
    let _turn = TURNS.acquire().await;
    let found = match dial(probe).await {
        Ok((stream, peer)) => shake_twice(stream, peer, probe, prefer).await,
        Err(ending) => Err(ending),
    };
    let operation = "handshake".to_owned();
    let failure = |words| Failure::local(Kind::Transient, &operation, words);
    match found {
        Ok(served) => served,
        Err(Ending::BrokenOff(words) | Ending::Forged(words)) => Handshake::Broken(failure(words)),
        Err(Ending::Unreachable(words)) => Handshake::Unreachable(failure(words)),
        Err(Ending::NoName(words)) => {
            Handshake::Unreachable(Failure::local(Kind::Operator, &operation, words))
        }
    }
}

/// How a look ends without a leaf, in words.
enum Ending {
    /// The other side gave something else, or nothing.
    BrokenOff(String),
    /// A leaf came whose key the server does not hold.
    Forged(String),
    /// No connection, or no answer in time.
    Unreachable(String),
    /// The probe asks for what no handshake can ask for.
    NoName(String),
}

async fn shake_twice(
    stream: TcpStream,
    peer: SocketAddr,
    probe: &Probe,
    prefer: Family,
) -> Result<Handshake, Ending> {
    match shake(stream, peer, probe, Some(prefer)).await {
        Err(Ending::BrokenOff(_)) => {
            let stream = connect(peer).await.map_err(Ending::Unreachable)?;
            shake(stream, peer, probe, None).await
        }
        first => first,
    }
}

/// One handshake; the connection ends with it. What the recorder saw counts for more than how the
/// handshake ended.
async fn shake(
    stream: TcpStream,
    peer: SocketAddr,
    probe: &Probe,
    only: Option<Family>,
) -> Result<Handshake, Ending> {
    let recorder = Arc::new(Recorder::new(only));
    let config = recorder::client(Arc::clone(&recorder))
        .map_err(|error| Ending::BrokenOff(format!("no handshake can begin: {error}")))?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(asked(probe, peer)?, stream);
    let ended = timeout(HANDSHAKE_TIMEOUT, async {
        let mut stream = connecting.await?;
        // A farewell is a courtesy to the server's log; the leaf is here already.
        let _ = stream.shutdown().await;
        Ok(())
    });
    let ended: Result<io::Result<()>, _> = ended.await;
    match (recorder.verdict(), ended) {
        (Some(Ok(served)), _) => Ok(served),
        (Some(Err(Forged)), _) => Err(Ending::Forged(
            "the server does not hold the key of the certificate that it sends: its signature is wrong"
                .to_owned(),
        )),
        (None, Err(_)) => Err(Ending::Unreachable(format!(
            "connected, but the handshake timed out after {}",
            seconds(HANDSHAKE_TIMEOUT)
        ))),
        (None, Ok(Err(error))) => Err(Ending::BrokenOff(broken(&error))),
        (None, Ok(Ok(()))) => Err(Ending::BrokenOff("it presents no certificate".to_owned())),
    }
}

/// The name to ask for. An address is never sent.
fn asked(probe: &Probe, peer: SocketAddr) -> Result<ServerName<'static>, Ending> {
    let Some(name) = &probe.name else { return Ok(ServerName::from(peer.ip())) };
    ServerName::try_from(name.clone())
        .map_err(|_| Ending::NoName(format!("{name:?} is no name that a handshake can ask for")))
}

/// Connects to the first address that lets us.
async fn dial(probe: &Probe) -> Result<(TcpStream, SocketAddr), Ending> {
    let addresses = addresses(&probe.at).await.map_err(Ending::Unreachable)?;
    let mut refusals = Vec::new();
    for address in &addresses {
        match connect(*address).await {
            Ok(stream) => return Ok((stream, *address)),
            Err(words) if addresses.len() == 1 => refusals.push(words),
            Err(words) => refusals.push(format!("{}: {words}", address.ip())),
        }
    }
    Err(Ending::Unreachable(refusals.join("; ")))
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

async fn connect(address: SocketAddr) -> Result<TcpStream, String> {
    match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Err("connection refused: nothing listens there, or a firewall says so".to_owned())
        }
        Ok(Err(error)) => Err(format!("no connection: {error}")),
        Err(_) => Err(format!("connecting timed out after {}", seconds(CONNECT_TIMEOUT))),
    }
}

fn seconds(span: Duration) -> String {
    crate::model::time::span(span)
}

/// What went wrong after TCP had connected.
fn broken(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::AlertReceived(alert)) => refusal(*alert),
        Some(Error::InvalidMessage(_)) => "what answers there speaks no TLS".to_owned(),
        Some(Error::NoCertificatesPresented) => "it presents no certificate".to_owned(),
        Some(other) => format!("the handshake breaks off: {other}"),
        None if closed(error.kind()) => {
            "the server closed the connection before a certificate came".to_owned()
        }
        None => format!("the connection breaks off: {error}"),
    }
}

fn closed(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

/// The alerts that a wrong probe or a wrong certificate brings about, explained; the others named.
fn refusal(alert: AlertDescription) -> String {
    let meaning = match alert {
        AlertDescription::HandshakeFailure => {
            ": no certificate for this name there, or nothing in common"
        }
        AlertDescription::ProtocolVersion => ": it speaks neither TLS 1.2 nor 1.3",
        AlertDescription::UnrecognisedName => ": it has no certificate for this name",
        _ => "",
    };
    format!("the server refuses the handshake with alert {alert:?}{meaning}")
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_name_is_asked_for_and_an_address_is_not() {
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 443));
        let probe = |name: Option<&str>| Probe {
            text: "x".to_owned(),
            name: name.map(str::to_owned),
            at: Dial::Address(peer),
        };
        let named = asked(&probe(Some("www.example.com")), peer);
        assert!(matches!(named, Ok(ServerName::DnsName(_))));
        assert!(matches!(asked(&probe(None), peer), Ok(ServerName::IpAddress(_))));
        assert!(matches!(asked(&probe(Some("a b")), peer), Err(Ending::NoName(_))));
    }

    #[test]
    fn sentences_can_be_acted_on() {
        let tls = |error| broken(&io::Error::new(io::ErrorKind::InvalidData, error));
        let alert = tls(Error::AlertReceived(AlertDescription::UnrecognisedName));
        assert!(alert.ends_with("alert UnrecognisedName: it has no certificate for this name"));
        let other = tls(Error::AlertReceived(AlertDescription::InternalError));
        assert!(other.ends_with("with alert InternalError"), "{other}");
        assert!(broken(&io::ErrorKind::ConnectionReset.into()).contains("closed the connection"));
        assert!(broken(&io::Error::other("odd")).ends_with("odd"));
    }

    #[tokio::test]
    async fn thousands_of_probes_do_not_take_all_open_files() {
        let silent = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let at = Dial::Address(silent.local_addr().unwrap());
        let probe = Probe { text: "x".to_owned(), name: None, at };
        let mut looks = tokio::task::JoinSet::new();
        for _ in 0..LOOKS_AT_ONCE_MAX + 20 {
            let probe = probe.clone();
            looks.spawn(async move { look(&probe, Family::Ecdsa).await });
        }
        let mut connected = Vec::new();
        while let Ok(Ok(accepted)) = timeout(Duration::from_millis(500), silent.accept()).await {
            connected.push(accepted);
        }
        assert_eq!(connected.len(), LOOKS_AT_ONCE_MAX);
    }
}
