//! What a database says before TLS begins: nothing, or its protocol's way of asking for it.
//!
//! Written from the protocols' documents: PostgreSQL's "SSL Session Encryption", and MySQL's
//! "Connection Phase" with the version 10 handshake. A client that strays is told so and dropped.

use std::io;

use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How a connection comes to TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speech {
    /// At once, as Redis and DDS do. With SSL off the server answers as a Redis without TLS does.
    #[default]
    Tls,
    /// The client asks with an SSLRequest, and the server says `S`; with SSL off, `N`.
    Postgres,
    /// The server greets and says whether it has SSL, and the client asks with an SSLRequest packet.
    MySql,
}

/// PostgreSQL's requests that are no session yet: their length, and the codes for SSL and GSSAPI.
const REQUEST_BYTES: u32 = 8;
const SSL_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;
/// Refusals of one encryption after the other that a client may run into before it must decide.
const REQUESTS_MAX: usize = 2;
/// PostgreSQL's words to whoever asks for a session: an `ErrorResponse` whose fields follow.
const NO_SESSION: &[u8] = b"SFATAL\0VFATAL\0C28000\0Mno session is served here\0\0";

/// MySQL's capability bits: the newer protocol, SSL, the newer authentication, and its plugins.
const PROTOCOL_41: u32 = 1 << 9;
const SSL: u32 = 1 << 11;
const SECURE_CONNECTION: u32 = 1 << 15;
const PLUGIN_AUTH: u32 = 1 << 19;
/// The payload of MySQL's SSLRequest, in bytes: capabilities, packet size, character set, zeros.
const SSL_REQUEST_BYTES: usize = 32;
/// MySQL's error codes for a packet out of place, and for a login.
const BAD_HANDSHAKE: u16 = 1043;
const ACCESS_DENIED: u16 = 1045;
/// The version in the greeting.
const VERSION: &[u8] = b"8.0.28-simulated\0";
/// The plugin in the greeting.
const PLUGIN: &[u8] = b"mysql_native_password\0";

/// Brings a connection to where TLS begins. False: the client was told that there is none, or that it
/// strayed, and nothing more is to be said.
pub(super) async fn greet(stream: &mut TcpStream, speech: Speech, ssl: bool) -> io::Result<bool> {
    match speech {
        Speech::Tls if ssl => Ok(true),
        Speech::Tls => {
            stream.write_all(b"-ERR Protocol error: unauthenticated multibulk length\r\n").await?;
            Ok(false)
        }
        Speech::Postgres => postgres(stream, ssl).await,
        Speech::MySql => mysql(stream, ssl).await,
    }
}

async fn postgres(stream: &mut TcpStream, ssl: bool) -> io::Result<bool> {
    for _ in 0..REQUESTS_MAX {
        let (length, code) = (stream.read_u32().await?, stream.read_u32().await?);
        match (length, code) {
            (REQUEST_BYTES, SSL_REQUEST) if ssl => {
                stream.write_all(b"S").await?;
                return Ok(true);
            }
            (REQUEST_BYTES, SSL_REQUEST | GSS_REQUEST) => stream.write_all(b"N").await?,
            _ => break,
        }
    }
    let length = u32::try_from(NO_SESSION.len() + size_of::<u32>()).unwrap_or_default();
    stream.write_all(&[b"E".as_slice(), &length.to_be_bytes(), NO_SESSION].concat()).await?;
    Ok(false)
}

async fn mysql(stream: &mut TcpStream, ssl: bool) -> io::Result<bool> {
    stream.write_all(&packet(0, &greeting(ssl))).await?;
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let length = u32::from_le_bytes([head[0], head[1], head[2], 0]);
    if length as usize != SSL_REQUEST_BYTES || head[3] != 1 {
        return stray(stream, ACCESS_DENIED, b"28000Access denied: this server takes nobody").await;
    }
    let mut request = [0; SSL_REQUEST_BYTES];
    stream.read_exact(&mut request).await?;
    let wanted = u32::from_le_bytes([request[0], request[1], request[2], request[3]]);
    if !ssl || wanted & SSL == 0 || wanted & PROTOCOL_41 == 0 {
        return stray(stream, BAD_HANDSHAKE, b"08S01Bad handshake").await;
    }
    Ok(true)
}

/// The payload of the version 10 greeting.
fn greeting(ssl: bool) -> Vec<u8> {
    let offered = if ssl { SSL } else { 0 };
    let capabilities = PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH | offered;
    let [low, next, third, high] = capabilities.to_le_bytes();
    [
        &[10],
        VERSION,
        &7_u32.to_le_bytes(),
        b"saltsalt\0",
        &[low, next],
        &[0xff],
        &[2, 0],
        &[third, high],
        &[21],
        &[0; 10],
        b"saltsaltsalt\0",
        PLUGIN,
    ]
    .concat()
}

/// An error packet, after which the server listens to nothing more.
async fn stray(stream: &mut TcpStream, code: u16, words: &[u8]) -> io::Result<bool> {
    let payload = [&[0xff], code.to_le_bytes().as_slice(), b"#", words].concat();
    stream.write_all(&packet(2, &payload)).await?;
    Ok(false)
}

/// A payload with its three bytes of length and its number in the sequence.
fn packet(sequence: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or_default().to_le_bytes();
    [&length[..3], &[sequence], payload].concat()
}
