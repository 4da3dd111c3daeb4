//! How TLS begins with PostgreSQL.

use certrotd::model::failure::Kind;
use certrotd::model::place::Protocol;
use certrotd::sim::pki::Authority;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::bench::*;

/// Length 8 and the number 80877103, as the manual has it.
const ASKED: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// What comes of a server that answers the request with these bytes, and hangs up.
async fn answered(bytes: &'static [u8]) -> certrotd::plan::observed::Proof {
    let address = scripted(async move |mut stream| {
        let mut asked = [0; 8];
        stream.read_exact(&mut asked).await.unwrap();
        assert_eq!(asked, ASKED);
        stream.write_all(bytes).await.unwrap();
    });
    let address = address.await;
    proof(address, Protocol::Postgres, &bundle(Authority::new("Ours").ca_pem())).await
}

#[tokio::test]
async fn a_server_that_agrees_shakes_hands() {
    let ours = Authority::new("Ours");
    let leaf = issued(&ours);
    let own = key(&leaf.fullchain_pem(), &leaf);
    let address = scripted(async move |mut stream| {
        let mut asked = [0; 8];
        stream.read_exact(&mut asked).await.unwrap();
        assert_eq!(asked, ASKED);
        stream.write_all(b"S").await.unwrap();
        shake(stream, own).await;
    });
    let proof = proof(address.await, Protocol::Postgres, &bundle(ours.ca_pem())).await;
    assert_eq!(verified(proof).sha256, leaf.sha256);
}

#[tokio::test]
async fn a_server_without_ssl_is_refused() {
    let (leaf, sentence) = refused(answered(b"N").await);
    assert!(leaf.is_none() && sentence.contains("does not offer SSL"), "{sentence}");
}

#[tokio::test]
async fn an_error_is_told_in_the_servers_words() {
    let failure = unreachable(answered(b"Ecould not fork new process\n\0").await);
    assert_eq!(failure.kind, Kind::Transient);
    assert!(failure.to_string().ends_with("an error: could not fork new process"), "{failure}");
    let fields = b"E\0\0\0\x30SFATAL\0C53300\0Msorry, too many clients already\0\0";
    let failure = unreachable(answered(fields).await);
    assert!(
        failure.to_string().ends_with("an error: sorry, too many clients already"),
        "{failure}"
    );
}

#[tokio::test]
async fn what_agrees_and_then_speaks_no_tls_is_refused() {
    let (leaf, sentence) = refused(answered(b"SHello, this is no TLS at all").await);
    assert!(leaf.is_none() && sentence.contains("speaks no TLS"), "{sentence}");
}
