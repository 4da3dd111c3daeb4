//! The clients of the rehearsal's databases: each connects as a driver does that was given the CA file
//! and nothing else. It is written apart from the daemon's own handshakes, so that a mistake there shows.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{ClientConfig, DEFAULT_VERSIONS, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::model::digest::Sha256;
use crate::model::place::{Dial, InstanceProbe, Probe, Protocol};

/// The simulated instances are on this host and have nothing else to do.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// A name that every simulated instance has in its certificate.
const NAME: &str = "localhost";
/// What PostgreSQL is asked for TLS with: a length, and the number that stands for it.
const POSTGRES_ASKS: [u32; 2] = [8, 80_877_103];
/// The bit of a MySQL server's capabilities that offers TLS, and of a client's that asks for it.
const MYSQL_TLS: u16 = 1 << 11;
/// A MySQL client's other capabilities, without which the server takes no request: protocol 4.1.
const MYSQL_41: u16 = 1 << 9;
/// Where the lower capabilities stand in a MySQL greeting, after the zero that ends the version.
const MYSQL_CAPABILITIES_AT: usize = 4 + 8 + 1;
/// Length of MySQL's request for TLS, in bytes.
const MYSQL_REQUEST_BYTES: u8 = 32;

/// The certificates of a PEM text, by a parser that the daemon does not use.
pub(super) fn certificates(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect()
}

/// Connects with these CAs as the only roots, and gives the leaf of who answered; else why a client
/// that checks names, dates and signatures turned away. Goes to addresses of this host alone.
pub(super) async fn connect(
    probe: &InstanceProbe,
    roots: &[CertificateDer<'static>],
) -> Result<Sha256, String> {
    let talk = async {
        let mut stream = dial(&probe.probe).await?;
        match probe.protocol {
            Protocol::Tls => {}
            Protocol::Postgres => ask_postgres(&mut stream).await?,
            Protocol::MySql => ask_mysql(&mut stream).await?,
        }
        shake(stream, roots).await
    };
    timeout(CONNECT_WITHIN, talk).await.unwrap_or_else(|_| Err("no answer".to_owned()))
}

/// Whether a MySQL server offers TLS in its greeting.
pub(super) async fn offers_tls(probe: &Probe) -> Result<bool, String> {
    let greeting = async { greeted(&mut dial(probe).await?).await };
    timeout(CONNECT_WITHIN, greeting).await.unwrap_or_else(|_| Err("no greeting".to_owned()))
}

async fn dial(probe: &Probe) -> Result<TcpStream, String> {
    let at: SocketAddr = match &probe.at {
        Dial::Address(at) if at.ip().is_loopback() => *at,
        Dial::Address(_) | Dial::Name(..) => return Err("it is not on this host".to_owned()),
    };
    TcpStream::connect(at).await.map_err(|error| error.to_string())
}

async fn ask_postgres(stream: &mut TcpStream) -> Result<(), String> {
    let broken = |error: std::io::Error| error.to_string();
    stream.write_all(&POSTGRES_ASKS.map(u32::to_be_bytes).concat()).await.map_err(broken)?;
    match stream.read_u8().await.map_err(broken)? {
        b'S' => Ok(()),
        other => Err(format!("{:?} in answer to the request for TLS", char::from(other))),
    }
}

async fn ask_mysql(stream: &mut TcpStream) -> Result<(), String> {
    if !greeted(stream).await? {
        return Err("it offers no TLS".to_owned());
    }
    let mut request = vec![MYSQL_REQUEST_BYTES, 0, 0, 1];
    request.extend((MYSQL_TLS | MYSQL_41).to_le_bytes());
    request.resize(4 + usize::from(MYSQL_REQUEST_BYTES), 0);
    stream.write_all(&request).await.map_err(|error| error.to_string())
}

async fn greeted(stream: &mut TcpStream) -> Result<bool, String> {
    let broken = |error: std::io::Error| error.to_string();
    let mut head = [0; 4];
    stream.read_exact(&mut head).await.map_err(broken)?;
    let mut greeting = vec![0; usize::from(u16::from_le_bytes([head[0], head[1]]))];
    stream.read_exact(&mut greeting).await.map_err(broken)?;
    let version = greeting.iter().position(|byte| *byte == 0);
    let at = version.map(|end| end + 1 + MYSQL_CAPABILITIES_AT);
    let offered = at.and_then(|at| greeting.get(at..)?.first_chunk());
    let offered = offered.ok_or_else(|| "its greeting is too short".to_owned())?;
    Ok(u16::from_le_bytes(*offered) & MYSQL_TLS != 0)
}

async fn shake(stream: TcpStream, roots: &[CertificateDer<'static>]) -> Result<Sha256, String> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root.clone()).map_err(|error| format!("a CA of the file: {error}"))?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(DEFAULT_VERSIONS)
        .map_err(|error| error.to_string())?
        .with_root_certificates(store)
        .with_no_client_auth();
    let name = ServerName::try_from(NAME).map_err(|error| error.to_string())?;
    let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let connected = connected.map_err(|error| error.to_string())?;
    let leaf = connected.get_ref().1.peer_certificates().and_then(<[_]>::first);
    leaf.map(|leaf| Sha256::of(leaf)).ok_or_else(|| "it presents nothing".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon;
    use crate::model::target::CaSource;
    use crate::sim::pki::Authority;
    use crate::sim::{Settings, Sim, ids};

    const YEAR: Duration = Duration::from_secs(365 * 86_400);

    fn probe(sim: &Sim, id: &str, protocol: Protocol) -> InstanceProbe {
        let at = sim.instance(id).unwrap();
        InstanceProbe {
            probe: Probe { text: at.to_string(), name: None, at: Dial::Address(at) },
            protocol,
        }
    }

    #[tokio::test]
    async fn a_client_trusts_the_file_and_nothing_else() {
        let authority = Authority::new("Own");
        let settings = Settings::default().with_reachable_instances(&authority, daemon::now());
        assert!(settings.instances.iter().any(|it| it.source == CaSource::Rds));
        let sim = Sim::start(settings).await.unwrap();
        let own = certificates(authority.ca_pem().as_bytes());
        let other = Authority::new("Other");
        let others = certificates(other.ca_pem().as_bytes());
        let both = [others.clone(), own.clone()].concat();
        sim.set_ssl(ids::TAURUSDB, true);
        for (id, protocol) in [
            (ids::REDIS_ZIP, Protocol::Tls),
            (ids::RDS, Protocol::Postgres),
            (ids::TAURUSDB, Protocol::MySql),
        ] {
            let probe = probe(&sim, id, protocol);
            let leaf = connect(&probe, &own).await.unwrap();
            assert_eq!(connect(&probe, &both).await, Ok(leaf), "{id}");
            assert!(connect(&probe, &others).await.is_err(), "{id}");
            assert!(connect(&probe, &[]).await.is_err(), "{id}");
            assert!(sim.renew_instance(id, &other, YEAR));
            assert!(connect(&probe, &own).await.is_err(), "{id}");
            assert!(connect(&probe, &others).await.is_ok_and(|new| new != leaf), "{id}");
        }
    }

    #[tokio::test]
    async fn a_greeting_tells_and_the_network_is_never_asked() {
        let sim = Sim::start(Settings::default().with_instances("")).await.unwrap();
        let mut probe = probe(&sim, ids::TAURUSDB, Protocol::MySql);
        assert_eq!(offers_tls(&probe.probe).await, Ok(false));
        assert!(connect(&probe, &[]).await.is_err());
        sim.set_ssl(ids::TAURUSDB, true);
        assert_eq!(offers_tls(&probe.probe).await, Ok(true));
        for at in [
            Dial::Name("localhost".to_owned(), 1),
            Dial::Address(SocketAddr::from(([192, 0, 2, 1], 1))),
        ] {
            probe.probe.at = at;
            assert_eq!(connect(&probe, &[]).await, Err("it is not on this host".to_owned()));
        }
    }
}
