//! How TLS begins with MySQL, and what its greeting tells.

use certrotd::model::failure::{Failure, Kind};
use certrotd::model::place::Protocol;
use certrotd::observe::instance::greeting;
use certrotd::plan::observed::Proof;
use certrotd::sim::pki::Authority;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::bench::*;

/// `CLIENT_SSL`.
const SSL: u16 = 0x0800;

/// A first packet with this payload.
fn packet(payload: &[u8]) -> Vec<u8> {
    let mut packet = u32::try_from(payload.len()).unwrap().to_le_bytes().to_vec();
    packet.extend(payload);
    packet
}

/// A greeting of protocol 10 with these lower capabilities; what follows them is as MySQL 8 has it.
fn hello(lower: u16) -> Vec<u8> {
    let mut payload = b"\x0a8.0.22-3\0\x07\0\0\0saltsalt\0".to_vec();
    payload.extend(lower.to_le_bytes());
    payload.extend(b"\xff\x02\0\xff\xc7\x15");
    payload.extend([0; 10]);
    payload.extend(b"saltsaltsalt\0caching_sha2_password\0");
    packet(&payload)
}

/// What `greeting` says of a server that says this. It must have nothing to read from us, and an end.
async fn greeted(said: Vec<u8>) -> Result<bool, Failure> {
    let (tell, told) = tokio::sync::oneshot::channel();
    let address = scripted(async move |mut stream| {
        stream.write_all(&said).await.unwrap();
        let mut heard = Vec::new();
        let end = stream.read_to_end(&mut heard).await;
        let _ = tell.send((end.map_err(|error| error.kind()), heard));
    });
    let greeting = greeting(&probe(address.await)).await;
    if greeting.is_ok() {
        assert_eq!(told.await.unwrap(), (Ok(0), Vec::new()), "an end, and no reset");
    }
    greeting
}

async fn proven(said: Vec<u8>) -> Proof {
    let address = scripted(async move |mut stream| {
        stream.write_all(&said).await.unwrap();
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard).await;
        assert!(heard.is_empty(), "nothing to a server without SSL");
    });
    proof(address.await, Protocol::MySql, &bundle(Authority::new("Ours").ca_pem())).await
}

#[tokio::test]
async fn the_greeting_tells_whether_ssl_is_on() {
    assert!(greeted(hello(0xffff)).await.unwrap());
    assert!(greeted(hello(SSL)).await.unwrap());
    assert!(!greeted(hello(!SSL)).await.unwrap());
    // The shortest that protocol 10 knows ends with the lower capabilities.
    assert!(greeted(packet(b"\x0a5\0\x07\0\0\0saltsalt\0\x00\x08")).await.unwrap());
}

#[tokio::test]
async fn what_is_no_greeting_is_told_apart() {
    let long = [&[0, 16, 0, 0, 10][..], &[b'x'; 5000]].concat();
    for odd in [
        packet(b""),
        packet(b"\x09old\0"),
        packet(b"\x0aversion without an end"),
        packet(b"\x0a8\0\x07\0\0\0salt"),
        packet(b"\xff"),
        long,
        [&[1, 16, 0, 0, 10][..], &[0; 5000]].concat(),
        b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(),
        b"\x01\0\0\x01\x0a".to_vec(),
    ] {
        let shown = odd[..odd.len().min(20)].to_vec();
        let failure = greeted(odd).await.unwrap_err();
        assert_eq!(failure.kind, Kind::Unusable, "{shown:?}");
        assert!(failure.to_string().contains("no MySQL server"), "{failure}");
    }
}

#[tokio::test]
async fn a_greeting_that_breaks_off_says_nothing() {
    let mut half = hello(SSL);
    half.truncate(20);
    let address = scripted(async move |mut stream| stream.write_all(&half).await.unwrap());
    let failure = greeting(&probe(address.await)).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Transient);
    assert!(
        failure.to_string().ends_with("closed the connection before the greeting came"),
        "{failure}"
    );
}

#[tokio::test]
async fn who_is_turned_away_reads_why() {
    let blocked = b"\xff\x69\x04Host '10.0.0.7' is blocked because of many connection errors; \
                    unblock with 'mysqladmin flush-hosts'\x1b[2J";
    let failure = greeted(packet(blocked)).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Operator);
    let sentence = failure.to_string();
    assert!(
        sentence.contains("turns this host away: 1129 Host '10.0.0.7' is blocked"),
        "{sentence}"
    );
    assert!(!sentence.contains('\x1b'), "{sentence:?}");
    let stated = packet(b"\xff\x6a\x04#HY000Host '10.0.0.7' is not allowed");
    let failure = unreachable(proven(stated).await);
    assert!(failure.to_string().ends_with("1130 Host '10.0.0.7' is not allowed"), "{failure}");
    assert_eq!(failure.kind, Kind::Operator);
    let full = unreachable(proven(packet(b"\xff\x10\x04Too many connections")).await);
    assert_eq!(full.kind, Kind::Transient, "it passes by itself");
    let long = packet(&[b"\xff\x6a\x04", &[b'x'; 4000][..]].concat());
    assert!(greeted(long).await.unwrap_err().to_string().len() < 400);
}

#[tokio::test]
async fn a_server_without_ssl_is_refused_and_asked_nothing() {
    let (leaf, sentence) = refused(proven(hello(!SSL)).await);
    assert!(leaf.is_none() && sentence.contains("does not offer SSL"), "{sentence}");
}

#[tokio::test]
async fn a_server_with_ssl_is_asked_for_it_and_shakes_hands() {
    let ours = Authority::new("Ours");
    let leaf = issued(&ours);
    let own = key(&leaf.fullchain_pem(), &leaf);
    let address = scripted(async move |mut stream| {
        stream.write_all(&hello(0xffff)).await.unwrap();
        let mut asked = [0; 36];
        stream.read_exact(&mut asked).await.unwrap();
        assert_eq!(asked[..4], [32, 0, 0, 1], "32 bytes, the second packet");
        let capabilities = u32::from_le_bytes(asked[4..8].try_into().unwrap());
        assert_eq!(capabilities & 0x0a00, 0x0a00, "protocol 4.1 and SSL");
        assert_eq!(asked[13..], [0; 23]);
        shake(stream, own).await;
    });
    let proof = proof(address.await, Protocol::MySql, &bundle(ours.ca_pem())).await;
    assert_eq!(verified(proof).sha256, leaf.sha256);
}
