//! Instances that can be shaken hands with: what they say before TLS, what they present, and when their
//! SSL is on.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::handshake::{ECDSA, leaf_for, leaf_over, trusts};
use super::*;
use crate::model::digest::Sha256;
use crate::sim::instance_setup::{CaFile, ids};
use crate::sim::pki::self_signed;
use crate::sim::{Misbehaviour, Sim};

const LIFE: Duration = Duration::from_secs(5 * 86_400);
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
const GSS_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30];

async fn reachable(authority: &Authority) -> Sim {
    let settings = Settings { job_time: Duration::from_secs(10), ..Settings::default() };
    let now = Time::from(chrono::Utc::now());
    Sim::start(settings.with_reachable_instances(authority, now)).await.unwrap()
}

fn address(sim: &Sim, id: &str) -> SocketAddr {
    sim.instance(id).unwrap()
}

/// What is left to read of a connection that the other side keeps open: one read.
async fn heard(stream: &mut TcpStream) -> Vec<u8> {
    let mut buffer = [0; 512];
    let length = stream.read(&mut buffer).await.unwrap();
    buffer[..length].to_vec()
}

/// A connection on which the greeting was read, and whether it says that there is SSL.
async fn greeted(address: SocketAddr) -> (TcpStream, bool) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut head = [0; 4];
    stream.read_exact(&mut head).await.unwrap();
    let mut payload = vec![0; usize::from(head[0])];
    stream.read_exact(&mut payload).await.unwrap();
    assert_eq!((head[1..].to_vec(), payload[0]), (vec![0; 3], 10));
    let version = payload.iter().position(|byte| *byte == 0).unwrap();
    (stream, payload[version + 1 + 4 + 8 + 1 + 1] & 0x08 != 0)
}

fn ssl_request(capabilities: u32) -> Vec<u8> {
    let mut packet = vec![32, 0, 0, 1];
    packet.extend(capabilities.to_le_bytes());
    packet.resize(36, 0);
    packet
}

#[tokio::test]
async fn what_is_published_verifies_what_is_presented() {
    let authority = Authority::new("Reachable");
    let sim = reachable(&authority).await;
    for id in [ids::REDIS_ZIP, ids::REDIS_PEM, ids::GEMINIDB, ids::DDS] {
        assert!(trusts(address(&sim, id), authority.ca_pem()).await, "{id}");
    }
    assert_eq!(sim.instance(ids::REDIS_PLAIN), None);
    let redis = address(&sim, ids::REDIS_PEM);
    let renewed = Authority::new("Renewed");
    assert!(sim.set_ca(ids::REDIS_PEM, renewed.ca_pem()));
    assert!(trusts(redis, authority.ca_pem()).await, "published, and not yet presented");
    assert!(sim.renew_instance(ids::REDIS_PEM, &renewed, LIFE));
    assert!(trusts(redis, renewed.ca_pem()).await);
    assert!(!trusts(redis, authority.ca_pem()).await);
    assert!(sim.renew_instance(ids::REDIS_PEM, &renewed, Duration::ZERO));
    assert!(!trusts(redis, renewed.ca_pem()).await, "expired");
    assert!(!sim.renew_instance("none", &renewed, LIFE) && !sim.set_ca("none", ""));
}

#[tokio::test]
async fn a_server_certificate_may_be_its_own_ca() {
    let sim = reachable(&Authority::new("Reachable")).await;
    let own = self_signed(sim.now(), sim.now() + LIFE);
    sim.present(ids::DDS, &own).unwrap();
    assert!(sim.publish(ids::DDS, "international", CaFile::Pem(own.fullchain.clone())));
    let leaf = Sha256::of(&super::super::obs::der(&own.fullchain));
    assert_eq!(leaf_for(address(&sim, ids::DDS), "localhost", ECDSA).await, Some(leaf));
    let error = sim.present("none", &own).unwrap_err();
    assert_eq!(error, "no port for \"none\"");
}

#[tokio::test]
async fn postgres_asks_first_and_may_be_told_no() {
    let sim = reachable(&Authority::new("Reachable")).await;
    let rds = address(&sim, ids::RDS);
    let mut stream = TcpStream::connect(rds).await.unwrap();
    stream.write_all(&GSS_REQUEST).await.unwrap();
    assert_eq!(heard(&mut stream).await, b"N");
    stream.write_all(&SSL_REQUEST).await.unwrap();
    assert_eq!(heard(&mut stream).await, b"S");
    assert!(leaf_over(stream, "localhost", ECDSA).await.is_some());
    assert_eq!(leaf_for(rds, "localhost", ECDSA).await, None, "no TLS without asking");
    let mut session = TcpStream::connect(rds).await.unwrap();
    session.write_all(&[0, 0, 0, 9, 0, 3, 0, 0, 0]).await.unwrap();
    let refusal = heard(&mut session).await;
    assert_eq!((refusal[0], usize::from(refusal[4])), (b'E', refusal.len() - 1));
    assert!(sim.set_ssl(ids::RDS, false));
    let mut stream = TcpStream::connect(rds).await.unwrap();
    stream.write_all(&SSL_REQUEST).await.unwrap();
    assert_eq!(heard(&mut stream).await, b"N");
}

#[tokio::test]
async fn mysql_greets_and_wants_a_request() {
    let sim = reachable(&Authority::new("Reachable")).await;
    let taurus = address(&sim, ids::TAURUSDB);
    let (mut stream, ssl) = greeted(taurus).await;
    assert!(!ssl, "off at the start");
    stream.write_all(&ssl_request(0x0a00)).await.unwrap();
    assert_eq!(heard(&mut stream).await[4..7], [0xff, 0x13, 0x04], "no SSL, so a bad handshake");
    assert!(sim.set_ssl(ids::TAURUSDB, true));
    assert_eq!(sim.ssl(ids::TAURUSDB), Some(true));
    let (mut stream, ssl) = greeted(taurus).await;
    assert!(ssl);
    stream.write_all(&ssl_request(0x0a00)).await.unwrap();
    assert!(leaf_over(stream, "localhost", ECDSA).await.is_some());
    let (mut stream, _) = greeted(taurus).await;
    stream.write_all(&ssl_request(0x0200)).await.unwrap();
    assert_eq!(heard(&mut stream).await[4], 0xff, "a request that does not ask");
    let (mut stream, _) = greeted(taurus).await;
    stream.write_all(&[60, 0, 0, 1]).await.unwrap();
    assert_eq!(heard(&mut stream).await[4..7], [0xff, 0x15, 0x04], "a login");
}

#[tokio::test(start_paused = true)]
async fn the_greeting_follows_a_job_that_ends_well() {
    let sim = reachable(&Authority::new("Reachable")).await;
    let taurus = address(&sim, ids::TAURUSDB);
    let second = Duration::from_secs(1);
    sim.foreign_job(ids::TAURUSDB, true, sim.now());
    tokio::time::sleep(second * 9).await;
    assert!(!greeted(taurus).await.1, "the job still runs");
    tokio::time::sleep(second * 2).await;
    assert!(greeted(taurus).await.1, "it has ended");
    assert!(sim.set_ssl(ids::TAURUSDB, false));
    assert!(!greeted(taurus).await.1, "somebody else's hand");
    sim.shared.world().jobs.push(crate::sim::SslJob {
        id: "failed".to_owned(),
        instance: ids::TAURUSDB.to_owned(),
        on: true,
        created: sim.now(),
        ends: sim.now() + second,
        failure: Some("no".to_owned()),
    });
    tokio::time::sleep(second * 5).await;
    assert!(!greeted(taurus).await.1, "a failed job switches nothing");
}

#[tokio::test]
async fn instances_misbehave_like_edges() {
    let authority = Authority::new("Reachable");
    let sim = reachable(&authority).await;
    let redis = address(&sim, ids::REDIS_ZIP);
    assert!(sim.misbehave(ids::REDIS_ZIP, Some(Misbehaviour::Garbage)));
    assert!(!trusts(redis, authority.ca_pem()).await);
    assert!(leaf_for(redis, "localhost", ECDSA).await.is_some());
    for how in [Misbehaviour::Closed, Misbehaviour::NotTls] {
        assert!(sim.misbehave(ids::REDIS_ZIP, Some(how)));
        assert_eq!(leaf_for(redis, "localhost", ECDSA).await, None, "{how:?}");
    }
    assert!(sim.misbehave(ids::REDIS_ZIP, None));
    assert!(trusts(redis, authority.ca_pem()).await);
    assert!(sim.set_ssl(ids::REDIS_ZIP, false));
    assert_eq!(leaf_for(redis, "localhost", ECDSA).await, None, "a Redis without TLS");
    assert!(!sim.misbehave("none", None) && !sim.set_ssl("none", true));
}
