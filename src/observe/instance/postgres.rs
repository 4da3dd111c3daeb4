//! How TLS begins with PostgreSQL, and with openGauss, which speaks the same protocol: the client asks,
//! and one byte answers (PostgreSQL manual, "SSL Session Encryption" and "Message Formats").

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::{Ending, opening, words};

/// SSLRequest: its own length in bytes, and 1234 and 5679 where a protocol's version would stand.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
/// Bytes of an error message that are read: a sentence.
const ERROR_BYTES_MAX: u64 = 1024;

/// Asks for TLS. Returns when the server has agreed, and has read no byte of what comes after that.
pub(super) async fn open<S>(stream: &mut S) -> Result<(), Ending>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let asked = opening("answer to the request for SSL", async {
        stream.write_all(&SSL_REQUEST).await?;
        stream.read_u8().await
    });
    match asked.await? {
        b'S' => Ok(()),
        b'N' => Err(Ending::BrokenOff(
            "the server does not offer SSL: switch `ssl` on there, or connect to where it is on"
                .to_owned(),
        )),
        b'E' => Err(Ending::Unreachable(format!(
            "the server answers with an error: {}",
            error(stream).await?
        ))),
        _ => Err(Ending::BrokenOff(
            "what answers there is no PostgreSQL server: correct `probe` or `protocol`".to_owned(),
        )),
    }
}

/// What stands in an error: text up to a zero byte, or, in the form of protocol 3, a length and fields.
async fn error(stream: &mut (impl AsyncRead + Unpin)) -> Result<String, Ending> {
    let mut bytes = Vec::new();
    let mut bounded = stream.take(ERROR_BYTES_MAX);
    opening("whole error", bounded.read_to_end(&mut bytes)).await?;
    Ok(said(&bytes))
}

fn said(bytes: &[u8]) -> String {
    let message = match bytes.split_at_checked(4) {
        Some(([0, ..], fields)) => {
            fields.split(|byte| *byte == 0).find_map(|field| field.strip_prefix(b"M"))
        }
        _ => bytes.split(|byte| *byte == 0).next(),
    };
    let message = words(message.unwrap_or_default());
    if message.is_empty() { "without a word".to_owned() } else { message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_an_error_are_read() {
        assert_eq!(said(b"could not fork\n\0"), "could not fork");
        assert_eq!(said(b"\0\0\0\x2aSFATAL\0C53300\0Mtoo many clients\0\0"), "too many clients");
        assert_eq!(said(b"\0\0\0\x2aSFATAL\0\0"), "without a word");
        assert_eq!(said(b""), "without a word");
        assert_eq!(said(b"\x1b[2Jhidden\0"), "[2Jhidden");
        assert_eq!(said(&[b'x'; 2000]).len(), super::super::WORDS_CHARS_MAX);
    }

    #[test]
    fn the_request_is_the_documented_number() {
        let code =
            u32::from_be_bytes([SSL_REQUEST[4], SSL_REQUEST[5], SSL_REQUEST[6], SSL_REQUEST[7]]);
        assert_eq!((usize::from(SSL_REQUEST[3]), code), (SSL_REQUEST.len(), 80_877_103));
    }
}
