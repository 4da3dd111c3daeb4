//! How TLS begins with MySQL, TaurusDB and MariaDB: the server greets, and where its greeting offers SSL
//! the client answers with a request for it (MySQL internals manual, "Connection Phase Packets").

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::{Ending, opening, words};

/// Bytes of a greeting. Real ones are about a hundred; what claims more is no MySQL server.
const PACKET_BYTES_MAX: usize = 4096;
/// The version of the protocol that every server of the last twenty years greets with.
const PROTOCOL: u8 = 10;
/// What an error begins with in place of the version.
const ERROR: u8 = 0xff;
/// `CLIENT_SSL`, in either side's capabilities.
const SSL: u16 = 0x0800;
/// What we say we can: long passwords (without which MariaDB reads the zeros below as capabilities),
/// protocol 4.1, SSL, and secure connections.
const CAPABILITIES: u32 = 0x0001 | 0x0200 | 0x0800 | 0x8000;
/// Bytes of the largest packet that we would take: we take none.
const PACKET_BYTES_OURS: u32 = 1 << 24;
/// `utf8mb4_general_ci`, which every server knows.
const CHARSET: u8 = 45;
/// Bytes of an SSLRequest: capabilities, largest packet, character set, zeros.
const REQUEST_BYTES: usize = 32;
/// Bytes of the SQL state in an error: `#` and five characters.
const STATE_BYTES: usize = 6;
/// Connections are all in use: it will pass by itself.
const TOO_MANY_CONNECTIONS: u16 = 1040;

/// Reads the greeting, and tells whether it offers SSL. An error in its place, such as that this host is blocked, is told in the server's
/// own words.
pub(super) async fn greeting(stream: &mut (impl AsyncRead + Unpin)) -> Result<bool, Ending> {
    match opening("greeting", packet(stream)).await? {
        Some(packet) => read(&packet),
        None => Err(no_mysql()),
    }
}

/// Asks for TLS where the greeting offers it. Reads nothing after the greeting.
pub(super) async fn open<S>(stream: &mut S) -> Result<(), Ending>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if !greeting(stream).await? {
        return Err(Ending::BrokenOff(
            "the server does not offer SSL: switch it on there, or connect to where it is on"
                .to_owned(),
        ));
    }
    opening("chance to ask for SSL", stream.write_all(&request())).await
}

/// The payload of the first packet; none where what came is no first packet.
async fn packet(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut header = [0; 4];
    stream.read_exact(&mut header).await?;
    let [low, middle, high, sequence] = header;
    let bytes = usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16;
    if bytes > PACKET_BYTES_MAX || sequence != 0 {
        return Ok(None);
    }
    let mut payload = vec![0; bytes];
    stream.read_exact(&mut payload).await?;
    Ok(Some(payload))
}

fn read(packet: &[u8]) -> Result<bool, Ending> {
    match packet.split_first() {
        Some((&PROTOCOL, rest)) => {
            let lower = lower_capabilities(rest).ok_or_else(no_mysql)?;
            Ok(lower & SSL != 0)
        }
        Some((&ERROR, rest)) => Err(turned_away(rest)),
        _ => Err(no_mysql()),
    }
}

/// After the server's version, as text, its thread (4 bytes), half of the salt (8) and a zero.
fn lower_capabilities(rest: &[u8]) -> Option<u16> {
    let end = rest.iter().position(|byte| *byte == 0)?;
    let at = end + 1 + 4 + 8 + 1;
    Some(u16::from_le_bytes(rest.get(at..at + 2)?.try_into().ok()?))
}

/// A number, in later versions `#` and five characters, and a sentence.
fn turned_away(rest: &[u8]) -> Ending {
    let Some((&[low, high], rest)) = rest.split_first_chunk() else { return no_mysql() };
    let code = u16::from_le_bytes([low, high]);
    let text = match rest.split_at_checked(STATE_BYTES) {
        Some(([b'#', ..], text)) => text,
        _ => rest,
    };
    let said = format!("the server turns this host away: {code} {}", words(text));
    match code {
        TOO_MANY_CONNECTIONS => Ending::Unreachable(said),
        _ => Ending::Person(said),
    }
}

fn no_mysql() -> Ending {
    Ending::BrokenOff(
        "what answers there is no MySQL server: correct `probe` or `protocol`".to_owned(),
    )
}

/// The second packet of the connection.
fn request() -> Vec<u8> {
    let mut packet = vec![REQUEST_BYTES.to_le_bytes()[0], 0, 0, 1];
    packet.extend(CAPABILITIES.to_le_bytes());
    packet.extend(PACKET_BYTES_OURS.to_le_bytes());
    packet.push(CHARSET);
    packet.resize(4 + REQUEST_BYTES, 0);
    packet
}
