//! One handshake on a connection that is there already, and how it can end without a leaf.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::{AlertDescription, Error};
use rustls_pki_types::ServerName;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::dial::seconds;
use super::recorder::{self, Forged, Presented, Recorder};
use crate::cert::Family;
use crate::model::place::Probe;

/// From the first byte to the last of a handshake, which takes two or three round trips.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// How a look ends without a leaf, in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::observe) enum Ending {
    /// The other side gave something else.
    BrokenOff(String),
    /// The other side went away before it gave anything.
    Closed(String),
    /// A leaf came whose key the server does not hold.
    Forged(String),
    /// No connection, or no answer in time.
    Unreachable(String),
    /// Not before a person has changed something: the probe asks for what no handshake can ask for, or
    /// the server turns this host away.
    Person(String),
}

/// One handshake by a client that checks signatures of this family alone, or of all; the connection ends
/// with it. What the recorder saw counts for more than how the handshake ended: a server that demands a
/// certificate of the client has presented its own by then.
pub(in crate::observe) async fn shake(
    stream: TcpStream,
    peer: SocketAddr,
    probe: &Probe,
    only: Option<Family>,
) -> Result<Presented, Ending> {
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
        (Some(Ok(presented)), _) => Ok(presented),
        (Some(Err(Forged)), _) => Err(Ending::Forged(
            "the server does not hold the key of the certificate that it sends: its signature is wrong"
                .to_owned(),
        )),
        (None, Err(_)) => Err(Ending::Unreachable(format!(
            "connected, but the handshake timed out after {}",
            seconds(HANDSHAKE_TIMEOUT)
        ))),
        (None, Ok(Err(error))) => Err(broken(&error)),
        (None, Ok(Ok(()))) => Err(Ending::BrokenOff("it presents no certificate".to_owned())),
    }
}

/// The name to ask for. An address is never sent.
fn asked(probe: &Probe, peer: SocketAddr) -> Result<ServerName<'static>, Ending> {
    let Some(name) = &probe.name else { return Ok(ServerName::from(peer.ip())) };
    ServerName::try_from(name.clone())
        .map_err(|_| Ending::Person(format!("{name:?} is no name that a handshake can ask for")))
}

/// What went wrong after TCP had connected.
fn broken(error: &io::Error) -> Ending {
    Ending::BrokenOff(match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::AlertReceived(alert)) => refusal(*alert),
        Some(Error::InvalidMessage(_)) => "what answers there speaks no TLS".to_owned(),
        Some(Error::NoCertificatesPresented) => "it presents no certificate".to_owned(),
        Some(other) => format!("the handshake breaks off: {other}"),
        None => return cut_off(error, "a certificate came"),
    })
}

/// The connection failed before this came.
pub(in crate::observe) fn cut_off(error: &io::Error, before: &str) -> Ending {
    match closed(error.kind()) {
        true => Ending::Closed(format!("the server closed the connection before {before}")),
        false => Ending::Closed(format!("the connection breaks off: {error}")),
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
    use crate::model::place::Dial;

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
        assert!(matches!(asked(&probe(Some("a b")), peer), Err(Ending::Person(_))));
    }

    #[test]
    fn sentences_can_be_acted_on() {
        let tls = |error| match broken(&io::Error::new(io::ErrorKind::InvalidData, error)) {
            Ending::BrokenOff(words) => words,
            other => panic!("not broken off: {other:?}"),
        };
        let alert = tls(Error::AlertReceived(AlertDescription::UnrecognisedName));
        assert!(alert.ends_with("alert UnrecognisedName: it has no certificate for this name"));
        let other = tls(Error::AlertReceived(AlertDescription::InternalError));
        assert!(other.ends_with("with alert InternalError"), "{other}");
        let lost = |error: io::Error| match broken(&error) {
            Ending::Closed(words) => words,
            other => panic!("not closed: {other:?}"),
        };
        assert!(lost(io::ErrorKind::ConnectionReset.into()).contains("closed the connection"));
        assert!(lost(io::Error::other("odd")).ends_with("odd"));
    }
}
